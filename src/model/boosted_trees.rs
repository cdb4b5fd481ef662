//! Gradient boosting of regression trees on binned features, by `forust-ml`. Fitted trees are taken over
//! into a form of our own, so that a saved model does not depend on the library.

use forust_ml::{
    GradientBooster, Matrix, gradientbooster::GrowPolicy, objective::ObjectiveType, sampler::SampleMethod,
};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::{
    ModelError, Tree, TreeNode,
    learner::{Effort, check_ranges},
};

/// Parameters of boosted trees. Each round fits a tree to the squared error that is left and adds
/// `learning_rate` times what it says. The label is brought to mean 0 and deviation 1 first, so that `l2`
/// and `min_gain` mean the same whatever its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoostedTreesParams {
    /// Trees, 1 to 10000.
    pub rounds: u32,
    /// Share of each tree that counts, above 0 up to 1.
    pub learning_rate: f64,
    /// Splits from the root to a leaf, 1 to 64.
    pub max_depth: u32,
    /// Leaves of a tree, 2 to 65536; the split that gains most comes first.
    pub max_leaves: u32,
    /// Fewest training rows in a leaf (a row's second derivative is 1), 0 or more.
    pub min_child_weight: f64,
    /// Share of the rows that each tree sees, drawn by the seed, above 0 up to 1.
    pub subsample: f64,
    /// Share of the columns that each tree sees, drawn by the seed, above 0 up to 1.
    pub column_subsample: f64,
    /// Squared penalty on what a leaf says, 0 or more.
    pub l2: f64,
    /// Smallest gain that a split must bring, 0 or more.
    pub min_gain: f64,
    /// Bins of a feature, 2 to 4096.
    pub bins: u16,
}

impl Default for BoostedTreesParams {
    fn default() -> Self {
        Self {
            rounds: 100,
            learning_rate: 0.05,
            max_depth: 6,
            max_leaves: 31,
            min_child_weight: 20.0,
            subsample: 0.8,
            column_subsample: 0.8,
            l2: 1.0,
            min_gain: 0.0,
            bins: 256,
        }
    }
}

impl BoostedTreesParams {
    fn check(&self, columns: usize) -> Result<(), ModelError> {
        let share = |key, got: f64| (key, got, "above 0 up to 1", got > 0.0 && got <= 1.0);
        // The library computes in single precision.
        let weight = |key, got: f64| (key, got, "0 or more, up to 1e9", (0.0..=1e9).contains(&got));
        let count = |key, got: u32, allowed, high| (key, f64::from(got), allowed, got <= high);
        let columns_drawn = (columns as f64 * self.column_subsample).floor();
        check_ranges(&[
            count("rounds", self.rounds, "1 to 10000", 10_000),
            ("rounds", f64::from(self.rounds), "1 to 10000", self.rounds >= 1),
            share("learning_rate", self.learning_rate),
            count("max_depth", self.max_depth, "1 to 64", 64),
            ("max_depth", f64::from(self.max_depth), "1 to 64", self.max_depth >= 1),
            count("max_leaves", self.max_leaves, "2 to 65536", 65_536),
            ("max_leaves", f64::from(self.max_leaves), "2 to 65536", self.max_leaves >= 2),
            weight("min_child_weight", self.min_child_weight),
            share("subsample", self.subsample),
            share("column_subsample", self.column_subsample),
            ("column_subsample", self.column_subsample, "enough to leave a column", columns_drawn >= 1.0),
            weight("l2", self.l2),
            weight("min_gain", self.min_gain),
            ("bins", f64::from(self.bins), "2 to 4096", (2..=4096).contains(&self.bins)),
        ])
    }

    /// Fits trees for a label of mean 0 and deviation 1; their leaves are multiplied by `unit`. `features`
    /// is row-major and may hold NaN, which goes the way that lost least in training.
    pub(super) fn fit(
        &self,
        features: &[f64],
        columns: usize,
        target: &[f64],
        unit: f64,
        effort: Effort,
    ) -> Result<Vec<Tree>, ModelError> {
        self.check(columns)?;
        let rows = target.len();
        if (self.subsample * rows as f64) < 2.0 {
            return Err(ModelError::Degenerate(format!("a share of {} of {rows} rows is too little", self.subsample)));
        }
        let by_column: Vec<f64> =
            (0..columns).flat_map(|column| features.iter().skip(column).step_by(columns).copied()).collect();
        let mut booster = self.booster(effort);
        booster.fit_unweighted(&Matrix::new(&by_column, rows, columns), target, None)?;
        let trees: Vec<Tree> = booster.trees.iter().map(|tree| own_form(tree, unit)).collect();
        if trees.iter().all(Tree::is_constant) {
            let why = format!("no split of {rows} rows gains {} and leaves min_child_weight rows", self.min_gain);
            let remedy = "Lower min_child_weight or min_gain, or give the model factors that say something.";
            return Err(ModelError::Constant { why, remedy });
        }
        Ok(trees)
    }

    fn booster(&self, effort: Effort) -> GradientBooster {
        let mut booster = GradientBooster::default();
        booster.objective_type = ObjectiveType::SquaredLoss;
        booster.iterations = self.rounds as usize;
        booster.learning_rate = self.learning_rate as f32;
        booster.max_depth = self.max_depth as usize;
        booster.max_leaves = self.max_leaves as usize;
        booster.grow_policy = GrowPolicy::LossGuide;
        booster.l2 = self.l2 as f32;
        booster.gamma = self.min_gain as f32;
        booster.min_leaf_weight = self.min_child_weight as f32;
        (booster.base_score, booster.initialize_base_score) = (0.0, false);
        booster.nbins = self.bins;
        (booster.parallel, booster.num_threads) = (effort.threads != Some(1), effort.threads);
        // Missing numbers follow one of the two branches; they get none of their own.
        (booster.create_missing_branch, booster.allow_missing_splits) = (false, true);
        booster.missing = f64::NAN;
        booster.subsample = self.subsample as f32;
        booster.sample_method = if self.subsample < 1.0 { SampleMethod::Random } else { SampleMethod::None };
        booster.colsample_bytree = self.column_subsample;
        booster.seed = effort.seed.stream("boosted trees").next_u64();
        booster
    }
}

fn own_form(tree: &forust_ml::tree::Tree, unit: f64) -> Tree {
    let nodes = tree.nodes.iter().map(|node| {
        if node.is_leaf {
            TreeNode::Leaf(f64::from(node.weight_value) * unit)
        } else {
            let (left, right) = (node.left_child, node.right_child);
            TreeNode::Split(node.split_feature, node.split_value, left, right, node.missing_node)
        }
    });
    Tree { nodes: nodes.collect() }
}
