//! Sections that speak with the outside: `network`, `event_bus`, `hud`, `monitor`.

use std::path::PathBuf;

use super::Section;
use crate::config::section::Bounds;

/// How upstream sources are asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// A request's time limit, seconds.
    pub default_timeout_sec: f64,
    /// Retries after the first attempt.
    pub max_retries: u64,
    /// The wait before retry n is this times 2^n seconds.
    pub backoff_factor: f64,
    /// How fast a source may be asked.
    pub rate_limits: RateLimits,
    /// The proxy of every request, where one is used.
    pub proxy_url: Option<String>,
    /// When to leave a failing source alone.
    pub circuit_breaker: CircuitBreaker,
}

/// How fast a source may be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLimits {
    /// Requests a second.
    pub max_qps: f64,
    /// Requests at once.
    pub max_concurrent: u64,
}

/// When to leave a failing source alone.
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitBreaker {
    /// Whether it is used.
    pub enabled: bool,
    /// The time over which errors are counted, seconds.
    pub error_rate_window_sec: u64,
    /// Fewer requests than this in the window never open it.
    pub min_requests: u64,
    /// The share of errors that opens it.
    pub error_rate_threshold: f64,
    /// How long it stays open, seconds.
    pub cooldown_sec: u64,
}

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

impl Network {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            default_timeout_sec: s.number("default_timeout_sec", Bounds::above(0.0, 600.0)),
            max_retries: s.count("max_retries", 0, 10),
            backoff_factor: s.number("backoff_factor", Bounds::between(0.0, 60.0)),
            rate_limits: s.section("rate_limits", |s| RateLimits {
                max_qps: s.number("max_qps", Bounds::above(0.0, 1000.0)),
                max_concurrent: s.count("max_concurrent", 1, 64),
            }),
            proxy_url: s.section("proxies", read_proxy),
            circuit_breaker: s.section("circuit_breaker", |s| CircuitBreaker {
                enabled: s.flag("enabled"),
                error_rate_window_sec: s.count("error_rate_window_sec", 1, 86_400),
                min_requests: s.count("min_requests", 1, 1_000_000),
                error_rate_threshold: s.number("error_rate_threshold", Bounds::above(0.0, 1.0)),
                cooldown_sec: s.count("cooldown_sec", 1, 86_400),
            }),
        }
    }
}

/// A proxy's URL may hold a password by mistake, so no message repeats it.
fn read_proxy(s: &mut Section<'_>) -> Option<String> {
    let is_global = s.choice("mode", &[("disabled", false), ("global", true)], false);
    let url = s.optional("url", Section::text);
    let schemes = ["http://", "https://", "socks5://"];
    let host_of = |url: &str| schemes.iter().find_map(|scheme| url.strip_prefix(scheme)).map(str::to_owned);
    match url.as_deref().filter(|url| !url.is_empty()).map(host_of) {
        Some(Some(host)) if host.contains('@') => {
            s.mistake("url", "holds a user and password; secrets never belong in the config");
        }
        Some(None) => s.mistake("url", "not allowed, allowed: a URL http://HOST:PORT, https:// or socks5://"),
        _ => {}
    }
    if is_global && url.is_none() {
        s.disagreement(["url", "mode"], "mode is global, but url is not given");
    }
    url.filter(|_| is_global)
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
