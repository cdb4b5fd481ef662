//! The least-squares line over time through the known values of a window, and the mean weighted by time.

use super::{
    DEVIATION_MIN, Statistic, Wanted,
    fold::{Fold, fold},
    known,
    pair::PairMoments,
    set, value_at,
};

struct Lines<'a> {
    values: &'a [f64],
    rows: f64,
}

impl Fold for Lines<'_> {
    /// Left is time, counted from the beginning of the current block; right is the value.
    type State = PairMoments;

    fn empty(&self) -> PairMoments {
        PairMoments::EMPTY
    }

    fn single(&self, row: usize, offset: usize) -> PairMoments {
        known(value_at(self.values, row)).map_or(PairMoments::EMPTY, |value| PairMoments::of(offset as f64, value))
    }

    fn merge(&self, older: PairMoments, newer: PairMoments) -> PairMoments {
        older.merged(newer)
    }

    fn aged(&self, state: PairMoments) -> PairMoments {
        PairMoments { left: state.left - self.rows, ..state }
    }
}

/// Computes slopes, R squared, residuals of today and weighted means.
pub(in crate::research::factor) fn lines(values: &[f64], rows: usize, origin: usize, wanted: &mut [Wanted<'_>]) {
    let lines = Lines { values, rows: rows as f64 };
    fold(&lines, values.len(), rows, origin, |row, offset, line| {
        for (statistic, out) in &mut *wanted {
            let value = match statistic {
                Statistic::Slope => slope(line),
                Statistic::Rsquare => r_square(line),
                Statistic::Resi => residual(line, offset as f64, value_at(values, row)),
                _ => weighted(line, offset as f64, rows.min(row + 1) as f64),
            };
            set(out, row, value);
        }
    });
}

fn slope(line: PairMoments) -> f64 {
    if line.count < 2.0 { f64::NAN } else { line.products / line.left_squares }
}

fn r_square(line: PairMoments) -> f64 {
    let deviation = (line.right_squares / (line.count - 1.0)).sqrt();
    if line.count < 2.0 || deviation <= DEVIATION_MIN {
        f64::NAN
    } else {
        line.products * line.products / (line.left_squares * line.right_squares)
    }
}

fn residual(line: PairMoments, now: f64, value: f64) -> f64 {
    match known(value) {
        Some(value) => value - (line.right + slope(line) * (now - line.left)),
        None => f64::NAN,
    }
}

/// Returns the mean with weights 1 for the oldest of `length` rows to `length` for today.
fn weighted(line: PairMoments, now: f64, length: f64) -> f64 {
    if line.count == 0.0 {
        return f64::NAN;
    }
    let mean_weight = length - (now - line.left);
    line.right + line.products / (line.count * mean_weight)
}
