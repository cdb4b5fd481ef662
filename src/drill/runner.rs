//! The runner: the scenarios that are selected, what they saw, and one record of it all.

use std::{sync::Arc, thread};

use cucumber::{
    gherkin::{self, tagexpr::TagOperation},
    tag::Ext as _,
};
use regex::Regex;
use serde::Serialize;

use super::{
    DrillError, DrillOptions,
    check::{check, scenarios},
    checklist::checklist,
    features::select,
    lanes::run_all,
    recorder::file_of,
    recovery::recover_others,
    session::Session,
};
use crate::{
    clock::Stopwatch,
    record::{
        CanaryRecord, ConductRecord, DrillRecord, Outcome, RECORD_VERSION, ScenarioRecord, TargetRecord, Verdict,
    },
};

/// Runs a drill and returns what it saw. Drills of the same reports that died before are undone first. The
/// record is not written to disk here; the drill's journal and evidence are, under
/// [`DrillOptions::directory`].
///
/// # Errors
/// When nothing could be run: unsound features, nothing selected, a dirty or missing origin.
pub fn run(options: DrillOptions) -> Result<DrillRecord, DrillError> {
    let watch = Stopwatch::start();
    let started_at = options.clock.now();
    let mut features = selected(&options)?;
    let (undone, mut residue) = recover_others(&options.reports.join("drills"), &options.id, &options.clock);
    let session = Arc::new(Session::start(options)?);
    let earlier = &session.earlier;
    let all = listed(&features);
    retain(&mut features, |file, line| !earlier.scenarios.iter().any(|ended| ended.file == file && ended.line == line));
    let mut scenarios = run_all(&features, &session)?;
    residue.extend(earlier.residue.clone());
    residue.extend(session.finish()?);
    let wanted =
        |scenario: &&ScenarioRecord| all.iter().any(|one| one.file == scenario.file && one.line == scenario.line);
    scenarios.extend(earlier.scenarios.iter().filter(wanted).cloned());
    let interrupted_by = session.options.interruption.signal();
    let left = interrupted_by.map(|signal| not_run(&all, &scenarios, signal));
    scenarios.extend(left.unwrap_or_default());
    scenarios.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let options = &session.options;
    if scenarios.is_empty() {
        return Err(DrillError::NothingRan(options.repeat_command()));
    }
    let conduct = ConductRecord {
        jobs: options.jobs,
        overhead_seconds: rounded(watch.seconds() - session.target.busy.seconds()),
        rollback_p95_seconds: percentile_95(&scenarios),
        resumed: earlier.resumed,
        interrupted_by,
        undone: undone.into_iter().chain(earlier.undone.clone()).collect(),
        residue,
        canary: Some(searched(&session, &scenarios)),
    };
    let green = Verdict::of(scenarios.iter().map(|scenario| &scenario.outcome), options.strict);
    Ok(DrillRecord {
        version: RECORD_VERSION,
        id: options.id.clone(),
        started_at: earlier.started_at.unwrap_or(started_at),
        seconds: rounded(watch.seconds() + earlier.seconds),
        verdict: if conduct.is_clean() { green } else { Verdict::NotReady },
        verdict_reason: reason(&scenarios, options.strict, &conduct),
        seed: options.seed.0,
        target: target_record(&session),
        control: options.control,
        strict: options.strict,
        checklist: checklist(&scenarios, options.strict),
        scenarios,
        conduct,
        repeat_command: options.repeat_command(),
        keep_reports: session.target.spec.keep_reports,
    })
}

/// Returns where the planted secret was searched for and found: whatever the report is rendered from comes last.
fn searched(session: &Session, scenarios: &[ScenarioRecord]) -> CanaryRecord {
    session.canary.search_text("the record", &serde_json::to_string(scenarios).unwrap_or_default());
    session.canary.record()
}

/// Returns a record of each scenario that the drill did not come to.
fn not_run(all: &[Listed], ran: &[ScenarioRecord], signal: u8) -> Vec<ScenarioRecord> {
    let reason = format!("not run: the drill was interrupted by {}", super::interruption::name(signal));
    let left = all.iter().filter(|one| !ran.iter().any(|ran| ran.file == one.file && ran.line == one.line));
    left.map(|one| ScenarioRecord {
        name: one.name.clone(),
        feature: one.feature.clone(),
        file: one.file.clone(),
        line: one.line,
        tags: one.tags.clone(),
        outcome: Outcome::NotStarted { reason: reason.clone() },
        seconds: 0.0,
        fault: None,
        signals: Vec::new(),
        phases: Vec::new(),
        rollback: None,
        proofs: Vec::new(),
        steps: Vec::new(),
        evidence: Vec::new(),
        kept: None,
        cases: Vec::new(),
    })
    .collect()
}

/// Returns the 95th percentile, by nearest rank, of the seconds from rollback to proof.
fn percentile_95(scenarios: &[ScenarioRecord]) -> Option<f64> {
    let mut seconds: Vec<f64> = scenarios.iter().filter_map(ScenarioRecord::seconds_to_recover).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get((seconds.len() * 95).div_ceil(100).checked_sub(1)?).copied()
}

fn rounded(seconds: f64) -> f64 {
    (seconds.max(0.0) * 1e3).round() / 1e3
}

