//! The table of price-volume factors. A kernel sees one symbol's traded sessions and gives a number
//! for each; at session i it may read sessions 0..=i only.

use super::{Series, Window};

/// One factor: its name, its formula, and how it is computed.
#[derive(Debug, Clone, Copy)]
pub struct Kernel {
    /// The column's name. The `5d` in it is the default window; `lookback` of the set decides.
    pub name: &'static str,
    /// o h l c v a: adjusted open, high, low, close, volume and amount; t the session, n the window.
    pub formula: &'static str,
    /// Computes session i of a series.
    pub at: fn(&Series, usize, Window) -> f64,
}

/// Every price-volume factor of the set `ultrashort_core`, in its order.
pub const KERNELS: [Kernel; 13] = [
    Kernel { name: "F_gap_open", formula: "o[t] / c[t-1] - 1", at: gap_open },
    Kernel { name: "F_ret_intraday", formula: "c[t] / o[t] - 1", at: ret_intraday },
    Kernel { name: "F_ret_5d", formula: "c[t] / c[t-n] - 1", at: ret_window },
    Kernel { name: "F_high_break_5d", formula: "c[t] / max(h[t-n..t-1]) - 1", at: high_break },
    Kernel {
        name: "F_close_pos_5d",
        formula: "(c[t] - min(l[t-n+1..t])) / (max(h[t-n+1..t]) - min(l[t-n+1..t])); missing where the range is empty",
        at: close_position,
    },
    Kernel { name: "F_vol_ratio_5d", formula: "v[t] / mean(v[t-n..t-1])", at: volume_ratio },
    Kernel { name: "F_amt_ratio_5d", formula: "a[t] / mean(a[t-n..t-1])", at: amount_ratio },
    Kernel {
        name: "F_turn_z_5d",
        formula: "(v[t] - mean(v[t-n+1..t])) / std(v[t-n+1..t]), ddof 1: the z-score of the turnover rate, \
                  from which the free float cancels while it is constant over the window",
        at: turnover_z,
    },
    Kernel { name: "F_intraday_range", formula: "(h[t] - l[t]) / c[t-1]", at: intraday_range },
    Kernel {
        name: "F_limit_up_freq_5d",
        formula: "share of t-n+1..t whose raw close is the exchange's upper price limit of that day",
        at: limit_up_frequency,
    },
    Kernel {
        name: "F_big_down_freq_5d",
        formula: "share of i in t-n+1..t with c[i] / c[i-1] - 1 <= big_down",
        at: big_down_frequency,
    },
    Kernel { name: "F_drawdown_5d", formula: "c[t] / max(c[t-n+1..t]) - 1", at: drawdown },
    Kernel {
        name: "F_gap_down_risk",
        formula: "mean over i in t-n+1..t of max(0, 1 - o[i] / c[i-1])",
        at: gap_down_risk,
    },
];

/// Prices carry rounding of the adjustment factor; a move this close to a threshold reaches it. It
/// is far below one tick of any price.
pub(crate) const TOUCH: f64 = 1e-9;

fn gap_open(series: &Series, i: usize, _: Window) -> f64 {
    change(get(&series.open, i), before(&series.close, i, 1))
}

fn ret_intraday(series: &Series, i: usize, _: Window) -> f64 {
    change(get(&series.close, i), get(&series.open, i))
}

fn ret_window(series: &Series, i: usize, window: Window) -> f64 {
    change(get(&series.close, i), before(&series.close, i, window.lookback))
}

fn high_break(series: &Series, i: usize, window: Window) -> f64 {
    change(get(&series.close, i), max(earlier(&series.high, i, window.lookback)))
}

fn close_position(series: &Series, i: usize, window: Window) -> f64 {
    let high = max(last(&series.high, i, window.lookback));
    let low = min(last(&series.low, i, window.lookback));
    ratio(get(&series.close, i) - low, high - low)
}

fn volume_ratio(series: &Series, i: usize, window: Window) -> f64 {
    ratio(get(&series.volume, i), mean(earlier(&series.volume, i, window.lookback)))
}

