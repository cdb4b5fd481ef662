//! Processors: what is done to a factor's numbers before a learner sees them. A processor is fitted on
//! training cells only; what was fitted, a [`Step`], travels with the model, so that scoring does to a
//! number exactly what training did. A column is laid out as cells of S symbols x D days, cell =
//! symbol x D + day, and a missing number is NaN.

use serde::{Deserialize, Serialize};

use super::ModelError;

/// Scales a median absolute deviation to the standard deviation of a normal distribution.
const MAD_TO_DEVIATION: f64 = 1.4826;

/// What is done to every factor, in the config's words.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Processor {
    /// Cuts to the training cells' quantiles `tail` and 1 - `tail`.
    WinsoriseQuantile {
        /// The share cut off at each end, 0 up to but not including 0.5.
        tail: f64,
    },
    /// Cuts to median +- `deviations` x 1.4826 x median absolute deviation of the training cells.
    WinsoriseMad {
        /// How far from the median, above 0.
        deviations: f64,
    },
    /// (x - mean) / standard deviation (ddof 1), both of the training cells.
    ZscoreTrain,
    /// (x - mean) / standard deviation (ddof 1), both of all symbols on the same day; 0 where the day
    /// has one value.
    ZscoreByDay,
    /// Place among all symbols on the same day: (rank - 0.5) / n - 0.5 with ties at their mean rank.
    RankByDay,
    /// Puts a number where there is none.
    Fill {
        /// Which number.
        with: FillWith,
    },
}

/// The number that takes a missing one's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillWith {
    /// The training cells' median.
    Median,
    /// 0, which is the mean after a z-score and the middle after a rank.
    Zero,
}

impl Processor {
    /// What is done where nobody says otherwise.
    pub const DEFAULT: [Self; 2] = [Self::WinsoriseQuantile { tail: 0.01 }, Self::ZscoreTrain];

    /// Checks the parameters.
    ///
    /// # Errors
    /// Names the parameter that is out of range.
    pub fn check(&self) -> Result<(), ModelError> {
        let (key, got, allowed, sound) = match *self {
            Self::WinsoriseQuantile { tail } => ("tail", tail, "0 up to below 0.5", (0.0..0.5).contains(&tail)),
            Self::WinsoriseMad { deviations } => {
                ("deviations", deviations, "a number above 0", deviations.is_finite() && deviations > 0.0)
            }
            Self::ZscoreTrain | Self::ZscoreByDay | Self::RankByDay | Self::Fill { .. } => return Ok(()),
        };
        if sound { Ok(()) } else { Err(ModelError::Parameter { key, got, allowed }) }
    }

    /// Fits the processor on the known values of a column's training cells.
    ///
    /// # Errors
    /// Says in words why the column cannot be processed.
    pub(super) fn fit(&self, training: impl Iterator<Item = f64>) -> Result<Step, String> {
        let values = || -> Result<Vec<f64>, String> {
            let mut sorted: Vec<f64> = training.filter(|value| value.is_finite()).collect();
            sorted.sort_by(f64::total_cmp);
            if sorted.is_empty() { Err("it has no value in the training part".into()) } else { Ok(sorted) }
        };
        Ok(match *self {
            Self::ZscoreByDay => Step::ZscoreByDay,
            Self::RankByDay => Step::RankByDay,
            Self::Fill { with: FillWith::Zero } => Step::Fill { value: 0.0 },
            Self::Fill { with: FillWith::Median } => Step::Fill { value: quantile(&values()?, 0.5) },
            Self::WinsoriseQuantile { tail } => {
                let sorted = values()?;
                clip(&sorted, quantile(&sorted, tail), quantile(&sorted, 1.0 - tail))
            }
            Self::WinsoriseMad { deviations } => {
                let sorted = values()?;
                let median = quantile(&sorted, 0.5);
                let mut distances: Vec<f64> = sorted.iter().map(|value| (value - median).abs()).collect();
                distances.sort_by(f64::total_cmp);
                let reach = deviations * MAD_TO_DEVIATION * quantile(&distances, 0.5);
                clip(&sorted, median - reach, median + reach)
            }
            Self::ZscoreTrain => {
                let (mean, deviation) = moments(&values()?);
                if !(deviation > 1e-12 * mean.abs() && deviation.is_finite()) {
                    return Err("it does not vary in the training part".into());
                }
                Step::Zscore { mean, deviation }
            }
        })
    }
}

