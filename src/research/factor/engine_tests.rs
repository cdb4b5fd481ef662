//! Tests of the kernels: against their definitions, one window at a time; over the last rows alone; with any
//! number of threads.

use rand::RngExt as _;

use crate::{
    config,
    market::DailyPanel,
    research::{
        factor::{AlignedPanel, Computed, ExpressionSet},
        testing::{expression_set, random_bars},
    },
    seed::Seed,
};

fn panel(symbols: u32, days: usize) -> AlignedPanel {
    AlignedPanel::from_daily(&DailyPanel::from_bars(&random_bars(symbols, days)))
}

fn set(expressions: &[(&str, &str)]) -> ExpressionSet {
    ExpressionSet::read(&expression_set(expressions), &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn shipped(name: &str) -> ExpressionSet {
    ExpressionSet::read(&config::shipped().expect("sound").factors.sets[name], &[]).expect("sound")
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    if values.len() < 2 {
        f64::NAN
    } else {
        values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
    }
}

/// Slope and value at the last x of the least-squares line.
fn line(points: &[(f64, f64)], last: f64) -> (f64, f64) {
    let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let (mx, my) = (mean(&xs), mean(&ys));
    let slope =
        points.iter().map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / xs.iter().map(|x| (x - mx).powi(2)).sum::<f64>();
    (slope, my + slope * (last - mx))
}

/// One window by definition: `window` ends today, the oldest first, NaN where missing.
fn by_definition(name: &str, window: &[f64]) -> f64 {
    let today = *window.last().expect("not empty");
    let known: Vec<f64> = window.iter().copied().filter(|value| !value.is_nan()).collect();
    let points: Vec<(f64, f64)> =
        window.iter().enumerate().filter(|(_, v)| !v.is_nan()).map(|(at, v)| (at as f64 + 1.0, *v)).collect();
    let length = window.len() as f64;
    let place = |best: f64| {
        let missing = window.iter().position(|value| value.is_nan());
        missing.or_else(|| window.iter().position(|value| *value == best)).map_or(f64::NAN, |at| at as f64 + 1.0)
    };
    if known.is_empty() {
        return if name == "Count" { 0.0 } else { f64::NAN };
    }
    let mut sorted = known.clone();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
    match name {
        "Sum" => known.iter().sum(),
        "Mean" => mean(&known),
        "Count" => known.len() as f64,
        "Var" => variance(&known),
        "Std" => variance(&known).sqrt(),
        "Max" => high,
        "Min" => low,
        "IdxMax" => place(high),
        "IdxMin" => place(low),
        "Med" => f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]),
        "Rank" if today.is_nan() => f64::NAN,
        "Rank" => {
            let (less, equal) =
                (known.iter().filter(|v| **v < today).count(), known.iter().filter(|v| **v == today).count());
            (less as f64 + f64::midpoint(equal as f64, 1.0)) / known.len() as f64
        }
        "Slope" => line(&points, length).0,
        "Resi" => today - line(&points, length).1,
        "Rsquare" if variance(&known).sqrt() <= 2e-5 => f64::NAN,
        "Rsquare" => {
            let spread = |of: fn(&(f64, f64)) -> f64| variance(&points.iter().map(of).collect::<Vec<_>>());
            line(&points, length).0.powi(2) * spread(|point| point.0) / spread(|point| point.1)
        }
        "WMA" => points.iter().map(|(w, v)| w * v).sum::<f64>() / points.iter().map(|(w, _)| w).sum::<f64>(),
        _ => panic!("no definition of {name}"),
    }
}

/// A panel with one field `x` that has holes, ties, jumps and a flat stretch.
fn rough_panel(rows: usize) -> (AlignedPanel, Vec<f64>) {
    let mut stream = Seed(5).stream("factor engine tests");
    let mut level = 1000.0_f64;
    let values: Vec<f64> = (0..rows)
        .map(|row| {
            level += stream.random_range(-1.0..1.0);
            match stream.random_range(0..12) {
                _ if row % 97 > 80 => 42.0,
                0 => f64::NAN,
                1 => level.round(),
                2 => level * 1e6,
                _ => level,
            }
        })
        .collect();
    let dates = crate::research::testing::sessions("2005-01-04", rows);
    let keys: Vec<_> = dates.into_iter().map(|date| ("a".into(), date)).collect();
    (AlignedPanel::lay_out(&keys, &[("close".into(), values.clone())]).expect("a panel"), values)
}

