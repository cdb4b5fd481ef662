//! The table of metrics: CONTRACT's names, each with its number and what it means in one line.
//! docs/performance.md has the formulas in full.

use super::words::{coefficient, percent};
use crate::{chart::Markup, ops::backtest::BacktestReport};

/// How a metric is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    /// A share as percent.
    Percent,
    /// A ratio.
    Ratio,
    /// A correlation.
    Coefficient,
    /// A count of sessions or trades.
    Count,
}

/// The metrics in the order of the table: name, words, unit, definition.
const METRICS: [(&str, &str, Unit, &str); 21] = [
    ("bt_ret_total", "return", Unit::Percent, "what the account gained from first to last session, after all costs"),
    (
        "bt_ret_ann",
        "return a year",
        Unit::Percent,
        "the same rate kept up for a year of sessions, performance.trading_days of them",
    ),
    ("bt_vol_ann", "volatility a year", Unit::Percent, "standard deviation of daily returns, for a year"),
    (
        "bt_sharpe",
        "Sharpe ratio",
        Unit::Ratio,
        "mean over deviation of daily returns above the risk-free rate, for a year",
    ),
    ("bt_sortino", "Sortino ratio", Unit::Ratio, "as Sharpe, over the deviation of losses only"),
    ("bt_calmar", "Calmar ratio", Unit::Ratio, "return a year over the deepest drawdown"),
    (
        "bt_max_dd",
        "deepest drawdown",
        Unit::Percent,
        "largest fall from the highest value so far, the starting capital included",
    ),
    ("bt_max_dd_days", "longest drawdown", Unit::Count, "most sessions in a row below the highest value so far"),
    ("bt_win_rate", "sessions with a gain", Unit::Percent, "of the sessions that gained or lost"),
    ("bt_avg_win", "mean gain", Unit::Percent, "mean return of the sessions that gained"),
    ("bt_avg_loss", "mean loss", Unit::Percent, "mean return of the sessions that lost"),
    ("bt_profit_factor", "gains over losses", Unit::Ratio, "sum of daily gains over sum of daily losses"),
    (
        "bt_turnover",
        "turnover a session",
        Unit::Percent,
        "half of what was bought and sold, over the value the session before",
    ),
    ("bt_trades", "fills", Unit::Count, "executions, in part or whole"),
    ("bt_alpha", "alpha a year", Unit::Percent, "return that the benchmark's moves do not explain"),
    ("bt_beta", "beta", Unit::Ratio, "how far the account moves where the benchmark moves by one"),
    (
        "bt_ir",
        "information ratio",
        Unit::Ratio,
        "mean over deviation of the daily return above the benchmark's, for a year",
    ),
    ("ic", "IC", Unit::Coefficient, "mean of the sessions' correlation of score and label"),
    ("rank_ic", "rank IC", Unit::Coefficient, "the same of their ranks"),
    ("icir", "ICIR", Unit::Ratio, "mean over deviation of the sessions' IC, not for a year"),
    ("hit_rate", "hit rate", Unit::Percent, "pairs of score and label on the same side of zero"),
];

/// Returns a metric as text.
pub(super) fn figure(report: &BacktestReport, name: &str) -> String {
    let unit = METRICS.iter().find(|(own, ..)| *own == name).map_or(Unit::Ratio, |(_, _, unit, _)| *unit);
    match (report.metrics.get(name).copied().flatten(), unit) {
        (Some(value), Unit::Percent) => percent(value),
        (Some(value), Unit::Ratio) => format!("{value:.2}"),
        (Some(value), Unit::Coefficient) => coefficient(value),
        (Some(value), Unit::Count) => format!("{value:.0}"),
        (None, _) => "not defined".into(),
    }
}

/// Writes the table; a metric that the run does not have is not in it.
pub(super) fn write_metrics(page: &mut Markup, report: &BacktestReport) {
    if report.metrics.is_empty() {
        return;
    }
    page.leaf("h2", &[("id", "metrics")], "Metrics");
    page.tag("table", &[("class", "metrics")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                row.leaf("th", &[], "metric").leaf("th", &[("class", "number")], "value").leaf("th", &[], "what it is");
            });
        });
        table.tag("tbody", &[], |body| {
            for (name, words, _, definition) in METRICS.iter().filter(|metric| report.metrics.contains_key(metric.0)) {
                body.tag("tr", &[], |row| {
                    row.tag("th", &[], |cell| {
                        cell.text(words).text(" ").leaf("code", &[], name);
                    });
                    row.leaf("td", &[("class", "number")], &figure(report, name));
                    row.leaf("td", &[("class", "definition")], definition);
                });
            }
        });
    });
}
