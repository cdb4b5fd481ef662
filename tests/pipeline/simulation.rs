//! `simulate` from outside: the same day gives the same result whatever becomes of the bus or of the
//! process; what cannot be replayed says why; the books hold against the bars.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use lighthunter::{
    clock::Stopwatch,
    market::{Exchange, MinuteBar, Symbol, tick},
    net::free_ports,
    source::files::{IntakeOptions, read_directory},
    store::{ExecutionRow, Ledger, MarkRow, OrderRow, RunStatus, StorePath},
};
use serde_json::Value;

use crate::room::Room;

const NO_BUS: [&str; 2] = ["--set", "event_bus.enabled=false"];
/// The newest session of the small market, one-minute bars of 12 symbols.
const STEPS: usize = 240;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// The starting cash of the template, fen.
const CASH: i64 = 100_000_000;

fn simulate(room: &Room, code: i32, arguments: &[&str]) -> Value {
    let all = [&["simulate", "--json"], arguments].concat();
    room.run_to(code, &all).json()
}

fn digest(report: &Value) -> &str {
    report["result_digest"].as_str().expect("a digest")
}

fn ledger(room: &Room) -> Ledger {
    Ledger::open(&StorePath::new("ledger", room.path("data/ledger.sqlite"))).expect("the ledger")
}

/// Everything that the ledger has of a run.
type Rows = (Vec<OrderRow>, Vec<ExecutionRow>, Vec<MarkRow>);

fn rows(room: &Room, run: &str) -> Rows {
    let ledger = ledger(room);
    (
        ledger.orders(run).expect("orders"),
        ledger.executions(run).expect("executions"),
        ledger.marks(run).expect("marks"),
    )
}

