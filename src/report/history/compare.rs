//! What has changed since the drills before: outcomes, and times beyond the usual.

use serde::Serialize;

use super::{HistoryLine, HistoryScenario};
use crate::record::{Phase, Verdict};

/// The drills whose times are the usual ones.
pub(super) const WINDOW: usize = 10;
/// The fewest drills of which anything is said to be usual.
const USUAL_MIN: usize = 3;
/// A difference that nobody notices is none, seconds.
const NOTICED_SECONDS: f64 = 0.05;
/// A phase beyond the usual by this share of it and by these seconds fails a nightly run. Of thirty scenarios with
/// nine phases each, some are beyond a 90th percentile on any night; half as long again is no such chance.
const GRAVE: (f64, f64) = (0.5, 0.5);
/// The outcome of a scenario that ran and held.
const PASSED: &str = "Passed";

/// A drill next to those before it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// The drill before it; `None` for the first of its kind.
    pub previous: Option<Previous>,
    /// What is otherwise than before.
    pub changes: Vec<Change>,
    /// What took longer than usual.
    pub regressions: Vec<Regression>,
}

/// The drill before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Previous {
    /// Its id.
    pub id: String,
    /// Its verdict.
    pub verdict: Verdict,
}

/// One thing that is otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// The verdict.
    Verdict {
        /// Before.
        from: Verdict,
        /// Now.
        to: Verdict,
    },
    /// The commit of the target.
    Commit {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// The outcome of a scenario, against its last run.
    Outcome {
        /// The scenario.
        scenario: String,
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// Scenarios that never ran before.
    New {
        /// Their names.
        scenarios: Vec<String>,
    },
    /// Scenarios of the drill before that did not run now.
    NotRun {
        /// Their names.
        scenarios: Vec<String>,
    },
}

/// A phase that took longer than the 90th percentile of the drills before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regression {
    /// The scenario.
    pub scenario: String,
    /// The phase.
    pub phase: Phase,
    /// How long it took, seconds.
    pub seconds: f64,
    /// The 90th percentile of the drills before, seconds.
    pub p90: f64,
    /// How many drills that is of.
    pub drills: usize,
}

impl Regression {
    /// Says whether it is so much slower that a nightly run fails: by half of the usual, and by half a second.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        let (share, seconds) = GRAVE;
        self.seconds > self.p90 * (1.0 + share) && self.seconds > self.p90 + seconds
    }
}

impl Comparison {
    /// Returns what got worse, a sentence each: a scenario that passed before and does not now, whatever else it
    /// came to, and a phase that is gravely slower. A warning in `drill history` is none of these.
    #[must_use]
    pub fn worse(&self) -> Vec<String> {
        let lost = self.changes.iter().filter_map(|change| match change {
            Change::Outcome { scenario, from, to } if from == PASSED => Some(format!("{scenario}: {to}, was {from}")),
            _ => None,
        });
        let grave = self.regressions.iter().filter(|slower| slower.is_grave()).map(|slower| {
            let (scenario, phase, drills) = (&slower.scenario, slower.phase.name(), slower.drills);
            let (seconds, p90) = (slower.seconds, slower.p90);
            format!("{scenario}: {phase} took {seconds:.3} s, p90 of {drills} drills is {p90:.3} s")
        });
        lost.chain(grave).collect()
    }
}

/// Compares a drill with those before it, oldest first.
pub(super) fn compare(drill: &HistoryLine, earlier: &[&HistoryLine]) -> Comparison {
    let Some(last) = earlier.last() else { return Comparison::default() };
    let mut changes = Vec::new();
    if last.verdict != drill.verdict {
        changes.push(Change::Verdict { from: last.verdict, to: drill.verdict });
    }
    changes.extend(drill.scenarios.iter().filter_map(|scenario| {
        let before = runs_of(earlier, &scenario.name).last()?;
        let (from, to) = (before.outcome.clone(), scenario.outcome.clone());
        (from != to).then(|| Change::Outcome { scenario: scenario.name.clone(), from, to })
    }));
    let names = |line: &HistoryLine, unknown: &dyn Fn(&str) -> bool| -> Vec<String> {
        line.scenarios.iter().map(|scenario| scenario.name.clone()).filter(|name| unknown(name)).collect()
    };
    let new = names(drill, &|name| runs_of(earlier, name).next().is_none());
    let not_run = names(last, &|name| drill.scenario(name).is_none());
    changes.extend((!new.is_empty()).then_some(Change::New { scenarios: new }));
    changes.extend((!not_run.is_empty()).then_some(Change::NotRun { scenarios: not_run }));
    if last.commit != drill.commit {
        changes.push(Change::Commit { from: last.commit.clone(), to: drill.commit.clone() });
    }
    let regressions = drill.scenarios.iter().flat_map(|scenario| regressions(scenario, earlier)).collect();
    Comparison { previous: Some(Previous { id: last.id.clone(), verdict: last.verdict }), changes, regressions }
}

fn runs_of<'a>(lines: &'a [&HistoryLine], name: &'a str) -> impl Iterator<Item = &'a HistoryScenario> {
    lines.iter().filter_map(move |line| line.scenario(name))
}

