//! The engine's servers: one for each address of each source, with the limits that the config gives.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    config::settings::DataSource,
    exit::AnyFailure,
    market::Interval,
    net::{BreakerPolicy, Engine, EngineOptions, RetryPolicy, SiteCounters, SitePolicy},
    ops::station::Station,
    source::web::{self, Adjustment, DataKind, Request, Site},
};

/// Every kind that has an address.
const KINDS: [DataKind; 5] =
    [DataKind::Daily, DataKind::Index, DataKind::Minute(Interval::M1), DataKind::Snapshot, DataKind::Basic];

/// The engine with its servers.
pub(super) struct Servers {
    engine: Engine,
}

impl Servers {
    /// Makes an engine that knows every address of the sources.
    pub(super) fn of(station: &Station, sources: &[DataSource]) -> Result<Self, AnyFailure> {
        let network = &station.settings().network;
        let mut options = EngineOptions::default();
        for source in sources {
            let Some(site) = Site::named(source.site) else { continue };
            for kind in KINDS {
                if let Some(own) = address(source, site, kind) {
                    options
                        .sites
                        .entry(server_name(source, site, kind))
                        .or_insert_with(|| policy(station, source, own));
                }
            }
            options.max_concurrent = options.max_concurrent.max(source.max_concurrent);
        }
        tracing::debug!(timeout = network.default_timeout_sec, sites = options.sites.len(), "servers");
        let engine = Engine::new(&options, station.clock.clone(), station.settings().seed)?;
        Ok(Self { engine })
    }

    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn name(&self, source: &DataSource, site: Site, kind: DataKind) -> String {
        server_name(source, site, kind)
    }

    pub(super) fn counters(&self) -> BTreeMap<String, SiteCounters> {
        let mut counters = self.engine.counters();
        counters.retain(|_, site| site.requests_total + site.breaker_refused_total > 0);
        counters
    }
}

/// A source's id names the server of its bars; another host for quotes has a name of its own.
fn server_name(source: &DataSource, site: Site, kind: DataKind) -> String {
    let bars = address(source, site, DataKind::Daily).or_else(|| address(source, site, DataKind::Snapshot));
    if address(source, site, kind) == bars { source.id.clone() } else { format!("{}_quote", source.id) }
}

fn address(source: &DataSource, site: Site, kind: DataKind) -> Option<String> {
    site.symbols_max(kind)?;
    if let Some(own) = &source.base_url {
        return Some(own.clone());
    }
    let (symbol, date) = ("600000.SH".parse().ok()?, jiff::civil::Date::ZERO);
    let request = Request { kind, symbols: vec![symbol], first: date, last: date, adjustment: Adjustment::Raw };
    web::ask(site, &request).ok().map(|ask| ask.base_url.to_owned())
}

fn policy(station: &Station, source: &DataSource, address: String) -> SitePolicy {
    let network = &station.settings().network;
    let breaker = &network.circuit_breaker;
    SitePolicy {
        timeout: Duration::from_secs_f64(source.timeout_sec.unwrap_or(network.default_timeout_sec)),
        max_qps: source.max_qps,
        max_concurrent: source.max_concurrent,
        proxies: network.proxy_url.iter().cloned().collect(),
        retry: RetryPolicy {
            max_retries: network.max_retries as u32,
            backoff_factor: Duration::from_secs_f64(network.backoff_factor),
            ..RetryPolicy::default()
        },
        breaker: BreakerPolicy {
            enabled: breaker.enabled,
            error_rate_window: Duration::from_secs(breaker.error_rate_window_sec),
            min_requests: breaker.min_requests as u32,
            error_rate_threshold: breaker.error_rate_threshold,
            cooldown: Duration::from_secs(breaker.cooldown_sec),
            ..BreakerPolicy::default()
        },
        ..SitePolicy::at(address)
    }
}
