@manual-2.2
Feature: DayOps before the exchange opens
  Chapter 2.2 of the manual: the check of last night, data, model, risk and machine, and the report by
  which a person knows whether the day may begin.

  @box-2.2
  Scenario: DayOps after a good night lets the day begin
    Given a workspace after its first night
    When DayOps runs
    Then it exits with code 0
    And its log holds no ERROR
    And its report grades no check "FAIL"
    And its report grades:
      | night_ops     | OK |
      | data_sessions | OK |
      | data_findings | OK |
      | model         | OK |
      | risk_limits   | OK |
      | config        | OK |
    And the metrics count 1 more run of "day_ops"
    And git status is clean

  Scenario: DayOps without a night before it stops the day
    Given a bootstrapped workspace
    When DayOps runs
    Then it exits with code 1
    And its report grades:
      | night_ops | FAIL |
      | model     | FAIL |
      | disk      | OK   |
    And the metrics count 1 more error of "day_ops"
