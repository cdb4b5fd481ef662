@manual-4
Feature: All four layers go back in one step
  Code, config, models and data, whatever was done to them, by one command that a kill cannot break.

  @fault-all
  Scenario: Everything is broken and comes back in one step
    Given a workspace after its first backtest
    And a recorded baseline "war-drill"
    When a worse model is put in force
    And the stores are damaged
    And the fault "code-damage" is injected
    And all layers are rolled back to the recorded baseline
    Then the fingerprint proof holds
    And git status is clean
    When the backtest runs
    Then it exits with code 0
    And its result equals the baseline's

  @fault-all
  Scenario: A rollback that is killed in the middle goes on
    Given a workspace after its first night
    And a recorded baseline "war-drill"
    When the stores are damaged
    And the fault "code-damage" is injected
    And a rollback of all layers is killed in the middle
    And NightOps runs
    Then it exits with code 18
    When the rollback is resumed
    Then the fingerprint proof holds
    And git status is clean
    When NightOps runs
    Then it exits with code 0
    And its result equals the baseline's
