//! One cell: its settings, its training and backtest on the shared panel, and its record.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::civil::Date;
use serde_json::json;

use super::{COMPONENT, CellReport, CellStatus};
use crate::{
    config::MatrixExperiment,
    digest::{Digest, Hasher},
    exit::AnyFailure,
    market::{CorporateAction, IndexBar},
    model::Effort,
    ops::{
        desk, experiment,
        night_ops::{Night, NightOpsOptions, SharedProducts, benchmark_of},
        research_plan::ResearchPlan,
        research_run,
        station::Station,
    },
    research::{
        backtest::{self, BacktestError, BacktestInput, BacktestParams, BacktestResult},
        experiment::{ExperimentRun, Outcome},
        factor::FactorFrame,
        matrix::CELL_DIGEST,
        performance::{self, Metrics},
        train::{self, predict_scores},
    },
    store::{Experiment, ExperimentKind, Stores},
};

/// A cell that is asked for.
pub(super) struct Cell {
    pub(super) run: MatrixExperiment,
    /// The workspace with the cell's own settings.
    pub(super) station: Station,
    /// Digest of everything that its result depends on.
    pub(super) digest: Digest,
    /// The experiment that has done it before.
    pub(super) done: Option<Experiment>,
}

/// What a cell's thread hands back.
pub(super) enum Played {
    /// Not even its experiment could begin.
    NotBegun(AnyFailure),
    /// Its experiment, and how it went.
    Begun(Box<ExperimentRun>, Result<Box<Found>, AnyFailure>),
}

/// What a cell that ended well found.
pub(super) struct Found {
    metrics: Metrics,
    traded: BacktestResult,
    digest: Digest,
}

/// What all cells work on.
pub(super) struct Shared {
    run_id: String,
    data_digest: Digest,
    options: NightOpsOptions,
    products: SharedProducts,
    actions: Arc<Vec<CorporateAction>>,
    index: Vec<IndexBar>,
    /// Computed once for each factor set and universe that a cell names.
    factors: Mutex<BTreeMap<String, Arc<FactorFrame>>>,
}

impl Shared {
    pub(super) fn of(night: &mut Night<'_>, options: &NightOpsOptions) -> Result<Self, AnyFailure> {
        Ok(Self {
            run_id: night.run_id.clone(),
            data_digest: night.data_digest()?,
            options: options.clone(),
            products: SharedProducts {
                component: COMPONENT,
                as_of: night.as_of(),
                panel: night.panel()?,
                labels: night.labels()?,
                universe: night.station.settings().research.universe,
                factors: None,
            },
            actions: night.actions()?,
            index: night.index()?,
            factors: Mutex::new(BTreeMap::new()),
        })
    }

    pub(super) fn as_of(&self) -> Date {
        self.products.as_of
    }

    /// Trains and trades a cell as an experiment of its own.
    pub(super) fn play(&self, cell: &Cell) -> Played {
        match self.begin(cell) {
            Err(failure) => Played::NotBegun(failure),
            Ok((mut run, plan, desk)) => {
                let found = desk.and_then(|desk| self.train_and_trade(cell, &plan, desk, &mut run));
                Played::Begun(Box::new(run), found.map(Box::new))
            }
        }
    }

    /// Begins a cell's experiment. A desk that does not open is a failure of the experiment, so it is
    /// handed on as it is.
    fn begin(&self, cell: &Cell) -> Result<(ExperimentRun, ResearchPlan, Result<desk::Desk, AnyFailure>), AnyFailure> {
        let station = &cell.station;
        let plan = ResearchPlan::of(station)?;
        let desk = desk::open(station);
        let mut params = BTreeMap::from([
            ("experiment".to_owned(), json!(cell.run.id)),
            ("set".to_owned(), json!(cell.run.set)),
            (CELL_DIGEST.to_owned(), json!(cell.digest.to_string())),
            ("overrides".to_owned(), json!(self.options.overrides)),
        ]);
        if let Ok(desk) = &desk {
            params.extend(desk.params.clone());
        }
        let dated = (self.products.as_of, self.data_digest);
        let context = research_run::context(station, &self.run_id, &plan, ExperimentKind::Matrix, dated, params);
        Ok((experiment::lab(station).begin(context)?, plan, desk))
    }

