//! `experiments run-matrix`: every cell of the experiment matrix through training and backtest, each as an
//! experiment of its own.
//!
//! Cells compute in parallel on one panel and are recorded by one thread, which alone holds the stores. A
//! cell that fails is a failed experiment and stops no other. No model is published or put in force.

mod cell;

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use super::{
    night_ops::{Night, NightOpsOptions},
    research_run,
    station::Station,
    walk_forward::Progress,
};
use crate::{
    digest::{Digest, Hasher},
    exit::{AnyFailure, Exit},
    research::{
        matrix::{self, MatrixError},
        performance::Metrics,
    },
    store::Stores,
};
use cell::{Cell, Played, Shared};

/// The component's name in logs, metrics and the ledger.
pub const COMPONENT: &str = "matrix";

/// What a person asks of the matrix.
#[derive(Debug, Clone, Default)]
pub struct MatrixOptions {
    /// Only these experiments or sweeps, where not empty.
    pub only: Vec<String>,
    /// Only experiments with this tag.
    pub tag: Option<String>,
    /// The last date that anything uses.
    pub to: Option<Date>,
    /// Cells at work at a time; no result depends on it.
    pub jobs: usize,
    /// Threads that they share; no result depends on it either.
    pub threads: usize,
    /// Keeps cells that an earlier experiment has done with the same inputs.
    pub resume: bool,
    /// Says what would run, and runs nothing.
    pub dry_run: bool,
    /// The overrides by `--set`, for the record.
    pub overrides: Vec<String>,
}

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellStatus {
    /// It would run.
    Planned,
    /// It ran and ended well.
    Done,
    /// An earlier experiment has it.
    Skipped,
    /// It failed.
    Failed,
}

/// One cell of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellReport {
    /// Its id in the matrix.
    pub id: String,
    /// What became of it.
    pub status: CellStatus,
    /// Why it was skipped or failed.
    pub reason: Option<String>,
    /// The class of its failure; 0 where it did not fail.
    pub exit: u8,
    /// The experiment that holds its result.
    pub experiment_id: Option<String>,
    /// The config keys it sets.
    pub set: BTreeMap<String, Value>,
    /// Its metrics.
    pub metrics: Metrics,
    /// The digest of its result: equal inputs give an equal one.
    pub result_digest: Option<Digest>,
}

/// What became of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatrixReport {
    /// The trading date worked for.
    pub as_of: Date,
    /// The cells that were asked for, in the matrix's order.
    pub cells: Vec<CellReport>,
}

/// A run of the matrix that ended.
#[derive(Debug)]
pub struct MatrixRun {
    /// Its report.
    pub report: MatrixReport,
    /// Why it did not end well: a cell failed.
    pub failure: Option<AnyFailure>,
}

/// Runs the matrix.
///
/// # Errors
/// When nothing could be started, or a result could not be recorded. A cell that fails is no error here
/// but the failure of the run.
pub fn run(station: &Station, options: &MatrixOptions, progress: Progress<'_>) -> Result<MatrixRun, AnyFailure> {
    let asked = NightOpsOptions {
        as_of: options.to,
        threads: Some((options.threads / options.jobs.max(1)).max(1)),
        overrides: options.overrides.clone(),
        ..NightOpsOptions::default()
    };
    // A name that is not there is the caller's mistake and no run that failed.
    matrix::select(&station.config.matrix, &options.only, options.tag.as_deref())?;
    let mut night = Night::begin(station, &asked, COMPONENT);
    if options.dry_run {
        let as_of = night.settle_as_of()?;
        let cells = plan(&mut night, options)?;
        let cells = cells.iter().map(|cell| cell.report(CellStatus::Planned)).collect();
        return Ok(MatrixRun { report: MatrixReport { as_of, cells }, failure: None });
    }
    let mut reported = None;
    let ended = research_run::run(night, COMPONENT, |night| {
        let cells = plan(night, options)?;
        let report = play(night, &cells, &asked, options.jobs, progress)?;
        let (failure, digest) = (report.failure(), report.digest());
        reported = Some(report);
        failure.map_or(Ok(((), digest)), |failure| Err(failure.into()))
    });
    match (reported, ended) {
        (Some(report), ended) => Ok(MatrixRun { report, failure: ended.err() }),
        (None, Err(failure)) => Err(failure),
        (None, Ok(())) => Err(MatrixError::Nothing("was reached".into()).into()),
    }
}

