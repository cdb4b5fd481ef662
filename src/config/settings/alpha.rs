//! Section `alpha`: which model is used, and what a new one must show.

use std::path::PathBuf;

use super::Section;
use crate::config::section::Bounds;

/// Models.
#[derive(Debug, Clone, PartialEq)]
pub struct Alpha {
    /// The job that commands without `--job` work for; one of `research.jobs`.
    pub default_job: String,
    /// The root of the models.
    pub model_dir: PathBuf,
    /// What can be computed again.
    pub cache_dir: PathBuf,
    /// A pinned model, else `current`.
    pub model_id: Option<String>,
    /// What a new model must show.
    pub gate: ModelGate,
}

/// What a new model must show before it becomes `current`.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelGate {
    /// Lowest mean daily IC on the validation rows.
    pub min_ic: f64,
    /// Lowest mean daily rank IC on the validation rows.
    pub min_rank_ic: f64,
    /// Highest credible mean rank IC; above it the future has leaked.
    pub max_rank_ic: f64,
    /// Fewest validation rows.
    pub min_rows: usize,
    /// Largest loss of rank IC against the model in force, on the same rows.
    pub max_rank_ic_drop: f64,
    /// Largest part of the rank IC on its own training rows that a model in force may lose on rows that it has not
    /// seen, beyond what the folds of a walk-forward lose.
    pub max_overfit: f64,
}

impl Alpha {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            default_job: s.name("default_job"),
            model_dir: s.path("model_dir"),
            cache_dir: s.path("cache_dir"),
            model_id: s.optional("model_id", Section::name),
            gate: s.section("gate", ModelGate::read),
        }
    }
}

impl ModelGate {
    fn read(s: &mut Section<'_>) -> Self {
        let gate = Self {
            min_ic: s.number("min_ic", Bounds::between(-1.0, 1.0)),
            min_rank_ic: s.number("min_rank_ic", Bounds::between(-1.0, 1.0)),
            max_rank_ic: s.number("max_rank_ic", Bounds::between(-1.0, 1.0)),
            min_rows: s.size("min_rows", 1, 100_000_000),
            max_rank_ic_drop: s.number("max_rank_ic_drop", Bounds::between(0.0, 2.0)),
            max_overfit: s.number("max_overfit", Bounds::between(0.0, 2.0)),
        };
        if gate.min_rank_ic > gate.max_rank_ic {
            s.disagreement(
                ["min_rank_ic", "max_rank_ic"],
                format!("min_rank_ic is {}, above max_rank_ic, {}", gate.min_rank_ic, gate.max_rank_ic),
            );
        }
        gate
    }
}
