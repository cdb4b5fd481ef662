@fault-catalogue
Feature: The catalogue of faults: models and their artefacts
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                                         |
      | F51   | A model half-written, a file missing, a hash that is wrong                    |
      | F52   | A crash in the swap of current                                                |
      | F53   | current is a directory, a loop, a link outside, or points to what was deleted |
      | F54   | A model that does not fit the features, the library or the platform           |
      | F55   | A new model whose quality has collapsed in silence                            |
      | F56   | Clean-up deletes a version that is in use                                     |
