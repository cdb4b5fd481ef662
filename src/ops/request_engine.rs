//! From the config's `network` to the request engine's options: the engine knows no config.

use std::time::Duration;

use crate::{
    config::settings::{Network, NetworkSite},
    net::{BreakerPolicy, EngineOptions, RetryPolicy, SitePolicy, UserAgentTurn},
};

/// Returns the options over all sites, without a site.
#[must_use]
pub(super) fn engine_options(network: &Network) -> EngineOptions {
    EngineOptions {
        max_qps: network.rate_limits.max_qps,
        max_concurrent: network.rate_limits.max_concurrent,
        user_agents: network.ua_pool.clone(),
        user_agent_turn: if network.ua_per_request { UserAgentTurn::Request } else { UserAgentTurn::Session },
        routes: network.routes.clone(),
        sites: std::collections::BTreeMap::new(),
    }
}

/// Returns how the engine asks a site of the config.
#[must_use]
pub(super) fn site_policy(site: &NetworkSite) -> SitePolicy {
    let NetworkSite { retry, circuit_breaker: breaker, .. } = site;
    SitePolicy {
        enabled: site.enabled,
        base_urls: site.base_urls.clone(),
        domains: site.domains.clone(),
        connect_timeout: Duration::from_secs_f64(site.connect_timeout_sec),
        timeout: Duration::from_secs_f64(site.timeout_sec),
        max_qps: site.max_qps,
        burst: site.burst,
        max_concurrent: site.max_concurrent,
        proxies: site.proxies.clone(),
        rotate_on_ban: site.rotate_on_ban,
        max_body_bytes: site.max_body_mb << 20,
        retry: RetryPolicy {
            max_retries: retry.max_retries,
            backoff_factor: Duration::from_secs_f64(retry.backoff_factor),
            status_codes: retry.status_codes.clone(),
            on_timeout: retry.on_timeout,
            max_retry_after: Duration::from_secs(retry.max_retry_after_sec),
        },
        breaker: BreakerPolicy {
            enabled: breaker.enabled,
            error_rate_window: Duration::from_secs(breaker.error_rate_window_sec),
            min_requests: breaker.min_requests,
            error_rate_threshold: breaker.error_rate_threshold,
            max_straight_bans: breaker.max_straight_bans,
            cooldown: Duration::from_secs(breaker.cooldown_sec),
            half_open_max_calls: breaker.half_open_max_calls,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{engine_options, site_policy};
    use crate::{
        clock::Clock,
        config::shipped,
        net::{Engine, RetryPolicy, SitePolicy},
        seed::Seed,
    };

    #[test]
    fn the_shipped_sites_make_an_engine_and_its_defaults_are_the_engines() {
        let network = shipped().expect("sound").loaded.settings.network;
        let mut options = engine_options(&network);
        for (id, site) in &network.sites {
            let policy = site_policy(site);
            let url = policy.base_urls.first().expect("a base URL").clone();
            let retry = RetryPolicy { status_codes: policy.retry.status_codes.clone(), ..RetryPolicy::default() };
            assert_eq!(policy, SitePolicy { retry, ..SitePolicy::at(url) }, "{id}");
            options.sites.insert(id.clone(), policy);
        }
        assert_eq!(options.sites.len(), 6);
        assert!(Engine::new(&options, Clock::system(), Seed::DEFAULT).is_ok());
    }
}
