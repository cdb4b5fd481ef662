//! The guards against a green that means nothing: everything that cucumber would pass over in silence
//! is an error here, found without running anything.

use cucumber::{
    World as _,
    codegen::{StepConstructor as _, WorldInventory, inventory},
    feature::Ext as _,
    gherkin::{self, GherkinEnv},
    step::Location,
};

use super::{FeatureFile, World, checklist::is_unknown_box};

/// Words that begin a line of Gherkin, to tell a misspelt one.
const KEYWORDS: [&str; 10] =
    ["Feature", "Background", "Scenario", "Scenario Outline", "Rule", "Examples", "Given", "When", "Then", "And"];

/// Something that makes a verdict worthless.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to `features/` or the project.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// The features with what is wrong with them.
#[derive(Debug)]
pub struct Checked {
    /// The features that parse, outlines expanded, each with its path relative to `features/`.
    pub features: Vec<gherkin::Feature>,
    /// What is wrong, sorted.
    pub findings: Vec<Finding>,
}

/// Parses and checks features against the steps that are registered in this process.
#[must_use]
pub fn check(files: &[FeatureFile]) -> Checked {
    let mut checked = Checked { features: Vec::new(), findings: Vec::new() };
    for file in files {
        let mut found = |line: usize, what: String| {
            checked.findings.push(Finding { file: file.path.clone(), line, what });
        };
        match parse(file) {
            Ok(feature) => {
                keywords(file, &mut found);
                shape(&feature, &mut found);
                definitions(&feature, &mut found);
                checked.features.push(feature);
            }
            Err((line, what)) => found(line, what),
        }
    }
    duplicate_names(&checked.features, &mut checked.findings);
    checked.findings.sort();
    checked.findings.dedup();
    checked
}

fn parse(file: &FeatureFile) -> Result<gherkin::Feature, (usize, String)> {
    let parsed = gherkin::Feature::parse(&file.text, GherkinEnv::default());
    let mut feature = parsed.map_err(|error| (0, format!("it does not parse: {error}")))?;
    feature.path = Some(file.path.clone().into());
    feature.expand_examples().map_err(|error| (error.pos.line, error.to_string()))
}

/// A misspelt keyword is taken as description, and what it began is lost.
fn keywords(file: &FeatureFile, found: &mut impl FnMut(usize, String)) {
    for (number, line) in file.text.lines().enumerate() {
        let Some((word, _)) = line.trim().split_once(':') else { continue };
        let near = KEYWORDS.iter().find(|keyword| {
            let distance = strsim::osa_distance(&word.to_lowercase(), &keyword.to_lowercase());
            **keyword != word && distance > 0 && distance <= 2
        });
        if let Some(keyword) = near
            && !KEYWORDS.contains(&word)
        {
            found(number + 1, format!("'{word}:' is not a keyword; is it '{keyword}:'?"));
        }
    }
}

fn shape(feature: &gherkin::Feature, found: &mut impl FnMut(usize, String)) {
    if feature.count_scenarios() == 0 {
        found(feature.position.line, "the feature has no scenario".into());
    }
    for scenario in scenarios(feature) {
        let line = scenario.position.line;
        if scenario.steps.is_empty() {
            found(line, format!("scenario '{}' has no step", scenario.name));
        }
        if !scenario.steps.iter().any(|step| step.ty == gherkin::StepType::Then) {
            found(line, format!("scenario '{}' expects nothing: it has no Then", scenario.name));
        }
        if let Some(tag) = feature.tags.iter().chain(&scenario.tags).find(|tag| is_unknown_box(tag)) {
            found(line, format!("@{tag} names no box of the manual's checklist"));
        }
        if let Some(description) = scenario.description.as_ref().filter(|text| !text.trim().is_empty()) {
            let first = description.trim().lines().next().unwrap_or_default();
            found(line, format!("'{first}' in scenario '{}' is not a step: is its keyword right?", scenario.name));
        }
    }
}

fn definitions(feature: &gherkin::Feature, found: &mut impl FnMut(usize, String)) {
    let collection = World::collection();
    let background = feature.background.iter().flat_map(|background| &background.steps);
    for step in background.chain(scenarios(feature).flat_map(|scenario| &scenario.steps)) {
        match collection.find(step) {
            Ok(Some(_)) => {}
            Ok(None) => found(step.position.line, format!("no step definition matches '{}'", step.value)),
            Err(error) => found(step.position.line, format!("'{}' is ambiguous: {error}", step.value)),
        }
    }
}

