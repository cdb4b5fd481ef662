//! What the stages hand on. A product that a stage did not leave behind, because it was not asked for
//! or an earlier run did it, is made again from the stores when it is needed: every one of them is a
//! function of stored rows and config.

use std::sync::Arc;

use jiff::civil::Date;

use super::{
    NightOpsOptions, Stage,
    factor_chain::StoredBars,
    increment::{Handover, Increment},
    night::Night,
    refusal::Refusal,
    session::{last_completed_session, session_asked_for},
    source_repairs::SourceRepairs,
};
use crate::{
    data::{
        guardian::{self, GuardianReport, Known, Thresholds},
        repair::{self, RepairPlan},
    },
    digest::Digest,
    exit::AnyFailure,
    market::{
        Calendar, CorporateAction, DailyBar, DailyPanel, Exchange, IndexBar, SecurityHistory, Symbol, UniverseRule,
    },
    ops::{
        Station, data_state,
        research_plan::{self, ResearchPlan},
    },
    research::{
        backtest::BacktestResult,
        dataset::{self, Dataset},
        factor::{self, FactorFrame},
        label::{self, LabelFrame},
        performance,
        zoo::Snapshot,
    },
    store::{ExperimentKind, Ledger, Query, Stores, Table},
};

/// The index that a backtest is measured against: CSI 300.
const BENCHMARK_CODE: u32 = 300;

/// The parameter of an experiment that names the run it belongs to.
pub(super) const RUN_PARAM: &str = "night_ops_run";

/// Everything that a night has at hand so far.
#[derive(Default)]
pub(super) struct Products {
    pub(super) stores: Option<Stores>,
    pub(super) as_of: Option<Date>,
    pub(super) experiments: Vec<String>,
    pub(super) snapshot: Option<Arc<Snapshot>>,
    pub(super) increment: Option<Arc<Increment>>,
    pub(super) handover: Handover,
    pub(super) raw: Option<StoredBars>,
    pub(super) by_source: SourceRepairs,
    repaired: Option<Arc<Vec<DailyBar>>>,
    actions: Option<Arc<Vec<CorporateAction>>>,
    history: Option<Arc<SecurityHistory>>,
    examined: Option<Arc<GuardianReport>>,
    plan: Option<Arc<RepairPlan>>,
    panel: Option<Arc<DailyPanel>>,
    factors: Option<Arc<FactorFrame>>,
    labels: Option<Arc<LabelFrame>>,
    dataset: Option<Arc<Dataset>>,
    pub(super) backtest: Option<BacktestProduct>,
}

/// A backtest that ended well.
pub(in crate::ops) struct BacktestProduct {
    pub(in crate::ops) experiment_id: String,
    pub(in crate::ops) model_id: String,
    pub(in crate::ops) result: BacktestResult,
    pub(in crate::ops) metrics: performance::Metrics,
    pub(in crate::ops) figures: performance::BacktestFigures,
}

/// Products that several pipelines may use at once.
#[derive(Clone)]
pub(in crate::ops) struct SharedProducts {
    pub(in crate::ops) component: &'static str,
    pub(in crate::ops) as_of: Date,
    pub(in crate::ops) panel: Arc<DailyPanel>,
    pub(in crate::ops) labels: Arc<LabelFrame>,
    pub(in crate::ops) universe: UniverseRule,
    pub(in crate::ops) factors: Option<Arc<FactorFrame>>,
}

/// Returns what a slot holds, after filling it where it is empty.
fn filled<T>(slot: &mut Option<Arc<T>>, value: T) -> Arc<T> {
    Arc::clone(slot.insert(Arc::new(value)))
}

impl<'a> Night<'a> {
    /// Makes a pipeline that only answers for its products, on stores that are open, for a fixed date.
    pub(in crate::ops) fn with_stores(
        station: &'a Station,
        options: &'a NightOpsOptions,
        component: &'static str,
        stores: Stores,
        as_of: Date,
    ) -> Self {
        let mut night = Night::begin(station, options, component);
        (night.products.stores, night.products.as_of) = (Some(stores), Some(as_of));
        night
    }

    /// Makes a pipeline that only answers for what follows from products that another has made; it opens
    /// no store. Its station may have other settings of research.
    pub(in crate::ops) fn over(station: &'a Station, options: &'a NightOpsOptions, shared: SharedProducts) -> Self {
        let mut night = Night::begin(station, options, shared.component);
        night.products.as_of = Some(shared.as_of);
        night.products.panel = Some(shared.panel);
        night.products.labels = (station.settings().research.universe == shared.universe).then_some(shared.labels);
        night.products.factors = shared.factors;
        night
    }

    /// Returns how many threads its stages may use.
    pub(super) fn threads(&self) -> usize {
        self.options.threads.unwrap_or_else(factor::threads_available)
    }

    /// Gives the stores back.
    pub(in crate::ops) fn into_stores(mut self) -> Result<Stores, AnyFailure> {
        self.stores()?;
        match self.products.stores.take() {
            Some(stores) => Ok(stores),
            None => Ok(self.station.open_stores()?.0),
        }
    }
}

