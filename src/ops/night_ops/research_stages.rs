//! The research stages: factor, label, dataset, train, backtest, record.

use std::sync::Arc;

use super::{
    COMPONENT,
    increment::{self, Increment},
    night::{Done, Night},
    products::{BacktestProduct, RUN_PARAM},
    words::Word,
};
use crate::{
    digest::Digest,
    exit::{self, AnyFailure},
    model::Effort,
    ops::{
        backtest::BacktestReport,
        desk::{self, Desk},
        experiment,
        research_plan::{self, ResearchPlan},
    },
    research::{
        backtest::{self, BacktestError, BacktestInput, BacktestParams, BacktestResult},
        experiment::{ExperimentRun, Outcome, RunContext},
        performance::{self, BacktestFigures, ScoreInput},
        train,
        zoo::{self, Action, Decision, Snapshot, Verdict},
    },
    store::{ExperimentKind, StoreError},
    text::Note,
};

/// Steps of a training that are told: fitted, judged, published.
const TRAINING_STEPS: usize = 3;

pub(super) fn factor(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let obstacle = increment::take_up(night);
    let (columns, availability, chain) = if let Some(increment) = night.products.increment.clone() {
        let plan = ResearchPlan::of(night.station)?;
        (increment.factors(), increment.availability(&plan, &*night.panel()?), increment.factor_chain())
    } else {
        let factors = night.factors()?;
        (factors.names.len(), factors.availability.clone(), (0, factors.chain()))
    };
    let idle: Vec<String> = availability
        .iter()
        .filter(|factor| !factor.is_usable())
        .map(|factor| format!("{} ({})", factor.name, factor.reason.as_deref().unwrap_or("constant")))
        .collect();
    for factor in &idle {
        tracing::warn!(component = night.component, "factor left out: {factor}");
    }
    let panel = night.panel()?;
    let (symbols, sessions) = (panel.symbols().len(), panel.dates().len());
    let mut remark = vec![Note::new(Word::Factors, [&columns, &symbols, &sessions])];
    if !idle.is_empty() {
        remark.push(Note::new(Word::LeftOut, [&idle.join(", ")]));
    }
    remark.extend(night.products.increment.as_ref().map(|own| Note::new(Word::GoesOn, [&own.since])));
    remark.extend(obstacle);
    let digest = chain.1.last().copied();
    night.products.handover.factors = Some(chain);
    Ok(Done {
        rows_in: symbols * sessions,
        rows_out: symbols * sessions,
        digest,
        remark: Note::joined(&remark, ["; ", "；"]),
    })
}

pub(super) fn label(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let labels = night.labels()?;
    let cells = labels.symbols.len() * labels.dates.len();
    Ok(Done {
        rows_in: cells,
        rows_out: cells,
        digest: Some(labels.digest()),
        remark: Note::new(Word::Labels, [&labels.labels.len()]),
    })
}

pub(super) fn dataset(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let panel = night.panel()?;
    let directory = research_plan::cache(night.station, night.as_of());
    let (parts, features, saved) = if let Some(increment) = night.products.increment.clone() {
        let extended = increment.dataset(&*night.labels()?, &ResearchPlan::of(night.station)?)?;
        night.products.handover.first_test = extended.first_test_date();
        night.products.handover.last_row = extended.last_added();
        (extended.parts().clone(), extended.features(), extended.write(&directory)?)
    } else {
        let dataset = night.dataset()?;
        night.products.handover.first_test = dataset.first_test_date();
        night.products.handover.last_row = dataset.keys.last().map(|(_, date)| *date);
        (dataset.parts.clone(), dataset.feature_names.len(), dataset.write(&directory)?)
    };
    let lengths = parts.named().map(|(_, range)| range.len());
    let digest = saved.digests.whole();
    night.products.handover.dataset = Some(saved);
    night.products.handover.train_rows = parts.train.len();
    let [train, valid, test] = lengths;
    Ok(Done {
        rows_in: panel.symbols().len() * panel.dates().len(),
        rows_out: lengths.iter().sum(),
        digest: Some(digest),
        remark: Note::new(Word::Split, [&features, &train, &valid, &test, &night.station.workspace.shown(&directory)]),
    })
}

