//! `lighthunter drill signals`: which signal saw which fault, when, and which should have and did not.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;

use super::{
    drill_records::{counted, drills_directory, history, newest},
    session::Session,
};
use crate::{
    exit::{AnyFailure, Exit},
    record::SignalKind,
    report::{self, Cell, Matrix},
};

/// The width of a column of the matrix.
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
    for line in lines(&matrix) {
        session.console.line(line);
    }
    session.console.document(&matrix);
    let alarms = matrix.control.as_ref().is_some_and(|control| !control.false_alarms.is_empty());
    Ok(if alarms || matrix.blind_spots().next().is_some() { Exit::Negative } else { Exit::Done })
}

fn lines(matrix: &Matrix) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(drill) = &matrix.drill {
        lines.push(format!("Drill {drill}: seconds from the injection to the slowest sight"));
        lines.push(columns("fault", SignalKind::ALL.map(|kind| kind.name().to_owned())));
        for row in &matrix.rows {
            lines.push(columns(&row.fault, row.cells.iter().map(cell_words)));
        }
        let blind: Vec<_> = matrix.blind_spots().collect();
        lines.push(counted(blind.len(), "blind spot"));
        for (fault, kind, cell) in blind {
            if let Cell::BlindSpot { scenario, expected, observed } = cell {
                let name = kind.name();
                lines.push(format!("  {fault}, {name}: expected {expected}, found {observed} ('{scenario}')"));
            }
        }
    }
    if let Some(control) = &matrix.control {
        let (watched, alarms) = (control.watched, counted(control.false_alarms.len(), "false alarm"));
        lines.push(format!("Control run {}: {alarms} of {watched} signals watched", control.drill));
        for alarm in &control.false_alarms {
            lines.push(format!("  {}: {} ('{}')", alarm.signal.name(), alarm.observed, alarm.scenario));
        }
    }
    lines
}

fn columns(first: &str, rest: impl IntoIterator<Item = String>) -> String {
    let mut line = format!("{first:<24}");
    for cell in rest {
        // Writing to a text cannot fail.
        let _ = write!(line, "{cell:<COLUMN$}");
    }
    line.trim_end().to_owned()
}

fn cell_words(cell: &Cell) -> String {
    match cell {
        Cell::NotWatched => "-".into(),
        Cell::Seen { seconds } => seconds.map_or_else(|| "seen".into(), |seconds| format!("{seconds:.3}")),
        Cell::SilentAsExpected => "silent, as it must".into(),
        Cell::BlindSpot { .. } => "BLIND SPOT".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::{
        record::SignalKind,
        report::{Cell, ControlRun, FalseAlarm, Matrix, MatrixRow},
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
        assert_eq!(lines(&matrix), expected);
    }
}
