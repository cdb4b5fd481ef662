//! The last value of what a late joiner needs to know: accounts, alerts, heartbeats. Bounded.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{envelope, topic};

/// The topics whose last values are kept.
pub(super) const KEPT: [&str; 4] = [topic::ACCOUNT_NAV, topic::ACCOUNT_POSITION, topic::RISK_ALERT, topic::HEARTBEAT];

/// The most values that are kept; the one that is oldest goes first.
const VALUES_MAX: usize = 4096;

/// The fields that tell values of a topic apart.
#[derive(Debug, Deserialize, Default, PartialEq, Eq, PartialOrd, Ord)]
#[serde(default)]
struct Key {
    /// Of heartbeats only: an account has one worth, whoever says it.
    publisher: Option<String>,
    account_id: Option<String>,
    symbol: Option<String>,
    component: Option<String>,
}

/// The last values, ready to be sent again.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    values: BTreeMap<(&'static str, Key), (u64, Vec<u8>)>,
    now: u64,
}

impl Snapshots {
    /// Keeps a message if its topic is one of those.
    pub(super) fn keep(&mut self, topic: &[u8], payload: &[u8]) {
        let Some(topic) = KEPT.into_iter().find(|kept| kept.as_bytes() == topic) else { return };
        // Whatever has another shape has no key, and no late joiner could use it.
        let Ok(mut key) = serde_json::from_slice::<Key>(payload) else { return };
        key.publisher = key.publisher.filter(|_| topic == super::topic::HEARTBEAT);
        self.now += 1;
        self.values.insert((topic, key), (self.now, envelope::marked_snapshot(payload)));
        if self.values.len() > VALUES_MAX {
            let oldest = self.values.iter().min_by_key(|(_, (kept, _))| *kept).map(|(_, (kept, _))| *kept);
            self.values.retain(|_, (kept, _)| Some(*kept) != oldest);
        }
    }

    /// Returns what a new subscriber to the topics that begin so needs to know, in order of the topics.
    pub(super) fn of<'s>(&'s self, prefix: &'s [u8]) -> impl Iterator<Item = (&'static str, &'s [u8])> {
        let matching = self.values.iter().filter(move |((topic, _), _)| topic.as_bytes().starts_with(prefix));
        matching.map(|((topic, _), (_, payload))| (*topic, payload.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Snapshots, VALUES_MAX};

    fn nav(account: &str, seq: u64) -> Vec<u8> {
        format!(r#"{{"__event__":"N","publisher":"p","seq":{seq},"v":1,"account_id":"{account}"}}"#).into_bytes()
    }

    #[test]
    fn last_value_of_each_account_is_kept() {
        let mut snapshots = Snapshots::default();
        for (account, seq) in [("a", 1), ("b", 2), ("a", 3)] {
            snapshots.keep(b"account.nav", &nav(account, seq));
        }
        snapshots.keep(b"alpha.signal", &nav("a", 4));
        let kept: Vec<&str> =
            snapshots.of(b"account.").map(|(_, payload)| std::str::from_utf8(payload).expect("text")).collect();
        assert_eq!(kept.len(), 2);
        assert!(kept[0].starts_with("{\"snapshot\":true,") && kept[0].contains("\"seq\":3"), "{kept:?}");
        assert_eq!(snapshots.of(b"account.position").count(), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut snapshots = Snapshots::default();
        for number in 0..=VALUES_MAX {
            snapshots.keep(b"account.nav", &nav(&number.to_string(), 1));
        }
        assert_eq!(snapshots.values.len(), VALUES_MAX);
    }
}
