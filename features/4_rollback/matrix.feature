@manual-4
Feature: Every mix of old and new layers runs or refuses
  A rollback of one layer leaves the others where they are. Each of the sixteen mixes of old and new code,
  config, models and data either runs right or refuses with an error that says what to do.

  Scenario: Sixteen mixed states
    Given a bootstrapped workspace
    And a recorded baseline "old"
    When NightOps runs
    Then it exits with code 0
    When the config and the code move on
    Given a recorded baseline "new"
    Then every mix of "old" and "new" runs or refuses with a clear error
