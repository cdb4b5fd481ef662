@manual-4.2 @fault-schedule
Feature: A schedule after which NightOps does not run
  Chapter 4.2 of the manual: jobs.yaml was changed, every command still succeeds, and the night is simply
  never started. The plan and DayOps must show it before the night is missed.

  @box-4.2
  Scenario: The plan lacks the night, DayOps warns, and the stable schedule comes back
    Given a workspace after its first night
    And a baseline
    When the schedule is shown
    Then its output names:
      | night_ops_full  |
      | day_ops_morning |
    When the fault "night-unscheduled" is injected
    And the schedule is shown
    Then it exits with code 0
    And its output names:
      | day_ops_morning |
    And its output does not name:
      | night_ops_full |
    When DayOps runs
    Then its report grades:
      | schedule | WARNING |
      | config   | WARNING |
    When the code is rolled back to the baseline
    Then the fingerprint proof holds
    And git status is clean
    When the schedule is shown
    Then its output names:
      | night_ops_full |
