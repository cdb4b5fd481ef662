//! The papers of the manual against the features: no step or box without a scenario, no paper that has
//! drifted. `UPDATE_PAPERS=1 cargo test --test drill -- papers` writes the papers anew.

use std::{fs, path::Path};

use cucumber::gherkin;
use lighthunter::{
    config::LoadOptions,
    drill::{self, MANUAL_STEPS, Manual, ManualPlace, Paper, Spec},
    record::DrillRecord,
    text::Language,
};

use crate::{Check, Failed, require};

pub(crate) const CHECKS: &[Check] = &[
    ("every step and box of the manual has a scenario", every_step_has_a_scenario),
    ("the papers are those of the features", papers_have_not_drifted),
    ("a step without a scenario is a gap", planted_gaps_are_seen),
    ("every fault of the features is known", faults_are_known),
];

/// The papers that are kept in the project.
const PAPERS: [(&str, Paper, Language); 5] = [
    ("docs/BOOTSTRAP_AND_ROLLBACK.md", Paper::Runbook, Language::English),
    ("docs/BOOTSTRAP_AND_ROLLBACK.zh.md", Paper::Runbook, Language::Chinese),
    ("docs/WAR_SOP.md", Paper::Procedure, Language::English),
    ("docs/WAR_CHECKLIST.md", Paper::Checklist, Language::English),
    ("docs/manual.md", Paper::Map, Language::English),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Calls `read` with the manual of the default workspace, in which nothing has run.
fn with_manual<T>(
    features: &[gherkin::Feature],
    language: Language,
    read: impl for<'m> FnOnce(&Manual<'m>) -> T,
) -> Result<T, Failed> {
    let template = root().join("config/workspace");
    let place = ManualPlace::read(&template, "~/work/lighthunter", &LoadOptions::default())?;
    let spec = Spec::of(&template)?;
    Ok(read(&Manual { place: &place, spec: &spec, features, record: None, language }))
}

fn gaps_of(manual: &Manual<'_>) -> Vec<String> {
    manual.gaps()
}

fn features() -> Result<Vec<gherkin::Feature>, Failed> {
    Ok(drill::check(&drill::select(&[])?).features)
}

fn every_step_has_a_scenario() -> Result<(), Failed> {
    let gaps = with_manual(&features()?, Language::English, gaps_of)?;
    require(gaps.is_empty(), || gaps.join("; "))
}

fn papers_have_not_drifted() -> Result<(), Failed> {
    let features = features()?;
    let mut drifted = Vec::new();
    for (path, paper, language) in PAPERS {
        let text = with_manual(&features, language, |manual| manual.write(paper))?;
        let path = root().join(path);
        if std::env::var_os("UPDATE_PAPERS").is_some() {
            lighthunter::durable::replace(&path, &text)?;
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            drifted.push(path.display().to_string());
        }
        let chinese = with_manual(&features, Language::Chinese, |manual| manual.write(paper))?;
        let is_told_apart = (chinese == text) == (language == Language::Chinese);
        require(is_told_apart && chinese.contains('手'), || format!("{} is not in Chinese", path.display()))?;
    }
    require(drifted.is_empty(), || {
        format!("{}: write anew with UPDATE_PAPERS=1 cargo test --test drill -- papers", drifted.join(", "))
    })
}

fn planted_gaps_are_seen() -> Result<(), Failed> {
    let mut fewer = features()?;
    fewer.retain(|feature| !feature.name.contains("DayOps before"));
    for feature in &mut fewer {
        if let Some(scenario) = feature.scenarios.first_mut() {
            scenario.tags.push("manual-9.9".into());
        }
    }
    let gaps = with_manual(&fewer, Language::English, gaps_of)?;
    for words in ["no scenario is tagged @manual-2.2", "@manual-9.9 is no step of the manual"] {
        require(gaps.iter().any(|gap| gap.contains(words)), || format!("'{words}' is not seen: {gaps:?}"))?;
    }
    Ok(())
}

/// A fault that nobody knows would skip its scenario on every target.
fn faults_are_known() -> Result<(), Failed> {
    let spec = Spec::of(&root().join("config/workspace"))?;
    let features = features()?;
    let steps = features.iter().flat_map(|feature| &feature.scenarios).flat_map(|scenario| &scenario.steps);
    let ids: Vec<&str> =
        steps.filter_map(|step| step.value.strip_prefix("the fault \"")?.strip_suffix("\" is injected")).collect();
    require(!ids.is_empty(), || "no feature injects a fault".into())?;
    let unknown: Vec<&&str> = ids.iter().filter(|id| spec.fault(id).is_none()).collect();
    require(unknown.is_empty(), || format!("no catalogue and no drill.toml names {unknown:?}"))
}

/// Every step and box was shown by a scenario that ran and was green, and by none that was red.
pub(crate) fn require_shown(record: &DrillRecord) -> Result<(), Failed> {
    let features = features()?;
    let unshown =
        with_manual(&features, Language::English, |manual| Manual { record: Some(record), ..*manual }.unshown())?;
    require(unshown.is_empty(), || format!("of {} steps these were not shown: {unshown:?}", MANUAL_STEPS.len()))
}
