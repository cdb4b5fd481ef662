//! The matrix of faults and signals: which signal saw which fault, when, and which should have and did
//! not. From a control run it knows the alarms that nothing caused.

use serde::Serialize;

use crate::record::{DrillRecord, Duty, ScenarioRecord, SignalKind, SignalRecord};

/// What one signal showed of one fault, over all scenarios that injected it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "cell", rename_all = "snake_case")]
pub enum Cell {
    /// Nobody watched it.
    NotWatched,
    /// It showed the fault each time; the longest time that took, seconds.
    Seen {
        /// From the injection.
        seconds: Option<f64>,
    },
    /// It had to stay silent, and did.
    SilentAsExpected,
    /// It did not do what it must.
    BlindSpot {
        /// The scenario.
        scenario: String,
        /// What was expected.
        expected: String,
        /// What it showed.
        observed: String,
    },
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatrixRow {
    /// The fault's id.
    pub fault: String,
    /// What it does.
    pub what: String,
    /// The same in Chinese; empty where the target does not say it.
    pub what_zh: String,
    /// In how many scenarios its signals were watched.
    pub scenarios: usize,
    /// A cell a signal, in the order of [`SignalKind::ALL`].
    pub cells: Vec<Cell>,
}

/// An alarm that nothing caused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FalseAlarm {
    /// The scenario of the control run.
    pub scenario: String,
    /// The signal.
    pub signal: SignalKind,
    /// What it showed.
    pub observed: String,
}

/// What a control run says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControlRun {
    /// Its id.
    pub drill: String,
    /// How often a signal was watched while nothing was broken.
    pub watched: usize,
    /// The alarms.
    pub false_alarms: Vec<FalseAlarm>,
}

/// Faults against signals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Matrix {
    /// The drill; `None` where only a control run was read.
    pub drill: Option<String>,
    /// The faults, by id.
    pub rows: Vec<MatrixRow>,
    /// The control run, if one was read.
    pub control: Option<ControlRun>,
}

impl Matrix {
    /// Makes the matrix of a drill, of a control run, or of both; a record goes where it belongs.
    #[must_use]
    pub fn of(records: &[&DrillRecord]) -> Self {
        let drill = records.iter().find(|record| !record.control);
        let control = records.iter().find(|record| record.control);
        Self {
            drill: drill.map(|record| record.id.clone()),
            rows: drill.map_or_else(Vec::new, |record| rows(&record.scenarios)),
            control: control.map(|record| control_run(record)),
        }
    }

    /// Returns the signals that should have seen a fault and did not, with the fault's id.
    pub fn blind_spots(&self) -> impl Iterator<Item = (&str, SignalKind, &Cell)> {
        self.rows.iter().flat_map(|row| {
            let cells = SignalKind::ALL.into_iter().zip(&row.cells);
            cells
                .filter(|(_, cell)| matches!(cell, Cell::BlindSpot { .. }))
                .map(|(kind, cell)| (&*row.fault, kind, cell))
        })
    }
}

fn rows(scenarios: &[ScenarioRecord]) -> Vec<MatrixRow> {
    let watched = |scenario: &&ScenarioRecord| {
        !scenario.signals.is_empty() && scenario.fault.as_ref().is_some_and(|fault| fault.injected)
    };
    let watched: Vec<&ScenarioRecord> = scenarios.iter().filter(watched).collect();
    let mut ids: Vec<&str> = watched.iter().filter_map(|scenario| Some(&*scenario.fault.as_ref()?.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().filter_map(|id| row(id, &watched)).collect()
}

fn row(id: &str, watched: &[&ScenarioRecord]) -> Option<MatrixRow> {
    let of_fault = |scenario: &&&ScenarioRecord| scenario.fault.as_ref().is_some_and(|fault| fault.id == id);
    let scenarios: Vec<&ScenarioRecord> = watched.iter().filter(of_fault).copied().collect();
    let fault = scenarios.first()?.fault.as_ref()?;
    Some(MatrixRow {
        fault: fault.id.clone(),
        what: fault.what.clone(),
        what_zh: fault.what_zh.clone(),
        scenarios: scenarios.len(),
        cells: SignalKind::ALL.into_iter().map(|kind| cell(kind, &scenarios)).collect(),
    })
}

fn cell(kind: SignalKind, scenarios: &[&ScenarioRecord]) -> Cell {
    let of_kind = |scenario: &&ScenarioRecord| -> Option<(String, SignalRecord)> {
        let signal = scenario.signals.iter().find(|signal| signal.kind == kind)?;
        Some((scenario.name.clone(), signal.clone()))
    };
    let found: Vec<(String, SignalRecord)> = scenarios.iter().filter_map(of_kind).collect();
    if let Some((scenario, signal)) = found.iter().find(|(_, signal)| !signal.seen) {
        let (expected, observed) = (signal.expected.clone(), signal.observed.clone());
        return Cell::BlindSpot { scenario: scenario.clone(), expected, observed };
    }
    match found.first() {
        None => Cell::NotWatched,
        Some((_, signal)) if signal.duty == Duty::Silent => Cell::SilentAsExpected,
        Some(_) => Cell::Seen { seconds: found.iter().filter_map(|(_, signal)| signal.seconds).reduce(f64::max) },
    }
}

fn control_run(record: &DrillRecord) -> ControlRun {
    let signals = || {
        record.scenarios.iter().flat_map(|scenario| scenario.signals.iter().map(move |signal| (&scenario.name, signal)))
    };
    let alarm = |(scenario, signal): (&String, &SignalRecord)| FalseAlarm {
        scenario: scenario.clone(),
        signal: signal.kind,
        observed: signal.observed.clone(),
    };
    ControlRun {
        drill: record.id.clone(),
        watched: signals().count(),
        false_alarms: signals().filter(|(_, signal)| signal.seen).map(alarm).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Matrix};
    use crate::{record::SignalKind, report::samples};

    #[test]
    fn matrix_has_seconds_expected_silence_and_what_nobody_watched() {
        let matrix = Matrix::of(&[&samples::small()]);
        let seen = |seconds| Cell::Seen { seconds: Some(seconds) };
        let expected = [seen(0.412), seen(0.412), seen(0.95), Cell::SilentAsExpected, Cell::NotWatched];
        assert_eq!((matrix.rows.len(), matrix.rows[0].cells.as_slice()), (1, expected.as_slice()));
        assert_eq!((matrix.blind_spots().count(), matrix.control), (0, None));
    }

    #[test]
    fn one_silent_scenario_makes_a_blind_spot() {
        let matrix = Matrix::of(&[&samples::red()]);
        let blind: Vec<_> = matrix.blind_spots().map(|(fault, kind, _)| (fault, kind)).collect();
        assert_eq!(blind, [("duckdb-path-missing", SignalKind::Log)]);
        assert_eq!(matrix.rows[0].scenarios, 2);
    }

    #[test]
    fn control_run_tells_the_alarms_that_nothing_caused() {
        let mut control = samples::small();
        control.control = true;
        for (index, signal) in control.scenarios[1].signals.iter_mut().enumerate() {
            signal.seen = index == 1;
        }
        let matrix = Matrix::of(&[&control, &samples::small()]);
        let run = matrix.control.expect("a control run");
        assert_eq!((run.watched, run.false_alarms.len(), run.false_alarms[0].signal), (4, 1, SignalKind::Log));
        assert_eq!(matrix.rows.len(), 1);
    }
}
