//! Eastmoney: bars of every length as comma-joined lines, quotes and basic info by field number.
//! Facts: reference/upstream.md (kline), LEGACY 2.8 (fields of a snapshot); volumes are lots of 100 shares.

use std::sync::Arc;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};
use serde_json::Value;

use super::{
    Ask, DataKind, Page, Profile, Quote, Request, Rows, Site, WebError,
    answer::{Answer, number, shares, shown},
    rows::status_of,
    series::{Series, daily_page, minute_page},
};
use crate::{
    clock::shanghai_zone,
    market::{DailyBar, Exchange, IndexBar, Interval, MinuteBar, Symbol},
};

const HISTORY: &str = "https://push2his.eastmoney.com";
const QUOTE: &str = "https://push2.eastmoney.com";
/// A constant of the site's own pages, the same for everybody.
const UT: &str = "7eea3edcaed734bea9cbfc24409ed989";
/// date, open, close, high, low, volume, amount, amplitude, change %, change, turnover %.
const COLUMNS: &str = "f51,f52,f53,f54,f55,f56,f57,f58,f59,f60,f61";
/// The first columns are needed; the site sends fewer for some indices.
const COLUMNS_MIN: usize = 7;
const SHARES_PER_LOT: f64 = 100.0;

pub(super) fn ask(request: &Request, symbol: Symbol) -> Ask {
    let (base_url, path) = match request.kind {
        DataKind::Snapshot | DataKind::Basic => (QUOTE, "/api/qt/stock/get"),
        _ => (HISTORY, "/api/qt/stock/kline/get"),
    };
    let date = |date: Date| date.strftime("%Y%m%d").to_string();
    let mut query = vec![("secid", secid(symbol))];
    match request.kind {
        DataKind::Snapshot => query.push(("fields", "f43,f44,f45,f46,f47,f48,f57,f58,f60,f86".into())),
        DataKind::Basic => query.push(("fields", "f57,f58,f189".into())),
        kind => {
            let (length, begin, end) = match kind {
                // The site takes no dates for minutes: it answers with what it has.
                DataKind::Minute(interval) => (interval.minutes().to_string(), "0".into(), "20500000".into()),
                _ => ("101".into(), date(request.first), date(request.last)),
            };
            query.extend([
                ("klt", length),
                ("fqt", "0".into()),
                ("beg", begin),
                ("end", end),
                ("fields1", "f1,f2,f3,f4,f5,f6".into()),
                ("fields2", COLUMNS.into()),
            ]);
        }
    }
    if matches!(request.kind, DataKind::Snapshot | DataKind::Basic) {
        // Prices as decimals, not as whole numbers of the last digit.
        query.extend([("fltt", "2".into()), ("invt", "2".into())]);
    }
    query.push(("ut", UT.into()));
    let query = query.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Ask { site: Site::Eastmoney, base_url, path: path.into(), query, referer: None }
}

fn secid(symbol: Symbol) -> String {
    let market = u8::from(symbol.exchange() == Exchange::Sh);
    format!("{market}.{:06}", symbol.code())
}

pub(super) fn read(request: &Request, symbol: Symbol, source: &Arc<str>, body: &[u8]) -> Result<Page, WebError> {
    let answer = Answer::new(Site::Eastmoney, request.kind, body);
    let document = answer.json()?;
    let data = match document.get("data") {
        None => return Err(answer.wrong("it has no data")),
        Some(Value::Null) => return Err(WebError::UnknownSymbol { site: Site::Eastmoney, symbol }),
        Some(data) => data,
    };
    let of_kline = !matches!(request.kind, DataKind::Snapshot | DataKind::Basic);
    let code = data.get(if of_kline { "code" } else { "f57" });
    let code = code.and_then(Value::as_str).ok_or_else(|| answer.wrong("it names no code"))?;
    if code != format!("{:06}", symbol.code()) {
        return Err(WebError::OtherSymbol { site: Site::Eastmoney, asked: symbol, found: shown(code) });
    }
    match request.kind {
        DataKind::Snapshot => quote(&answer, data, symbol).map(|quote| Page::of(Rows::Quotes(vec![quote]))),
        DataKind::Basic => profile(&answer, data, symbol).map(|profile| Page::of(Rows::Profiles(vec![profile]))),
        kind => {
            let lines = data.get("klines").and_then(Value::as_array).ok_or_else(|| answer.wrong("it has no klines"))?;
            let rows: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
            let rows = rows.ok_or_else(|| answer.wrong("a kline is not text"))?;
            let lines = Lines { answer: &answer, request, symbol, rows };
            match kind {
                DataKind::Index => lines.index(),
                DataKind::Minute(interval) => lines.minute(interval, source),
                _ => lines.daily(source),
            }
        }
    }
}

/// The lines of one answer.
struct Lines<'a> {
    answer: &'a Answer<'a>,
    request: &'a Request,
    symbol: Symbol,
    rows: Vec<&'a str>,
}