fn duplicate_names(features: &[gherkin::Feature], findings: &mut Vec<Finding>) {
    let mut names: Vec<(&str, String, usize)> = features
        .iter()
        .flat_map(|feature| {
            let file = super::recorder::file_of(feature);
            scenarios(feature).map(move |scenario| (scenario.name.as_str(), file.clone(), scenario.position.line))
        })
        .collect();
    names.sort();
    for pair in names.windows(2) {
        if let [(name, first, at), (again, file, line)] = pair
            && name == again
        {
            let what = format!("scenario '{name}' has the name of the one at {first}:{at}");
            findings.push(Finding { file: file.clone(), line: *line, what });
        }
    }
}

pub(super) fn scenarios(feature: &gherkin::Feature) -> impl Iterator<Item = &gherkin::Scenario> {
    feature.scenarios.iter().chain(feature.rules.iter().flat_map(|rule| &rule.scenarios))
}

/// Returns the step definitions that no step of `features` uses; sorted.
#[must_use]
pub fn unused_definitions(features: &[gherkin::Feature]) -> Vec<Finding> {
    let collection = World::collection();
    let steps = features.iter().flat_map(|feature| {
        let background = feature.background.iter().flat_map(|background| &background.steps);
        background.chain(scenarios(feature).flat_map(|scenario| &scenario.steps))
    });
    let used: Vec<Location> = steps
        .filter_map(|step| collection.find(step).ok().flatten())
        .filter_map(|(_, _, location, _)| location)
        .collect();
    let unused = registered().into_iter().filter(|(location, _)| !used.contains(location));
    let mut findings: Vec<Finding> = unused
        .map(|(location, pattern)| Finding {
            file: step_file(location.path),
            line: location.line as usize,
            what: format!("no step uses the definition {pattern}"),
        })
        .collect();
    findings.sort();
    findings
}

/// Returns how many step definitions are registered in this process.
#[must_use]
pub fn registered_count() -> usize {
    registered().len()
}

fn registered() -> Vec<(Location, String)> {
    let given = inventory::iter::<<World as WorldInventory>::Given>.into_iter().map(|step| step.inner());
    let when = inventory::iter::<<World as WorldInventory>::When>.into_iter().map(|step| step.inner());
    let then = inventory::iter::<<World as WorldInventory>::Then>.into_iter().map(|step| step.inner());
    given.chain(when).chain(then).map(|(location, pattern, _)| (location, pattern().to_string())).collect()
}

/// Returns a step file's path from the project's root, whatever target it was compiled into.
fn step_file(path: &str) -> String {
    path.rsplit_once("../").map_or(path, |(_, rest)| rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{check, step_file};
    use crate::drill::FeatureFile;

    fn findings(text: &str) -> Vec<String> {
        let file = FeatureFile { path: "a.feature".into(), text: text.into() };
        check(&[file]).findings.into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn what_cucumber_passes_over_is_found() {
        let planted = [
            ("Feature: a\n  Scenari: b\n    Given c\n", "'Scenari:' is not a keyword; is it 'Scenario:'?"),
            ("Feature: a\n  Prose only.\n", "the feature has no scenario"),
            ("Feature: a\n  Scenario: b\n", "scenario 'b' has no step"),
            ("Feature: a\n  Scenario: b\n    Give c\n", "'Give c' in scenario 'b' is not a step"),
            ("Feature: a\n  Scenario: b\n    When c\n", "expects nothing: it has no Then"),
            ("Feature: a\n  Scenario: b\n    Then c\n", "no step definition matches 'c'"),
            ("Feature: a\n  Scenario: b\n    Then c\n  Scenario: b\n    Then c\n", "has the name of the one at"),
            ("Featur: a\n", "it does not parse"),
        ];
        for (text, words) in planted {
            let found = findings(text);
            assert!(found.iter().any(|finding| finding.contains(words)), "{text}: {found:?}");
        }
    }

    #[test]
    fn step_location_is_the_same_from_both_doors() {
        assert_eq!(step_file("src/../steps/git.rs"), "steps/git.rs");
        assert_eq!(step_file("tests/../steps/git.rs"), "steps/git.rs");
    }
}
