//! The families of labels as functions of a future: today's close and the sessions that follow.
//! Thresholds are inclusive, with `TOUCH` for the rounding of adjusted prices: 10.00 to 9.80 is a
//! fall of 2 %, though its floating-point quotient falls short of it.

use crate::{config::Family, research::factor::TOUCH};

/// Adjusted prices from today's close on. Each slice covers sessions t+1..t+n; NaN where the symbol
/// did not trade.
#[derive(Debug, Clone, Copy)]
pub(super) struct Future<'a> {
    /// Today's close.
    pub(super) close: f64,
    /// Closes of t+1..t+n.
    pub(super) closes: &'a [f64],
    /// Highs of t+1..t+n.
    pub(super) highs: &'a [f64],
    /// Lows of t+1..t+n.
    pub(super) lows: &'a [f64],
}

/// Thresholds of the outcome family.
#[derive(Debug, Clone, Copy)]
struct Bands {
    big_up: f64,
    up: f64,
    down: f64,
    big_down: f64,
}

/// Computes a label that looks at prices; NaN where a price it reads is unknown. A direction and a
/// copy read other columns and give NaN here.
pub(super) fn value(family: &Family, future: Future<'_>) -> f64 {
    match *family {
        Family::Return { log, clip } => clipped(forward_return(future, log), clip),
        Family::BarrierTp { pct } => flag(runup(future), |runup| reaches_up(runup, pct)),
        Family::BarrierSl { pct } => flag(drawdown(future), |drawdown| reaches_down(drawdown, -pct)),
        Family::MaxRunup => runup(future),
        Family::MaxDrawdown => drawdown(future),
        Family::Outcome { big_up, up, down, big_down } => outcome(future, Bands { big_up, up, down, big_down }),
        Family::Direction { .. } | Family::Copy { .. } => f64::NAN,
    }
}

/// Classifies a base label: -1, 0 or 1; NaN stays NaN.
pub(super) fn direction(base: f64, neg: f64, pos: f64) -> f64 {
    flag(base, |base| reaches_up(base, pos)) - flag(base, |base| reaches_down(base, neg))
}

fn forward_return(future: Future<'_>, log: bool) -> f64 {
    let growth = future.closes.last().map_or(f64::NAN, |close| close / future.close);
    if log { growth.ln() } else { growth - 1.0 }
}

fn clipped(value: f64, clip: Option<f64>) -> f64 {
    match clip {
        Some(clip) if value > clip => clip,
        Some(clip) if value < -clip => -clip,
        _ => value,
    }
}

fn runup(future: Future<'_>) -> f64 {
    moves(future.highs, future.close).fold(f64::NEG_INFINITY, |most, next| keep_nan(most, next, f64::max))
}

fn drawdown(future: Future<'_>) -> f64 {
    moves(future.lows, future.close).fold(f64::INFINITY, |least, next| keep_nan(least, next, f64::min))
}

fn outcome(future: Future<'_>, bands: Bands) -> f64 {
    let (runup, drawdown) = (runup(future), drawdown(future));
    if runup.is_nan() || drawdown.is_nan() {
        return f64::NAN;
    }
    let gain = first_reached(runup, [(2.0, bands.big_up), (1.0, bands.up)], reaches_up)
        .map(|(class, threshold)| (class, session(future.highs, future.close, |high| reaches_up(high, threshold))));
    let loss = first_reached(drawdown, [(-2.0, bands.big_down), (-1.0, bands.down)], reaches_down)
        .map(|(class, threshold)| (class, session(future.lows, future.close, |low| reaches_down(low, threshold))));
    match (gain, loss) {
        (None, None) => 0.0,
        (Some((class, _)), None) | (None, Some((class, _))) => class,
        // On one session the order of high and low is not known: the loss is assumed.
        (Some((gain, up)), Some((loss, down))) => {
            if up < down {
                gain
            } else {
                loss
            }
        }
    }
}

/// Returns the class and threshold of the larger band that `extreme` reaches.
fn first_reached(extreme: f64, bands: [(f64, f64); 2], reaches: fn(f64, f64) -> bool) -> Option<(f64, f64)> {
    bands.into_iter().find(|(_, threshold)| reaches(extreme, *threshold))
}

/// Returns the first session on which the move from `close` passes.
fn session(prices: &[f64], close: f64, passes: impl Fn(f64) -> bool) -> Option<usize> {
    moves(prices, close).position(passes)
}

