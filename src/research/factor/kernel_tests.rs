//! Tests of the factors' kernels on small series.

use super::{KERNELS, Series, Window};
use crate::{
    market::DailyPanel,
    research::testing::{bar, random_bars, sessions},
};

const WINDOW: Window = Window { lookback: 3, big_down: -0.05 };

fn factor(name: &str, series: &Series, i: usize) -> f64 {
    let kernel = KERNELS.iter().find(|kernel| kernel.name == name).expect(name);
    (kernel.at)(series, i, WINDOW)
}

/// Five sessions of one share: a limit-up on the third, a split of 2 for 1 before the fourth.
fn by_hand() -> Series {
    let rows = [
        // open, high, low, close, volume, amount, preclose, factor
        (10.0, 10.5, 9.5, 10.0, 1000, 10_000.0, 10.0, 1.0),
        (10.2, 10.4, 9.8, 10.0, 2000, 20_000.0, 10.0, 1.0),
        (10.0, 11.0, 10.0, 11.0, 3000, 32_000.0, 10.0, 1.0),
        (5.0, 5.4, 4.9, 5.2, 8000, 42_000.0, 5.5, 2.0),
        (5.2, 5.6, 5.1, 5.5, 4000, 22_000.0, 5.2, 2.0),
    ];
    let bars: Vec<_> = rows
        .into_iter()
        .zip(sessions("2020-03-02", 5))
        .map(|((open, high, low, close, volume, amount, preclose, adj_factor), date)| {
            let mut bar = bar("600000.SH", date, close);
            (bar.open, bar.high, bar.low, bar.adj_factor) = (open, high, low, adj_factor);
            (bar.volume, bar.amount, bar.preclose) = (Some(volume), Some(amount), Some(preclose));
            bar
        })
        .collect();
    Series::of(&DailyPanel::from_bars(&bars), 0).remove(0)
}

#[test]
fn values_by_hand() {
    let series = by_hand();
    // Adjusted: closes 10 10 11 10.4 11, opens 10 10.2 10 10 10.4, highs 10.5 10.4 11 10.8 11.2,
    // lows 9.5 9.8 10 9.8 10.2, volumes 1000 2000 3000 4000 2000.
    let cases = [
        ("F_gap_open", 4, 0.0),
        ("F_gap_open", 3, 10.0 / 11.0 - 1.0),
        ("F_ret_intraday", 4, 11.0 / 10.4 - 1.0),
        ("F_ret_5d", 4, 0.1),
        ("F_high_break_5d", 4, 0.0),
        ("F_high_break_5d", 3, 10.4 / 11.0 - 1.0),
        ("F_close_pos_5d", 4, (11.0 - 9.8) / (11.2 - 9.8)),
        ("F_vol_ratio_5d", 4, 2000.0 / 3000.0),
        ("F_amt_ratio_5d", 3, 42_000.0 * 3.0 / 62_000.0),
        ("F_turn_z_5d", 4, -1.0),
        ("F_turn_z_5d", 3, 1.0),
        ("F_intraday_range", 3, 1.0 / 11.0),
        ("F_limit_up_freq_5d", 4, 1.0 / 3.0),
        ("F_limit_up_freq_5d", 2, 1.0 / 3.0),
        ("F_big_down_freq_5d", 4, 1.0 / 3.0),
        ("F_drawdown_5d", 3, 10.4 / 11.0 - 1.0),
        ("F_gap_down_risk", 4, (1.0 - 10.0 / 11.0) / 3.0),
    ];
    for (name, i, expected) in cases {
        let got = factor(name, &series, i);
        assert!((got - expected).abs() < 1e-12, "{name} at {i}: {got}, expected {expected}");
    }
}

#[test]
fn incomplete_windows_are_missing() {
    let series = by_hand();
    // The first session at which each factor is known, with a window of three.
    let first = [1, 0, 3, 3, 2, 3, 3, 2, 1, 2, 3, 2, 3];
    for (kernel, first) in KERNELS.iter().zip(first) {
        for i in 0..5 {
            let known = !(kernel.at)(&series, i, WINDOW).is_nan();
            assert_eq!(known, i >= first, "{} at {i}", kernel.name);
        }
    }
}

