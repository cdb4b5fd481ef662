//! The wire form of every event: LEGACY's field names, and the same event back.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    AccountNavEvent, AccountPositionEvent, BusEvent, ErrorEvent, ExecutionEvent, HeartbeatEvent, MarketBar1mEvent,
    OrderEvent, QueueEvent, RiskAlertEvent, SignalEvent, SnapshotEvent,
};
use crate::market::{Interval, MinuteBar};

const TS: &str = "2025-01-02T01:31:00Z";

/// Reads the event from JSON, writes it, and expects the same fields in the same order.
fn there_and_back<E: BusEvent + DeserializeOwned + PartialEq + Debug>(name: &str, topic: &str, wire: &Value) {
    let event: E = serde_json::from_value(wire.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = serde_json::to_string(&event).expect("an object");
    assert_eq!(text, wire.to_string(), "{name}");
    assert_eq!((E::NAME, E::TOPIC), (name, topic));
}

#[test]
fn trading_events_have_the_originals_fields() {
    there_and_back::<SignalEvent<'static>>(
        "SignalEvent",
        "alpha.signal",
        &json!({"symbol": "600000.SH", "ts": TS, "direction": "FLAT", "score": 0.5, "weight": 1.0,
            "strategy_id": "default_ultrashort", "model_id": "intraday_rule_v1", "job_id": null,
            "horizon": "intraday", "extra": {"close": 10.5}}),
    );
    there_and_back::<OrderEvent<'static>>(
        "OrderEvent",
        "trade.order",
        &json!({"symbol": "600000.SH", "side": "BUY", "quantity": 100, "order_type": "LMT", "limit_price": 10.5,
            "time_in_force": "IOC", "account_id": "a", "strategy_id": "s", "client_order_id": "c", "ts": TS,
            "extra": {}}),
    );
    there_and_back::<ExecutionEvent<'static>>(
        "ExecutionEvent",
        "trade.execution",
        &json!({"order_id": "o", "client_order_id": "c", "exec_id": "e", "symbol": "600000.SH", "side": "SELL",
            "filled_qty": 100, "avg_price": 10.5, "status": "FILLED", "account_id": "a", "strategy_id": "s",
            "ts": TS, "raw": {}}),
    );
    there_and_back::<RiskAlertEvent<'static>>(
        "RiskAlertEvent",
        "risk.alert",
        &json!({"type": "risk.symbol_alert", "account_id": "a", "symbol": "600000.SH", "level": "critical",
            "score": 3.0, "message": "超限", "ts": TS}),
    );
    there_and_back::<AccountNavEvent<'static>>(
        "AccountNavEvent",
        "account.nav",
        &json!({"account_id": "a", "ts": TS, "nav": 1.5, "nav_peak": 2.0, "dd_total": 0.25, "dd_intraday": 0.0,
            "gross_exposure": 0.5, "max_single_weight": 0.1}),
    );
    there_and_back::<AccountPositionEvent<'static>>(
        "AccountPositionEvent",
        "account.position",
        &json!({"account_id": "a", "ts": TS, "positions": {"600000.SH": 0.1}}),
    );
}

#[test]
fn market_and_health_events_have_the_originals_fields() {
    there_and_back::<MarketBar1mEvent<'static>>(
        "MarketBar1mEvent",
        "market.bar.1m",
        &json!({"source": "simulated", "symbol": "600000.SH", "trading_date": "2025-01-02",
            "bar_ts": "2025-01-02T09:31:00", "open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 100,
            "amount": null, "payload": {"interval": "5m"}}),
    );
    there_and_back::<SnapshotEvent<'static>>(
        "SnapshotEvent",
        "market.snapshot",
        &json!({"symbol": "600000.SH", "ts": TS, "open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 100}),
    );
    there_and_back::<QueueEvent<'static>>(
        "QueueEvent",
        "metrics.bus.queue",
        &json!({"endpoint": "tcp://127.0.0.1:5555", "in_queue": 1, "out_queue": 2, "dropped": 3}),
    );
    there_and_back::<ErrorEvent<'static>>(
        "ErrorEvent",
        "log.error",
        &json!({"component": "night_ops", "message": "路径不存在", "level": "error", "ts": TS}),
    );
    there_and_back::<HeartbeatEvent<'static>>(
        "HeartbeatEvent",
        "sys.heartbeat",
        &json!({"component": "simulate", "pid": 7, "ts": TS, "seqs": {"account.nav": 3}, "dropped": 0}),
    );
}

#[test]
fn other_spellings_of_the_order_type_are_refused() {
    for spelling in ["MARKET", "LIMIT", "mkt"] {
        assert!(serde_json::from_value::<super::OrderType>(json!(spelling)).is_err(), "{spelling}");
    }
}

#[test]
fn a_bar_of_another_length_says_so() {
    let bar = MinuteBar {
        ts: jiff::civil::date(2025, 1, 2).at(9, 35, 0, 0),
        symbol: "600000.SH".parse().expect("a symbol"),
        open: 1.0,
        high: 1.0,
        low: 1.0,
        close: 1.0,
        volume: None,
        amount: None,
        source: "files".into(),
    };
    assert_eq!(MarketBar1mEvent::from_bar(&bar, Interval::M5).interval(), "5m");
    let minute = MarketBar1mEvent::from_bar(&bar, Interval::M1);
    assert!(minute.interval() == "1m" && minute.payload.is_empty());
}

#[test]
fn numbers_that_json_cannot_say_are_refused() {
    let nav = json!({"account_id": "a", "ts": TS, "nav": 1.5, "nav_peak": 2.0, "dd_total": 0.25, "dd_intraday": 0.0,
        "gross_exposure": 0.5, "max_single_weight": 0.1});
    let mut event: AccountNavEvent<'static> = serde_json::from_value(nav).expect("an event");
    for nav in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        event.nav = nav;
        let error = serde_json::to_string(&event).expect_err("refused").to_string();
        assert!(error.contains("no JSON form"), "{error}");
    }
}
