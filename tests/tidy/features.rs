//! Features say something that can run, and no feature or fixture lies unused.

use std::collections::BTreeSet;

use cucumber::gherkin::{Feature, GherkinEnv, Scenario};

use super::source::{SourceFile, assert_caught, assert_none, read};

/// Keywords whose misspelling the parser takes for a description.
const KEYWORDS: [&str; 9] = ["Given", "When", "Then", "And", "But", "Scenario", "Background", "Examples", "Rule"];

pub(super) fn all() -> Vec<SourceFile> {
    read(&["features"], &[".feature"])
}

/// Parses a feature; the error is a finding.
pub(super) fn parsed(file: &SourceFile) -> Result<Feature, String> {
    let text = if file.text.ends_with('\n') { file.text.clone() } else { format!("{}\n", file.text) };
    Feature::parse(text, GherkinEnv::default()).map_err(|error| format!("{}: {error}", file.path))
}

/// Returns the scenarios of a feature, those of its rules included.
pub(super) fn scenarios(feature: &Feature) -> impl Iterator<Item = &Scenario> {
    feature.scenarios.iter().chain(feature.rules.iter().flat_map(|rule| &rule.scenarios))
}

fn empty_or_mistyped(files: &[SourceFile]) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| parsed(file).map_or_else(|error| vec![error], |feature| findings_of(file, &feature)))
        .collect()
}

fn findings_of(file: &SourceFile, feature: &Feature) -> Vec<String> {
    let mut findings = Vec::new();
    let mut names = BTreeSet::new();
    for scenario in scenarios(feature) {
        let place = format!("{}:{}", file.path, scenario.position.line);
        if scenario.steps.is_empty() {
            findings.push(format!("{place}: the scenario has no step"));
        }
        if !names.insert(scenario.name.as_str()) {
            findings.push(format!("{place}: a second scenario '{}'", scenario.name));
        }
        let outline = scenario.steps.iter().any(|step| step.value.contains('<'));
        let rows = |examples: &cucumber::gherkin::Examples| examples.table.as_ref().map_or(0, |table| table.rows.len());
        if outline && !scenario.examples.iter().any(|examples| rows(examples) > 1) {
            findings.push(format!("{place}: the outline has no example"));
        }
    }
    if names.is_empty() {
        findings.push(format!("{}: the feature yields no scenario", file.path));
    }
    let descriptions = scenarios(feature)
        .map(|scenario| &scenario.description)
        .chain([&feature.description])
        .chain(feature.background.iter().map(|background| &background.description));
    for line in descriptions.flatten().flat_map(|text| text.lines()) {
        if let Some(keyword) = almost_keyword(line) {
            findings.push(format!("{}: '{}' is read as a description: is it '{keyword}'?", file.path, line.trim()));
        }
    }
    findings
}

/// Returns the keyword that the first word of a description nearly is. A sentence may begin with a
/// keyword's neighbour by chance ("The" and "Then"), so only words of four letters or more count.
fn almost_keyword(line: &str) -> Option<&'static str> {
    let first = line.split_whitespace().next()?.trim_end_matches(':');
    let near = |keyword: &&&str| first.len() >= 4 && strsim::damerau_levenshtein(first, keyword) <= 1;
    KEYWORDS.iter().find(near).copied()
}

/// Returns fixtures that no test, step, feature or source names, by file name or by a folder above it.
fn unused_fixtures(fixtures: &[SourceFile], users: &[SourceFile]) -> Vec<String> {
    let named = |words: &str| users.iter().any(|user| user.text.contains(words));
    let used = |fixture: &&SourceFile| {
        let folders = fixture.path.match_indices('/').skip(1).map(|(end, _)| &fixture.path[..end]);
        named(fixture.name()) || folders.into_iter().any(named)
    };
    fixtures
        .iter()
        .filter(|fixture| !used(fixture))
        .map(|fixture| format!("{}: nothing names it", fixture.path))
        .collect()
}

#[test]
fn features_yield_scenarios_with_steps() {
    assert_none(&empty_or_mistyped(&all()));
}

#[test]
fn an_empty_or_mistyped_feature_is_caught() {
    let planted = [
        ("Feature: a\n  Scenari: typo\n    Given a thing\n", "no scenario"),
        ("Feature: a\n  Scenario: b\n    Given a thing\n  Scenario: c\n", "no step"),
        ("Feature: a\n  Scenario: b\n    Given a\n  Scenario: b\n    Given a\n", "a second scenario"),
        ("Feature: a\n  Scenario: b\n    Givn a thing\n    When c\n", "is read as a description"),
        ("Feature: a\n  Scenario Outline: b\n    Given <a>\n    Examples:\n      | a |\n", "no example"),
        ("Scenario: b\n", "src/a.feature"),
    ];
    for (text, words) in planted {
        let findings = empty_or_mistyped(&[SourceFile::planted("src/a.feature", text)]);
        assert!(findings.iter().any(|finding| finding.contains(words)), "{text}: {findings:?}");
    }
    let fine = "Feature: a\n  The system comes back.\n  Scenario: b\n    Given a thing\n";
    assert_none(&empty_or_mistyped(&[SourceFile::planted("src/a.feature", fine)]));
}

#[test]
fn every_fixture_is_used() {
    let users = read(&["tests", "steps", "features", "src", "benches"], &[".rs", ".feature"]);
    assert_none(&unused_fixtures(&read(&["fixtures"], &[""]), &users));
}

#[test]
fn an_unused_fixture_is_caught() {
    let fixtures = [SourceFile::planted("fixtures/config/a.json", ""), SourceFile::planted("fixtures/b.csv", "")];
    let user = |text: &str| [SourceFile::planted("tests/a.rs", text)];
    assert_caught(&unused_fixtures(&fixtures, &user("open(\"a.json\")")), "fixtures/b.csv");
    assert_none(&unused_fixtures(&fixtures, &user("every file of fixtures/config, and b.csv")));
}
