//! The circuit breaker of one site: closed, open, half-open. Reads no clock; the caller says when it is.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use super::policy::BreakerPolicy;

/// The window is counted in this many parts, so that its memory does not grow with the rate.
const WINDOW_PARTS: u32 = 30;

/// Whether requests pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// They pass.
    #[default]
    Closed,
    /// A few pass, on trial.
    HalfOpen,
    /// None pass.
    Open,
}

/// How an attempt counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    Failed,
    Banned,
}

#[derive(Debug)]
pub(super) struct Breaker {
    policy: BreakerPolicy,
    state: BreakerState,
    parts: VecDeque<Part>,
    straight_bans: u32,
    open_until: Duration,
    reason: String,
    trials: u32,
    trials_passed: u32,
    opened_total: u64,
}

#[derive(Debug)]
struct Part {
    number: u128,
    attempts: u32,
    failed: u32,
}

impl Breaker {
    pub(super) fn new(policy: BreakerPolicy) -> Self {
        Self {
            policy,
            state: BreakerState::Closed,
            parts: VecDeque::new(),
            straight_bans: 0,
            open_until: Duration::ZERO,
            reason: String::new(),
            trials: 0,
            trials_passed: 0,
            opened_total: 0,
        }
    }

    /// Says whether an attempt would pass at `now`, and lets none pass.
    pub(super) fn refusal(&self, now: Duration) -> Option<(Duration, String)> {
        (self.state(now) == BreakerState::Open).then(|| (self.open_until.saturating_sub(now), self.reason.clone()))
    }

    /// Lets an attempt pass at `now`, or says how long it must wait and why. What passed must be sent and
    /// be settled by [`settle`](Self::settle).
    pub(super) fn admit(&mut self, now: Duration) -> Result<(), (Duration, String)> {
        if self.state == BreakerState::Open && now >= self.open_until {
            self.state = BreakerState::HalfOpen;
            (self.trials, self.trials_passed) = (0, 0);
        }
        match self.state {
            BreakerState::Closed => Ok(()),
            BreakerState::Open => Err((self.open_until.saturating_sub(now), self.reason.clone())),
            BreakerState::HalfOpen if self.trials < self.policy.half_open_max_calls.max(1) => {
                self.trials += 1;
                Ok(())
            }
            BreakerState::HalfOpen => Err((Duration::ZERO, format!("on trial after: {}", self.reason))),
        }
    }

    /// Counts an attempt that passed and ended.
    pub(super) fn settle(&mut self, now: Duration, verdict: Verdict) {
        self.straight_bans = if verdict == Verdict::Banned { self.straight_bans.saturating_add(1) } else { 0 };
        self.count(now, verdict);
        match self.state {
            BreakerState::HalfOpen => self.settle_trial(now, verdict),
            BreakerState::Closed if self.policy.enabled => {
                if let Some(reason) = self.reason_to_open() {
                    self.open(now, self.policy.cooldown, reason);
                }
            }
            // An attempt that passed before the others opened it.
            BreakerState::Closed | BreakerState::Open => {}
        }
    }

    /// Leaves the site alone for as long as it asked for.
    pub(super) fn hold(&mut self, now: Duration, wait: Duration, reason: String) {
        if self.policy.enabled {
            self.open(now, wait, reason);
        }
    }

    /// Stays open for the rest of an earlier engine's time, which counted the opening.
    pub(super) fn resume(&mut self, now: Duration, wait: Duration, reason: String) {
        if self.policy.enabled {
            self.state = BreakerState::Open;
            self.open_until = now + wait;
            self.reason = reason;
        }
    }

    pub(super) fn state(&self, now: Duration) -> BreakerState {
        if self.state == BreakerState::Open && now >= self.open_until { BreakerState::HalfOpen } else { self.state }
    }

    pub(super) fn opened_total(&self) -> u64 {
        self.opened_total
    }

    fn settle_trial(&mut self, now: Duration, verdict: Verdict) {
        if verdict != Verdict::Good {
            let reason = self.reason.clone();
            return self.open(now, self.policy.cooldown, reason);
        }
        self.trials = self.trials.saturating_sub(1);
        self.trials_passed += 1;
        if self.trials_passed >= self.policy.half_open_max_calls.max(1) {
            self.state = BreakerState::Closed;
            self.parts.clear();
            self.straight_bans = 0;
        }
    }

    fn open(&mut self, now: Duration, wait: Duration, reason: String) {
        self.opened_total += u64::from(self.state != BreakerState::Open);
        self.state = BreakerState::Open;
        self.open_until = self.open_until.max(now + wait);
        self.reason = reason;
        self.straight_bans = 0;
        self.parts.clear();
    }

