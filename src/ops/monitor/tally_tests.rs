//! The aggregation, case by case.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Heard, NAMES_MAX, OTHER, Tally};

const NOW: &str = "2026-01-05T01:30:00Z";

fn now() -> Timestamp {
    NOW.parse().expect("a timestamp")
}

fn hear(tally: &mut Tally, topic: &str, event: &Value) {
    let payload = event.to_string();
    tally.note(&Heard { topic, publisher: "simulate-7", payload: payload.as_bytes(), snapshot: false, at: now() });
}

fn heard(topic: &str, event: &Value) -> Tally {
    let mut tally = Tally::default();
    hear(&mut tally, topic, event);
    tally
}

#[test]
fn latency_is_measured_where_the_time_is_that_of_sending() {
    let cases = [
        ("alpha.signal", json!({"ts": "2026-01-05T01:29:59.75Z"}), Some(250.0), "live"),
        ("market.tick", json!({"ts": 1_767_576_599_500_i64}), Some(500.0), "epoch milliseconds"),
        ("alpha.signal", json!({"ts": "2026-01-05T01:30:00.001Z"}), Some(0.0), "clocks that differ a little"),
        ("alpha.signal", json!({"ts": "2025-03-03T01:31:00Z"}), None, "market time of a replay"),
        ("sys.heartbeat", json!({"ts": "2026-01-05T01:20:00Z"}), Some(600_000.0), "however late"),
        ("log.error", json!({"ts": "2026-01-05T01:20:00Z"}), Some(600_000.0), "however late"),
        ("market.bar.1m", json!({"bar_ts": "2025-03-03T09:31:00"}), None, "no time of sending"),
        ("market.tick", json!({"ts": true}), None, "no time at all"),
    ];
    for (topic, event, wanted, why) in cases {
        let tally = heard(topic, &event);
        let latency = &tally.latency()[topic];
        assert_eq!((latency.count, latency.last_latency_ms), (1, wanted), "{topic}: {why}");
    }
}

#[test]
fn errors_are_counted_by_component() {
    let cases = [
        ("log.error", json!({"component": "trade_core", "message": "nan"}), Some(("trade_core", "nan"))),
        ("metrics.error", json!({"source": "collect", "error": "timeout"}), Some(("collect", "timeout"))),
        ("error.broker", json!({"message": "rejected"}), Some(("simulate-7", "rejected"))),
        ("exception.x", json!({}), Some(("simulate-7", "an error without words"))),
        ("log.error", json!({"component": "night_ops", "message": "x", "level": "fatal"}), None),
        ("log.info", json!({"component": "night_ops", "message": "x"}), None),
        ("errors", json!({"component": "night_ops", "message": "x"}), None),
    ];
    for (topic, event, wanted) in cases {
        let mut tally = heard(topic, &event);
        let errors = tally.take_errors();
        let got = errors.iter().next().map(|(component, errors)| (component.as_str(), errors.last_message.as_str()));
        assert_eq!(got, wanted, "{topic} {event}");
        assert!(tally.errors().is_empty(), "taken once");
    }
}

#[test]
fn errors_that_could_not_be_written_are_not_lost() {
    let mut tally = heard("log.error", &json!({"component": "a", "message": "first"}));
    let taken = tally.take_errors();
    hear(&mut tally, "log.error", &json!({"component": "a", "message": "second"}));
    tally.put_back_errors(taken);
    let errors = tally.take_errors();
    assert_eq!((errors["a"].count, errors["a"].last_message.as_str()), (2, "second"));
}

#[test]
fn queues_alerts_and_accounts_keep_the_last() {
    let mut tally = Tally::default();
    for dropped in [1, 5] {
        let queue = json!({"endpoint": "tcp://x", "in_queue": 2, "out_queue": 3, "dropped": dropped});
        hear(&mut tally, "metrics.bus.queue", &queue);
        let nav = json!({"account_id": "u1", "nav": 1e6 + f64::from(dropped), "dd_total": 0.01});
        hear(&mut tally, "account.nav", &nav);
        let alert = json!({"account_id": "u1", "level": "warning", "score": 0.5});
        hear(&mut tally, "risk.alert", &alert);
    }
    assert_eq!(tally.queues()["tcp://x"].dropped, 5);
    assert_eq!(tally.accounts()["u1"].nav, 1_000_005.0);
    assert_eq!(tally.risk_accounts()["u1"].alert_count, 2);
    assert!(tally.risk_symbols().is_empty() && tally.losses().malformed_total == 0);
}

