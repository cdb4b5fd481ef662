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

type Pick = fn(&ReturnMetrics) -> Option<f64>;

/// Which of the libraries' figures equals which of ours, to 1e-9 and better.
const SAME: [(&str, &[&str], Pick); 25] = [
    ("empyrical", &["cum_return"], |own| own.total),
    ("quantstats", &["comp"], |own| own.total),
    ("rqrisk", &["return_rate"], |own| own.total),
    ("empyrical", &["annual_return"], |own| own.annual),
    ("quantstats", &["cagr"], |own| own.annual),
    ("rqrisk", &["annual_return"], |own| own.annual),
    ("qlib_product", &["annualized_return"], |own| own.annual),
    ("empyrical", &["annual_volatility"], |own| own.volatility),
    ("quantstats", &["volatility"], |own| own.volatility),
    ("rqrisk", &["annual_volatility"], |own| own.volatility),
    ("empyrical", &["sharpe", "sharpe_rf2pct"], |own| own.sharpe),
    ("quantstats", &["sharpe"], |own| own.sharpe),
    ("rqrisk", &["sharpe"], |own| own.sharpe),
    ("empyrical", &["sortino"], |own| own.sortino),
    ("quantstats", &["sortino"], |own| own.sortino),
    ("empyrical", &["calmar"], |own| own.calmar),
    ("quantstats", &["calmar"], |own| own.calmar),
    ("rqrisk", &["calmar"], |own| own.calmar),
    ("empyrical", &["max_drawdown"], |own| own.max_drawdown),
    ("quantstats", &["max_drawdown"], |own| own.max_drawdown),
    ("rqrisk", &["max_drawdown"], |own| own.max_drawdown.map(f64::abs)),
    ("quantstats", &["win_rate"], |own| own.win_rate),
    ("quantstats", &["avg_win"], |own| own.avg_win),
    ("quantstats", &["avg_loss"], |own| own.avg_loss),
    ("quantstats", &["profit_factor"], |own| own.profit_factor),
];

/// Figures of ours that a library computes otherwise on some series (all where none is named), and why.
const OTHERWISE: [(&str, &[&str], &[&str], &str); 9] = [
    ("quantstats", &["cagr", "calmar"], &["normal1000_nan5pct"], "counts only days with a return; ours count all"),
    ("quantstats", &["win_rate", "profit_factor"], &["zero50"], "0 where no day won or lost; ours are undefined"),
    ("rqrisk", &["sharpe", "annual_volatility"], &["normal1000_nan5pct"], "NaN were made 0 before: another deviation"),
    ("rqrisk", &["annual_volatility"], &["single"], "one day has a deviation of 0; ours is undefined"),
    ("rqrisk", &["sortino"], &[], "squares deviations below the mean, divisor n - 1"),
    ("rqrisk", &["win_rate"], &[], "over all days; ours over days that won or lost"),
    ("qlib_sum", &["annualized_return", "information_ratio", "max_drawdown"], &[], "adds returns up"),
    ("qlib_product", &["information_ratio"], &[], "of log(1 + r)"),
    ("qlib_product", &["max_drawdown"], &[], "forgets the initial capital"),
];

/// Figures that CONTRACT does not have.
const FOREIGN: [(&str, &[&str]); 5] = [
    ("empyrical", &["cvar5", "downside_risk", "omega", "stability", "tail_ratio", "var5"]),
    ("quantstats", &["best", "exposure", "kelly", "kurtosis", "payoff_ratio", "skew", "ulcer_index", "worst"]),
    ("rqrisk", &["annual_downside_risk", "downside_risk", "var", "volatility"]),
    ("qlib_sum", &["mean", "std"]),
    ("qlib_product", &["mean", "std"]),
];

/// What one expected figure is to us.
enum Figure {
    Same(Pick),
    Otherwise,
    Foreign,
}

fn figure(series: &str, lib: &str, metric: &str) -> Figure {
    let is_of = |of: &str, metrics: &[&str]| of == lib && metrics.contains(&metric);
    if FOREIGN.iter().any(|(of, metrics)| is_of(of, metrics)) {
        return Figure::Foreign;
    }
    let on = |of: &[&str]| of.is_empty() || of.contains(&series);
    if OTHERWISE.iter().any(|(of, metrics, names, why)| is_of(of, metrics) && on(names) && !why.is_empty()) {
        return Figure::Otherwise;
    }
    let same = SAME.iter().find(|(of, metrics, _)| is_of(of, metrics));
    Figure::Same(same.unwrap_or_else(|| panic!("{lib} {metric} is in no table")).2)
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
            let expected: f64 = expected.parse().unwrap_or(f64::NAN);
            let equal = |ours: Option<f64>| match ours {
                None => !expected.is_finite(),
                Some(ours) => (ours - expected).abs() <= 1e-12 * expected.abs().max(1.0),
            };
            let ours = match figure(name, lib, metric) {
                Figure::Foreign => continue,
                Figure::Otherwise => {
                    purposely += 1;
                    continue;
                }
                Figure::Same(pick) => pick(&measure(&series[name], &convention)),
            };
            compared += 1;
            if !equal(ours) {
                wrong.push(format!("{name} {lib} {metric} {days}: ours {ours:?}, expected {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 850 && purposely < 120, "{compared} compared, {purposely} left out");
}
