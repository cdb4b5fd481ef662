@fault-catalogue
Feature: The catalogue of faults: the message bus
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                                  |
      | F36   | A slow subscriber: messages dropped in silence                         |
      | F37   | A late joiner, a broker restarted, an endpoint in use                  |
      | F38   | A frame that is malformed, too large, of the wrong version or replayed |
      | F39   | The thread of the bus dies, or a shutdown lingers                      |
