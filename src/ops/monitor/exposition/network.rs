//! The request engine's counts by site, as metrics. What they mean: docs/network.md.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use super::{Page, SECONDS, Sample};
use crate::net::{BreakerState, SiteCounters};

/// A metric's name and help, and which count of a site it shows.
type CountPart = (&'static str, &'static str, fn(&SiteCounters) -> u64);

/// Writes the counts of every site.
pub(super) fn write(page: &mut Page<'_, '_>, sites: &BTreeMap<String, SiteCounters>, now: Timestamp) -> fmt::Result {
    let parts: [CountPart; 6] = [
        ("network_requests", "Requests sent to an upstream site, retries included.", |site| site.requests_total),
        ("network_retries", "Requests that repeated another.", |site| site.retries_total),
        ("network_bans", "Requests that a site refused.", |site| site.bans_total),
        ("network_received_bytes", "Bytes of whole answers, decompressed.", |site| site.bytes_total),
        ("network_breaker_opened", "How often a site's breaker opened.", |site| site.breaker_opened_total),
        ("network_breaker_refused", "Requests that an open breaker refused.", |site| site.breaker_refused_total),
    ];
    for (name, help, part) in parts {
        page.counter(name, help, by_site(sites, |site| part(site) as f64))?;
    }
    let outcomes = sites.iter().flat_map(|(name, site)| {
        site.outcomes
            .iter()
            .map(|(outcome, count)| (vec![("site", name.as_str()), ("outcome", outcome.as_str())], *count as f64))
    });
    page.counter("network_outcomes", "Requests by what they met.", outcomes)?;
    let rate = by_site(sites, |site| site.rate_wait_seconds);
    page.gauge("network_rate_wait", "Time spent waiting for a site's rate.", SECONDS, rate)?;
    let retry = by_site(sites, |site| site.retry_wait_seconds);
    page.gauge("network_retry_wait", "Time spent waiting before retries.", SECONDS, retry)?;
    let age = |then: Timestamp| now.duration_since(then).as_secs_f64().max(0.0);
    let ages = sites.iter().filter_map(|(name, site)| Some((vec![("site", name.as_str())], age(site.last_answer_at?))));
    page.gauge("network_answer_age", "Time since a site's last whole answer.", SECONDS, ages)?;
    let state = by_site(sites, |site| match site.breaker_at(now) {
        BreakerState::Closed => 0.0,
        BreakerState::HalfOpen => 1.0,
        BreakerState::Open => 2.0,
    });
    let rest = |until: Timestamp| until.duration_since(now).as_secs_f64().max(0.0);
    let rests =
        sites.iter().map(|(name, site)| (vec![("site", name.as_str())], site.breaker_open_until.map_or(0.0, rest)));
    page.gauge("network_breaker_open", "Time for which a site is still left alone.", SECONDS, rests)?;
    page.gauge("network_breaker_state", "A site's breaker: 0 closed, 1 half-open, 2 open.", None, state)
}

fn by_site(
    sites: &BTreeMap<String, SiteCounters>,
    part: impl Fn(&SiteCounters) -> f64,
) -> impl Iterator<Item = Sample<'_>> {
    sites.iter().map(move |(name, site)| (vec![("site", name.as_str())], part(site)))
}
