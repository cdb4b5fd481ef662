//! 10jqka: the newest daily bars as JSONP, volumes in shares. Facts: reference/upstream.md, seen in the code of
//! clients only. That the second digit of the period names the adjustment is not confirmed: 0 is asked for, another
//! in the answer is refused, and the mean price says whether the prices are raw.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::Value;

use super::{
    Ask, Page, Request, Site, WebError,
    answer::{Answer, number, shares, shown},
    series::{Series, daily_page},
};
use crate::market::{DailyBar, Symbol};

const LINE: &str = "https://d.10jqka.com.cn";
const REFERER: &str = "https://stockpage.10jqka.com.cn/";
/// Days, raw.
const PERIOD: &str = "00";

pub(super) fn ask(symbol: Symbol) -> Ask {
    let path = format!("/v6/line/hs_{:06}/{PERIOD}/last.js", symbol.code());
    Ask { site: Site::Tonghuashun, base_url: LINE, path, query: Vec::new(), referer: Some(REFERER) }
}

pub(super) fn read(request: &Request, symbol: Symbol, source: &Arc<str>, body: &[u8]) -> Result<Page, WebError> {
    let site = Site::Tonghuashun;
    let answer = Answer::new(site, request.kind, body);
    let head = format!("quotebridge_v6_line_hs_{:06}_", symbol.code());
    for adjusted in ["01", "02"] {
        if answer.utf8()?.trim_start().starts_with(&format!("{head}{adjusted}_last(")) {
            let evidence = format!("the answer names period {adjusted}, {PERIOD} was asked for");
            return Err(WebError::Adjusted { site, symbol, evidence });
        }
    }
    let document = answer.jsonp(&format!("{head}{PERIOD}_last"))?;
    let data = document.get("data").and_then(Value::as_str).ok_or_else(|| answer.wrong("it has no data"))?;
    let mut series = Series::new(site, symbol, request);
    for text in data.split(';').filter(|text| !text.is_empty()) {
        let bar = bar(symbol, source, text);
        let bar = bar.map_err(|problem| answer.wrong(format!("line '{}': {problem}", shown(text))))?;
        series.take(text, bar)?;
    }
    daily_page(series)
}

/// Reads `YYYYMMDD,open,high,low,close,shares,amount,...`.
fn bar(symbol: Symbol, source: &Arc<str>, text: &str) -> Result<DailyBar, String> {
    let cells: Vec<&str> = text.split(',').collect();
    let [date, open, high, low, close, volume, amount, ..] = cells.as_slice() else {
        return Err(format!("{} columns, at least 7 are expected", cells.len()));
    };
    let date = Date::strptime("%Y%m%d", date).map_err(|_| format!("'{date}' is not a date"))?;
    let volume = shares(volume, 1.0)?;
    Ok(DailyBar {
        date,
        symbol,
        open: number(open)?,
        high: number(high)?,
        low: number(low)?,
        close: number(close)?,
        volume: Some(volume),
        amount: Some(number(amount)?),
        preclose: None,
        adj_factor: 0.0,
        suspended: volume == 0,
        source: Arc::clone(source),
    })
}
