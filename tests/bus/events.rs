//! Every event at a subscriber written with pyzmq, and one that is paused.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use lighthunter::{
    bus::{
        AccountNavEvent, AccountPositionEvent, AlertLevel, BusEvent, Direction, ErrorEvent, ExecutionEvent, Extra,
        MarketBar1mEvent, OrderEvent, OrderType, Publisher, RiskAlertEvent, SignalEvent, SnapshotEvent, TimeInForce,
    },
    market::Side,
};
use serde_json::{Value, json};

use super::{
    PATIENCE, error, forwarder,
    python::{Script, interpreter},
};

const TS: Timestamp = Timestamp::UNIX_EPOCH;

/// Publishes an event and keeps what a subscriber must see of it.
fn publish<E: BusEvent>(publisher: &Publisher, event: &E, sent: &mut Vec<Value>) {
    publisher.publish(event).expect("published");
    let mut line = json!({"topic": E::TOPIC, "__event__": E::NAME});
    let fields = serde_json::to_value(event).expect("an object");
    line.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    sent.push(line);
}

fn bar(number: usize) -> MarketBar1mEvent<'static> {
    MarketBar1mEvent {
        source: "simulated".into(),
        symbol: format!("{:06}.SZ", number % 300).into(),
        trading_date: jiff::civil::date(2025, 1, 2),
        bar_ts: jiff::civil::date(2025, 1, 2).at(9, 31, 0, 0),
        open: 10.0 + number as f64 / 100.0,
        high: 11.5,
        low: 9.25,
        close: 10.1,
        volume: Some(number as i64),
        amount: None,
        payload: Extra::new(),
    }
}

fn publish_all(publisher: &Publisher, sent: &mut Vec<Value>) {
    let signal = SignalEvent {
        symbol: "600000.SH".into(),
        ts: TS,
        direction: Direction::Sell,
        score: -0.25,
        weight: 1.0,
        strategy_id: "default_ultrashort".into(),
        model_id: "intraday_rule_v1".into(),
        job_id: None,
        horizon: "intraday".into(),
        extra: Extra::new(),
    };
    publish(publisher, &signal, sent);
    let order = OrderEvent {
        symbol: "600000.SH".into(),
        side: Side::Buy,
        quantity: 200,
        order_type: OrderType::Limit,
        limit_price: Some(10.01),
        time_in_force: TimeInForce::Day,
        account_id: "paper".into(),
        strategy_id: "u1".into(),
        client_order_id: "u1_600000_SH_1".into(),
        ts: TS,
        extra: Extra::new(),
    };
    publish(publisher, &order, sent);
    let execution = ExecutionEvent {
        order_id: "1".into(),
        client_order_id: order.client_order_id.clone(),
        exec_id: "2".into(),
        symbol: order.symbol.clone(),
        side: order.side,
        filled_qty: 100,
        avg_price: 10.01,
        status: "PARTIALLY_FILLED".into(),
        account_id: "paper".into(),
        strategy_id: "u1".into(),
        ts: TS,
        raw: Extra::new(),
    };
    publish(publisher, &execution, sent);
    publish(publisher, &bar(1), sent);
    publish_accounts(publisher, sent);
    let (open, high, low, close) = (1.0, 2.0, 0.5, 1.5);
    publish(publisher, &SnapshotEvent { symbol: "600000.SH".into(), ts: TS, open, high, low, close, volume: 7 }, sent);
    publish(publisher, &error("磁盘已满 \"/data\""), sent);
}

fn publish_accounts(publisher: &Publisher, sent: &mut Vec<Value>) {
    let alert = RiskAlertEvent {
        kind: "risk.account_alert".into(),
        account_id: "paper".into(),
        symbol: None,
        level: AlertLevel::Critical,
        score: 3.0,
        message: "回撤超限".into(),
        ts: TS,
    };
    publish(publisher, &alert, sent);
    let nav = AccountNavEvent {
        account_id: "paper".into(),
        ts: TS,
        nav: 1_000_000.01,
        nav_peak: 1_000_001.0,
        dd_total: 1e-6,
        dd_intraday: 0.0,
        gross_exposure: 0.5,
        max_single_weight: 0.1,
    };
    publish(publisher, &nav, sent);
    let positions = BTreeMap::from([("600000.SH".into(), 0.1), ("000001.SZ".into(), 0.4)]);
    publish(publisher, &AccountPositionEvent { account_id: "paper".into(), ts: TS, positions }, sent);
}

