//! The recorder: the runner's events become one plain record a scenario. Nothing is printed.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use cucumber::{
    Event, Writer, cli,
    event::{self, Cucumber, Feature, Hook, Rule, Scenario, StepError},
    gherkin, parser,
    writer::Normalized,
};

use super::{World, session::Session};
use crate::record::{Outcome, ScenarioRecord, SignalRecord, StepRecord, StepStatus};

/// The records that a recorder has made, in the order in which scenarios ended.
pub(super) type Records = Arc<Mutex<Vec<ScenarioRecord>>>;

/// Takes the runner's events.
pub(super) struct Recorder {
    session: Arc<Session>,
    records: Records,
    current: Option<Current>,
}

/// The scenario that is running. Events carry the time at which they were made: a step that blocks
/// holds back those before it, so the time at which they arrive says nothing.
struct Current {
    started: SystemTime,
    step_started: SystemTime,
    steps: Vec<StepRecord>,
    failed: Option<String>,
}

impl Recorder {
    pub(super) fn new(session: Arc<Session>, records: Records) -> Self {
        Self { session, records, current: None }
    }

    fn scenario(
        &mut self,
        feature: &gherkin::Feature,
        scenario: &gherkin::Scenario,
        event: Scenario<World>,
        at: SystemTime,
    ) {
        match event {
            Scenario::Started => {
                self.current = Some(Current { started: at, step_started: at, steps: Vec::new(), failed: None });
            }
            Scenario::Background(step, event) | Scenario::Step(step, event) => self.step(&step, event, at),
            Scenario::Hook(which, Hook::Failed(_, info)) => {
                let words = format!("harness error: the {which} hook: {}", words(info.as_ref()));
                if let Some(current) = &mut self.current {
                    current.failed.get_or_insert(words);
                }
            }
            Scenario::Finished => self.finish(feature, scenario, at),
            Scenario::Hook(..) | Scenario::Log(_) => {}
        }
    }

    fn step(&mut self, step: &gherkin::Step, event: event::Step<World>, at: SystemTime) {
        let Some(current) = &mut self.current else { return };
        let (status, failed) = match event {
            event::Step::Started => {
                current.step_started = at;
                return;
            }
            event::Step::Passed(..) => (StepStatus::Passed, None),
            event::Step::Skipped => (StepStatus::Skipped, None),
            event::Step::Failed(_, _, _, error) => (StepStatus::Failed, Some(why(&error))),
        };
        let text = format!("{}{}", step.keyword, step.value);
        current.steps.push(StepRecord { text, status, seconds: seconds_between(current.step_started, at) });
        if let Some(failed) = failed {
            current.failed.get_or_insert(failed);
        }
    }

