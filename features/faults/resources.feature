@fault-catalogue
Feature: The catalogue of faults: resources, clock, monitoring and security
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                                            |
      | F61   | No file descriptors, memory, threads or CPU left                                 |
      | F62   | The clock jumps, goes back, meets a leap day or 2038; a job is missed or doubled |
      | F63   | HUD or monitor lies: stale but green, hanging, flooded                           |
      | F64   | A hostile request: bad Host or Origin, a path, 1 GB, slowloris, CSRF, a bomb     |
