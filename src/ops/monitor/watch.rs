//! What the monitor should see and does not: processes whose heartbeat stopped, a bus that carries
//! nothing, a forwarder that is gone. Each is an episode that begins once and ends once.
//!
//! No clock: the caller says when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A heartbeat is missed after so many intervals without one.
pub const INTERVALS_MISSED: f64 = 3.0;
/// So long must the bus have carried the monitor's own heartbeat after the last one of a process, so that
/// the silence is the process's and not the bus's.
const INTERVALS_PROVEN: f64 = 2.0;
/// Publishers that are watched at once; more are not, and that is an episode too.
const PUBLISHERS_MAX: usize = 256;

/// What a blind monitor does not see.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Unseen {
    /// A process that was alive sends no heartbeat and did not say goodbye.
    Component {
        /// The component.
        component: String,
        /// The publisher: one process of it.
        publisher: String,
    },
    /// Nothing is heard on the bus, not even the monitor's own heartbeat.
    Bus,
    /// The forwarder that others connect to is not there.
    Forwarder,
    /// There are more publishers than can be watched.
    Publishers,
}

/// A time during which something was not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// What is not seen.
    pub unseen: Unseen,
    /// Since when.
    pub since: Timestamp,
    /// Why, in words.
    pub reason: String,
}

/// An episode that began or ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// It began.
    Began(Episode),
    /// It ended.
    Ended(Episode),
}

/// A process that sends heartbeats.
#[derive(Debug, Clone)]
struct Alive {
    component: String,
    pid: u32,
    first: Timestamp,
    last: Timestamp,
}

/// Watches heartbeats and the bus.
#[derive(Debug, Clone)]
pub struct Watch {
    interval: f64,
    own: String,
    alive: BTreeMap<String, Alive>,
    last_by_component: BTreeMap<String, Timestamp>,
    own_heard: Timestamp,
    episodes: BTreeMap<Unseen, Episode>,
    turns: Vec<Turn>,
}

impl Watch {
    /// Watches from `now` on: a heartbeat is expected every `interval` seconds, and `own` is the
    /// monitor's own publisher.
    #[must_use]
    pub fn new(own: &str, interval: f64, now: Timestamp) -> Self {
        Self {
            interval,
            own: own.into(),
            alive: BTreeMap::new(),
            last_by_component: BTreeMap::new(),
            own_heard: now,
            episodes: BTreeMap::new(),
            turns: Vec::new(),
        }
    }

    /// Goes on under another name: the monitor has a new publisher.
    pub fn rename(&mut self, own: &str) {
        self.own = own.into();
    }

    /// Notes a heartbeat.
    pub fn heartbeat(&mut self, publisher: &str, component: &str, pid: u32, now: Timestamp) {
        if publisher == self.own {
            self.own_heard = now;
        } else if self.alive.len() >= PUBLISHERS_MAX && !self.alive.contains_key(publisher) {
            let reason = format!("more than {PUBLISHERS_MAX} publishers: {publisher} is not watched");
            self.begin(Unseen::Publishers, now, reason);
            return;
        }
        if self.last_by_component.len() < PUBLISHERS_MAX || self.last_by_component.contains_key(component) {
            self.last_by_component.insert(component.into(), now);
        }
        if publisher != self.own {
            let first = self.alive.get(publisher).map_or(now, |known| known.first);
            self.alive.insert(publisher.into(), Alive { component: component.into(), pid, first, last: now });
        }
    }

    /// Notes that a process said goodbye: it is not missed.
    pub fn goodbye(&mut self, publisher: &str, now: Timestamp) {
        if let Some(gone) = self.alive.remove(publisher) {
            let unseen = Unseen::Component { component: gone.component, publisher: publisher.into() };
            self.end(&unseen, now);
        }
    }

    /// Notes whether the forwarder is there, and why it is not.
    pub fn forwarder(&mut self, absent: Option<String>, now: Timestamp) {
        match absent {
            Some(reason) => self.begin(Unseen::Forwarder, now, reason),
            None => {
                self.end(&Unseen::Forwarder, now);
            }
        }
    }

    /// Looks for what is overdue; returns what began or ended since the last look.
    pub fn look(&mut self, now: Timestamp) -> Vec<Turn> {
        let limit = INTERVALS_MISSED * self.interval;
        if self.alive.len() < PUBLISHERS_MAX {
            self.end(&Unseen::Publishers, now);
        }
        let deaf = now.duration_since(self.own_heard).as_secs_f64();
        if deaf > limit {
            let reason = format!(
                "nothing is heard on the bus: the monitor's own heartbeat has not come back for {deaf:.1} s, \
                 the limit is {limit:.1} s"
            );
            self.begin(Unseen::Bus, now, reason);
        } else if self.end(&Unseen::Bus, now) {
            // What they sent meanwhile is on its way or lost: whoever was not missed before has the full
            // time again.
            for (publisher, process) in &mut self.alive {
                let unseen = Unseen::Component { component: process.component.clone(), publisher: publisher.clone() };
                if !self.episodes.contains_key(&unseen) {
                    process.last = now;
                }
            }
        }
        self.look_at_processes(limit, now);
        std::mem::take(&mut self.turns)
    }

