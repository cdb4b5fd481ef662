//! What goes wrong on the bus, with the exit class of a command whose own work it was.

use super::Holder;
use crate::exit::{Exit, Failure};

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
    /// The system refused a thread, a pipe or a directory.
    #[error("the event bus cannot {step} for {endpoint}: {source}")]
    System {
        /// What was tried.
        step: &'static str,
        /// For which endpoint.
        endpoint: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// An endpoint that is not allowed.
    #[error("the event bus endpoint {endpoint} {why}")]
    Endpoint {
        /// The endpoint.
        endpoint: String,
        /// What is wrong with it.
        why: String,
    },
    /// Another process holds the endpoint, and it is not a forwarder of this project.
    #[error("the event bus endpoint {endpoint} is taken by {holder}, and no forwarder of LightHunter answers there")]
    Taken {
        /// The endpoint.
        endpoint: String,
        /// Who holds it.
        holder: Holder,
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
    /// An event that has no JSON form, or is too large.
    #[error("a {event} cannot be sent: {why}")]
    Unsendable {
        /// The event's name.
        event: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The publisher's queue is full; the event was dropped and counted.
    #[error("the queue of bus publisher {publisher} is full: {dropped} events dropped so far")]
    Full {
        /// The publisher.
        publisher: String,
        /// How many it has dropped since its start.
        dropped: u64,
    },
    /// The thread that sends is gone.
    #[error("the event bus thread of {endpoint} has ended")]
    Ended {
        /// Its endpoint.
        endpoint: String,
    },
}

impl BusError {
    pub(super) fn at(step: &'static str, endpoint: &str) -> impl FnOnce(zmq::Error) -> Self {
        let endpoint = endpoint.to_owned();
        move |source| Self::Socket { step, endpoint, source }
    }

    pub(super) fn system(step: &'static str, endpoint: &str) -> impl FnOnce(std::io::Error) -> Self {
        let endpoint = endpoint.to_owned();
        move |source| Self::System { step, endpoint, source }
    }
}

impl Failure for BusError {
    /// `Taken` is Busy: the class of a command that is that server. One whose work went on says Degraded.
    fn exit(&self) -> Exit {
        match self {
            Self::Taken { .. } => Exit::Busy,
            Self::Endpoint { .. } => Exit::Config,
            Self::Socket { .. }
            | Self::System { .. }
            | Self::Lost { .. }
            | Self::Malformed(_)
            | Self::Unsendable { .. }
            | Self::Full { .. }
            | Self::Ended { .. } => Exit::Degraded,
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Taken { .. } => "Stop that process, or set other event_bus endpoints in config/system_config.json.",
            Self::Endpoint { .. } => {
                "Use tcp://127.0.0.1:PORT, tcp://[::1]:PORT or ipc://PATH in a directory with mode 0700."
            }
            Self::Full { .. } => "Publish less at a time, or give the machine more room; the ledger has what was lost.",
            Self::Unsendable { .. } | Self::Malformed(_) => "Send an event whose numbers are finite and that is small.",
            Self::Socket { .. } | Self::System { .. } | Self::Lost { .. } | Self::Ended { .. } => {
                "Check that the event_bus endpoints are free loopback ports: `lighthunter doctor` says who holds them."
            }
        };
        Some(remedy.into())
    }
}
