//! Variance and standard deviation of a window, divisor n - 1.

use super::{
    Statistic, Wanted,
    fold::{Fold, fold},
    known, set, value_at,
};

/// The count, the mean, and the sum of squared distances from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    const EMPTY: Self = Self { count: 0.0, mean: 0.0, squares: 0.0 };

    /// Returns the variance; missing for fewer than two values.
    pub(super) fn variance(self) -> f64 {
        if self.count < 2.0 { f64::NAN } else { self.squares / (self.count - 1.0) }
    }
}

struct Folding<'a>(&'a [f64]);

impl Fold for Folding<'_> {
    type State = Moments;

    fn empty(&self) -> Moments {
        Moments::EMPTY
    }

    fn single(&self, row: usize, _: usize) -> Moments {
        known(value_at(self.0, row)).map_or(Moments::EMPTY, |mean| Moments { count: 1.0, mean, squares: 0.0 })
    }

    fn merge(&self, older: Moments, newer: Moments) -> Moments {
        if older.count == 0.0 {
            return newer;
        }
        if newer.count == 0.0 {
            return older;
        }
        let count = older.count + newer.count;
        let (distance, share) = (newer.mean - older.mean, newer.count / count);
        Moments {
            count,
            mean: older.mean + distance * share,
            squares: older.squares + newer.squares + distance * distance * older.count * share,
        }
    }
}

/// Calls `emit` with the moments of every window.
pub(super) fn each(values: &[f64], rows: usize, origin: usize, mut emit: impl FnMut(usize, Moments)) {
    fold(&Folding(values), values.len(), rows, origin, |row, _, moments| emit(row, moments));
}

/// Computes variances and standard deviations.
pub(in crate::research::factor) fn moments(values: &[f64], rows: usize, origin: usize, wanted: &mut [Wanted<'_>]) {
    each(values, rows, origin, |row, moments| {
        let variance = moments.variance();
        for (statistic, out) in &mut *wanted {
            set(out, row, if *statistic == Statistic::Var { variance } else { variance.sqrt() });
        }
    });
}
