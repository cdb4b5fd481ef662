//! What is known of a workspace's health: errors, rates and signs of life by component. Counts only;
//! it reads no file and no clock.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::day_ops::{DayOpsReport, Grade, GradeCounts};
use super::monitor::line::{AccountState, BusLosses, MonitorHealth, QueueState, RiskState, SymbolRisk, TopicLatency};
use crate::net::SiteCounters;

/// The longest message kept, characters (the original's limit).
const MESSAGE_MAX: usize = 200;

/// The `level` of an error event that ended an operation: the operation counts it in the state itself,
/// so whoever hears the event does not.
pub const LEVEL_COUNTED: &str = "fatal";

/// How one component fares.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ComponentErrors {
    /// Errors since the workspace was made.
    pub count: u64,
    /// When the last one happened.
    pub last_ts: Option<Timestamp>,
    /// Its words.
    pub last_message: String,
    /// Operations that ended, well or not.
    pub runs_total: u64,
    /// The count under the name that the totals have.
    pub errors_total: u64,
    /// Errors per operation that ended; per one where none has.
    pub error_rate: f64,
    /// The last error's words; absent where there was none.
    pub last_error: Option<String>,
    /// Age of the last sign of life, seconds, when the line was written; absent where there was none.
    pub heartbeat_age_s: Option<f64>,
}

/// The verdict of the last DayOps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayOpsState {
    /// When it ended.
    pub ts: Timestamp,
    /// The trading date that it was for.
    pub date: Date,
    /// Its verdict.
    pub grade: Grade,
    /// How many checks came out how.
    pub counts: GradeCounts,
}

impl DayOpsState {
    /// Takes the verdict from the report of a DayOps that ended at `ts`.
    #[must_use]
    pub fn of(report: &DayOpsReport, ts: Timestamp) -> Self {
        Self { ts, date: report.date, grade: report.grade, counts: report.counts }
    }
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
    pub latency: BTreeMap<String, TopicLatency>,
    /// Errors by component, for each that has failed or given a sign of life.
    pub errors: BTreeMap<String, ComponentErrors>,
    /// Queues by endpoint; filled by the monitor daemon.
    pub bus_queues: BTreeMap<String, QueueState>,
    /// Risk by account; filled by the monitor daemon.
    pub risk_accounts: BTreeMap<String, RiskState>,
    /// Risk by symbol; filled by the monitor daemon.
    pub risk_symbols: Vec<SymbolRisk>,
    /// The last value of each account; filled by the monitor daemon.
    pub accounts: BTreeMap<String, AccountState>,
    /// What the bus did not deliver; filled by the monitor daemon.
    pub bus: BusLosses,
    /// The monitor daemon's own health.
    pub monitor: MonitorHealth,
    /// Operations that ended, well or not.
    pub runs_total: u64,
    /// Errors of all components.
    pub errors_total: u64,
    /// Errors per operation that ended; per one where none has.
    pub error_rate: f64,
    /// The last error's words.
    pub last_error: Option<String>,
    /// The verdict of the last DayOps; null where none has run.
    pub day_ops: Option<DayOpsState>,
    /// The request engine's counts by site since the workspace was made; the breaker's state is the last known.
    pub network: BTreeMap<String, SiteCounters>,
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
            latency: BTreeMap::new(),
            errors: BTreeMap::new(),
            bus_queues: BTreeMap::new(),
            risk_accounts: BTreeMap::new(),
            risk_symbols: Vec::new(),
            accounts: BTreeMap::new(),
            bus: BusLosses::default(),
            monitor: MonitorHealth::default(),
            runs_total: 0,
            errors_total: 0,
            error_rate: 0.0,
            last_error: None,
            day_ops: None,
            network: BTreeMap::new(),
            heartbeats: BTreeMap::new(),
            heartbeat_age_s: BTreeMap::new(),
        }
    }
}

impl MonitorState {
    /// Counts one operation of `component` that ended, and its error if it had one.
    pub fn note_run(&mut self, component: &str, error: Option<&str>, now: Timestamp) {
        self.runs_total = self.runs_total.saturating_add(1);
        let errors = self.errors.entry(component.into()).or_default();
        errors.runs_total = errors.runs_total.saturating_add(1);
        self.note_heartbeat(component, now);
        if let Some(message) = error {
            self.note_error(component, message, now);
        }
    }