    fn count(&mut self, now: Duration, verdict: Verdict) {
        let part = (self.policy.error_rate_window / WINDOW_PARTS).max(Duration::from_millis(1));
        let number = now.as_nanos() / part.as_nanos();
        while self.parts.front().is_some_and(|oldest| oldest.number + u128::from(WINDOW_PARTS) <= number) {
            self.parts.pop_front();
        }
        if self.parts.back().is_none_or(|newest| newest.number < number) {
            self.parts.push_back(Part { number, attempts: 0, failed: 0 });
        }
        if let Some(newest) = self.parts.back_mut() {
            newest.attempts += 1;
            newest.failed += u32::from(verdict != Verdict::Good);
        }
    }

    fn reason_to_open(&self) -> Option<String> {
        if self.straight_bans >= self.policy.max_straight_bans.max(1) {
            return Some(format!("the site refused {} attempts in a row", self.straight_bans));
        }
        let attempts: u32 = self.parts.iter().map(|part| part.attempts).sum();
        let failed: u32 = self.parts.iter().map(|part| part.failed).sum();
        let share = f64::from(failed) / f64::from(attempts.max(1));
        (attempts >= self.policy.min_requests && failed > 0 && share >= self.policy.error_rate_threshold)
            .then(|| format!("{failed} of the last {attempts} attempts failed"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Breaker, BreakerState, Verdict};
    use crate::net::BreakerPolicy;

    fn breaker() -> Breaker {
        Breaker::new(BreakerPolicy { min_requests: 10, half_open_max_calls: 2, ..BreakerPolicy::default() })
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn feed(breaker: &mut Breaker, second: u64, verdicts: &[Verdict]) {
        for &verdict in verdicts {
            if breaker.admit(at(second)).is_ok() {
                breaker.settle(at(second), verdict);
            }
        }
    }

    #[test]
    fn opens_at_the_rate_and_not_below_the_least_count() {
        let mut breaker = breaker();
        feed(&mut breaker, 1, &[Verdict::Failed; 9]);
        assert_eq!(breaker.state(at(1)), BreakerState::Closed, "nine of ten");
        feed(&mut breaker, 2, &[Verdict::Failed]);
        assert_eq!(breaker.state(at(2)), BreakerState::Open);
        let (wait, reason) = breaker.admit(at(3)).expect_err("open");
        assert_eq!((wait, reason.as_str()), (at(179), "10 of the last 10 attempts failed"));
    }

    #[test]
    fn failures_beyond_the_window_are_forgotten() {
        let mut breaker = breaker();
        feed(&mut breaker, 1, &[Verdict::Failed; 9]);
        feed(&mut breaker, 70, &[Verdict::Failed; 9]);
        assert_eq!(breaker.state(at(70)), BreakerState::Closed);
    }

    #[test]
    fn straight_bans_open_it_however_few_attempts() {
        let mut breaker = breaker();
        feed(&mut breaker, 1, &[Verdict::Banned; 4]);
        feed(&mut breaker, 1, &[Verdict::Good]);
        feed(&mut breaker, 1, &[Verdict::Banned; 4]);
        assert_eq!(breaker.state(at(1)), BreakerState::Closed, "four, one good, four: under ten attempts");
        feed(&mut breaker, 1, &[Verdict::Banned]);
        assert_eq!(breaker.state(at(1)), BreakerState::Open);
    }

    #[test]
    fn trials_close_it_and_one_failed_trial_opens_it_again() {
        let mut breaker = breaker();
        feed(&mut breaker, 0, &[Verdict::Banned; 5]);
        assert_eq!(breaker.state(at(180)), BreakerState::HalfOpen);
        feed(&mut breaker, 180, &[Verdict::Failed]);
        assert_eq!(breaker.state(at(181)), BreakerState::Open, "a failed trial");
        assert!(breaker.admit(at(359)).is_err());
        assert!(breaker.admit(at(360)).is_ok() && breaker.admit(at(360)).is_ok());
        assert!(breaker.admit(at(360)).is_err(), "two trials at once");
        breaker.settle(at(361), Verdict::Good);
        assert_eq!(breaker.state(at(361)), BreakerState::HalfOpen, "one of two passed");
        breaker.settle(at(361), Verdict::Good);
        assert_eq!(breaker.state(at(361)), BreakerState::Closed);
        assert_eq!(breaker.opened_total(), 2);
    }

    #[test]
    fn asking_whether_an_attempt_would_pass_uses_up_no_trial() {
        let mut breaker = breaker();
        feed(&mut breaker, 0, &[Verdict::Banned; 5]);
        assert!(breaker.refusal(at(179)).is_some());
        assert!((0..9).all(|_| breaker.refusal(at(200)).is_none()));
        assert!(breaker.admit(at(200)).is_ok());
    }

    #[test]
    fn a_breaker_that_is_off_never_opens() {
        let mut breaker = Breaker::new(BreakerPolicy { enabled: false, ..BreakerPolicy::default() });
        feed(&mut breaker, 1, &[Verdict::Banned; 100]);
        assert_eq!(breaker.state(at(1)), BreakerState::Closed);
    }
}
