//! The engine: asks within the limits, repeats what may pass, and counts. Understands no answer.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{
    address,
    counters::SiteCounters,
    error::{Fault, NetError},
    policy::EngineOptions,
    request::{Request, Response},
    retry::{self, Next},
    site::{self, Site},
    throttle::{Budget, Late, Pace, Slot, Slots},
    wire::{Answer, Ask, Wire},
};
use crate::{clock::Clock, seed::Seed};

/// Redirects followed for one attempt.
const MAX_REDIRECTS: u32 = 3;

/// Asks sites; shared between threads by reference.
#[derive(Debug)]
pub struct Engine {
    sites: BTreeMap<String, Option<Site>>,
    pace: Pace,
    slots: Slots,
    clock: Clock,
    started: Timestamp,
}

/// Why an attempt has no answer.
enum Halt {
    /// It was sent.
    Fault { url: String, fault: Fault },
    /// The breaker refused it.
    Refused { wait: Duration, reason: String },
    /// The caller's time ended before its turn.
    Late,
}

impl From<Late> for Halt {
    fn from(_: Late) -> Self {
        Self::Late
    }
}

impl Engine {
    /// Makes an engine. Jitter and user agents come from `seed`; `clock` only measures.
    ///
    /// # Errors
    /// `Invalid` when a site has no usable base URL, a proxy cannot be used, or a rate is not positive.
    pub fn new(options: &EngineOptions, clock: Clock, seed: Seed) -> Result<Self, NetError> {
        Ok(Self {
            sites: site::sites(options, seed)?,
            pace: Pace::new(options.max_qps, 1),
            slots: Slots::new(options.max_concurrent),
            started: clock.now(),
            clock,
        })
    }

    /// Asks a site and returns its whole answer of status 200 to 299. Blocks: for the rate and the
    /// concurrency of the site and of all sites, for the answer, and before retries. Each attempt, a
    /// retry and a followed redirect too, takes its turn in the rates.
    ///
    /// # Errors
    /// `Failed` with the last attempt's fault, `CircuitOpen` when nothing was sent, `Deadline` when the
    /// request's own limit passed; `UnknownSite`, `Disabled`, `Invalid` for what the config must mend.
    pub fn get(&self, request: &Request) -> Result<Response, NetError> {
        let site = self.site(request)?;
        let budget = Budget::new(&self.clock, request.deadline);
        let mut attempts = 0;
        let mut last = None;
        loop {
            match self.attempt(site, request, attempts, &budget) {
                Ok((url, answer)) => return Ok(self.response(url, answer, attempts + 1, &budget)),
                Err(Halt::Refused { wait, reason }) => {
                    let open = NetError::CircuitOpen { site: request.site.clone(), seconds: rounded_up(wait), reason };
                    return Err(last.unwrap_or(open));
                }
                Err(Halt::Late) => return Err(last.unwrap_or_else(|| late(request, attempts))),
                Err(Halt::Fault { url, fault }) => {
                    attempts += 1;
                    if matches!(fault, Fault::Timeout(_)) && budget.left() == Some(Duration::ZERO) {
                        return Err(late(request, attempts));
                    }
                    let next = site.next(self.now(), attempts - 1, &fault);
                    let url = address::without_query(&url).to_owned();
                    let failed = NetError::Failed { site: request.site.clone(), url, attempts, fault };
                    let goes_on = match next {
                        Next::Retry(wait) => {
                            site.waited(Duration::ZERO, wait);
                            budget.wait(wait).is_ok()
                        }
                        // The next attempt waits for it, as everyone does.
                        Next::Hold(_) => true,
                        Next::Leave(_) | Next::Stop => false,
                    };
                    if !goes_on {
                        return Err(failed);
                    }
                    last = Some(failed);
                }
            }
        }
    }

