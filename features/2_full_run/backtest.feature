@manual-2.3.1
Feature: The end-to-end backtest
  Chapter 2.3 of the manual: the model in force is traded on sessions that it has not seen, and what
  came of it is in a report and in the experiment record.

  @box-2.3
  Scenario: A backtest leaves its report and its experiment
    Given a workspace after its first backtest
    Then it exits with code 0
    And its log holds no ERROR
    And the experiment record has one new success of kind "backtest"
    And its experiment keeps:
      | trades.csv |
      | equity.csv |
    And its report is under "reports"
    And its report counts:
      | trades |
      | equity |
    And the metrics count 1 more run of "backtest"
    And git status is clean

  Scenario: The same model and bars give the same backtest
    Given a workspace after its first backtest
    When the backtest runs
    Then it exits with code 0
    And its result equals the one before
