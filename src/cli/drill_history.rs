//! `lighthunter drill history`: the trend of every scenario, what is slower than usual, what changed.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{
    drill_records::{counted, drills_directory, history},
    session::Session,
};
use crate::{
    exit::{AnyFailure, Exit},
    record::Phase,
    report::{self, Change, Comparison, PhaseTrend, ReportError, Trend, TrendGroup, sparkline},
};

/// The phases that the table shows; `--json` has all.
const SHOWN: [Phase; 3] = [Phase::Detect, Phase::Recover, Phase::Scenario];

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// Only the newest drills
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,
    /// Where reports are [default: the workspace's reports, or ./reports]
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

pub(super) fn run(session: &Session, args: HistoryArgs) -> Result<Exit, AnyFailure> {
    let drills = drills_directory(session, args.reports)?;
    let history = history(session, &drills)?;
    let Some(newest) = history.drills.iter().rev().find(|drill| !drill.control).or(history.drills.last()) else {
        return Err(ReportError::NoDrill { wanted: "in the history".into(), drills }.into());
    };
    let comparison = history.compare(newest);
    let last = args.last.map_or(history.drills.len(), |last| usize::try_from(last).unwrap_or(usize::MAX));
    let shown = history.drills.get(history.drills.len().saturating_sub(last)..).unwrap_or_default();
    let groups = report::trends(shown);
    for line in groups.iter().flat_map(group_lines).chain(news(&newest.id, &comparison)) {
        session.console.line(line);
    }
    session.console.document(&json!({
        "newest": newest.id,
        "groups": groups,
        "changes": comparison.changes,
        "regressions": comparison.regressions,
        "worse": comparison.worse(),
        "damaged_lines": history.damaged.iter().map(|(line, _)| line).collect::<Vec<_>>(),
    }));
    Ok(Exit::Done)
}

fn group_lines(group: &TrendGroup) -> Vec<String> {
    let verdicts: Vec<String> =
        group.drills.iter().map(|(id, verdict, seconds)| format!("{id} {verdict} {seconds:.1} s")).collect();
    let drills = counted(group.drills.len(), "drill");
    let mut lines = vec![format!("{}, {}: {drills}", group.target, group.market)];
    lines.extend(verdicts.iter().rev().take(10).rev().map(|verdict| format!("  {verdict}")));
    lines.push(format!("{:<10}{:>9}{:>9}{:>9}  trend", "  seconds", "last", "median", "p90"));
    lines.extend(group.trends.iter().flat_map(scenario_lines));
    lines
}

fn scenario_lines(trend: &Trend) -> Vec<String> {
    let last = trend.outcomes.last().map_or("", String::as_str);
    let red = trend.outcomes.iter().filter(|outcome| !matches!(outcome.as_str(), "Passed" | "KnownFail" | "Skipped"));
    let aside = match red.count() {
        0 => String::new(),
        count => format!(", {count} of {} red", trend.outcomes.len()),
    };
    let phases = trend.phases.iter().filter(|phase| SHOWN.contains(&phase.phase));
    std::iter::once(format!("{} ({last}{aside})", trend.scenario)).chain(phases.map(phase_line)).collect()
}

fn phase_line(trend: &PhaseTrend) -> String {
    let newest = trend.seconds.get(trend.seconds.len().saturating_sub(30)..).unwrap_or_default();
    let (last, median, p90) = (trend.last, trend.median, trend.p90);
    format!("  {:<8}{last:>9.3}{median:>9.3}{p90:>9.3}  {}", trend.phase.name(), sparkline(newest))
}

/// Says what the newest drill has that those before it had not.
fn news(id: &str, comparison: &Comparison) -> Vec<String> {
    let mut lines = vec![format!(
        "Drill {id}: {} slower than the p90 of the drills before, {}",
        counted(comparison.regressions.len(), "phase"),
        counted(comparison.changes.len(), "change")
    )];
    lines.extend(comparison.regressions.iter().map(|slower| {
        let (scenario, phase, drills) = (&slower.scenario, slower.phase.name(), slower.drills);
        let grade = if slower.is_grave() { "REGRESSION" } else { "warning" };
        let (seconds, p90) = (slower.seconds, slower.p90);
        format!("{grade}: {scenario}: {phase} took {seconds:.3} s, p90 of {drills} drills is {p90:.3} s")
    }));
    lines.extend(comparison.changes.iter().map(|change| match change {
        Change::Verdict { from, to } => format!("changed: the verdict is {to}, was {from}"),
        Change::Commit { from, to } => format!("changed: the commit is {}, was {}", short(to), short(from)),
        Change::Outcome { scenario, from, to } => format!("changed: {scenario}: {to}, was {from}"),
        Change::New { scenarios } => format!("new: {}", scenarios.join("; ")),
        Change::NotRun { scenarios } => format!("did not run: {}", scenarios.join("; ")),
    }));
    lines
}

/// Returns as much of a commit's id as tells it from others.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

#[cfg(test)]
mod tests {
    use super::{phase_line, scenario_lines};
    use crate::{
        record::Phase,
        report::{PhaseTrend, Trend},
    };

    #[test]
    fn trend_reads_as_a_line_a_phase() {
        let phase = |phase| PhaseTrend { phase, seconds: vec![1.0, 8.0], last: 8.0, median: 1.0, p90: 8.0 };
        assert_eq!(phase_line(&phase(Phase::Detect)), "  detect      8.000    1.000    8.000  ▁█");
        let trend = Trend {
            scenario: "A".into(),
            outcomes: vec!["Failed".into(), "Passed".into()],
            phases: vec![phase(Phase::Detect), phase(Phase::Rerun)],
        };
        let lines = scenario_lines(&trend);
        assert_eq!((lines.len(), lines[0].as_str()), (2, "A (Passed, 1 of 2 red)"));
    }
}
