//! The typed events of the bus, with LEGACY's topics and field names. Plain data: nothing here sends.
//!
//! Texts are `Cow`, so that a publisher borrows what it has and a subscriber owns what it got. A number
//! that is not finite has no JSON form: such an event is refused when it is encoded, never sent as null.

mod civil;
mod finite;
mod health;
mod market;
mod trade;

use serde::Serialize;

pub use health::{AlertLevel, ErrorEvent, HeartbeatEvent, QueueEvent};
pub use market::{MarketBar1mEvent, SnapshotEvent};
pub use trade::{
    AccountNavEvent, AccountPositionEvent, Direction, ExecutionEvent, OrderEvent, OrderType, RiskAlertEvent,
    SignalEvent, TimeInForce,
};

/// A free-form JSON object: `extra`, `raw`, `payload`.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// An event of the bus: it serializes as a JSON object and knows its topic and name.
pub trait BusEvent: Serialize {
    /// The topic, the first frame.
    const TOPIC: &'static str;
    /// The name, `__event__` in the JSON.
    const NAME: &'static str;
}

/// The topics of this version.
pub mod topic {
    /// A strategy's signal.
    pub const ALPHA_SIGNAL: &str = "alpha.signal";
    /// An order on its way to the broker.
    pub const TRADE_ORDER: &str = "trade.order";
    /// What became of an order.
    pub const TRADE_EXECUTION: &str = "trade.execution";
    /// An intraday bar.
    pub const MARKET_BAR: &str = "market.bar.1m";
    /// A symbol's day so far.
    pub const MARKET_SNAPSHOT: &str = "market.snapshot";
    /// A risk rule's alert.
    pub const RISK_ALERT: &str = "risk.alert";
    /// An account's value.
    pub const ACCOUNT_NAV: &str = "account.nav";
    /// An account's weights.
    pub const ACCOUNT_POSITION: &str = "account.position";
    /// The forwarder's queues.
    pub const BUS_QUEUE: &str = "metrics.bus.queue";
    /// An error of a component.
    pub const LOG_ERROR: &str = "log.error";
    /// A publisher's sign of life, with the number of its last message per topic.
    pub const HEARTBEAT: &str = "sys.heartbeat";

    /// Every topic of this version.
    pub const ALL: [&str; 11] = [
        ALPHA_SIGNAL,
        TRADE_ORDER,
        TRADE_EXECUTION,
        MARKET_BAR,
        MARKET_SNAPSHOT,
        RISK_ALERT,
        ACCOUNT_NAV,
        ACCOUNT_POSITION,
        BUS_QUEUE,
        LOG_ERROR,
        HEARTBEAT,
    ];
}

/// Says which topic and name a type of event has.
macro_rules! events {
    ($($event:ident => $topic:ident),+ $(,)?) => {
        $(impl BusEvent for $event<'_> {
            const TOPIC: &'static str = topic::$topic;
            const NAME: &'static str = stringify!($event);
        })+
    };
}

events! {
    SignalEvent => ALPHA_SIGNAL,
    OrderEvent => TRADE_ORDER,
    ExecutionEvent => TRADE_EXECUTION,
    MarketBar1mEvent => MARKET_BAR,
    SnapshotEvent => MARKET_SNAPSHOT,
    RiskAlertEvent => RISK_ALERT,
    AccountNavEvent => ACCOUNT_NAV,
    AccountPositionEvent => ACCOUNT_POSITION,
    QueueEvent => BUS_QUEUE,
    ErrorEvent => LOG_ERROR,
    HeartbeatEvent => HEARTBEAT,
}

#[cfg(test)]
mod tests;
