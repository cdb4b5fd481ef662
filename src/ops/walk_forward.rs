//! `walk-forward`: a model for each stretch of sessions, all their scores traded as one series, recorded
//! as one experiment. Trains only for itself: no model is published or put in force.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    desk, experiment,
    night_ops::{Night, NightOpsOptions},
    report_files,
    research_plan::{self, ResearchPlan},
    research_run,
    station::Station,
};
use crate::{
    digest::Digest,
    durable::DurableError,
    exit::AnyFailure,
    research::{
        backtest::{self, BacktestError, BacktestInput, BacktestParams, BacktestResult},
        experiment::Outcome,
        performance::{self, Metrics},
        walk_forward::{
            self, ChampionReport, ChampionRule, FoldRule, WalkForwardError, WalkForwardInput, WalkForwardReport,
            WalkForwardResult,
        },
    },
    store::ExperimentKind,
    text::Language,
};

/// The component's name in logs, metrics and the ledger.
pub const COMPONENT: &str = "walk_forward";

/// What a person asks of a walk-forward run.
#[derive(Debug, Clone)]
pub struct WalkForwardOptions {
    /// The first session that research uses.
    pub from: Option<Date>,
    /// The last session, and the last date that anything uses.
    pub to: Option<Date>,
    /// Folds at work at a time; the result does not depend on it.
    pub jobs: usize,
    /// Threads to use in all; the result does not depend on it either.
    pub threads: usize,
    /// The model in force is held against the folds as well.
    pub against_current: bool,
    /// The overrides by `--set`, for the record.
    pub overrides: Vec<String>,
    /// The language of the report that people read.
    pub language: Language,
}

/// A walk-forward run that ended well.
#[derive(Debug)]
pub struct WalkForwardRun {
    /// Its report.
    pub report: WalkForwardReport,
    /// The report's files.
    pub files: Vec<PathBuf>,
}

/// Who hears how many parts of how many are done.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Runs a walk-forward of the job in force.
///
/// # Errors
/// When it could not start, a fold has no rows or does not learn, trading ends early, or its record or
/// report cannot be written. A failure after its start is recorded as a failed experiment.
pub fn run(
    station: &Station,
    options: &WalkForwardOptions,
    progress: Progress<'_>,
) -> Result<WalkForwardRun, AnyFailure> {
    let asked = NightOpsOptions {
        start: options.from,
        as_of: options.to,
        threads: Some(options.threads),
        overrides: options.overrides.clone(),
        ..NightOpsOptions::default()
    };
    let night = Night::begin(station, &asked, COMPONENT);
    research_run::run(night, COMPONENT, |night| {
        let (run, digest) = walk(night, options, progress)?;
        Ok((run, digest))
    })
}

fn walk(
    night: &mut Night<'_>,
    options: &WalkForwardOptions,
    progress: Progress<'_>,
) -> Result<(WalkForwardRun, Digest), AnyFailure> {
    let station = night.station;
    let plan = ResearchPlan::of(station)?;
    let rule = FoldRule {
        lengths: station.settings().research.walk_forward.clone(),
        embargo_sessions: plan.dataset.split.embargo_sessions,
    };
    let mut params = params(&rule, options);
    // A desk that does not open is a failed experiment too, so its failure waits until one has begun.
    let desk = desk::open(station);
    if let Ok(desk) = &desk {
        params.extend(desk.params.clone());
    }
    let dated = (night.as_of(), night.data_digest()?);
    let context = research_run::context(station, &night.run_id, &plan, ExperimentKind::WalkForward, dated, params);
    let mut run = experiment::lab(station).begin(context)?;
    let found = desk.and_then(|desk| {
        let walked = folds(night, &plan, &rule, options, progress)?;
        let (traded, metrics) = trade(night, &plan, desk, &walked)?;
        let champion = options.against_current.then(|| champion(night, &plan, &walked)).transpose()?;
        Ok((walked, traded, metrics, champion))
    });
    let (walked, traded, metrics, champion) = match found {
        Ok(found) => found,
        Err(failure) => {
            experiment::commit_failure(night.stores()?, &mut run, failure.as_ref());
            return Err(failure);
        }
    };
    let dates = night.factors()?.dates.clone();
    let names = [run.id().to_owned(), plan.job.id.clone()];
    let report = WalkForwardReport::of(names, dated.0, &rule, &dates, &walked, (&traded, &metrics), &plan.convention);
    let report = WalkForwardReport { champion, ..report };
    let digest = report.result_digest;
    let written = write(&report, &station.reports(), options.language);
    let files = match written {
        Ok(files) => files,
        Err(error) => {
            experiment::commit_failure(night.stores()?, &mut run, &error);
            return Err(error.into());
        }
    };
    let outcome = Outcome {
        metrics,
        result_digest: Some(digest),
        backtest: Some(&traded),
        files: files.clone(),
        ..Outcome::default()
    };
    experiment::commit(night.stores()?, &mut run, outcome)?;
    Ok((WalkForwardRun { report, files }, digest))
}

