//! What was traded, what it cost, and what was not traded as wished.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Word,
    words::{fen, percent},
};
use crate::{
    chart::Markup,
    market::tick::cny,
    ops::{backtest::BacktestReport, reason},
    research::performance::TradingFigures,
    text::{Language, Note, Speak},
};

/// Writes turnover and costs.
pub(super) fn write_costs(page: &mut Markup, report: &BacktestReport, language: Language) {
    let Some(trading) = report.figures.as_ref().map(|figures| figures.trading) else { return };
    page.leaf("h2", &[("id", "costs")], Word::Costs.say(language));
    let turnover = report.metrics.get("bt_turnover").copied().flatten();
    let sessions = report.equity.len();
    let mean: String = turnover.map_or_else(|| Word::NotDefined.say(language).into(), percent);
    let lead = if trading.traded > 0 {
        let [traded, costs] = [trading.traded, trading.costs].map(|amount| fen(amount, language));
        let of_capital = share(trading.costs, trading.capital, language);
        let points = format!("{:.1}", cny(trading.costs) / cny(trading.traded) * 10_000.0);
        let all: [&dyn Speak; 8] =
            [&traded, &trading.buys, &trading.sells, &sessions, &mean, &costs, &of_capital, &points];
        Note::new(Word::CostsLead, all)
    } else {
        Word::NothingTraded.into()
    };
    page.leaf("p", &[("class", "lead")], &lead.say(language));
    if trading.traded == 0 {
        return;
    }
    page.tag("table", &[("class", "narrow")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                for (words, class) in [(Word::Cost, ""), (Word::Cny, "number"), (Word::OfCapital, "number")] {
                    row.leaf("th", &[("class", class)], words.say(language));
                }
            });
        });
        table.tag("tbody", &[], |body| write_cost_rows(body, &trading, language));
    });
}

fn write_cost_rows(body: &mut Markup, trading: &TradingFigures, language: Language) {
    let rows = [
        (Word::Commission, trading.commission),
        (Word::StampDuty, trading.stamp_duty),
        (Word::TransferFee, trading.transfer_fee),
        (Word::Slippage, trading.slippage),
        (Word::AllCosts, trading.costs),
        (Word::Dividends, trading.dividends),
    ];
    for (words, value) in rows {
        body.tag("tr", &[], |row| {
            row.leaf("th", &[], words.say(language));
            row.leaf("td", &[("class", "number")], &fen(value, language));
            row.leaf("td", &[("class", "number")], &share(value, trading.capital, language));
        });
    }
}

fn share(part: i64, whole: i64, language: Language) -> String {
    if whole == 0 { Word::NotDefined.say(language).into() } else { percent(cny(part) / cny(whole)) }
}

pub(super) fn write_refusals(page: &mut Markup, report: &BacktestReport, language: Language) {
    // A run that ended before its result knows nothing of orders.
    if report.digest.is_none() {
        return;
    }
    page.leaf("h2", &[], Word::Refusals.say(language));
    let columns: [(Word, &BTreeMap<String, usize>); 3] =
        [(Word::Unfilled, &report.rejects), (Word::Partly, &report.cut), (Word::Limited, &report.limited)];
    let reasons: BTreeSet<&String> = columns.iter().flat_map(|(_, counts)| counts.keys()).collect();
    if reasons.is_empty() {
        page.leaf(
            "p",
            &[("class", "none")],
            if report.trades > 0 { Word::AllFilled } else { Word::NoneRefused }.say(language),
        );
        return;
    }
    page.tag("table", &[("class", "refusals")], |table| {
        table.tag("thead", &[], |head| {
            head.tag("tr", &[], |row| {
                row.leaf("th", &[], Word::Reason.say(language));
                for (words, _) in &columns {
                    row.leaf("th", &[("class", "number")], words.say(language));
                }
            });
        });
        table.tag("tbody", &[], |body| {
            for reason in reasons {
                body.tag("tr", &[], |row| {
                    row.leaf("th", &[], &reason::words(reason, language));
                    for (_, counts) in &columns {
                        let count = counts.get(reason).map_or_else(|| "–".into(), ToString::to_string);
                        row.leaf("td", &[("class", "number")], &count);
                    }
                });
            }
        });
    });
}
