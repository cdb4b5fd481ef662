//! The table of metrics: CONTRACT's names, each with its number and what it means in one line.
//! docs/performance.md has the formulas in full.

use super::{
    Word,
    words::{coefficient, percent},
};
use crate::{chart::Markup, ops::backtest::BacktestReport, text::Language};

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
const METRICS: [(&str, Word, Unit, Word); 21] = [
    ("bt_ret_total", Word::RetTotal, Unit::Percent, Word::RetTotalIs),
    ("bt_ret_ann", Word::RetAnn, Unit::Percent, Word::RetAnnIs),
    ("bt_vol_ann", Word::VolAnn, Unit::Percent, Word::VolAnnIs),
    ("bt_sharpe", Word::Sharpe, Unit::Ratio, Word::SharpeIs),
    ("bt_sortino", Word::Sortino, Unit::Ratio, Word::SortinoIs),
    ("bt_calmar", Word::Calmar, Unit::Ratio, Word::CalmarIs),
    ("bt_max_dd", Word::MaxDd, Unit::Percent, Word::MaxDdIs),
    ("bt_max_dd_days", Word::MaxDdDays, Unit::Count, Word::MaxDdDaysIs),
    ("bt_win_rate", Word::WinRate, Unit::Percent, Word::WinRateIs),
    ("bt_avg_win", Word::AvgWin, Unit::Percent, Word::AvgWinIs),
    ("bt_avg_loss", Word::AvgLoss, Unit::Percent, Word::AvgLossIs),
    ("bt_profit_factor", Word::ProfitFactor, Unit::Ratio, Word::ProfitFactorIs),
    ("bt_turnover", Word::Turnover, Unit::Percent, Word::TurnoverIs),
    ("bt_trades", Word::Fills, Unit::Count, Word::FillsAre),
    ("bt_alpha", Word::Alpha, Unit::Percent, Word::AlphaIs),
    ("bt_beta", Word::Beta, Unit::Ratio, Word::BetaIs),
    ("bt_ir", Word::InformationRatio, Unit::Ratio, Word::InformationRatioIs),
    ("ic", Word::Ic, Unit::Coefficient, Word::IcIs),
    ("rank_ic", Word::RankIc, Unit::Coefficient, Word::RankIcIs),
    ("icir", Word::Icir, Unit::Ratio, Word::IcirIs),
    ("hit_rate", Word::HitRate, Unit::Percent, Word::HitRateIs),
];

/// Returns a metric as text.
pub(super) fn figure(report: &BacktestReport, name: &str, language: Language) -> String {
    let unit = METRICS.iter().find(|(own, ..)| *own == name).map_or(Unit::Ratio, |(_, _, unit, _)| *unit);
    match (report.metrics.get(name).copied().flatten(), unit) {
        (Some(value), Unit::Percent) => percent(value),
        (Some(value), Unit::Ratio) => format!("{value:.2}"),
        (Some(value), Unit::Coefficient) => coefficient(value),
        (Some(value), Unit::Count) => format!("{value:.0}"),
        (None, _) => Word::NotDefined.say(language).into(),
    }
}

/// Writes the table; a metric that the run does not have is not in it.
pub(super) fn write_metrics(page: &mut Markup, report: &BacktestReport, language: Language) {
    if report.metrics.is_empty() {
        return;
    }
    page.leaf("h2", &[("id", "metrics")], Word::Metrics.say(language));
    page.tag("table", &[("class", "metrics")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                row.leaf("th", &[], Word::Metric.say(language));
                row.leaf("th", &[("class", "number")], Word::Value.say(language));
                row.leaf("th", &[], Word::WhatItIs.say(language));
            });
        });
        table.tag("tbody", &[], |body| {
            for (name, words, _, definition) in METRICS.iter().filter(|metric| report.metrics.contains_key(metric.0)) {
                body.tag("tr", &[], |row| {
                    row.tag("th", &[], |cell| {
                        cell.text(words.say(language)).text(" ").leaf("code", &[], name);
                    });
                    row.leaf("td", &[("class", "number")], &figure(report, name, language));
                    row.leaf("td", &[("class", "definition")], definition.say(language));
                });
            }
        });
    });
}
