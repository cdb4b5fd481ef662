@manual-3.1 @fault-a
Feature: Failure A: the path of DuckDB names a directory that does not exist
  Chapter 3.1 of the manual. One value of config/system_config.json is wrong; NightOps must fail with
  grace, and every place where a person would look must show it.

  @manual-3.1.1 @manual-3.1.2 @manual-3.1.3 @box-3.1 @box-3.2
  Scenario: NightOps fails, and every signal shows it
    Given a workspace after its first night
    And a baseline
    When the fault "duckdb-path" is injected
    And NightOps runs
    Then the exit code shows the fault
    And it exits with code 13
    And the log shows the fault
    And the metric shows the fault
    And the experiment record shows the fault
    And nothing is at "data/__invalid_path__"
    And it was detected within the budget

  Scenario: The fault undone by hand leaves no trace
    Given a bootstrapped workspace
    And a baseline
    When the fault "duckdb-path" is injected
    And the fault is undone
    Then the state is the baseline's
    And git status is clean
