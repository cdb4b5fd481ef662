//! `lighthunter drill signals`: which signal saw which fault, when, and which should have and did not.

use std::path::PathBuf;

use clap::Args;

use super::{
    drill_records::{drills_directory, history, newest},
    drill_words::{BLIND_SPOTS, DrillWord, FALSE_ALARMS, counted},
    session::Session,
    words::cell,
};
use crate::{
    exit::{AnyFailure, Exit},
    record::SignalKind,
    report::{self, Cell, Matrix, scenario_said, signal_said},
    text::{Language, Note},
};

/// The widths of the matrix's first column and of the others.
const LABEL: usize = 24;
const COLUMN: usize = 20;

#[derive(Debug, Args)]
pub(super) struct SignalsArgs {
    /// A drill, and a control run of the same [default: the newest drill that broke something]
    #[arg(value_name = "ID", num_args = 0..=2)]
    ids: Vec<String>,
    /// Read the newest control run too: its alarms are false ones
    #[arg(long)]
    control: bool,
    /// Where reports are [default: the workspace's reports, or ./reports]
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

pub(super) fn run(session: &Session, args: SignalsArgs) -> Result<Exit, AnyFailure> {
    let drills = drills_directory(session, args.reports)?;
    let history = history(session, &drills)?;
    let mut records = Vec::new();
    for id in &args.ids {
        records.push(report::read_record(&report::directory_of(&drills, id)?)?);
    }
    if records.is_empty() {
        records.push(newest(&history, &drills, false)?);
    }
    if args.control && !records.iter().any(|record| record.control) {
        records.push(newest(&history, &drills, true)?);
    }
    let matrix = Matrix::of(&records.iter().collect::<Vec<_>>());
    for line in lines(&matrix, session.global.lang) {
        session.console.line(line);
    }
    session.console.document(&matrix);
    let alarms = matrix.control.as_ref().is_some_and(|control| !control.false_alarms.is_empty());
    Ok(if alarms || matrix.blind_spots().next().is_some() { Exit::Negative } else { Exit::Done })
}

fn lines(matrix: &Matrix, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(drill) = &matrix.drill {
        lines.push(Note::new(DrillWord::Matrix, [drill]).say(language));
        let kinds = SignalKind::ALL.map(|kind| signal_said(kind, language).to_owned());
        lines.push(columns(DrillWord::Fault.say(language), kinds));
        for row in &matrix.rows {
            lines.push(columns(&row.fault, row.cells.iter().map(|cell| cell_words(cell, language))));
        }
        let blind: Vec<_> = matrix.blind_spots().collect();
        lines.push(counted(blind.len(), BLIND_SPOTS, language));
        for (fault, kind, cell) in blind {
            if let Cell::BlindSpot { scenario, expected, observed } = cell {
                let kind = signal_said(kind, language);
                lines.push(
                    Note::new(
                        DrillWord::Blind,
                        [&fault, &kind, expected, observed, &scenario_said(scenario, language)],
                    )
                    .say(language),
                );
            }
        }
    }
    if let Some(control) = &matrix.control {
        let alarms = counted(control.false_alarms.len(), FALSE_ALARMS, language);
        lines.push(Note::new(DrillWord::Control, [&control.drill, &alarms, &control.watched]).say(language));
        for alarm in &control.false_alarms {
            let kind = signal_said(alarm.signal, language);
            lines.push(
                Note::new(DrillWord::Alarm, [&kind, &alarm.observed, &scenario_said(&alarm.scenario, language)])
                    .say(language),
            );
        }
    }
    lines
}

fn columns(first: &str, rest: impl IntoIterator<Item = String>) -> String {
    let rest: String = rest.into_iter().map(|words| cell(&words, COLUMN)).collect();
    format!("{}{rest}", cell(first, LABEL)).trim_end().to_owned()
}

fn cell_words(cell: &Cell, language: Language) -> String {
    match cell {
        Cell::NotWatched => "-".into(),
        Cell::Seen { seconds: Some(seconds) } => format!("{seconds:.3}"),
        Cell::Seen { seconds: None } => DrillWord::Seen.say(language).into(),
        Cell::SilentAsExpected => DrillWord::Silent.say(language).into(),
        Cell::BlindSpot { .. } => DrillWord::BlindCell.say(language).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::{
        record::SignalKind,
        report::{Cell, ControlRun, FalseAlarm, Matrix, MatrixRow},
        text::Language,
    };

    #[test]
    fn matrix_reads_as_a_table_with_blind_spots_and_false_alarms() {
        let text = String::from;
        let blind = Cell::BlindSpot { scenario: text("s"), expected: text("an ERROR line"), observed: text("none") };
        let matrix = Matrix {
            drill: Some(text("d1")),
            rows: vec![MatrixRow {
                fault: text("duckdb-path"),
                what: text("w"),
                what_zh: String::new(),
                scenarios: 1,
                cells: vec![Cell::Seen { seconds: Some(0.25) }, blind, Cell::SilentAsExpected, Cell::NotWatched],
            }],
            control: Some(ControlRun {
                drill: text("c1"),
                watched: 4,
                false_alarms: vec![FalseAlarm { scenario: text("s"), signal: SignalKind::Log, observed: text("o") }],
            }),
        };
        let expected = [
            "Drill d1: seconds from the injection to the slowest sight",
            "fault                   exit code           log                 metric              experiment record   HUD",
            "duckdb-path             0.250               BLIND SPOT          silent, as it must  -",
            "1 blind spot",
            "  duckdb-path, log: expected an ERROR line, found none ('s')",
            "Control run c1: 1 false alarm of 4 signals watched",
            "  log: o ('s')",
        ];
        assert_eq!(lines(&matrix, Language::English), expected);
        let chinese = lines(&matrix, Language::Chinese);
        assert_eq!(chinese[3], "1 个盲区");
        assert_eq!(chinese[5], "对照运行 c1：1 次误报，共观察 4 个信号");
    }
}
