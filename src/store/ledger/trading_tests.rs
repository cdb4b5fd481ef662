//! Batches: written once, all or nothing, also where the ledger's write-ahead log is cut anywhere.

use std::{fs, path::Path};

use jiff::civil::{Date, date};

use super::{ExecutionRow, Ledger, MarkRow, OrderRow, TradeBatch, TradeState, state_digest};
use crate::{
    clock::Stopwatch,
    digest::Digest,
    exit::{Exit, Failure},
    store::{RunEnd, RunStart, RunStatus, StoreError, StorePath, fixture::batch},
};

fn open(directory: &Path) -> Ledger {
    Ledger::open(&StorePath::new("k", directory.join("ledger.sqlite"))).expect("opened")
}

fn begin(ledger: &Ledger, id: &str, kind: &str, as_of: Date) {
    let started_at = "2025-01-02T01:00:00Z".parse().expect("a timestamp");
    let start = RunStart { id: id.into(), kind: kind.into(), as_of, input_digest: Digest::of("input"), started_at };
    ledger.begin_run(&start).expect("begun");
}

fn end(ledger: &Ledger, id: &str, status: RunStatus) {
    let finished_at = "2025-01-02T02:00:00Z".parse().expect("a timestamp");
    let end = RunEnd { status, finished_at, result_digest: None, exit: 0, error: None };
    ledger.finish_run(id, &end).expect("ended");
}

fn with_run() -> (tempfile::TempDir, Ledger) {
    let room = tempfile::tempdir().expect("a directory");
    let ledger = open(room.path());
    begin(&ledger, "run", "simulation", date(2025, 1, 2));
    (room, ledger)
}

fn assert_holds(ledger: &Ledger, expected: &TradeBatch, why: &str) {
    assert_eq!(ledger.orders("run").expect("listed"), expected.orders, "{why}");
    assert_eq!(ledger.executions("run").expect("listed"), expected.executions, "{why}");
    assert_eq!(ledger.marks("run").expect("listed"), expected.marks, "{why}");
    let state = ledger.trade_state("run").expect("read").map(|found| (found.step, found.state));
    assert_eq!(state, (expected.step > 0).then(|| (expected.step, expected.state.clone())), "{why}");
}

#[test]
fn batches_come_back_as_they_were_and_the_state_is_the_newest() {
    let (room, ledger) = with_run();
    assert_holds(&ledger, &TradeBatch::default(), "nothing yet");
    ledger.commit_trading(&batch(1..=4)).expect("committed");
    ledger.commit_trading(&batch(5..=9)).expect("committed");
    drop(ledger);
    assert_holds(&open(room.path()), &batch(1..=9), "after a restart");
}

#[test]
fn batch_that_is_there_already_changes_nothing() {
    let (_room, ledger) = with_run();
    for numbers in [1..=4, 1..=4, 5..=9, 1..=4, 5..=9] {
        ledger.commit_trading(&batch(numbers)).expect("committed");
    }
    assert_holds(&ledger, &batch(1..=9), "an older batch does not take the state back");
}

#[test]
fn other_content_under_a_known_id_is_refused_whole() {
    let (_room, ledger) = with_run();
    ledger.commit_trading(&batch(1..=4)).expect("committed");
    let known = || batch(4..=4);
    let new = || batch(5..=6);
    let mut cases = [
        ("run run: order main-4", new()),
        ("execution 4", new()),
        ("mark of main", new()),
        ("state after step 4", TradeBatch { state: "{}".into(), ..known() }),
        ("order main-5", TradeBatch { step: 4, state: known().state, ..new() }),
        ("order main-5", TradeBatch { step: 3, ..new() }),
    ];
    cases[0].1.orders.push(OrderRow { shares: 200, ..known().orders.remove(0) });
    cases[1].1.executions.push(ExecutionRow { price: 1, ..known().executions.remove(0) });
    cases[2].1.marks.push(MarkRow { nav: 9, ..known().marks.remove(0) });
    for (what, wrong) in cases {
        let error = ledger.commit_trading(&wrong).expect_err(what);
        assert!(matches!(&error, StoreError::Conflict { .. }) && error.to_string().contains(what), "{what}: {error}");
        assert_holds(&ledger, &batch(1..=4), what);
    }
}

#[test]
fn batch_of_an_unknown_run_and_a_number_beyond_the_column_are_refused() {
    let (_room, ledger) = with_run();
    let error = ledger.commit_trading(&TradeBatch { run_id: "other".into(), ..batch(1..=1) }).expect_err("refused");
    assert_eq!(error.exit(), Exit::Storage, "{error}");
    assert!(ledger.commit_trading(&TradeBatch { step: u64::MAX, ..batch(1..=1) }).is_err());
    assert_holds(&ledger, &TradeBatch::default(), "nothing is left");
}

#[test]
fn damaged_state_is_corruption() {
    let (_room, ledger) = with_run();
    ledger.commit_trading(&batch(1..=4)).expect("committed");
    for damage in ["state = '{\"step\":5}'", "step = 5"] {
        ledger.connection.execute(&format!("UPDATE trade_states SET {damage}"), []).expect("planted");
        let error = ledger.trade_state("run").expect_err("refused");
        assert_eq!(error.exit(), Exit::Corrupt, "{error}");
        assert!(error.to_string().contains("run run") && error.remedy().is_some(), "{error}");
    }
}

