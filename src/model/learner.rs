//! Learners: what turns rows into a model.

use serde::{Deserialize, Serialize};

use super::{BoostedTreesParams, ElasticNetParams, Form, MODEL_VERSION, Model, ModelError, Schema};
use crate::seed::Seed;

/// A way to learn. Fits are deterministic: equal rows and an equal seed give an equal model, whatever the
/// number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Learner {
    /// Linear regression with L1 and L2 penalties.
    ElasticNet(ElasticNetParams),
    /// Gradient boosting of regression trees.
    BoostedTrees(BoostedTreesParams),
}

impl Default for Learner {
    fn default() -> Self {
        Self::ElasticNet(ElasticNetParams::default())
    }
}

/// What a fit may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Where random choices come from.
    pub seed: Seed,
    /// Threads to use, all processors' where not given. It does not change the model.
    pub threads: Option<usize>,
}

/// Rows to learn from.
#[derive(Debug, Clone, Copy)]
pub struct TrainingRows<'a> {
    /// The features and what was done to them.
    pub schema: &'a Schema,
    /// Processed features, row after row, as wide as the schema; NaN where missing.
    pub features: &'a [f64],
    /// The label of each row.
    pub label: &'a [f64],
    /// The label's id.
    pub label_id: &'a str,
}

impl Learner {
    /// Returns the learner's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ElasticNet(_) => "elastic_net",
            Self::BoostedTrees(_) => "boosted_trees",
        }
    }

    /// Says whether it learns from rows in which features are missing; the elastic net needs them whole.
    #[must_use]
    pub const fn takes_missing(&self) -> bool {
        matches!(self, Self::BoostedTrees(_))
    }

    /// Fits a model.
    ///
    /// # Errors
    /// When a parameter is out of range, the input has a wrong shape, a label that is not finite, a
    /// feature that the learner cannot take, too few rows or a constant label, the fit does not converge,
    /// or the model would predict one number for everything.
    pub fn fit(&self, rows: TrainingRows<'_>, effort: Effort) -> Result<Model, ModelError> {
        rows.schema.check()?;
        let columns = rows.schema.features.len();
        self.check(&rows, columns)?;
        let (mean, deviation) = spread(rows.label)?;
        let target: Vec<f64> = rows.label.iter().map(|value| (value - mean) / deviation).collect();
        let form = match self {
            Self::ElasticNet(params) => {
                let (intercept, weights) = params.fit(rows.features, columns, target)?;
                let coefficients = weights.into_iter().map(|weight| weight * deviation).collect();
                Form::Linear { intercept: mean + deviation * intercept, coefficients }
            }
            Self::BoostedTrees(params) => {
                let trees = params.fit(rows.features, columns, &target, deviation, effort)?;
                Form::Trees { base: mean, trees }
            }
        };
        let model = Model {
            version: MODEL_VERSION,
            learner: *self,
            label: rows.label_id.into(),
            rows: rows.label.len(),
            features: rows.schema.clone(),
            form,
        };
        model.check()?;
        Ok(model)
    }

    fn check(&self, rows: &TrainingRows<'_>, columns: usize) -> Result<(), ModelError> {
        let (count, got) = (rows.label.len(), rows.features.len());
        let refuse = |why: String| Err(ModelError::Degenerate(why));
        if got != count * columns {
            return refuse(format!("{got} numbers are not {count} rows x {columns} columns"));
        }
        if count < columns + 2 {
            return refuse(format!("{count} rows are too few for {columns} columns"));
        }
        let known = |value: &f64| value.is_finite() || (self.takes_missing() && value.is_nan());
        if !rows.label.iter().all(|value| value.is_finite()) || !rows.features.iter().all(known) {
            return refuse("a feature or label is not a finite number".into());
        }
        Ok(())
    }
}

/// Returns mean and deviation (ddof 1) of a label that varies.
fn spread(label: &[f64]) -> Result<(f64, f64), ModelError> {
    let count = label.len() as f64;
    let mean = label.iter().sum::<f64>() / count;
    let squares: f64 = label.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (count - 1.0)).sqrt();
    if deviation.is_finite() && deviation > 1e-12 * mean.abs() && deviation > 0.0 {
        Ok((mean, deviation))
    } else {
        Err(ModelError::Degenerate(format!("the label is {mean} in all {} rows", label.len())))
    }
}

/// Checks parameters: key, value, what is allowed in words, and whether it is.
pub(super) fn check_ranges(ranges: &[(&'static str, f64, &'static str, bool)]) -> Result<(), ModelError> {
    match ranges.iter().find(|(_, _, _, sound)| !sound) {
        Some((key, got, allowed, _)) => Err(ModelError::Parameter { key, got: *got, allowed }),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "learner_tests.rs"]
mod tests;