    /// Returns what is not seen now.
    #[must_use]
    pub fn episodes(&self) -> Vec<Episode> {
        self.episodes.values().cloned().collect()
    }

    /// Returns the last heartbeat of each component.
    #[must_use]
    pub const fn heartbeats(&self) -> &BTreeMap<String, Timestamp> {
        &self.last_by_component
    }

    /// A process is back when it is heard again, or when its component was started anew after it was lost:
    /// another process that was alive beside it does not stand in for it.
    fn look_at_processes(&mut self, limit: f64, now: Timestamp) {
        let mut turns = Vec::new();
        for (publisher, process) in &self.alive {
            let Alive { component, pid, last, .. } = process;
            let unseen = Unseen::Component { component: component.clone(), publisher: publisher.clone() };
            let age = now.duration_since(*last).as_secs_f64();
            let proven = self.own_heard.duration_since(*last).as_secs_f64() >= INTERVALS_PROVEN * self.interval;
            let replaced = self.alive.values().any(|other| other.component == *component && other.first > *last);
            let reason = (age > limit && proven).then(|| {
                format!("no heartbeat of {component} (process {pid}) for {age:.1} s, the limit is {limit:.1} s")
            });
            turns.push((unseen, reason, replaced));
        }
        for (unseen, reason, replaced) in turns {
            let is_overdue = reason.is_some();
            if let Some(reason) = reason {
                self.begin(unseen.clone(), now, reason);
            }
            if !is_overdue || replaced {
                self.end(&unseen, now);
            }
            if is_overdue
                && replaced
                && let Unseen::Component { publisher, .. } = &unseen
            {
                self.alive.remove(publisher);
            }
        }
    }

    fn begin(&mut self, unseen: Unseen, now: Timestamp, reason: String) {
        if self.episodes.contains_key(&unseen) {
            return;
        }
        let episode = Episode { unseen: unseen.clone(), since: now, reason };
        self.turns.push(Turn::Began(episode.clone()));
        self.episodes.insert(unseen, episode);
    }