    fn finish(&mut self, feature: &gherkin::Feature, scenario: &gherkin::Scenario, at: SystemTime) {
        let Some(mut current) = self.current.take() else { return };
        // Steps after the one that failed are not reached, and the runner does not name them.
        let background = feature.background.iter().flat_map(|background| &background.steps);
        let unreached = background.chain(&scenario.steps).skip(current.steps.len());
        current.steps.extend(unreached.map(|step| StepRecord {
            text: format!("{}{}", step.keyword, step.value),
            status: StepStatus::Skipped,
            seconds: 0.0,
        }));
        let seconds = seconds_between(current.started, at);
        let record = self.record(feature, scenario, current, seconds);
        self.session.note_scenario(&record);
        if let Some(progress) = &self.session.options.progress {
            progress(&record);
        }
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    fn record(
        &self,
        feature: &gherkin::Feature,
        scenario: &gherkin::Scenario,
        current: Current,
        seconds: f64,
    ) -> ScenarioRecord {
        let options = &self.session.options;
        let spec = &self.session.target.spec;
        let file = file_of(feature);
        let trace = self.session.take_trace(&(file.clone(), scenario.position.line));
        let tags: Vec<String> = feature.tags.iter().chain(&scenario.tags).cloned().collect();
        let is_fault_scenario = tags.iter().any(|tag| tag.starts_with("fault-"));
        let failed = current.failed.map(|words| self.session.shown(&words));
        let interrupted = options.interruption.signal().filter(|_| failed.is_some());
        let outcome = match interrupted {
            Some(signal) => Outcome::Failed { reason: interrupted_words(signal) },
            None => trace.outcome(failed, is_fault_scenario, options.control),
        };
        let outcome = trace.within_budget(outcome, options.budgets, &spec.budgets, seconds);
        let phases = trace.phases(&spec.budgets, seconds);
        let outcome = match interrupted {
            Some(_) => outcome,
            None => known(outcome, spec.known_failures.get(&scenario.name), options.strict),
        };
        ScenarioRecord {
            name: scenario.name.clone(),
            feature: feature.name.clone(),
            file,
            line: scenario.position.line,
            tags,
            outcome,
            seconds,
            fault: trace.fault,
            signals: trace
                .signals
                .into_iter()
                .map(|signal| SignalRecord { observed: self.session.shown(&signal.observed), ..signal })
                .collect(),
            rollback: trace.rollback,
            phases,
            proofs: trace.proofs,
            steps: current.steps,
            evidence: trace.evidence,
            kept: trace.kept,
            cases: trace.cases,
        }
    }
}

impl Writer<World> for Recorder {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Event<Cucumber<World>>>, _: &cli::Empty) {
        // Features are parsed before the run, so a parse error cannot come here.
        let Ok(event) = event else { return };
        let (event, made) = event.split();
        if let Cucumber::Feature(feature, event) = event {
            match event {
                Feature::Scenario(scenario, event) | Feature::Rule(_, Rule::Scenario(scenario, event)) => {
                    self.scenario(&feature, &scenario, event.event, made.at);
                }
                Feature::Started | Feature::Finished | Feature::Rule(..) => {}
            }
        }
    }
}

/// Scenarios run one at a time, so their events come in order.
impl Normalized for Recorder {}

/// Returns the seconds from one event to another, to the millisecond; a clock set back counts as none.
fn seconds_between(from: SystemTime, to: SystemTime) -> f64 {
    let seconds = to.duration_since(from).unwrap_or_default().as_secs_f64();
    (seconds * 1e3).round() / 1e3
}

/// Returns a feature's file relative to `features/`.
pub(super) fn file_of(feature: &gherkin::Feature) -> String {
    feature.path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Says why a scenario that was under way when a signal came did not go to its end.
fn interrupted_words(signal: u8) -> String {
    format!("interrupted by {}; what it had done was undone", super::interruption::name(signal))
}

/// Judges an outcome by the list of known failures.
fn known(outcome: Outcome, reason: Option<&String>, strict: bool) -> Outcome {
    match reason {
        Some(_) if outcome == Outcome::Passed => Outcome::UnexpectedPass,
        Some(reason) if outcome.is_red(strict) => Outcome::KnownFail { reason: reason.clone() },
        _ => outcome,
    }
}

fn why(error: &StepError) -> String {
    match error {
        StepError::NotFound => "harness error: no step definition matches".into(),
        StepError::AmbiguousMatch(error) => format!("harness error: more than one definition matches: {error}"),
        StepError::Panic(info) => words(info.as_ref()),
    }
}

fn words(info: &(dyn Any + Send)) -> String {
    let text = info.downcast_ref::<String>().cloned();
    text.or_else(|| info.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "a panic".into())
}

#[cfg(test)]
mod tests {
    use super::known;
    use crate::record::Outcome;

    #[test]
    fn known_failure_that_passes_is_stale() {
        let reason = "as it is".to_owned();
        let failed = Outcome::Failed { reason: "x".into() };
        assert_eq!(known(failed, Some(&reason), false).name(), "KnownFail");
        assert_eq!(known(Outcome::Passed, Some(&reason), false), Outcome::UnexpectedPass);
        assert_eq!(known(Outcome::Passed, None, false), Outcome::Passed);
    }
}
