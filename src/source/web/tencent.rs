//! Tencent: daily bars as arrays, quotes as `~`-joined text in GBK. Facts: reference/upstream.md, seen in the code
//! of clients only; volumes are lots of 100 shares. Whether a bar's array carries its amount is not confirmed, so
//! that the amount is missing.

use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use serde_json::Value;

use super::{
    Ask, DataKind, Page, Quote, Request, Rows, Site, WebError,
    answer::{Answer, number, shares},
    series::{Series, daily_page},
};
use crate::market::{DailyBar, Exchange, IndexBar, Symbol};

const QUOTE: &str = "https://qt.gtimg.cn";
const HISTORY: &str = "https://proxy.finance.qq.com";
/// One answer reaches over at most so many sessions.
pub(super) const SESSIONS_MAX: usize = 640;
const SHARES_PER_LOT: f64 = 100.0;

pub(super) fn ask(request: &Request, symbol: Symbol) -> Ask {
    if request.kind == DataKind::Snapshot {
        let path = format!("/q={}", codes(&request.symbols));
        return Ask { site: Site::Tencent, base_url: QUOTE, path, query: Vec::new(), referer: None };
    }
    // The last part would name an adjustment; it stays empty.
    let parameter = format!("{},day,{},{},{SESSIONS_MAX},", code(symbol), request.first, request.last);
    let path = "/ifzqgtimg/appstock/app/newfqkline/get".to_owned();
    Ask { site: Site::Tencent, base_url: HISTORY, path, query: vec![("param".into(), parameter)], referer: None }
}

/// Returns a symbol as Tencent and Sina write it: `sh600000`.
pub(super) fn code(symbol: Symbol) -> String {
    let exchange = match symbol.exchange() {
        Exchange::Bj => "bj",
        Exchange::Sh => "sh",
        Exchange::Sz => "sz",
    };
    format!("{exchange}{:06}", symbol.code())
}

pub(super) fn codes(symbols: &[Symbol]) -> String {
    symbols.iter().map(|symbol| code(*symbol)).collect::<Vec<_>>().join(",")
}

pub(super) fn read(request: &Request, symbol: Symbol, source: &Arc<str>, body: &[u8]) -> Result<Page, WebError> {
    let answer = Answer::new(Site::Tencent, request.kind, body);
    if request.kind == DataKind::Snapshot {
        return quotes(&answer, request);
    }
    let document = answer.json()?;
    if document.get("code").and_then(Value::as_i64) != Some(0) {
        return Err(answer.wrong("its code is not 0"));
    }
    let data = document.get("data").ok_or_else(|| answer.wrong("it has no data"))?;
    let Some(own) = data.get(code(symbol)).filter(|own| own.is_object()) else {
        return Err(WebError::UnknownSymbol { site: Site::Tencent, symbol });
    };
    for (key, how) in [("qfqday", "forward"), ("hfqday", "backward")] {
        if own.get(key).is_some() {
            let evidence = format!("the answer names them {key}, adjusted {how}");
            return Err(WebError::Adjusted { site: Site::Tencent, symbol, evidence });
        }
    }
    let days = own.get("day").and_then(Value::as_array).ok_or_else(|| answer.wrong("it has no day"))?;
    if request.kind == DataKind::Index {
        let mut series = Series::new(Site::Tencent, symbol, request);
        for day in days {
            let (date, [open, close, high, low], volume) = row(&answer, day)?;
            series.take(&day.to_string(), IndexBar { date, symbol, open, high, low, close, volume: Some(volume) })?;
        }
        let (bars, rejected) = series.finish()?;
        return Ok(Page { rows: Rows::Index(bars), rejected });
    }
    let mut series = Series::new(Site::Tencent, symbol, request);
    for day in days {
        let (date, [open, close, high, low], volume) = row(&answer, day)?;
        let bar = DailyBar {
            date,
            symbol,
            open,
            high,
            low,
            close,
            volume: Some(volume),
            amount: None,
            preclose: None,
            adj_factor: 0.0,
            suspended: volume == 0,
            source: Arc::clone(source),
        };
        series.take(&day.to_string(), bar)?;
    }
    daily_page(series)
}

/// Reads `[date, open, close, high, low, volume, ...]`, all of them texts.
fn row(answer: &Answer<'_>, day: &Value) -> Result<(Date, [f64; 4], i64), WebError> {
    let read = || {
        let cells: Vec<&str> = day.as_array().into_iter().flatten().take(6).filter_map(Value::as_str).collect();
        let [date, open, close, high, low, volume] = cells.as_slice() else {
            return Err("six texts are expected".to_owned());
        };
        let date: Date = date.parse().map_err(|_| format!("'{date}' is not a date"))?;
        let prices = [number(open)?, number(close)?, number(high)?, number(low)?];
        Ok((date, prices, shares(volume, SHARES_PER_LOT)?))
    };
    read().map_err(|problem| answer.wrong(format!("day {}: {problem}", super::answer::shown(&day.to_string()))))
}

/// Reads one `v_CODE="...";` a symbol. A symbol that is not known is left out by the site.
fn quotes(answer: &Answer<'_>, request: &Request) -> Result<Page, WebError> {
    let text = answer.gbk()?;
    if !text.trim_start().starts_with("v_") {
        return Err(answer.wrong("it has no v_CODE"));
    }
    let mut quotes = Vec::with_capacity(request.symbols.len());
    for symbol in &request.symbols {
        let head = format!("v_{}=\"", code(*symbol));
        let Some(rest) = text.split_once(&head).map(|(_, rest)| rest) else {
            if request.symbols.len() == 1 {
                return Err(WebError::UnknownSymbol { site: Site::Tencent, symbol: *symbol });
            }
            continue;
        };
        let (line, _) = rest.split_once('"').ok_or_else(|| answer.wrong(format!("{symbol} ends in the middle")))?;
        quotes.push(quote(*symbol, line).map_err(|problem| answer.wrong(format!("{symbol}: {problem}")))?);
    }
    Ok(Page::of(Rows::Quotes(quotes)))
}

/// Reads a quote: 1 name, 3 last, 4 preclose, 5 open, 6 volume in lots, 30 time, 33 high, 34 low, 35
/// `last/lots/amount`.
fn quote(symbol: Symbol, line: &str) -> Result<Quote, String> {
    let cells: Vec<&str> = line.split('~').collect();
    let cell = |place: usize| cells.get(place).copied().ok_or_else(|| format!("{} columns are too few", cells.len()));
    let found = cell(2)?;
    if found != format!("{:06}", symbol.code()) {
        return Err(format!("the quote is about '{}'", super::answer::shown(found)));
    }
    let time = cell(30)?;
    let at = DateTime::strptime("%Y%m%d%H%M%S", time).map_err(|_| format!("'{time}' is not a time"))?;
    let amount = cell(35)?.split('/').nth(2).ok_or("column 35 has no amount")?;
    Ok(Quote {
        symbol,
        name: cell(1)?.to_owned(),
        at,
        last: number(cell(3)?)?,
        open: number(cell(5)?)?,
        high: number(cell(33)?)?,
        low: number(cell(34)?)?,
        preclose: number(cell(4)?)?,
        volume: shares(cell(6)?, SHARES_PER_LOT)?,
        amount: number(amount)?,
    })
}
