//! The adapters against answers in the sites' shapes: right rows out of good ones, a refusal of every bad one.

use std::sync::Arc;

use serde_json::json;

use super::{Adjustment, DataKind, Page, Request, Rows, Site, WebError, ask, read, sample};
use crate::{
    exit::{Exit, Failure},
    market::{DailyBar, Interval, SecurityStatus},
};

fn request(kind: DataKind, symbols: usize, adjustment: Adjustment) -> Request {
    let date = jiff::civil::date(2025, 1, 2);
    let symbols = vec!["600000.SH".parse().expect("a symbol"); symbols];
    Request { kind, symbols, first: date, last: date, adjustment }
}

fn read_as(site: Site, request: &Request, body: impl AsRef<[u8]>) -> Result<Page, WebError> {
    read(site, request, &Arc::from("s"), body.as_ref())
}

/// Bars compared by what is delivered: a factor that is missing equals itself here.
fn daily(page: Page) -> Vec<DailyBar> {
    assert!(page.rejected.is_empty(), "{:?}", page.rejected);
    match page.rows {
        Rows::Daily(bars) => {
            assert!(bars.iter().all(|bar| bar.adj_factor.is_nan()), "no site delivers factors");
            bars
        }
        other => panic!("not daily: {other:?}"),
    }
}

fn same(found: &[DailyBar], expected: &[DailyBar]) -> bool {
    let plain = |bars: &[DailyBar]| -> Vec<DailyBar> {
        bars.iter().map(|bar| DailyBar { adj_factor: 1.0, ..bar.clone() }).collect()
    };
    plain(found) == plain(expected)
}

#[test]
fn adjusted_prices_are_never_asked_for() {
    for site in Site::ALL {
        for adjustment in [Adjustment::Forward, Adjustment::Backward] {
            let refused = ask(site, &request(DataKind::Daily, 1, adjustment)).expect_err("refused");
            assert!(matches!(refused, WebError::AdjustedAsked { .. }) && refused.exit() == Exit::DataRefused);
        }
    }
}

#[test]
fn a_site_is_asked_for_what_it_delivers_only() {
    let cases = [
        (Site::Eastmoney, DataKind::Minute(Interval::M5), 1, true),
        (Site::Eastmoney, DataKind::Daily, 2, false),
        (Site::Tencent, DataKind::Snapshot, 60, true),
        (Site::Tencent, DataKind::Snapshot, 61, false),
        (Site::Tencent, DataKind::Basic, 1, false),
        (Site::Sina, DataKind::Daily, 1, false),
        (Site::Sina, DataKind::Snapshot, 0, false),
        (Site::Tonghuashun, DataKind::Daily, 1, true),
        (Site::Tonghuashun, DataKind::Index, 1, false),
    ];
    for (site, kind, symbols, offered) in cases {
        let asked = ask(site, &request(kind, symbols, Adjustment::Raw));
        assert_eq!(asked.is_ok(), offered, "{site} {kind} {symbols}: {asked:?}");
    }
}

#[test]
fn requests_are_those_of_the_sites_own_pages() {
    let shown = |site, kind| {
        let ask = ask(site, &request(kind, 1, Adjustment::Raw)).expect("offered");
        let query: Vec<String> = ask.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{}{}?{}", ask.base_url, ask.path, query.join("&"))
    };
    let kline = shown(Site::Eastmoney, DataKind::Daily);
    assert!(kline.starts_with("https://push2his.eastmoney.com/api/qt/stock/kline/get?secid=1.600000&klt=101&fqt=0&"));
    assert!(kline.contains("beg=20250102&end=20250102"), "{kline}");
    let minute = shown(Site::Eastmoney, DataKind::Minute(Interval::M5));
    assert!(minute.contains("klt=5&fqt=0&beg=0&end=20500000"), "{minute}");
    assert_eq!(
        shown(Site::Tencent, DataKind::Daily),
        "https://proxy.finance.qq.com/ifzqgtimg/appstock/app/newfqkline/get?param=sh600000,day,2025-01-02,2025-01-02,640,"
    );
    assert_eq!(shown(Site::Tencent, DataKind::Snapshot), "https://qt.gtimg.cn/q=sh600000?");
    assert_eq!(shown(Site::Sina, DataKind::Snapshot), "https://hq.sinajs.cn/list=sh600000?");
    assert_eq!(shown(Site::Tonghuashun, DataKind::Daily), "https://d.10jqka.com.cn/v6/line/hs_600000/00/last.js?");
}

#[test]
fn bars_come_out_in_our_units() {
    let bars = sample::bars(&sample::market());
    let symbol = bars[0].symbol;
    let request = sample::request(DataKind::Daily, &bars);
    let lines: Vec<String> = bars.iter().map(sample::eastmoney_line).collect();
    let page = read_as(Site::Eastmoney, &request, sample::eastmoney(symbol, &lines)).expect("read");
    assert!(same(&daily(page), &sample::in_lots(&bars)));

    let page = read_as(Site::Tencent, &request, sample::tencent(symbol, "day", &bars)).expect("read");
    let expected: Vec<DailyBar> =
        sample::in_lots(&bars).into_iter().map(|bar| DailyBar { amount: None, ..bar }).collect();
    assert!(same(&daily(page), &expected));

    let page = read_as(Site::Tonghuashun, &request, sample::tonghuashun(symbol, "00", &bars)).expect("read");
    assert!(same(&daily(page), &bars));
}

