@manual-1
Feature: From an empty machine to a workspace that answers
  Chapter 1 of the manual. A clone of the repository, the configuration, the fixed directories and
  the smoke test, in an environment that holds nothing of the machine it runs on.

  @box-1.1
  Scenario: A clean environment holds nothing of this machine
    Given a clean environment
    Then it holds nothing of this machine

  @manual-1.1 @box-1.2
  Scenario: The clone is clean and on a branch made for the drill
    Given a clean environment
    When the repository is cloned
    Then git status is clean
    And the branch is the drill's own

  @manual-1.2 @box-1.3
  Scenario: The doctor finds the machine fit
    Given a bootstrapped workspace
    When the doctor runs
    Then it exits with code 0
    And its output names:
      | executable |
      | libraries  |
      | git        |
      | disk       |
      | ports      |
    And its output does not name:
      | fail |
    And git status is clean

  @manual-1.3 @manual-1.3.1 @manual-1.3.2 @manual-1.3.3 @box-1.4
  Scenario: Bootstrap makes the configuration and the fixed directories
    Given a clean environment
    And the repository is cloned
    When bootstrap runs
    Then it exits with code 0
    And these directories exist:
      | data/raw     |
      | data/ts      |
      | data/parquet |
      | logs         |
      | experiments  |
      | monitor      |
      | reports      |
      | cache/alpha  |
    And "config/system_config.json" names:
      | paths       |
      | network     |
      | event_bus   |
      | storage     |
      | duckdb_path |
      | broker      |
      | trade_core  |
      | portfolio   |
      | risk        |
      | alpha       |
      | hud         |
      | ops         |
      | jobs        |
    And "config/jobs.yaml" names:
      | night_ops_full     |
      | day_ops_morning    |
      | nightly_regression |
    And git status is clean

  @manual-1.3
  Scenario: Bootstrap a second time changes nothing
    Given a bootstrapped workspace
    And a baseline
    When bootstrap runs
    Then it exits with code 0
    And the state is the baseline's

  @manual-1.4 @box-1.3 @box-1.5
  Scenario: The smoke test passes
    Given a bootstrapped workspace
    When the smoke test runs
    Then it exits with code 0
    And its output names no error
    And there is a log under "logs"
    And git status is clean

  @manual-1.4 @fault-store
  Scenario: A smoke test that fails says what to mend, and passes once it is mended
    Given a bootstrapped workspace
    And a baseline
    When the fault "store-unreachable" is injected
    And the smoke test runs
    Then it exits with code 1
    And its output names:
      | storage.ts.duckdb_path |
    And nothing is at "data/__invalid_path__"
    When the fault is undone
    And the smoke test runs
    Then it exits with code 0
    And the state is the baseline's

  @manual-1.3 @box-5.2
  Scenario: The script of chapter 1 brings a clone up
    Given a clean environment
    And the repository is cloned
    When the bootstrap script runs
    Then it exits with code 0
    And its output names no error
    And git status is clean
