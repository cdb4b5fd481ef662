@manual-4
Feature: The data goes back to the baseline
  Not in the manual, and the layer that git does not keep: the stores come back from the baseline's own copies,
  and what the ledger recorded of the past stays.

  @fault-data
  Scenario: Damaged stores come back from the baseline's copies
    Given a workspace after its first night
    And a recorded baseline "war-drill"
    When the stores are damaged
    And the data layer is rolled back to the recorded baseline
    Then the fingerprint proof holds
    When NightOps runs
    Then it exits with code 0
    And its result equals the baseline's
