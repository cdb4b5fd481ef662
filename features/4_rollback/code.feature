@manual-4.1
Feature: The code goes back to the baseline
  Chapter 4.1 of the manual: a tag on a state that is known to be good, and `git reset --hard` to it
  after the failure. A rollback counts only with its proof; one that cannot be done touches nothing.

  @fault-code @box-4.1
  Scenario: A bad commit and edits after it are taken back
    Given a workspace after its first night
    And a baseline
    When the fault "code-damage" is injected
    And the code is rolled back to the baseline
    Then the fingerprint proof holds
    And git status is clean
    And it was recovered within the budget

  @fault-a @box-4.1
  Scenario: After failure A the rollback brings back the same result
    Given a workspace after its first night
    And a baseline
    When the fault "duckdb-path" is injected
    And NightOps runs
    Then the exit code shows the fault
    When the code is rolled back to the baseline
    Then the fingerprint proof holds
    When NightOps runs
    Then it exits with code 0
    And its result equals the baseline's

  @fault-code
  Scenario: A lock that a killed git left behind is removed, and said
    Given a bootstrapped workspace
    And a baseline
    When the fault "code-damage" is injected
    And git was killed 60 minutes ago and left its lock
    And the code is rolled back to the baseline
    Then the rollback says "removed the stale lock .git/index.lock"
    And the fingerprint proof holds

  @fault-code
  Scenario: A lock that is held refuses the rollback
    Given a bootstrapped workspace
    And a baseline
    When the fault "code-damage" is injected
    And another process holds git's lock
    And a rollback to the baseline is tried
    Then it is refused with code 11: "is held open by process"
    And nothing was touched

  @fault-code
  Scenario: A tag that is not there refuses the rollback
    Given a bootstrapped workspace
    And a baseline
    When the fault "code-damage" is injected
    And a rollback to "war-baseline-19900101" is tried
    Then it is refused with code 10: "no tag, branch or commit 'war-baseline-19900101'"
    And nothing was touched

  @fault-code
  Scenario: A person's own file survives the rollback
    Given a bootstrapped workspace
    And a person's own file "notes_of_mine.txt" in the tree
    And a fingerprint to come back to
    When the fault "code-damage" is injected
    And the code is rolled back to the baseline
    Then the fingerprint proof holds
    And "notes_of_mine.txt" names:
      | a person's own notes |

  Scenario: A drill on a dirty tree is refused
    Given a bootstrapped workspace
    And a person's own file "notes_of_mine.txt" in the tree
    When a drill of this workspace is tried
    Then it is refused with code 11: "untracked notes_of_mine.txt"
    And nothing was touched
