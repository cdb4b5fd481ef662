//! Quantiles of a window and the rank of its last value: the window is kept sorted.

use super::{Statistic, Wanted, known, set, value_at};

/// Computes quantiles and ranks.
pub(in crate::research::factor) fn orders(values: &[f64], rows: usize, wanted: &mut [Wanted<'_>]) {
    let mut sorted: Vec<f64> = Vec::with_capacity(rows.min(values.len()) + 1);
    for (row, value) in values.iter().enumerate() {
        let gone = row.checked_sub(rows).and_then(|gone| known(value_at(values, gone)));
        exchange(&mut sorted, gone, known(*value));
        for (statistic, out) in &mut *wanted {
            let value = match statistic {
                Statistic::Quantile(q) => quantile(&sorted, f64::from_bits(*q)),
                _ => rank(&sorted, *value),
            };
            set(out, row, value);
        }
    }
}

/// Takes one value out of a sorted list and puts another in.
fn exchange(sorted: &mut Vec<f64>, gone: Option<f64>, come: Option<f64>) {
    let place = |sorted: &[f64], value: f64| sorted.partition_point(|other| other.total_cmp(&value).is_lt());
    match (gone, come) {
        (Some(gone), Some(come)) => {
            let (from, to) = (place(sorted, gone), place(sorted, come));
            // Only what lies between the two places moves, by one.
            if from < to {
                if let Some(between) = sorted.get_mut(from..to) {
                    between.rotate_left(1);
                }
                set(sorted, to - 1, come);
            } else {
                if let Some(between) = sorted.get_mut(to..=from) {
                    between.rotate_right(1);
                }
                set(sorted, to, come);
            }
        }
        (Some(gone), None) => {
            let at = place(sorted, gone);
            if at < sorted.len() {
                sorted.remove(at);
            }
        }
        (None, Some(come)) => {
            let at = place(sorted, come);
            sorted.insert(at, come);
        }
        (None, None) => {}
    }
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = q * last as f64;
    let below = place.floor();
    let (low, high) = (value_at(sorted, below as usize), value_at(sorted, (below as usize + 1).min(last)));
    if place == below { low } else { low + (high - low) * (place - below) }
}

fn rank(sorted: &[f64], value: f64) -> f64 {
    if !value.is_finite() {
        return f64::NAN;
    }
    let less = sorted.partition_point(|other| *other < value);
    let equal = sorted.get(less..).unwrap_or_default().iter().take_while(|other| **other == value).count();
    (less as f64 + f64::midpoint(equal as f64, 1.0)) / sorted.len() as f64
}
