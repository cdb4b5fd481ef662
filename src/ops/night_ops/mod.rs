//! NightOps: the nightly research pipeline, stage by stage, from new bars to a recorded experiment.
//!
//! A stage that fails ends the run: with its exit code, a report, an error event, a metrics line and,
//! from training on, a failed experiment. Nothing is called done that was not done.

mod carry_over;
mod chain;
mod data_stages;
mod factor_chain;
mod increment;
mod night;
mod pace;
mod products;
mod refusal;
mod report;
mod research_bars;
mod research_stages;
mod session;
mod source_repairs;
mod stage;
mod words;

use std::path::PathBuf;

use jiff::civil::Date;

pub use report::{NightOpsReport, StageReport, TrainJobReport, recalled};
pub use research_bars::research_bars;
pub use stage::{Mode, Stage};
pub(super) use words::{Word, status_words};

use super::{alarm, listener::Listener, station::Station};
use crate::{
    exit::{AnyFailure, Exit, Failure},
    text::Language,
    workspace::Lock,
};
pub(super) use night::Night;
use pace::Pace;
pub(super) use products::{BacktestProduct, SharedProducts, benchmark_of};
pub(super) use refusal::Refusal;
pub(super) use session::{completed_session, last_completed_session, session_asked_for};

/// The component's name in logs, metrics and the ledger.
pub const COMPONENT: &str = "night_ops";

/// What a person asks of a run.
#[derive(Debug, Clone, Default)]
pub struct NightOpsOptions {
    /// Which part runs; the config's default where absent.
    pub mode: Option<Mode>,
    /// Only these stages, where not empty.
    pub tasks: Vec<Stage>,
    /// The first date that research uses.
    pub start: Option<Date>,
    /// The last date that anything uses; the newest session that the bars reach where absent.
    pub as_of: Option<Date>,
    /// The first session that the backtest trades; the first that the model has not seen where absent.
    pub backtest_from: Option<Date>,
    /// Go on from the last good stage of a run with the same input.
    pub resume: bool,
    /// Go on from what the night before left, where that gives the same result; the config decides where false.
    pub incremental: bool,
    /// Threads to use, all processors' where not given; no result depends on it.
    pub threads: Option<usize>,
    /// Who hears how far the run has come.
    pub listener: Listener,
    /// The overrides by `--set`, for the record.
    pub overrides: Vec<String>,
    /// The language of the report for people.
    pub language: Language,
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
    let mut night = run_as(station, options, COMPONENT)?;
    night.run.files = night.run.report.write(&station.reports(), options.language)?.into();
    night.count(station, COMPONENT)?;
    Ok(night.run)
}

/// A run of the pipeline under some name, before its report is written and it is counted.
pub(super) struct PipelineRun {
    pub(super) run: NightOpsRun,
    pub(super) backtest: Option<BacktestProduct>,
}

/// Runs the pipeline under a component's name.
///
/// # Errors
/// As [`run`].
pub(super) fn run_as(
    station: &Station,
    options: &NightOpsOptions,
    component: &'static str,
) -> Result<PipelineRun, AnyFailure> {
    // One pipeline at a time, whatever its name: they write the same cache and models.
    let _lock = Lock::take(&station.workspace, COMPONENT, component)?;
    let mut night = Night::begin(station, options, component);
    let failure = night.run_stages().err();
    if let Some(failure) = &failure {
        alarm::raise(station, component, failure.as_ref());
    }
    let exit = failure.as_deref().map_or(Exit::Done, Failure::exit);
    let backtest = night.products.backtest.take();
    let report = night.conclude(failure.as_deref())?;
    Ok(PipelineRun { run: NightOpsRun { report, files: Vec::new(), exit, failure }, backtest })
}

impl PipelineRun {
    /// Counts the run in the metrics; its own failure comes first.
    pub(super) fn count(&self, station: &Station, component: &str) -> Result<(), AnyFailure> {
        match (station.metrics().run_ended(component, self.run.report.error.as_deref()), &self.run.failure) {
            (Err(error), None) => Err(error.into()),
            (Err(error), Some(_)) => {
                tracing::warn!(component, "the run is not counted: {error}");
                Ok(())
            }
            (Ok(()), _) => Ok(()),
        }
    }
}
