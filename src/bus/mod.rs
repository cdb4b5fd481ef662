//! The event bus over ZeroMQ: the only room that names `zmq`.
//!
//! The bus carries hints; the ledger is the record. Nothing may depend on a message having arrived, and
//! a bus that fails never stops work: publishing waits for a bounded time at most, then drops and counts.
//!
//! Publishers and subscribers meet in a forwarder, which the first process to join hosts. Every queue
//! is bounded, every message numbered per publisher and topic, so what was lost on the way shows as a
//! gap at the subscriber. `docs/bus.md` describes the wire.

mod endpoint;
mod envelope;
mod error;
mod event;
mod forwarder;
mod frame;
#[cfg(test)]
mod fuzz_tests;
mod holder;
mod host;
mod link;
mod outbox;
mod publisher;
mod round_trip;
mod sequence;
mod snapshot;
mod socket;
mod subscriber;
mod subscription;
mod waker;

use std::time::Duration;

pub use endpoint::Endpoints;
pub use envelope::WIRE_VERSION;
pub use error::BusError;
pub use event::{
    AccountNavEvent, AccountPositionEvent, AlertLevel, BusEvent, Direction, ErrorEvent, ExecutionEvent, Extra,
    HeartbeatEvent, MarketBar1mEvent, OrderEvent, OrderType, QueueEvent, RiskAlertEvent, SignalEvent, SnapshotEvent,
    TimeInForce, topic,
};
pub use forwarder::{Forwarder, ForwarderCounts, ForwarderOptions};
pub use frame::Frame;
pub use holder::Holder;
pub use host::Bus;
pub use publisher::{Publisher, PublisherCounts};
pub use round_trip::round_trip;
pub use subscriber::{Received, Subscriber, SubscriberCounts, SubscriberOptions};

/// The most messages that wait on any hop: a publisher's queue, each side of the forwarder, a subscriber.
pub const QUEUE_MESSAGES_MAX: i32 = 100_000;

/// The most bytes of a payload; a longer one is dropped and counted.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// libzmq cuts the connection of a peer that sends more than this, before it is all in memory.
const FRAME_BYTES_MAX: i64 = 16 << 20;

/// The longest that closing keeps a process alive for undelivered messages, unless asked otherwise.
const LINGER: Duration = Duration::from_millis(200);

/// The time between two heartbeats and between two lines of queue metrics.
pub const BEAT: Duration = Duration::from_secs(1);

/// Returns libzmq's version.
#[must_use]
pub fn version() -> String {
    let (major, minor, patch) = zmq::version();
    format!("{major}.{minor}.{patch}")
}
