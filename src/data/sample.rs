//! Made-up bars for the tests of this room.

use jiff::civil::{Date, date};

use crate::market::{Calendar, CorporateAction, DailyBar};

/// Returns bars of the symbols over sessions of 2025, by date, then symbol, without any fault.
pub(super) fn clean_bars(symbols: &[&str], sessions: usize) -> Vec<DailyBar> {
    let calendar = Calendar::builtin();
    let days = calendar.sessions(date(2025, 1, 2)..=date(2025, 12, 31)).expect("sessions");
    let close = |day: usize, symbol: usize| f64::from((1000 + 13 * symbol + day * 7 % 40) as u32) / 100.0;
    let bar = |day: usize, date: Date, number: usize, symbol: &str| {
        let preclose = close(day.wrapping_sub(1).min(day), number);
        let (open, close) = (preclose, close(day, number));
        let fen = |price: f64| (price * 100.0).round() / 100.0;
        DailyBar {
            date,
            symbol: symbol.parse().expect("a symbol"),
            open,
            high: fen(open.max(close) + 0.02),
            low: fen(open.min(close) - 0.02),
            close,
            volume: Some(1000 + day as i64),
            amount: Some(close * (1000 + day) as f64),
            preclose: Some(preclose),
            adj_factor: 1.0,
            suspended: false,
            source: "sample".into(),
        }
    };
    let mut bars = Vec::new();
    for (day, date) in days.iter().take(sessions).enumerate() {
        bars.extend(symbols.iter().enumerate().map(|(number, symbol)| bar(day, *date, number, symbol)));
    }
    bars
}

/// Returns a cash dividend, CNY per ten shares.
pub(super) fn action(symbol: &str, ex_date: Date, cash_per_10: f64) -> CorporateAction {
    let symbol = symbol.parse().expect("a symbol");
    CorporateAction { symbol, ex_date, cash_per_10, bonus_per_10: 0.0, rights_per_10: 0.0, rights_price: 0.0 }
}
