//! What an engine is told about its sites: plain values, of no config format.

use std::{collections::BTreeMap, time::Duration};

/// What an engine may do, over all sites and by site.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineOptions {
    /// Requests a second over all sites; no limit where it is not given.
    pub max_qps: Option<f64>,
    /// Requests at once over all sites.
    pub max_concurrent: usize,
    /// User agents to choose from; empty means LightHunter's own name.
    pub user_agents: Vec<String>,
    /// How often one is chosen.
    pub user_agent_turn: UserAgentTurn,
    /// Proxies of one host, whatever its site says; an empty list means direct.
    pub routes: BTreeMap<String, Vec<String>>,
    /// The sites by their id.
    pub sites: BTreeMap<String, SitePolicy>,
}

/// How often a user agent is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAgentTurn {
    /// Once for each site in an engine's life.
    Session,
    /// For each attempt.
    Request,
}

/// How one site is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct SitePolicy {
    /// Whether it may be asked at all.
    pub enabled: bool,
    /// `http://HOST[:PORT]` or `https://`, without a path; a retry takes the next one.
    pub base_urls: Vec<String>,
    /// Hosts besides those of the base URLs that a redirect may lead to.
    pub domains: Vec<String>,
    /// The time limit of a connection.
    pub connect_timeout: Duration,
    /// The time limit of one attempt: connection, answer and body.
    pub timeout: Duration,
    /// Requests a second, retries included; below 1 means one in more than a second.
    pub max_qps: f64,
    /// Requests that may come at once after a rest.
    pub burst: u32,
    /// Requests at once.
    pub max_concurrent: usize,
    /// `http://HOST:PORT`, `socks5://` or `socks5h://`; empty means direct. The first is used.
    pub proxies: Vec<String>,
    /// Whether a ban moves on to the next proxy.
    pub rotate_on_ban: bool,
    /// The largest body, decompressed, bytes.
    pub max_body_bytes: u64,
    /// When an attempt is repeated.
    pub retry: RetryPolicy,
    /// When the site is left alone.
    pub breaker: BreakerPolicy,
}

/// When an attempt is repeated, and after which wait.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// Attempts after the first.
    pub max_retries: u32,
    /// The wait before retry n (from 0) is drawn from zero to this times 2^n.
    pub backoff_factor: Duration,
    /// Statuses that are worth another attempt.
    pub status_codes: Vec<u16>,
    /// Whether a timeout is worth one.
    pub on_timeout: bool,
    /// The longest `Retry-After` that is waited for; a longer one leaves the site alone that long.
    pub max_retry_after: Duration,
}

/// When a failing site is left alone.
#[derive(Debug, Clone, PartialEq)]
pub struct BreakerPolicy {
    /// Whether it is used.
    pub enabled: bool,
    /// The time over which attempts are counted.
    pub error_rate_window: Duration,
    /// Fewer attempts than this in the window do not open it by their rate.
    pub min_requests: u32,
    /// The share of failed attempts from which it opens.
    pub error_rate_threshold: f64,
    /// Straight bans from which it opens, however few attempts there were.
    pub max_straight_bans: u32,
    /// How long it stays open.
    pub cooldown: Duration,
    /// Trials at once after that, and how many must succeed to close it.
    pub half_open_max_calls: u32,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            max_qps: None,
            max_concurrent: 8,
            user_agents: Vec::new(),
            user_agent_turn: UserAgentTurn::Session,
            routes: BTreeMap::new(),
            sites: BTreeMap::new(),
        }
    }
}

impl SitePolicy {
    /// Returns the policy of a site at `base_url`: direct, two requests a second, three retries.
    #[must_use]
    pub fn at(base_url: impl Into<String>) -> Self {
        Self {
            enabled: true,
            base_urls: vec![base_url.into()],
            domains: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(8),
            max_qps: 2.0,
            burst: 1,
            max_concurrent: 2,
            proxies: Vec::new(),
            rotate_on_ban: false,
            max_body_bytes: 16 << 20,
            retry: RetryPolicy::default(),
            breaker: BreakerPolicy::default(),
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 3,
            backoff_factor: Duration::from_millis(300),
            status_codes: vec![500, 502, 503, 504, 429],
            on_timeout: true,
            max_retry_after: Duration::from_mins(1),
        }
    }
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            error_rate_window: Duration::from_mins(1),
            min_requests: 20,
            error_rate_threshold: 0.4,
            max_straight_bans: 5,
            cooldown: Duration::from_mins(3),
            half_open_max_calls: 5,
        }
    }
}
