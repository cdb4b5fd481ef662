//! NightOps: the nightly research pipeline, stage by stage, from new bars to a recorded experiment.
//!
//! A stage that fails ends the run: with its exit code, a report, an error event, a metrics line and,
//! from training on, a failed experiment. Nothing is called done that was not done.

mod data_stages;
mod night;
mod products;
mod refusal;
mod report;
mod research_stages;
mod stage;

use std::path::PathBuf;

use jiff::civil::Date;

pub use report::{NightOpsReport, StageReport, TrainJobReport};
pub use stage::{Mode, Stage};

use super::{alarm, station::Station};
use crate::{
    exit::{AnyFailure, Exit, Failure},
    workspace::Lock,
};
use night::Night;

/// The component's name in logs, metrics and the ledger.
pub const COMPONENT: &str = "night_ops";

/// What a person asks of a run.
#[derive(Debug, Clone)]
pub struct NightOpsOptions {
    /// Which part runs; the config's default where absent.
    pub mode: Option<Mode>,
    /// Only these stages, where not empty.
    pub tasks: Vec<Stage>,
    /// The first date that research uses.
    pub start: Option<Date>,
    /// The last date that anything uses; the newest session that the bars reach where absent.
    pub as_of: Option<Date>,
    /// Go on from the last good stage of a run with the same input.
    pub resume: bool,
    /// The overrides by `--set`, for the record.
    pub overrides: Vec<String>,
}

/// A run that ended.
#[derive(Debug)]
pub struct NightOpsRun {
    /// Its report.
    pub report: NightOpsReport,
    /// The report's files.
    pub files: Vec<PathBuf>,
    /// Its exit class.
    pub exit: Exit,
    /// What ended it, where it failed.
    pub failure: Option<AnyFailure>,
}

/// Runs NightOps.
///
/// # Errors
/// When the run could not even start: another one is under way, or its report cannot be written. A
/// stage that fails is not an error here but a run that failed.
pub fn run(station: &Station, options: &NightOpsOptions) -> Result<NightOpsRun, AnyFailure> {
    let _lock = Lock::take(&station.workspace, COMPONENT, "night-ops")?;
    let mut night = Night::begin(station, options);
    let failure = night.run_stages().err();
    if let Some(failure) = &failure {
        alarm::raise(station, COMPONENT, failure.as_ref());
    }
    let exit = failure.as_deref().map_or(Exit::Done, Failure::exit);
    let report = night.conclude(failure.as_deref())?;
    let files = report.write(&station.reports())?;
    match (station.metrics().run_ended(COMPONENT, report.error.as_deref()), &failure) {
        (Err(error), None) => return Err(error.into()),
        // The failure at hand comes first.
        (Err(error), Some(_)) => tracing::warn!(component = COMPONENT, "the run is not counted: {error}"),
        (Ok(()), _) => {}
    }
    Ok(NightOpsRun { report, files: files.into(), exit, failure })
}
