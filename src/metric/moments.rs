//! Sums, means and standard deviations with one fixed order of addition. NaN is a missing value
//! and is left out.

/// Returns `value` when it is a number.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Returns the mean of the values that are there.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    let (sum, count) = values
        .iter()
        .filter(|value| !value.is_nan())
        .fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { None } else { finite(sum / count as f64) }
}

/// Returns the standard deviation with divisor n - 1; exactly 0 for equal values, so that no ratio
/// is built on rounding noise.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    let present: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let first = *present.first()?;
    if present.len() < 2 {
        return None;
    }
    if present.iter().all(|value| *value == first) {
        return Some(0.0);
    }
    let mean = mean(&present)?;
    let squares: f64 = present.iter().map(|value| (value - mean).powi(2)).sum();
    finite((squares / (present.len() - 1) as f64).sqrt())
}

/// Returns `numerator / denominator`, or nothing when the denominator is zero.
pub(super) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    if denominator == 0.0 { None } else { finite(numerator / denominator) }
}
