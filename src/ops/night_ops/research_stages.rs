//! The research stages: factor, label, dataset, train, backtest, record.

use super::{
    night::{Done, Night},
    products::RUN_PARAM,
};
use crate::{
    digest::Digest,
    exit::AnyFailure,
    ops::research_plan::{self, ResearchPlan},
    research::{
        backtest::{self, BacktestInput},
        experiment::{ExperimentLab, Outcome, RunContext},
        performance, train,
        zoo::{self, Snapshot},
    },
    store::{Experiment, ExperimentKind},
};

pub(super) fn factor(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let factors = night.factors()?;
    let idle: Vec<String> = factors
        .availability
        .iter()
        .filter(|factor| !factor.is_usable())
        .map(|factor| format!("{} ({})", factor.name, factor.reason.as_deref().unwrap_or("constant")))
        .collect();
    for factor in &idle {
        tracing::warn!(component = super::COMPONENT, "factor left out: {factor}");
    }
    let cells = factors.symbols.len() * factors.dates.len();
    let left_out = if idle.is_empty() { String::new() } else { format!("; left out: {}", idle.join(", ")) };
    Ok(Done {
        rows_in: cells,
        rows_out: cells,
        digest: Some(factors.digest()),
        remark: format!(
            "{} factors over {} symbols and {} sessions{left_out}",
            factors.names.len(),
            factors.symbols.len(),
            factors.dates.len()
        ),
    })
}

pub(super) fn label(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let labels = night.labels()?;
    let cells = labels.symbols.len() * labels.dates.len();
    Ok(Done {
        rows_in: cells,
        rows_out: cells,
        digest: Some(labels.digest()),
        remark: format!("{} labels", labels.labels.len()),
    })
}

pub(super) fn dataset(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let dataset = night.dataset()?;
    let cells = night.panel()?.symbols().len() * night.panel()?.dates().len();
    let directory = research_plan::cache(night.station, night.as_of());
    let digest = dataset.write(&directory)?;
    let [train, valid, test] = dataset.parts.named().map(|(_, range)| range.len());
    Ok(Done {
        rows_in: cells,
        rows_out: dataset.keys.len(),
        digest: Some(digest),
        remark: format!(
            "{} features, {train} rows to train, {valid} to validate, {test} to test; {}",
            dataset.feature_names.len(),
            night.station.workspace.shown(&directory)
        ),
    })
}

