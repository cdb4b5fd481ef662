@manual-4.3
Feature: The models go back to the stable one
  Chapter 4.3 of the manual: a new model is in force, a walk-forward or a backtest shows that it does worse, and
  the stable one is put in force again: by the pointer `current`, or by the config.

  @fault-model @manual-4.3.2 @box-4.3
  Scenario: A degraded model is found by the walk-forward and taken back
    Given a workspace after its first night
    When the walk-forward runs
    Then it exits with code 0
    And its log holds no ERROR
    And its output names:
      | holds: rank IC |
    Given a recorded baseline "war-drill"
    When a worse model is put in force
    And the walk-forward runs
    Then it exits with code 1
    And its log has an ERROR
    And its output names:
      | has DEGRADED: rank IC |
    When the model layer is rolled back to the recorded baseline
    Then the fingerprint proof holds
    When the walk-forward runs
    Then it exits with code 0
    And its log holds no ERROR
    And its result equals the baseline's

  @fault-model @manual-4.3.1 @manual-4.3.2 @box-4.3
  Scenario: A worse model is found by the backtest and taken back by the pointer
    Given a workspace after its first backtest
    And a recorded baseline "war-drill"
    When a worse model is put in force
    And the backtest runs
    Then its result is not the baseline's
    When the model layer is rolled back to the recorded baseline
    Then the fingerprint proof holds
    When the backtest runs
    Then it exits with code 0
    And its result equals the baseline's

  @fault-model @manual-4.3.2 @box-4.3
  Scenario: A worse model is found by the backtest and passed over by the config
    Given a workspace after its first backtest
    And a recorded baseline "war-drill"
    When a worse model is put in force
    And the backtest runs
    Then its result is not the baseline's
    When the config pins the baseline's model
    And the backtest runs
    Then it exits with code 0
    And its result equals the baseline's