/// The numbers of a line.
struct Line {
    open: f64,
    close: f64,
    high: f64,
    low: f64,
    volume: i64,
    amount: f64,
}

impl Lines<'_> {
    fn read<'l, T: std::str::FromStr>(&self, line: &'l str) -> Result<(T, Line), WebError> {
        let wrong = |problem: String| self.answer.wrong(format!("line '{}': {problem}", shown(line)));
        let cells: Vec<&'l str> = line.split(',').collect();
        let [time, open, close, high, low, volume, amount, ..] = cells.as_slice() else {
            return Err(wrong(format!("{} columns, at least {COLUMNS_MIN} are expected", cells.len())));
        };
        let time = time.replace(' ', "T").parse().map_err(|_| wrong(format!("'{time}' is not a date")))?;
        let numbers = || {
            Ok(Line {
                open: number(open)?,
                close: number(close)?,
                high: number(high)?,
                low: number(low)?,
                volume: shares(volume, SHARES_PER_LOT)?,
                amount: number(amount)?,
            })
        };
        Ok((time, numbers().map_err(wrong)?))
    }

    fn daily(&self, source: &Arc<str>) -> Result<Page, WebError> {
        let mut series = Series::new(Site::Eastmoney, self.symbol, self.request);
        for text in &self.rows {
            let (date, line) = self.read::<Date>(text)?;
            let bar = DailyBar {
                date,
                symbol: self.symbol,
                open: line.open,
                high: line.high,
                low: line.low,
                close: line.close,
                volume: Some(line.volume),
                amount: Some(line.amount),
                preclose: None,
                adj_factor: 0.0,
                suspended: line.volume == 0,
                source: Arc::clone(source),
            };
            series.take(text, bar)?;
        }
        daily_page(series)
    }

    fn index(&self) -> Result<Page, WebError> {
        let mut series = Series::new(Site::Eastmoney, self.symbol, self.request);
        for text in &self.rows {
            let (date, line) = self.read::<Date>(text)?;
            let Line { open, close, high, low, volume, .. } = line;
            let bar = IndexBar { date, symbol: self.symbol, open, high, low, close, volume: Some(volume) };
            series.take(text, bar)?;
        }
        let (bars, rejected) = series.finish()?;
        Ok(Page { rows: Rows::Index(bars), rejected })
    }

    fn minute(&self, interval: Interval, source: &Arc<str>) -> Result<Page, WebError> {
        let mut series = Series::new(Site::Eastmoney, self.symbol, self.request);
        for text in &self.rows {
            let (ts, line) = self.read::<DateTime>(text)?;
            let bar = MinuteBar {
                ts,
                symbol: self.symbol,
                open: line.open,
                high: line.high,
                low: line.low,
                close: line.close,
                volume: Some(line.volume),
                amount: Some(line.amount),
                source: Arc::clone(source),
            };
            series.take(text, bar)?;
        }
        minute_page(series, interval)
    }
}

/// Returns a number by its field; the site writes `-` for what there is not.
fn field(answer: &Answer<'_>, data: &Value, name: &str) -> Result<f64, WebError> {
    match data.get(name) {
        Some(Value::Number(value)) => value.as_f64().ok_or_else(|| answer.wrong(format!("{name} is not a number"))),
        Some(Value::String(text)) if text == "-" => Ok(0.0),
        other => Err(answer.wrong(format!("{name} is {}", other.map_or("missing".into(), Value::to_string)))),
    }
}

fn text(answer: &Answer<'_>, data: &Value, name: &str) -> Result<String, WebError> {
    let text = data.get(name).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| answer.wrong(format!("{name} is missing")))
}

fn quote(answer: &Answer<'_>, data: &Value, symbol: Symbol) -> Result<Quote, WebError> {
    let at = field(answer, data, "f86")?;
    let at = Timestamp::from_second(at as i64).map_err(|error| answer.wrong(format!("f86: {error}")))?;
    let volume = field(answer, data, "f47")?.to_string();
    Ok(Quote {
        symbol,
        name: text(answer, data, "f58")?,
        at: at.to_zoned(shanghai_zone()).datetime(),
        last: field(answer, data, "f43")?,
        open: field(answer, data, "f46")?,
        high: field(answer, data, "f44")?,
        low: field(answer, data, "f45")?,
        preclose: field(answer, data, "f60")?,
        volume: shares(&volume, SHARES_PER_LOT).map_err(|problem| answer.wrong(problem))?,
        amount: field(answer, data, "f48")?,
    })
}

fn profile(answer: &Answer<'_>, data: &Value, symbol: Symbol) -> Result<Profile, WebError> {
    let name = text(answer, data, "f58")?;
    let listed = field(answer, data, "f189")? as i64;
    let listed_on = match listed {
        0 => None,
        digits => Some(Date::strptime("%Y%m%d", digits.to_string()).map_err(|_| answer.wrong("f189 is not a date"))?),
    };
    Ok(Profile { symbol, status: status_of(&name), name, listed_on })
}
