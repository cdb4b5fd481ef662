@manual-3.1.4 @fault-a
Feature: Failure A under the eyes of monitor and HUD
  Chapter 3.1 of the manual, step 4: the monitor counts the error, the HUD goes on and says what is wrong,
  and no experiment appears that never ran.

  @box-3.2
  Scenario: The monitor counts failure A, and the HUD shows it and goes on
    Given a workspace after its first night
    And the monitor is watching
    And the HUD is serving
    And a baseline
    When the fault "duckdb-path" is injected
    And NightOps runs
    Then the exit code shows the fault
    And the HUD shows the fault
    And the monitor counts 1 more error of "night_ops"
    And the HUD's page "/api/dashboard" says:
      | stage selfcheck failed |
      | __invalid_path__       |
    And the HUD shows no new experiment
    And the HUD's page "/healthz" says:
      | ok |
    When the code is rolled back to the baseline
    Then the fingerprint proof holds
    And git status is clean
