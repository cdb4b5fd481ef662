@manual-4.2
Feature: The config goes back to the stable tag
  Chapter 4.2 of the manual: the config files are taken from the tag of the last stable config, and a commit
  says so. The code stays where it is.

  @fault-a @manual-4.2.2 @box-4.2
  Scenario: A bad config that was committed is taken back by a commit
    Given a workspace after its first night
    And a recorded baseline "war-drill"
    When the fault "duckdb-path" is injected
    And the change is committed as "tune: another place for the database"
    And NightOps runs
    Then the exit code shows the fault
    When the config layer is rolled back to the recorded baseline
    Then the fingerprint proof holds
    And the last commit says "rollback: revert config to war-config-stable-"
    And git status is clean
    When NightOps runs
    Then it exits with code 0
    And its result equals the baseline's