/// Returns the parameters that the experiment records beside the plan's.
fn params(rule: &FoldRule, options: &WalkForwardOptions) -> BTreeMap<String, Value> {
    let lengths = &rule.lengths;
    BTreeMap::from([
        ("walk_forward".to_owned(), json!(format!("{:?}", lengths.mode).to_lowercase())),
        ("train_days".to_owned(), json!(lengths.train_days)),
        ("test_days".to_owned(), json!(lengths.test_days)),
        ("step_days".to_owned(), json!(lengths.step_days)),
        ("embargo_days".to_owned(), json!(rule.embargo_sessions)),
        ("start_date".to_owned(), json!(options.from)),
        ("against_current".to_owned(), json!(options.against_current)),
        ("overrides".to_owned(), json!(options.overrides)),
    ])
}

fn folds(
    night: &mut Night<'_>,
    plan: &ResearchPlan,
    rule: &FoldRule,
    options: &WalkForwardOptions,
    progress: Progress<'_>,
) -> Result<WalkForwardResult, AnyFailure> {
    let (factors, labels) = (night.factors()?, night.labels()?);
    let input = WalkForwardInput {
        factors: &factors,
        labels: &labels,
        dataset: &plan.dataset,
        folds: rule,
        learner: &plan.learner,
        seed: night.station.settings().seed,
        threads: options.jobs,
        fit_threads: (options.threads / options.jobs.max(1)).max(1),
    };
    Ok(walk_forward::run(&input, progress)?)
}

/// Trades the scores of all tests as one series, from the session after the first of them.
fn trade(
    night: &mut Night<'_>,
    plan: &ResearchPlan,
    desk: desk::Desk,
    walked: &WalkForwardResult,
) -> Result<(BacktestResult, Metrics), AnyFailure> {
    let (panel, actions) = (night.panel()?, night.actions()?);
    let date = |session: usize| panel.dates().get(session).copied();
    let params = BacktestParams { from: date(walked.tested.start + 1), to: date(walked.tested.end) };
    let input = BacktestInput { panel: &panel, scores: &walked.scores, actions: &actions, params: &params };
    let result = backtest::run(&input, desk.core)?;
    let benchmark = night.benchmark(&result)?;
    let mut metrics = performance::backtest_metrics(&result, benchmark.as_deref(), &plan.convention);
    metrics.extend(performance::prediction_metrics(&walked.prediction));
    Ok((result, metrics))
}

/// Holds the model in force, or the one that the config pins, against the folds; one that has degraded is an ERROR
/// of the log.
fn champion(
    night: &mut Night<'_>,
    plan: &ResearchPlan,
    walked: &WalkForwardResult,
) -> Result<ChampionReport, AnyFailure> {
    let (station, as_of) = (night.station, night.as_of());
    let (zoo, job) = (research_plan::zoo(station), &plan.job.id);
    let model = match &station.settings().alpha.model_id {
        Some(pinned) => zoo.load(job, pinned)?,
        None => zoo.load_current(job)?,
    };
    research_plan::check_model(station, &model)?;
    let (id, trained) = (model.id.clone(), model.judgement.as_of);
    if trained > as_of {
        return Err(WalkForwardError::SeenAll { id, trained, as_of }.into());
    }
    let dataset = night.dataset()?;
    let unseen = dataset.first_test_date().ok_or(BacktestError::NoTest)?;
    let gate = &station.settings().alpha.gate;
    let rule = ChampionRule {
        seen: dataset.sessions.train.clone(),
        unseen,
        max_drop: gate.max_rank_ic_drop,
        max_overfit: gate.max_overfit,
    };
    drop(dataset);
    let factors = night.factors()?;
    let scores = model.scores(&factors)?;
    let found = walk_forward::compare(&id, &scores, walked, &factors.dates, &rule);
    let found = found.ok_or(WalkForwardError::NothingToCompare { id, unseen })?;
    if found.degraded {
        tracing::error!(component = COMPONENT, model = found.model_id, "{}", found.verdict().say(Language::English));
    } else {
        tracing::info!(component = COMPONENT, model = found.model_id, "{}", found.verdict().say(Language::English));
    }
    Ok(found)
}

/// Writes `walkforward_<run id>.json` and `.md` and returns their paths.
fn write(report: &WalkForwardReport, reports: &Path, language: Language) -> Result<Vec<PathBuf>, DurableError> {
    let name = report.experiment_id.replacen(COMPONENT, "walkforward", 1);
    Ok(report_files::write_pair(reports, &name, report, ("md", report.markdown(language)))?.into())
}
