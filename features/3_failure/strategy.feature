@manual-3.2 @fault-b
Feature: Failure B: a strategy is wrong
  Chapter 3.2 of the manual. A mistake of the kind that people make in research: trading must catch it
  and trade nothing, the experiment is recorded as failed with the reason, the metrics count it. Then
  the code goes back to the baseline, and the same backtest gives the same result again.

  @manual-3.2.1 @manual-3.2.2 @box-3.1 @box-3.2 @box-4.1
  Scenario Outline: The backtest refuses <mistake>, and comes back
    Given a workspace after its first backtest
    And a baseline
    When the fault "<fault>" is injected
    And the backtest runs
    Then the exit code shows the fault
    And it exits with code <code>
    And the log shows the fault
    And the metric shows the fault
    And the metrics count 1 more error of "backtest"
    And the experiment record shows the fault
    And it was detected within the budget
    When the code is rolled back to the baseline
    Then the fingerprint proof holds
    And git status is clean
    When the backtest runs
    Then it exits with code 0
    And its result equals the baseline's

    Examples:
      | mistake                         | fault                  | code |
      | a weight of 1.7                 | strategy-weight        | 17   |
      | a signal that is no number      | strategy-nan           | 17   |
      | a script that does not parse    | strategy-parse         | 17   |
      | an endless loop                 | strategy-loop          | 16   |
      | an endless loop that catches it | strategy-loop-in-pcall | 16   |

  @manual-3.2.2 @manual-3.2.3 @box-3.2
  Scenario: The simulation refuses a signal that is no number, and its experiment says why
    Given a workspace after its first simulation
    And a baseline
    When the fault "strategy-nan" is injected
    And the simulation runs
    Then the exit code shows the fault
    And it exits with code 17
    And the log shows the fault
    And the metrics count 1 more error of "simulation"
    And the experiment record shows the fault
    When the newest experiment is shown
    Then it exits with code 0
    And its output names:
      | failed            |
      | class = 17        |
      | strategy/u1.luau: |
      | NaN               |
    When the code is rolled back to the baseline
    Then the fingerprint proof holds
    When the simulation runs
    Then it exits with code 0
    And its result equals the baseline's

  @manual-3.2.3 @box-3.2
  Scenario: The monitor counts what backtest and simulation refuse, and goes on
    Given a workspace after its first backtest
    And the monitor is watching
    And the HUD is serving
    And a baseline
    When the fault "strategy-weight" is injected
    And the backtest runs
    Then the exit code shows the fault
    And the HUD shows the fault
    And the monitor counts 1 more error of "backtest"
    When the simulation runs
    Then it exits with code 17
    And the monitor counts 1 more error of "simulation"
    When the code is rolled back to the baseline
    Then the fingerprint proof holds
    And git status is clean

  Scenario: A mistake undone by hand leaves no trace
    Given a bootstrapped workspace
    And a baseline
    When the fault "strategy-weight" is injected
    And the fault is undone
    Then the state is the baseline's
    And git status is clean
