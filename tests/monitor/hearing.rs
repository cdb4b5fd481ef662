//! What is published is counted once, served and written.

use std::{borrow::Cow, time::Duration};

use lighthunter::{
    bus::{AccountNavEvent, ErrorEvent, SnapshotEvent},
    clock::{Clock, Stopwatch},
};
use nix::sys::signal::Signal;
use serde_json::json;

use super::daemon::{Daemon, Ports, until, until_within};

fn error(component: &str, message: &str) -> ErrorEvent<'static> {
    ErrorEvent {
        component: Cow::Owned(component.into()),
        message: Cow::Owned(message.into()),
        level: "error".into(),
        ts: Clock::system().now(),
    }
}

#[test]
fn errors_and_accounts_are_served_and_written() {
    let mut monitor = Daemon::start();
    let publisher = monitor.publisher("trade_core");
    for message in ["weight NaN refused", "weight 1.2 \"refused\"\n"] {
        publisher.publish(&error("trade_core", message)).expect("sent");
    }
    let nav = AccountNavEvent {
        account_id: "u1\"\n".into(),
        ts: "2025-03-03T01:31:00Z".parse().expect("market time"),
        nav: 1_000_123.45,
        nav_peak: 1_000_200.0,
        dd_total: 0.0001,
        dd_intraday: 0.0,
        gross_exposure: 0.9,
        max_single_weight: 0.1,
    };
    publisher.publish(&nav).expect("sent");
    monitor.wait_for("lighthunter_errors_total{component=\"trade_core\"}", |count| count == 2.0);
    monitor.wait_for("lighthunter_account_nav_yuan{account=\"u1\\\" \"}", |nav| nav == 1_000_123.45);
    monitor.wait_for("lighthunter_event_latency_last_seconds{topic=\"log.error\"}", |way| way < 5.0);
    assert_eq!(monitor.sample("lighthunter_event_latency_last_seconds{topic=\"account.nav\"}"), None, "market time");
    let page = monitor.get("/metrics").text;
    assert!(page.ends_with("# EOF\n"), "{page}");

    let written = until(|| Some(monitor.state()).filter(|state| state["errors"]["trade_core"]["count"] == 2));
    let state = written.expect("a line with both");
    assert_eq!(state["last_error"], "weight 1.2 \"refused\"\n");
    assert_eq!(state["latency"]["account.nav"]["count"], 1);
    assert_eq!(state["monitor"]["blind"], false);
    assert_eq!(state["monitor"]["pid"], monitor.pid());
    assert_eq!(monitor.end(Signal::SIGTERM), Some(143));
    let last = monitor.room.lines("logs/monitor/metrics.jsonl").pop().expect("a line");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&last).expect("JSON"), monitor.state(), "the same object");
    assert!(monitor.state()["monitor"]["ended_at"].is_string());
}

#[test]
fn an_operation_that_fails_is_counted_once() {
    let monitor = Daemon::start();
    let options = monitor.ports.options();
    let path = "storage.ts.duckdb_path=data/__invalid_path__/a.duckdb";
    let heard = || monitor.sample("lighthunter_events_total{topic=\"log.error\"}");
    // An alarm waits a twentieth of a second for a listener, which may be too short on a busy machine.
    let runs = (1..=8_u64).find(|_| {
        monitor.room.run_to(13, &Ports::with(&options, &["night-ops", "-q", "--set", path]));
        until_within(0.5, heard).is_some()
    });
    let runs = runs.expect("an alarm was heard");
    let lines = || monitor.room.lines("logs/monitor/metrics.jsonl").len();
    let before = lines();
    until(|| (lines() > before + 1).then_some(())).expect("lines");
    let state = monitor.state();
    assert_eq!(state["errors"]["night_ops"]["count"], runs, "by the run, not by who heard of it");
    assert_eq!(state["runs_total"], runs);
}

/// A publisher that numbers as it likes, which ours cannot.
struct Foreign(zmq::Socket);

impl Foreign {
    fn connect(monitor: &Daemon) -> Self {
        let socket = zmq::Context::new().socket(zmq::XPUB).expect("a socket");
        socket.set_rcvtimeo(10_000).expect("set");
        socket.connect(&monitor.ports.endpoints().pub_endpoint).expect("connected");
        socket.recv_bytes(0).expect("a subscription");
        // The first subscription is the forwarder's own; the listeners' follow at once.
        std::thread::sleep(Duration::from_millis(300));
        Self(socket)
    }

    fn send(&self, seq: u64) {
        let event = json!({
            "__event__": "ErrorEvent", "publisher": "foreign-1", "seq": seq, "v": 1, "component": "foreign",
            "message": "m", "level": "error"
        });
        self.raw(&event.to_string());
    }

    fn raw(&self, payload: &str) {
        self.0.send_multipart(["log.error", payload], 0).expect("sent");
    }
}

#[test]
fn missed_events_are_counted_and_foreign_messages_dropped() {
    let monitor = Daemon::start();
    let foreign = Foreign::connect(&monitor);
    for seq in [1, 2, 7, 7, 3, 8] {
        foreign.send(seq);
    }
    for malformed in ["", "{", "[]", "{\"v\":9}", "\u{0}"] {
        foreign.raw(malformed);
    }
    foreign.raw(&format!("{{\"x\":\"{}\"}}", "y".repeat(2 << 20)));
    foreign.send(10);
    monitor.wait_for("lighthunter_errors_total{component=\"foreign\"}", |count| count == 5.0);
    let missed = "lighthunter_missed_events_total{publisher=\"foreign-1\",topic=\"log.error\"}";
    monitor.wait_for(missed, |count| count == 5.0);
    let dropped =
        format!("lighthunter_bus_dropped_events_total{{endpoint=\"{}\"}}", monitor.ports.endpoints().pub_endpoint);
    monitor.wait_for(&dropped, |count| count == 8.0);
}

/// Sent as fast as a publisher can.
const FLOOD: u32 = 30_000;

#[test]
fn a_flood_is_heard_or_its_loss_is_said_and_the_page_answers_meanwhile() {
    let monitor = Daemon::start();
    let publisher = monitor.publisher("flood");
    for number in 0..FLOOD {
        let event = SnapshotEvent {
            symbol: "600000.SH".into(),
            ts: "2025-03-03T01:31:00Z".parse().expect("market time"),
            open: 10.0,
            high: 10.1,
            low: 9.9,
            close: 10.0,
            volume: number.into(),
        };
        // What a full queue refuses has a number too, so it must come up as missed.
        let _ = publisher.publish(&event);
    }
    let asked = Stopwatch::start();
    assert_eq!(monitor.get("/metrics").status, 200);
    let answered = asked.seconds();
    let heard = || monitor.sample("lighthunter_events_total{topic=\"market.snapshot\"}").unwrap_or(0.0);
    let missed = || {
        let name =
            format!("lighthunter_missed_events_total{{publisher=\"{}\",topic=\"market.snapshot\"}}", publisher.id());
        monitor.sample(&name).unwrap_or(0.0)
    };
    let all = until(|| Some(heard() + missed()).filter(|all| *all >= f64::from(FLOOD)));
    assert_eq!(all, Some(f64::from(FLOOD)), "{} heard, {} missed", heard(), missed());
    assert!(answered < 2.0, "{answered}");
}
