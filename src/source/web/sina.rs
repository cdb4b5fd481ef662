//! Sina: quotes as comma-joined text in GBK, volumes in shares. Facts: reference/upstream.md, seen in the code of
//! clients only; the bids and asks, whose places two clients tell differently, are not read.

use jiff::civil::{Date, Time};

use super::{
    Ask, Page, Quote, Request, Rows, Site, WebError,
    answer::{Answer, number, shares},
    tencent::{code, codes},
};
use crate::market::Symbol;

const QUOTE: &str = "https://hq.sinajs.cn";
/// The site answers 403 to whoever does not come from here.
const REFERER: &str = "https://finance.sina.com.cn";

pub(super) fn ask(request: &Request) -> Ask {
    let path = format!("/list={}", codes(&request.symbols));
    Ask { site: Site::Sina, base_url: QUOTE, path, query: Vec::new(), referer: Some(REFERER) }
}

/// Reads one `var hq_str_CODE="...";` a symbol; it is empty where the symbol is not known.
pub(super) fn read(request: &Request, body: &[u8]) -> Result<Page, WebError> {
    let answer = Answer::new(Site::Sina, request.kind, body);
    let text = answer.gbk()?;
    let mut quotes = Vec::with_capacity(request.symbols.len());
    for symbol in &request.symbols {
        let head = format!("var hq_str_{}=\"", code(*symbol));
        let rest = text.split_once(&head).map(|(_, rest)| rest);
        let line = rest.and_then(|rest| rest.split_once('"')).map(|(line, _)| line);
        match line.ok_or_else(|| answer.wrong(format!("it has no {symbol}")))? {
            "" if request.symbols.len() == 1 => {
                return Err(WebError::UnknownSymbol { site: Site::Sina, symbol: *symbol });
            }
            "" => {}
            line => quotes.push(quote(*symbol, line).map_err(|problem| answer.wrong(format!("{symbol}: {problem}")))?),
        }
    }
    Ok(Page::of(Rows::Quotes(quotes)))
}

/// Reads a quote: 0 name, 1 open, 2 preclose, 3 last, 4 high, 5 low, 8 shares, 9 amount, 30 date, 31 time.
fn quote(symbol: Symbol, line: &str) -> Result<Quote, String> {
    let cells: Vec<&str> = line.split(',').collect();
    let cell = |place: usize| cells.get(place).copied().ok_or_else(|| format!("{} columns are too few", cells.len()));
    let (date, time) = (cell(30)?, cell(31)?);
    let date: Date = date.parse().map_err(|_| format!("'{date}' is not a date"))?;
    let time: Time = time.parse().map_err(|_| format!("'{time}' is not a time"))?;
    Ok(Quote {
        symbol,
        name: cell(0)?.to_owned(),
        at: date.to_datetime(time),
        last: number(cell(3)?)?,
        open: number(cell(1)?)?,
        high: number(cell(4)?)?,
        low: number(cell(5)?)?,
        preclose: number(cell(2)?)?,
        volume: shares(cell(8)?, 1.0)?,
        amount: number(cell(9)?)?,
    })
}
