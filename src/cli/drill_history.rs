//! `lighthunter drill history`: the trend of every scenario, what is slower than usual, what changed.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{
    drill_records::{drills_directory, history},
    drill_words::{CHANGES, DRILLS, DrillWord, PHASES, counted},
    session::Session,
    words::{cell, right},
};
use crate::{
    exit::{AnyFailure, Exit},
    record::Phase,
    report::{
        self, Change, Comparison, PhaseTrend, ReportError, Trend, TrendGroup, outcome_named, phase_said, scenario_said,
        sparkline, verdict_said,
    },
    text::{Language, Note, Speak},
};

/// The phases that the table shows; `--json` has all.
const SHOWN: [Phase; 3] = [Phase::Detect, Phase::Recover, Phase::Scenario];
/// The widths of the table's first column and of those with seconds.
const LABEL: usize = 10;
const COLUMN: usize = 9;

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
    let (comparison, language) = (history.compare(newest), session.global.lang);
    let last = args.last.map_or(history.drills.len(), |last| usize::try_from(last).unwrap_or(usize::MAX));
    let shown = history.drills.get(history.drills.len().saturating_sub(last)..).unwrap_or_default();
    let groups = report::trends(shown);
    let lines = groups.iter().flat_map(|group| group_lines(group, language));
    for line in lines.chain(news(&newest.id, &comparison, language)) {
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

fn group_lines(group: &TrendGroup, language: Language) -> Vec<String> {
    let drills = counted(group.drills.len(), DRILLS, language);
    let mut lines = vec![Note::new(DrillWord::Group, [&group.target, &group.market, &drills]).say(language)];
    lines.extend(group.drills.iter().rev().take(10).rev().map(|(id, verdict, seconds)| {
        let (verdict, seconds) = (verdict_said(*verdict, language), format!("{seconds:.1}"));
        Note::new(DrillWord::GroupDrill, [id, &verdict, &seconds]).say(language)
    }));
    lines.push(head(language));
    lines.extend(group.trends.iter().flat_map(|trend| scenario_lines(trend, language)));
    lines
}

fn head(language: Language) -> String {
    let columns = [DrillWord::Last, DrillWord::Median, DrillWord::P90];
    let columns: String = columns.map(|word| right(word.say(language), COLUMN)).concat();
    format!("{}{columns}  {}", cell(DrillWord::Seconds.say(language), LABEL), DrillWord::Trend.say(language))
}

fn scenario_lines(trend: &Trend, language: Language) -> Vec<String> {
    let last = trend.outcomes.last().map_or_else(String::new, |last| outcome_named(last, language));
    let red = trend.outcomes.iter().filter(|outcome| !matches!(outcome.as_str(), "Passed" | "KnownFail" | "Skipped"));
    let (scenario, of) = (scenario_said(&trend.scenario, language), trend.outcomes.len());
    let name = match red.count() {
        0 => Note::new(DrillWord::Scenario, [&scenario, &last]),
        red => Note::new(DrillWord::ScenarioRed, [&scenario, &last, &red, &of]),
    };
    let phases = trend.phases.iter().filter(|phase| SHOWN.contains(&phase.phase));
    std::iter::once(name.say(language)).chain(phases.map(|phase| phase_line(phase, language))).collect()
}

fn phase_line(trend: &PhaseTrend, language: Language) -> String {
    let newest = trend.seconds.get(trend.seconds.len().saturating_sub(30)..).unwrap_or_default();
    let (last, median, p90) = (trend.last, trend.median, trend.p90);
    let phase = cell(&format!("  {}", phase_said(trend.phase, language)), LABEL);
    format!("{phase}{last:>COLUMN$.3}{median:>COLUMN$.3}{p90:>COLUMN$.3}  {}", sparkline(newest))
}

/// Says what the newest drill has that those before it had not.
fn news(id: &str, comparison: &Comparison, language: Language) -> Vec<String> {
    let slower = counted(comparison.regressions.len(), PHASES, language);
    let changes = counted(comparison.changes.len(), CHANGES, language);
    let mut lines = vec![Note::new(DrillWord::News, [&id, &slower, &changes]).say(language)];
    lines.extend(comparison.regressions.iter().map(|slower| {
        let grade = if slower.is_grave() { DrillWord::Grave } else { DrillWord::Warning };
        let (scenario, phase) = (scenario_said(&slower.scenario, language), phase_said(slower.phase, language));
        let [took, p90] = [slower.seconds, slower.p90].map(|seconds| format!("{seconds:.3}"));
        let values: [&dyn Speak; 6] = [&grade.say(language), &scenario, &phase, &took, &slower.drills, &p90];
        Note::new(DrillWord::Slower, values).say(language)
    }));
    lines.extend(comparison.changes.iter().map(|change| change_line(change, language)));
    lines
}

fn change_line(change: &Change, language: Language) -> String {
    let names = |scenarios: &[String]| {
        let said: Vec<_> = scenarios.iter().map(|name| scenario_said(name, language)).collect();
        said.join("; ")
    };
    let note = match change {
        Change::Verdict { from, to } => {
            let [to, from] = [to, from].map(|verdict| verdict_said(*verdict, language));
            Note::new(DrillWord::VerdictChanged, [&to, &from])
        }
        Change::Commit { from, to } => Note::new(DrillWord::CommitChanged, [&short(to), &short(from)]),
        Change::Outcome { scenario, from, to } => {
            let [to, from] = [to, from].map(|outcome| outcome_named(outcome, language));
            Note::new(DrillWord::OutcomeChanged, [&scenario_said(scenario, language), &to, &from])
        }
        Change::New { scenarios } => Note::new(DrillWord::New, [&names(scenarios)]),
        Change::NotRun { scenarios } => Note::new(DrillWord::NotRun, [&names(scenarios)]),
    };
    note.say(language)
}

/// Returns as much of a commit's id as tells it from others.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

#[cfg(test)]
mod tests {
    use super::{head, phase_line, scenario_lines};
    use crate::{
        record::Phase,
        report::{PhaseTrend, Trend},
        text::Language,
    };

    #[test]
    fn trend_reads_as_a_line_a_phase() {
        let phase = |phase| PhaseTrend { phase, seconds: vec![1.0, 8.0], last: 8.0, median: 1.0, p90: 8.0 };
        assert_eq!(phase_line(&phase(Phase::Detect), Language::English), "  detect      8.000    1.000    8.000  ▁█");
        let trend = Trend {
            scenario: "A".into(),
            outcomes: vec!["Failed".into(), "Passed".into()],
            phases: vec![phase(Phase::Detect), phase(Phase::Rerun)],
        };
        let lines = scenario_lines(&trend, Language::English);
        assert_eq!((lines.len(), lines[0].as_str()), (2, "A (Passed, 1 of 2 red)"));
        let chinese = scenario_lines(&trend, Language::Chinese);
        assert_eq!(chinese, ["A（通过，1 / 2 未通过）", "  发现        8.000    1.000    8.000  ▁█"]);
        assert_eq!(head(Language::English), "  seconds      last   median      p90  trend");
        assert_eq!(head(Language::Chinese), "  秒           本次     中位      p90  走势");
    }
}
