//! The review of the manual's chapter 5.5, from data: how long it took, what showed, what to automate.

use serde::Serialize;

use super::{Comparison, Matrix};
use crate::record::{DrillRecord, Duty, Outcome, Phase, ScenarioRecord, SignalKind};

/// The review of a drill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Review {
    /// How long each phase took.
    pub times: Vec<PhaseTime>,
    /// What showed that someone must look at.
    pub problems: Vec<Problem>,
    /// The steps that a person does by hand, the longest first.
    pub by_hand: Vec<HandStep>,
}

/// One phase over all scenarios.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseTime {
    /// The phase.
    pub phase: Phase,
    /// In how many scenarios it happened.
    pub count: usize,
    /// All of them, seconds.
    pub total: f64,
    /// The longest, seconds.
    pub longest: f64,
    /// Its scenario.
    pub scenario: String,
    /// How long it may take, seconds.
    pub budget: Option<f64>,
    /// How many took longer.
    pub over: usize,
}

/// Something that showed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Problem {
    /// A red scenario.
    Red {
        /// The scenario.
        scenario: String,
        /// How it ended.
        outcome: Outcome,
    },
    /// A signal that must show a fault and did not.
    BlindSpot {
        /// The fault.
        fault: String,
        /// The signal.
        signal: SignalKind,
        /// What it must do.
        duty: Duty,
    },
    /// A phase that took longer than its budget.
    OverBudget {
        /// The scenario.
        scenario: String,
        /// The phase.
        phase: Phase,
        /// How long it took, seconds.
        seconds: f64,
        /// How long it may take, seconds.
        budget: f64,
    },
    /// A phase that took longer than usual.
    Slower {
        /// The scenario.
        scenario: String,
        /// The phase.
        phase: Phase,
        /// How long it took, seconds.
        seconds: f64,
        /// The 90th percentile of the drills before, seconds.
        p90: f64,
    },
    /// Scenarios that could not run here.
    Skipped {
        /// How many.
        count: usize,
        /// Why, each reason once.
        reasons: Vec<String>,
    },
}

/// A step that a person does by hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HandStep {
    /// The step without its keyword.
    pub text: String,
    /// How often it was done.
    pub times: usize,
    /// All of them, seconds.
    pub seconds: f64,
}

impl Review {
    /// Writes the review of a drill.
    #[must_use]
    pub fn of(record: &DrillRecord, comparison: &Comparison) -> Self {
        Self {
            times: Phase::ALL.into_iter().filter_map(|phase| time_of(phase, &record.scenarios)).collect(),
            problems: problems(record, comparison),
            by_hand: by_hand(&record.scenarios),
        }
    }
}

fn time_of(phase: Phase, scenarios: &[ScenarioRecord]) -> Option<PhaseTime> {
    let all = scenarios.iter().flat_map(|scenario| scenario.phases.iter().map(move |found| (&scenario.name, found)));
    let found: Vec<_> = all.filter(|(_, found)| found.phase == phase).collect();
    let (scenario, longest) = found.iter().max_by(|a, b| a.1.seconds.total_cmp(&b.1.seconds))?;
    Some(PhaseTime {
        phase,
        count: found.len(),
        total: found.iter().map(|(_, found)| found.seconds).sum(),
        longest: longest.seconds,
        scenario: (*scenario).clone(),
        budget: longest.budget,
        over: found.iter().filter(|(_, found)| found.is_over()).count(),
    })
}

