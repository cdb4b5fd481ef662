@fault-catalogue
Feature: The catalogue of faults: processes and their deaths
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                          |
      | F40   | SIGTERM, SIGINT or SIGHUP at any moment, Ctrl-C twice          |
      | F41   | SIGSTOP, then SIGCONT: a laptop sleeps                         |
      | F42   | A child that hangs, is a zombie, or exits with 0 and no output |
      | F43   | A panic in a worker, a poisoned lock, a stack that overflows   |
