//! Section `research`: how a model is made and judged.

use super::Section;
use crate::config::section::Bounds;

/// How models are made and judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Research {
    /// Jobs in file order; a model belongs to one.
    pub jobs: Vec<ResearchJob>,
    /// How the sessions are split.
    pub split: Split,
    /// The rows to learn from.
    pub dataset: Dataset,
    /// How it learns.
    pub learner: Learner,
    /// The walk-forward run.
    pub walk_forward: WalkForward,
}

impl Research {
    /// Returns the job `id`.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<&ResearchJob> {
        self.jobs.iter().find(|job| job.id == id)
    }
}

/// What a model learns, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResearchJob {
    /// Its id, the directory of its models.
    pub id: String,
    /// A task of `label_spec.json`.
    pub task: String,
    /// A set of `factor_spec.json`.
    pub factor_set: String,
}

/// Shares of the sessions, oldest first; they sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// To fit.
    pub train_share: f64,
    /// To choose.
    pub valid_share: f64,
    /// To judge.
    pub test_share: f64,
    /// Sessions left out before the later parts, so that no label reaches into them.
    pub embargo_days: usize,
}

/// The rows to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// A factor that is missing in a larger share of the training rows is left out, 0 to 1.
    pub max_null_share: f64,
    /// Leaves out rows whose next open could not be bought.
    pub tradable_only: bool,
}

/// How a model learns.
#[derive(Debug, Clone, PartialEq)]
pub enum Learner {
    /// Linear, with an absolute and a squared penalty.
    ElasticNet(ElasticNet),
}

/// Parameters of the elastic net.
#[derive(Debug, Clone, PartialEq)]
pub struct ElasticNet {
    /// The weight of the penalty, above 0.
    pub penalty: f64,
    /// The share of the absolute penalty, above 0 up to 1.
    pub l1_ratio: f64,
    /// Largest number of iterations.
    pub max_iterations: u32,
    /// Where it stops, above 0, below 1.
    pub tolerance: f64,
}

/// The walk-forward run, in sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkForward {
    /// Whether the training window moves or grows.
    pub mode: FoldMode,
    /// The (first) training window.
    pub train_days: usize,
    /// The test window.
    pub test_days: usize,
    /// From fold to fold.
    pub step_days: usize,
}

/// What the training window does from fold to fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldMode {
    /// Keeps its length.
    Sliding,
    /// Keeps its start.
    Expanding,
}

impl Research {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        let jobs = s.named("jobs", |id, s| ResearchJob {
            id: id.to_owned(),
            task: s.name("task"),
            factor_set: s.name("factor_set"),
        });
        Self {
            jobs: jobs.into_iter().map(|(_, job)| job).collect(),
            split: s.section("split", Split::read),
            dataset: s.section("dataset", |s| Dataset {
                max_null_share: s.number("max_null_share", Bounds::SHARE),
                tradable_only: s.flag("tradable_only"),
            }),
            learner: s.section("learner", Learner::read),
            walk_forward: s.section("walk_forward", WalkForward::read),
        }
    }
}

impl Split {
    fn read(s: &mut Section<'_>) -> Self {
        let split = Self {
            train_share: s.number("train_share", Bounds::above(0.0, 1.0)),
            valid_share: s.number("valid_share", Bounds::SHARE),
            test_share: s.number("test_share", Bounds::above(0.0, 1.0)),
            embargo_days: s.size("embargo_days", 0, 1000),
        };
        let sum = split.train_share + split.valid_share + split.test_share;
        if (sum - 1.0).abs() > 1e-9 {
            s.mistake("", format!("the shares sum to {sum:.6}, allowed: 1"));
        }
        split
    }
}

impl Learner {
    fn read(s: &mut Section<'_>) -> Self {
        s.choice("kind", &[("elastic_net", ())], ());
        let tolerance = s.number("tolerance", Bounds::above(0.0, 1.0));
        if tolerance == 1.0 {
            s.mistake("tolerance", "is 1, allowed: a number above 0 and below 1");
        }
        Self::ElasticNet(ElasticNet {
            penalty: s.number("penalty", Bounds::POSITIVE),
            l1_ratio: s.number("l1_ratio", Bounds::above(0.0, 1.0)),
            max_iterations: u32::try_from(s.count("max_iterations", 2, 1_000_000)).unwrap_or(u32::MAX),
            tolerance,
        })
    }
}

impl WalkForward {
    fn read(s: &mut Section<'_>) -> Self {
        let modes = [("sliding", FoldMode::Sliding), ("expanding", FoldMode::Expanding)];
        Self {
            mode: s.choice("mode", &modes, FoldMode::Sliding),
            train_days: s.size("train_days", 2, 100_000),
            test_days: s.size("test_days", 1, 100_000),
            step_days: s.size("step_days", 1, 100_000),
        }
    }
}
