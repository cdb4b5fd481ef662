//! Section `network`: how upstream sites are asked, for all of them and by site. A site has every value: its own or
//! the network's.

use std::collections::BTreeMap;

use super::{Section, proxy::Proxies};
use crate::config::section::Bounds;

/// Keys of the original's sites that say nothing here.
const WITHOUT_EFFECT: [&str; 4] = ["roles", "primary", "extra", "name"];

/// How upstream sites are asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// What holds for a site that says nothing of its own; it has no base URL.
    pub site_defaults: NetworkSite,
    /// Over all sites together.
    pub rate_limits: RateLimits,
    /// User agents to choose from; empty means LightHunter's own name.
    pub ua_pool: Vec<String>,
    /// Whether one is chosen for each request, as opposed to each session.
    pub ua_per_request: bool,
    /// Proxies by host, whatever its site says; an empty list means direct.
    pub routes: BTreeMap<String, Vec<String>>,
    /// The sites by id.
    pub sites: BTreeMap<String, NetworkSite>,
}

/// How fast all sites together may be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLimits {
    /// Requests a second; no limit beyond those of the sites where it is not given.
    pub max_qps: Option<f64>,
    /// Requests at once.
    pub max_concurrent: usize,
}

/// How one site is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkSite {
    /// Whether it may be asked at all.
    pub enabled: bool,
    /// Where it is asked; each retry takes the next.
    pub base_urls: Vec<String>,
    /// Hosts that a redirect may lead to besides.
    pub domains: Vec<String>,
    /// A connection's time limit, seconds.
    pub connect_timeout_sec: f64,
    /// An attempt's time limit, seconds.
    pub timeout_sec: f64,
    /// Requests a second.
    pub max_qps: f64,
    /// Requests that may come at once after a rest.
    pub burst: u32,
    /// Requests at once.
    pub max_concurrent: usize,
    /// The largest body, decompressed, mebibytes.
    pub max_body_mb: u64,
    /// The addresses of its proxies; empty means direct.
    pub proxies: Vec<String>,
    /// Whether a ban moves on to the next proxy.
    pub rotate_on_ban: bool,
    /// When an attempt is repeated.
    pub retry: Retry,
    /// When it is left alone.
    pub circuit_breaker: CircuitBreaker,
}

/// When an attempt is repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// Attempts after the first.
    pub max_retries: u32,
    /// The wait before retry n is drawn from zero to this times 2^n seconds.
    pub backoff_factor: f64,
    /// Statuses that are worth another attempt.
    pub status_codes: Vec<u16>,
    /// Whether a timeout is worth one.
    pub on_timeout: bool,
    /// The longest `Retry-After` that is waited for, seconds.
    pub max_retry_after_sec: u64,
}

/// When a failing site is left alone.
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitBreaker {
    /// Whether it is used.
    pub enabled: bool,
    /// The time over which attempts are counted, seconds.
    pub error_rate_window_sec: u64,
    /// Fewer attempts than this in the window do not open it by their rate.
    pub min_requests: u32,
    /// The share of failed attempts from which it opens.
    pub error_rate_threshold: f64,
    /// Straight bans (401, 403, 429, a login page) from which it opens, however few attempts there were.
    pub max_straight_bans: u32,
    /// How long it stays open, seconds.
    pub cooldown_sec: u64,
    /// Trials at once after that, and how many must succeed to close it.
    pub half_open_max_calls: u32,
}

impl Network {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        let retry = Retry {
            max_retries: s.count("max_retries", 0, 10) as u32,
            backoff_factor: s.number("backoff_factor", Bounds::between(0.0, 60.0)),
            status_codes: statuses(s, "retry_status_codes"),
            on_timeout: s.flag("retry_on_timeout"),
            max_retry_after_sec: s.count("max_retry_after_sec", 0, 3600),
        };
        let proxies = s.section("proxies", Proxies::read);
        let site_defaults = NetworkSite {
            enabled: true,
            base_urls: Vec::new(),
            domains: Vec::new(),
            connect_timeout_sec: s.number("connect_timeout_sec", timeout()),
            timeout_sec: s.number("default_timeout_sec", timeout()),
            max_qps: s.number("default_max_qps", Bounds::above(0.0, 100_000.0)),
            burst: 1,
            max_concurrent: s.size("default_max_concurrent", 1, 64),
            max_body_mb: s.count("max_body_mb", 1, 1024),
            proxies: proxies.of_all().to_vec(),
            rotate_on_ban: false,
            retry,
            circuit_breaker: s.section("circuit_breaker", CircuitBreaker::read),
        };
        Self {
            rate_limits: s.section("rate_limits", |s| RateLimits {
                max_qps: s.optional("max_qps", |s, key| s.number(key, Bounds::above(0.0, 100_000.0))),
                max_concurrent: s.size("max_concurrent", 1, 64),
            }),
            ua_pool: s.texts("ua_pool"),
            ua_per_request: s.choice("ua_strategy", &[("per_session", false), ("per_request", true)], false),
            routes: s.section("routes", |s| proxies.routes(s)),
            sites: s.named("sites", |_, s| site_defaults.own(&proxies, s)).into_iter().collect(),
            site_defaults,
        }
    }

    /// Returns how a site is asked; one that the config does not have has the network's values.
    #[must_use]
    pub fn site(&self, id: &str) -> &NetworkSite {
        self.sites.get(id).unwrap_or(&self.site_defaults)
    }
}

