//! The largest and smallest value of a window and its place.

use super::{
    Statistic, Wanted,
    fold::{Fold, fold},
    known, set, value_at,
};

const NOWHERE: usize = usize::MAX;

/// The largest value, its row, and the first row without a value.
#[derive(Debug, Clone, Copy)]
struct Peak {
    value: f64,
    row: usize,
    missing: usize,
}

struct Peaks<'a> {
    values: &'a [f64],
    /// 1 for the largest, -1 for the smallest.
    sign: f64,
}

impl Fold for Peaks<'_> {
    type State = Peak;

    fn empty(&self) -> Peak {
        Peak { value: f64::NEG_INFINITY, row: NOWHERE, missing: NOWHERE }
    }

    fn single(&self, row: usize, _: usize) -> Peak {
        match known(value_at(self.values, row)) {
            Some(value) => Peak { value: value * self.sign, row, missing: NOWHERE },
            None => Peak { missing: row, ..self.empty() },
        }
    }

    fn merge(&self, older: Peak, newer: Peak) -> Peak {
        let missing = older.missing.min(newer.missing);
        // Of equal values the older counts.
        if newer.value > older.value { Peak { missing, ..newer } } else { Peak { missing, ..older } }
    }
}

/// Computes the largest values and their places, with sign -1 the smallest.
pub(in crate::research::factor) fn extremes(
    values: &[f64],
    sign: f64,
    rows: usize,
    origin: usize,
    wanted: &mut [Wanted<'_>],
) {
    fold(&Peaks { values, sign }, values.len(), rows, origin, |row, _, peak| {
        let first = (row + 1).saturating_sub(rows);
        for (statistic, out) in &mut *wanted {
            let value = if peak.row == NOWHERE {
                f64::NAN
            } else if matches!(statistic, Statistic::Max | Statistic::Min) {
                peak.value * sign
            } else {
                // As numpy's argmax: the first missing value is larger than any number.
                let place = if peak.missing == NOWHERE { peak.row } else { peak.missing };
                (place - first + 1) as f64
            };
            set(out, row, value);
        }
    });
}