fn problems(record: &DrillRecord, comparison: &Comparison) -> Vec<Problem> {
    let red = record.scenarios.iter().filter(|scenario| scenario.outcome.is_red(record.strict));
    let mut problems: Vec<Problem> = red
        .map(|scenario| Problem::Red { scenario: scenario.name.clone(), outcome: scenario.outcome.clone() })
        .collect();
    let matrix = Matrix::of(&[record]);
    problems.extend(matrix.blind_spots().map(|(fault, signal, _)| {
        let duty = duty_of(&record.scenarios, fault, signal);
        Problem::BlindSpot { fault: fault.to_owned(), signal, duty }
    }));
    for scenario in &record.scenarios {
        problems.extend(scenario.over_budget().filter_map(|phase| {
            let (scenario, seconds) = (scenario.name.clone(), phase.seconds);
            Some(Problem::OverBudget { scenario, phase: phase.phase, seconds, budget: phase.budget? })
        }));
    }
    problems.extend(comparison.regressions.iter().map(|slower| Problem::Slower {
        scenario: slower.scenario.clone(),
        phase: slower.phase,
        seconds: slower.seconds,
        p90: slower.p90,
    }));
    let skipped: Vec<&str> = record
        .scenarios
        .iter()
        .filter(|scenario| {
            matches!(scenario.outcome, Outcome::Skipped { .. }) && !scenario.outcome.is_red(record.strict)
        })
        .filter_map(|scenario| scenario.outcome.reason())
        .collect();
    if !skipped.is_empty() {
        let count = skipped.len();
        let mut reasons: Vec<String> = skipped.into_iter().map(str::to_owned).collect();
        reasons.sort();
        reasons.dedup();
        problems.push(Problem::Skipped { count, reasons });
    }
    problems
}

fn duty_of(scenarios: &[ScenarioRecord], fault: &str, signal: SignalKind) -> Duty {
    let of_fault = scenarios.iter().filter(|scenario| scenario.fault.as_ref().is_some_and(|found| found.id == fault));
    let mut signals = of_fault.flat_map(|scenario| &scenario.signals).filter(|found| found.kind == signal);
    signals.next().map_or(Duty::Show, |found| found.duty)
}

/// Returns the steps that begin with `When`, or go on from one: what a person would type or edit.
/// Nobody tries the cases of the catalogue by hand.
fn by_hand(scenarios: &[ScenarioRecord]) -> Vec<HandStep> {
    let mut steps: Vec<HandStep> = Vec::new();
    for scenario in scenarios.iter().filter(|scenario| scenario.cases.is_empty()) {
        let mut is_action = false;
        for step in &scenario.steps {
            let (keyword, text) = step.text.split_once(' ').unwrap_or(("", &step.text));
            if !matches!(keyword, "And" | "But" | "*") {
                is_action = keyword == "When";
            }
            if !is_action || step.status == crate::record::StepStatus::Skipped {
                continue;
            }
            match steps.iter_mut().find(|known| known.text == text) {
                Some(known) => {
                    known.times += 1;
                    known.seconds += step.seconds;
                }
                None => steps.push(HandStep { text: text.to_owned(), times: 1, seconds: step.seconds }),
            }
        }
    }
    steps.sort_by(|a, b| b.seconds.total_cmp(&a.seconds).then_with(|| a.text.cmp(&b.text)));
    steps
}

#[cfg(test)]
mod tests {
    use super::{Problem, Review};
    use crate::{
        record::Phase,
        report::{Comparison, samples},
    };

    #[test]
    fn review_names_times_problems_and_what_is_done_by_hand() {
        let review = Review::of(&samples::red(), &Comparison::default());
        let detect = review.times.iter().find(|time| time.phase == Phase::Detect).expect("a detection");
        assert_eq!((detect.count, detect.over, detect.longest), (2, 1, 0.412));
        let kinds: Vec<&str> = review
            .problems
            .iter()
            .map(|problem| match problem {
                Problem::Red { .. } => "red",
                Problem::BlindSpot { .. } => "blind",
                Problem::OverBudget { .. } => "over",
                Problem::Slower { .. } => "slower",
                Problem::Skipped { .. } => "skipped",
            })
            .collect();
        assert_eq!(kinds, ["red", "red", "blind", "over", "skipped"]);
        let hand: Vec<(&str, usize)> = review.by_hand.iter().map(|step| (step.text.as_str(), step.times)).collect();
        let night = ("NightOps runs with mode full", 3);
        let rollback = ("the code is rolled back to the baseline", 1);
        assert_eq!(hand, [night, rollback, ("the DuckDB path points into a missing directory", 2)]);
    }
}
