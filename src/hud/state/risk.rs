//! What stops or warns: kill switches of the ledger, alerts of the newest replayed session, and the
//! levels that the monitor heard.

use jiff::{Timestamp, civil::DateTime};
use serde::Serialize;
use serde_json::Value;

use super::{Fact, Grade, files, place::Place};
use crate::{
    clock::shanghai_zone,
    ops::metrics::MonitorState,
    text::{Note, Phrase},
    trading::risk::{RiskLevel, in_words},
};

const PREFIX: &str = "simulation_";
/// The original's limit of symbols.
const SYMBOLS_MAX: usize = 20;

/// A kill switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SwitchFacts {
    /// The account that it stops.
    pub account_id: String,
    /// When it tripped.
    pub tripped_at: String,
    /// Why.
    pub reason: Note,
    /// When a person released it; none while it is in force.
    pub released_at: Option<String>,
    /// Who released it.
    pub released_by: Option<String>,
}

/// An alert; the original's names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertFacts {
    /// When, as told.
    pub ts: String,
    /// `account` or `symbol`.
    pub scope: &'static str,
    /// `info`, `warning` or `critical`.
    pub level: Note,
    /// The account, where known.
    pub account_id: Option<String>,
    /// The symbol, where it is about one.
    pub symbol: Option<String>,
    /// Its words.
    pub message: Note,
    /// What else was told.
    pub data: Value,
}

/// The risk of a symbol; the original's names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SymbolFacts {
    /// The account.
    pub account_id: String,
    /// The symbol.
    pub symbol: String,
    /// When the last alert came.
    pub last_ts: Option<Timestamp>,
    /// Its score.
    pub score: f64,
    /// Its level.
    pub level: String,
    /// Alerts since the monitor started.
    pub alert_count: u64,
}

/// What stops or warns.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RiskFacts {
    /// The kill switches, newest first, those in force before the released.
    pub switches: Vec<SwitchFacts>,
    /// The alerts, newest first.
    pub alerts: Vec<AlertFacts>,
    /// The symbols that the monitor heard alerts of.
    pub symbols: Vec<SymbolFacts>,
}

pub(super) fn look(place: &Place<'_>) -> Fact<RiskFacts> {
    let source = place.ledger_source();
    let switches = match &place.ledger {
        Ok(ledger) => ledger.kill_switches(),
        Err(_) if place.has_no_ledger() => return Fact::absent(source, Phrase::NoTrading),
        Err(error) => return Fact::unreadable(source, error),
    };
    let mut switches: Vec<SwitchFacts> = match switches {
        Ok(rows) => rows
            .into_iter()
            .rev()
            .map(|row| SwitchFacts {
                account_id: row.account_id,
                tripped_at: row.tripped_at,
                reason: in_words(&row.reason),
                released_at: row.released_at,
                released_by: row.released_by,
            })
            .collect(),
        Err(error) => return Fact::unreadable(source, &error),
    };
    switches.sort_by_key(|switch| switch.released_at.is_some());
    let report = files::newest_report::<Value>(&place.reports(), PREFIX).ok();
    let newest = report.as_ref().and_then(|reports| reports.newest.as_ref());
    let in_force: Vec<String> =
        switches.iter().filter(|switch| switch.released_at.is_none()).map(|switch| switch.account_id.clone()).collect();
    let mut alerts = newest.map(|report| alerts_of(&report.content)).unwrap_or_default();
    let raised = alerts.iter().filter(|alert| &*alert.level != RiskLevel::Info.word()).count();
    alerts.splice(0..0, switches.iter().filter(|switch| switch.released_at.is_none()).map(alert_of));
    alerts.truncate(place.settings().hud.max_alerts);
    let symbols = symbols_of(place);
    let at = newest.and_then(|report| report.modified);
    let nothing = newest.is_none() && switches.is_empty();
    let broken = report.as_ref().and_then(|reports| Some(place.shown(&reports.broken.first()?.0)));
    let fact = Fact::of(source, RiskFacts { switches, alerts, symbols }).dated(at, place.now);
    let fact = fact
        .marked_if(!in_force.is_empty(), Grade::Fail, || Note::new(Phrase::KillSwitchInForce, [&in_force.join(", ")]))
        .marked_if(raised > 0, Grade::Warning, || Note::new(Phrase::AlertsRaised, [&raised]))
        .marked_if(nothing, Grade::Unknown, || Note::plain(Phrase::NoTrading));
    match broken {
        Some(path) => fact.marked(Grade::Warning, Note::new(Phrase::ReportBroken, [&path])),
        None => fact,
    }
}

/// Reads the alerts of a report, `<instant> <level>: <message>`, newest first.
fn alerts_of(report: &Value) -> Vec<AlertFacts> {
    let lines = report["alerts"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut alerts: Vec<AlertFacts> = lines.map(alert_in).collect();
    alerts.reverse();
    alerts
}

fn alert_in(line: &str) -> AlertFacts {
    let parts = line.split_once(": ").and_then(|(head, message)| Some((head.split_once(' ')?, message)));
    let (ts, level, message) = match parts {
        Some(((ts, level), message)) => (ts, level, message),
        // An alert that is not of the known form is shown all the same.
        None => ("", "warning", line),
    };
    AlertFacts {
        ts: instant(ts),
        scope: "account",
        level: in_words(level),
        account_id: None,
        symbol: None,
        message: in_words(message),
        data: Value::Null,
    }
}

/// Gives an instant of the exchange's clock its zone.
fn instant(text: &str) -> String {
    let zoned = text.parse::<DateTime>().ok().and_then(|local| local.to_zoned(shanghai_zone()).ok());
    zoned.map_or_else(|| text.to_owned(), |zoned| zoned.timestamp().to_string())
}

fn alert_of(switch: &SwitchFacts) -> AlertFacts {
    AlertFacts {
        ts: switch.tripped_at.clone(),
        scope: "account",
        level: in_words(RiskLevel::Critical.word()),
        account_id: Some(switch.account_id.clone()),
        symbol: None,
        message: switch.reason.clone(),
        data: Value::Null,
    }
}

/// Reads what the monitor heard; where its state cannot be read, the fact of the monitor says so.
fn symbols_of(place: &Place<'_>) -> Vec<SymbolFacts> {
    let path = place.station.workspace.path(&place.settings().monitor.state_file);
    let state: MonitorState = files::read_json(&path).unwrap_or_default();
    let of = |risk: crate::ops::monitor::line::SymbolRisk| SymbolFacts {
        account_id: risk.account_id,
        symbol: risk.symbol,
        last_ts: risk.last_ts,
        score: risk.last_score,
        level: risk.last_level,
        alert_count: risk.alert_count,
    };
    state.risk_symbols.into_iter().take(SYMBOLS_MAX).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::alert_in;

    #[test]
    fn an_alert_of_an_unknown_form_is_shown_all_the_same() {
        let known = alert_in("2025-06-30T10:00:00 critical: drawdown: 12 %");
        assert_eq!((known.ts.as_str(), &*known.level), ("2025-06-30T02:00:00Z", "critical"));
        assert_eq!(&*known.message, "drawdown: 12 %");
        let strange = alert_in("no form");
        assert_eq!((&*strange.level, &*strange.message), ("warning", "no form"));
    }
}