    /// Returns the counts of each site since the engine was made.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, SiteCounters> {
        let (now, at) = (self.now(), self.clock.now());
        let counters = |(id, site): (&String, &Option<Site>)| Some((id.clone(), site.as_ref()?.counters(now, at)));
        self.sites.iter().filter_map(counters).collect()
    }

    /// Goes on where earlier engines ended: a site that is still to be left alone is, unless it is asked in
    /// another way than then. The counts begin at zero all the same.
    pub fn resume(&self, before: &BTreeMap<String, SiteCounters>) {
        let (now, at) = (self.now(), self.clock.now());
        for (id, counters) in before {
            if let Some(Some(site)) = self.sites.get(id) {
                site.resume(now, at, counters);
            }
        }
    }

    fn site(&self, request: &Request) -> Result<&Site, NetError> {
        let id = || request.site.clone();
        match self.sites.get(&request.site) {
            Some(Some(site)) if address::is_path(&request.path) => Ok(site),
            Some(Some(_)) => Err(NetError::Invalid {
                place: format!("a request to {}", request.site),
                what: format!("{:?} is no path: it starts with / and is ASCII without spaces", request.path),
            }),
            Some(None) => Err(NetError::Disabled { site: id() }),
            None => {
                let known: Vec<&str> = self.sites.keys().map(String::as_str).collect();
                Err(NetError::UnknownSite { site: id(), known: known.join(", ") })
            }
        }
    }

    /// Makes one attempt in its turn.
    fn attempt(
        &self,
        site: &Site,
        request: &Request,
        attempt: u32,
        budget: &Budget<'_>,
    ) -> Result<(String, Answer), Halt> {
        let refused = |(wait, reason)| Halt::Refused { wait, reason };
        site.refusal(self.now()).map_or(Ok(()), |refusal| Err(refused(refusal)))?;
        let _slots = self.turn(site, budget)?;
        // Again, since others may have opened the breaker in the meantime.
        site.admit(self.now(), attempt).map_err(refused)?;
        let (base, wire) = site.address(request, attempt);
        let (url, outcome) = self.follow(site, wire, request, base, budget);
        site.settle(self.now(), self.clock.now(), outcome.as_ref().map(|answer| answer.body.len()));
        match outcome {
            Ok(answer) => Ok((url, answer)),
            Err(fault) => Err(Halt::Fault { url, fault }),
        }
    }

    /// Waits for the slots and the rates, the site's first: who waits for one site must not hold up others.
    fn turn<'a>(&'a self, site: &'a Site, budget: &Budget<'_>) -> Result<[Slot<'a>; 2], Late> {
        let from = budget.spent();
        let mut held = Duration::ZERO;
        let slot = site.slots.take(budget)?;
        loop {
            let wait = site.held_for(self.now());
            if wait.is_zero() {
                break;
            }
            budget.wait(wait)?;
            held += wait;
        }
        site.pace.wait(budget)?;
        let slots = [self.slots.take(budget)?, slot];
        self.pace.wait(budget)?;
        site.waited(budget.spent().saturating_sub(from + held), held);
        Ok(slots)
    }

    /// Sends one attempt and those that its redirects ask for; returns the last address.
    fn follow(
        &self,
        site: &Site,
        wire: &Wire,
        request: &Request,
        mut url: String,
        budget: &Budget<'_>,
    ) -> (String, Result<Answer, Fault>) {
        for hop in 0..=MAX_REDIRECTS {
            let turn = if hop == 0 { Ok(()) } else { site.pace.wait(budget).and_then(|()| self.pace.wait(budget)) };
            if turn.is_err() {
                return (url, Err(Fault::Timeout(budget.spent().as_secs_f64())));
            }
            let timeout = budget.left().map_or(site.policy.timeout, |left| left.min(site.policy.timeout));
            let ask = Ask {
                url: &url,
                user_agent: site.user_agent(),
                referer: request.referer.as_deref(),
                connect_timeout: site.policy.connect_timeout,
                timeout,
                max_body_bytes: site.policy.max_body_bytes,
            };
            site.sent();
            let answer = match wire.attempt(&ask) {
                Ok(answer) if matches!(answer.status, 301 | 302 | 303 | 307 | 308) => answer,
                Ok(answer) => return (url, self.judged(request, answer)),
                Err(fault) => return (url, Err(fault)),
            };
            match site.redirected(&url, answer.location.as_deref()) {
                Ok(target) => url = target,
                Err(fault) => return (url, Err(fault)),
            }
        }
        (url, Err(Fault::Redirect(format!("yet another address after {MAX_REDIRECTS} of them"))))
    }

    /// Tells an answer from a ban, a block page and a failure.
    fn judged(&self, request: &Request, answer: Answer) -> Result<Answer, Fault> {
        let retry_after_sec =
            answer.retry_after.as_deref().and_then(|header| retry::retry_after_seconds(header, self.clock.wall()));
        match answer.status {
            200..=299 if !request.accepts_pages && site::is_page(&answer.body) => Err(Fault::Page),
            200..=299 => Ok(answer),
            status @ (401 | 403 | 429) => Err(Fault::Banned { status, retry_after_sec }),
            status => Err(Fault::Status { status, retry_after_sec }),
        }
    }

    fn response(&self, url: String, answer: Answer, attempts: u32, budget: &Budget<'_>) -> Response {
        Response {
            status: answer.status,
            body: answer.body,
            content_type: answer.content_type,
            url,
            attempts,
            received_at: self.clock.now(),
            elapsed_ms: budget.spent().as_millis() as u64,
        }
    }

    /// Returns the time since the engine was made; never moves backwards.
    fn now(&self) -> Duration {
        self.clock.now().duration_since(self.started).try_into().unwrap_or_default()
    }
}

fn late(request: &Request, attempts: u32) -> NetError {
    let limit_ms = request.deadline.unwrap_or_default().as_millis() as u64;
    NetError::Deadline { site: request.site.clone(), limit_ms, attempts }
}

fn rounded_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
