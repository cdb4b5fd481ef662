@fault-catalogue
Feature: The catalogue of faults: the network and its sources
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                               |
      | F31   | An outage, 429 or 503, half a page then a reset, a slow drip        |
      | F32   | Wrong content with 200: a login page, an error as JSON, a gzip bomb |
      | F33   | A name that does not resolve, a black hole, TLS that expired        |
      | F34   | Pages twice or out of order; a retry after a lost answer            |
      | F35   | Credentials that expire or are revoked during a run                 |
