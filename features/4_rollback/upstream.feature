@manual-4.2.2 @fault-forbidden
Feature: All quote sites answer 403 after a change of the config
  Chapter 4.2 of the manual: somebody tuned the network section, and since that change Eastmoney and 10jqka refuse
  everything. What was collected stays, the sites are left alone, and the stable config brings them back.

  @box-4.2
  Scenario: The sites refuse, are left alone, and serve again under the stable config
    Given a workspace after its first night
    And the bars of quote sites that refuse the user agent "python-requests"
    And a recorded baseline "war-drill"
    When the fault "user-agent-refused" is injected
    And the change is committed as "tune: another user agent"
    And the collection runs
    Then it exits with code 15
    And its output names:
      | HTTP status 403 |
    And the quote sites refused 10 to 20 requests
    And "monitor/state.json" names:
      | "breaker_state":"open" |
      | "last_answer_at":"     |
    When the config layer is rolled back to the recorded baseline
    Then the fingerprint proof holds
    And the last commit says "rollback: revert config to war-config-stable-"
    And git status is clean
    When the collection runs
    Then it exits with code 0
    And its output names:
      | "missing": []|
    And the quote sites refused 10 to 20 requests
