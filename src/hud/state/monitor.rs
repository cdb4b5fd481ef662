//! The monitor daemon: whether it lives, whether it is blind, and what it counted. Short commands write
//! the same file, so the daemon's own sign of life is what counts, not the age of the file.

use std::{collections::BTreeMap, io::ErrorKind};

use jiff::Timestamp;
use serde::Serialize;

use super::{Fact, Grade, files, place::Place};
use crate::{
    ops::{metrics::MonitorState, monitor::COMPONENT},
    text::{Note, Phrase},
};

/// So many of its intervals may pass without a sign of life.
const INTERVALS_MISSED: f64 = 3.0;
/// And never less than this, seconds.
const SILENCE_MIN_SECONDS: f64 = 15.0;

/// How one component fares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComponentFacts {
    /// The component.
    pub component: String,
    /// Operations that ended.
    pub runs_total: u64,
    /// Errors since the workspace was made.
    pub errors_total: u64,
    /// When the last one happened.
    pub last_error_at: Option<Timestamp>,
    /// Its words.
    pub last_error: Option<String>,
    /// Its last sign of life.
    pub heartbeat: Option<Timestamp>,
}

/// The monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonitorFacts {
    /// `running`, `ended`, `silent` or `never started`.
    pub daemon: &'static str,
    /// Its process; 0 where none has run.
    pub pid: u32,
    /// Why it is blind, one line a reason.
    pub blind: Vec<String>,
    /// Events heard since it started.
    pub events_total: u64,
    /// Events that it missed.
    pub missed_total: u64,
    /// The components.
    pub components: Vec<ComponentFacts>,
    /// Events by topic, with the mean time on their way, milliseconds.
    pub topics: BTreeMap<String, (u64, Option<f64>)>,
}

pub(super) fn look(place: &Place<'_>) -> Fact<Option<MonitorFacts>> {
    let path = place.station.workspace.path(&place.settings().monitor.state_file);
    let source = place.shown(&path);
    let state: MonitorState = match files::read_json(&path) {
        Ok(state) => state,
        Err(error) if error.kind() == ErrorKind::NotFound => return Fact::absent(source, Phrase::NoMonitor),
        Err(error) => return Fact::unreadable(source, &error),
    };
    let beat = state.heartbeats.get(COMPONENT).copied();
    let silence = beat.map_or(f64::INFINITY, |beat| place.now.duration_since(beat).as_secs_f64());
    let due = (INTERVALS_MISSED * state.monitor.interval_s).max(SILENCE_MIN_SECONDS);
    let health = &state.monitor;
    let daemon = match (health.pid, health.ended_at) {
        (0, _) => "never started",
        (_, Some(_)) => "ended",
        _ if silence > due => "silent",
        _ => "running",
    };
    let facts = facts_of(&state, daemon);
    let (blind, missed) = (facts.blind.first().cloned(), facts.missed_total);
    let fact = Fact::of(source, Some(facts)).dated(beat.or(Some(state.ts)), place.now);
    let fact = match daemon {
        "never started" => fact.marked(Grade::Unknown, Note::plain(Phrase::NoMonitor)),
        "ended" => fact.marked(Grade::Unknown, Note::plain(Phrase::MonitorEnded)),
        "silent" => fact.marked(Grade::Fail, Note::new(Phrase::MonitorSilent, [&health.pid])),
        _ => fact,
    };
    let runs = daemon == "running";
    let fact = match blind.filter(|_| runs) {
        Some(reason) => fact.marked(Grade::Fail, Note::new(Phrase::MonitorBlind, [&reason])),
        None => fact,
    };
    fact.marked_if(runs && missed > 0, Grade::Warning, || Note::new(Phrase::EventsMissed, [&missed]))
}

fn facts_of(state: &MonitorState, daemon: &'static str) -> MonitorFacts {
    let component = |(name, errors): (&String, &crate::ops::metrics::ComponentErrors)| ComponentFacts {
        component: name.clone(),
        runs_total: errors.runs_total,
        errors_total: errors.count,
        last_error_at: errors.last_ts,
        last_error: errors.last_ts.map(|_| errors.last_message.clone()),
        heartbeat: state.heartbeats.get(name).copied(),
    };
    let topics = state.latency.iter().map(|(topic, latency)| (topic.clone(), (latency.count, latency.ewma_latency_ms)));
    MonitorFacts {
        daemon,
        pid: state.monitor.pid,
        blind: state.monitor.episodes.iter().map(|episode| episode.reason.clone()).collect(),
        events_total: state.monitor.events_total,
        missed_total: state.bus.missed_total,
        components: state.errors.iter().map(component).collect(),
        topics: topics.collect(),
    }
}
