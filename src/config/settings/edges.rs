//! Sections that speak with the outside: `event_bus`, `hud`, `monitor`.

use std::path::PathBuf;

use super::{Section, Settings};
use crate::config::section::Bounds;

/// The event bus: a PUB/SUB forwarder on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBus {
    /// Whether events are sent at all.
    pub enabled: bool,
    /// Where publishers connect.
    pub pub_endpoint: String,
    /// Where subscribers connect.
    pub sub_endpoint: String,
    /// What carries metrics.
    pub monitor_endpoint: String,
}

/// The web page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hud {
    /// The address to listen on.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Alerts shown.
    pub max_alerts: usize,
    /// Experiments shown.
    pub max_experiments: usize,
}

/// The monitor daemon.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitor {
    /// The port of `/metrics`.
    pub port: u16,
    /// Time between two lines of metrics, seconds.
    pub summary_interval_sec: f64,
    /// The file of metrics, JSON lines.
    pub metrics_file: PathBuf,
    /// The newest line, as a file of its own.
    pub state_file: PathBuf,
}

impl Settings {
    /// Returns every key that names a TCP address to listen on, with the address as `host:port`; the bus's only where
    /// it is enabled.
    #[must_use]
    pub fn addresses(&self) -> Vec<(&'static str, String)> {
        let bus = &self.event_bus;
        let endpoints = [
            ("event_bus.pub_endpoint", &bus.pub_endpoint),
            ("event_bus.sub_endpoint", &bus.sub_endpoint),
            ("event_bus.monitor_endpoint", &bus.monitor_endpoint),
        ];
        let tcp =
            endpoints.into_iter().filter_map(|(key, endpoint)| Some((key, endpoint.strip_prefix("tcp://")?.into())));
        let pages = [
            ("hud.port", format!("{}:{}", self.hud.host, self.hud.port)),
            ("monitor.port", format!("127.0.0.1:{}", self.monitor.port)),
        ];
        tcp.filter(|_| bus.enabled).chain(pages).collect()
    }
}

impl EventBus {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            enabled: s.flag("enabled"),
            pub_endpoint: s.endpoint("pub_endpoint"),
            sub_endpoint: s.endpoint("sub_endpoint"),
            monitor_endpoint: s.endpoint("monitor_endpoint"),
        }
    }
}

impl Hud {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            host: s.host("host"),
            port: s.port("port"),
            max_alerts: s.size("max_alerts", 1, 10_000),
            max_experiments: s.size("max_experiments", 1, 10_000),
        }
    }
}

impl Monitor {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            port: s.port("port"),
            summary_interval_sec: s.number("summary_interval_sec", Bounds::above(0.0, 3600.0)),
            metrics_file: s.path("metrics_file"),
            state_file: s.path("state_file"),
        }
    }
}
