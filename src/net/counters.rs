//! What happened between the engine and one site, counted. Counts only go up; the breaker's state is now's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::breaker::BreakerState;

/// One site's counts since the engine was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SiteCounters {
    /// Attempts that were sent, retries and redirects included.
    pub requests_total: u64,
    /// Attempts after the first of their request.
    pub retries_total: u64,
    /// Whole answers.
    pub answers_total: u64,
    /// Attempts by what they met: `2xx` to `5xx`, `unreachable`, `unresolved`, `tls`, `timeout`, `broken`, `page`,
    /// `too_large`.
    pub outcomes: BTreeMap<String, u64>,
    /// Attempts that the site refused: 401, 403, 429, a login page, a redirect elsewhere.
    pub bans_total: u64,
    /// Bytes of whole answers, decompressed.
    pub bytes_total: u64,
    /// Time spent waiting for the site's and the global rate and concurrency, seconds.
    pub rate_wait_seconds: f64,
    /// Time spent waiting before retries, seconds.
    pub retry_wait_seconds: f64,
    /// How often the breaker opened.
    pub breaker_opened_total: u64,
    /// Requests that the open breaker refused: nothing was sent.
    pub breaker_refused_total: u64,
    /// The breaker's state now.
    pub breaker_state: BreakerState,
    /// Until when it is open; absent where it is not.
    pub breaker_open_until: Option<Timestamp>,
    /// Why it is open.
    pub breaker_reason: Option<String>,
    /// Digest of how the site was asked: an open breaker holds for the same way only.
    pub asked_as: String,
    /// When the last whole answer was received: what came from the site is not newer.
    pub last_answer_at: Option<Timestamp>,
}

impl SiteCounters {
    /// Returns the breaker's state at `now`: one whose time is over lets a few pass, on trial.
    #[must_use]
    pub fn breaker_at(&self, now: Timestamp) -> BreakerState {
        let is_over = self.breaker_open_until.is_some_and(|until| until <= now);
        if self.breaker_state == BreakerState::Open && is_over { BreakerState::HalfOpen } else { self.breaker_state }
    }

    /// Adds the counts of another engine's life; the state is the other's, which is newer.
    pub fn add(&mut self, newer: &Self) {
        self.requests_total += newer.requests_total;
        self.retries_total += newer.retries_total;
        self.answers_total += newer.answers_total;
        for (outcome, count) in &newer.outcomes {
            *self.outcomes.entry(outcome.clone()).or_default() += count;
        }
        self.bans_total += newer.bans_total;
        self.bytes_total += newer.bytes_total;
        self.rate_wait_seconds += newer.rate_wait_seconds;
        self.retry_wait_seconds += newer.retry_wait_seconds;
        self.breaker_opened_total += newer.breaker_opened_total;
        self.breaker_refused_total += newer.breaker_refused_total;
        self.breaker_state = newer.breaker_state;
        self.breaker_open_until = newer.breaker_open_until;
        self.breaker_reason.clone_from(&newer.breaker_reason);
        self.asked_as.clone_from(&newer.asked_as);
        self.last_answer_at = newer.last_answer_at.or(self.last_answer_at);
    }
}
