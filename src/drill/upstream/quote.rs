//! Quotes as Tencent (`~` between fields, lots) and Sina (commas, shares) send them, both in GBK.
//! Facts: reference/upstream.md.

use super::{
    answer::{Answer, lots, paid, symbol_of},
    table::Table,
};
use crate::market::DailyBar;

/// `/q=sh600000,sz000001`: one statement a symbol that is known.
pub(super) fn tencent(list: &str, table: &Table) -> Answer {
    let statement = |code: &str| -> Option<String> {
        let symbol = symbol_of(code)?;
        let bar = table.last_day(symbol)?;
        let DailyBar { open, high, low, close, volume, amount, .. } = bar;
        let (name, preclose) = (table.profile(symbol).0, table.preclose(bar));
        let (lots, amount) = (lots(*volume), paid(*amount, *volume, [*open, *high, *low, *close]));
        let depth = vec!["0"; 23].join("~");
        let (digits, time) = (format!("{:06}", symbol.code()), bar.date.strftime("%Y%m%d150003"));
        Some(format!(
            "v_{code}=\"1~{name}~{digits}~{close:.2}~{preclose:.2}~{open:.2}~{lots}~{depth}~{time}~{:.2}~0.00~{high:.2}~{low:.2}~{close:.2}/{lots}/{amount:.0}~{lots}\";\n",
            close - preclose
        ))
    };
    let text: String = list.split(',').filter_map(statement).collect();
    Answer::gbk(if text.is_empty() { "v_pv_none_match=\"1\";\n" } else { &text })
}

/// `/list=sh600000,sz000001`: one statement a symbol, empty where it is not known.
pub(super) fn sina(list: &str, table: &Table) -> Answer {
    let fields = |code: &str| -> Option<String> {
        let symbol = symbol_of(code)?;
        let bar = table.last_day(symbol)?;
        let DailyBar { date, open, high, low, close, volume, amount, .. } = bar;
        let (name, preclose) = (table.profile(symbol).0, table.preclose(bar));
        let (volume, amount) = (volume.unwrap_or(0), paid(*amount, *volume, [*open, *high, *low, *close]));
        let depth = vec!["0"; 20].join(",");
        Some(format!(
            "{name},{open:.3},{preclose:.3},{close:.3},{high:.3},{low:.3},{close:.3},{close:.3},{volume},{amount:.3},{depth},{date},15:00:03,00"
        ))
    };
    let statement = |code: &str| format!("var hq_str_{code}=\"{}\";\n", fields(code).unwrap_or_default());
    Answer::gbk(&list.split(',').map(statement).collect::<String>())
}
