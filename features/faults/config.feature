@fault-catalogue
Feature: The catalogue of faults: a config that is wrong
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                                          |
      | F01   | A typo, an unknown key, a wrong type or a value out of range in the config     |
      | F02   | A config file that is cut, empty, or holds NUL, BOM or bytes that are no UTF-8 |
      | F03   | A YAML bomb, very deep nesting, a duplicate key, surprising scalars            |
      | F04   | Layers that conflict, or a stale environment variable                          |
      | F05   | The config changes during a run                                                |
      | F06   | A referenced file, job or secret is missing                                    |
