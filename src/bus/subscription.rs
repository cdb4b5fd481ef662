//! Who listens to what, as the subscription messages of an XPUB socket tell it.

use std::{
    collections::BTreeSet,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::topic;
use crate::clock::Stopwatch;

/// So long without a new subscription means that they have settled.
const SETTLED: Duration = Duration::from_millis(200);

/// The most subscriptions that are remembered; a process that makes more is no subscriber of ours.
const SUBSCRIPTIONS_MAX: usize = 4096;

/// The subscriptions of one XPUB socket.
#[derive(Debug)]
pub(super) struct Subscriptions {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    topics: BTreeSet<Vec<u8>>,
    changed: Stopwatch,
}

/// A message of the XPUB socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice<'a> {
    /// Somebody subscribed to the topics that begin so.
    Subscribed(&'a [u8]),
    /// Nobody is subscribed any more to the topics that begin so.
    Unsubscribed(&'a [u8]),
}

impl<'a> Notice<'a> {
    /// Reads a message; `None` if it is none of a subscription.
    pub(super) fn read(message: &'a [u8]) -> Option<Self> {
        match message.split_first()? {
            (1, topic) => Some(Self::Subscribed(topic)),
            (0, topic) => Some(Self::Unsubscribed(topic)),
            _ => None,
        }
    }
}

impl Subscriptions {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State { topics: BTreeSet::new(), changed: Stopwatch::start() }),
            changed: Condvar::new(),
        }
    }

    /// Takes note. Heartbeats are not counted: every subscriber and the forwarder itself listen to them.
    pub(super) fn note(&self, notice: Notice<'_>) {
        let mut state = self.lock();
        match notice {
            Notice::Subscribed(topic) if is_own(topic) => return,
            Notice::Subscribed(topic) if state.topics.len() < SUBSCRIPTIONS_MAX => {
                state.topics.insert(topic.to_vec());
            }
            Notice::Subscribed(_) => {}
            Notice::Unsubscribed(topic) => {
                state.topics.remove(topic);
            }
        }
        state.changed = Stopwatch::start();
        self.changed.notify_all();
    }

    /// Waits until somebody listens to `topic`; says whether somebody does.
    pub(super) fn wait_for(&self, topic: &str, patience: Duration) -> bool {
        let heard = |state: &State| state.topics.iter().any(|prefix| topic.as_bytes().starts_with(prefix));
        let waited = self.changed.wait_timeout_while(self.lock(), patience, |state| !heard(state));
        heard(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Waits until somebody listens and no new subscription has come for a while; says whether it is so.
    pub(super) fn wait_settled(&self, patience: Duration) -> bool {
        let watch = Stopwatch::start();
        let mut state = self.lock();
        loop {
            let quiet = Duration::from_secs_f64(state.changed.seconds());
            if !state.topics.is_empty() && quiet >= SETTLED {
                return true;
            }
            let left = patience.saturating_sub(Duration::from_secs_f64(watch.seconds()));
            if left.is_zero() {
                return false;
            }
            let pause = left.min(SETTLED.saturating_sub(quiet).max(Duration::from_millis(5)));
            state = self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says whether a subscription is the machinery's: heartbeats, or the forwarder's cut topics.
fn is_own(subscribed: &[u8]) -> bool {
    let kept = [topic::HEARTBEAT, topic::ACCOUNT_NAV, topic::ACCOUNT_POSITION, topic::RISK_ALERT];
    subscribed == topic::HEARTBEAT.as_bytes() || kept.iter().any(|kept| subscribed == cut(kept))
}

/// Returns a topic without its last letter.
///
/// The forwarder subscribes at its publishers to the topics whose last values it keeps. Spelt so, a
/// publisher can tell that subscription from a listener's.
pub(super) fn cut(topic: &str) -> &[u8] {
    topic.as_bytes().split_last().map_or(&[], |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::{Duration, Notice, Subscriptions, cut};

    #[test]
    fn listeners_are_told_from_the_machinery() {
        let subscriptions = Subscriptions::new();
        subscriptions.note(Notice::Subscribed(b"sys.heartbeat"));
        subscriptions.note(Notice::Subscribed(cut("account.nav")));
        let soon = Duration::from_millis(1);
        assert!(!subscriptions.wait_for("account.nav", soon) && !subscriptions.wait_settled(soon));
        subscriptions.note(Notice::Subscribed(b"account."));
        assert!(subscriptions.wait_for("account.nav", soon) && !subscriptions.wait_for("log.error", soon));
        assert!(!subscriptions.wait_settled(soon), "a new one may follow");
        assert!(subscriptions.wait_settled(Duration::from_secs(2)));
        subscriptions.note(Notice::Unsubscribed(b"account."));
        assert!(!subscriptions.wait_for("account.nav", soon));
    }

    #[test]
    fn other_messages_are_no_subscriptions() {
        assert_eq!(Notice::read(b""), None);
        assert_eq!(Notice::read(b"\x02x"), None);
        assert_eq!(Notice::read(b"\x01x"), Some(Notice::Subscribed(b"x")));
    }
}
