@manual-5
Feature: The war drill
  Chapter 5 of the manual as one story: brought up from nothing, run, broken, seen, taken back, proven.

  @fault-a @box-1.1 @box-1.2 @box-1.3 @box-1.4 @box-1.5 @box-2.1 @box-2.2 @box-2.3 @box-3.1 @box-3.2 @box-4.1 @box-4.4 @box-5.1
  Scenario: From a clean environment through failure A and back
    Given a clean environment
    When the repository is cloned
    Then git status is clean
    And the branch is the drill's own
    When bootstrap runs
    Then it exits with code 0
    When the smoke test runs
    Then it exits with code 0
    When NightOps runs
    Then it exits with code 0
    And its log holds no ERROR
    And the experiment record has 1 new line or more
    When DayOps runs
    Then it exits with code 0
    And its report grades no check "FAIL"
    When the backtest runs
    Then it exits with code 0
    And the experiment record has one new success of kind "backtest"
    Given a baseline
    When the fault "duckdb-path" is injected
    And NightOps runs
    Then the exit code shows the fault
    And the log shows the fault
    And the metric shows the fault
    And the experiment record shows the fault
    When the code is rolled back to the baseline
    Then the fingerprint proof holds
    And git status is clean
    When NightOps runs
    Then it exits with code 0
    And its result equals the baseline's
    When DayOps runs
    Then it exits with code 0
    When the backtest runs
    Then it exits with code 0
    And its result equals the baseline's
    And the times of detection, rollback and proof are recorded

  @fault-b @box-1.1 @box-1.2 @box-1.3 @box-1.4 @box-1.5 @box-2.1 @box-2.3 @box-3.1 @box-3.2 @box-4.1
  Scenario: From a clean environment through failure B and back
    Given a clean environment
    When the repository is cloned
    Then git status is clean
    When bootstrap runs
    Then it exits with code 0
    When the smoke test runs
    Then it exits with code 0
    When NightOps runs
    Then it exits with code 0
    When the backtest runs
    Then it exits with code 0
    When the simulation runs
    Then it exits with code 0
    And its report gives the value of every account
    Given a baseline
    When the fault "strategy-weight" is injected
    And the simulation runs
    Then the exit code shows the fault
    And the log shows the fault
    And the metric shows the fault
    And the experiment record shows the fault
    When the backtest runs
    Then it exits with code 17
    When the code is rolled back to the baseline
    Then the fingerprint proof holds
    And git status is clean
    When the backtest runs
    Then it exits with code 0
    And its result equals the baseline's
    When the simulation runs
    Then it exits with code 0
    And its result equals the baseline's
    And the times of detection, rollback and proof are recorded

  @fault-a @manual-4.1.1 @manual-4.2.1 @manual-4.2.2 @manual-4.3.1 @manual-4.3.2 @box-4.1 @box-4.2 @box-4.3 @box-4.4
  Scenario: Code, config and model are each taken back by command, and all runs are as before
    Given a workspace after its first backtest
    And a recorded baseline "stable"
    When a worse model is put in force
    And the fault "duckdb-path" is injected
    And NightOps runs
    Then the exit code shows the fault
    When the model layer is rolled back to the recorded baseline
    And the config layer is rolled back to the recorded baseline
    And the code layer is rolled back to the recorded baseline
    Then git status is clean
    When the backtest runs
    Then it exits with code 0
    And its result equals the baseline's
    When NightOps runs
    Then it exits with code 0
    When DayOps runs
    Then it exits with code 0

  @box-5.3
  Scenario: The runbook of the workspace is written from its features
    Given a bootstrapped workspace
    When the manual is shown
    Then it exits with code 0
    And its output names:
      | lighthunter night-ops --mode full   |
      | data/lighthunter.duckdb             |
      | war-baseline-                       |
      | the experiment record shows the fault |
