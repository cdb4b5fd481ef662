@fault-catalogue
Feature: The catalogue of faults: git and the rollback itself
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                        |
      | F57   | A rollback that is interrupted, or meets a stale lock of git |
      | F58   | A dirty tree, a person's files, a submodule, CRLF            |
      | F59   | The target commit is missing, shallow, corrupt or unborn     |
      | F60   | Code is rolled back, and schema, data or model is newer      |
