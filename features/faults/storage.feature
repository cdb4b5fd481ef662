@fault-catalogue
Feature: The catalogue of faults: stores and the file system
  Each fault has its cases in fixtures/faults: how it is injected, how it must show, what takes it away and what
  is proven then. Not part of the war drill; `lighthunter drill run features/faults` runs it.

  Scenario Outline: <fault> <title>
    Given the fault "<fault>" of the catalogue
    When each of its cases is tried
    Then each fault was injected
    And each fault was detected
    And each fault was recovered from

    Examples:
      | fault | title                                                         |
      | F15   | An I/O error on write, fsync or read                          |
      | F16   | A file system that is read-only, or permission that is lost   |
      | F17   | A disk that is full, or has no inode left                     |
      | F18   | SIGKILL in the middle of a dual write                         |
      | F19   | SIGKILL during the recovery itself, twice                     |
      | F20   | A power cut: what was not synced is gone                      |
      | F21   | A disk that lies: a write reports success and is lost         |
      | F22   | DuckDB's WAL is damaged, missing or cannot be replayed        |
      | F23   | A kill while the DuckDB file is first made                    |
      | F24   | A second process opens DuckDB while a job runs                |
      | F25   | SQLite is busy, a hot WAL is left, the -shm file is gone      |
      | F26   | Parquet rots: bits flip, a file is cut, two files are swapped |
      | F27   | A line of JSON that is torn, garbage, or two glued together   |
      | F28   | Temporary and lock files that a dead process left             |
      | F29   | A slow disk: half a second an fsync                           |
      | F30   | Another device, long names, paths with spaces and line breaks |
