//! One site of the engine: its policy, what it remembers, and its counts. Sends nothing itself.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use jiff::Timestamp;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{
    address,
    breaker::{Breaker, Verdict},
    counters::SiteCounters,
    error::{Fault, NetError},
    policy::{EngineOptions, SitePolicy, UserAgentTurn},
    request::Request,
    retry::{self, Next},
    throttle::{Pace, Slots, lock},
    wire::Wire,
};
use crate::{digest::Digest, seed::Seed};

/// The user agent where none is given: the truth.
const OWN_NAME: &str = concat!("LightHunter/", env!("CARGO_PKG_VERSION"));
/// A site is left alone for no longer than this, whatever it asks for.
const REST_MAX: Duration = Duration::from_hours(24);
/// A body that starts like this is a page of HTML.
const PAGE_STARTS: [&[u8]; 4] = [b"<!doctype", b"<html", b"<head", b"<script"];

#[derive(Debug)]
pub(super) struct Site {
    pub(super) policy: SitePolicy,
    pub(super) pace: Pace,
    pub(super) slots: Slots,
    hosts: Vec<String>,
    bases: Ring<Base>,
    user_agents: Vec<String>,
    user_agent_turn: UserAgentTurn,
    /// Digest of how the site is asked: what a breaker learned of one way says nothing of another.
    asked_as: String,
    memory: Mutex<Memory>,
}

/// A base URL and the ways to it: one wire a proxy.
#[derive(Debug)]
struct Base {
    url: String,
    wires: Ring<Wire>,
}

/// One or more, taken in turn.
#[derive(Debug)]
struct Ring<T> {
    first: T,
    others: Vec<T>,
}

impl<T> Ring<T> {
    /// Nothing where there is none.
    fn of(mut all: Vec<T>) -> Option<Self> {
        let others = all.split_off(all.len().min(1));
        all.pop().map(|first| Self { first, others })
    }

    fn at(&self, turn: usize) -> &T {
        let number = turn % (self.others.len() + 1);
        number.checked_sub(1).and_then(|number| self.others.get(number)).unwrap_or(&self.first)
    }
}

#[derive(Debug)]
struct Memory {
    breaker: Breaker,
    counters: SiteCounters,
    jitter: ChaCha8Rng,
    agents: ChaCha8Rng,
    session_agent: usize,
    /// Nobody asks before this time since the engine was made.
    not_before: Duration,
    proxy: usize,
}

impl Site {
    /// Checks the policy and makes the site.
    pub(super) fn new(id: &str, policy: SitePolicy, options: &EngineOptions, seed: Seed) -> Result<Self, NetError> {
        let invalid = |what: String| NetError::Invalid { place: format!("the site {id}"), what };
        if !(policy.max_qps.is_finite() && policy.max_qps > 0.0) {
            return Err(invalid(format!("max_qps is {}, not a positive number", policy.max_qps)));
        }
        let mut bases = Vec::new();
        let mut hosts = Vec::new();
        for url in &policy.base_urls {
            if let Some(mistake) = address::base_url_mistake(url) {
                return Err(invalid(format!("base URL {url}: {mistake}")));
            }
            let host = address::host_of(url).unwrap_or_default().to_owned();
            let wires = wires(options.routes.get(&host).unwrap_or(&policy.proxies)).map_err(invalid)?;
            bases.push(Base { url: url.clone(), wires });
            hosts.push(host);
        }
        let bases = Ring::of(bases).ok_or_else(|| invalid("has no base URL".into()))?;
        let mut agents = seed.stream(&format!("net.user_agent.{id}"));
        let session_agent = agents.random::<u32>() as usize;
        let memory = Memory {
            breaker: Breaker::new(policy.breaker.clone()),
            counters: SiteCounters::default(),
            jitter: seed.stream(&format!("net.retry.{id}")),
            agents,
            session_agent,
            not_before: Duration::ZERO,
            proxy: 0,
        };
        let way = format!("{policy:?} {:?} {:?} {:?}", options.user_agents, options.user_agent_turn, options.routes);
        Ok(Self {
            asked_as: Digest::of(way).short(),
            pace: Pace::new(Some(policy.max_qps), policy.burst),
            slots: Slots::new(policy.max_concurrent),
            hosts,
            bases,
            user_agents: options.user_agents.clone(),
            user_agent_turn: options.user_agent_turn,
            memory: Mutex::new(memory),
            policy,
        })
    }

