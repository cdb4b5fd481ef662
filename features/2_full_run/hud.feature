@manual-2.3.3
Feature: HUD, dashboard and monitor beside the runs
  Chapter 2.3 of the manual: while the system works, a person sees in the browser, in the terminal and at
  the monitor that data flow, what was executed, and how the experiment ended.

  @box-2.4
  Scenario: HUD and monitor see the data flow and the experiment's result
    Given a workspace after its first night
    And the monitor is watching
    And the HUD is serving
    When the simulation runs
    Then it exits with code 0
    And the experiment record has one new success of kind "simulation"
    And the monitor names:
      | lighthunter_events_total{topic="market.bar.1m"} |
      | lighthunter_account_nav_yuan                    |
    And the HUD shows the new experiment
    And the HUD's page "/healthz" says:
      | ok |
    When the dashboard is shown
    Then it exits with code 0
    And its output names:
      | NightOps    |
      | Accounts    |
      | Experiments |
