//! Answers in the shapes that the sites send, made of bars of the simulated market, for tests.

use encoding_rs::GBK;
use serde_json::json;

use super::{Adjustment, DataKind, Request, tencent::code};
use crate::{
    market::{DailyBar, MarketData, Symbol},
    seed::Seed,
    source::simulated::{SimulatedSpec, generate},
};

/// A small market; half of its names pay dividends.
pub(super) fn market() -> MarketData {
    let spec = SimulatedSpec { seed: Seed(11), symbols: 6, days: 40, minute_days: 1, ..SimulatedSpec::default() };
    generate(&spec).expect("a market")
}

/// Returns the traded bars of the first symbol of the market.
pub(super) fn bars(market: &MarketData) -> Vec<DailyBar> {
    let symbol = market.daily.first().expect("a bar").symbol;
    let own = market.daily.iter().filter(|bar| bar.symbol == symbol && !bar.suspended);
    own.map(|bar| DailyBar { preclose: None, source: "s".into(), ..bar.clone() }).collect()
}

pub(super) fn request(kind: DataKind, bars: &[DailyBar]) -> Request {
    let dates = bars.iter().map(|bar| bar.date);
    let (first, last) = (dates.clone().min().expect("a bar"), dates.max().expect("a bar"));
    Request { kind, symbols: vec![bars[0].symbol], first, last, adjustment: Adjustment::Raw }
}

fn lots(bar: &DailyBar) -> i64 {
    (bar.volume.expect("traded") as f64 / 100.0).round() as i64
}

/// Returns the bars as Eastmoney rounds their volumes.
pub(super) fn in_lots(bars: &[DailyBar]) -> Vec<DailyBar> {
    bars.iter().map(|bar| DailyBar { volume: Some(lots(bar) * 100), ..bar.clone() }).collect()
}

pub(super) fn eastmoney_line(bar: &DailyBar) -> String {
    let DailyBar { date, open, close, high, low, amount, .. } = bar;
    let amount = amount.expect("traded");
    format!("{date},{open},{close},{high},{low},{},{amount},1.0,0.5,0.03,0.2", lots(bar))
}

pub(super) fn eastmoney(symbol: Symbol, lines: &[String]) -> String {
    let digits = format!("{:06}", symbol.code());
    let data = json!({"code": digits, "market": 1, "name": "x", "decimal": 2, "dktotal": 40, "preKPrice": 1.0, "klines": lines});
    json!({"rc": 0, "rt": 17, "svr": 1, "lt": 1, "full": 0, "dlmkts": "", "dsc": "0", "data": data}).to_string()
}

pub(super) fn tencent(symbol: Symbol, key: &str, bars: &[DailyBar]) -> String {
    let day = |bar: &DailyBar| {
        let text = |price: f64| format!("{price:.3}");
        let lots = format!("{}.000", lots(bar));
        json!([bar.date.to_string(), text(bar.open), text(bar.close), text(bar.high), text(bar.low), lots, {}, "0.2"])
    };
    let days: Vec<_> = bars.iter().map(day).collect();
    json!({"code": 0, "msg": "", "data": {code(symbol): {key: days, "prec": "1.0"}}}).to_string()
}

pub(super) fn tonghuashun(symbol: Symbol, period: &str, bars: &[DailyBar]) -> String {
    let line = |bar: &DailyBar| {
        let DailyBar { date, open, close, high, low, volume, amount, .. } = bar;
        let (date, volume, amount) = (date.strftime("%Y%m%d"), volume.expect("traded"), amount.expect("traded"));
        format!("{date},{open},{high},{low},{close},{volume},{amount},0.2,,,0")
    };
    let lines: Vec<String> = bars.iter().map(line).collect();
    let document = json!({"rt": "0930-1130,1300-1500", "num": bars.len(), "name": "x", "data": lines.join(";")});
    format!("quotebridge_v6_line_hs_{:06}_{period}_last({document})", symbol.code())
}

pub(super) fn sina_quote(bar: &DailyBar) -> Vec<u8> {
    let DailyBar { symbol, date, open, close, high, low, volume, amount, .. } = bar;
    let (volume, amount) = (volume.expect("traded"), amount.expect("traded"));
    let depth = vec!["0"; 20].join(",");
    let text = format!(
        "var hq_str_{}=\"浦发银行,{open},1.5,{close},{high},{low},0,0,{volume},{amount},{depth},{date},15:00:03,00\";\n",
        code(*symbol)
    );
    GBK.encode(&text).0.into_owned()
}

pub(super) fn tencent_quote(bar: &DailyBar) -> Vec<u8> {
    let DailyBar { symbol, date, open, close, high, low, amount, .. } = bar;
    let (lots, amount) = (lots(bar), amount.expect("traded"));
    let (own, digits) = (code(*symbol), format!("{:06}", symbol.code()));
    let depth = vec!["0"; 23].join("~");
    let time = date.strftime("%Y%m%d");
    let text = format!(
        "v_{own}=\"1~*ST浦发~{digits}~{close}~1.5~{open}~{lots}~{depth}~{time}150003~0~0~{high}~{low}~{close}/{lots}/{amount}~{lots}\";\n"
    );
    GBK.encode(&text).0.into_owned()
}
