//! Section `research`: how a model is made and judged.

use serde::Serialize;

use super::Section;
use crate::{config::section::Bounds, market::UniverseRule};

/// How models are made and judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Research {
    /// Jobs in file order; a model belongs to one.
    pub jobs: Vec<ResearchJob>,
    /// Which shares research and trading choose from.
    pub universe: UniverseRule,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// The shares are those of the number of sessions rounded down to a multiple of this; 1 moves the split every
    /// session.
    pub step_sessions: usize,
}

/// The rows to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// A factor that is missing in a larger share of the training rows is left out, 0 to 1.
    pub max_null_share: f64,
    /// Leaves out rows whose next open could not be bought.
    pub tradable_only: bool,
    /// What is done to every factor, in order.
    pub processors: Vec<Processor>,
}

/// What is done to a factor before a model learns from it; what it needs to know of the factor is taken
/// from the training rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Processor {
    /// Cuts at two quantiles.
    WinsoriseQuantile {
        /// The share cut off at each end, 0 up to but not including 0.5.
        tail: f64,
    },
    /// Cuts at so many median absolute deviations from the median.
    WinsoriseMad {
        /// How many, above 0.
        deviations: f64,
    },
    /// Mean 0 and deviation 1 over the training rows.
    ZscoreTrain,
    /// Mean 0 and deviation 1 over the symbols of each day.
    ZscoreByDay,
    /// Rank among the symbols of each day, -0.5 to 0.5.
    RankByDay,
    /// The training median where a factor is missing.
    FillMedian,
    /// 0 where a factor is missing.
    FillZero,
}

/// How a model learns.
#[derive(Debug, Clone, PartialEq)]
pub enum Learner {
    /// Linear, with an absolute and a squared penalty.
    ElasticNet(ElasticNet),
    /// Gradient boosting of regression trees.
    BoostedTrees(BoostedTrees),
}

/// Parameters of boosted trees.
#[derive(Debug, Clone, PartialEq)]
pub struct BoostedTrees {
    /// Trees.
    pub rounds: u32,
    /// Share of each tree that counts, above 0 up to 1.
    pub learning_rate: f64,
    /// Splits from the root to a leaf.
    pub max_depth: u32,
    /// Leaves of a tree.
    pub max_leaves: u32,
    /// Fewest training rows in a leaf.
    pub min_child_weight: f64,
    /// Share of the rows that each tree sees, above 0 up to 1.
    pub subsample: f64,
    /// Share of the columns that each tree sees, above 0 up to 1.
    pub column_subsample: f64,
    /// Squared penalty on what a leaf says.
    pub l2: f64,
    /// Smallest gain that a split must bring.
    pub min_gain: f64,
    /// Bins of a feature.
    pub bins: u16,
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
            universe: s.section("universe", |s| UniverseRule {
                exclude_st: s.flag("exclude_st"),
                min_listed_sessions: small(s, "min_listed_sessions", 0, 10_000),
            }),
            split: s.section("split", Split::read),
            dataset: s.section("dataset", |s| Dataset {
                max_null_share: s.number("max_null_share", Bounds::SHARE),
                tradable_only: s.flag("tradable_only"),
                processors: s.objects("processors", Processor::read),
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
            step_sessions: s.size("step_sessions", 1, 1000),
        };
        let sum = split.train_share + split.valid_share + split.test_share;
        if (sum - 1.0).abs() > 1e-9 {
            s.mistake("", format!("the shares sum to {sum:.6}, allowed: 1"));
        }
        split
    }
}

impl Processor {
    fn read(s: &mut Section<'_>) -> Self {
        const KINDS: [&str; 6] =
            ["winsorise_quantile", "winsorise_mad", "zscore_train", "zscore_by_day", "rank_by_day", "fill"];
        // Every kind reads its own keys only, so that a key of another kind is reported.
        match s.choice("kind", &KINDS.map(|kind| (kind, kind)), "zscore_train") {
            "winsorise_quantile" => {
                let tail = s.number("tail", Bounds::between(0.0, 0.5));
                if tail == 0.5 {
                    s.mistake("tail", "is 0.5, allowed: a number from 0 to below 0.5");
                }
                Self::WinsoriseQuantile { tail }
            }
            "winsorise_mad" => Self::WinsoriseMad { deviations: s.number("deviations", Bounds::POSITIVE) },
            "zscore_by_day" => Self::ZscoreByDay,
            "rank_by_day" => Self::RankByDay,
            "fill" => s.choice("with", &[("median", Self::FillMedian), ("zero", Self::FillZero)], Self::FillZero),
            _ => Self::ZscoreTrain,
        }
    }
}

impl Learner {
    /// Reads the parameters of both kinds, whichever is chosen: a mistake does not wait for the day on
    /// which `kind` changes.
    fn read(s: &mut Section<'_>) -> Self {
        let net = ElasticNet::read(s);
        let trees = BoostedTrees::read(s);
        if s.choice("kind", &[("elastic_net", false), ("boosted_trees", true)], false) {
            Self::BoostedTrees(trees)
        } else {
            Self::ElasticNet(net)
        }
    }
}

impl ElasticNet {
    fn read(s: &mut Section<'_>) -> Self {
        let tolerance = s.number("tolerance", Bounds::above(0.0, 1.0));
        if tolerance == 1.0 {
            s.mistake("tolerance", "is 1, allowed: a number above 0 and below 1");
        }
        Self {
            penalty: s.number("penalty", Bounds::POSITIVE),
            l1_ratio: s.number("l1_ratio", Bounds::above(0.0, 1.0)),
            max_iterations: small(s, "max_iterations", 2, 1_000_000),
            tolerance,
        }
    }
}

impl BoostedTrees {
    fn read(s: &mut Section<'_>) -> Self {
        let share = Bounds::above(0.0, 1.0);
        let weight = Bounds::between(0.0, 1e9);
        Self {
            rounds: small(s, "rounds", 1, 10_000),
            learning_rate: s.number("learning_rate", share),
            max_depth: small(s, "max_depth", 1, 64),
            max_leaves: small(s, "max_leaves", 2, 65_536),
            min_child_weight: s.number("min_child_weight", weight),
            subsample: s.number("subsample", share),
            column_subsample: s.number("column_subsample", share),
            l2: s.number("l2", weight),
            min_gain: s.number("min_gain", weight),
            bins: u16::try_from(s.count("bins", 2, 4096)).unwrap_or(u16::MAX),
        }
    }
}

fn small(s: &mut Section<'_>, key: &str, low: u64, high: u64) -> u32 {
    u32::try_from(s.count(key, low, high)).unwrap_or(u32::MAX)
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
