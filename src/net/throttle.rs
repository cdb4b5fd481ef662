//! How fast and how many at once: waits, and what they cost of a caller's time. Sends nothing.

use std::{
    num::NonZeroU32,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use jiff::Timestamp;

use crate::clock::{Clock, pause};

/// Locks; the values here are whole after every step, so a thread that panicked spoiled none.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The caller's time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Late;

/// The time that a caller gave.
#[derive(Debug)]
pub(super) struct Budget<'a> {
    clock: &'a Clock,
    started: Timestamp,
    limit: Option<Duration>,
}

impl<'a> Budget<'a> {
    pub(super) fn new(clock: &'a Clock, limit: Option<Duration>) -> Self {
        Self { clock, started: clock.now(), limit }
    }

    pub(super) fn spent(&self) -> Duration {
        self.clock.now().duration_since(self.started).try_into().unwrap_or_default()
    }

    /// Returns what is left; nothing where there is no limit.
    pub(super) fn left(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.saturating_sub(self.spent()))
    }

    /// Waits, or says at once that the time does not suffice.
    pub(super) fn wait(&self, wait: Duration) -> Result<(), Late> {
        if self.left().is_some_and(|left| left <= wait) {
            return Err(Late);
        }
        if !wait.is_zero() {
            pause(wait);
        }
        Ok(())
    }
}

/// A rate, in requests a second: exact below one too, since it is kept as the time between two.
#[derive(Debug)]
pub(super) struct Pace(Option<DefaultDirectRateLimiter>);

impl Pace {
    /// No limit where `qps` is not given or not positive.
    pub(super) fn new(qps: Option<f64>, burst: u32) -> Self {
        let period = qps.and_then(|qps| Duration::try_from_secs_f64(qps.recip()).ok());
        let quota = period.and_then(Quota::with_period);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        Self(quota.map(|quota| RateLimiter::direct(quota.allow_burst(burst))))
    }

    /// Waits for the next request's turn.
    pub(super) fn wait(&self, budget: &Budget<'_>) -> Result<(), Late> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        while let Err(early) = limiter.check() {
            budget.wait(early.wait_time_from(DefaultClock::default().now()))?;
        }
        Ok(())
    }
}

/// How many may be under way at once.
#[derive(Debug)]
pub(super) struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

/// One of the slots, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot<'a>(&'a Slots);

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Mutex::new(count.max(1)), freed: Condvar::new() }
    }

    pub(super) fn take(&self, budget: &Budget<'_>) -> Result<Slot<'_>, Late> {
        let mut free = lock(&self.free);
        while *free == 0 {
            free = match budget.left() {
                None => self.freed.wait(free).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => return Err(Late),
                Some(left) => self.freed.wait_timeout(free, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        *free -= 1;
        Ok(Slot(self))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Budget, Late, Pace, Slots};
    use crate::clock::Clock;

    #[test]
    fn rate_holds_below_one_a_second_too() {
        let clock = Clock::system();
        // A rate of 0.5 a second admitted one a second in the original.
        for (qps, requests, at_least) in [(0.5, 2, 2.0), (20.0, 11, 0.5)] {
            let pace = Pace::new(Some(qps), 1);
            let budget = Budget::new(&clock, None);
            for _ in 0..requests {
                assert_eq!(pace.wait(&budget), Ok(()));
            }
            let spent = budget.spent().as_secs_f64();
            assert!(spent >= at_least - 0.01, "{requests} at {qps}/s took {spent} s");
        }
    }

    #[test]
    fn burst_goes_at_once_and_what_follows_is_paced() {
        let clock = Clock::system();
        let (pace, budget) = (Pace::new(Some(0.1), 3), Budget::new(&clock, Some(Duration::from_secs(5))));
        assert_eq!([(); 3].map(|()| pace.wait(&budget)), [Ok(()); 3]);
        assert_eq!(pace.wait(&budget), Err(Late), "ten seconds do not fit into five, and are not waited for");
        assert!(budget.spent() < Duration::from_secs(1));
    }

    #[test]
    fn slots_are_given_back() {
        let clock = Clock::system();
        let (slots, budget) = (Slots::new(1), Budget::new(&clock, Some(Duration::from_millis(20))));
        let first = slots.take(&budget).expect("free");
        assert!(slots.take(&budget).is_err());
        drop(first);
        assert!(slots.take(&Budget::new(&clock, None)).is_ok());
    }
}