fn amount_ratio(series: &Series, i: usize, window: Window) -> f64 {
    ratio(get(&series.amount, i), mean(earlier(&series.amount, i, window.lookback)))
}

fn turnover_z(series: &Series, i: usize, window: Window) -> f64 {
    let Some(values) = last(&series.volume, i, window.lookback) else { return f64::NAN };
    let mean = mean(Some(values));
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (values.len() as f64 - 1.0)).sqrt();
    // A window of equal volumes has a deviation of rounding errors, not of trading.
    if deviation <= TOUCH * mean { f64::NAN } else { ratio(get(values, values.len() - 1) - mean, deviation) }
}

fn intraday_range(series: &Series, i: usize, _: Window) -> f64 {
    ratio(get(&series.high, i) - get(&series.low, i), before(&series.close, i, 1))
}

fn limit_up_frequency(series: &Series, i: usize, window: Window) -> f64 {
    mean(last(&series.limit_up, i, window.lookback))
}

fn big_down_frequency(series: &Series, i: usize, window: Window) -> f64 {
    pairs_mean(&series.close, &series.close, i, window.lookback, |close, previous| {
        let fall = change(close, previous);
        if fall.is_nan() { fall } else { f64::from(u8::from(fall <= window.big_down + TOUCH)) }
    })
}

fn drawdown(series: &Series, i: usize, window: Window) -> f64 {
    change(get(&series.close, i), max(last(&series.close, i, window.lookback)))
}

fn gap_down_risk(series: &Series, i: usize, window: Window) -> f64 {
    pairs_mean(&series.open, &series.close, i, window.lookback, |open, previous| {
        let gap = change(open, previous);
        if gap.is_nan() { gap } else { (-gap).max(0.0) }
    })
}

/// Averages `of(now[k], previous[k-1])` over the n sessions that end at i.
fn pairs_mean(now: &[f64], previous: &[f64], i: usize, n: usize, of: impl Fn(f64, f64) -> f64) -> f64 {
    let (Some(now), Some(previous)) = (last(now, i, n), earlier(previous, i, n)) else { return f64::NAN };
    now.iter().zip(previous).map(|(now, previous)| of(*now, *previous)).sum::<f64>() / n as f64
}

fn get(values: &[f64], i: usize) -> f64 {
    values.get(i).copied().unwrap_or(f64::NAN)
}

fn before(values: &[f64], i: usize, n: usize) -> f64 {
    i.checked_sub(n).map_or(f64::NAN, |k| get(values, k))
}

/// Returns the n sessions that end at i.
fn last(values: &[f64], i: usize, n: usize) -> Option<&[f64]> {
    values.get((i + 1).checked_sub(n)?..=i)
}

/// Returns the n sessions before i.
fn earlier(values: &[f64], i: usize, n: usize) -> Option<&[f64]> {
    values.get(i.checked_sub(n)?..i)
}

/// Returns the largest; NaN where one is unknown or the window is incomplete.
fn max(window: Option<&[f64]>) -> f64 {
    extreme(window, f64::max)
}

fn min(window: Option<&[f64]>) -> f64 {
    extreme(window, f64::min)
}

fn extreme(window: Option<&[f64]>, pick: fn(f64, f64) -> f64) -> f64 {
    // f64::max and f64::min pass over NaN, which would hide an unknown value.
    match window {
        Some(values) if !values.iter().any(|value| value.is_nan()) => {
            values.iter().copied().reduce(pick).unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

fn mean(window: Option<&[f64]>) -> f64 {
    window.map_or(f64::NAN, |values| values.iter().sum::<f64>() / values.len() as f64)
}

fn change(now: f64, then: f64) -> f64 {
    ratio(now, then) - 1.0
}

/// Returns the quotient, or NaN where the divisor is zero.
fn ratio(above: f64, below: f64) -> f64 {
    if below == 0.0 { f64::NAN } else { above / below }
}

#[cfg(test)]
#[path = "kernel_tests.rs"]
mod tests;