impl Night<'_> {
    /// Opens the stores; what recovery had to mend goes into the report.
    pub(in crate::ops) fn stores(&mut self) -> Result<&mut Stores, AnyFailure> {
        let opened = if let Some(stores) = self.products.stores.take() {
            stores
        } else {
            let (stores, recovery) = self.station.open_stores()?;
            self.recovered.extend(recovery);
            stores
        };
        Ok(self.products.stores.insert(opened))
    }

    /// Fixes the trading date worked for: the one asked for, or the newest completed session that the
    /// daily bars reach.
    pub(in crate::ops) fn settle_as_of(&mut self) -> Result<Date, AnyFailure> {
        let reach = last_completed_session(self.station);
        let asked = session_asked_for(self.station, self.options.as_of)?;
        let last = self.stores()?.last_date(Table::Daily)?;
        let as_of = asked.or(last.map(|last| last.min(reach))).unwrap_or(reach);
        Ok(*self.products.as_of.insert(as_of))
    }

    /// Refuses a trading date that the daily bars do not reach: a feed that is dead must not look fine.
    pub(in crate::ops) fn require_bars(&mut self) -> Result<(), AnyFailure> {
        let asked = self.as_of();
        match self.stores()?.last_date(Table::Daily)? {
            Some(last) if last < asked => Err(Refusal::BeyondBars { asked, last }.into()),
            _ => Ok(()),
        }
    }

    /// Fixes the trading date of a run that could not open its stores, so that its report stands under
    /// the date that it was for; a ledger that cannot be read either leaves it open.
    pub(super) fn settle_from_ledger(&mut self) {
        if self.products.as_of.is_some() || self.options.as_of.is_some() {
            return;
        }
        let Ok(ledger) = Ledger::open(&self.station.store_settings().ledger) else { return };
        let bars = ledger.partitions(Table::Daily).ok().and_then(|all| all.keys().next_back().copied());
        // Where the bars themselves are lost, the last run knows how far they reached.
        let last = bars.or_else(|| Some(ledger.last_run(self.component).ok()??.as_of));
        self.products.as_of = last.map(|last| last.min(last_completed_session(self.station)));
    }

    pub(in crate::ops) fn data_digest(&mut self) -> Result<Digest, AnyFailure> {
        let as_of = self.as_of();
        Ok(self.stores()?.data_digest(as_of)?)
    }

    pub(in crate::ops) fn actions(&mut self) -> Result<Arc<Vec<CorporateAction>>, AnyFailure> {
        if let Some(actions) = &self.products.actions {
            return Ok(Arc::clone(actions));
        }
        let as_of = self.as_of();
        let actions = self.stores()?.actions(as_of)?;
        Ok(filled(&mut self.products.actions, actions))
    }

    /// Returns what was known of the securities; says once where that is nothing.
    pub(in crate::ops) fn history(&mut self) -> Result<Arc<SecurityHistory>, AnyFailure> {
        if let Some(history) = &self.products.history {
            return Ok(Arc::clone(history));
        }
        let (as_of, component) = (self.as_of(), self.component);
        let history = data_state::security_history(self.stores()?, as_of, component)?;
        Ok(filled(&mut self.products.history, history))
    }

    pub(super) fn thresholds(&self) -> Thresholds {
        data_state::thresholds(self.station)
    }

    pub(super) fn examined(&mut self) -> Result<Arc<GuardianReport>, AnyFailure> {
        if let Some(report) = &self.products.examined {
            return Ok(Arc::clone(report));
        }
        let (bars, actions, history) = (self.raw_bars()?, self.actions()?, self.history()?);
        let known = Known { actions: &actions, history: &history };
        let report = guardian::examine(&bars, known, Calendar::builtin(), &self.thresholds())?;
        Ok(filled(&mut self.products.examined, report))
    }

    pub(super) fn repair_plan(&mut self) -> Result<Arc<RepairPlan>, AnyFailure> {
        if let Some(plan) = &self.products.plan {
            return Ok(Arc::clone(plan));
        }
        let ((mended, report), actions, history) = (self.mended_bars()?, self.actions()?, self.history()?);
        let known = Known { actions: &actions, history: &history };
        let plan = repair::plan(&mended.bars, &report, known, Calendar::builtin(), &self.thresholds())?;
        Ok(filled(&mut self.products.plan, plan))
    }

    /// Returns the bars with what other sources give, the plan's repairs and the factors that follow from them; the
    /// stored rows stay as they came.
    pub(super) fn repaired_bars(&mut self) -> Result<Arc<Vec<DailyBar>>, AnyFailure> {
        if let Some(bars) = &self.products.repaired {
            return Ok(Arc::clone(bars));
        }
        let ((stored, _), plan) = (self.mended_bars()?, self.repair_plan()?);
        if plan.repairs.is_empty() && stored.is_delivered() {
            return Ok(Arc::clone(self.products.repaired.insert(stored.bars)));
        }
        let mut repaired = stored.bars.to_vec();
        repair::apply(&mut repaired, &plan)?;
        if !stored.is_delivered() {
            self.derive_repaired(&stored, &mut repaired, &plan)?;
        }
        Ok(filled(&mut self.products.repaired, repaired))
    }

    /// Returns the repaired bars, without what research must leave out.
    pub(in crate::ops) fn panel(&mut self) -> Result<Arc<DailyPanel>, AnyFailure> {
        if let Some(panel) = &self.products.panel {
            return Ok(Arc::clone(panel));
        }
        let (bars, plan) = (self.repaired_bars()?, self.repair_plan()?);
        let excluded = plan.excluded_days();
        let kept: Vec<&DailyBar> = bars.iter().filter(|bar| !excluded.contains(&(bar.date, bar.symbol))).collect();
        // Days without any bar are no rows: the kernels see by the calendar that a session is missing.
        let panel = DailyPanel::from_bars(kept.iter().copied()).with_history(&*self.history()?);
        Ok(filled(&mut self.products.panel, panel))
    }

    pub(in crate::ops) fn factors(&mut self) -> Result<Arc<FactorFrame>, AnyFailure> {
        if let Some(factors) = &self.products.factors {
            return Ok(Arc::clone(factors));
        }
        let plan = ResearchPlan::of(self.station)?;
        let panel = self.panel()?;
        let told = |done, total| self.options.listener.part(done, total, "factors");
        let factors = factor::compute_telling(&plan.factors, &panel, 0, self.threads(), &told)?;
        let factors = factors.within(&panel, &plan.universe);
        self.check_resumed(Stage::Factor, || factors.digest())?;
        Ok(filled(&mut self.products.factors, factors))
    }

    pub(in crate::ops) fn labels(&mut self) -> Result<Arc<LabelFrame>, AnyFailure> {
        if let Some(labels) = &self.products.labels {
            return Ok(Arc::clone(labels));
        }
        let plan = ResearchPlan::of(self.station)?;
        let panel = self.panel()?;
        let labels = label::compute(&plan.labels, &panel)?.within(&panel, &plan.universe);
        self.check_resumed(Stage::Label, || labels.digest())?;
        Ok(filled(&mut self.products.labels, labels))
    }

    pub(in crate::ops) fn dataset(&mut self) -> Result<Arc<Dataset>, AnyFailure> {
        if let Some(dataset) = &self.products.dataset {
            return Ok(Arc::clone(dataset));
        }
        let plan = ResearchPlan::of(self.station)?;
        let dataset = dataset::build(&*self.factors()?, &*self.labels()?, &plan.dataset)?;
        self.check_resumed(Stage::Dataset, || dataset.digest())?;
        Ok(filled(&mut self.products.dataset, dataset))
    }

    /// Returns the model to trade with: the one trained in this run, whatever its gate said, since a
    /// candidate is judged by its backtest too; else the pinned one, else the one in force.
    pub(in crate::ops) fn model(&mut self, job: &str) -> Result<Arc<Snapshot>, AnyFailure> {
        if let Some(trained) = &self.products.snapshot {
            return Ok(Arc::clone(trained));
        }
        let zoo = research_plan::zoo(self.station);
        let pinned = self.station.settings().alpha.model_id.clone();
        let snapshot = match self.trained_before()?.or(pinned) {
            Some(id) => zoo.load(job, &id)?,
            None => zoo.load_current(job)?,
        };
        let (trained, as_of) = (snapshot.judgement.as_of, self.as_of());
        if trained > as_of {
            return Err(Refusal::FutureModel { model: snapshot.id, trained, as_of }.into());
        }
        Ok(filled(&mut self.products.snapshot, snapshot))
    }

    /// Returns the model that this run trained before it was interrupted.
    pub(super) fn trained_before(&mut self) -> Result<Option<String>, AnyFailure> {
        let run = serde_json::Value::from(self.run_id.clone());
        let mut experiments = self.stores()?.experiments().list()?;
        experiments.retain(|experiment| {
            experiment.kind == ExperimentKind::Train && experiment.params.get(RUN_PARAM) == Some(&run)
        });
        Ok(experiments.pop().and_then(|experiment| experiment.model_id))
    }

    /// Returns the benchmark's daily returns where it has a bar on every session of the backtest.
    pub(in crate::ops) fn benchmark(&mut self, result: &BacktestResult) -> Result<Option<Vec<f64>>, AnyFailure> {
        Ok(benchmark_of(&self.index()?, result))
    }

    /// Returns the stored bars of all indices up to the trading date.
    pub(in crate::ops) fn index(&mut self) -> Result<Vec<IndexBar>, AnyFailure> {
        let as_of = self.as_of();
        Ok(self.stores()?.index(&Query::up_to(as_of))?)
    }
}

/// Returns the benchmark's daily returns where it has a bar on every session of the backtest.
pub(in crate::ops) fn benchmark_of(bars: &[IndexBar], result: &BacktestResult) -> Option<Vec<f64>> {
    let index = Symbol::new(BENCHMARK_CODE, Exchange::Sh).ok()?;
    let dates: Vec<Date> = result.equity.iter().map(|day| day.date).collect();
    let returns = performance::benchmark_returns(bars, index, &dates);
    returns.iter().all(|value| value.is_finite()).then_some(returns)
}
