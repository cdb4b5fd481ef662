//! The runner: features through cucumber, one scenario at a time, into one record.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use cucumber::{
    Cucumber, Parser, World as _, cli,
    event::ScenarioFinished,
    gherkin::{self, tagexpr::TagOperation},
    parser,
    runner::Basic,
    tag::Ext as _,
};
use futures::{FutureExt as _, stream};
use regex::Regex;
use serde::Serialize;

use super::{
    DrillError, DrillOptions, World,
    check::{check, scenarios},
    checklist::checklist,
    features::select,
    recorder::{Recorder, Records, file_of},
    session::Session,
};
use crate::{
    clock::Stopwatch,
    record::{DrillRecord, Outcome, RECORD_VERSION, ScenarioRecord, TargetRecord, Verdict},
};

/// Runs a drill and returns what it saw. The record is not written to disk here; the drill's journal
/// and evidence are, under [`DrillOptions::directory`].
///
/// # Errors
/// When nothing could be run: unsound features, nothing selected, a dirty or missing origin.
pub fn run(options: DrillOptions) -> Result<DrillRecord, DrillError> {
    let watch = Stopwatch::start();
    let started_at = options.clock.now();
    let features = selected(&options)?;
    let session = Arc::new(Session::start(options)?);
    let mut scenarios = run_features(features, &session)?;
    scenarios.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    session.finish(scenarios.iter().any(|scenario| scenario.kept.is_some()))?;
    let options = &session.options;
    if scenarios.is_empty() {
        return Err(DrillError::NothingRan(options.repeat_command()));
    }
    let verdict = Verdict::of(scenarios.iter().map(|scenario| &scenario.outcome), options.strict);
    Ok(DrillRecord {
        version: RECORD_VERSION,
        id: options.id.clone(),
        started_at,
        seconds: watch.seconds(),
        verdict,
        verdict_reason: reason(&scenarios, options.strict),
        seed: options.seed.0,
        target: target_record(&session),
        control: options.control,
        strict: options.strict,
        checklist: checklist(&scenarios, options.strict),
        scenarios,
        repeat_command: options.repeat_command(),
        keep_reports: session.target.spec.keep_reports,
    })
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
    for feature in &mut features {
        let whole = feature.clone();
        feature.scenarios.retain(|scenario| wanted(&whole, scenario));
        for rule in &mut feature.rules {
            rule.scenarios.retain(|scenario| wanted(&whole, scenario));
        }
    }
    features.retain(|feature| scenarios(feature).next().is_some());
    if features.is_empty() {
        return Err(DrillError::NothingRan(options.repeat_command()));
    }
    Ok(features)
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
    /// Its tags with the feature's.
    pub tags: Vec<String>,
}

/// Lists the scenarios that the options select, and runs nothing.
///
/// # Errors
/// Those of [`selected`].
pub fn list(options: &DrillOptions) -> Result<Vec<Listed>, DrillError> {
    let listed = |feature: &gherkin::Feature| -> Vec<Listed> {
        let of = |scenario: &gherkin::Scenario| Listed {
            file: file_of(feature),
            line: scenario.position.line,
            name: scenario.name.clone(),
            tags: feature.tags.iter().chain(&scenario.tags).cloned().collect(),
        };
        scenarios(feature).map(of).collect()
    };
    Ok(selected(options)?.iter().flat_map(listed).collect())
}

/// Hands over features that are parsed already.
struct Parsed;

impl Parser<Vec<gherkin::Feature>> for Parsed {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<gherkin::Feature>>>;

    fn parse(self, features: Vec<gherkin::Feature>, _: cli::Empty) -> Self::Output {
        stream::iter(features.into_iter().map(Ok).collect::<Vec<_>>())
    }
}

fn run_features(features: Vec<gherkin::Feature>, session: &Arc<Session>) -> Result<Vec<ScenarioRecord>, DrillError> {
    let records: Records = Arc::new(Mutex::default());
    let recorder = Recorder::new(Arc::clone(session), Arc::clone(&records));
    let shared = Arc::clone(session);
    let run = Cucumber::<World, _, _, _, _, cli::Empty>::custom(Parsed, Basic::default(), recorder)
        .steps(World::collection())
        .max_concurrent_scenarios(1)
        .before(move |feature, _, scenario, world| {
            world.begin(Arc::clone(&shared), (file_of(feature), scenario.position.line), &scenario.name);
            async {}.boxed_local()
        })
        .after(|_, _, _, finished, world| {
            if let Some(world) = world {
                world.end(!matches!(finished, ScenarioFinished::StepPassed));
            }
            async {}.boxed_local()
        })
        .fail_on_skipped()
        .with_default_cli()
        .run(features);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| DrillError::Start { program: "the runner".into(), source })?;
    runtime.block_on(run);
    let records = std::mem::take(&mut *records.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(records)
}

fn reason(scenarios: &[ScenarioRecord], strict: bool) -> String {
    let red: Vec<&ScenarioRecord> = scenarios.iter().filter(|scenario| scenario.outcome.is_red(strict)).collect();
    let skipped = scenarios.iter().filter(|scenario| matches!(scenario.outcome, Outcome::Skipped { .. })).count();
    let green = scenarios.iter().filter(|scenario| scenario.outcome.is_green()).count();
    let Some(first) = red.first() else {
        let aside = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
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

fn target_record(session: &Session) -> TargetRecord {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    TargetRecord {
        name: session.target.spec.name.clone(),
        commit: session.commit.clone(),
        market: session.bars(),
        lighthunter: env!("CARGO_PKG_VERSION").into(),
        machine: format!("{} {}, {cores} cores", std::env::consts::OS, std::env::consts::ARCH),
    }
}