/// Takes the model that was trained on the same rows: nothing is trained, and no experiment says so.
fn train_again(night: &mut Night<'_>, increment: &Increment) -> Done {
    let model = &increment.model;
    let remark = Note::new(Word::TrainedBefore, [&model.judgement.as_of]);
    night.job.model_id = Some(model.id.clone());
    night.job.promotion = Some(remark.clone());
    night.products.handover.trained = Some(increment.trained);
    night.products.snapshot = Some(Arc::clone(model));
    let rows_in = night.products.handover.train_rows;
    Done {
        rows_in,
        rows_out: 1,
        digest: Some(increment.trained),
        remark: Note::new(Word::ModelRemark, [&model.id, &remark]),
    }
}

pub(super) fn train(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    if let Some(increment) = night.products.increment.clone() {
        return Ok(train_again(night, &increment));
    }
    let plan = ResearchPlan::of(night.station)?;
    let mut run = experiment::lab(night.station).begin(context(night, &plan, ExperimentKind::Train, None)?)?;
    let trained = train_model(night, &plan, run.id());
    let (snapshot, digest, remark) = match trained {
        Ok(made) => made,
        Err(failure) => {
            return Err(record_failure(night, &mut run, failure));
        }
    };
    let rows = night.dataset()?.parts.train.len();
    let directory = research_plan::zoo(night.station).directory(&snapshot.job, &snapshot.id)?;
    let outcome = Outcome {
        metrics: snapshot.judgement.metrics.clone(),
        result_digest: Some(digest),
        model_id: Some(snapshot.id.clone()),
        backtest: None,
        files: vec![directory],
    };
    night.job.train_run_id = Some(run.id().to_owned());
    night.job.model_id = Some(snapshot.id.clone());
    night.job.promotion = Some(remark.clone());
    commit(night, &mut run, outcome)?;
    let remark = Note::new(Word::ModelRemark, [&snapshot.id, &remark]);
    night.products.handover.trained = Some(digest);
    night.products.snapshot = Some(snapshot.into());
    Ok(Done { rows_in: rows, rows_out: 1, digest: Some(digest), remark })
}

/// Trains, judges and publishes a model, and puts it in force if it passes its gate.
fn train_model(night: &mut Night<'_>, plan: &ResearchPlan, run: &str) -> Result<(Snapshot, Digest, Note), AnyFailure> {
    let (dataset, factors) = (night.dataset()?, night.factors()?);
    let (as_of, job) = (night.as_of(), plan.job.id.as_str());
    let effort = Effort { seed: night.station.settings().seed, threads: night.options.threads };
    // The learners' libraries tell nothing of what they do: what is counted is the steps around them.
    let told = |done| night.options.listener.part(done, TRAINING_STEPS, "steps of the training");
    told(0);
    let trained = train::train_with(&dataset, &plan.learner, effort)?;
    told(1);
    let zoo = research_plan::zoo(night.station);
    let Verdict { gate, current } = zoo.judge(job, &plan.gate, &trained, &dataset, &factors)?;
    told(2);
    let snapshot = Snapshot::of(job, &zoo::model_id(as_of, run)?, &trained, (&dataset, &factors), gate.clone(), as_of)?;
    zoo.publish(&snapshot)?;
    told(TRAINING_STEPS);
    let remark = match current {
        Some((newer, day)) if gate.passed && day > as_of => Note::new(Word::NewerInForce, [&newer]),
        _ if gate.passed => {
            let (at, by) = (night.station.clock.now(), format!("night-ops {}", night.run_id));
            let decision = Decision { action: Action::Gate, at, by, reason: None };
            let promotion = zoo.promote(job, &snapshot.id, &decision)?;
            promotion.previous.map_or_else(|| Word::FirstInForce.into(), |id| Note::new(Word::InForce, [&id]))
        }
        current => {
            let stays = |(id, _)| -> Note { Note::new(Word::StaysInForce, [&id]) };
            let kept = current.map_or_else(|| Word::NoneInForce.into(), stays);
            Note::new(Word::GateRefused, [&gate.reasons.join("; "), &kept])
        }
    };
    Ok((snapshot, trained.digest()?, remark))
}