fn moves(prices: &[f64], close: f64) -> impl Iterator<Item = f64> {
    prices.iter().map(move |price| price / close - 1.0)
}

fn keep_nan(left: f64, right: f64, pick: fn(f64, f64) -> f64) -> f64 {
    if left.is_nan() || right.is_nan() { f64::NAN } else { pick(left, right) }
}

fn flag(value: f64, passes: impl Fn(f64) -> bool) -> f64 {
    if value.is_nan() { value } else { f64::from(u8::from(passes(value))) }
}

fn reaches_up(value: f64, threshold: f64) -> bool {
    value >= threshold - TOUCH
}

fn reaches_down(value: f64, threshold: f64) -> bool {
    value <= threshold + TOUCH
}

#[cfg(test)]
mod tests {
    use super::{Family, Future, direction, value};

    const OUTCOME: Family = Family::Outcome { big_up: 0.06, up: 0.03, down: -0.03, big_down: -0.06 };

    fn at(family: &Family, highs: &[f64], lows: &[f64]) -> f64 {
        value(family, Future { close: 100.0, closes: lows, highs, lows })
    }

    #[test]
    fn outcome_follows_which_side_is_reached_first() {
        let cases: [(&str, [f64; 3], [f64; 3], f64); 10] = [
            ("nothing reached", [101.0, 102.0, 102.9], [99.0, 98.0, 97.1], 0.0),
            ("big gain", [101.0, 106.0, 101.0], [99.0; 3], 2.0),
            ("gain", [101.0, 105.9, 101.0], [99.0; 3], 1.0),
            ("loss", [101.0; 3], [99.0, 97.0, 99.0], -1.0),
            ("big loss", [101.0; 3], [99.0, 97.0, 94.0], -2.0),
            ("big gain before big loss", [106.0, 101.0, 101.0], [99.0, 99.0, 90.0], 2.0),
            ("big loss before big gain", [101.0, 101.0, 106.0], [94.0, 99.0, 99.0], -2.0),
            ("both on one session", [101.0, 107.0, 101.0], [99.0, 90.0, 99.0], -2.0),
            // The gain's class is 2, reached on the third session; the loss's is 1, on the second.
            ("small loss before the big gain", [104.0, 101.0, 106.0], [99.0, 97.0, 99.0], -1.0),
            ("unknown session", [107.0, f64::NAN, 101.0], [99.0, f64::NAN, 99.0], f64::NAN),
        ];
        for (name, highs, lows, expected) in cases {
            let got = at(&OUTCOME, &highs, &lows);
            assert!(got == expected || (got.is_nan() && expected.is_nan()), "{name}: {got}, expected {expected}");
        }
    }

    #[test]
    fn thresholds_are_inclusive() {
        // 9.80 / 10.00 - 1 is -0.0199999999999999956 and 10.20 / 10.00 - 1 is 0.02000000000000001776.
        assert_eq!(direction(9.8 / 10.0 - 1.0, -0.02, 0.02), -1.0);
        assert_eq!(direction(10.2 / 10.0 - 1.0, -0.02, 0.02), 1.0);
        assert_eq!(direction(0.0199, -0.02, 0.02), 0.0);
        assert!(direction(f64::NAN, -0.02, 0.02).is_nan());
        assert_eq!(at(&Family::BarrierTp { pct: 0.03 }, &[103.0], &[100.0]), 1.0);
        assert_eq!(at(&Family::BarrierTp { pct: 0.03 }, &[102.99], &[100.0]), 0.0);
        assert_eq!(at(&Family::BarrierSl { pct: 0.03 }, &[100.0], &[97.0]), 1.0);
        assert_eq!(at(&Family::BarrierSl { pct: 0.03 }, &[100.0], &[97.01]), 0.0);
    }

    #[test]
    fn return_is_clipped_on_both_sides() {
        let family = |log, clip| Family::Return { log, clip };
        let close = |family: &Family, close| at(family, &[close], &[close]);
        assert!((close(&family(false, None), 110.0) - 0.1).abs() < 1e-12);
        assert!((close(&family(true, None), 110.0) - 1.1_f64.ln()).abs() < 1e-12);
        assert_eq!(close(&family(true, Some(0.3)), 200.0), 0.3);
        assert_eq!(close(&family(true, Some(0.3)), 50.0), -0.3);
        assert!(close(&family(true, Some(0.3)), f64::NAN).is_nan());
    }
}