/// Returns the sound features, with only the scenarios that the options select.
///
/// # Errors
/// When a feature is unsound, an option cannot be understood, or nothing is left.
pub fn selected(options: &DrillOptions) -> Result<Vec<gherkin::Feature>, DrillError> {
    let checked = check(&select(&options.features)?);
    if !checked.findings.is_empty() {
        return Err(DrillError::Unsound(checked.findings.iter().map(ToString::to_string).collect()));
    }
    let selection = |option, text: &str, why: String| DrillError::Selection { option, text: text.into(), why };
    let tags = options
        .tags
        .as_deref()
        .map(|text| text.parse::<TagOperation>().map_err(|error| selection("--tags", text, error.to_string())));
    let name = options
        .name
        .as_deref()
        .map(|text| Regex::new(text).map_err(|error| selection("--name", text, error.to_string())));
    let (tags, name) = (tags.transpose()?, name.transpose()?);
    let wanted = |feature: &gherkin::Feature, scenario: &gherkin::Scenario| {
        let all = feature.tags.iter().chain(&scenario.tags);
        tags.as_ref().is_none_or(|tags| tags.eval(all))
            && name.as_ref().is_none_or(|name| name.is_match(&scenario.name))
    };
    let mut features = checked.features;
    keep_scenarios(&mut features, wanted);
    if features.is_empty() {
        return Err(DrillError::NothingRan(options.repeat_command()));
    }
    Ok(features)
}

fn retain(features: &mut Vec<gherkin::Feature>, wanted: impl Fn(&str, usize) -> bool) {
    keep_scenarios(features, |feature, scenario| wanted(&file_of(feature), scenario.position.line));
}

fn keep_scenarios(
    features: &mut Vec<gherkin::Feature>,
    wanted: impl Fn(&gherkin::Feature, &gherkin::Scenario) -> bool,
) {
    for feature in &mut *features {
        let whole = feature.clone();
        feature.scenarios.retain(|scenario| wanted(&whole, scenario));
        for rule in &mut feature.rules {
            rule.scenarios.retain(|scenario| wanted(&whole, scenario));
        }
    }
    features.retain(|feature| scenarios(feature).next().is_some());
}

/// One scenario that would run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The feature file, relative to `features/`.
    pub file: String,
    /// The scenario's line.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// The feature's name.
    pub feature: String,
    /// Its tags with the feature's.
    pub tags: Vec<String>,
}

/// Lists the scenarios that the options select, and runs nothing.
///
/// # Errors
/// Those of [`selected`].
pub fn list(options: &DrillOptions) -> Result<Vec<Listed>, DrillError> {
    Ok(listed(&selected(options)?))
}

fn listed(features: &[gherkin::Feature]) -> Vec<Listed> {
    let of_feature = |feature: &gherkin::Feature| -> Vec<Listed> {
        let of = |scenario: &gherkin::Scenario| Listed {
            file: file_of(feature),
            line: scenario.position.line,
            name: scenario.name.clone(),
            feature: feature.name.clone(),
            tags: feature.tags.iter().chain(&scenario.tags).cloned().collect(),
        };
        scenarios(feature).map(of).collect()
    };
    features.iter().flat_map(of_feature).collect()
}

fn reason(scenarios: &[ScenarioRecord], strict: bool, conduct: &ConductRecord) -> String {
    if let Some(name) = conduct.interruption() {
        let ended = scenarios.iter().filter(|scenario| !scenario.steps.is_empty()).count();
        return format!("interrupted by {name}: {ended} of {} scenarios were begun", scenarios.len());
    }
    if let Some(first) = conduct.residue.first() {
        return format!("the drill left {} behind; first: {first}", things(conduct.residue.len()));
    }
    if let Some(canary) = conduct.canary.as_ref().filter(|canary| !canary.hits.is_empty()) {
        return format!("a secret was written where it may not be ({canary}): {}", canary.hits.join(", "));
    }
    let red: Vec<&ScenarioRecord> = scenarios.iter().filter(|scenario| scenario.outcome.is_red(strict)).collect();
    let skipped = scenarios.iter().filter(|scenario| matches!(scenario.outcome, Outcome::Skipped { .. })).count();
    let green = scenarios.iter().filter(|scenario| scenario.outcome.is_green()).count();
    let Some(first) = red.first() else {
        let mut aside = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        let cases: Vec<&Outcome> = scenarios.iter().flat_map(|one| &one.cases).map(|case| &case.outcome).collect();
        if !cases.is_empty() {
            let skipped = cases.iter().filter(|outcome| matches!(outcome, Outcome::Skipped { .. })).count();
            let green = cases.iter().filter(|outcome| outcome.is_green()).count();
            let of = cases.len();
            aside = format!("{aside}; {green} of {of} cases of faults were recovered from, {skipped} skipped");
        }
        return format!("{green} of {} scenarios are green{aside}", scenarios.len());
    };
    let why = first.outcome.reason().unwrap_or("it is listed as known to fail, and passed");
    format!(
        "{} of {} scenarios are red; first '{}': {} ({why})",
        red.len(),
        scenarios.len(),
        first.name,
        first.outcome.name()
    )
}

fn things(count: usize) -> String {
    if count == 1 { "one thing".into() } else { format!("{count} things") }
}

fn target_record(session: &Session) -> TargetRecord {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    TargetRecord {
        name: session.target.spec.name.clone(),
        commit: session.commit.clone(),
        market: session.bars(),
        lighthunter: env!("CARGO_PKG_VERSION").into(),
        machine: format!("{} {}, {cores} cores, {}", std::env::consts::OS, std::env::consts::ARCH, session.medium),
    }
}