pub(super) fn backtest(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let plan = ResearchPlan::of(night.station)?;
    let model = match night.model(&plan.job.id) {
        Ok(model) => model,
        Err(failure) => {
            let mut run =
                experiment::lab(night.station).begin(context(night, &plan, ExperimentKind::Backtest, None)?)?;
            return Err(record_failure(night, &mut run, failure));
        }
    };
    // A desk that does not open is a failed experiment too, so its failure waits until one has begun.
    let desk = desk::open(night.station);
    let mut context = context(night, &plan, ExperimentKind::Backtest, Some(model.id.clone()))?;
    if let Ok(desk) = &desk {
        context.params.extend(desk.params.clone());
    }
    let mut run = experiment::lab(night.station).begin(context)?;
    night.job.backtest_run_id = Some(run.id().to_owned());
    night.job.model_id.get_or_insert_with(|| model.id.clone());
    let (result, metrics, figures) = match desk.and_then(|desk| trade(night, &plan, desk, &model)) {
        Ok(traded) => traded,
        Err(failure) => return Err(record_failure(night, &mut run, failure)),
    };
    let (days, trades) = (result.equity.len(), result.trades.len());
    let shown = |name: &str| metrics.get(name).copied().flatten().unwrap_or(f64::NAN);
    let [total, sharpe, fall] = [shown("bt_ret_total") * 100.0, shown("bt_sharpe"), shown("bt_max_dd") * 100.0]
        .map(|value| format!("{value:.2}"));
    let mut remark = Note::new(Word::Traded, [&model.id, &days, &trades, &total, &sharpe, &fall]);
    let digest = result.digest;
    let outcome = Outcome { metrics: metrics.clone(), backtest: Some(&result), ..Outcome::default() };
    let experiment_id = run.id().to_owned();
    commit(night, &mut run, outcome)?;
    let model_id = model.id.clone();
    let product = BacktestProduct { experiment_id, model_id, result, metrics, figures };
    if night.component == COMPONENT {
        // Written before the stage is called done, so that a run that is resumed has its page.
        let [_, page] = BacktestReport::of(night.so_far(), Some(&product))
            .write(&night.station.reports(), night.options.language)?;
        let page = Note::foreign(night.station.workspace.shown(&page));
        remark = Note::joined(&[remark, page], ["; ", "；"]);
    }
    night.products.backtest = Some(product);
    Ok(Done { rows_in: days, rows_out: trades, digest: Some(digest), remark })
}

