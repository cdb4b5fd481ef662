//! Sum, mean and count of a window.

use super::{
    Statistic, Wanted,
    fold::{Fold, fold},
    known, set, value_at,
};

struct Sums<'a>(&'a [f64]);

impl Fold for Sums<'_> {
    /// The sum and the count of known values.
    type State = (f64, f64);

    fn empty(&self) -> Self::State {
        (0.0, 0.0)
    }

    fn single(&self, row: usize, _: usize) -> Self::State {
        known(value_at(self.0, row)).map_or((0.0, 0.0), |value| (value, 1.0))
    }

    fn merge(&self, older: Self::State, newer: Self::State) -> Self::State {
        (older.0 + newer.0, older.1 + newer.1)
    }
}

/// Computes sums, means and counts.
pub(in crate::research::factor) fn sums(values: &[f64], rows: usize, origin: usize, wanted: &mut [Wanted<'_>]) {
    fold(&Sums(values), values.len(), rows, origin, |row, _, (sum, count)| {
        for (statistic, out) in &mut *wanted {
            let value = match statistic {
                Statistic::Count => count,
                _ if count == 0.0 => f64::NAN,
                Statistic::Mean => sum / count,
                _ => sum,
            };
            set(out, row, value);
        }
    });
}