    /// Counts one error of `component`; its message is cut to 200 characters.
    pub fn note_error(&mut self, component: &str, message: &str, now: Timestamp) {
        self.note_errors(component, 1, message, now);
    }

    /// Counts several errors of `component`, the last of them with this message at `last`.
    pub fn note_errors(&mut self, component: &str, count: u64, message: &str, last: Timestamp) {
        let message: String = message.chars().take(MESSAGE_MAX).collect();
        let errors = self.errors.entry(component.into()).or_default();
        errors.count = errors.count.saturating_add(count);
        errors.last_ts = Some(last);
        errors.last_message.clone_from(&message);
        self.last_error = Some(message);
    }

    /// Adds what the request engine of one collection counted.
    pub fn note_network(&mut self, counters: &BTreeMap<String, SiteCounters>) {
        for (site, own) in counters {
            self.network.entry(site.clone()).or_default().add(own);
        }
    }

    /// Notes a sign of life of `component`.
    pub fn note_heartbeat(&mut self, component: &str, now: Timestamp) {
        self.heartbeats.insert(component.into(), now);
    }

    /// Derives totals, rates and ages from the counts, as they stand at `now`.
    pub(super) fn derive(&mut self, now: Timestamp) {
        let age = |then: &Timestamp| now.duration_since(*then).as_secs_f64().max(0.0);
        self.ts = now;
        self.heartbeat_age_s = self.heartbeats.iter().map(|(name, then)| (name.clone(), age(then))).collect();
        for name in self.heartbeats.keys() {
            self.errors.entry(name.clone()).or_default();
        }
        for (name, errors) in &mut self.errors {
            errors.errors_total = errors.count;
            errors.error_rate = rate(errors.count, errors.runs_total);
            errors.last_error = errors.last_ts.map(|_| errors.last_message.clone());
            errors.heartbeat_age_s = self.heartbeat_age_s.get(name).copied();
        }
        self.errors_total = self.errors.values().fold(0, |sum, errors| sum.saturating_add(errors.count));
        self.error_rate = rate(self.errors_total, self.runs_total);
    }
}

/// Returns errors per run; JSON has no number for errors without a run, so those count as of one.
fn rate(errors: u64, runs: u64) -> f64 {
    errors as f64 / runs.max(1) as f64
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::MonitorState;

    #[test]
    fn each_component_has_its_own_rate_and_age() {
        let now: Timestamp = "2025-01-02T03:04:05Z".parse().expect("a timestamp");
        let mut state = MonitorState::default();
        state.note_run("night_ops", None, now - SignedDuration::from_secs(90));
        state.note_run("night_ops", Some("no such directory"), now - SignedDuration::from_secs(60));
        state.note_heartbeat("trade_core", now);
        state.note_error("bus", &"x".repeat(300), now);
        state.derive(now);
        let of = |name: &str| {
            let errors = &state.errors[name];
            (errors.errors_total, errors.error_rate, errors.heartbeat_age_s)
        };
        assert_eq!(of("night_ops"), (1, 0.5, Some(60.0)));
        assert_eq!(of("trade_core"), (0, 0.0, Some(0.0)));
        assert_eq!(of("bus"), (1, 1.0, None), "an error without a run is no division by zero");
        assert_eq!((state.errors_total, state.error_rate), (2, 1.0));
        assert_eq!(state.errors["bus"].last_error.as_deref(), Some("x".repeat(200).as_str()));
        assert_eq!(state.errors["trade_core"].last_error, None);
        let text = serde_json::to_string(&state).expect("JSON");
        assert_eq!(serde_json::from_str::<MonitorState>(&text).expect("comes back"), state);
    }

    #[test]
    fn clock_that_went_back_gives_no_negative_age() {
        let now: Timestamp = "2025-01-02T03:04:05Z".parse().expect("a timestamp");
        let mut state = MonitorState::default();
        state.note_heartbeat("bus", now + SignedDuration::from_secs(5));
        state.derive(now);
        assert_eq!(state.heartbeat_age_s["bus"], 0.0);
    }
}
