//! Covariance and correlation of two windows, over the rows where both are known.

use super::{
    DEVIATION_MIN,
    fold::{Fold, fold},
    known, moment, set, value_at,
};
use crate::research::factor::graph::PairStatistic;

/// The count, both means, and the sums of squared and of multiplied distances from them.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairMoments {
    pub(super) count: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) left_squares: f64,
    pub(super) right_squares: f64,
    pub(super) products: f64,
}

impl PairMoments {
    pub(super) const EMPTY: Self =
        Self { count: 0.0, left: 0.0, right: 0.0, left_squares: 0.0, right_squares: 0.0, products: 0.0 };

    pub(super) fn of(left: f64, right: f64) -> Self {
        Self { count: 1.0, left, right, ..Self::EMPTY }
    }

    pub(super) fn merged(self, newer: Self) -> Self {
        if self.count == 0.0 {
            return newer;
        }
        if newer.count == 0.0 {
            return self;
        }
        let count = self.count + newer.count;
        let share = newer.count / count;
        let (left, right) = (newer.left - self.left, newer.right - self.right);
        let weight = self.count * share;
        Self {
            count,
            left: self.left + left * share,
            right: self.right + right * share,
            left_squares: self.left_squares + newer.left_squares + left * left * weight,
            right_squares: self.right_squares + newer.right_squares + right * right * weight,
            products: self.products + newer.products + left * right * weight,
        }
    }

    fn covariance(self) -> f64 {
        if self.count < 2.0 { f64::NAN } else { self.products / (self.count - 1.0) }
    }

    fn correlation(self) -> f64 {
        if self.count < 2.0 { f64::NAN } else { self.products / (self.left_squares * self.right_squares).sqrt() }
    }
}

struct Pairs<'a>(&'a [f64], &'a [f64]);

impl Fold for Pairs<'_> {
    type State = PairMoments;

    fn empty(&self) -> PairMoments {
        PairMoments::EMPTY
    }

    fn single(&self, row: usize, _: usize) -> PairMoments {
        let pair = known(value_at(self.0, row)).zip(known(value_at(self.1, row)));
        pair.map_or(PairMoments::EMPTY, |(left, right)| PairMoments::of(left, right))
    }

    fn merge(&self, older: PairMoments, newer: PairMoments) -> PairMoments {
        older.merged(newer)
    }
}

/// Computes a statistic of the pairs.
pub(in crate::research::factor) fn pairs(
    statistic: PairStatistic,
    left: &[f64],
    right: &[f64],
    rows: usize,
    origin: usize,
    out: &mut [f64],
) {
    let length = left.len().min(right.len());
    fold(&Pairs(left, right), length, rows, origin, |row, _, pair| {
        let value = match statistic {
            PairStatistic::Cov => pair.covariance(),
            PairStatistic::Corr => pair.correlation(),
        };
        set(out, row, value);
    });
    if statistic == PairStatistic::Corr {
        // Each side is tested on all of its own values, paired or not.
        for side in [left, right] {
            moment::each(side, rows, origin, |row, moments| {
                if moments.variance().sqrt() <= DEVIATION_MIN {
                    set(out, row, f64::NAN);
                }
            });
        }
    }
}
