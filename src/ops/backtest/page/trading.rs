//! What was traded, what it cost, and what was not traded as wished.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{fen, percent};
use crate::{chart::Markup, market::tick::cny, ops::backtest::BacktestReport, research::performance::TradingFigures};

/// Writes turnover and costs.
pub(super) fn write_costs(page: &mut Markup, report: &BacktestReport) {
    let Some(trading) = report.figures.as_ref().map(|figures| figures.trading) else { return };
    page.leaf("h2", &[("id", "costs")], "Turnover and costs");
    let turnover = report.metrics.get("bt_turnover").copied().flatten();
    let sessions = report.equity.len();
    let mean = turnover.map_or_else(|| "not defined".into(), percent);
    let lead = if trading.traded > 0 {
        format!(
            "{} traded in {} buys and {} sells over {sessions} sessions, {mean} of the account a session. All of it cost \
             {}: {} of the starting capital, {:.1} basis points of what was traded.",
            fen(trading.traded),
            trading.buys,
            trading.sells,
            fen(trading.costs),
            share(trading.costs, trading.capital),
            cny(trading.costs) / cny(trading.traded) * 10_000.0
        )
    } else {
        "Nothing was traded.".into()
    };
    page.leaf("p", &[("class", "lead")], &lead);
    if trading.traded == 0 {
        return;
    }
    page.tag("table", &[("class", "narrow")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                for (words, class) in [("cost", ""), ("CNY", "number"), ("of the capital", "number")] {
                    row.leaf("th", &[("class", class)], words);
                }
            });
        });
        table.tag("tbody", &[], |body| write_cost_rows(body, &trading));
    });
}

fn write_cost_rows(body: &mut Markup, trading: &TradingFigures) {
    let rows = [
        ("commission", trading.commission),
        ("stamp duty", trading.stamp_duty),
        ("transfer fee", trading.transfer_fee),
        ("slippage", trading.slippage),
        ("all costs", trading.costs),
        ("dividends received", trading.dividends),
    ];
    for (words, value) in rows {
        body.tag("tr", &[], |row| {
            row.leaf("th", &[], words);
            row.leaf("td", &[("class", "number")], &fen(value));
            row.leaf("td", &[("class", "number")], &share(value, trading.capital));
        });
    }
}

fn share(part: i64, whole: i64) -> String {
    if whole == 0 { "not defined".into() } else { percent(cny(part) / cny(whole)) }
}

pub(super) fn write_refusals(page: &mut Markup, report: &BacktestReport) {
    // A run that ended before its result knows nothing of orders.
    if report.digest.is_none() {
        return;
    }
    page.leaf("h2", &[], "What was not traded as wished");
    let columns: [(&str, &BTreeMap<String, usize>); 3] = [
        ("orders that filled nothing", &report.rejects),
        ("orders that filled in part", &report.cut),
        ("wishes that a limit cut", &report.limited),
    ];
    let reasons: BTreeSet<&String> = columns.iter().flat_map(|(_, counts)| counts.keys()).collect();
    if reasons.is_empty() {
        page.leaf(
            "p",
            &[("class", "none")],
            if report.trades > 0 { "Every order filled whole." } else { "No order was refused." },
        );
        return;
    }
    page.tag("table", &[("class", "refusals")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                row.leaf("th", &[], "reason");
                for (words, _) in &columns {
                    row.leaf("th", &[("class", "number")], words);
                }
            });
        });
        table.tag("tbody", &[], |body| {
            for reason in reasons {
                body.tag("tr", &[], |row| {
                    row.leaf("th", &[], &reason.replace('_', " "));
                    for (_, counts) in &columns {
                        let count = counts.get(reason).map_or_else(|| "–".into(), ToString::to_string);
                        row.leaf("td", &[("class", "number")], &count);
                    }
                });
            }
        });
    });
}
