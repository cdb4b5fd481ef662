@manual-4.1
Feature: One repository, several environments
  Chapter 4.1 of the manual advises a file for each environment instead of local edits: an overlay under
  config/ holds what differs, a variable chooses it, and git sees nothing.

  @manual-4.1.2
  Scenario: The overlays of dev and prod differ in what they say, and git stays clean
    Given a bootstrapped workspace
    When the config of dev is shown
    Then it exits with code 0
    And its output names:
      | env = "dev"  # LIGHTHUNTER_ENV                          |
      | ops.day_ops.strict = false  # config/system_config.json |
    When the config of prod is shown
    Then it exits with code 0
    And its output names:
      | env = "prod"  # LIGHTHUNTER_ENV                             |
      | ops.day_ops.strict = true  # config/system_config.prod.json |
    And git status is clean