#[test]
fn order_doubles_and_other_dates_do_not_matter() {
    let bars = sample::bars(&sample::market());
    let symbol = bars[0].symbol;
    let mut lines: Vec<String> = bars.iter().map(sample::eastmoney_line).collect();
    lines.reverse();
    lines.extend_from_within(2..9);
    let request = sample::request(DataKind::Daily, &bars[5..20]);
    let page = read_as(Site::Eastmoney, &request, sample::eastmoney(symbol, &lines)).expect("read");
    assert!(same(&daily(page), &sample::in_lots(&bars[5..20])));
    let other = DailyBar { open: bars[6].low, close: bars[6].low, ..bars[6].clone() };
    lines.push(sample::eastmoney_line(&other));
    let refused = read_as(Site::Eastmoney, &request, sample::eastmoney(symbol, &lines)).expect_err("two truths");
    assert!(matches!(refused, WebError::Contradiction { .. }), "{refused}");
}

#[test]
fn subtractive_prices_are_refused_and_so_are_other_units() {
    let bars = sample::bars(&sample::market());
    let symbol = bars[0].symbol;
    let request = sample::request(DataKind::Daily, &bars);
    let answer = |change: &dyn Fn(&DailyBar) -> DailyBar| {
        let lines: Vec<String> = bars.iter().map(|bar| sample::eastmoney_line(&change(bar))).collect();
        read_as(Site::Eastmoney, &request, sample::eastmoney(symbol, &lines))
    };
    let less = |bar: &DailyBar, off: f64| DailyBar {
        open: bar.open - off,
        high: bar.high - off,
        low: bar.low - off,
        close: bar.close - off,
        ..bar.clone()
    };
    // A dividend as large as a day's range is enough; 0.23 CNY in the real case.
    let range = bars.iter().map(|bar| bar.high - bar.low).fold(0.0, f64::max);
    let refused = answer(&|bar| less(bar, range)).expect_err("refused");
    assert!(matches!(&refused, WebError::Adjusted { evidence, .. } if evidence.contains("CNY")), "{refused}");
    assert_eq!(refused.exit(), Exit::DataRefused);
    let refused = answer(&|bar| less(bar, 1e6)).expect_err("refused");
    assert!(matches!(&refused, WebError::Adjusted { evidence, .. } if evidence.contains("below zero")), "{refused}");
    let hundredfold = |bar: &DailyBar| DailyBar { volume: bar.volume.map(|volume| volume * 100), ..bar.clone() };
    let refused = answer(&hundredfold).expect_err("refused");
    assert!(matches!(refused, WebError::Units { .. }), "{refused}");
    answer(&Clone::clone).expect("raw prices are taken");

    for key in ["qfqday", "hfqday"] {
        let refused = read_as(Site::Tencent, &request, sample::tencent(symbol, key, &bars)).expect_err("refused");
        assert!(matches!(&refused, WebError::Adjusted { evidence, .. } if evidence.contains(key)), "{refused}");
    }
    let refused = read_as(Site::Tonghuashun, &request, sample::tonghuashun(symbol, "01", &bars)).expect_err("refused");
    assert!(matches!(refused, WebError::Adjusted { .. }), "{refused}");
}

#[test]
fn what_is_no_answer_is_an_upstream_failure() {
    let bars = sample::bars(&sample::market());
    let symbol = bars[0].symbol;
    let lines: Vec<String> = bars.iter().map(sample::eastmoney_line).collect();
    let whole = sample::eastmoney(symbol, &lines);
    let login = "<!DOCTYPE html><html><body>请登录</body></html>";
    let bodies = ["", login, &whole[..whole.len() / 2], "{}", "{\"data\": {}}", "[1]"];
    let (one, snapshot) = (sample::request(DataKind::Daily, &bars), sample::request(DataKind::Snapshot, &bars));
    for body in bodies {
        for (site, request) in [
            (Site::Eastmoney, &one),
            (Site::Eastmoney, &snapshot),
            (Site::Tencent, &one),
            (Site::Tencent, &snapshot),
            (Site::Sina, &snapshot),
            (Site::Tonghuashun, &one),
        ] {
            match read_as(site, request, body) {
                // An object without this symbol is how Tencent says that it does not know it.
                Err(WebError::UnknownSymbol { .. }) => assert!(site == Site::Tencent, "{site} {body}"),
                Err(error @ WebError::NotTheShape { .. }) => assert_eq!(error.exit(), Exit::Upstream),
                other => panic!("{site} {} {body}: {other:?}", request.kind),
            }
        }
    }
    let mut short = lines.clone();
    short[3] = "2025-01-02,1,2".into();
    let refused = read_as(Site::Eastmoney, &one, sample::eastmoney(symbol, &short)).expect_err("refused");
    assert!(refused.to_string().contains("3 columns"), "{refused}");
}