    /// Returns the address of an attempt and the way to it; each retry takes the next base URL.
    pub(super) fn address(&self, request: &Request, attempt: u32) -> (String, &Wire) {
        let base = self.bases.at(attempt as usize);
        let wire = base.wires.at(lock(&self.memory).proxy);
        (address::join(&base.url, request), wire)
    }

    pub(super) fn user_agent(&self) -> &str {
        let mut memory = lock(&self.memory);
        let drawn = match self.user_agent_turn {
            UserAgentTurn::Session => memory.session_agent,
            UserAgentTurn::Request => memory.agents.random::<u32>() as usize,
        };
        self.user_agents.get(drawn % self.user_agents.len().max(1)).map_or(OWN_NAME, String::as_str)
    }

    /// Returns where a redirect leads, if that is with the site.
    pub(super) fn redirected(&self, url: &str, location: Option<&str>) -> Result<String, Fault> {
        let target = location.and_then(|location| address::follow(url, location));
        target
            .filter(|target| address::stays(url, target, &self.hosts, &self.policy.domains))
            .ok_or_else(|| Fault::Redirect(location.map_or("nowhere", address::without_query).to_owned()))
    }

    pub(super) fn refusal(&self, now: Duration) -> Option<(Duration, String)> {
        let mut memory = lock(&self.memory);
        let refusal = memory.breaker.refusal(now);
        memory.counters.breaker_refused_total += u64::from(refusal.is_some());
        refusal
    }

    /// Lets an attempt pass, which is then sent and [settled](Self::settle).
    pub(super) fn admit(&self, now: Duration, attempt: u32) -> Result<(), (Duration, String)> {
        let mut memory = lock(&self.memory);
        let admitted = memory.breaker.admit(now);
        if admitted.is_ok() {
            memory.counters.retries_total += u64::from(attempt > 0);
        } else {
            memory.counters.breaker_refused_total += 1;
        }
        admitted
    }

    pub(super) fn sent(&self) {
        lock(&self.memory).counters.requests_total += 1;
    }

    /// Counts how an attempt ended, at `now` since the engine was made and at `at` by the clock.
    pub(super) fn settle(&self, now: Duration, at: Timestamp, outcome: Result<usize, &Fault>) {
        let mut memory = lock(&self.memory);
        let verdict = match outcome {
            Err(fault) if fault.is_ban() => Verdict::Banned,
            Err(fault) if fault.counts_against_site() => Verdict::Failed,
            _ => Verdict::Good,
        };
        memory.breaker.settle(now, verdict);
        let counters = &mut memory.counters;
        *counters.outcomes.entry(outcome_name(outcome.err())).or_default() += 1;
        if let Ok(bytes) = outcome {
            counters.answers_total += 1;
            counters.bytes_total += bytes as u64;
            counters.last_answer_at = Some(at);
        }
        if verdict == Verdict::Banned {
            counters.bans_total += 1;
            memory.proxy += usize::from(self.policy.rotate_on_ban);
        }
    }

    /// Decides what follows a fault; what the site asked of everyone is kept for everyone.
    pub(super) fn next(&self, now: Duration, attempt: u32, fault: &Fault) -> Next {
        let mut guard = lock(&self.memory);
        let memory = &mut *guard;
        if fault.is_of_credentials() {
            let reason = "it refuses our credentials (HTTP status 401)".to_owned();
            memory.breaker.hold(now, self.policy.breaker.cooldown, reason);
            return Next::Stop;
        }
        let next = retry::next(&self.policy.retry, attempt, fault, &mut memory.jitter);
        match next {
            Next::Hold(wait) => memory.not_before = memory.not_before.max(now + wait),
            Next::Leave(wait) => {
                let wait = wait.min(REST_MAX);
                memory.breaker.hold(now, wait, format!("it asked for {} s of rest", wait.as_secs()));
            }
            Next::Retry(_) | Next::Stop => {}
        }
        next
    }

