//! Eastmoney's shapes: lines of bars and fields of a quote. Facts: reference/upstream.md, LEGACY.md 2.8.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    Disturbance,
    answer::{Answer, Query, arranged, lots, paid, price_loss},
    table::Table,
};
use crate::{
    clock::shanghai_zone,
    market::{DailyBar, Exchange, Interval, Symbol},
};

/// Columns of a line before the four of change.
const MAX_COLUMNS: usize = 11;

/// `/api/qt/stock/kline/get`.
pub(super) fn kline(query: &Query, table: &Table, how: Option<&Disturbance>) -> Option<Answer> {
    let symbol = symbol_of(query.get("secid")?, table)?;
    let wanted = query.get("fields2").map_or(MAX_COLUMNS, |fields| fields.split(',').count());
    let interval = match query.get("klt")? {
        "1" => Some(Interval::M1),
        "5" => Some(Interval::M5),
        "15" => Some(Interval::M15),
        "60" => Some(Interval::M60),
        _ => None,
    };
    let lines = match interval {
        Some(interval) => minute_lines(symbol, interval, table),
        None => day_lines(symbol, query, table, price_loss(how)),
    };
    let mut lines: Vec<Value> = lines.iter().map(|line| cut(line, wanted).into()).collect();
    if let Some(last) = query.get("lmt").and_then(|count| count.parse::<usize>().ok()) {
        lines = lines.split_off(lines.len().saturating_sub(last));
    }
    let data = if table.days(symbol).is_empty() {
        Value::Null
    } else {
        json!({
            "code": format!("{:06}", symbol.code()), "market": u8::from(symbol.exchange() == Exchange::Sh),
            "name": table.profile(symbol).0, "decimal": 2, "dktotal": table.days(symbol).len(),
            "preKPrice": table.days(symbol).first().map(|bar| table.preclose(bar)),
            "klines": arranged(lines, how),
        })
    };
    Some(Answer::json(
        &json!({"rc": 0, "rt": 17, "svr": 177_617_930, "lt": 1, "full": 0, "dlmkts": "", "dsc": "0", "data": data}),
    ))
}

/// `/api/qt/stock/get`: a quote, or basic info, by the fields asked for.
pub(super) fn stock(query: &Query, table: &Table) -> Option<Answer> {
    let symbol = symbol_of(query.get("secid")?, table)?;
    let Some(bar) = table.last_day(symbol) else {
        return Some(Answer::json(&json!({"rc": 0, "rt": 4, "svr": 177_617_930, "lt": 1, "full": 1, "data": null})));
    };
    let (name, listed) = table.profile(symbol);
    let at = bar.date.at(15, 0, 3, 0).to_zoned(shanghai_zone()).ok()?.timestamp().as_second();
    let all = [
        ("f43", json!(bar.close)),
        ("f44", json!(bar.high)),
        ("f45", json!(bar.low)),
        ("f46", json!(bar.open)),
        ("f47", json!(lots(bar.volume))),
        ("f48", json!(paid(bar.amount, bar.volume, [bar.open, bar.high, bar.low, bar.close]))),
        ("f57", json!(format!("{:06}", symbol.code()))),
        ("f58", json!(name)),
        ("f60", json!(table.preclose(bar))),
        ("f86", json!(at)),
        ("f189", json!(listed.map_or(0, number_of))),
    ];
    let wanted: Vec<&str> = query.get("fields")?.split(',').collect();
    let own =
        all.into_iter().filter(|(field, _)| wanted.contains(field)).map(|(field, value)| (field.to_owned(), value));
    let data: serde_json::Map<String, Value> = own.collect();
    Some(Answer::json(&json!({"rc": 0, "rt": 4, "svr": 177_617_930, "lt": 1, "full": 1, "data": data})))
}

/// Returns the symbol of `1.600000`: 1 is Shanghai, 0 Shenzhen or Beijing.
fn symbol_of(secid: &str, table: &Table) -> Option<Symbol> {
    let (market, digits) = secid.split_once('.')?;
    let code: u32 = digits.parse().ok()?;
    if market == "1" {
        return Symbol::new(code, Exchange::Sh).ok();
    }
    let beijing = Symbol::new(code, Exchange::Bj).ok().filter(|symbol| !table.days(*symbol).is_empty());
    beijing.or_else(|| Symbol::new(code, Exchange::Sz).ok())
}

fn day_lines(symbol: Symbol, query: &Query, table: &Table, loss: f64) -> Vec<String> {
    let date = |key| query.get(key).and_then(|text| text.parse::<u32>().ok());
    let (first, last) = (date("beg").unwrap_or(0), date("end").unwrap_or(20_500_101));
    let within = |bar: &&DailyBar| (first..=last).contains(&number_of(bar.date));
    let line = |bar: &DailyBar| {
        // Adjusted by subtraction, as the site does it (fqt=1); volume and amount stay raw.
        let cash = if query.get("fqt") == Some("1") { table.cash_after(symbol, bar.date) } else { 0.0 } + loss;
        let preclose = table.preclose(bar) - cash;
        let [open, close, high, low] = [bar.open, bar.close, bar.high, bar.low].map(|price| price - cash);
        let percent = |change: f64| change / preclose * 100.0;
        let amount = paid(bar.amount, bar.volume, [bar.open, bar.close, bar.high, bar.low]);
        format!(
            "{},{open:.2},{close:.2},{high:.2},{low:.2},{},{amount:.2},{:.2},{:.2},{:.2},0.20",
            bar.date,
            lots(bar.volume),
            percent(high - low),
            percent(close - preclose),
            close - preclose,
        )
    };
    table.days(symbol).iter().filter(within).map(line).collect()
}

fn minute_lines(symbol: Symbol, interval: Interval, table: &Table) -> Vec<String> {
    let line = |bar: &crate::market::MinuteBar| {
        let (time, volume) = (bar.ts.strftime("%Y-%m-%d %H:%M"), lots(bar.volume));
        let (open, close, high, low) = (bar.open, bar.close, bar.high, bar.low);
        let amount = paid(bar.amount, bar.volume, [open, close, high, low]);
        format!("{time},{open:.2},{close:.2},{high:.2},{low:.2},{volume},{amount:.2},0.10,0.00,0.00,0.01")
    };
    table.minutes(symbol, interval).iter().map(line).collect()
}

fn cut(line: &str, columns: usize) -> String {
    line.split(',').take(columns).collect::<Vec<_>>().join(",")
}

fn number_of(date: Date) -> u32 {
    u32::from(date.year().unsigned_abs()) * 10_000
        + u32::from(date.month().unsigned_abs()) * 100
        + u32::from(date.day().unsigned_abs())
}
