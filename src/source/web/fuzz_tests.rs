//! Damaged answers of the quote sites: refused, or read into rows that a bar may be; never a panic and never slow.

use std::sync::Arc;

use jiff::civil::date;

use super::{Adjustment, DataKind, Page, Request, Rows, Site, WebError, read};
use crate::{
    clock::Stopwatch,
    market::Interval,
    seed::fuzz::{corpus, fuzz},
};

/// The largest body that the request engine hands over by default.
const BODY_BYTES_MAX: usize = 16 << 20;

/// What every site can be asked for, about the symbol and the days of the corpus.
fn asked() -> Vec<(Site, Request)> {
    let kinds = [DataKind::Daily, DataKind::Index, DataKind::Minute(Interval::M1), DataKind::Snapshot, DataKind::Basic];
    let request = |kind| Request {
        kind,
        symbols: vec!["600000.SH".parse().expect("a symbol")],
        first: date(2025, 1, 2),
        last: date(2025, 1, 7),
        adjustment: Adjustment::Raw,
    };
    let all = Site::ALL.into_iter().flat_map(|site| kinds.map(|kind| (site, kind)));
    all.filter(|(site, kind)| site.symbols_max(*kind).is_some()).map(|(site, kind)| (site, request(kind))).collect()
}

/// Whatever was believed is what a bar may be: days that were asked for, each once, prices above zero within low and
/// high, no volume below zero.
fn judge(request: &Request, page: &Page) {
    let sane = |[open, high, low, close]: [f64; 4], volume: Option<i64>| {
        let prices = [open, high, low, close];
        let finite = prices.iter().all(|price| price.is_finite() && *price > 0.0);
        finite && low <= open.min(close) && high >= open.max(close) && volume.is_none_or(|volume| volume >= 0)
    };
    let asked_for = |day| (request.first..=request.last).contains(&day);
    match &page.rows {
        Rows::Daily(bars) => {
            assert!(bars.windows(2).all(|pair| pair[0].date < pair[1].date), "a day twice or out of order");
            for bar in bars {
                assert!(sane([bar.open, bar.high, bar.low, bar.close], bar.volume) && asked_for(bar.date), "{bar:?}");
            }
        }
        Rows::Index(bars) => {
            assert!(bars.windows(2).all(|pair| pair[0].date < pair[1].date), "a day twice or out of order");
            for bar in bars {
                assert!(sane([bar.open, bar.high, bar.low, bar.close], bar.volume) && asked_for(bar.date), "{bar:?}");
            }
        }
        Rows::Minute(bars) => {
            assert!(bars.windows(2).all(|pair| pair[0].ts < pair[1].ts), "a minute twice or out of order");
            for bar in bars {
                assert!(sane([bar.open, bar.high, bar.low, bar.close], bar.volume), "{bar:?}");
            }
        }
        Rows::Quotes(quotes) => assert!(quotes.iter().all(|quote| quote.volume >= 0), "{quotes:?}"),
        Rows::Profiles(profiles) => assert!(profiles.len() == 1),
    }
}

#[test]
fn damaged_answers_never_panic() {
    let asked = asked();
    let source = Arc::from("s");
    fuzz("http_answers", 0.10, corpus("http_answers"), |input| {
        for (site, request) in &asked {
            match read(*site, request, &source, input) {
                Ok(page) => judge(request, &page),
                // What is shown of a body must not break the line that it is logged on.
                Err(error) => assert!(!error.to_string().contains(['\n', '\r', '\x1b']), "{error:?}"),
            }
        }
    });
}

#[test]
fn every_answer_of_the_corpus_is_read_by_some_site_or_refused_by_all() {
    let source = Arc::from("s");
    let good =
        |input: &[u8]| asked().iter().filter(|(site, request)| read(*site, request, &source, input).is_ok()).count();
    let read = corpus("http_answers").iter().filter(|input| good(input) > 0).count();
    assert_eq!(read, 7, "daily, minute and quote of Eastmoney, two of Tencent, one of Sina and of 10jqka");
}

#[test]
fn an_answer_as_large_as_the_engine_allows_is_not_slow() {
    let source = Arc::from("s");
    let line = r#""2025-01-02,10.0,10.2,10.3,9.9,12345,12468450.0","#;
    let lines = line.repeat(BODY_BYTES_MAX / line.len() / 8);
    let bodies = [
        "[".repeat(BODY_BYTES_MAX),
        format!("{{\"data\":{}", "{\"data\":".repeat(BODY_BYTES_MAX / 9)),
        format!("{{\"data\":{{\"code\":\"600000\",\"klines\":[{lines}\"\"]}}}}"),
        "\u{6d66}".repeat(BODY_BYTES_MAX / 3),
        "v_sh600000=\"".repeat(BODY_BYTES_MAX / 12),
        format!("var hq_str_sh600000=\"{}", ",".repeat(BODY_BYTES_MAX / 8)),
    ];
    for (number, body) in bodies.iter().enumerate() {
        for (site, request) in asked() {
            let watch = Stopwatch::start();
            let outcome = read(site, &request, &source, body.as_bytes());
            let seconds = watch.seconds();
            assert!(
                matches!(outcome, Err(WebError::NotTheShape { .. })) || seconds < 5.0,
                "body {number}: {outcome:?}"
            );
            assert!(seconds < 5.0, "{site} {}: body {number} took {seconds:.1} s", request.kind);
        }
    }
}
