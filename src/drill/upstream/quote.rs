//! Quotes as Tencent (`~` between fields, lots) and Sina (commas, shares) send them, both in GBK.
//! Facts: reference/upstream.md.

use super::{
    answer::{Answer, lots, paid, symbol_of},
    table::Table,
};
use jiff::{
    ToSpan,
    civil::{DateTime, time},
};

use crate::market::{DailyBar, Interval, Symbol};

/// Returns what has been traded of the newest day at a moment, and when that was; after its close without one.
fn as_of(table: &Table, symbol: Symbol, moment: Option<DateTime>) -> Option<(DailyBar, DateTime)> {
    let day = table.last_day(symbol)?.clone();
    let Some(moment) = moment else {
        let at = day.date.to_datetime(time(15, 0, 3, 0));
        return Some((day, at));
    };
    // The minute of the moment counts as a whole.
    let bars = table.minutes(symbol, Interval::M1).iter();
    let bars: Vec<_> =
        bars.filter(|bar| bar.ts.date() == moment.date() && bar.ts < moment.saturating_add(1.minute())).collect();
    let preclose = table.preclose(&day);
    let bar = DailyBar {
        open: bars.first().map_or(preclose, |bar| bar.open),
        high: bars.iter().map(|bar| bar.high).reduce(f64::max).unwrap_or(preclose),
        low: bars.iter().map(|bar| bar.low).reduce(f64::min).unwrap_or(preclose),
        close: bars.last().map_or(preclose, |bar| bar.close),
        volume: Some(bars.iter().filter_map(|bar| bar.volume).sum()),
        amount: Some(bars.iter().filter_map(|bar| bar.amount).sum()),
        ..day
    };
    Some((bar, moment))
}

/// `/q=sh600000,sz000001`: one statement a symbol that is known.
pub(super) fn tencent(list: &str, table: &Table, moment: Option<DateTime>) -> Answer {
    let statement = |code: &str| -> Option<String> {
        let symbol = symbol_of(code)?;
        let (bar, at) = as_of(table, symbol, moment)?;
        let DailyBar { open, high, low, close, volume, amount, .. } = bar;
        let (name, preclose) = (table.profile(symbol).0, table.preclose(&bar));
        let (lots, amount) = (lots(volume), paid(amount, volume, [open, high, low, close]));
        let depth = vec!["0"; 23].join("~");
        let (digits, time) = (format!("{:06}", symbol.code()), at.strftime("%Y%m%d%H%M%S"));
        Some(format!(
            "v_{code}=\"1~{name}~{digits}~{close:.2}~{preclose:.2}~{open:.2}~{lots}~{depth}~{time}~{:.2}~0.00~{high:.2}~{low:.2}~{close:.2}/{lots}/{amount:.0}~{lots}\";\n",
            close - preclose
        ))
    };
    let text: String = list.split(',').filter_map(statement).collect();
    Answer::gbk(if text.is_empty() { "v_pv_none_match=\"1\";\n" } else { &text })
}

/// `/list=sh600000,sz000001`: one statement a symbol, empty where it is not known.
pub(super) fn sina(list: &str, table: &Table, moment: Option<DateTime>) -> Answer {
    let fields = |code: &str| -> Option<String> {
        let symbol = symbol_of(code)?;
        let (bar, at) = as_of(table, symbol, moment)?;
        let DailyBar { open, high, low, close, volume, amount, .. } = bar;
        let (name, preclose) = (table.profile(symbol).0, table.preclose(&bar));
        let at = at.strftime("%Y-%m-%d,%H:%M:%S");
        let (volume, amount) = (volume.unwrap_or(0), paid(amount, volume, [open, high, low, close]));
        let depth = vec!["0"; 20].join(",");
        Some(format!(
            "{name},{open:.3},{preclose:.3},{close:.3},{high:.3},{low:.3},{close:.3},{close:.3},{volume},{amount:.3},{depth},{at},00"
        ))
    };
    let statement = |code: &str| format!("var hq_str_{code}=\"{}\";\n", fields(code).unwrap_or_default());
    Answer::gbk(&list.split(',').map(statement).collect::<String>())
}
