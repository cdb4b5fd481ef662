@fault-catalogue
Feature: The catalogue of faults: data that is wrong
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                                                       |
      | F07   | A column is missing, renamed, of another type or one too many                               |
      | F08   | Duplicate rows, rows out of order, rows of the future                                       |
      | F09   | Prices that are wrong: x100, unadjusted splits, zero or negative, high below low, flat, NaN |
      | F10   | History that is restated late                                                               |
      | F11   | A partial day, or a truncated answer with HTTP 200                                          |
      | F12   | The universe of symbols changes: delisting, rename, reused ticker                           |
      | F13   | Bars with the wrong time zone or of a half day                                              |
      | F14   | Hostile text: RTL, NUL, a symbol of 10 MB, SQL, a path                                      |
