@fault-catalogue
Feature: The catalogue of faults: risk and portfolio
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                              |
      | F47   | A breach of limits: gross, net, turnover, price collar, order size |
      | F48   | A stale price or a missing benchmark in sizing                     |
      | F49   | Orders sent twice after a crash                                    |
      | F50   | A corporate action on a held name; negative cash by rounding       |
