//! The times of every scenario over the drills: the trend that `drill history` prints.

use serde::Serialize;

use super::{
    HistoryLine,
    compare::{WINDOW, percentile},
};
use crate::record::{Phase, Verdict};

/// Drills that can be compared: one target with the same bars.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendGroup {
    /// The target's name.
    pub target: String,
    /// The input bars.
    pub market: String,
    /// The drills' ids with their verdicts and seconds, oldest first.
    pub drills: Vec<(String, Verdict, f64)>,
    /// Every scenario, by name.
    pub trends: Vec<Trend>,
}

/// One scenario over the drills.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// Its name.
    pub scenario: String,
    /// Its outcomes, oldest first.
    pub outcomes: Vec<String>,
    /// The phases that were timed, in order.
    pub phases: Vec<PhaseTrend>,
}

/// One phase of a scenario over the drills.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseTrend {
    /// The phase.
    pub phase: Phase,
    /// The seconds of each drill that timed it, oldest first.
    pub seconds: Vec<f64>,
    /// The last one.
    pub last: f64,
    /// The median of the last ten.
    pub median: f64,
    /// The 90th percentile of the last ten.
    pub p90: f64,
}

/// Returns the trends of drills, oldest first, one group a target and market. Control runs break nothing
/// and have none.
#[must_use]
pub fn trends(drills: &[HistoryLine]) -> Vec<TrendGroup> {
    let real: Vec<&HistoryLine> = drills.iter().filter(|drill| !drill.control).collect();
    let mut groups: Vec<Vec<&HistoryLine>> = Vec::new();
    for drill in real {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| first.is_like(drill))) {
            Some(group) => group.push(drill),
            None => groups.push(vec![drill]),
        }
    }
    groups.iter().filter_map(|group| of_group(group)).collect()
}

fn of_group(drills: &[&HistoryLine]) -> Option<TrendGroup> {
    let first = drills.first()?;
    let mut names: Vec<&str> =
        drills.iter().flat_map(|drill| &drill.scenarios).map(|scenario| scenario.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    Some(TrendGroup {
        target: first.target.clone(),
        market: first.market.clone(),
        drills: drills.iter().map(|drill| (drill.id.clone(), drill.verdict, drill.seconds)).collect(),
        trends: names.into_iter().map(|name| of_scenario(name, drills)).collect(),
    })
}

fn of_scenario(name: &str, drills: &[&HistoryLine]) -> Trend {
    let runs: Vec<_> = drills.iter().filter_map(|drill| drill.scenario(name)).collect();
    let phase = |phase: Phase| {
        let seconds: Vec<f64> = runs.iter().filter_map(|run| run.seconds_of(phase)).collect();
        let last_ten = seconds.get(seconds.len().saturating_sub(WINDOW)..)?;
        Some(PhaseTrend {
            phase,
            last: *last_ten.last()?,
            median: percentile(last_ten, 0.5)?,
            p90: percentile(last_ten, 0.9)?,
            seconds,
        })
    };
    Trend {
        scenario: name.to_owned(),
        outcomes: runs.iter().map(|run| run.outcome.clone()).collect(),
        phases: Phase::ALL.into_iter().filter_map(phase).collect(),
    }
}

/// Draws values as a line of blocks, the lowest as `▁`, the highest as `█`; equal values lie in the middle.
#[must_use]
pub fn sparkline(values: &[f64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    let block = |value: &f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        let levels = BLOCKS.iter().enumerate();
        let at = levels.take_while(|(at, _)| (*at as f64) <= share * 7.0).count().saturating_sub(1);
        BLOCKS.get(at).copied().unwrap_or('▄')
    };
    values.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::HistoryLine, sparkline, trends};
    use crate::{record::Phase, report::samples};

    #[test]
    fn sparkline_spans_lowest_to_highest() {
        let cases: [(&[f64], &str); 4] = [(&[], ""), (&[2.0], "▄"), (&[0.0, 7.0, 3.5], "▁█▄"), (&[5.0, 5.0], "▄▄")];
        for (values, expected) in cases {
            assert_eq!(sparkline(values), expected);
        }
    }

    #[test]
    fn trend_is_of_comparable_drills_and_its_percentiles_of_the_last_ten() {
        let mut drills = Vec::new();
        for at in 1..=12 {
            let mut record = samples::small();
            record.scenarios[0].phases[0].seconds = f64::from(at);
            drills.push(HistoryLine::of(&record));
            record.control = true;
            drills.push(HistoryLine::of(&record));
        }
        let mut other = samples::small();
        other.target.market = "bars".into();
        drills.push(HistoryLine::of(&other));
        let groups = trends(&drills);
        assert_eq!(groups.iter().map(|group| group.drills.len()).collect::<Vec<_>>(), [12, 1]);
        let night = groups[0].trends.iter().find(|trend| trend.scenario.starts_with("NightOps")).expect("a night");
        let whole = night.phases.last().expect("a phase");
        assert_eq!((whole.phase, whole.last, whole.median, whole.p90), (Phase::Scenario, 12.0, 7.0, 11.0));
        assert_eq!((whole.seconds.len(), night.outcomes.len()), (12, 12));
    }
}
