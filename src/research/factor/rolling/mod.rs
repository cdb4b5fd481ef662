//! Rolling kernels over one symbol's rows. All take `rows`, the window, and `origin`, the number of the
//! first row in the calendar: a value depends on the values of its window and on where that window lies
//! in the calendar, on nothing else, so that the last rows alone come out with the same bytes.

mod extreme;
mod fold;
mod line;
mod moment;
mod order;
mod pair;
mod smooth;
mod sum;

pub(super) use {
    extreme::extremes, line::lines, moment::moments, order::orders, pair::pairs, smooth::exponential, sum::sums,
};

use super::graph::Statistic;

/// A statistic and where its values go.
pub(super) type Wanted<'a> = (Statistic, &'a mut [f64]);

/// A standard deviation this near to zero is none: neither correlation nor R squared is defined.
const DEVIATION_MIN: f64 = 2e-5;

/// Returns the value where it is a number; an infinite one counts as missing, as in every window.
fn known(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn value_at(values: &[f64], row: usize) -> f64 {
    values.get(row).copied().unwrap_or(f64::NAN)
}

fn set(out: &mut [f64], row: usize, value: f64) {
    if let Some(cell) = out.get_mut(row) {
        *cell = value;
    }
}