/// Returns the cells that are asked for, each with its own settings and the digest of its inputs.
fn plan(night: &mut Night<'_>, options: &MatrixOptions) -> Result<Vec<Cell>, AnyFailure> {
    let station = night.station;
    let (as_of, data) = (night.as_of(), night.data_digest()?);
    let earlier = if options.resume { night.stores()?.experiments().list()? } else { Vec::new() };
    let runs = matrix::select(&station.config.matrix, &options.only, options.tag.as_deref())?;
    let strategy = station.strategy_digest();
    let cell = |run| -> Result<Cell, AnyFailure> {
        let own = Station { config: station.config.of_run(&run)?, ..station.clone() };
        let mut hasher = Hasher::new("matrix cell");
        hasher.text(env!("CARGO_PKG_VERSION")).text(&as_of.to_string()).digest(&own.config.digest);
        hasher.digest(&strategy).digest(&data);
        let digest = hasher.finish();
        let done = matrix::done_before(&earlier, &digest).cloned();
        Ok(Cell { run, station: own, digest, done })
    };
    runs.into_iter().map(cell).collect()
}

/// Computes every cell that is not done, `jobs` at a time, and records each as it ends.
fn play(
    night: &mut Night<'_>,
    cells: &[Cell],
    asked: &NightOpsOptions,
    jobs: usize,
    progress: Progress<'_>,
) -> Result<MatrixReport, AnyFailure> {
    let shared = Shared::of(night, asked)?;
    let open: Vec<usize> = cells.iter().enumerate().filter(|(_, cell)| cell.done.is_none()).map(|(at, _)| at).collect();
    let mut reports: Vec<CellReport> = cells.iter().map(|cell| cell.report(CellStatus::Planned)).collect();
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel::<(usize, Played)>();
    let stores: &Stores = night.stores()?;
    let recorded = thread::scope(|scope| -> Result<(), AnyFailure> {
        for _ in 0..jobs.clamp(1, open.len().max(1)) {
            let (sender, open, next, stop, shared) = (sender.clone(), &open, &next, &stop, &shared);
            scope.spawn(move || {
                while let Some(at) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(cell) = cells.get(*at).filter(|_| !stop.load(Ordering::Relaxed)) else { break };
                    if sender.send((*at, shared.play(cell))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut done = 0;
        for (at, played) in receiver {
            done += 1;
            progress(done, open.len());
            let (Some(cell), Some(report)) = (cells.get(at), reports.get_mut(at)) else { continue };
            match cell.record(played, stores) {
                Ok(recorded) => *report = recorded,
                Err(failure) => {
                    // What cannot be recorded is lost; the other cells would be too.
                    stop.store(true, Ordering::Relaxed);
                    return Err(failure);
                }
            }
        }
        Ok(())
    });
    recorded.map(|()| MatrixReport { as_of: shared.as_of(), cells: reports })
}

impl MatrixReport {
    /// Returns how many cells have a status.
    #[must_use]
    pub fn count(&self, status: CellStatus) -> usize {
        self.cells.iter().filter(|cell| cell.status == status).count()
    }

    fn failure(&self) -> Option<MatrixError> {
        let first = self.cells.iter().find(|cell| cell.status == CellStatus::Failed)?;
        let exit = Exit::ALL.into_iter().find(|exit| exit.code() == first.exit).unwrap_or(Exit::Internal);
        Some(MatrixError::Cells {
            failed: self.count(CellStatus::Failed),
            of: self.cells.len(),
            first: first.id.clone(),
            message: first.reason.clone().unwrap_or_default(),
            exit,
        })
    }

    fn digest(&self) -> Digest {
        let mut hasher = Hasher::new("matrix result");
        for cell in &self.cells {
            hasher.text(&cell.id);
            if let Some(digest) = &cell.result_digest {
                hasher.digest(digest);
            }
        }
        hasher.finish()
    }
}
