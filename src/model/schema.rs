//! What a model expects of its input: the features by name and how each is scaled. The scaling is
//! fitted on training rows only and travels with the model.

use serde::{Deserialize, Serialize};

use super::ModelError;

/// How one feature is brought to scale: winsorised to `lower..=upper`, then (x - mean) / deviation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// The feature's name.
    pub name: String,
    /// The smallest value kept: the training rows' 1 % quantile.
    pub lower: f64,
    /// The largest value kept: the training rows' 99 % quantile.
    pub upper: f64,
    /// Mean of the winsorised training rows.
    pub mean: f64,
    /// Standard deviation (ddof 1) of the winsorised training rows; above 0.
    pub deviation: f64,
}

impl Scaling {
    /// The share cut off at each end.
    pub const TAIL: f64 = 0.01;

    /// Fits the scaling of a feature on its training values; none where they do not vary once the
    /// tails are cut, or one is not finite.
    #[must_use]
    pub fn fit(name: &str, values: &[f64]) -> Option<Self> {
        if values.len() < 2 || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (mut lower, mut upper) = (quantile(&sorted, Self::TAIL)?, quantile(&sorted, 1.0 - Self::TAIL)?);
        let varies = sorted.first() < sorted.last();
        if lower == upper {
            // A rare event (a limit-up, say) lies wholly in the tail; cutting it would erase it.
            (lower, upper) = (*sorted.first()?, *sorted.last()?);
        }
        let count = values.len() as f64;
        let mean = values.iter().map(|value| value.clamp(lower, upper)).sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value.clamp(lower, upper) - mean).powi(2)).sum();
        let deviation = (squares / (count - 1.0)).sqrt();
        (varies && deviation.is_finite() && deviation > 1e-12 * mean.abs()).then(|| Self {
            name: name.into(),
            lower,
            upper,
            mean,
            deviation,
        })
    }

    /// Scales one value; NaN stays NaN.
    #[must_use]
    pub fn scale(&self, value: f64) -> f64 {
        // NaN passes clamp unchanged.
        (value.clamp(self.lower, self.upper) - self.mean) / self.deviation
    }

    fn check(&self) -> Result<(), ModelError> {
        let numbers = [self.lower, self.upper, self.mean, self.deviation];
        let sound = numbers.iter().all(|number| number.is_finite()) && self.lower < self.upper && self.deviation > 0.0;
        if sound { Ok(()) } else { Err(ModelError::Invalid(format!("scaling of '{}' is out of range", self.name))) }
    }
}

/// The features of a model in column order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema {
    /// One for each column.
    pub features: Vec<Scaling>,
}

impl Schema {
    /// Returns the features' names in column order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|feature| feature.name.as_str())
    }

    /// Scales a row-major matrix of raw features; its width is the schema's.
    #[must_use]
    pub fn scale(&self, raw: &[f64]) -> Vec<f64> {
        raw.iter().zip(self.features.iter().cycle()).map(|(value, feature)| feature.scale(*value)).collect()
    }

    /// Checks that there is a feature, each once and in range.
    ///
    /// # Errors
    /// Names the first feature that is not sound.
    pub fn check(&self) -> Result<(), ModelError> {
        if self.features.is_empty() {
            return Err(ModelError::Invalid("it has no features".into()));
        }
        for (at, feature) in self.features.iter().enumerate() {
            feature.check()?;
            if self.features.iter().take(at).any(|earlier| earlier.name == feature.name) {
                return Err(ModelError::Invalid(format!("feature '{}' occurs twice", feature.name)));
            }
        }
        Ok(())
    }
}

/// Returns a quantile of ascending values, between neighbours by linear interpolation.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let below = place.floor();
    let low = *sorted.get(below as usize)?;
    let high = *sorted.get(place.ceil() as usize)?;
    Some(low + (high - low) * (place - below))
}

#[cfg(test)]
mod tests {
    use super::{Scaling, quantile};

    #[test]
    fn quantile_interpolates_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn outlier_is_cut_and_the_rest_is_centred() {
        let mut values: Vec<f64> = (0..1000).map(f64::from).collect();
        values.push(1e9);
        let scaling = Scaling::fit("F", &values).expect("they vary");
        assert_eq!(scaling.upper, 990.0);
        assert_eq!(scaling.scale(1e9), scaling.scale(990.0));
        let mean = values.iter().map(|value| scaling.scale(*value)).sum::<f64>() / 1001.0;
        assert!(mean.abs() < 1e-12, "{mean}");
        assert!(scaling.scale(f64::NAN).is_nan());
    }

    #[test]
    fn rare_event_is_kept() {
        let mut values = vec![0.0; 1000];
        values[3] = 1.0;
        let scaling = Scaling::fit("F", &values).expect("it varies");
        assert!(scaling.scale(1.0) > scaling.scale(0.0));
    }

    #[test]
    fn values_that_do_not_vary_have_no_scaling() {
        for values in [vec![], vec![1.0], vec![0.1; 50], vec![1.0, f64::NAN, 2.0], vec![1.0, f64::INFINITY]] {
            assert_eq!(Scaling::fit("F", &values), None, "{values:?}");
        }
    }
}
