//! The event bus over ZeroMQ: the only room that names `zmq`.
//!
//! The bus carries hints; the ledger is the record. Nothing may depend on a message having arrived.

mod event;
mod publisher;
mod round_trip;

use std::time::Duration;

pub use event::{ErrorEvent, Frame, WIRE_VERSION, topic};
pub use publisher::Publisher;
pub use round_trip::round_trip;

use crate::exit::{Exit, Failure};

/// The longest that a socket keeps the process alive for undelivered messages.
const LINGER: Duration = Duration::from_millis(100);

/// What went wrong on the bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// libzmq refused a call.
    #[error("the event bus cannot {step} at {endpoint}: {source}")]
    Socket {
        /// What was tried.
        step: &'static str,
        /// Where.
        endpoint: String,
        /// What libzmq said.
        source: zmq::Error,
    },
    /// A message that was sent did not arrive.
    #[error("a message sent over ZeroMQ at {endpoint} did not come back within {seconds} s")]
    Lost {
        /// Where.
        endpoint: String,
        /// How long was waited.
        seconds: f64,
    },
    /// A message that is not one of ours.
    #[error("a bus message is malformed: {0}")]
    Malformed(String),
}

impl BusError {
    fn at(step: &'static str, endpoint: &str) -> impl FnOnce(zmq::Error) -> Self {
        let endpoint = endpoint.to_owned();
        move |source| Self::Socket { step, endpoint, source }
    }
}

impl Failure for BusError {
    fn exit(&self) -> Exit {
        Exit::Degraded
    }

    fn remedy(&self) -> Option<String> {
        Some(
            "Check that the event_bus endpoints are free loopback ports: `lighthunter doctor` says who holds them."
                .into(),
        )
    }
}

fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

/// Returns libzmq's version.
#[must_use]
pub fn version() -> String {
    let (major, minor, patch) = zmq::version();
    format!("{major}.{minor}.{patch}")
}