/// Takes the envelope off a line and returns the publisher's number.
fn opened(line: &mut Value) -> u64 {
    let object = line.as_object_mut().expect("an object");
    let seq = object.remove("seq").and_then(|seq| seq.as_u64()).expect("a number");
    assert_eq!(object.remove("v"), Some(json!(1)));
    assert!(object.remove("publisher").is_some());
    seq
}

#[test]
fn foreign_subscriber_receives_every_event_without_a_gap() {
    let Some(python) = interpreter() else { return };
    let forwarder = forwarder(100_000);
    let script = Script::documented(&python, &forwarder.endpoints().sub_endpoint, &[""]);
    let publisher = forwarder.publisher("simulate").expect("a publisher");
    assert!(publisher.wait_for_subscribers(PATIENCE));
    let mut sent = Vec::new();
    publish_all(&publisher, &mut sent);
    for number in 0..5_000 {
        publish(&publisher, &bar(number), &mut sent);
    }
    publish(&publisher, &error("the end"), &mut sent);
    let id = publisher.id().to_owned();
    let lines = script.lines_until(|line| line["message"] == "the end");
    assert!(lines.iter().all(|line| line["gap"].is_null()), "no gap");
    let ours = lines.into_iter().filter(|line| line["publisher"] == *id && line["topic"] != "sys.heartbeat");
    let mut seqs: BTreeMap<String, u64> = BTreeMap::new();
    let received: Vec<Value> = ours
        .map(|mut line| {
            let seq = opened(&mut line);
            let last = seqs.entry(line["topic"].to_string()).or_default();
            *last += 1;
            assert_eq!(seq, *last, "{line}");
            line
        })
        .collect();
    assert_eq!(received.len(), sent.len());
    for (received, sent) in received.iter().zip(&sent) {
        assert_eq!(received, sent);
    }
    let beat = script.lines_until(|line| line["topic"] == "metrics.bus.queue").pop().expect("a line");
    assert_eq!(beat["dropped"], 0);
}

#[test]
fn paused_subscriber_is_told_how_many_it_missed() {
    let Some(python) = interpreter() else { return };
    let forwarder = forwarder(100);
    let script = Script::documented(&python, &forwarder.endpoints().sub_endpoint, &["log.error"]);
    let publisher = forwarder.publisher("simulate").expect("a publisher");
    assert!(publisher.wait_for_subscribers(PATIENCE));
    publisher.publish(&error("first")).expect("published");
    script.lines_until(|line| line["message"] == "first");

    script.signal("STOP");
    // More than the queues, the kernel's buffers and pyzmq's 100,000 messages of bytes hold together.
    let long = "x".repeat(20_000);
    let more: u64 = 3_000;
    for _ in 0..more {
        publisher.publish(&error(&long)).expect("published");
    }
    assert!(publisher.flush(PATIENCE));
    script.signal("CONT");

    // Nothing else is published: only the heartbeat can tell.
    let is_told = |line: &Value| line["topic"] == "sys.heartbeat" && line["seqs"]["log.error"] == more + 1;
    let lines = script.lines_until(is_told);
    let received = lines.iter().filter(|line| line["topic"] == ErrorEvent::TOPIC).count() as u64;
    let of_errors = lines.iter().filter(|line| line["gap"] == ErrorEvent::TOPIC);
    let missed: u64 = of_errors.filter_map(|line| line["missed"].as_u64()).sum();
    assert!(missed > 0, "it was too fast to miss any of {more}");
    assert_eq!(received + missed, more, "each was received or is told");
    let counts = publisher.counts();
    assert_eq!((counts.dropped, publisher.close(Duration::from_secs(5))), (0, true));
}
