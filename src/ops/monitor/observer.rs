//! Puts together what was heard and what was not: turns bus messages into the tally and the watch, and
//! both into the monitor's part of the state. No clock, no socket, no file.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    COMPONENT,
    line::MonitorHealth,
    tally::{Heard, NewErrors, Tally},
    watch::{Turn, Watch},
};
use crate::{
    bus::{BusEvent as _, Frame, HeartbeatEvent, Received, SubscriberCounts},
    ops::metrics::MonitorState,
};

/// Counts errors in a state, the newest last.
pub(super) fn count_errors(state: &mut MonitorState, errors: &BTreeMap<String, NewErrors>) {
    let mut in_order: Vec<_> = errors.iter().collect();
    in_order.sort_by_key(|(_, errors)| errors.last_ts);
    for (component, errors) in in_order {
        state.note_errors(component, errors.count, &errors.last_message, errors.last_ts);
    }
}

/// What the monitor knows.
#[derive(Debug)]
pub(super) struct Observer {
    tally: Tally,
    watch: Watch,
    health: MonitorHealth,
    /// What the subscriber had dropped when it was last asked.
    dropped: SubscriberCounts,
}

impl Observer {
    /// Knows nothing yet; `health` says who it is.
    pub(super) fn new(watch: Watch, health: MonitorHealth) -> Self {
        Self { tally: Tally::default(), watch, health, dropped: SubscriberCounts::default() }
    }

    /// Takes in what came from the bus.
    pub(super) fn hear(&mut self, received: &Received, now: Timestamp) {
        match received {
            Received::Gap { publisher, topic, missed } => {
                tracing::warn!(component = COMPONENT, publisher, topic, missed, "events were missed");
                self.tally.note_missed(publisher, topic, *missed);
            }
            Received::Frame(frame) => self.hear_frame(frame, now),
        }
    }

    fn hear_frame(&mut self, frame: &Frame, now: Timestamp) {
        let (topic, publisher, snapshot) = (frame.topic(), frame.publisher(), frame.is_snapshot());
        self.tally.note(&Heard { topic, publisher: &publisher, payload: frame.payload(), snapshot, at: now });
        // A heartbeat that is sent again proves that the forwarder is alive, not its sender.
        if topic != HeartbeatEvent::TOPIC || snapshot {
            return;
        }
        if let Ok(heartbeat) = frame.decode::<HeartbeatEvent<'_>>() {
            if heartbeat.last {
                self.watch.goodbye(&publisher, now);
            } else {
                self.watch.heartbeat(&publisher, &heartbeat.component, heartbeat.pid, now);
            }
        }
    }

    /// Takes note of what the subscriber has dropped so far.
    pub(super) fn note_counts(&mut self, counts: SubscriberCounts) {
        let new = |now: u64, then: u64| now.saturating_sub(then);
        let malformed = new(counts.malformed, self.dropped.malformed) + new(counts.oversized, self.dropped.oversized);
        self.tally.note_dropped(malformed, new(counts.replayed, self.dropped.replayed));
        self.dropped = counts;
    }

    /// Starts to listen with a new subscriber, whose counts begin at nothing.
    pub(super) fn renew(&mut self, own: &str) {
        self.watch.rename(own);
    }

    /// Takes note of whether the monitor hosts the bus, and of why a forwarder cannot be had.
    pub(super) fn note_bus(&mut self, hosts: bool, failed: Option<String>, now: Timestamp) {
        self.health.hosts_bus = hosts;
        self.watch.forwarder(failed, now);
    }

    /// Looks for what is not seen; what begins is an error of the monitor, and what ends is said too.
    pub(super) fn look(&mut self, now: Timestamp) {
        for turn in self.watch.look(now) {
            match turn {
                Turn::Began(episode) => {
                    tracing::error!(component = COMPONENT, "blind: {}", episode.reason);
                    self.health.blind_episodes_total += 1;
                    self.tally.note_error(COMPONENT, &format!("blind: {}", episode.reason), now);
                }
                Turn::Ended(episode) => {
                    tracing::info!(component = COMPONENT, "seen again: {}", episode.reason);
                    self.health.last_recovery = Some(episode.reason);
                }
            }
        }
    }

    /// Takes note that the monitor ends by itself.
    pub(super) fn end(&mut self, now: Timestamp) {
        self.health.ended_at = Some(now);
    }

    /// Says whether anything came over the bus, were it only the monitor's own heartbeat.
    pub(super) const fn heard_anything(&self) -> bool {
        self.tally.events() > 0
    }

    /// Takes the errors that no line has yet.
    pub(super) fn take_errors(&mut self) -> BTreeMap<String, NewErrors> {
        self.tally.take_errors()
    }

    /// Puts them back: the line was not written.
    pub(super) fn put_back_errors(&mut self, errors: BTreeMap<String, NewErrors>) {
        self.tally.put_back_errors(errors);
    }

    /// Returns the errors that no line has yet.
    pub(super) const fn new_errors(&self) -> &BTreeMap<String, NewErrors> {
        self.tally.errors()
    }

    /// Fills in the monitor's part of the state; errors are counted apart, since others count them too.
    pub(super) fn fill(&self, state: &mut MonitorState, now: Timestamp) {
        let tally = &self.tally;
        state.latency.clone_from(tally.latency());
        state.bus_queues.clone_from(tally.queues());
        state.risk_accounts.clone_from(tally.risk_accounts());
        state.risk_symbols = tally.risk_symbols();
        state.accounts.clone_from(tally.accounts());
        state.bus.clone_from(tally.losses());
        for (component, last) in self.watch.heartbeats() {
            state.note_heartbeat(component, *last);
        }
        state.note_heartbeat(COMPONENT, now);
        let episodes = self.watch.episodes();
        state.monitor = MonitorHealth {
            blind: !episodes.is_empty(),
            episodes,
            events_total: tally.events(),
            ..self.health.clone()
        };
    }
}
