//! Daily bars as Tencent (arrays of texts) and 10jqka (JSONP, shares) send them. Facts: reference/upstream.md.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    Disturbance,
    answer::{Answer, Query, arranged, lots, paid, price_loss, symbol_of},
    table::Table,
};
use crate::market::{DailyBar, Exchange, Symbol};

/// 10jqka's last.js holds so many days.
const LAST_DAYS: usize = 140;

/// `newfqkline/get?param=sh600000,day,BEGIN,END,COUNT,[qfq|hfq]`.
pub(super) fn tencent(query: &Query, table: &Table, how: Option<&Disturbance>) -> Option<Answer> {
    let parts: Vec<&str> = query.get("param")?.split(',').collect();
    let [code, _day, first, last, count, adjustment] = parts.as_slice() else { return None };
    let symbol = symbol_of(code)?;
    let (first, last): (Date, Date) = (first.parse().ok()?, last.parse().ok()?);
    let loss = price_loss(how);
    let row = |bar: &DailyBar| -> Value {
        let cash = if adjustment.is_empty() { 0.0 } else { table.cash_after(symbol, bar.date) } + loss;
        let [open, close, high, low] =
            [bar.open, bar.close, bar.high, bar.low].map(|price| format!("{:.3}", price - cash));
        json!([bar.date.to_string(), open, close, high, low, format!("{}.000", lots(bar.volume)), {}, "0.20"])
    };
    let within = |bar: &&DailyBar| (first..=last).contains(&bar.date);
    let mut rows: Vec<Value> = table.days(symbol).iter().filter(within).map(row).collect();
    rows = rows.split_off(rows.len().saturating_sub(count.parse().ok()?));
    let data = if table.days(symbol).is_empty() {
        json!([])
    } else {
        json!({ *code: { format!("{adjustment}day"): arranged(rows, how), "prec": "1.000" } })
    };
    Some(Answer::json(&json!({"code": 0, "msg": "", "data": data})))
}

/// `/v6/line/hs_600519/00/last.js`.
pub(super) fn tonghuashun(code: &str, period: &str, table: &Table, how: Option<&Disturbance>) -> Option<Answer> {
    let digits: u32 = code.parse().ok()?;
    // The path does not name the exchange; codes that two have are Shenzhen's shares and Shanghai's indices.
    let listed = [Exchange::Sz, Exchange::Bj, Exchange::Sh].map(|exchange| Symbol::new(digits, exchange).ok());
    let symbol = listed.into_iter().flatten().find(|symbol| !table.days(*symbol).is_empty())?;
    let days = table.days(symbol);
    let loss = price_loss(how);
    let row = |bar: &DailyBar| {
        let prices = [bar.open, bar.high, bar.low, bar.close];
        let (date, volume) = (bar.date.strftime("%Y%m%d"), bar.volume.unwrap_or(0));
        let amount = paid(bar.amount, bar.volume, prices);
        let [open, high, low, close] = prices.map(|price| price - loss);
        format!("{date},{open:.2},{high:.2},{low:.2},{close:.2},{volume},{amount:.2},0.200,,,0")
    };
    let rows: Vec<String> = days.iter().skip(days.len().saturating_sub(LAST_DAYS)).map(row).collect();
    let document = json!({
        "rt": "0930-1130,1300-1500", "num": rows.len(), "total": days.len(), "name": table.profile(symbol).0,
        "data": arranged(rows, how).join(";"),
    });
    Some(Answer::script(&format!("quotebridge_v6_line_hs_{code}_{period}_last({document})")))
}