impl NetworkSite {
    /// Reads a site's own values over these.
    fn own(&self, proxies: &Proxies, s: &mut Section<'_>) -> Self {
        for key in WITHOUT_EFFECT {
            if s.has(key) {
                s.warning(key, "has no effect here: data_sources says what a site is asked for");
            }
        }
        let base_urls = s.optional("base_urls", base_urls).unwrap_or_default();
        // The original has them beside the others or, in its shipped file, under retry.
        let beside = self.retry.own(s, ["max_retries", "backoff_factor", "retry_status_codes", "retry_on_timeout"]);
        let names = ["max_retries", "backoff_factor", "status_codes", "on_timeout"];
        let retry = if s.has("retry") { s.section("retry", |s| beside.own(s, names)) } else { beside };
        let breaker = &self.circuit_breaker;
        let (proxies, rotate_on_ban) = proxies.of_site(s);
        Self {
            enabled: s.optional("enabled", Section::flag).unwrap_or(self.enabled),
            base_urls,
            domains: s.optional("domains", Section::texts).unwrap_or_default(),
            connect_timeout_sec: own_number(s, "connect_timeout_sec", timeout(), self.connect_timeout_sec),
            timeout_sec: own_number(s, "timeout_sec", timeout(), self.timeout_sec),
            max_qps: own_number(s, "max_qps", Bounds::above(0.0, 100_000.0), self.max_qps),
            burst: own_count(s, "burst", (1, 1000), self.burst),
            max_concurrent: s.optional("max_concurrent", |s, key| s.size(key, 1, 64)).unwrap_or(self.max_concurrent),
            max_body_mb: s.optional("max_body_mb", |s, key| s.count(key, 1, 1024)).unwrap_or(self.max_body_mb),
            proxies,
            rotate_on_ban,
            retry,
            circuit_breaker: s
                .optional("circuit_breaker", |s, key| s.section(key, |s| breaker.own(s)))
                .unwrap_or_else(|| breaker.clone()),
        }
    }
}

impl Retry {
    /// Reads own values over these; the names are in the order of the fields.
    fn own(&self, s: &mut Section<'_>, [retries, backoff, codes, on_timeout]: [&str; 4]) -> Self {
        Self {
            max_retries: own_count(s, retries, (0, 10), self.max_retries),
            backoff_factor: own_number(s, backoff, Bounds::between(0.0, 60.0), self.backoff_factor),
            status_codes: s.optional(codes, statuses).unwrap_or_else(|| self.status_codes.clone()),
            on_timeout: s.optional(on_timeout, Section::flag).unwrap_or(self.on_timeout),
            max_retry_after_sec: s
                .optional("max_retry_after_sec", |s, key| s.count(key, 0, 3600))
                .unwrap_or(self.max_retry_after_sec),
        }
    }
}

impl CircuitBreaker {
    fn read(s: &mut Section<'_>) -> Self {
        Self {
            enabled: s.flag("enabled"),
            error_rate_window_sec: s.count("error_rate_window_sec", 1, 86_400),
            min_requests: s.count("min_requests", 1, 1_000_000) as u32,
            error_rate_threshold: s.number("error_rate_threshold", Bounds::above(0.0, 1.0)),
            max_straight_bans: s.count("max_straight_bans", 1, 1_000_000) as u32,
            cooldown_sec: s.count("cooldown_sec", 1, 86_400),
            half_open_max_calls: s.count("half_open_max_calls", 1, 1000) as u32,
        }
    }

    fn own(&self, s: &mut Section<'_>) -> Self {
        let seconds = |s: &mut Section<'_>, key: &str, inherited| {
            s.optional(key, |s, key| s.count(key, 1, 86_400)).unwrap_or(inherited)
        };
        Self {
            enabled: s.optional("enabled", Section::flag).unwrap_or(self.enabled),
            error_rate_window_sec: seconds(s, "error_rate_window_sec", self.error_rate_window_sec),
            min_requests: own_count(s, "min_requests", (1, 1_000_000), self.min_requests),
            error_rate_threshold: own_number(
                s,
                "error_rate_threshold",
                Bounds::above(0.0, 1.0),
                self.error_rate_threshold,
            ),
            max_straight_bans: own_count(s, "max_straight_bans", (1, 1_000_000), self.max_straight_bans),
            cooldown_sec: seconds(s, "cooldown_sec", self.cooldown_sec),
            half_open_max_calls: own_count(s, "half_open_max_calls", (1, 1000), self.half_open_max_calls),
        }
    }
}

fn timeout() -> Bounds {
    Bounds::above(0.0, 600.0)
}

fn own_number(s: &mut Section<'_>, key: &str, bounds: Bounds, inherited: f64) -> f64 {
    s.optional(key, |s, key| s.number(key, bounds)).unwrap_or(inherited)
}

fn own_count(s: &mut Section<'_>, key: &str, (low, high): (u64, u64), inherited: u32) -> u32 {
    s.optional(key, |s, key| s.count(key, low, high) as u32).unwrap_or(inherited)
}

fn statuses(s: &mut Section<'_>, key: &str) -> Vec<u16> {
    s.counts(key, 400, 599).into_iter().map(|status| status as u16).collect()
}

/// An address may hold a password by mistake, so no message repeats it.
fn base_urls(s: &mut Section<'_>, key: &str) -> Vec<String> {
    let urls = s.texts(key);
    if urls.is_empty() {
        s.mistake(key, "is empty; allowed: one address http://HOST[:PORT] or more");
    }
    for url in &urls {
        let host = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        match host {
            Some(host) if host.contains('@') => {
                s.mistake(key, "holds a user and password; secrets never belong in the config");
            }
            Some(host) if !host.is_empty() && !host.contains(['?', '#', ' ']) => {}
            _ => s.mistake(key, "not allowed, allowed: http://HOST[:PORT] or https://HOST[:PORT]"),
        }
    }
    urls
}
