//! Learners: what turns rows into a model.

use linfa::{Dataset, traits::Fit};
use linfa_elasticnet::ElasticNet;
use ndarray::{Array1, Array2, ShapeBuilder};
use serde::{Deserialize, Serialize};

use super::{MODEL_VERSION, Model, ModelError, Schema};

/// Parameters of the elastic net, which minimises
/// |y - Xw|^2 / (2 rows) + penalty x (`l1_ratio` x |w|_1 + (1 - `l1_ratio`) / 2 x |w|^2)
/// with features and label both brought to mean 0 and deviation 1, so that the penalty means the same
/// whatever the label's unit: a feature whose correlation with the label is below
/// penalty x `l1_ratio` gets no coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ElasticNetParams {
    /// Strength of the penalty, above 0.
    pub penalty: f64,
    /// Share of the L1 part, above 0 (the duality gap that ends the fit is not defined at 0) up to 1.
    pub l1_ratio: f64,
    /// Largest number of passes over the coefficients, at least 2.
    pub max_iterations: u32,
    /// Duality gap that ends the fit, as a share of the label's sum of squares; above 0.
    pub tolerance: f64,
}

impl Default for ElasticNetParams {
    fn default() -> Self {
        Self { penalty: 0.02, l1_ratio: 0.5, max_iterations: 2000, tolerance: 1e-6 }
    }
}

impl ElasticNetParams {
    fn check(&self) -> Result<(), ModelError> {
        let wrong = |key, got, allowed| Err(ModelError::Parameter { key, got, allowed });
        if !(self.penalty.is_finite() && self.penalty > 0.0) {
            return wrong("penalty", self.penalty, "a number above 0");
        }
        if !(self.l1_ratio > 0.0 && self.l1_ratio <= 1.0) {
            return wrong("l1_ratio", self.l1_ratio, "above 0 up to 1");
        }
        if !(2..=1_000_000).contains(&self.max_iterations) {
            return wrong("max_iterations", f64::from(self.max_iterations), "2 to 1000000");
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return wrong("tolerance", self.tolerance, "between 0 and 1");
        }
        Ok(())
    }
}

/// A way to learn. Fits are deterministic: equal rows give an equal model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Learner {
    /// Linear regression with L1 and L2 penalties.
    ElasticNet(ElasticNetParams),
}

impl Default for Learner {
    fn default() -> Self {
        Self::ElasticNet(ElasticNetParams::default())
    }
}

impl Learner {
    /// Returns the learner's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ElasticNet(_) => "elastic_net",
        }
    }

    /// Fits a model for the label named `label_id`: `features` is a row-major matrix of raw values, as
    /// wide as the schema, `label` has a number for each row.
    ///
    /// # Errors
    /// When a parameter is out of range, the input has a wrong shape, a number that is not finite, too
    /// few rows or a constant label, the fit does not converge, or every coefficient is zero.
    pub fn fit(&self, schema: &Schema, features: &[f64], label: &[f64], label_id: &str) -> Result<Model, ModelError> {
        schema.check()?;
        let (rows, columns) = (label.len(), schema.features.len());
        if features.len() != rows * columns {
            let got = features.len();
            return Err(ModelError::Degenerate(format!("{got} numbers are not {rows} rows x {columns} columns")));
        }
        if rows < columns + 2 {
            return Err(ModelError::Degenerate(format!("{rows} rows are too few for {columns} columns")));
        }
        if features.iter().chain(label).any(|value| !value.is_finite()) {
            return Err(ModelError::Degenerate("a feature or label is not a finite number".into()));
        }
        let (mean, deviation) = spread(label)?;
        let target: Vec<f64> = label.iter().map(|value| (value - mean) / deviation).collect();
        let scaled = schema.scale(features);
        let (intercept, weights) = match self {
            Self::ElasticNet(params) => elastic_net(params, &scaled, columns, &target)?,
        };
        let model = Model {
            version: MODEL_VERSION,
            learner: *self,
            label: label_id.into(),
            rows,
            intercept: mean + deviation * intercept,
            coefficients: weights.into_iter().map(|weight| weight * deviation).collect(),
            features: schema.clone(),
        };
        model.check()?;
        Ok(model)
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

fn elastic_net(
    params: &ElasticNetParams,
    scaled: &[f64],
    columns: usize,
    target: &[f64],
) -> Result<(f64, Vec<f64>), ModelError> {
    params.check()?;
    let rows = target.len();
    // Column after column: coordinate descent walks down columns.
    let by_column = (0..columns).flat_map(|column| scaled.iter().skip(column).step_by(columns).copied()).collect();
    let matrix = Array2::from_shape_vec((rows, columns).f(), by_column)
        .map_err(|error| ModelError::Degenerate(error.to_string()))?;
    let dataset = Dataset::new(matrix, Array1::from_vec(target.to_vec()));
    let fitted = ElasticNet::params()
        .penalty(params.penalty)
        .l1_ratio(params.l1_ratio)
        .max_iterations(params.max_iterations)
        .tolerance(params.tolerance)
        .fit(&dataset)?;
    if fitted.n_steps() >= params.max_iterations {
        let squares: f64 = target.iter().map(|value| value * value).sum();
        let wanted = params.tolerance * squares;
        return Err(ModelError::NotConverged { iterations: params.max_iterations, gap: fitted.duality_gap(), wanted });
    }
    let weights = fitted.hyperplane().to_vec();
    if weights.iter().all(|weight| *weight == 0.0) {
        return Err(ModelError::Constant { penalty: params.penalty, columns });
    }
    Ok((fitted.intercept(), weights))
}

#[cfg(test)]
#[path = "learner_tests.rs"]
mod tests;
