@manual-2.1
Feature: A full NightOps
  Chapter 2.1 of the manual: the nightly pipeline from data check to experiment record, and the four
  marks by which a person knows that it succeeded.

  @box-2.1
  Scenario: NightOps leaves its four marks of success
    Given a workspace after its first night
    Then it exits with code 0
    And its log holds no ERROR
    And the experiment record has 1 new line or more
    And the newest partition under "data/parquet/daily" is of the trading date
    And git status is clean

  Scenario: The same inputs give the same result
    Given a workspace after its first night
    When NightOps runs
    Then it exits with code 0
    And its result equals the one before