fn trade(
    night: &mut Night<'_>,
    plan: &ResearchPlan,
    desk: Desk,
    model: &Snapshot,
) -> Result<(BacktestResult, performance::Metrics, BacktestFigures), AnyFailure> {
    let (panel, actions) = (night.panel()?, night.actions()?);
    let first_test = match night.products.increment {
        Some(_) => night.products.handover.first_test,
        None => night.dataset()?.first_test_date(),
    };
    // Only the sessions that neither training nor validation has seen count as a test.
    let unseen = first_test.ok_or(BacktestError::NoTest)?;
    let from = night.options.backtest_from.map_or(unseen, |asked| asked.max(unseen));
    if let Some(asked) = night.options.backtest_from.filter(|asked| *asked < from) {
        tracing::warn!(
            component = night.component,
            "the sessions from {asked} to {from} were seen in training: left out"
        );
    }
    let params = BacktestParams { from: Some(from), to: None };
    let listener = &night.options.listener;
    let scores = match &night.products.increment {
        Some(increment) => Arc::clone(&increment.scores),
        None => Arc::new(model.scores(&*night.factors()?)?),
    };
    night.products.handover.scores = Some(Arc::clone(&scores));
    let input = BacktestInput { panel: &panel, scores: &scores, actions: &actions, params: &params };
    let mut result = backtest::run_telling(&input, desk.core, &|done, total| listener.part(done, total, "sessions"))?;
    let benchmark = night.benchmark(&result)?;
    if benchmark.is_none() {
        // Beside the result and not part of it: what was traded does not depend on it.
        let note = Note::from(Word::NoBenchmark);
        tracing::warn!(component = night.component, "backtest: {}", &*note);
        result.notes.push(note);
    }
    let mut metrics = performance::backtest_metrics(&result, benchmark.as_deref(), &plan.convention);
    let (labels, label, tradable_only) = (night.labels()?, model.model.label.as_str(), plan.dataset.tradable_only);
    let against = ScoreInput { panel: &panel, scores: &scores, labels: &labels, label, tradable_only };
    let figures = BacktestFigures::of(&result, benchmark.as_deref(), &against, &plan.convention)?;
    metrics.extend(figures.prediction_metrics());
    Ok((result, metrics, figures))
}

/// Holds the experiments of this run against the ledger: each was committed when its stage ended.
pub(super) fn record(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let names = std::mem::take(&mut night.products.experiments);
    let stores = night.stores()?;
    for name in &names {
        if stores.experiments().get(name)?.is_none() {
            return Err(StoreError::Lost { what: format!("experiment {name}") }.into());
        }
    }
    let mut remark = if names.is_empty() { Word::NoExperiment.into() } else { Note::foreign(names.join(", ")) };
    // It is a cache: a night without it is whole, and the next one computes everything.
    let obstacle = match increment::leave(night) {
        Ok(why) => why.inspect(|why| tracing::info!(component = night.component, "no carry-over is left: {why}")),
        Err(error) => {
            let why = exit::with_sources(error.as_ref());
            tracing::warn!(component = night.component, "no carry-over is left: {why}");
            Some(why)
        }
    };
    if let Some(why) = obstacle {
        remark = Note::joined(&[remark, Note::new(Word::NoCarryOver, [&why])], ["; ", "；"]);
    }
    Ok(Done { rows_in: names.len(), rows_out: names.len(), digest: None, remark })
}

/// Ends an experiment well and commits it, so that a stage that is done has its experiment.
fn commit(night: &mut Night<'_>, run: &mut ExperimentRun, outcome: Outcome<'_>) -> Result<(), AnyFailure> {
    let committed = experiment::commit(night.stores()?, run, outcome)?;
    night.products.experiments.push(committed.id);
    Ok(())
}

/// Commits an experiment as failed and hands the failure on: it is the cause, whatever the ledger says.
fn record_failure(night: &mut Night<'_>, run: &mut ExperimentRun, failure: AnyFailure) -> AnyFailure {
    match night.stores() {
        Ok(stores) => experiment::commit_failure(stores, run, failure.as_ref()),
        Err(error) => {
            let failed = run.fail(failure.as_ref());
            tracing::warn!(experiment = failed.id, "the failed experiment is not in the ledger: {error}");
        }
    }
    failure
}

fn context(
    night: &mut Night<'_>,
    plan: &ResearchPlan,
    kind: ExperimentKind,
    model_id: Option<String>,
) -> Result<RunContext, AnyFailure> {
    let mut params = plan.params();
    params.insert(RUN_PARAM.into(), night.run_id.clone().into());
    let dated = (night.as_of(), night.data_digest()?);
    Ok(RunContext { model_id, ..experiment::context(night.station, kind, dated, params) })
}