fn ports() -> [TcpListener; 3] {
    [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"))
}

/// Returns the settings that put the bus on these ports.
fn endpoints(ports: &[u16]) -> Vec<String> {
    let names = ["pub", "sub", "monitor"].iter().zip(ports);
    names.map(|(name, port)| format!("event_bus.{name}_endpoint=tcp://127.0.0.1:{port}")).collect()
}

#[test]
fn the_same_day_gives_the_same_result_with_the_bus_without_it_and_when_it_is_taken() {
    let room = Room::nighted();
    let sets = endpoints(&free_ports(3).expect("free"));
    let own: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    let first = simulate(&room, 0, &own);
    assert!(first["bus"]["published"].as_u64().is_some_and(|count| count > 16 * 240), "{first}");
    assert!(first["counts"]["fills"].as_u64() > Some(0) && first["counts"]["bars"] == 16 * 240, "{first}");
    let second = simulate(&room, 0, &own);
    assert_eq!(digest(&second), digest(&first));
    let without = simulate(&room, 0, &NO_BUS);
    assert_eq!((digest(&without), &without["bus"]), (digest(&first), &Value::Null));

    // A program that is no forwarder holds the ports: the work is done, and said to be degraded.
    let foreign = ports();
    let sets = endpoints(&foreign.each_ref().map(|held| held.local_addr().expect("bound").port()));
    let taken = sets.iter().flat_map(|set| ["--set", set]);
    let arguments: Vec<&str> = ["simulate"].into_iter().chain(taken).collect();
    let degraded = room.run_to(19, &arguments);
    let holder = format!("pid {}", std::process::id());
    assert!(degraded.stdout.contains("DEGRADED") && degraded.stdout.contains(&holder), "{}", degraded.stdout);
    assert!(degraded.stdout.contains(digest(&first)), "{}", degraded.stdout);
    let record: Value =
        serde_json::from_str(room.lines("experiments/experiments.jsonl").last().expect("a line")).expect("JSON");
    assert_eq!((record["kind"].as_str(), record["status"].as_str()), (Some("simulation"), Some("success")));
    assert_eq!(record["result_digest"].as_str(), Some(digest(&first)));
    room.assert_clean();
}

/// Starts a slow simulation and kills it once its ledger has so many steps.
fn kill_at_step(room: &Room, steps: u64, speed: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lighthunter"));
    command.env("LIGHTHUNTER_WORKSPACE", room.root()).args(["simulate", "-q", "--speed", speed]).args(NO_BUS);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let (watch, mut reached) = (Stopwatch::start(), false);
    while !reached && watch.seconds() < PATIENCE.as_secs_f64() {
        assert!(process.try_wait().expect("asked").is_none(), "it ended before step {steps}");
        let ledger = ledger(room);
        let running = ledger.running().expect("listed");
        let state = running.first().and_then(|run| ledger.trade_state(&run.id).expect("read"));
        reached = if steps == 0 { !running.is_empty() } else { state.is_some_and(|state| state.step >= steps) };
        thread::sleep(Duration::from_millis(5));
    }
    process.kill().expect("killed");
    process.wait().expect("reaped");
    assert!(reached, "step {steps} was never reached");
}

#[test]
fn a_run_that_was_killed_goes_on_and_ends_as_if_it_had_not_been() {
    let whole_room = Room::nighted();
    let whole = simulate(&whole_room, 0, &NO_BUS);
    let run_of = |report: &Value| report["run_id"].as_str().expect("a run").to_owned();
    let expected = rows(&whole_room, &run_of(&whole));
    assert!(expected.0.len() > 1 && expected.1.len() > 1 && expected.2.len() == STEPS + 1);
    for (steps, speed) in [(0, "1"), (1, "4000"), (45, "8000"), (120, "8000"), (239, "8000")] {
        let room = Room::nighted();
        // The ledger commits a quiet day every 30 steps.
        kill_at_step(&room, steps.min(210), speed);
        let resumed = simulate(&room, 0, &[&NO_BUS[..], &["--resume"]].concat());
        assert_eq!(digest(&resumed), digest(&whole), "killed at step {steps}");
        if steps > 0 {
            assert!(resumed["resumed_at_step"].as_u64() >= Some(steps.min(210)), "{resumed}");
        }
        let run = run_of(&resumed);
        assert_eq!(rows(&room, &run), expected, "killed at step {steps}: each row once, and the same");
        let record = ledger(&room).run(&run).expect("read").expect("in the ledger");
        assert_eq!(record.status, RunStatus::Success);
        assert!(ledger(&room).running().expect("listed").is_empty());
        // There is nothing left to resume: it is a run of its own.
        let again = simulate(&room, 0, &[&NO_BUS[..], &["--resume"]].concat());
        assert_ne!(run_of(&again), run);
        assert_eq!((digest(&again), &again["resumed_at_step"]), (digest(&whole), &Value::Null));
    }
}

#[test]
fn a_tripped_kill_switch_stops_the_next_run_until_a_person_releases_it() {
    let room = Room::nighted();
    let tight = ["simulate", "--set", "risk.max_dd_total=0.0001", "--set", "event_bus.enabled=false"];
    let tripping = room.run_to(17, &tight);
    assert!(tripping.stdout.contains("the kill switch is tripped"), "{}", tripping.stdout);
    let shown = room.run_to(0, &["risk", "show"]);
    assert!(shown.stdout.contains("paper_main") && shown.stdout.contains("TRIPPED"), "{}", shown.stdout);
    let refused = room.run_to(17, &[&["simulate"], &NO_BUS[..]].concat());
    for word in ["kill switch of account paper_main", "risk release paper_main"] {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
    let record: Value =
        serde_json::from_str(room.lines("experiments/experiments.jsonl").last().expect("a line")).expect("JSON");
    assert_eq!((record["status"].as_str(), record["error"]["class"].as_u64()), (Some("failed"), Some(17)));
    room.run_to(2, &["risk", "release", "paper_main"]);
    room.run_to(0, &["risk", "release", "paper_main", "--reason", "looked into it"]);
    simulate(&room, 0, &NO_BUS);
    let shown = room.run_to(0, &["risk", "show"]);
    assert!(shown.stdout.contains("released") && !shown.stdout.contains("TRIPPED"), "{}", shown.stdout);
    room.run_to(20, &["risk", "release", "paper_main", "--reason", "twice"]);
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let room = Room::nighted();
    let cases: [(i32, &[&str], &[&str]); 6] = [
        (20, &["--date", "2025-05-20"], &["no intraday bars of 2025-05-20", "--date 2025-06-30"]),
        (20, &["--symbols", "999999.SH"], &["no intraday bars of 999999.SH on 2025-06-30"]),
        (2, &["--symbols", "sh600000"], &["six digits"]),
        (12, &["--date", "2031-05-20"], &["outside the trading calendar"]),
        (2, &["--speed=-1"], &["no number from 0.01"]),
        (2, &["--date", "2025-06-30", "--as-of", "2025-06-30"], &["cannot be used with"]),
    ];
    for (code, arguments, words) in cases {
        let done = room.run_to(code, &[&["simulate"], arguments].concat());
        for word in words {
            assert!(done.stderr.contains(word), "{arguments:?}: no '{word}' in\n{}", done.stderr);
        }
        assert!(done.stdout.is_empty(), "{}", done.stdout);
    }
    assert_eq!(room.lines("experiments/experiments.jsonl").len(), 2, "no run, no experiment");
}

#[test]
fn a_model_that_has_seen_the_future_is_not_asked() {
    let room = Room::nighted();
    let model = room.run_to(0, &["models", "current", "--json"]).json();
    let model = model[0]["id"].as_str().unwrap_or_else(|| panic!("{model}")).to_owned();
    // In force: the run goes on without scores and says so. Pinned: it is refused.
    let report = simulate(&room, 0, &[&NO_BUS[..], &["--date", "2025-06-25"]].concat());
    assert!(report["notes"].to_string().contains("trained after 2025-06-25"), "{report}");
    assert_eq!(report["model_id"], Value::Null);
    let pin = format!("alpha.model_id={model}");
    let refused = room.run_to(12, &[&["simulate", "--date", "2025-06-25", "--set", &pin], &NO_BUS[..]].concat());
    assert!(refused.stderr.contains("it has seen the future of that day"), "{}", refused.stderr);
    // On the last day of its training it may be asked, and what that is worth is said.
    let report = simulate(&room, 0, &NO_BUS);
    assert!(report["notes"].to_string().contains("is no evidence"), "{report}");
}

#[test]
fn what_was_traded_before_a_failure_is_in_the_ledger() {
    let room = Room::nighted();
    let script = room.read("strategy/u1.luau");
    let fails_later =
        script.replace("local rise =", "if bar.time == \"10:00\" then error(\"boom\") end\n\tlocal rise =");
    assert_ne!(fails_later, script);
    room.write("strategy/u1.luau", fails_later);
    let report = simulate(&room, 17, &NO_BUS)["error"]["report"].clone();
    let (orders, executions, marks) = rows(&room, report["run_id"].as_str().expect("an id"));
    let filled = executions.iter().filter(|row| row.shares > 0).count() as u64;
    assert_eq!(Some(orders.len() as u64), report["counts"]["orders"].as_u64(), "{report}");
    assert_eq!(Some(filled), report["counts"]["fills"].as_u64(), "{report}");
    assert!(filled > 0 && marks.len() >= 30, "{filled} fills, {} marks", marks.len());
    assert!(report["error"].as_str().is_some_and(|error| error.contains("strategy/u1.luau:")), "{report}");
}

#[test]
fn an_account_goes_on_from_the_session_before_and_can_sell() {
    let room = Room::nighted();
    let newest = simulate(&room, 0, &NO_BUS);
    let date: jiff::civil::Date = newest["date"].as_str().expect("a date").parse().expect("a date");
    let before = lighthunter::market::Calendar::builtin().previous_session(date).expect("a session").to_string();
    let first = simulate(&room, 0, &[NO_BUS[0], NO_BUS[1], "--date", &before]);
    let go_on = [NO_BUS[0], NO_BUS[1], "--continue"];
    let (second, again) = (simulate(&room, 0, &go_on), simulate(&room, 0, &go_on));
    assert_eq!(digest(&second), digest(&again), "the same start, the same end");
    assert_ne!(digest(&second), digest(&newest));
    let sold = |report: &Value| {
        let (_, executions, _) = rows(&room, report["run_id"].as_str().expect("an id"));
        executions.iter().filter(|row| row.side == "SELL" && row.shares > 0).count()
    };
    assert_eq!((sold(&newest), sold(&first)), (0, 0), "T+1: what was bought today cannot be sold");
    assert!(sold(&second) > 0, "{second}");
}

#[test]
fn only_the_symbols_asked_for_are_traded() {
    let room = Room::nighted();
    let whole = simulate(&room, 0, &NO_BUS);
    let (orders, ..) = rows(&room, whole["run_id"].as_str().expect("a run"));
    let symbol = orders.first().expect("an order").symbol.clone();
    let one = simulate(&room, 0, &[&NO_BUS[..], &["--symbols", &symbol]].concat());
    assert_eq!((one["symbols"].as_u64(), one["counts"]["bars"].as_u64()), (Some(1), Some(STEPS as u64)));
    let (orders, ..) = rows(&room, one["run_id"].as_str().expect("a run"));
    assert!(!orders.is_empty() && orders.iter().all(|order| order.symbol == symbol));
}

/// Holds every mark of a run against the executions and the bars: cash is what the flows left, positions
/// are shares at the last close. Returns the number of fills.
fn audit(room: &Room, run: &str, bars: &[&MinuteBar]) -> usize {
    let (orders, executions, marks) = rows(room, run);
    let mut times: Vec<String> = bars.iter().map(|bar| bar.ts.to_string()).collect();
    times.sort();
    times.dedup();
    assert_eq!(marks.len(), times.len() + 1, "one before the first bar, one a step");
    for mark in &marks {
        let mut cash = CASH;
        let mut shares: BTreeMap<&str, i64> = BTreeMap::new();
        for row in executions.iter().filter(|row| row.at <= mark.at) {
            let signed = if row.side == "BUY" { row.shares } else { -row.shares };
            cash -= signed * row.price + row.commission + row.stamp_duty + row.transfer_fee + row.slippage;
            *shares.entry(&row.symbol).or_default() += signed;
        }
        let worth = |(name, shares): (&&str, &i64)| {
            let symbol: Symbol = name.parse().expect("a symbol");
            let seen = bars.iter().filter(|bar| bar.symbol == symbol && bar.ts.to_string() <= mark.at);
            let last = seen.max_by_key(|bar| bar.ts).expect("a bar before the fill");
            shares * tick::fen(last.close).expect("a price")
        };
        let positions: i64 = shares.iter().filter(|(_, shares)| **shares != 0).map(worth).sum();
        assert_eq!((mark.cash, mark.positions_value, mark.nav), (cash, positions, cash + positions), "{}", mark.at);
    }
    let ordered: Vec<&String> = orders.iter().map(|order| &order.client_order_id).collect();
    assert!(executions.iter().all(|row| ordered.contains(&&row.client_order_id)), "an execution without an order");
    executions.iter().filter(|row| row.shares > 0).count()
}

#[test]
fn real_minute_bars_are_traded_and_the_books_hold_at_every_bar() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible");
    if !source.is_dir() {
        eprintln!("skipped: {} not present", source.display());
        return;
    }
    let room = Room::over(&source);
    let delivered = read_directory(&source, &IntakeOptions::default()).expect("read").data;
    let [star, main] = [688_001, 600_977].map(|code| Symbol::new(code, Exchange::Sh).ok());
    for (date, only, minutes, scored) in
        [("2025-10-31", None, 15, true), ("2021-05-10", star, 1, false), ("2024-07-15", main, 5, false)]
    {
        // In the closing call, as the template has it, and from the next bar on.
        for mode in ["close", "open"] {
            let modes = ["u1", "u2"].map(|id| format!("portfolio.strategies.{id}.rebalance_mode={mode}"));
            let name = only.map(|symbol| symbol.to_string());
            let mut arguments = vec!["--date", date, "--set", &modes[0], "--set", &modes[1]];
            arguments.extend(NO_BUS);
            arguments.extend(name.iter().flat_map(|name| ["--symbols", name]));
            let report = simulate(&room, 0, &arguments);
            assert_eq!(report["interval_minutes"].as_i64(), Some(minutes), "{report}");
            assert_eq!(report["model_id"].is_string(), scored, "{report}");
            assert_eq!(report["notes"].to_string().contains("strategies get no scores"), !scored, "{report}");
            let bars: Vec<&MinuteBar> = delivered
                .minute
                .iter()
                .filter(|(interval, _)| interval.minutes() == minutes)
                .flat_map(|(_, bars)| bars)
                .filter(|bar| bar.ts.date().to_string() == date && only.is_none_or(|symbol| bar.symbol == symbol))
                .collect();
            assert_eq!(report["counts"]["bars"].as_u64(), Some(bars.len() as u64));
            let fills = audit(&room, report["run_id"].as_str().expect("a run"), &bars);
            eprintln!("{date} {mode}: {} bars, {} signals, {fills} fills", bars.len(), report["counts"]["signals"]);
            assert!(fills > 0, "{date} {mode}: {report}");
            let written = room.read(&format!("reports/simulation_{}.md", date.replace('-', "")));
            assert!(written.starts_with(&format!("# Simulation of {date}: succeeded")), "{written}");
        }
    }
    room.assert_clean();
}