#[test]
fn fields_of_another_type_are_malformed_and_change_nothing() {
    let cases = [
        ("metrics.bus.queue", json!({"in_queue": 1})),
        ("metrics.bus.queue", json!({"endpoint": "x", "in_queue": -1})),
        ("account.nav", json!({"account_id": "u1", "nav": null})),
        ("account.nav", json!({"account_id": 7, "nav": 1.0})),
        ("risk.alert", json!({"level": "critical", "score": 1.0})),
        ("risk.alert", json!({"account_id": "u1", "score": 1.0})),
        ("risk.alert", json!({"account_id": "u1", "level": "info", "score": "high"})),
    ];
    for (topic, event) in cases {
        let tally = heard(topic, &event);
        assert_eq!(tally.losses().malformed_total, 1, "{topic} {event}");
        let empty = tally.queues().is_empty() && tally.accounts().is_empty() && tally.risk_accounts().is_empty();
        assert!(empty, "{topic} {event}");
    }
}

#[test]
fn snapshots_tell_values_but_no_latency() {
    let mut tally = Tally::default();
    let payload = json!({"account_id": "u1", "nav": 1.0, "ts": NOW}).to_string();
    let at = now();
    tally.note(&Heard { topic: "account.nav", publisher: "p", payload: payload.as_bytes(), snapshot: true, at });
    assert_eq!(tally.accounts()["u1"].nav, 1.0);
    assert_eq!(tally.latency()["account.nav"].last_latency_ms, None);
}

#[test]
fn the_ten_worst_symbols_are_shown() {
    let mut tally = Tally::default();
    for index in 0..30 {
        let level = ["info", "warning", "critical"][index % 3];
        let alert = json!({"symbol": format!("{index:06}.SZ"), "level": level, "score": index});
        hear(&mut tally, "risk.alert", &alert);
    }
    let shown = tally.risk_symbols();
    assert_eq!(shown.len(), 10);
    assert!(shown.iter().all(|symbol| symbol.last_level == "critical"));
    assert_eq!((shown[0].symbol.as_str(), shown[9].symbol.as_str()), ("000029.SZ", "000002.SZ"));
}

#[test]
fn missed_events_count_by_publisher_and_topic() {
    let mut tally = Tally::default();
    for (publisher, topic, count) in [("a", "x", 2), ("a", "y", 3), ("a", "x", 5), ("b", "x", 1)] {
        tally.note_missed(publisher, topic, count);
    }
    tally.note_dropped(2, 4);
    let losses = tally.losses();
    assert_eq!((losses.missed["a"]["x"], losses.missed["a"]["y"], losses.missed["b"]["x"]), (7, 3, 1));
    assert_eq!((losses.missed_total, losses.malformed_total, losses.replayed_total), (11, 2, 4));
}

#[test]
fn names_without_end_are_bounded() {
    let mut tally = Tally::default();
    let all = NAMES_MAX * 2;
    for index in 0..all {
        hear(&mut tally, &format!("error.{index}"), &json!({"component": format!("c{index}"), "message": "m"}));
        tally.note_missed("p", &format!("t{index}"), 1);
    }
    assert_eq!(tally.latency().len(), NAMES_MAX + 1);
    assert_eq!(tally.latency()[OTHER].count, NAMES_MAX as u64);
    let errors = tally.take_errors();
    assert_eq!(errors.values().map(|errors| errors.count).sum::<u64>(), all as u64, "none is lost");
    assert_eq!(tally.losses().missed["p"].len(), NAMES_MAX + 1);
    assert_eq!(tally.losses().overflow_total, 2 * NAMES_MAX as u64);
}

#[test]
fn hostile_names_are_made_plain() {
    let long = "长".repeat(1_000);
    let tally = heard("log.error", &json!({"component": format!("a\n{long}"), "message": long}));
    let (component, errors) = tally.errors().iter().next().expect("counted");
    assert_eq!((component.chars().count(), errors.last_message.chars().count()), (100, 400));
    assert!(component.starts_with("a 长"));
}