#[test]
fn unknown_value_makes_the_windows_that_hold_it_missing() {
    let mut series = by_hand();
    for values in [&mut series.high, &mut series.low, &mut series.close, &mut series.volume, &mut series.amount] {
        values[2] = f64::NAN;
    }
    (series.open[2], series.limit_up[2]) = (f64::NAN, f64::NAN);
    for kernel in KERNELS.iter().filter(|kernel| !["F_gap_open", "F_ret_5d"].contains(&kernel.name)) {
        let missing = (kernel.at)(&series, 4, WINDOW).is_nan();
        assert_eq!(missing, !["F_ret_intraday", "F_intraday_range"].contains(&kernel.name), "{}", kernel.name);
    }
}

#[test]
fn empty_range_and_equal_volumes_have_no_factor() {
    let bars: Vec<_> = sessions("2020-03-02", 5).into_iter().map(|date| bar("600000.SH", date, 10.0)).collect();
    let series = Series::of(&DailyPanel::from_bars(&bars), 0).remove(0);
    for name in ["F_close_pos_5d", "F_turn_z_5d"] {
        assert!(factor(name, &series, 4).is_nan(), "{name}");
    }
}

/// Each rolling factor again, from its formula, one term at a time.
fn by_formula(name: &str, s: &Series, t: usize, n: usize) -> Option<f64> {
    let start = (t + 1).checked_sub(n)?;
    let window = start..=t;
    let before = t.checked_sub(n);
    let all = |values: &[f64], range: std::ops::RangeInclusive<usize>| range.map(|k| values[k]).collect::<Vec<f64>>();
    let highest = |values: Vec<f64>| values.into_iter().fold(f64::MIN, f64::max);
    let lowest = |values: Vec<f64>| values.into_iter().fold(f64::MAX, f64::min);
    let average = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    Some(match name {
        "F_ret_5d" => s.close[t] / s.close[before?] - 1.0,
        "F_high_break_5d" => s.close[t] / highest(all(&s.high, before?..=t - 1)) - 1.0,
        "F_close_pos_5d" => {
            let (high, low) = (highest(all(&s.high, window.clone())), lowest(all(&s.low, window)));
            (s.close[t] - low) / (high - low)
        }
        "F_vol_ratio_5d" => s.volume[t] / average(all(&s.volume, before?..=t - 1)),
        "F_amt_ratio_5d" => s.amount[t] / average(all(&s.amount, before?..=t - 1)),
        "F_turn_z_5d" => {
            let values = all(&s.volume, window);
            let mean = average(values.clone());
            let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n as f64 - 1.0);
            (s.volume[t] - mean) / variance.sqrt()
        }
        "F_limit_up_freq_5d" => average(all(&s.limit_up, window)),
        "F_big_down_freq_5d" => {
            before?;
            let falls = window.filter(|k| s.close[*k] / s.close[*k - 1] - 1.0 <= -0.05 + 1e-9).count();
            falls as f64 / n as f64
        }
        "F_drawdown_5d" => s.close[t] / highest(all(&s.close, window)) - 1.0,
        "F_gap_down_risk" => {
            before?;
            window.map(|k| (1.0 - s.open[k] / s.close[k - 1]).max(0.0)).sum::<f64>() / n as f64
        }
        _ => return None,
    })
}

#[test]
fn rolling_kernels_equal_their_formulas_on_random_data() {
    let panel = DailyPanel::from_bars(&random_bars(4, 250));
    let mut compared = 0;
    for symbol in 0..4 {
        let stretches = Series::of(&panel, symbol);
        assert_eq!(stretches.len(), 1, "no hole in the panel");
        for n in [2, 5, 20] {
            for kernel in &KERNELS {
                for t in 0..stretches[0].days.len() {
                    let got = (kernel.at)(&stretches[0], t, Window { lookback: n, big_down: -0.05 });
                    if let Some(expected) = by_formula(kernel.name, &stretches[0], t, n) {
                        let near = (got - expected).abs() <= 1e-12 * expected.abs().max(1.0);
                        assert!(near, "{} at {t}, n {n}: {got}, expected {expected}", kernel.name);
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 20_000, "{compared} values compared");
}