    /// Ends an episode; says whether there was one.
    fn end(&mut self, unseen: &Unseen, now: Timestamp) -> bool {
        let Some(mut episode) = self.episodes.remove(unseen) else { return false };
        let seconds = now.duration_since(episode.since).as_secs_f64();
        episode.reason = format!("{} (over after {seconds:.1} s)", episode.reason);
        self.turns.push(Turn::Ended(episode));
        true
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{PUBLISHERS_MAX, Turn, Unseen, Watch};

    fn at(seconds: f64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(seconds)
    }

    fn told(turns: &[Turn]) -> Vec<String> {
        let told = |turn: &Turn| match turn {
            Turn::Began(episode) => format!("began: {}", episode.reason),
            Turn::Ended(episode) => format!("ended: {}", episode.reason),
        };
        turns.iter().map(told).collect()
    }

    fn watch() -> Watch {
        let mut watch = Watch::new("monitor-1", 1.0, at(0.0));
        watch.heartbeat("monitor-1", "monitor", 1, at(0.0));
        watch
    }

    /// One that hears itself at every look, so that only what is planted is unseen.
    fn look(watch: &mut Watch, seconds: f64) -> Vec<String> {
        watch.heartbeat("monitor-1", "monitor", 1, at(seconds));
        told(&watch.look(at(seconds)))
    }

    #[test]
    fn a_heartbeat_that_stops_is_one_episode_until_it_is_back() {
        let mut watch = watch();
        watch.heartbeat("simulate-7", "simulate", 7, at(1.0));
        assert_eq!(look(&mut watch, 3.9), Vec::<String>::new(), "within three intervals");
        let lost = look(&mut watch, 4.1);
        assert_eq!(lost, ["began: no heartbeat of simulate (process 7) for 3.1 s, the limit is 3.0 s"]);
        assert_eq!(look(&mut watch, 9.0), Vec::<String>::new(), "counted once");
        assert_eq!(watch.episodes().len(), 1);
        watch.heartbeat("simulate-7", "simulate", 7, at(9.1));
        assert!(look(&mut watch, 9.1)[0].ends_with("(over after 5.0 s)"));
        assert!(watch.episodes().is_empty());
    }

    #[test]
    fn a_process_beside_it_does_not_stand_in_for_one_that_is_lost() {
        let mut watch = watch();
        watch.heartbeat("hud-7", "hud", 7, at(0.0));
        watch.heartbeat("hud-8", "hud", 8, at(0.0));
        let mut told = Vec::new();
        for second in 1..10 {
            watch.heartbeat("hud-8", "hud", 8, at(f64::from(second)));
            told.extend(look(&mut watch, f64::from(second)));
        }
        assert_eq!(told, ["began: no heartbeat of hud (process 7) for 4.0 s, the limit is 3.0 s"]);
        assert_eq!(watch.episodes().len(), 1, "it is still missed");
    }

    #[test]
    fn a_process_that_was_replaced_at_once_was_lost_all_the_same() {
        let mut watch = watch();
        watch.heartbeat("hud-7", "hud", 7, at(0.0));
        watch.heartbeat("hud-8", "hud", 8, at(1.0));
        watch.heartbeat("hud-8", "hud", 8, at(3.5));
        assert_eq!(look(&mut watch, 3.5).len(), 2, "it began and ended");
        watch.heartbeat("hud-8", "hud", 8, at(6.0));
        assert_eq!(look(&mut watch, 6.0), Vec::<String>::new());
    }

    #[test]
    fn another_process_of_a_lost_component_ends_the_episode_for_good() {
        let mut watch = watch();
        watch.heartbeat("simulate-7", "simulate", 7, at(0.0));
        assert_eq!(look(&mut watch, 5.0).len(), 1);
        watch.heartbeat("simulate-8", "simulate", 8, at(5.5));
        assert_eq!(look(&mut watch, 6.0).len(), 1);
        watch.goodbye("simulate-8", at(6.5));
        assert_eq!(look(&mut watch, 60.0), Vec::<String>::new(), "neither is missed");
    }

    #[test]
    fn who_said_goodbye_is_not_missed() {
        let mut watch = watch();
        watch.heartbeat("simulate-7", "simulate", 7, at(0.0));
        watch.goodbye("simulate-7", at(1.0));
        assert_eq!(look(&mut watch, 60.0), Vec::<String>::new());
        assert!(watch.heartbeats().contains_key("simulate"), "its age is still told");
    }

    #[test]
    fn a_bus_that_does_not_carry_the_own_heartbeat_is_deaf() {
        let mut watch = watch();
        assert!(watch.look(at(2.9)).is_empty());
        let turns = told(&watch.look(at(3.5)));
        assert!(turns[0].starts_with("began: nothing is heard on the bus"), "{turns:?}");
        assert_eq!(look(&mut watch, 4.0).len(), 1, "recovered");
    }

    #[test]
    fn a_deaf_bus_is_one_episode_and_not_one_of_each_process() {
        let mut watch = watch();
        for publisher in ["a-1", "b-1"] {
            watch.heartbeat(publisher, publisher, 1, at(0.5));
        }
        assert_eq!(told(&watch.look(at(9.0))).len(), 1);
        let back = look(&mut watch, 9.5);
        assert!(back.len() == 1 && back[0].starts_with("ended: nothing is heard"), "{back:?}");
        watch.heartbeat("a-1", "a-1", 1, at(10.0));
        assert_eq!(look(&mut watch, 12.0), Vec::<String>::new());
        watch.heartbeat("a-1", "a-1", 1, at(12.5));
        assert_eq!(look(&mut watch, 12.6), ["began: no heartbeat of b-1 (process 1) for 3.1 s, the limit is 3.0 s"]);
        assert_eq!(told(&watch.look(at(20.0))).len(), 1, "deaf again");
        let back = look(&mut watch, 20.5);
        assert!(back.len() == 1 && back[0].starts_with("ended: nothing is heard"), "b-1 is missed still: {back:?}");
    }

    #[test]
    fn an_absent_forwarder_is_one_episode() {
        let mut watch = watch();
        watch.forwarder(Some("gone".into()), at(1.0));
        watch.forwarder(Some("still gone".into()), at(2.0));
        assert_eq!(look(&mut watch, 2.0), ["began: gone"]);
        watch.forwarder(None, at(3.0));
        assert_eq!(look(&mut watch, 3.0), ["ended: gone (over after 2.0 s)"]);
    }

    #[test]
    fn a_crowd_of_publishers_is_bounded_and_said() {
        let mut watch = watch();
        for publisher in 0..=PUBLISHERS_MAX {
            watch.heartbeat(&format!("p-{publisher}"), &format!("c{publisher}"), 1, at(1.0));
        }
        assert_eq!(look(&mut watch, 1.0).len(), 1);
        assert!(watch.episodes().iter().all(|episode| episode.unseen == Unseen::Publishers));
        watch.goodbye("p-0", at(1.5));
        assert_eq!(look(&mut watch, 2.0).len(), 1, "there is room again");
    }
}