    fn train_and_trade(
        &self,
        cell: &Cell,
        plan: &ResearchPlan,
        desk: desk::Desk,
        run: &mut ExperimentRun,
    ) -> Result<Found, AnyFailure> {
        let factors = self.factors(cell, plan)?;
        let products = SharedProducts { factors: Some(Arc::clone(&factors)), ..self.products.clone() };
        let dataset = Night::over(&cell.station, &self.options, products).dataset()?;
        let effort = Effort { seed: cell.station.settings().seed, threads: self.options.threads };
        let trained = train::train_with(&dataset, &plan.learner, effort)?;
        run.add_artifact("model.json", trained.model.to_json()?)?;
        // Only the sessions that neither training nor validation has seen count as a test.
        let from = dataset.first_test_date().ok_or(BacktestError::NoTest)?;
        let scores = predict_scores(&trained.model, &factors)?;
        let params = BacktestParams { from: Some(from), to: None };
        let (panel, actions) = (&self.products.panel, &self.actions);
        let input = BacktestInput { panel, scores: &scores, actions, params: &params };
        let traded = backtest::run(&input, desk.core)?;
        let benchmark = benchmark_of(&self.index, &traded);
        let mut metrics = performance::backtest_metrics(&traded, benchmark.as_deref(), &plan.convention);
        metrics.extend(trained.metrics.clone());
        let mut hasher = Hasher::new("matrix cell result");
        hasher.digest(&trained.digest()?).digest(&traded.digest);
        Ok(Found { metrics, traded, digest: hasher.finish() })
    }

    /// Returns the factors of a cell's set; one thread computes what several wait for.
    fn factors(&self, cell: &Cell, plan: &ResearchPlan) -> Result<Arc<FactorFrame>, AnyFailure> {
        let mut known = self.factors.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("{} {}", plan.job.factor_set, json!(plan.universe));
        if let Some(factors) = known.get(&key) {
            return Ok(Arc::clone(factors));
        }
        let factors = Night::over(&cell.station, &self.options, self.products.clone()).factors()?;
        known.insert(key, Arc::clone(&factors));
        Ok(factors)
    }
}

impl Cell {
    /// Returns the report of a cell that did not run now.
    pub(super) fn report(&self, status: CellStatus) -> CellReport {
        let done = self.done.as_ref();
        CellReport {
            id: self.run.id.clone(),
            status: if done.is_some() { CellStatus::Skipped } else { status },
            reason: done.map(|done| format!("experiment {} has done it with the same inputs", done.id)),
            exit: 0,
            experiment_id: done.map(|done| done.id.clone()),
            set: self.run.set.clone(),
            metrics: done.map(|done| done.metrics.clone()).unwrap_or_default(),
            result_digest: done.and_then(|done| done.result_digest),
        }
    }

    /// Commits what a cell found, or that it failed.
    ///
    /// # Errors
    /// When a result cannot be recorded: it must not count as done.
    pub(super) fn record(&self, played: Played, stores: &Stores) -> Result<CellReport, AnyFailure> {
        let mut report = self.report(CellStatus::Failed);
        let failure = match played {
            Played::NotBegun(failure) => failure,
            Played::Begun(mut run, found) => {
                report.experiment_id = Some(run.id().to_owned());
                match found {
                    Ok(found) => {
                        let outcome = Outcome {
                            metrics: found.metrics,
                            result_digest: Some(found.digest),
                            backtest: Some(&found.traded),
                            ..Outcome::default()
                        };
                        let experiment = experiment::commit(stores, &mut run, outcome)?;
                        report.status = CellStatus::Done;
                        (report.metrics, report.result_digest) = (experiment.metrics, experiment.result_digest);
                        return Ok(report);
                    }
                    Err(failure) => {
                        experiment::commit_failure(stores, &mut run, failure.as_ref());
                        failure
                    }
                }
            }
        };
        tracing::error!(component = COMPONENT, experiment = self.run.id, "{failure}");
        (report.reason, report.exit) = (Some(failure.to_string()), failure.exit().code());
        Ok(report)
    }
}
