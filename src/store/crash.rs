//! Tests with a second process: one that holds the stores, and some that are killed while they write. The
//! second process is the same test, told by the environment to play the other part.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use super::{
    Depth, Engine, Ledger, Query, RunStart, RunStatus, StoreSettings, Stores, WriteMode,
    fixture::{Room, bar, batch, now, settings_in},
};
use crate::{
    clock::Clock,
    digest::Digest,
    exit::{Exit, Failure},
    market::MarketData,
};

const DIRECTORY: &str = "LIGHTHUNTER_TEST_STORE";

/// Two thousand symbols of one day, so that an import takes long enough to be hit.
fn import(day: i8) -> MarketData {
    let daily = (1..2000).map(|code| bar(day, &format!("{code:06}.SZ"), f64::from(day))).collect();
    MarketData { daily, ..MarketData::default() }
}

fn in_child(test: &str, room: &Room) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", &format!("store::crash::{test}"), "--nocapture"])
        .env(DIRECTORY, room.room.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started")
}

fn child_settings() -> Option<StoreSettings> {
    let directory = std::env::var_os(DIRECTORY)?;
    Some(settings_in(directory.as_ref(), Engine::DuckDb, WriteMode::Dual))
}

/// Reads until the child has said a word; returns what it goes on to say.
fn wait_for(child: &mut Child, word: &str) -> BufReader<ChildStdout> {
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let said = output.by_ref().lines().map_while(Result::ok).any(|line| line.contains(word));
    assert!(said, "the child never said {word}");
    output
}

fn hold(settings: &StoreSettings) {
    let held = Stores::open(settings, &Clock::starting_at(now()), Depth::Quick).expect("opened");
    println!("held");
    let _ = std::io::stdin().read(&mut [0]);
    drop(held);
}

#[test]
fn second_process_is_told_who_holds_the_database() {
    if let Some(settings) = child_settings() {
        return hold(&settings);
    }
    let room = Room::filled(Engine::DuckDb, WriteMode::Dual);
    let mut child = in_child("second_process_is_told_who_holds_the_database", &room);
    let _output = wait_for(&mut child, "held");
    let error = room.try_open(Depth::Quick).map(|_| ()).expect_err("refused");
    drop(child.stdin.take());
    assert!(child.wait().expect("ended").success());
    assert_eq!(error.exit(), Exit::Busy, "{error}");
    assert!(error.to_string().contains(&child.id().to_string()), "names the process: {error}");
    assert!(room.open().1.is_clean());
}

fn import_days(settings: &StoreSettings) {
    let (mut stores, _) = Stores::open(settings, &Clock::starting_at(now()), Depth::Quick).expect("opened");
    for day in 1..=31 {
        stores.import(&import(day), now()).expect("imported");
        println!("acknowledged {day}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_to_a_kill() {
    if let Some(settings) = child_settings() {
        return import_days(&settings);
    }
    // The delays spread the kills over the steps of an import.
    for delay in [0, 3, 7, 12, 18, 25, 33, 42] {
        let room = Room::new(Engine::DuckDb, WriteMode::Dual);
        let mut child = in_child("nothing_acknowledged_is_lost_to_a_kill", &room);
        let mut output = wait_for(&mut child, "acknowledged 2");
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("killed");
        let mut rest = String::new();
        let _ = output.read_to_string(&mut rest);
        child.wait().expect("ended");
        let last = rest.lines().filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok()).max().unwrap_or(2);
        let (stores, report) = room.open();
        assert!(report.lost.is_empty(), "{delay} ms: {report:?}");
        let rows = stores.daily(&Query::up_to(jiff::civil::date(2020, 2, 1))).expect("read");
        let whole: Vec<_> = (1..=31).map_while(|day| rows.get((day - 1) * 1999..day * 1999)).collect();
        assert!(whole.len() >= last, "{delay} ms: {} days of {last} acknowledged", whole.len());
        assert_eq!(rows.len(), whole.len() * 1999, "no part of a day");
        let expected: Vec<_> = (1..=whole.len() as i8).flat_map(|day| import(day).daily).collect();
        assert!(rows == expected, "{delay} ms: other rows than were imported");
        drop(stores);
        assert!(room.open().1.is_clean(), "{delay} ms: recovery leaves nothing to do");
    }
}

/// How many rows of a kind the killed process commits at once.
const BATCH: u64 = 50;

fn simulation() -> RunStart {
    RunStart {
        id: "run".into(),
        kind: "simulation".into(),
        as_of: jiff::civil::date(2020, 6, 30),
        input_digest: Digest::of("input"),
        started_at: now(),
    }
}

fn trade_on(settings: &StoreSettings) {
    let ledger = Ledger::open(&settings.ledger).expect("opened");
    ledger.begin_run(&simulation()).expect("begun");
    for step in (BATCH..).step_by(BATCH as usize) {
        ledger.commit_trading(&batch(step - BATCH + 1..=step)).expect("committed");
        println!("acknowledged {step}");
    }
}

#[test]
fn simulation_goes_on_where_it_was_killed() {
    if let Some(settings) = child_settings() {
        return trade_on(&settings);
    }
    for delay in [0, 1, 2, 3, 5, 7, 9, 12, 16, 21] {
        let room = Room::new(Engine::DuckDb, WriteMode::Dual);
        let mut child = in_child("simulation_goes_on_where_it_was_killed", &room);
        let mut output = wait_for(&mut child, "acknowledged 50");
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("killed");
        let mut rest = String::new();
        let _ = output.read_to_string(&mut rest);
        child.wait().expect("ended");
        let last = rest.lines().filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok()).max();
        let (stores, _) = room.open();
        let ledger = &stores.ledger();
        let run = simulation();
        let candidate = ledger.resume_candidate(&run.kind, run.as_of, &run.input_digest).expect("searched");
        assert_eq!(candidate.expect("a candidate").status, RunStatus::Interrupted, "{delay} ms");
        ledger.resume_run(&run.id).expect("resumed");
        let step = ledger.trade_state(&run.id).expect("read").expect("a state").step;
        assert!(step >= last.unwrap_or(BATCH), "{delay} ms: {step} of {last:?} acknowledged");
        for end in [step, step + BATCH] {
            let expected = batch(1..=end);
            assert!(ledger.orders(&run.id).expect("listed") == expected.orders, "{delay} ms: orders up to {end}");
            assert!(ledger.executions(&run.id).expect("listed") == expected.executions, "{delay} ms: executions");
            assert!(ledger.marks(&run.id).expect("listed") == expected.marks, "{delay} ms: marks");
            ledger.commit_trading(&batch(end + 1..=end + BATCH)).expect("goes on");
        }
    }
}