#[test]
fn next_day_goes_on_from_the_newest_run_that_ended_well_before_it() {
    let room = tempfile::tempdir().expect("a directory");
    let ledger = open(room.path());
    let ended = [
        ("a", "simulation", date(2025, 1, 2), RunStatus::Success),
        ("b", "simulation", date(2025, 1, 3), RunStatus::Success),
        ("c", "simulation", date(2025, 1, 2), RunStatus::Success),
        ("d", "simulation", date(2025, 1, 6), RunStatus::Failed),
        ("e", "backtest", date(2025, 1, 6), RunStatus::Success),
    ];
    for (step, (id, kind, as_of, status)) in (1..).zip(ended) {
        begin(&ledger, id, kind, as_of);
        let state = TradeBatch { run_id: id.into(), step, state: id.into(), ..TradeBatch::default() };
        ledger.commit_trading(&state).expect("committed");
        end(&ledger, id, status);
    }
    begin(&ledger, "stateless", "simulation", date(2025, 1, 5));
    end(&ledger, "stateless", RunStatus::Success);
    let newest = |before: Date| ledger.last_trade_state("simulation", before).expect("searched");
    assert!(newest(date(2025, 1, 2)).is_none());
    for (before, expected, step) in [(date(2025, 1, 3), "c", 3), (date(2025, 1, 7), "b", 2)] {
        let (run, state) = newest(before).expect("a run");
        let digest = state_digest(step as i64, expected);
        assert_eq!((run.id.as_str(), state), (expected, TradeState { step, state: expected.into(), digest }));
    }
}

#[test]
fn batch_is_whole_or_absent_wherever_its_write_is_cut() {
    let (room, ledger) = with_run();
    ledger.commit_trading(&batch(1..=40)).expect("committed");
    let log = |directory: &Path| directory.join("ledger.sqlite-wal");
    let before = fs::metadata(log(room.path())).expect("a log").len() as usize;
    ledger.commit_trading(&batch(41..=80)).expect("committed");
    let (database, written) =
        (fs::read(room.path().join("ledger.sqlite")).expect("read"), fs::read(log(room.path())).expect("read"));
    assert!(written.len() > before + 8 * 4096, "the batch is many writes");
    // Frames have a header of 24 bytes and a page; the log has a header of 32.
    let frames = (0..).map(|number| 32 + number * (24 + 4096)).skip_while(|end| *end < before);
    let cuts = frames.flat_map(|end| [end, end + 1, end + 24, end + 2048]).take_while(|cut| *cut < written.len());
    let (mut whole, mut absent) = (0, 0);
    for cut in cuts.chain([written.len()]) {
        let copy = tempfile::tempdir().expect("a directory");
        crate::durable::replace(&copy.path().join("ledger.sqlite"), &database).expect("copied");
        crate::durable::replace(&log(copy.path()), &written[..cut]).expect("copied");
        let ledger = open(copy.path());
        let is_whole = ledger.trade_state("run").expect("read").is_some_and(|state| state.step == 80);
        *(if is_whole { &mut whole } else { &mut absent }) += 1;
        let expected = if is_whole { batch(1..=80) } else { batch(1..=40) };
        assert_holds(&ledger, &expected, &format!("cut at {cut} of {}", written.len()));
        ledger.commit_trading(&batch(41..=80)).expect("a restart does the step again");
        assert_holds(&ledger, &batch(1..=80), &format!("gone on after a cut at {cut}"));
    }
    assert!(whole == 1 && absent > 30, "{whole} whole, {absent} absent");
}

#[test]
fn batch_that_fails_at_any_of_its_rows_leaves_nothing() {
    let (_room, ledger) = with_run();
    ledger.commit_trading(&batch(1..=3)).expect("committed");
    let rows = ["orders WHEN NEW.client_order_id", "executions WHEN 'main-' || NEW.exec_id"]
        .into_iter()
        .flat_map(|table| (4..=8).map(move |number| format!("INSERT ON {table} = 'main-{number}'")))
        .chain((4..=8).map(|number| format!("INSERT ON marks WHEN NEW.at LIKE '%{number}'")))
        .chain(["UPDATE ON trade_states".into()]);
    for row in rows {
        let trigger = format!("CREATE TEMP TRIGGER full BEFORE {row} BEGIN SELECT RAISE(ABORT, 'disk full'); END");
        ledger.connection.execute_batch(&trigger).expect("planted");
        assert!(ledger.commit_trading(&batch(4..=8)).is_err(), "{row}");
        ledger.connection.execute_batch("DROP TRIGGER full").expect("removed");
        assert_holds(&ledger, &batch(1..=3), &row);
    }
    ledger.commit_trading(&batch(4..=8)).expect("committed");
    assert_holds(&ledger, &batch(1..=8), "after the failures");
}

#[test]
fn thousand_executions_are_cheap() {
    let (_room, ledger) = with_run();
    let watch = Stopwatch::start();
    ledger.commit_trading(&batch(1..=1_000)).expect("committed");
    let seconds = watch.seconds();
    eprintln!("3,000 rows committed in {:.1} ms", seconds * 1e3);
    assert!(seconds < 2.0, "{seconds} s");
    let watch = Stopwatch::start();
    for number in 1_001..=1_240 {
        ledger.commit_trading(&batch(number..=number)).expect("committed");
    }
    eprintln!("a batch of 3 rows takes {:.2} ms, the sync included", watch.seconds() * 1e3 / 240.0);
}
