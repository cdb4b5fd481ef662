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

/// Returns the median: the mean of the two in the middle where their number is even; none of no values.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(*values.get(middle.checked_sub(1)?)?, upper)) }
}

/// Returns the upper median: one of the values, found without sorting them all; none of no values.
#[must_use]
pub fn upper_median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Returns `numerator / denominator`, or nothing when the denominator is zero.
pub(super) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    if denominator == 0.0 { None } else { finite(numerator / denominator) }
}

#[cfg(test)]
mod tests {
    use super::{median, upper_median};

    #[test]
    fn medians_differ_where_the_number_is_even() {
        for (values, middle, upper) in [
            (vec![], None, None),
            (vec![3.0], Some(3.0), Some(3.0)),
            (vec![4.0, 1.0], Some(2.5), Some(4.0)),
            (vec![9.0, 1.0, 2.0], Some(2.0), Some(2.0)),
            (vec![4.0, 1.0, 2.0, 8.0], Some(3.0), Some(4.0)),
        ] {
            assert_eq!((median(values.clone()), upper_median(values)), (middle, upper));
        }
    }
}
