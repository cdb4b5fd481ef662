@manual-2.3.2
Feature: The intraday simulation
  Chapter 2.3 of the manual: the newest day's minute bars are replayed through strategies, portfolio,
  risk and broker, with every event on the bus. The bus carries hints; the result does not need it.

  @box-2.3
  Scenario: A simulated day ends with executions, accounts and a report
    Given a workspace after its first simulation
    Then it exits with code 0
    And its log holds no ERROR
    And the experiment record has one new success of kind "simulation"
    And its experiment keeps:
      | trades.csv |
      | equity.csv |
    And its report is under "reports"
    And its report counts:
      | counts/bars   |
      | counts/orders |
      | counts/fills  |
      | bus/published |
    And its report gives the value of every account
    And the metrics count 1 more run of "simulation"
    And git status is clean

  Scenario: The same day gives the same result, with the bus and without it
    Given a workspace after its first simulation
    When the simulation runs
    Then it exits with code 0
    And its result equals the one before
    When the simulation without the bus runs
    Then it exits with code 0
    And its result equals that of the simulation
