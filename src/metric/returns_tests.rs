//! The measures of returns against hand-made series and against the expected values of three
//! libraries in `../shared/oracle/metrics`.

use std::collections::BTreeMap;

use super::{Convention, ReturnMetrics, benchmarked, drawdown, measure, total_return};

const ORACLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracle/metrics");

#[test]
fn first_day_counts() {
    assert_eq!(total_return(&[0.1]), Some(1.1 - 1.0));
    assert_eq!(drawdown(&[-0.5, 0.2]), Some((-0.5, 2)), "the fall from the initial capital");
}

#[test]
fn undefined_measures_are_none() {
    let convention = Convention::default();
    assert_eq!(measure(&[], &convention), ReturnMetrics::default());
    let flat = measure(&[0.01; 5], &convention);
    assert_eq!((flat.volatility, flat.sharpe, flat.sortino, flat.calmar), (Some(0.0), None, None, None));
    assert_eq!((flat.avg_loss, flat.profit_factor, flat.win_rate), (None, None, Some(1.0)));
    assert_eq!(measure(&[0.1, f64::INFINITY], &convention), ReturnMetrics::default());
    assert_eq!(measure(&[-2.0, 0.0], &convention).annual, None, "a negative wealth has no root");
}

#[test]
fn longest_run_under_water_counts_days_below_the_peak() {
    let returns = [0.1, -0.1, 0.05, 0.06, -0.01, 0.2];
    assert_eq!(drawdown(&returns).map(|(_, days)| days), Some(2));
}

#[test]
fn benchmark_measures_of_a_levered_benchmark() {
    let benchmark = [0.01, -0.02, 0.03, 0.0, 0.015];
    let own: Vec<f64> = benchmark.iter().map(|value| 2.0 * value + 0.001).collect();
    let against = benchmarked(&own, &benchmark, &Convention::default());
    assert!((against.beta.expect("defined") - 2.0).abs() < 1e-12);
    assert!((against.alpha.expect("defined") - (1.001_f64.powf(244.0) - 1.0)).abs() < 1e-12);
    assert!(against.information_ratio.expect("defined") > 0.0);
    assert_eq!(benchmarked(&own, &[0.01; 5], &Convention::default()).beta, None, "a constant benchmark");
}

/// What the libraries call CONTRACT's measures. Left out are those that CONTRACT does not have (omega,
/// tail ratio, VaR, ...). Different on purpose:
/// - quantstats, NaN series: cagr, and so calmar, count only the days that have a return; ours count all.
/// - quantstats, series without a win or a loss: win rate and profit factor 0 or infinite; ours undefined.
/// - rqrisk: Sortino uses deviations below the mean; its drawdown is positive; win rate is over all
///   days; NaN were filled with 0 beforehand, which changes mean and deviation; one day has volatility 0.
/// - Qlib: "sum" adds returns and its drawdown is not relative; "product" forgets the initial capital.
#[expect(clippy::option_option, reason = "outside: not shared; inside: not defined")]
fn value_of(lib: &str, metric: &str, metrics: &ReturnMetrics) -> Option<Option<f64>> {
    Some(match (lib, metric) {
        ("empyrical", "cum_return") | ("quantstats", "comp") | ("rqrisk", "return_rate") => metrics.total,
        ("empyrical" | "rqrisk", "annual_return") | ("quantstats", "cagr") | ("qlib_product", "annualized_return") => {
            metrics.annual
        }
        ("empyrical" | "rqrisk", "annual_volatility") | ("quantstats", "volatility") => metrics.volatility,
        ("empyrical" | "quantstats" | "rqrisk", "sharpe") | ("empyrical", "sharpe_rf2pct") => metrics.sharpe,
        ("empyrical" | "quantstats", "sortino") => metrics.sortino,
        ("empyrical" | "quantstats" | "rqrisk", "calmar") => metrics.calmar,
        ("empyrical" | "quantstats", "max_drawdown") => metrics.max_drawdown,
        ("rqrisk", "max_drawdown") => metrics.max_drawdown.map(f64::abs),
        ("quantstats", "win_rate") => metrics.win_rate,
        ("quantstats", "avg_win") => metrics.avg_win,
        ("quantstats", "avg_loss") => metrics.avg_loss,
        ("quantstats", "profit_factor") => metrics.profit_factor,
        _ => return None,
    })
}

fn differs_on_purpose(series: &str, lib: &str, metric: &str) -> bool {
    match (lib, metric) {
        ("quantstats", "cagr" | "calmar") | ("rqrisk", "sharpe") => series == "normal1000_nan5pct",
        ("quantstats", "win_rate" | "profit_factor") => series == "zero50",
        ("rqrisk", "annual_volatility") => matches!(series, "normal1000_nan5pct" | "single"),
        _ => false,
    }
}

fn rows(file: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(format!("{ORACLE}/{file}")).expect("readable");
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn measures_equal_the_libraries() {
    if !std::path::Path::new(ORACLE).exists() {
        eprintln!("skipped: {ORACLE} not present");
        return;
    }
    let mut series: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for row in rows("series.csv") {
        series.entry(row[0].clone()).or_default().push(row[2].parse().unwrap_or(f64::NAN));
    }
    let (mut compared, mut purposely, mut wrong) = (0, 0, Vec::new());
    for file in ["expected_vbt.csv", "expected_rq.csv", "expected_qlib.csv"] {
        for row in rows(file) {
            let [name, lib, metric, days, expected] = row.as_slice() else { panic!("{row:?}") };
            let risk_free = if metric == "sharpe_rf2pct" { 0.02 } else { 0.0 };
            let convention = Convention { days_per_year: days.parse().expect("a number"), risk_free };
            let Some(ours) = value_of(lib, metric, &measure(&series[name], &convention)) else { continue };
            if differs_on_purpose(name, lib, metric) {
                purposely += 1;
                continue;
            }
            compared += 1;
            let expected: f64 = expected.parse().unwrap_or(f64::NAN);
            let equal = match ours {
                None => !expected.is_finite(),
                Some(ours) => (ours - expected).abs() <= 1e-12 * expected.abs().max(1.0),
            };
            if !equal {
                wrong.push(format!("{name} {lib} {metric} {days}: ours {ours:?}, expected {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 850 && purposely < 40, "{compared} compared, {purposely} left out");
}
