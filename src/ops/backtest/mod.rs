//! `backtest`: the research pipeline from factors to a traded model, as a run of its own, with a report
//! of what it traded.

mod page;

use page::Word;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde::Serialize;

use super::{
    listener::Listener,
    night_ops::{self, BacktestProduct, Mode, NightOpsOptions, NightOpsReport, Stage},
    report_files,
    station::Station,
};
use crate::{
    digest::Digest,
    durable::DurableError,
    exit::{AnyFailure, Exit},
    research::{
        backtest::EquityDay,
        performance::{BacktestFigures, Metrics},
    },
    text::{Language, Note, Speak},
};

/// The component's name in logs, metrics and the ledger.
pub const COMPONENT: &str = "backtest";

/// What a person asks of a backtest.
#[derive(Debug, Clone, Default)]
pub struct BacktestOptions {
    /// Train a model first, and trade that one.
    pub retrain: bool,
    /// The first session to trade; earlier than what the model has not seen is left out.
    pub from: Option<Date>,
    /// The last session, and the last date that anything uses.
    pub to: Option<Date>,
    /// Threads to use, all processors' where not given; the result does not depend on it.
    pub threads: Option<usize>,
    /// Who hears how far the run has come.
    pub listener: Listener,
    /// The overrides by `--set`, for the record.
    pub overrides: Vec<String>,
    /// The language of the page.
    pub language: Language,
}

/// The report of a backtest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BacktestReport {
    /// The pipeline's run: stages, digests, error.
    pub run: NightOpsReport,
    /// The experiment.
    pub experiment_id: Option<String>,
    /// The model that was traded.
    pub model_id: Option<String>,
    /// The metrics; empty where it failed.
    pub metrics: Metrics,
    /// The equity curve.
    pub equity: Vec<EquityDay>,
    /// Years, months, the benchmark, what the scores were worth and what trading cost; none where it failed.
    pub figures: Option<BacktestFigures>,
    /// Fills.
    pub trades: usize,
    /// Orders that ended unfilled, by the word of the reason.
    pub rejects: BTreeMap<String, usize>,
    /// Orders that filled in part, by the word of what kept the rest.
    pub cut: BTreeMap<String, usize>,
    /// Wishes that a limit of the portfolio cut, by the limit's name.
    pub limited: BTreeMap<String, usize>,
    /// What a reader must know to trust the numbers.
    pub notes: Vec<Note>,
    /// Digest of equity, trades and refusals.
    pub digest: Option<Digest>,
}

/// A backtest that ended.
#[derive(Debug)]
pub struct BacktestRun {
    /// Its report.
    pub report: BacktestReport,
    /// The report's files.
    pub files: Vec<PathBuf>,
    /// Its exit class.
    pub exit: Exit,
    /// What ended it, where it failed.
    pub failure: Option<AnyFailure>,
}

/// Runs a backtest of the model in force, or of one that it trains.
///
/// # Errors
/// When the run could not even start, or its report cannot be written.
pub fn run(station: &Station, options: &BacktestOptions) -> Result<BacktestRun, AnyFailure> {
    let retrain = [Stage::Factor, Stage::Label, Stage::Dataset, Stage::Train, Stage::Backtest, Stage::Record];
    let asked = NightOpsOptions {
        mode: Some(Mode::Backtest),
        tasks: if options.retrain { retrain.to_vec() } else { Vec::new() },
        as_of: options.to,
        backtest_from: options.from,
        threads: options.threads,
        listener: options.listener.clone(),
        overrides: options.overrides.clone(),
        ..NightOpsOptions::default()
    };
    let pipeline = night_ops::run_as(station, &asked, COMPONENT)?;
    pipeline.count(station, COMPONENT)?;
    let report = BacktestReport::of(pipeline.run.report, pipeline.backtest.as_ref());
    let files = report.write(&station.reports(), options.language)?.into();
    Ok(BacktestRun { report, files, exit: pipeline.run.exit, failure: pipeline.run.failure })
}

impl BacktestReport {
    /// Makes the report of a run of the pipeline, and of what it traded where it did.
    pub(super) fn of(run: NightOpsReport, product: Option<&BacktestProduct>) -> Self {
        let failed = run.train_jobs.first().and_then(|job| job.backtest_run_id.clone());
        let Some(product) = product else {
            let model_id = run.train_jobs.first().and_then(|job| job.model_id.clone());
            return Self {
                run,
                experiment_id: failed,
                model_id,
                metrics: Metrics::new(),
                equity: Vec::new(),
                figures: None,
                trades: 0,
                rejects: BTreeMap::new(),
                cut: BTreeMap::new(),
                limited: BTreeMap::new(),
                notes: Vec::new(),
                digest: None,
            };
        };
        let result = &product.result;
        Self {
            run,
            experiment_id: Some(product.experiment_id.clone()),
            model_id: Some(product.model_id.clone()),
            metrics: product.metrics.clone(),
            figures: Some(product.figures.clone()),
            trades: result.trades.len(),
            equity: result.equity.clone(),
            rejects: result.rejects.clone(),
            cut: result.cut.clone(),
            limited: result.limited.clone(),
            notes: result.notes.clone(),
            digest: Some(result.digest),
        }
    }

    /// Returns the result in one line; none where there is no result.
    #[must_use]
    pub fn line(&self) -> Option<Note> {
        let model = self.model_id.as_ref().filter(|_| self.digest.is_some())?;
        let shown = |name: &str, percent: bool| match self.metrics.get(name).copied().flatten() {
            Some(value) if percent => Note::foreign(format!("{:.2} %", value * 100.0)),
            Some(value) => Note::foreign(format!("{value:.2}")),
            None => Word::NotDefined.into(),
        };
        let [total, fall, sharpe] = [shown("bt_ret_total", true), shown("bt_max_dd", true), shown("bt_sharpe", false)];
        let all: [&dyn Speak; 6] = [model, &self.equity.len(), &self.trades, &total, &fall, &sharpe];
        Some(Note::new(Word::Line, all))
    }

    /// Writes `backtest_<run id>.{json,html}` and returns their paths.
    pub(super) fn write(&self, reports: &Path, language: Language) -> Result<[PathBuf; 2], DurableError> {
        let id = &self.run.run_id;
        // A run of the command bears its name in its id.
        let stem = if id.starts_with(COMPONENT) { id.clone() } else { format!("{COMPONENT}_{id}") };
        report_files::write_pair(reports, &stem, self, ("html", page::html(self, language)))
    }
}
