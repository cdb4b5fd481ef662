@fault-catalogue
Feature: The catalogue of faults: strategy code
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                                                         |
      | F44   | Strategy code that loops, eats memory, recurses, gives NaN, looks ahead, is not deterministic |
      | F45   | The strategy changes between its validation and its run                                       |
      | F46   | A script reaches outside of its sandbox                                                       |