fn regressions(scenario: &HistoryScenario, earlier: &[&HistoryLine]) -> Vec<Regression> {
    // What failed did not do all of its work, so its time says nothing.
    let passed = |run: &&HistoryScenario| run.outcome == PASSED;
    if !passed(&scenario) {
        return Vec::new();
    }
    let runs: Vec<&HistoryScenario> = runs_of(earlier, &scenario.name).filter(passed).collect();
    let slower = |phase: Phase| {
        let seconds = scenario.seconds_of(phase)?;
        let times: Vec<f64> = runs.iter().rev().filter_map(|run| run.seconds_of(phase)).take(WINDOW).collect();
        let p90 = percentile(&times, 0.9).filter(|_| times.len() >= USUAL_MIN)?;
        let regression = Regression { scenario: scenario.name.clone(), phase, seconds, p90, drills: times.len() };
        (seconds > p90 + NOTICED_SECONDS).then_some(regression)
    };
    Phase::ALL.into_iter().filter_map(slower).collect()
}

/// Returns the smallest value that the share `rank` of the values does not exceed (nearest rank); `None` of
/// no values.
pub(super) fn percentile(values: &[f64], rank: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = sorted.iter().enumerate().take_while(|(at, _)| (*at as f64) < rank * sorted.len() as f64 - 1.0).count();
    sorted.get(below).copied()
}

#[cfg(test)]
mod tests {
    use super::{super::HistoryLine, Change, compare, percentile};
    use crate::{
        record::{Outcome, Phase, Verdict},
        report::samples,
    };

    fn line(seconds: f64) -> HistoryLine {
        let mut record = samples::small();
        let scenario = record.scenarios.last_mut().expect("one");
        let phase = scenario.phases.iter_mut().find(|phase| phase.phase == Phase::Rerun).expect("a rerun");
        phase.seconds = seconds;
        HistoryLine::of(&record)
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        let cases = [(0.5, 5.0), (0.9, 9.0), (1.0, 10.0), (0.0, 1.0)];
        for (rank, expected) in cases {
            assert_eq!(percentile(&ten, rank), Some(expected), "{rank}");
        }
        assert_eq!((percentile(&[7.0], 0.9), percentile(&[], 0.5)), (Some(7.0), None));
    }

    #[test]
    fn first_drill_has_nothing_to_be_compared_with() {
        assert_eq!(compare(&line(3.0), &[]), super::Comparison::default());
    }

    #[test]
    fn phase_beyond_the_p90_of_the_drills_before_is_a_regression() {
        let before: Vec<HistoryLine> = (0..12).map(|at| line(3.0 + f64::from(at) / 100.0)).collect();
        let before: Vec<&HistoryLine> = before.iter().collect();
        let found = compare(&line(3.4), &before).regressions;
        // The ten last are 3.02 to 3.11: nine of them are at most 3.10.
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].phase, found[0].p90, found[0].drills), (Phase::Rerun, 3.1, 10));
        assert!(compare(&line(3.13), &before).regressions.is_empty(), "nobody notices 30 ms");
        assert!(compare(&line(9.0), &before[..2]).regressions.is_empty(), "two drills are no habit");
    }

    #[test]
    fn half_as_long_again_or_a_scenario_lost_is_worse_and_a_wobble_is_not() {
        let before: Vec<HistoryLine> = (0..5).map(|_| line(3.0)).collect();
        let before: Vec<&HistoryLine> = before.iter().collect();
        let worse = |drill: &HistoryLine| compare(drill, &before).worse();
        assert!(worse(&line(4.4)).is_empty(), "slower, and no more than a warning");
        let found = worse(&line(4.6));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("rerun took 4.600 s, p90 of 5 drills is 3.000 s"), "{found:?}");
        let mut skipped = samples::small();
        skipped.scenarios[1].outcome = Outcome::Skipped { reason: "no browser".into() };
        let found = worse(&HistoryLine::of(&skipped));
        assert!(found.len() == 1 && found[0].ends_with(": Skipped, was Passed"), "{found:?}");
    }

    #[test]
    fn changes_name_outcomes_and_scenarios() {
        let before = line(3.0);
        let mut record = samples::small();
        record.verdict = Verdict::NotReady;
        record.scenarios[1].outcome = Outcome::NotRecovered { reason: "x".into() };
        record.scenarios[0].name = "Another".into();
        record.target.commit = "ffff".into();
        let changes = compare(&HistoryLine::of(&record), &[&before]).changes;
        let expected = [
            Change::Verdict { from: Verdict::Ready, to: Verdict::NotReady },
            Change::Outcome {
                scenario: record.scenarios[1].name.clone(),
                from: "Passed".into(),
                to: "NotRecovered".into(),
            },
            Change::New { scenarios: vec!["Another".into()] },
            Change::NotRun { scenarios: vec![before.scenarios[0].name.clone()] },
            Change::Commit { from: before.commit.clone(), to: "ffff".into() },
        ];
        assert_eq!(changes, expected);
    }
}
