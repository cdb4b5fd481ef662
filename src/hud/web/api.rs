//! The facts as JSON. `/api/dashboard` keeps the original's four lists under their names and adds the rest.

use std::collections::BTreeMap;

use axum::body::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::hud::state::{AccountFacts, AlertFacts, DrillFacts, ExperimentFacts, Facts, Grade, Summary, SymbolFacts};

/// `/api/dashboard`: the original's lists first.
#[derive(Serialize)]
struct Dashboard<'a> {
    accounts: &'a [AccountFacts],
    symbols: &'a [SymbolFacts],
    alerts: &'a [AlertFacts],
    experiments: &'a [ExperimentFacts],
    at: Timestamp,
    grade: Grade,
    workspace: &'a str,
    facts: BTreeMap<&'static str, &'a Summary>,
    details: Details<'a>,
}

/// What the lists do not hold.
#[derive(Serialize)]
struct Details<'a> {
    night_ops: &'a Option<crate::hud::state::NightOpsFacts>,
    day_ops: &'a Option<crate::hud::state::DayOpsFacts>,
    schedule: &'a crate::hud::state::ScheduleFacts,
    kill_switches: &'a [crate::hud::state::SwitchFacts],
    models: &'a [crate::hud::state::ModelFacts],
    data: &'a crate::hud::state::DataFacts,
    drills: &'a [DrillFacts],
    monitor: &'a Option<crate::hud::state::MonitorFacts>,
    config: &'a crate::hud::state::ConfigFacts,
}

/// Writes `/api/dashboard`.
pub(super) fn dashboard(facts: &Facts) -> Bytes {
    let dashboard = Dashboard {
        accounts: &facts.accounts.value,
        symbols: &facts.risk.value.symbols,
        alerts: &facts.risk.value.alerts,
        experiments: &facts.experiments.value,
        at: facts.at,
        grade: facts.grade,
        workspace: &facts.workspace,
        facts: facts.summaries().into_iter().collect(),
        details: Details {
            night_ops: &facts.night_ops.value,
            day_ops: &facts.day_ops.value,
            schedule: &facts.schedule.value,
            kill_switches: &facts.risk.value.switches,
            models: &facts.models.value,
            data: &facts.data.value,
            drills: &facts.drills.value,
            monitor: &facts.monitor.value,
            config: &facts.config.value,
        },
    };
    bytes(&dashboard)
}

/// Writes `/api/experiments`.
pub(super) fn experiments(facts: &Facts) -> Bytes {
    bytes(&facts.experiments)
}

/// Writes `/api/experiments/<id>`, with its curve.
pub(super) fn experiment(facts: &Facts, id: &str) -> Option<Bytes> {
    let experiment = facts.experiments.value.iter().find(|experiment| experiment.experiment_id == id)?;
    Some(bytes(&json!({ "experiment": experiment, "curve": experiment.curve })))
}

/// Writes `/api/drills`.
pub(super) fn drills(facts: &Facts) -> Bytes {
    bytes(&facts.drills)
}

/// Writes `/api/monitor_summary`: the monitor as the page shows it; an empty object where there is none.
pub(super) fn monitor(facts: &Facts) -> Bytes {
    match &facts.monitor.value {
        Some(_) => bytes(&facts.monitor),
        None => Bytes::from_static(b"{}"),
    }
}

fn bytes(value: &impl Serialize) -> Bytes {
    // Plain data with text keys: there is nothing in it that JSON could not hold.
    serde_json::to_vec(value).unwrap_or_default().into()
}
