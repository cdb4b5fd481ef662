//! The metrics of a workspace: one summary line in `logs/monitor/metrics.jsonl` and the same object in
//! `monitor/state.json`, in the original's shape with error counts and heartbeats added.
//!
//! Counts go on from the last state, so that a process that lives for seconds still counts up.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    clock::Clock,
    durable::{self, DurableError},
};

/// The longest message kept, characters (the original's limit).
const MESSAGE_MAX: usize = 200;

/// One component's errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ComponentErrors {
    /// Errors since the workspace was made.
    pub count: u64,
    /// When the last one happened.
    pub last_ts: Option<Timestamp>,
    /// Its words.
    pub last_message: String,
}

/// The state of the monitor: what a metrics line holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MonitorState {
    /// When the line was written.
    pub ts: Timestamp,
    /// `summary`.
    pub kind: String,
    /// Latency by topic; filled by the monitor daemon.
    pub latency: Map<String, Value>,
    /// Errors by component.
    pub errors: BTreeMap<String, ComponentErrors>,
    /// Queues by endpoint; filled by the monitor daemon.
    pub bus_queues: Map<String, Value>,
    /// Risk by account; filled by the monitor daemon.
    pub risk_accounts: Map<String, Value>,
    /// Risk by symbol; filled by the monitor daemon.
    pub risk_symbols: Vec<Value>,
    /// Operations that ended, well or not.
    pub runs_total: u64,
    /// Errors of all components.
    pub errors_total: u64,
    /// Errors per operation that ended.
    pub error_rate: f64,
    /// The last error's words.
    pub last_error: Option<String>,
    /// Last sign of life by component.
    pub heartbeats: BTreeMap<String, Timestamp>,
    /// Age of the last sign of life by component, seconds, when the line was written.
    pub heartbeat_age_s: BTreeMap<String, f64>,
}

impl Default for MonitorState {
    fn default() -> Self {
        Self {
            ts: Timestamp::UNIX_EPOCH,
            kind: "summary".into(),
            latency: Map::new(),
            errors: BTreeMap::new(),
            bus_queues: Map::new(),
            risk_accounts: Map::new(),
            risk_symbols: Vec::new(),
            runs_total: 0,
            errors_total: 0,
            error_rate: 0.0,
            last_error: None,
            heartbeats: BTreeMap::new(),
            heartbeat_age_s: BTreeMap::new(),
        }
    }
}

impl MonitorState {
    fn note_run(&mut self, component: &str, error: Option<&str>, now: Timestamp) {
        self.ts = now;
        self.runs_total += 1;
        self.heartbeats.insert(component.into(), now);
        if let Some(message) = error {
            let message: String = message.chars().take(MESSAGE_MAX).collect();
            let errors = self.errors.entry(component.into()).or_default();
            errors.count += 1;
            errors.last_ts = Some(now);
            errors.last_message.clone_from(&message);
            self.last_error = Some(message);
        }
        self.errors_total = self.errors.values().map(|errors| errors.count).sum();
        self.error_rate = self.errors_total as f64 / self.runs_total as f64;
        let age = |then: &Timestamp| now.duration_since(*then).as_secs_f64().max(0.0);
        self.heartbeat_age_s = self.heartbeats.iter().map(|(name, then)| (name.clone(), age(then))).collect();
    }
}

/// Where the metrics of a workspace are kept.
#[derive(Debug, Clone)]
pub struct Metrics {
    lines: PathBuf,
    state: PathBuf,
    clock: Clock,
}

impl Metrics {
    /// Keeps metrics lines in `lines` and the last one in `state`.
    #[must_use]
    pub fn new(lines: PathBuf, state: PathBuf, clock: Clock) -> Self {
        Self { lines, state, clock }
    }

    /// Returns the last state, or a fresh one where there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read or is no state.
    pub fn read(&self) -> Result<MonitorState, DurableError> {
        match std::fs::read(&self.state) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(std::io::Error::from)
                .map_err(DurableError::at("understand", &self.state)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(MonitorState::default()),
            Err(error) => Err(DurableError::at("read", &self.state)(error)),
        }
    }

    /// Returns the last state; where its file is damaged, the last good line has the counts.
    #[must_use]
    pub fn state(&self) -> MonitorState {
        self.read().unwrap_or_else(|error| {
            tracing::warn!("{error}; the counts go on from the last metrics line");
            let lines = std::fs::read_to_string(&self.lines).unwrap_or_default();
            lines.lines().rev().find_map(|line| serde_json::from_str(line).ok()).unwrap_or_default()
        })
    }

    /// Counts one operation of `component` that ended, and its error if it had one.
    ///
    /// # Errors
    /// When the line or the state cannot be written.
    pub fn run_ended(&self, component: &str, error: Option<&str>) -> Result<(), DurableError> {
        let mut state = self.state();
        state.note_run(component, error, self.clock.now());
        let line = serde_json::to_string(&state).unwrap_or_default();
        for file in [&self.lines, &self.state] {
            durable::make_directory(file.parent().unwrap_or(file))?;
        }
        durable::append(&self.lines, &format!("{line}\n"))?;
        durable::replace(&self.state, line)
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;
    use crate::clock::Clock;

    #[test]
    fn errors_count_up_over_processes() {
        let room = tempfile::tempdir().expect("a directory");
        let metrics = || Metrics::new(room.path().join("m.jsonl"), room.path().join("s.json"), Clock::system());
        metrics().run_ended("night_ops", None).expect("written");
        assert_eq!(metrics().state().errors_total, 0);
        metrics().run_ended("night_ops", Some("no such directory")).expect("written");
        let state = metrics().state();
        assert_eq!((state.errors_total, state.errors["night_ops"].count), (1, 1));
        assert_eq!(state.error_rate, 0.5);
        assert_eq!(state.last_error.as_deref(), Some("no such directory"));
        let lines = std::fs::read_to_string(room.path().join("m.jsonl")).expect("written");
        assert_eq!(lines.lines().count(), 2);
    }
}