#[test]
fn windows_equal_their_definitions() {
    let names = [
        "Sum", "Mean", "Count", "Var", "Std", "Max", "Min", "IdxMax", "IdxMin", "Med", "Rank", "Slope", "Resi",
        "Rsquare", "WMA",
    ];
    let (panel, values) = rough_panel(700);
    let mut compared = 0;
    for rows in [1, 2, 5, 20, 64, 250, 900] {
        let texts: Vec<(&str, String)> = names.iter().map(|name| (*name, format!("{name}($close, {rows})"))).collect();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let got = set(&texts).compute(&panel, None, 1).expect("computed");
        for (name, column) in names.iter().zip(&got.columns) {
            for (row, value) in column.iter().enumerate() {
                let window = &values[(row + 1).saturating_sub(rows)..=row];
                let expected = by_definition(name, window);
                assert_eq!(value.is_nan(), expected.is_nan(), "{name}({rows}) in row {row}: {value}, {expected}");
                // Residuals and slopes are small differences of the window's largest number.
                let scale = window.iter().copied().filter(|v| !v.is_nan()).fold(1.0_f64, |most, v| most.max(v.abs()));
                let scale = if matches!(*name, "Slope" | "Resi") { scale } else { expected.abs().max(1.0) };
                assert!(
                    value.is_nan() || (value - expected).abs() <= 1e-9 * scale,
                    "{name}({rows}) in row {row}: {value}, expected {expected}"
                );
                compared += usize::from(!value.is_nan());
            }
        }
    }
    assert!(compared > 60_000, "{compared} values compared");
}

#[test]
fn correlation_counts_pairs_and_tests_each_side_alone() {
    let panel = panel(1, 60);
    let got = set(&[
        ("own", "Corr($close, $close * -3 + 1, 10)"),
        ("flat", "Corr($close, $close * 0, 10)"),
        ("cov", "Cov($close, $close, 10) - Var($close, 10)"),
    ]);
    let got = got.compute(&panel, None, 1).expect("computed").columns;
    assert!(got[0].iter().skip(15).all(|value| value.is_nan() || (value + 1.0).abs() < 1e-12));
    assert!(got[0].iter().filter(|value| !value.is_nan()).count() > 40);
    assert!(got[1].iter().all(|value| value.is_nan()));
    assert!(got[2].iter().all(|value| value.is_nan() || value.abs() < 1e-12));
}

#[test]
fn exponential_mean_forgets_by_sessions() {
    let (panel, values) = rough_panel(60);
    let got = set(&[("x", "EMA($close, 9)")]).compute(&panel, None, 1).expect("computed").columns.remove(0);
    for (row, value) in got.iter().enumerate() {
        let weights = values[..=row].iter().rev().enumerate().filter(|(_, v)| !v.is_nan());
        let weights: Vec<(f64, f64)> = weights.map(|(age, v)| (0.8_f64.powi(age as i32), *v)).collect();
        let expected = weights.iter().map(|(w, v)| w * v).sum::<f64>() / weights.iter().map(|(w, _)| w).sum::<f64>();
        assert!(value.is_nan() && expected.is_nan() || (value / expected - 1.0).abs() < 1e-12, "{value} {expected}");
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn assert_same(one: &Computed, other: &Computed) {
    assert_eq!(one.keys, other.keys);
    for ((name, one), other) in one.names.iter().zip(&one.columns).zip(&other.columns) {
        assert_eq!(bits(one), bits(other), "{name}");
    }
}

#[test]
fn bytes_do_not_depend_on_the_threads() {
    let (panel, set) = (panel(7, 130), shipped("alpha158"));
    let one = set.compute(&panel, None, 1).expect("computed");
    for threads in [2, 3, 7, 50] {
        assert_same(&one, &set.compute(&panel, None, threads).expect("computed"));
    }
}

#[test]
fn last_sessions_alone_have_the_bytes_of_the_full_run() {
    let panel = panel(4, 170);
    for set in [shipped("alpha158"), shipped("u1_v2_plus"), set(&[("x", "EMA($close, 5) + Mean(EMA($open, 3), 4)")])] {
        let full = set.compute(&panel, None, 1).expect("computed");
        for last in [1, 2, 30, 169, 170, 500] {
            let part = set.compute(&panel, Some(last), 2).expect("computed");
            let from = panel.sessions().len().saturating_sub(last);
            let rows: Vec<usize> = (0..full.keys.len()).filter(|row| full.keys[*row].1 >= from).collect();
            let cut = Computed {
                names: full.names.clone(),
                keys: rows.iter().map(|row| full.keys[*row]).collect(),
                columns: full.columns.iter().map(|column| rows.iter().map(|row| column[*row]).collect()).collect(),
            };
            assert_same(&cut, &part);
        }
    }
}

#[test]
fn constants_and_bare_columns_are_columns_too() {
    let panel = panel(2, 5);
    let got = set(&[("a", "1 + 2"), ("b", "$close"), ("c", "$close"), ("d", "Mean(3, 2)")]);
    let got = got.compute(&panel, Some(3), 2).expect("computed").columns;
    assert!(got[0].iter().chain(&got[3]).all(|value| *value == 3.0));
    assert_eq!(bits(&got[1]), bits(&got[2]));
    assert!(got[1].iter().any(|value| *value > 1.0));
}