    pub(super) fn held_for(&self, now: Duration) -> Duration {
        lock(&self.memory).not_before.saturating_sub(now)
    }

    pub(super) fn waited(&self, rate: Duration, retry: Duration) {
        let counters = &mut lock(&self.memory).counters;
        counters.rate_wait_seconds += rate.as_secs_f64();
        counters.retry_wait_seconds += retry.as_secs_f64();
    }

    /// Returns the counts at `now` since the engine was made, which is `at` by the clock.
    pub(super) fn counters(&self, now: Duration, at: Timestamp) -> SiteCounters {
        let memory = lock(&self.memory);
        let open = memory.breaker.refusal(now);
        SiteCounters {
            breaker_opened_total: memory.breaker.opened_total(),
            breaker_state: memory.breaker.state(now),
            breaker_open_until: open.as_ref().and_then(|(wait, _)| at.checked_add(*wait).ok()),
            breaker_reason: open.map(|(_, reason)| reason),
            asked_as: self.asked_as.clone(),
            ..memory.counters.clone()
        }
    }

    /// Goes on with the breaker of an earlier engine, where it is still open for the same way of asking.
    pub(super) fn resume(&self, now: Duration, at: Timestamp, before: &SiteCounters) {
        let Some(until) = before.breaker_open_until.filter(|_| before.asked_as == self.asked_as) else { return };
        let wait = Duration::try_from(until.duration_since(at)).unwrap_or_default();
        // A longer one was not asked for: the clock was set.
        if !wait.is_zero() && wait <= REST_MAX {
            let reason = before.breaker_reason.clone().unwrap_or_default();
            lock(&self.memory).breaker.resume(now, wait, reason);
        }
    }
}

/// Returns the sites of the options that are switched on, by id, and the ids that are not.
pub(super) fn sites(options: &EngineOptions, seed: Seed) -> Result<BTreeMap<String, Option<Site>>, NetError> {
    let made = options.sites.iter().map(|(id, policy)| {
        let site = policy.enabled.then(|| Site::new(id, policy.clone(), options, seed)).transpose()?;
        Ok((id.clone(), site))
    });
    made.collect()
}

/// Returns whether a body is a page of HTML, by its first characters.
pub(super) fn is_page(body: &[u8]) -> bool {
    let start = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    PAGE_STARTS.iter().any(|page| start.get(..page.len()).is_some_and(|head| head.eq_ignore_ascii_case(page)))
}

fn wires(proxies: &[String]) -> Result<Ring<Wire>, String> {
    let one = |proxy: &String| Wire::new(Some(proxy)).map_err(|what| format!("a proxy cannot be used: {what}"));
    let through: Vec<Wire> = proxies.iter().map(one).collect::<Result<_, _>>()?;
    Ring::of(through).map_or_else(|| Ok(Ring { first: Wire::new(None)?, others: Vec::new() }), Ok)
}

fn outcome_name(fault: Option<&Fault>) -> String {
    match fault {
        None => "2xx".into(),
        Some(Fault::Status { status, .. } | Fault::Banned { status, .. }) => format!("{}xx", status / 100),
        Some(Fault::Unreachable(_)) => "unreachable".into(),
        Some(Fault::Unresolved { .. }) => "unresolved".into(),
        Some(Fault::Tls(_)) => "tls".into(),
        Some(Fault::Timeout(_)) => "timeout".into(),
        Some(Fault::Broken(_)) => "broken".into(),
        Some(Fault::Page) => "page".into(),
        Some(Fault::Redirect(_)) => "3xx".into(),
        Some(Fault::TooLarge(_)) => "too_large".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_page;

    #[test]
    fn pages_are_told_from_data() {
        for page in ["<!DOCTYPE html>", "\u{feff} \n<HTML lang=zh>", "<script>location=1"] {
            assert!(is_page(page.as_bytes()), "{page}");
        }
        for data in ["{\"rc\":0}", "quotebridge_v6({})", "var hq_str_sh600519=\"\";", "", "<data/>"] {
            assert!(!is_page(data.as_bytes()), "{data}");
        }
    }
}