#[test]
fn unknown_and_other_symbols_are_named() {
    let bars = sample::bars(&sample::market());
    let request = sample::request(DataKind::Daily, &bars);
    let unknown = read_as(Site::Eastmoney, &request, json!({"rc": 0, "data": null}).to_string());
    assert!(matches!(unknown, Err(WebError::UnknownSymbol { .. })), "{unknown:?}");
    let nothing = read_as(Site::Eastmoney, &request, sample::eastmoney(bars[0].symbol, &[])).expect("read");
    assert!(daily(nothing).is_empty(), "a symbol that did not trade");
    let other = sample::eastmoney("000999.SZ".parse().expect("a symbol"), &[]);
    let other = read_as(Site::Eastmoney, &request, other);
    assert!(matches!(other, Err(WebError::OtherSymbol { .. })), "{other:?}");
    let snapshot = sample::request(DataKind::Snapshot, &bars);
    let name = super::tencent::code(bars[0].symbol);
    let unknown = read_as(Site::Sina, &snapshot, format!("var hq_str_{name}=\"\";\n"));
    assert!(matches!(unknown, Err(WebError::UnknownSymbol { .. })), "{unknown:?}");
    let unknown = read_as(Site::Tencent, &snapshot, "v_pv_none_match=\"1\";\n");
    assert!(matches!(unknown, Err(WebError::UnknownSymbol { .. })), "{unknown:?}");
}

#[test]
fn quotes_are_read_from_gbk() {
    let bars = sample::bars(&sample::market());
    let last = bars.last().expect("a bar");
    let request = sample::request(DataKind::Snapshot, &bars);
    for (site, body, name) in
        [(Site::Sina, sample::sina_quote(last), "浦发银行"), (Site::Tencent, sample::tencent_quote(last), "*ST浦发")]
    {
        let page = read_as(site, &request, body).expect("read");
        let Rows::Quotes(quotes) = page.rows else { panic!("no quotes") };
        let quote = &quotes[0];
        assert_eq!((quote.symbol, quote.name.as_str()), (last.symbol, name), "{site}");
        assert_eq!((quote.open, quote.high, quote.low, quote.last), (last.open, last.high, last.low, last.close));
        assert_eq!(quote.at, last.date.at(15, 0, 3, 0));
        assert_eq!(Some(quote.amount), last.amount, "{site}");
        assert!((quote.volume - last.volume.expect("traded")).abs() <= 50, "{site}: {}", quote.volume);
    }
}

#[test]
fn eastmoney_quotes_and_basic_info_are_read_by_field() {
    let bars = sample::bars(&sample::market());
    let symbol = bars[0].symbol;
    let digits = format!("{:06}", symbol.code());
    let data = json!({"f43": 10.5, "f44": 10.8, "f45": 10.1, "f46": 10.2, "f47": 1234, "f48": 1_295_700.0,
        "f57": digits, "f58": "ST股份", "f60": 10.3, "f86": 1_735_801_203, "f189": 19_991_110});
    let body = json!({"rc": 0, "data": data}).to_string();
    let page = read_as(Site::Eastmoney, &sample::request(DataKind::Snapshot, &bars), &body).expect("read");
    let Rows::Quotes(quotes) = page.rows else { panic!("no quotes") };
    assert_eq!((quotes[0].last, quotes[0].volume, quotes[0].preclose), (10.5, 123_400, 10.3));
    assert_eq!(quotes[0].at, jiff::civil::date(2025, 1, 2).at(15, 0, 3, 0));
    let page = read_as(Site::Eastmoney, &sample::request(DataKind::Basic, &bars), &body).expect("read");
    let Rows::Profiles(profiles) = page.rows else { panic!("no profiles") };
    assert_eq!(profiles[0].listed_on, Some(jiff::civil::date(1999, 11, 10)));
    assert_eq!(profiles[0].status, SecurityStatus::St);
}

#[test]
fn minute_bars_without_an_open_are_rejected_and_counted() {
    let bars = sample::bars(&sample::market());
    let day = bars.last().expect("a bar");
    let line = |time: &str, open: f64| {
        format!("{} {time},{open},{p},{p},{p},10,{},0,0,0,0", day.date, day.close * 1000.0, p = day.close)
    };
    // What the site's one-minute history really looks like: no open but on the newest day, and a bar at 9:30.
    let lines = [line("09:30", day.close), line("09:31", 0.0), line("09:32", day.close), line("09:33", day.close)];
    let request = sample::request(DataKind::Minute(Interval::M1), &bars);
    let page = read_as(Site::Eastmoney, &request, sample::eastmoney(day.symbol, &lines)).expect("read");
    assert_eq!((page.rows.len(), page.rejected.len()), (2, 2), "{:?}", page.rejected);
    assert!(page.rejected.iter().any(|row| row.reason.contains("price is 0")));
}
