//! The elastic net: linear regression with L1 and L2 penalties, by coordinate descent.

use linfa::{Dataset, traits::Fit};
use linfa_elasticnet::ElasticNet;
use ndarray::{Array1, Array2, ShapeBuilder};
use serde::{Deserialize, Serialize};

use super::{ModelError, learner::check_ranges};

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
        let (ratio, passes) = (self.l1_ratio, self.max_iterations);
        check_ranges(&[
            ("penalty", self.penalty, "a number above 0", self.penalty.is_finite() && self.penalty > 0.0),
            ("l1_ratio", ratio, "above 0 up to 1", ratio > 0.0 && ratio <= 1.0),
            ("max_iterations", f64::from(passes), "2 to 1000000", (2..=1_000_000).contains(&passes)),
            ("tolerance", self.tolerance, "between 0 and 1", self.tolerance > 0.0 && self.tolerance < 1.0),
        ])
    }

    /// Fits intercept and coefficients for a label of mean 0 and deviation 1; `features` is row-major.
    pub(super) fn fit(
        &self,
        features: &[f64],
        columns: usize,
        target: Vec<f64>,
    ) -> Result<(f64, Vec<f64>), ModelError> {
        self.check()?;
        let rows = target.len();
        let squares: f64 = target.iter().map(|value| value * value).sum();
        // Column after column: coordinate descent walks down columns.
        let mut matrix = Vec::with_capacity(features.len());
        let mut scales = Vec::with_capacity(columns);
        for column in 0..columns {
            let start = matrix.len();
            matrix.extend(features.iter().skip(column).step_by(columns).copied());
            scales.push(standardise(matrix.get_mut(start..).unwrap_or_default()));
        }
        let matrix = Array2::from_shape_vec((rows, columns).f(), matrix)
            .map_err(|error| ModelError::Degenerate(error.to_string()))?;
        let fitted = ElasticNet::params()
            .penalty(self.penalty)
            .l1_ratio(self.l1_ratio)
            .max_iterations(self.max_iterations)
            .tolerance(self.tolerance)
            .fit(&Dataset::new(matrix, Array1::from_vec(target)))?;
        if fitted.n_steps() >= self.max_iterations {
            let (iterations, gap) = (self.max_iterations, fitted.duality_gap());
            return Err(ModelError::NotConverged { iterations, gap, wanted: self.tolerance * squares });
        }
        let weights = fitted.hyperplane();
        if weights.iter().all(|weight| *weight == 0.0) {
            let why = format!("a penalty of {} leaves none of {columns} coefficients", self.penalty);
            let remedy = "Lower the penalty, or give the model factors that say something.";
            return Err(ModelError::Constant { why, remedy });
        }
        // Back to the features' own scale: w (x - m) / d = (w / d) x - w m / d.
        let coefficients: Vec<f64> =
            weights.iter().zip(&scales).map(|(weight, (_, deviation))| weight / deviation).collect();
        let moved = coefficients.iter().zip(&scales).fold(0.0, |sum, (weight, (mean, _))| sum + weight * mean);
        Ok((fitted.intercept() - moved, coefficients))
    }
}

/// Brings a column to mean 0 and deviation 1 (ddof 1) and returns what they were; one that does not vary
/// becomes 0 everywhere and so gets no coefficient.
fn standardise(column: &mut [f64]) -> (f64, f64) {
    let count = column.len() as f64;
    let mean = column.iter().sum::<f64>() / count;
    let squares: f64 = column.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (count - 1.0)).sqrt();
    let varies = deviation.is_finite() && deviation > 1e-12 * mean.abs();
    for value in column {
        *value = if varies { (*value - mean) / deviation } else { 0.0 };
    }
    (mean, if varies { deviation } else { 1.0 })
}
