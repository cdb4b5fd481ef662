//! What the config's `research`, `alpha` and `performance` sections mean to the research rooms.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};

use super::station::Station;
use crate::{
    config::{
        FactorSet, LabelSpec, Task,
        settings::{self, ResearchJob},
    },
    exit::{AnyFailure, Exit, Failure},
    market::UniverseRule,
    metric::Convention,
    model::{BoostedTreesParams, ElasticNetParams, FillWith, Learner, Processor},
    research::{
        ResearchError,
        dataset::{Bounds, DatasetRule, SplitSpec},
        factor::{self, Window},
        zoo::{GateRule, ModelZoo, Snapshot},
    },
};

/// A job of the config that names what is not there. `config check` finds these; a file may have
/// changed since.
#[derive(Debug, thiserror::Error)]
#[error("the config names {what} '{name}', which {file} does not have")]
pub(super) struct PlanError {
    what: &'static str,
    name: String,
    file: &'static str,
}

impl Failure for PlanError {
    fn exit(&self) -> Exit {
        Exit::Config
    }

    fn remedy(&self) -> Option<String> {
        Some("Run `lighthunter config check`: it lists the names that are there.".into())
    }
}

/// What one job computes and learns; what it trades is the desk's.
pub(super) struct ResearchPlan {
    /// The job.
    pub(super) job: ResearchJob,
    /// Its task.
    pub(super) task: Task,
    /// The factors.
    pub(super) factors: FactorSet,
    /// All labels of the workspace.
    pub(super) labels: LabelSpec,
    /// Which shares it chooses from.
    pub(super) universe: UniverseRule,
    /// How rows become a dataset.
    pub(super) dataset: DatasetRule,
    /// How the model learns.
    pub(super) learner: Learner,
    /// What a model must show.
    pub(super) gate: GateRule,
    /// Conventions of the performance figures.
    pub(super) convention: Convention,
}

impl ResearchPlan {
    /// Reads the plan of the default job.
    ///
    /// # Errors
    /// When the config names a job, task or factor set that is not there.
    pub(super) fn of(station: &Station) -> Result<Self, PlanError> {
        let settings = station.settings();
        let (research, config) = (&settings.research, &station.config);
        let missing = |what, name: &str, file| PlanError { what, name: name.to_owned(), file };
        let name = &settings.alpha.default_job;
        let job = research.job(name).ok_or_else(|| missing("job", name, "config/system_config.json"))?;
        let labels = &config.labels;
        let task = labels.tasks.iter().find(|task| task.id == job.task);
        let task = task.ok_or_else(|| missing("task", &job.task, "config/label_spec.json"))?;
        let factors = config.factors.sets.get(&job.factor_set);
        let factors = factors.ok_or_else(|| missing("factor set", &job.factor_set, "config/factor_spec.json"))?;
        let split = &research.split;
        let bounds = Bounds::Fractions { train: split.train_share, valid: split.valid_share };
        let learner = learner(&research.learner);
        let dataset = DatasetRule {
            label: task.primary_label.clone(),
            split: SplitSpec {
                bounds,
                purge_sessions: None,
                embargo_sessions: split.embargo_days,
                step_sessions: split.step_sessions,
            },
            max_null_share: research.dataset.max_null_share,
            tradable_only: research.dataset.tradable_only,
            processors: research.dataset.processors.iter().map(processor).collect(),
            keep_missing: learner.takes_missing(),
        };
        Ok(Self {
            job: job.clone(),
            task: task.clone(),
            factors: factors.clone(),
            labels: labels.clone(),
            universe: research.universe,
            dataset,
            learner,
            gate: gate(station),
            convention: Convention {
                days_per_year: f64::from(settings.performance.trading_days),
                risk_free: settings.performance.risk_free_rate,
            },
        })
    }

