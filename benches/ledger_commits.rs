//! What it costs to put trading into the ledger: batches of a thousand rows, each in one transaction that
//! is on the disk when it returns. Wall-clock time, as a commit mostly waits for the disk.

use std::ops::Range;

use jiff::civil::{date, time};
use lighthunter::{
    clock::Stopwatch,
    digest::Digest,
    store::{ExecutionRow, Ledger, MarkRow, OrderRow, RunStart, StorePath, TradeBatch},
};
use tempfile::TempDir;

use crate::board::{Board, Target};

/// Orders, executions and marks of a batch, a thousand rows in all.
const ORDERS: u64 = 400;
const EXECUTIONS: u64 = 400;
const MARKS: u64 = 200;

/// Batches of a run; the table that they go into grows.
const BATCHES: u64 = 50;

/// Bytes of the state that each batch brings, as many as a broker of a hundred positions has.
const STATE_BYTES: usize = 20_000;

/// Measures the batches.
pub(crate) fn bench(board: &mut Board) {
    let name = "ledger commit of 1,000 rows of trading";
    if !board.wants(name) {
        return;
    }
    let batches = if board.judges() { BATCHES } else { 2 };
    let runs = board.repeat(|| seconds_to_commit(batches));
    let (seconds, rooms): (Vec<f64>, Vec<TempDir>) = runs.into_iter().unzip();
    board.keep(rooms);
    board.put(name, seconds.iter().map(|seconds| seconds * 1e3 / batches as f64), "ms", Target::None);
}

/// Commits a run's batches. Returns the seconds, and the directory to be kept.
fn seconds_to_commit(batches: u64) -> (f64, TempDir) {
    let room = tempfile::tempdir().expect("a directory");
    let ledger = Ledger::open(&StorePath::new("ledger", room.path().join("ledger.sqlite"))).expect("opened");
    let started_at = "2025-01-02T01:00:00Z".parse().expect("a timestamp");
    let (kind, as_of, input_digest) = ("simulation".into(), date(2025, 1, 2), Digest::of("input"));
    ledger.begin_run(&RunStart { id: "run".into(), kind, as_of, input_digest, started_at }).expect("begun");
    let work: Vec<TradeBatch> = (0..batches).map(batch).collect();
    let watch = Stopwatch::start();
    for batch in &work {
        ledger.commit_trading(batch).expect("committed");
    }
    let seconds = watch.seconds();
    assert_eq!(ledger.orders("run").expect("listed").len() as u64, batches * ORDERS, "all are there");
    (seconds, room)
}

fn batch(number: u64) -> TradeBatch {
    let of = |rows: u64| -> Range<u64> { number * rows..(number + 1) * rows };
    TradeBatch {
        run_id: "run".into(),
        step: number + 1,
        orders: of(ORDERS).map(order).collect(),
        executions: of(EXECUTIONS).map(execution).collect(),
        marks: of(MARKS).map(mark).collect(),
        state: format!("{{\"step\":{number},\"pad\":\"{}\"}}", "x".repeat(STATE_BYTES)),
    }
}

fn at(second: u64) -> String {
    let (day, second) = (second / 20_000, second % 20_000);
    let opens = date(2025, 1, 2).to_datetime(time(9, 30, 0, 0));
    let at = opens + jiff::Span::new().days(day as i64).seconds(second as i64);
    at.to_string()
}

fn name(number: u64) -> String {
    format!("u1_{:06}_SH_20250102T013100Z_{number:08x}", 600_000 + number % 100)
}

fn order(number: u64) -> OrderRow {
    OrderRow {
        client_order_id: name(number),
        account_id: "main".into(),
        strategy_id: "u1".into(),
        symbol: format!("{:06}.SH", 600_000 + number % 100),
        side: "buy".into(),
        shares: 100,
        order_type: "MKT".into(),
        limit_price: None,
        time_in_force: "DAY".into(),
        at: at(number),
    }
}

fn execution(number: u64) -> ExecutionRow {
    ExecutionRow {
        exec_id: number + 1,
        order_id: number + 1,
        client_order_id: name(number),
        account_id: "main".into(),
        strategy_id: "u1".into(),
        symbol: format!("{:06}.SH", 600_000 + number % 100),
        side: "buy".into(),
        shares: 100,
        price: 1_049,
        commission: 500,
        stamp_duty: 0,
        transfer_fee: 1,
        slippage: 0,
        status: "FILLED".into(),
        reason: None,
        cash_after: 99_000_000,
        position_after: 1_100,
        at: at(number),
    }
}

fn mark(number: u64) -> MarkRow {
    let (cash, positions_value) = (99_000_000, 1_000_000);
    let nav = cash + positions_value;
    MarkRow { account_id: "main".into(), at: at(number), cash, positions_value, nav, nav_peak: nav }
}
