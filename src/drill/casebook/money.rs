//! MONEY: what the ledger says of orders, executions and accounts adds up, and no order is there twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::snapshot::stores;
use crate::store::{ExecutionRow, Ledger, MarkRow, OrderRow};

/// How many runs are looked at, the newest.
const RUNS_MAX: usize = 50;

/// Cash and shares of one account as its executions make them; amounts in fen.
struct Books {
    cash: i64,
    shares: BTreeMap<String, i64>,
}

/// Cash and positions of every run follow from its executions, to the cent; no order id is there twice.
///
/// # Errors
/// The first run that does not add up.
pub(in crate::drill) fn money(repo: &Path) -> Result<(), String> {
    let stores = stores(repo)?;
    let words = |error: crate::store::StoreError| error.to_string();
    let ledger = Ledger::open_read_only(&stores.ledger).map_err(words)?;
    for run in ledger.runs(RUNS_MAX).map_err(words)? {
        let (orders, executions) = (ledger.orders(&run.id).map_err(words)?, ledger.executions(&run.id).map_err(words)?);
        let marks = ledger.marks(&run.id).map_err(words)?;
        adds_up(&orders, &executions, &marks).map_err(|why| format!("run {}: {why}", run.id))?;
    }
    Ok(())
}

/// Walks through a run's executions from the cash that its accounts had first.
fn adds_up(orders: &[OrderRow], executions: &[ExecutionRow], marks: &[MarkRow]) -> Result<(), String> {
    let (mut ids, mut reports) = (BTreeSet::new(), BTreeSet::new());
    if let Some(twice) = orders.iter().find(|order| !ids.insert(&order.client_order_id)) {
        return Err(format!("the order {} is there twice", twice.client_order_id));
    }
    let mut books: BTreeMap<&str, Books> = BTreeMap::new();
    for mark in marks {
        // The first is taken when the session is open, so that corporate actions are in it.
        books.entry(&mark.account_id).or_insert_with(|| Books { cash: mark.cash, shares: BTreeMap::new() });
    }
    for execution in executions {
        let id = execution.exec_id;
        if !reports.insert(id) {
            return Err(format!("the execution {id} is there twice"));
        }
        if !ids.contains(&execution.client_order_id) {
            return Err(format!("the execution {id} is of no order: {}", execution.client_order_id));
        }
        let account = books.get_mut(execution.account_id.as_str());
        account.ok_or_else(|| format!("account {} was never valued", execution.account_id))?.book(execution)?;
    }
    for (account, books) in &books {
        let last = marks.iter().rev().find(|mark| mark.account_id == *account).map(|mark| mark.cash);
        if last != Some(books.cash) {
            return Err(format!("account {account} ends with {last:?} fen, its executions say {}", books.cash));
        }
    }
    Ok(())
}

impl Books {
    fn book(&mut self, execution: &ExecutionRow) -> Result<(), String> {
        let ExecutionRow { exec_id, symbol, price, cash_after, position_after, .. } = execution;
        let change = if execution.side == "SELL" { -execution.shares } else { execution.shares };
        let fees = execution.commission + execution.stamp_duty + execution.transfer_fee + execution.slippage;
        let cash = self.cash - change * price - fees;
        let held = self.shares.get(symbol).copied().unwrap_or(position_after - change);
        if cash != *cash_after || cash < 0 {
            return Err(format!("execution {exec_id} leaves {cash_after} fen, {cash} follow from what was there"));
        }
        if held < 0 || held + change != *position_after || *position_after < 0 {
            let expected = held + change;
            return Err(format!("execution {exec_id} leaves {position_after} of {symbol}, {expected} follow"));
        }
        self.cash = cash;
        self.shares.insert(symbol.clone(), *position_after);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::adds_up;
    use crate::store::{ExecutionRow, MarkRow, OrderRow};

    fn order(id: &str) -> OrderRow {
        OrderRow {
            client_order_id: id.into(),
            account_id: "main".into(),
            strategy_id: "u1".into(),
            symbol: "600000.SH".into(),
            side: "BUY".into(),
            shares: 100,
            order_type: "MKT".into(),
            limit_price: None,
            time_in_force: "DAY".into(),
            at: "2025-06-30T09:31:00".into(),
        }
    }

    fn fill(exec_id: u64, id: &str, side: &str, (cash_after, position_after): (i64, i64)) -> ExecutionRow {
        ExecutionRow {
            exec_id,
            order_id: exec_id,
            client_order_id: id.into(),
            account_id: "main".into(),
            strategy_id: "u1".into(),
            symbol: "600000.SH".into(),
            side: side.into(),
            shares: 100,
            price: 1000,
            commission: 500,
            stamp_duty: 0,
            transfer_fee: 1,
            slippage: 0,
            status: "FILLED".into(),
            reason: None,
            cash_after,
            position_after,
            at: "2025-06-30T09:32:00".into(),
        }
    }

    fn mark(cash: i64) -> MarkRow {
        let (account_id, at) = ("main".into(), "2025-06-30T09:30:00".into());
        MarkRow { account_id, at, cash, positions_value: 0, nav: cash, nav_peak: cash }
    }

    #[test]
    fn books_that_follow_hold_and_every_other_fen_is_seen() {
        let orders = [order("a"), order("b")];
        let (bought, sold) = (fill(1, "a", "BUY", (99_499, 100)), fill(2, "b", "SELL", (198_998, 0)));
        let marks = [mark(200_000), mark(198_998)];
        adds_up(&orders, &[bought.clone(), sold.clone()], &marks).expect("it adds up");
        let lost =
            |executions: &[ExecutionRow], marks: &[MarkRow]| adds_up(&orders, executions, marks).expect_err("no");
        let cases = [
            (lost(&[fill(1, "a", "BUY", (99_500, 100))], &marks), "leaves 99500 fen, 99499 follow"),
            (lost(&[fill(1, "a", "BUY", (99_499, 200)), fill(2, "b", "SELL", (198_998, 0))], &marks), "0 of 600000.SH"),
            (lost(&[bought.clone(), bought.clone()], &marks), "execution 1 is there twice"),
            (lost(&[fill(1, "x", "BUY", (99_499, 100))], &marks), "of no order: x"),
            (lost(std::slice::from_ref(&bought), &marks), "ends with Some(198998) fen, its executions say 99499"),
            (lost(&[fill(1, "a", "BUY", (-1, 100))], &[mark(100_500)]), "execution 1"),
            (lost(&[bought], &[]), "was never valued"),
        ];
        for (why, expected) in cases {
            assert!(why.contains(expected), "{expected}: {why}");
        }
        let twice = adds_up(&[order("a"), order("a")], &[], &[]).expect_err("twice");
        assert_eq!(twice, "the order a is there twice");
    }
}
