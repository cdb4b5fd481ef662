//! Whether a fault is worth another attempt, and after which wait. Reads no clock and sends nothing.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{error::Fault, policy::RetryPolicy};

/// The exponent beyond which the wait no longer doubles; 2^10 times 0.3 s are five minutes.
const MAX_DOUBLINGS: u32 = 10;

/// What follows a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Another attempt after a wait that is this request's own.
    Retry(Duration),
    /// Another attempt after a wait that the site asked of everyone.
    Hold(Duration),
    /// None, and the site wants to be left alone this long.
    Leave(Duration),
    /// None.
    Stop,
}

/// Decides after attempt `attempt` (from 0) met `fault`.
pub(super) fn next(policy: &RetryPolicy, attempt: u32, fault: &Fault, jitter: &mut ChaCha8Rng) -> Next {
    let asked = match fault {
        Fault::Banned { retry_after_sec: Some(seconds), .. } | Fault::Status { retry_after_sec: Some(seconds), .. } => {
            Some(Duration::from_secs(*seconds))
        }
        _ => None,
    };
    if let Some(wait) = asked.filter(|wait| *wait > policy.max_retry_after) {
        return Next::Leave(wait);
    }
    if attempt >= policy.max_retries || !is_worth_it(policy, fault) {
        return Next::Stop;
    }
    // Full jitter: clients that failed together do not come back together.
    let ceiling = policy.backoff_factor.saturating_mul(1 << attempt.min(MAX_DOUBLINGS));
    let drawn = ceiling.mul_f64(jitter.random::<f64>());
    asked.map_or(Next::Retry(drawn), |wait| Next::Hold(wait + drawn))
}

fn is_worth_it(policy: &RetryPolicy, fault: &Fault) -> bool {
    match fault {
        Fault::Unreachable(_) | Fault::Unresolved { .. } | Fault::Broken(_) => true,
        Fault::Timeout(_) => policy.on_timeout,
        Fault::Status { status, .. } | Fault::Banned { status, .. } => {
            !fault.is_of_credentials() && policy.status_codes.contains(status)
        }
        Fault::Page | Fault::Redirect(_) | Fault::TooLarge(_) | Fault::Tls(_) => false,
    }
}

/// Returns the seconds that a `Retry-After` header means at `now`: a count, or an HTTP date.
pub(super) fn retry_after_seconds(header: &str, now: Timestamp) -> Option<u64> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(seconds);
    }
    let until = rfc2822::DateTimeParser::new().parse_timestamp(header).ok()?;
    Some(u64::try_from((until.as_millisecond() - now.as_millisecond() + 999) / 1000).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use super::{Next, next, retry_after_seconds};
    use crate::{
        net::{Fault, RetryPolicy},
        seed::Seed,
    };

    fn status(status: u16) -> Fault {
        Fault::Status { status, retry_after_sec: None }
    }

    #[test]
    fn retry_after_is_a_count_or_a_date() {
        let now = "2026-11-23T05:00:00.5Z".parse().expect("a timestamp");
        let cases = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Mon, 23 Nov 2026 05:00:30 GMT", Some(30)),
            ("Mon, 23 Nov 2026 04:00:00 GMT", Some(0)),
            ("soon", None),
            ("-3", None),
        ];
        for (header, expected) in cases {
            assert_eq!(retry_after_seconds(header, now), expected, "{header}");
        }
    }

    #[test]
    fn waits_double_under_full_jitter_and_repeat_by_seed() {
        let policy = RetryPolicy { max_retries: 9, ..RetryPolicy::default() };
        let waits = |seed: u64| -> Vec<Duration> {
            let mut jitter = Seed(seed).stream("retry");
            let one = |attempt| match next(&policy, attempt, &status(503), &mut jitter) {
                Next::Retry(wait) => wait,
                other => panic!("{other:?}"),
            };
            (0..9).map(one).collect()
        };
        for (attempt, wait) in waits(1).into_iter().enumerate() {
            assert!(wait <= policy.backoff_factor * (1 << attempt), "{attempt}: {wait:?}");
        }
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }

    #[test]
    fn only_faults_that_may_pass_are_tried_again() {
        let policy = RetryPolicy::default();
        let mut jitter = Seed(1).stream("retry");
        let mut decide = |fault| next(&policy, 0, &fault, &mut jitter);
        let banned = |status, retry_after_sec| Fault::Banned { status, retry_after_sec };
        for fault in [status(404), banned(403, None), Fault::Page, Fault::TooLarge(1)] {
            assert_eq!(decide(fault), Next::Stop);
        }
        for fault in [Fault::Unreachable(io::ErrorKind::ConnectionReset.into()), Fault::Timeout(1.0)] {
            assert!(matches!(decide(fault), Next::Retry(_)));
        }
        assert!(matches!(decide(banned(429, Some(3))), Next::Hold(wait) if wait >= Duration::from_secs(3)));
        assert_eq!(decide(banned(429, Some(61))), Next::Leave(Duration::from_secs(61)));
        assert_eq!(next(&policy, 3, &status(503), &mut jitter), Next::Stop, "three retries were made");
    }
}