    /// Returns the parameters that an experiment records.
    #[must_use]
    pub(super) fn params(&self) -> BTreeMap<String, Value> {
        BTreeMap::from([
            ("task".into(), self.task.id.clone().into()),
            ("label".into(), self.task.primary_label.clone().into()),
            ("factor_set".into(), self.job.factor_set.clone().into()),
            ("factors".into(), json!(self.factors.factors)),
            ("universe".into(), json!(self.universe)),
            ("processors".into(), json!(self.dataset.processors)),
            ("learner".into(), json!(self.learner)),
        ])
    }
}

/// Opens the workspace's models.
#[must_use]
pub fn zoo(station: &Station) -> ModelZoo {
    ModelZoo::at(station.workspace.path(&station.settings().alpha.model_dir))
}

/// Checks that a model is what its job of the config trades by: it predicts the label of the job's task, from
/// factors of the job's set.
///
/// # Errors
/// When the job is not in the config, the model is of another label or another set, or a factor of the set
/// means something else than when it was made.
pub fn check_model(station: &Station, model: &Snapshot) -> Result<(), AnyFailure> {
    let (settings, config) = (station.settings(), &station.config);
    let missing = |what, name: &str, file| PlanError { what, name: name.to_owned(), file };
    let job = settings.research.job(&model.job);
    let job = job.ok_or_else(|| missing("job", &model.job, "config/system_config.json"))?;
    let task = config.labels.tasks.iter().find(|task| task.id == job.task);
    let task = task.ok_or_else(|| missing("task", &job.task, "config/label_spec.json"))?;
    if task.primary_label != model.model.label {
        let (id, own, wanted) = (model.id.clone(), model.model.label.clone(), task.primary_label.clone());
        return Err(ResearchError::OtherLabel { id, own, wanted }.into());
    }
    let set = config.factors.sets.get(&job.factor_set);
    let set = set.ok_or_else(|| missing("factor set", &job.factor_set, "config/factor_spec.json"))?;
    let window = Window { lookback: set.lookback, big_down: set.big_down };
    Ok(model.check_factors(window, &factor::definitions(set)?)?)
}

/// Returns the directory of what a trading date's run may compute again.
#[must_use]
pub(super) fn cache(station: &Station, as_of: jiff::civil::Date) -> PathBuf {
    station.workspace.path(&station.settings().alpha.cache_dir).join(as_of.strftime("%Y%m%d").to_string())
}

fn learner(settings: &settings::Learner) -> Learner {
    match settings {
        settings::Learner::ElasticNet(net) => Learner::ElasticNet(ElasticNetParams {
            penalty: net.penalty,
            l1_ratio: net.l1_ratio,
            max_iterations: net.max_iterations,
            tolerance: net.tolerance,
        }),
        settings::Learner::BoostedTrees(trees) => Learner::BoostedTrees(BoostedTreesParams {
            rounds: trees.rounds,
            learning_rate: trees.learning_rate,
            max_depth: trees.max_depth,
            max_leaves: trees.max_leaves,
            min_child_weight: trees.min_child_weight,
            subsample: trees.subsample,
            column_subsample: trees.column_subsample,
            l2: trees.l2,
            min_gain: trees.min_gain,
            bins: trees.bins,
        }),
    }
}

const fn processor(settings: &settings::Processor) -> Processor {
    match *settings {
        settings::Processor::WinsoriseQuantile { tail } => Processor::WinsoriseQuantile { tail },
        settings::Processor::WinsoriseMad { deviations } => Processor::WinsoriseMad { deviations },
        settings::Processor::ZscoreTrain => Processor::ZscoreTrain,
        settings::Processor::ZscoreByDay => Processor::ZscoreByDay,
        settings::Processor::RankByDay => Processor::RankByDay,
        settings::Processor::FillMedian => Processor::Fill { with: FillWith::Median },
        settings::Processor::FillZero => Processor::Fill { with: FillWith::Zero },
    }
}

fn gate(station: &Station) -> GateRule {
    let gate = &station.settings().alpha.gate;
    GateRule {
        min_ic: gate.min_ic,
        min_rank_ic: gate.min_rank_ic,
        max_rank_ic: gate.max_rank_ic,
        min_rows: gate.min_rows,
        champion_tolerance: gate.max_rank_ic_drop,
    }
}