pub(super) fn train(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let plan = ResearchPlan::of(night.station)?;
    let mut run = lab(night).begin(context(night, &plan, ExperimentKind::Train, None)?)?;
    let trained = train_model(night, &plan, run.id());
    let (snapshot, digest, remark) = match trained {
        Ok(made) => made,
        Err(failure) => {
            night.products.experiments.push(run.fail(failure.as_ref()));
            return Err(failure);
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
    night.products.experiments.push(run.succeed(outcome)?);
    let remark = format!("model {}: {remark}", snapshot.id);
    night.products.snapshot = Some(snapshot.into());
    Ok(Done { rows_in: rows, rows_out: 1, digest: Some(digest), remark })
}

/// Trains, judges and publishes a model, and puts it in force if it passes its gate.
fn train_model(
    night: &mut Night<'_>,
    plan: &ResearchPlan,
    run: &str,
) -> Result<(Snapshot, Digest, String), AnyFailure> {
    let (dataset, as_of, job) = (night.dataset()?, night.as_of(), plan.job.id.as_str());
    let trained = train::train(&dataset, &plan.learner, night.station.settings().seed)?;
    let zoo = research_plan::zoo(night.station);
    let gate = zoo.judge(job, &plan.gate, &trained, &dataset)?;
    let snapshot = Snapshot::of(job, &zoo::model_id(as_of, run)?, &trained, &dataset, gate.clone(), as_of)?;
    zoo.publish(&snapshot)?;
    let remark = if gate.passed {
        let promotion = zoo.promote(job, &snapshot.id)?;
        format!("in force, after {}", promotion.previous.as_deref().unwrap_or("none"))
    } else {
        let kept = zoo.current(job)?.map_or_else(|| "no model is in force".into(), |id| format!("{id} stays in force"));
        format!("refused by its gate ({}); {kept}", gate.reasons.join("; "))
    };
    Ok((snapshot, trained.digest()?, remark))
}

pub(super) fn backtest(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let plan = ResearchPlan::of(night.station)?;
    let model = night.model(&plan.job.id)?;
    let mut run = lab(night).begin(context(night, &plan, ExperimentKind::Backtest, Some(model.id.clone()))?)?;
    night.job.backtest_run_id = Some(run.id().to_owned());
    night.job.model_id.get_or_insert_with(|| model.id.clone());
    match trade(night, plan, &model) {
        Ok((result, metrics)) => {
            let (days, trades) = (result.equity.len(), result.trades.len());
            let shown = |name: &str| metrics.get(name).copied().flatten().unwrap_or(f64::NAN);
            let remark = format!(
                "model {}, {days} sessions, {trades} trades, return {:.2} %, Sharpe {:.2}, max drawdown {:.2} %",
                model.id,
                shown("bt_ret_total") * 100.0,
                shown("bt_sharpe"),
                shown("bt_max_dd") * 100.0
            );
            let digest = result.digest;
            let outcome = Outcome { metrics, backtest: Some(&result), ..Outcome::default() };
            night.products.experiments.push(run.succeed(outcome)?);
            Ok(Done { rows_in: days, rows_out: trades, digest: Some(digest), remark })
        }
        Err(failure) => {
            night.products.experiments.push(run.fail(failure.as_ref()));
            Err(failure)
        }
    }
}

fn trade(
    night: &mut Night<'_>,
    mut plan: ResearchPlan,
    model: &Snapshot,
) -> Result<(backtest::BacktestResult, performance::Metrics), AnyFailure> {
    let (panel, factors, dataset) = (night.panel()?, night.factors()?, night.dataset()?);
    let actions = night.actions()?;
    // Only the sessions that neither training nor validation has seen count as a test.
    plan.backtest.from = dataset.keys.get(dataset.parts.test.start).map(|(_, date)| *date);
    let scores = model.scores(&factors)?;
    let input =
        BacktestInput { panel: &panel, scores: &scores, actions: &actions, is_st: None, params: &plan.backtest };
    let result = backtest::run(&input)?;
    let benchmark = night.benchmark(&result)?;
    let metrics = performance::backtest_metrics(&result, benchmark.as_deref(), &plan.convention);
    Ok((result, metrics))
}

pub(super) fn record(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let experiments = std::mem::take(&mut night.products.experiments);
    let names: Vec<&str> = experiments.iter().map(|experiment| experiment.id.as_str()).collect();
    if names.is_empty() {
        return Ok(Done { remark: "no experiment in this run".into(), ..Done::default() });
    }
    let remark = names.join(", ");
    commit(night, &experiments)?;
    Ok(Done { rows_in: experiments.len(), rows_out: experiments.len(), digest: None, remark })
}

/// Commits experiments to the ledger and appends their lines.
fn commit(night: &mut Night<'_>, experiments: &[Experiment]) -> Result<(), AnyFailure> {
    let stores = night.stores()?;
    Ok(experiments.iter().try_for_each(|experiment| stores.experiments().record(experiment))?)
}

fn lab(night: &Night<'_>) -> ExperimentLab {
    let station = night.station;
    ExperimentLab::new(&station.workspace, &station.settings().paths.experiments_dir, &station.clock)
}

fn context(
    night: &mut Night<'_>,
    plan: &ResearchPlan,
    kind: ExperimentKind,
    model_id: Option<String>,
) -> Result<RunContext, AnyFailure> {
    let mut params = plan.params();
    params.insert(RUN_PARAM.into(), night.run_id.clone().into());
    Ok(RunContext {
        kind,
        job: plan.job.id.clone(),
        model_id,
        as_of: night.as_of(),
        seed: night.station.settings().seed.0,
        git_commit: night.station.commit(),
        config_digest: night.station.config.digest,
        data_digest: night.data_digest()?,
        params,
    })
}
