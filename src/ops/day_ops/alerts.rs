//! The check of what was reported and waits for a person: risk alerts, a monitor that is blind, components
//! whose last operation failed.

use jiff::Timestamp;

use super::{
    COMPONENT,
    check::Findings,
    morning::Morning,
    words::{Found, Remedy},
};
use crate::{
    clock::shanghai_zone,
    ops::{metrics::MonitorState, monitor, night_ops},
    text::Note,
};

/// The level of an alert that needs a person.
const CRITICAL: &str = "critical";

pub(super) fn check(morning: &Morning<'_>, findings: &mut Findings) {
    let state = match morning.station.metrics().read() {
        Ok(state) => state,
        Err(error) => {
            return findings.failure(&error, Remedy::MonitorOnce);
        }
    };
    let session_begins = morning.session.to_zoned(shanghai_zone()).map(|begin| begin.timestamp());
    let since = session_begins.unwrap_or(Timestamp::UNIX_EPOCH);
    for (account, risk) in &state.risk_accounts {
        if risk.last_level == CRITICAL && risk.last_ts.is_some_and(|at| at >= since) {
            findings.warn(
                Note::new(Found::CriticalAlert, [account, &format!("{:.2}", risk.last_score), &risk.alert_count]),
                Remedy::RiskReports,
            );
        }
    }
    if state.monitor.blind && state.monitor.ended_at.is_none() {
        let shown: Vec<String> = state.monitor.episodes.iter().map(|episode| format!("{episode:?}")).collect();
        findings.warn(Note::new(Found::MonitorBlind, [&shown.join(", ")]), Remedy::StartMonitor);
    }
    let failed = failed_last(&state);
    for (component, message) in &failed {
        findings.warn(
            Note::new(Found::ComponentFailed, [component, message]),
            Note::new(Remedy::ComponentLog, [component]),
        );
    }
    findings.ok(Note::new(Found::ErrorsOpen, [&state.errors_total, &failed.len()]));
}

/// Returns the components whose last sign of life was an error. NightOps has a check of its own, and DayOps
/// must not fail because it has failed before.
fn failed_last(state: &MonitorState) -> Vec<(String, String)> {
    let apart = [night_ops::COMPONENT, COMPONENT, monitor::COMPONENT];
    let is_open = |name: &str, last: Option<Timestamp>| {
        last.is_some_and(|last| state.heartbeats.get(name).is_none_or(|life| last >= *life))
    };
    let errors = state.errors.iter().filter(|(name, _)| !apart.contains(&name.as_str()));
    errors
        .filter(|(name, errors)| is_open(name, errors.last_ts))
        .map(|(name, errors)| (name.clone(), errors.last_message.clone()))
        .collect()
}
