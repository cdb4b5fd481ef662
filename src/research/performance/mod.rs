//! PerformanceLab: a result's numbers under CONTRACT's names. The formulas are `metric`'s.
//!
//! `bt_win_rate`, `bt_avg_win`, `bt_avg_loss` and `bt_profit_factor` are over daily returns, so that the
//! equity curve alone reproduces them. `bt_turnover` is the mean daily turnover, half of what was
//! bought and sold over the value of the day before; `bt_trades` counts fills.

mod figures;
mod returns_file;

use std::collections::BTreeMap;

use jiff::civil::Date;

pub use figures::{
    BacktestFigures, BenchmarkFigures, PredictionFigures, QUANTILES, ScoreInput, TradingFigures, YearFigures,
};
pub use returns_file::{DailyReturns, ReturnSeries, ReturnsError, read_returns, series_metrics};

use super::backtest::BacktestResult;
use crate::{
    market::{IndexBar, Symbol},
    metric::{Convention, Prediction, benchmarked, measure},
};

/// Metrics by name; none where not defined.
pub type Metrics = BTreeMap<String, Option<f64>>;

/// Returns the metrics of a backtest; those against a benchmark when its daily returns are given, one
/// for each session of the equity curve.
#[must_use]
pub fn backtest_metrics(result: &BacktestResult, benchmark: Option<&[f64]>, convention: &Convention) -> Metrics {
    let returns = result.daily_returns();
    let mut metrics = return_metrics(&returns, benchmark, convention);
    let days = result.equity.len() as f64;
    let turnover: f64 = result.equity.iter().map(|day| day.turnover).sum();
    metrics.insert("bt_turnover".into(), (days > 0.0).then(|| turnover / days));
    metrics.insert("bt_trades".into(), Some(result.trades.len() as f64));
    metrics
}

/// Returns the metrics of a series of daily returns; what needs trades is not defined.
#[must_use]
pub fn return_metrics(returns: &[f64], benchmark: Option<&[f64]>, convention: &Convention) -> Metrics {
    let own = measure(returns, convention);
    let mut metrics = named([
        ("bt_ret_total", own.total),
        ("bt_ret_ann", own.annual),
        ("bt_vol_ann", own.volatility),
        ("bt_sharpe", own.sharpe),
        ("bt_sortino", own.sortino),
        ("bt_calmar", own.calmar),
        ("bt_max_dd", own.max_drawdown),
        ("bt_max_dd_days", own.max_drawdown_days),
        ("bt_win_rate", own.win_rate),
        ("bt_turnover", None),
        ("bt_trades", None),
        ("bt_avg_win", own.avg_win),
        ("bt_avg_loss", own.avg_loss),
        ("bt_profit_factor", own.profit_factor),
    ]);
    if let Some(benchmark) = benchmark {
        let against = benchmarked(returns, benchmark, convention);
        metrics.extend(named([
            ("bt_alpha", against.alpha),
            ("bt_beta", against.beta),
            ("bt_ir", against.information_ratio),
        ]));
    }
    metrics
}

/// Returns the metrics of a prediction.
#[must_use]
pub fn prediction_metrics(prediction: &Prediction) -> Metrics {
    named([
        ("ic", prediction.ic),
        ("rank_ic", prediction.rank_ic),
        ("icir", prediction.icir),
        ("hit_rate", prediction.hit_rate),
    ])
}

/// Returns an index's close-to-close return of each session in `dates`, NaN where the index has no bar
/// on it or none before it. `bars` are by date.
#[must_use]
pub fn benchmark_returns(bars: &[IndexBar], index: Symbol, dates: &[Date]) -> Vec<f64> {
    let closes: BTreeMap<Date, f64> =
        bars.iter().filter(|bar| bar.symbol == index).map(|bar| (bar.date, bar.close)).collect();
    let of = |date: &Date| {
        let before = closes.range(..date).next_back().map(|(_, close)| close);
        closes.get(date).zip(before).map_or(f64::NAN, |(close, before)| close / before - 1.0)
    };
    dates.iter().map(of).collect()
}

fn named<const N: usize>(values: [(&str, Option<f64>); N]) -> Metrics {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{benchmark_returns, return_metrics};
    use crate::{market::IndexBar, metric::Convention};

    #[test]
    fn names_are_contracts() {
        let names = |benchmark| {
            return_metrics(&[0.01, -0.02], benchmark, &Convention::default()).into_keys().collect::<Vec<String>>()
        };
        let own = "bt_avg_loss bt_avg_win bt_calmar bt_max_dd bt_max_dd_days bt_profit_factor bt_ret_ann bt_ret_total \
                   bt_sharpe bt_sortino bt_trades bt_turnover bt_vol_ann bt_win_rate";
        assert_eq!(names(None).join(" "), own);
        let against = names(Some(&[0.0, 0.01]));
        assert_eq!(against.len(), 17);
        assert!(["bt_alpha", "bt_beta", "bt_ir"].iter().all(|name| against.iter().any(|of| of == name)));
    }

    #[test]
    fn benchmark_returns_start_from_the_session_before() {
        let index = "000300.SH".parse().expect("a symbol");
        let bar = |day, close| IndexBar {
            date: date(2020, 6, day),
            symbol: index,
            open: close,
            high: close,
            low: close,
            close,
            volume: None,
        };
        let bars = [bar(1, 100.0), bar(2, 110.0), bar(4, 99.0)];
        let returns = benchmark_returns(&bars, index, &[1, 2, 3, 4].map(|day| date(2020, 6, day)));
        assert!(returns[0].is_nan() && returns[2].is_nan());
        assert!((returns[1] - 0.1).abs() < 1e-12 && (returns[3] + 0.1).abs() < 1e-12);
    }
}
