//! The monitor daemon: hears everything on the bus, adds it up, writes it to `metrics.jsonl` and
//! `state.json`, serves it at `/metrics`, and says when it is blind.
//!
//! It judges nothing else and changes nothing: no order, no run and no rollback may depend on it.

mod board;
pub mod connection;
mod daemon;
mod exposition;
pub mod line;
mod observer;
mod seat;
pub mod stop;
pub mod tally;
pub mod watch;
mod web;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

pub use daemon::run;
pub use exposition::{View, open_metrics};

use super::metrics::MonitorState;
use crate::{
    bus::Holder,
    exit::{Exit, Failure},
};

/// The monitor's name, in its errors and heartbeats.
pub const COMPONENT: &str = "monitor";

/// How the monitor runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct MonitorOptions {
    /// Seconds between two lines; by default `monitor.summary_interval_sec`.
    pub interval: Option<f64>,
    /// Collect for one interval, write one line, end. Hosts neither the bus nor a page.
    pub once: bool,
}

/// Where the monitor is to be found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listening {
    /// The address of `/metrics`; none with `once`.
    pub metrics: Option<SocketAddr>,
    /// Whether it hosts the bus.
    pub hosts_bus: bool,
    /// Seconds between two lines.
    pub interval: f64,
}

/// A monitor that has ended.
#[derive(Debug, Clone)]
pub struct MonitorRun {
    /// The last state.
    pub state: MonitorState,
    /// Done, the signal that ended it, or Degraded where nothing was heard.
    pub exit: Exit,
}

/// Why the monitor could not start.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// Another process has the port.
    #[error("monitor.port is taken by {holder}")]
    PortTaken {
        /// Who has it, with the port.
        holder: Holder,
    },
    /// The page cannot be served.
    #[error("/metrics cannot be served at {address}: {source}")]
    Serve {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The interval is none.
    #[error("--interval takes more than 0 and at most 3600 seconds, got {0}")]
    Interval(f64),
    /// The config has no bus.
    #[error("event_bus.enabled is false, so there is nothing to listen to")]
    BusOff,
    /// The system does not let signals be waited for.
    #[error("signals cannot be waited for: {0}")]
    Signals(io::Error),
}

impl MonitorError {
    fn port(port: u16, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::AddrInUse {
            return Self::PortTaken { holder: Holder::of(&format!("tcp://127.0.0.1:{port}")) };
        }
        Self::Serve { address: (Ipv4Addr::LOCALHOST, port).into(), source }
    }
}

impl Failure for MonitorError {
    fn exit(&self) -> Exit {
        match self {
            Self::PortTaken { .. } => Exit::Busy,
            Self::Serve { .. } | Self::Signals(_) => Exit::Storage,
            Self::Interval(_) => Exit::Usage,
            Self::BusOff => Exit::Config,
        }
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::PortTaken { .. } => {
                "Stop that process, or set another monitor.port in config/system_config.json.".into()
            }
            Self::Serve { .. } => "Choose a port above 1023 as monitor.port.".into(),
            Self::Interval(_) => "Give seconds, such as --interval 5.".into(),
            Self::BusOff => "Set event_bus.enabled to true in config/system_config.json.".into(),
            Self::Signals(_) => "Raise the limit of threads of this user.".into(),
        })
    }
}
