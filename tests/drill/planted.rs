//! What makes a verdict worthless, planted once each: `drill check` must name it without running anything.
//! The steps are compiled in here, so that undefined, ambiguous and unused ones can be told.

use cucumber::then;
use lighthunter::drill::{self, FeatureFile, Step, World};

use crate::{Check, Failed, require};

pub(crate) const CHECKS: &[Check] = &[
    ("what is planted in features is found", planted_features_are_found),
    ("a step that no feature uses is found", unused_step_is_found),
    ("a sound feature has no finding", sound_feature_has_no_finding),
];

const SOUND: &str = "Feature: a\n  Scenario: b\n    Given a clean environment\n    Then git status is clean\n";

/// Two definitions of one sentence, planted: no feature says it, so that nothing else can meet them.
#[then("a planted sentence")]
fn planted_sentence(world: &mut World) -> Step {
    world.expect_clean()
}

#[then(regex = "^a planted (?:sentence|phrase)$")]
fn planted_phrase(world: &mut World) -> Step {
    world.expect_clean()
}

/// The folder of these definitions among the findings.
const HERE: &str = "planted.rs";

/// A feature, and what must be said of it.
const PLANTED: &[(&str, &str, &str)] = &[
    ("an undefined step", "Feature: a\n  Scenario: b\n    Then pigs fly\n", "no step definition matches 'pigs fly'"),
    ("an ambiguous step", "Feature: a\n  Scenario: b\n    Then a planted sentence\n", "is ambiguous"),
    (
        "a duplicate name",
        "Feature: a\n  Scenario: b\n    Then git status is clean\n  Scenario: b\n    Then git status is clean\n",
        "has the name of the one at",
    ),
    ("a scenario without steps", "Feature: a\n  Scenario: b\n", "scenario 'b' has no step"),
    ("a scenario without Then", "Feature: a\n  Scenario: b\n    Given a clean environment\n", "expects nothing"),
    (
        "a misspelt keyword of a scenario",
        "Feature: a\n  Scenaro: b\n    Then git status is clean\n",
        "'Scenaro:' is not a keyword; is it 'Scenario:'?",
    ),
    (
        "a misspelt keyword of a step",
        "Feature: a\n  Scenario: b\n    Gven a clean environment\n    Then git status is clean\n",
        "is not a step",
    ),
    ("a feature without scenarios", "Feature: a\n  Prose only.\n", "the feature has no scenario"),
    (
        "a box that the manual has not",
        "Feature: a\n  @box-7.7\n  Scenario: b\n    Then git status is clean\n",
        "@box-7.7 names no box",
    ),
    ("a file that does not parse", "Feture: a\n", "it does not parse"),
];

fn findings(text: &str) -> Vec<String> {
    let file = FeatureFile { path: "planted.feature".into(), text: text.into() };
    drill::check(&[file]).findings.into_iter().map(|finding| finding.to_string()).collect()
}

fn planted_features_are_found() -> Result<(), Failed> {
    for (what, text, words) in PLANTED {
        let found = findings(text);
        require(found.iter().any(|finding| finding.contains(words)), || format!("{what}: {found:?}"))?;
    }
    Ok(())
}

fn sound_feature_has_no_finding() -> Result<(), Failed> {
    let found = findings(SOUND);
    require(found.is_empty(), || found.join("; "))
}

fn unused_step_is_found() -> Result<(), Failed> {
    let file = FeatureFile { path: "planted.feature".into(), text: SOUND.into() };
    let unused = drill::unused_definitions(&drill::check(&[file]).features);
    require(unused.len() == drill::registered_count() - 2, || {
        format!("{} unused of {}", unused.len(), drill::registered_count())
    })?;
    require(unused.iter().all(|finding| finding.file.starts_with("steps/") || is_planted(&finding.file)), || {
        format!("{:?}", unused.first())
    })
}

/// Says whether a finding is about the definitions that are planted here.
pub(crate) fn is_planted(file: &str) -> bool {
    file.ends_with(HERE)
}
