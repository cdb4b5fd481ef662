//! The engine's servers: one for each address of each source, with the limits that the config gives.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    config::settings::{DataSource, NetworkSite},
    exit::AnyFailure,
    market::Interval,
    net::{Engine, SiteCounters, SitePolicy},
    ops::{request_engine, station::Station},
    source::web::{self, Adjustment, DataKind, Request, Site},
};

/// Every kind that has an address.
const KINDS: [DataKind; 5] =
    [DataKind::Daily, DataKind::Index, DataKind::Minute(Interval::M1), DataKind::Snapshot, DataKind::Basic];

/// The engine with its servers.
pub(super) struct Servers {
    engine: Engine,
    threads: BTreeMap<String, usize>,
}

impl Servers {
    /// Makes an engine that knows every address of the sources.
    pub(super) fn of(station: &Station, sources: &[DataSource]) -> Result<Self, AnyFailure> {
        let mut options = request_engine::engine_options(&station.settings().network);
        for source in sources {
            let Some(site) = Site::named(source.site) else { continue };
            for kind in KINDS {
                if let Some(own) = address(source, site, kind) {
                    let of_site = station.settings().network.site(network_site(site, kind));
                    let name = server_name(source, site, kind);
                    options.sites.entry(name).or_insert_with(|| policy(of_site, source, own));
                }
            }
        }
        tracing::debug!(sites = options.sites.len(), "servers");
        let engine = Engine::new(&options, station.clock.clone(), station.settings().seed)?;
        // What an earlier command learned: a site that asked to be left alone is not asked by the next one either.
        engine.resume(&station.metrics().state().network);
        let threads = options.sites.iter().map(|(name, site)| (name.clone(), site.max_concurrent)).collect();
        Ok(Self { engine, threads })
    }

    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Returns how many threads keep the server as busy as it may be.
    pub(super) fn threads(&self, source: &DataSource, site: Site, kind: DataKind) -> usize {
        self.threads.get(&server_name(source, site, kind)).copied().unwrap_or(1)
    }

    pub(super) fn counters(&self) -> BTreeMap<String, SiteCounters> {
        let mut counters = self.engine.counters();
        counters.retain(|_, site| site.requests_total + site.breaker_refused_total > 0);
        counters
    }
}

/// A source's id names the server of its bars; another host for quotes has a name of its own.
pub(super) fn server_name(source: &DataSource, site: Site, kind: DataKind) -> String {
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

/// Returns the site of the config's `network.sites`: bars and quotes come from different hosts.
const fn network_site(site: Site, kind: DataKind) -> &'static str {
    match (site, kind) {
        (Site::Eastmoney, DataKind::Snapshot | DataKind::Basic) => "eastmoney_quote",
        (Site::Tencent, DataKind::Snapshot) => "tencent_quote",
        _ => site.name(),
    }
}

/// What the source says goes over what the site says; an address of the source's own takes the place of all of the
/// site's.
fn policy(site: &NetworkSite, source: &DataSource, address: String) -> SitePolicy {
    let mut policy = request_engine::site_policy(site);
    if source.base_url.is_some() || policy.base_urls.is_empty() {
        policy.base_urls = vec![address];
    }
    policy.timeout = source.timeout_sec.map_or(policy.timeout, Duration::from_secs_f64);
    policy.max_qps = source.max_qps.unwrap_or(policy.max_qps);
    policy.max_concurrent = source.max_concurrent.unwrap_or(policy.max_concurrent);
    policy
}
