//! The numbers seen so far, per publisher and topic: finds gaps and replays. Bounded.

use std::collections::BTreeSet;

/// The most publishers that are remembered; the one that was silent longest is forgotten first.
const PUBLISHERS_MAX: usize = 1024;

/// The most topics that are remembered of one publisher.
const TOPICS_MAX: usize = 256;

/// The most snapshots that are remembered of one publisher and topic.
const SNAPSHOTS_MAX: usize = 4096;

/// What a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The first that was seen, or the one after the last.
    Next,
    /// So many before it are missing.
    Gap(u64),
    /// Not greater than the last.
    Replayed,
}

/// The numbers of all publishers.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    /// The one that was seen last comes first: a stream of messages finds its own at once.
    publishers: Vec<Publisher>,
    /// Counts what was seen: tells who was silent longest.
    now: u64,
}

#[derive(Debug, Default)]
struct Publisher {
    name: String,
    topics: Vec<Track>,
    /// Its first heartbeat was seen, so every topic is known from 1.
    from_start: bool,
    seen: u64,
}

#[derive(Debug, Default)]
struct Track {
    topic: String,
    /// The first number seen in the stream; 0 before.
    first: u64,
    /// The last number seen in the stream or known to have been sent.
    last: u64,
    snapshots: BTreeSet<u64>,
}

impl Sequences {
    /// Takes note of a message of the stream.
    pub(super) fn observe(&mut self, publisher: &str, topic: &str, seq: u64) -> Order {
        let track = self.track(publisher, topic);
        let order = match seq {
            seq if seq <= track.last => return Order::Replayed,
            seq if track.first == 0 || seq == track.last + 1 => Order::Next,
            seq => Order::Gap(seq - track.last - 1),
        };
        if track.first == 0 {
            track.first = seq;
        }
        track.last = seq;
        order
    }

    /// Takes note of a message of the same publisher and topic as the call before, if it is the next one.
    pub(super) fn observe_next(&mut self, seq: u64) -> bool {
        let track = self.publishers.first_mut().and_then(|publisher| publisher.topics.first_mut());
        track.is_some_and(|track| {
            let is_next = track.first > 0 && seq == track.last + 1;
            track.last += u64::from(is_next);
            is_next
        })
    }

    /// Takes note of a message that the forwarder sent again; says whether it is news.
    pub(super) fn observe_snapshot(&mut self, publisher: &str, topic: &str, seq: u64) -> bool {
        let track = self.track(publisher, topic);
        let seen_live = track.first > 0 && (track.first..=track.last).contains(&seq);
        if seen_live || track.snapshots.len() >= SNAPSHOTS_MAX {
            return false;
        }
        track.snapshots.insert(seq)
    }

    /// Takes note of a publisher's first heartbeat: whatever it sends is known from number 1.
    pub(super) fn started(&mut self, publisher: &str) {
        self.publisher(publisher).from_start = true;
    }

    /// Takes note of what a heartbeat says was sent; returns how many of those were missed.
    pub(super) fn told(&mut self, publisher: &str, topic: &str, seq: u64) -> u64 {
        let known = self.publisher(publisher);
        if !known.from_start && !known.topics.iter().any(|track| track.topic == topic && track.first > 0) {
            return 0;
        }
        let track = self.track(publisher, topic);
        let missed = seq.saturating_sub(track.last);
        track.last = track.last.max(seq);
        missed
    }

    fn track(&mut self, publisher: &str, topic: &str) -> &mut Track {
        let publisher = self.publisher(publisher);
        let known = publisher.topics.iter().position(|track| track.topic == topic);
        let at = known.unwrap_or_else(|| {
            if publisher.topics.len() >= TOPICS_MAX {
                publisher.topics.pop();
            }
            // Known from its start: the track begins before number 1, so that a first number of 5 is a gap.
            let first = u64::from(publisher.from_start);
            publisher.topics.push(Track { topic: topic.to_owned(), first, ..Track::default() });
            publisher.topics.len() - 1
        });
        publisher.topics.swap(0, at);
        &mut publisher.topics[0]
    }

    fn publisher(&mut self, name: &str) -> &mut Publisher {
        self.now += 1;
        let known = self.publishers.iter().position(|publisher| publisher.name == name);
        let at = known.unwrap_or_else(|| {
            if self.publishers.len() >= PUBLISHERS_MAX {
                let silent = self.publishers.iter().enumerate().min_by_key(|(_, publisher)| publisher.seen);
                let silent = silent.map_or(0, |(at, _)| at);
                self.publishers.swap_remove(silent);
            }
            self.publishers.push(Publisher { name: name.to_owned(), ..Publisher::default() });
            self.publishers.len() - 1
        });
        self.publishers.swap(0, at);
        let publisher = &mut self.publishers[0];
        publisher.seen = self.now;
        publisher
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, PUBLISHERS_MAX, Sequences};

    #[test]
    fn gaps_and_replays_are_told_from_the_next() {
        let mut sequences = Sequences::default();
        let cases =
            [(5, Order::Next), (6, Order::Next), (9, Order::Gap(2)), (9, Order::Replayed), (8, Order::Replayed)];
        for (seq, order) in cases {
            assert_eq!(sequences.observe("p", "t", seq), order, "{seq}");
        }
        assert_eq!(sequences.observe("p", "u", 1), Order::Next, "topics are counted apart");
        assert_eq!(sequences.observe("q", "t", 1), Order::Next, "publishers too");
    }

    #[test]
    fn heartbeats_tell_what_was_missed() {
        let mut sequences = Sequences::default();
        assert_eq!(sequences.told("p", "t", 7), 0, "a late joiner missed nothing");
        sequences.observe("p", "t", 8);
        assert_eq!(sequences.told("p", "t", 11), 3);
        assert_eq!(sequences.told("p", "t", 11), 0, "told once");
        assert_eq!(sequences.observe("p", "t", 12), Order::Next);
        sequences.started("q");
        assert_eq!(sequences.observe("q", "t", 4), Order::Gap(3));
        assert_eq!(sequences.told("q", "u", 2), 2);
    }

    #[test]
    fn snapshots_are_news_once() {
        let mut sequences = Sequences::default();
        assert!(sequences.observe_snapshot("p", "t", 9) && sequences.observe_snapshot("p", "t", 5));
        assert!(!sequences.observe_snapshot("p", "t", 9));
        sequences.observe("p", "t", 20);
        sequences.observe("p", "t", 21);
        assert!(!sequences.observe_snapshot("p", "t", 20), "seen in the stream");
        assert!(sequences.observe_snapshot("p", "t", 12), "older than the stream, another key");
    }

    #[test]
    fn memory_is_bounded() {
        let mut sequences = Sequences::default();
        sequences.observe("first", "t", 1);
        for number in 0..PUBLISHERS_MAX {
            sequences.observe(&format!("p{number}"), "t", 1);
        }
        assert_eq!(sequences.publishers.len(), PUBLISHERS_MAX);
        assert!(sequences.publishers.iter().all(|publisher| publisher.name != "first"), "silent longest");
    }
}
