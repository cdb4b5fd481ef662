//! A backtest as tables: money in CNY with two decimals, returns in full precision.

use crate::{market::tick::cny, research::backtest::BacktestResult};

/// Returns `equity.csv`: date, nav, cash, ret, turnover.
pub(super) fn equity(result: &BacktestResult) -> String {
    let rows = result.equity.iter().map(|day| {
        let money = |fen| format!("{:.2}", cny(fen));
        [day.date.to_string(), money(day.nav), money(day.cash), day.ret.to_string(), day.turnover.to_string()]
    });
    csv_table(["date", "nav", "cash", "ret", "turnover"], rows)
}

/// Returns `trades.csv`: one row a fill.
pub(super) fn trades(result: &BacktestResult) -> String {
    let rows = result.trades.iter().map(|fill| {
        let money = |fen| format!("{:.2}", cny(fen));
        [
            fill.date.to_string(),
            fill.symbol.to_string(),
            fill.side.word().to_owned(),
            fill.wanted.to_string(),
            fill.shares.to_string(),
            money(fill.price),
            money(fill.value()),
            money(fill.charges.commission),
            money(fill.charges.stamp_duty),
            money(fill.charges.transfer_fee),
            money(fill.charges.slippage),
        ]
    });
    let header = [
        "date",
        "symbol",
        "side",
        "wanted",
        "shares",
        "price",
        "value",
        "commission",
        "stamp_duty",
        "transfer_fee",
        "slippage",
    ];
    csv_table(header, rows)
}

/// Returns a table as CSV. Cells are dates, numbers, names, symbols and sides: none holds a comma, quote or
/// line break, so a row is its cells joined.
#[must_use]
pub fn csv_table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let lines = std::iter::once(header.join(",")).chain(rows.map(|row| row.join(",")));
    lines.fold(String::new(), |text, line| text + &line + "\n")
}
