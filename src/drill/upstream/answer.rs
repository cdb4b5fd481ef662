//! Which site a path belongs to, and what its answer is. Pure: from a table to bytes.

use encoding_rs::GBK;
use jiff::civil::DateTime;

use super::{Disturbance, eastmoney, line, quote, table::Table};
use crate::market::{Exchange, Symbol};

/// A body and its head.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(value: &serde_json::Value) -> Self {
        Self { status: 200, content_type: "application/json; charset=utf-8", body: value.to_string().into_bytes() }
    }

    pub(super) fn script(text: &str) -> Self {
        Self { status: 200, content_type: "application/javascript; charset=utf-8", body: text.as_bytes().to_vec() }
    }

    pub(super) fn gbk(text: &str) -> Self {
        let body = GBK.encode(text).0.into_owned();
        Self { status: 200, content_type: "text/html; charset=GBK", body }
    }

    /// What a site says to a request without the `Referer` that it insists on.
    pub(super) fn forbidden() -> Self {
        Self { status: 403, content_type: "text/plain", body: b"Forbidden".to_vec() }
    }
}

/// A request's query, percent-decoded.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    fn read(text: &str) -> Self {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(key, value)| (decoded(key), decoded(value))).collect())
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }
}

/// Returns the answer to a request, quotes as of a moment; nothing for a path that no site has.
pub(super) fn to(
    (target, referer): (&str, &str),
    (table, moment): (&Table, Option<DateTime>),
    how: Option<&Disturbance>,
) -> Option<Answer> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = Query::read(query);
    match path {
        "/api/qt/stock/kline/get" => eastmoney::kline(&query, table, how),
        "/api/qt/stock/get" => eastmoney::stock(&query, table),
        "/ifzqgtimg/appstock/app/newfqkline/get" => line::tencent(&query, table, how),
        _ => {
            if let Some(list) = path.strip_prefix("/q=") {
                return Some(quote::tencent(&decoded(list), table, moment));
            }
            if let Some(list) = path.strip_prefix("/list=") {
                let from_site = referer.contains("finance.sina.com.cn");
                return Some(if from_site { quote::sina(&decoded(list), table, moment) } else { Answer::forbidden() });
            }
            let (code, rest) = path.strip_prefix("/v6/line/hs_")?.split_once('/')?;
            let period = rest.strip_suffix("/last.js")?;
            let from_site = referer.contains("10jqka.com.cn");
            if from_site { line::tonghuashun(code, period, table, how) } else { Some(Answer::forbidden()) }
        }
    }
}

/// Returns the symbol of `sh600000`.
pub(super) fn symbol_of(code: &str) -> Option<Symbol> {
    let (exchange, digits) = code.split_at_checked(2)?;
    let exchange = match exchange {
        "sh" => Exchange::Sh,
        "sz" => Exchange::Sz,
        "bj" => Exchange::Bj,
        _ => return None,
    };
    Symbol::new(digits.parse().ok()?, exchange).ok()
}

/// Returns whole lots of 100 shares, as the sites round them.
pub(super) fn lots(volume: Option<i64>) -> i64 {
    (volume.unwrap_or(0) as f64 / 100.0).round() as i64
}

/// Returns what was paid for `volume` shares, CNY. A site always says it, so where the market does not know it (the
/// files of 2017 to 2021 have none) it is the volume at the middle of the four prices: nothing at all for shares that
/// were traded is what no site answers.
pub(super) fn paid(amount: Option<f64>, volume: Option<i64>, prices: [f64; 4]) -> f64 {
    amount.unwrap_or_else(|| volume.unwrap_or(0) as f64 * prices.iter().sum::<f64>() / 4.0)
}

/// Returns the rows as planned: some twice and out of order, or as they are.
pub(super) fn arranged<T: Clone>(rows: Vec<T>, how: Option<&Disturbance>) -> Vec<T> {
    if how != Some(&Disturbance::DuplicateAndDisordered) {
        return rows;
    }
    let (first, second) = rows.split_at(rows.len() / 2);
    let twice = |(number, row): (usize, &T)| vec![row.clone(); if number % 3 == 0 { 2 } else { 1 }];
    second.iter().chain(first).enumerate().flat_map(twice).collect()
}

/// Returns what a price loses under a disturbance, CNY.
pub(super) fn price_loss(how: Option<&Disturbance>) -> f64 {
    if how == Some(&Disturbance::SubtractiveAdjustment) { 0.23 } else { 0.0 }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let hex = (*byte == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(value) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(value);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*byte);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::paid;

    #[test]
    fn what_the_market_does_not_know_was_paid_at_its_prices() {
        let prices = [3.0, 3.2, 2.9, 3.1];
        assert_eq!(paid(Some(7.0), Some(200), prices), 7.0);
        let mean = paid(None, Some(200), prices) / 200.0;
        assert!((2.9..=3.2).contains(&mean), "{mean}");
        assert_eq!(paid(None, Some(0), prices), 0.0);
    }
}
