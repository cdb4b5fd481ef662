//! The exponential mean. It remembers every row so far, so it cannot start in the middle.

use super::known;

/// Computes the exponential mean of span `rows`: the newest weight is 1, each row older 1 - 2 / (rows + 1)
/// times that, over the weights of the known values.
pub(in crate::research::factor) fn exponential(values: &[f64], rows: usize, out: &mut [f64]) {
    let decay = 1.0 - 2.0 / (rows as f64 + 1.0);
    let (mut mean, mut weight) = (f64::NAN, 0.0);
    for (out, value) in out.iter_mut().zip(values) {
        weight *= decay;
        if let Some(value) = known(*value) {
            let before = if weight == 0.0 { value } else { mean };
            mean = (weight * before + value) / (weight + 1.0);
            weight += 1.0;
        }
        *out = mean;
    }
}
