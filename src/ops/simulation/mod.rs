//! `simulate`: one session's minute bars replayed through strategies, portfolio, risk and the broker,
//! with every event on the bus and every row in the ledger.
//!
//! The run itself never waits for the bus and never reads from it: with or without one, the same day
//! gives the same result. What the ledger has of a run that died is where `--resume` goes on.

mod conclusion;
mod day;
mod entry;
mod error;
mod recorder;
mod refusals;
mod report;
mod run;
mod scores;
mod wire;
mod words;

use std::{collections::BTreeSet, path::PathBuf};

use jiff::civil::Date;

pub use error::SimulationError;
pub use recorder::Counts;
pub use refusals::RefusedOrder;
pub use report::{AccountReport, SimulationReport};
pub use wire::BusUse;

use super::{alarm, listener::Listener, station::Station};
use crate::{
    exit::{AnyFailure, Exit, Failure},
    market::Symbol,
    text::Language,
    workspace::Lock,
};

/// The component's name in logs, metrics, bus and ledger.
pub const COMPONENT: &str = "simulation";

/// What a person asks of a simulation.
#[derive(Debug, Clone, Default)]
pub struct SimulationOptions {
    /// The session; the newest with daily and intraday bars where absent.
    pub date: Option<Date>,
    /// Only these symbols, where not empty.
    pub symbols: BTreeSet<Symbol>,
    /// How many times faster than the market; as fast as possible where absent.
    pub speed: Option<f64>,
    /// Go on with a run of the same input that died.
    pub resume: bool,
    /// Start from the accounts as the newest simulated session before left them.
    pub carry_over: bool,
    /// Who hears how far the session has come.
    pub listener: Listener,
    /// Start also where the last DayOps of the day failed; the report and the experiment say so.
    pub force: bool,
    /// The overrides by `--set`, for the record.
    pub overrides: Vec<String>,
    /// The language of the report for people.
    pub language: Language,
}

/// A simulation that ended.
#[derive(Debug)]
pub struct SimulationRun {
    /// Its report.
    pub report: SimulationReport,
    /// The report's files.
    pub files: Vec<PathBuf>,
    /// Its exit class.
    pub exit: Exit,
    /// What ended it, where it failed.
    pub failure: Option<AnyFailure>,
}

/// Replays a session.
///
/// # Errors
/// When the run could not even start, or its report cannot be written. A strategy that fails is not an
/// error here but a run that failed.
pub fn run(station: &Station, options: &SimulationOptions) -> Result<SimulationRun, AnyFailure> {
    let _lock = Lock::take(&station.workspace, COMPONENT, "simulate")?;
    let (report, failure) = match run::replay(station, options) {
        Ok(ended) => ended,
        Err(failure) => {
            alarm::raise(station, COMPONENT, failure.as_ref());
            count(station, Some(failure.as_ref()));
            return Err(failure);
        }
    };
    if let Some(failure) = &failure {
        if report.bus.as_ref().is_some_and(|bus| bus.error.is_none()) {
            // The run's own way onto the bus has said it.
            alarm::log(COMPONENT, failure.as_ref());
        } else {
            alarm::raise(station, COMPONENT, failure.as_ref());
        }
    }
    let files = report.write(&station.reports(), options.language)?;
    count(station, failure.as_deref());
    let exit = match &failure {
        Some(failure) => failure.exit(),
        None if !report.tripped.is_empty() => Exit::Refused,
        None if report.bus.as_ref().is_some_and(|bus| bus.error.is_some()) => Exit::Degraded,
        None => Exit::Done,
    };
    Ok(SimulationRun { report, files: files.into(), exit, failure })
}

/// Counts the run; the run's own failure comes first.
fn count(station: &Station, failure: Option<&dyn Failure>) {
    let words = failure.map(ToString::to_string);
    if let Err(error) = station.metrics().run_ended(COMPONENT, words.as_deref()) {
        tracing::warn!(component = COMPONENT, "the run is not counted: {error}");
    }
}