/// Cuts at two bounds; where they coincide, a rare event (a limit-up, say) lies wholly in the tail and
/// cutting it would erase it, so that nothing is cut.
fn clip(sorted: &[f64], lower: f64, upper: f64) -> Step {
    let ends = (sorted.first().copied().unwrap_or(lower), sorted.last().copied().unwrap_or(upper));
    let (lower, upper) = if lower < upper { (lower, upper) } else { ends };
    Step::Clip { lower, upper }
}

/// A fitted processor of one column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Cuts to `lower..=upper`.
    Clip {
        /// The smallest value kept.
        lower: f64,
        /// The largest value kept.
        upper: f64,
    },
    /// (x - mean) / deviation.
    Zscore {
        /// The training mean.
        mean: f64,
        /// The training deviation, above 0.
        deviation: f64,
    },
    /// As [`Processor::ZscoreByDay`].
    ZscoreByDay,
    /// As [`Processor::RankByDay`].
    RankByDay,
    /// Puts `value` where there is none.
    Fill {
        /// The number.
        value: f64,
    },
}

impl Step {
    /// Applies the step to a column of `days` days; `present` says which cells are there at all: a
    /// symbol that was not listed is not filled.
    pub(super) fn apply(&self, column: &mut [f64], days: usize, present: &[bool]) {
        match *self {
            // NaN passes clamp unchanged; the bounds are in order, which `check` has seen to.
            Self::Clip { lower, upper } => {
                for value in column {
                    *value = value.clamp(lower, upper);
                }
            }
            Self::Zscore { mean, deviation } => {
                for value in column {
                    *value = (*value - mean) / deviation;
                }
            }
            Self::Fill { value: filling } => {
                let gaps = column.iter_mut().zip(present).filter(|(value, present)| **present && value.is_nan());
                gaps.for_each(|(value, _)| *value = filling);
            }
            Self::ZscoreByDay => by_day(column, days, zscore),
            Self::RankByDay => by_day(column, days, rank),
        }
    }

    pub(super) fn check(&self) -> bool {
        match *self {
            Self::Clip { lower, upper } => lower.is_finite() && upper.is_finite() && lower <= upper,
            Self::Zscore { mean, deviation } => mean.is_finite() && deviation.is_finite() && deviation > 0.0,
            Self::Fill { value } => value.is_finite(),
            Self::ZscoreByDay | Self::RankByDay => true,
        }
    }
}

/// Replaces the known values of each day by what `change` makes of them, which come in symbol order.
fn by_day(column: &mut [f64], days: usize, change: fn(&mut [f64])) {
    let mut known = Vec::new();
    for day in 0..days {
        known.clear();
        known.extend(column.iter().skip(day).step_by(days).filter(|value| !value.is_nan()));
        change(&mut known);
        let cells = column.iter_mut().skip(day).step_by(days).filter(|value| !value.is_nan());
        cells.zip(&known).for_each(|(cell, value)| *cell = *value);
    }
}

fn zscore(values: &mut [f64]) {
    let (mean, deviation) = moments(values);
    let flat = !(deviation > 1e-12 * mean.abs() && deviation.is_finite());
    for value in values {
        *value = if flat { 0.0 } else { (*value - mean) / deviation };
    }
}

fn rank(values: &mut [f64]) {
    let mut order: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    order.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    let count = values.len() as f64;
    let mut below = 0;
    // -0 and 0 are equal numbers and follow each other in the total order.
    for ties in order.chunk_by(|(left, _), (right, _)| left == right) {
        let mean_rank = below as f64 + f64::midpoint(ties.len() as f64, 1.0);
        for (_, at) in ties {
            if let Some(slot) = values.get_mut(*at) {
                *slot = (mean_rank - 0.5) / count - 0.5;
            }
        }
        below += ties.len();
    }
}

/// Returns mean and standard deviation (ddof 1); the deviation of fewer than two values is 0.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 })
}

/// Returns a quantile of ascending values, between neighbours by linear interpolation; NaN of none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let at = |place: f64| sorted.get(place as usize).copied().unwrap_or(f64::NAN);
    let (low, high) = (at(place.floor()), at(place.ceil()));
    low + (high - low) * (place - place.floor())
}

#[cfg(test)]
#[path = "processor_tests.rs"]
mod tests;
