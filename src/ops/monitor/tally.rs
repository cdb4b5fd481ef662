//! Adds up what is heard on the bus, topic by topic. No clock, no socket: the caller says when.
//!
//! Everything that a publisher can name is bounded: beyond [`NAMES_MAX`] names of one kind, the rest is
//! counted under `(other)`, so that a publisher run wild cannot fill the monitor's memory.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::line::{AccountState, BusLosses, QueueState, RiskState, SymbolRisk, TopicLatency};
use crate::{bus::topic, ops::metrics::LEVEL_COUNTED};

/// Names of one kind that are kept apart.
const NAMES_MAX: usize = 256;
/// Symbols with alerts that are kept: all of the exchanges'.
const SYMBOLS_MAX: usize = 8_192;
/// Symbols in a line (the original's limit).
const SYMBOLS_SHOWN: usize = 10;
/// The longest name kept, characters.
const NAME_CHARS_MAX: usize = 100;
/// The longest message kept, characters: more than the state keeps.
const MESSAGE_CHARS_MAX: usize = 400;
/// What is over the limit goes by this name.
const OTHER: &str = "(other)";
/// An event's `ts` this far from now is market time, not the time of sending, seconds.
const WALL_CLOCK_SECONDS: f64 = 300.0;
/// Topics whose `ts` is the time of sending, however long they were on their way.
const SENT_AT_TS: [&str; 2] = [topic::HEARTBEAT, topic::LOG_ERROR];
/// The older name of [`topic::BUS_QUEUE`].
const QUEUE_LEGACY: &str = "bus.queue_metrics";

/// One event as it was heard.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Who sent it.
    pub publisher: &'a str,
    /// The JSON text.
    pub payload: &'a [u8],
    /// Whether the forwarder sent it again for a late joiner: old news, but the newest there is.
    pub snapshot: bool,
    /// When it was heard.
    pub at: Timestamp,
}

/// Errors of a component that no line has yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewErrors {
    /// How many.
    pub count: u64,
    /// When the last one happened.
    pub last_ts: Timestamp,
    /// Its words.
    pub last_message: String,
}

/// What is read of an event that only counts.
#[derive(Deserialize)]
struct Stamp {
    ts: Option<Value>,
}

/// What was heard since the monitor started, and the errors since the last line.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    latency: BTreeMap<String, TopicLatency>,
    queues: BTreeMap<String, QueueState>,
    risk_accounts: BTreeMap<String, RiskState>,
    risk_symbols: BTreeMap<(String, String), RiskState>,
    accounts: BTreeMap<String, AccountState>,
    errors: BTreeMap<String, NewErrors>,
    losses: BusLosses,
    events: u64,
}

impl Tally {
    /// Counts an event.
    pub fn note(&mut self, heard: &Heard<'_>) {
        if self.note_content(heard).is_none() {
            self.losses.malformed_total += 1;
        }
    }

    /// Reads and counts an event; `None` if it is not what its topic says.
    fn note_content(&mut self, heard: &Heard<'_>) -> Option<()> {
        let carries_errors = carries_errors(heard.topic);
        let is_read = matches!(heard.topic, topic::BUS_QUEUE | QUEUE_LEGACY | topic::RISK_ALERT | topic::ACCOUNT_NAV)
            || carries_errors;
        if !is_read {
            // Bars come by the hundred thousand: no value is built for what only counts.
            let stamp: Stamp = serde_json::from_slice(heard.payload).ok()?;
            self.note_arrival(heard, stamp.ts.as_ref());
            return Some(());
        }
        let event: Value = serde_json::from_slice(heard.payload).ok()?;
        self.note_arrival(heard, event.get("ts"));
        match heard.topic {
            topic::RISK_ALERT => self.note_alert(heard, &event),
            topic::ACCOUNT_NAV => self.note_account(heard, &event),
            _ if carries_errors => {
                self.note_error_event(heard, &event);
                Some(())
            }
            _ => self.note_queue(heard, &event),
        }
    }

    fn note_arrival(&mut self, heard: &Heard<'_>, ts: Option<&Value>) {
        self.events += 1;
        let latency = if heard.snapshot { None } else { ts.and_then(|ts| latency_ms(heard, ts)) };
        self.slot(heard.topic, |tally| &mut tally.latency).note(latency);
    }

    /// Counts an error of `component`.
    pub fn note_error(&mut self, component: &str, message: &str, at: Timestamp) {
        let errors = self.slot(component, |tally| &mut tally.errors);
        errors.count += 1;
        errors.last_ts = at;
        errors.last_message = message.chars().take(MESSAGE_CHARS_MAX).collect();
    }

    /// Counts events that a publisher sent and that did not arrive.
    pub fn note_missed(&mut self, publisher: &str, topic: &str, count: u64) {
        self.losses.missed_total += count;
        let topics = self.slot(publisher, |tally| &mut tally.losses.missed);
        let full = topics.len() >= NAMES_MAX && !topics.contains_key(topic);
        *topics.entry(if full { OTHER.into() } else { name(topic) }).or_default() += count;
    }

    /// Counts messages that the subscriber dropped before anyone could read them.
    pub fn note_dropped(&mut self, malformed: u64, replayed: u64) {
        self.losses.malformed_total += malformed;
        self.losses.replayed_total += replayed;
    }

    /// Returns the errors since the last call with nothing put back.
    #[must_use]
    pub fn take_errors(&mut self) -> BTreeMap<String, NewErrors> {
        std::mem::take(&mut self.errors)
    }

    /// Puts errors back that could not be written.
    pub fn put_back_errors(&mut self, errors: BTreeMap<String, NewErrors>) {
        for (component, older) in errors {
            let newer = self.errors.entry(component).or_default();
            if newer.count == 0 {
                *newer = older;
            } else {
                newer.count += older.count;
            }
        }
    }

    /// Returns the errors since the last line.
    #[must_use]
    pub const fn errors(&self) -> &BTreeMap<String, NewErrors> {
        &self.errors
    }

    /// Returns the latencies by topic.
    #[must_use]
    pub const fn latency(&self) -> &BTreeMap<String, TopicLatency> {
        &self.latency
    }

    /// Returns the queues by endpoint.
    #[must_use]
    pub const fn queues(&self) -> &BTreeMap<String, QueueState> {
        &self.queues
    }

    /// Returns the risk by account.
    #[must_use]
    pub const fn risk_accounts(&self) -> &BTreeMap<String, RiskState> {
        &self.risk_accounts
    }

    /// Returns the accounts.
    #[must_use]
    pub const fn accounts(&self) -> &BTreeMap<String, AccountState> {
        &self.accounts
    }

    /// Returns what was lost.
    #[must_use]
    pub const fn losses(&self) -> &BusLosses {
        &self.losses
    }

    /// Returns how many events were heard.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Returns the symbols at the highest risk, worst first: by level, then score, then name.
    #[must_use]
    pub fn risk_symbols(&self) -> Vec<SymbolRisk> {
        let mut worst: Vec<_> = self.risk_symbols.iter().collect();
        worst.sort_by(|(a_name, a), (b_name, b)| {
            let severity = severity(&b.last_level).cmp(&severity(&a.last_level));
            severity.then(b.last_score.total_cmp(&a.last_score)).then(a_name.cmp(b_name))
        });
        let shown = worst.into_iter().take(SYMBOLS_SHOWN).map(|((account_id, symbol), risk)| SymbolRisk {
            account_id: account_id.clone(),
            symbol: symbol.clone(),
            last_ts: risk.last_ts,
            last_score: risk.last_score,
            last_level: risk.last_level.clone(),
            alert_count: risk.alert_count,
        });
        shown.collect()
    }

    fn note_queue(&mut self, heard: &Heard<'_>, event: &Value) -> Option<()> {
        let endpoint = text(event, &["endpoint"])?;
        let count = |key: &str| event.get(key).map_or(Some(0), Value::as_u64);
        let state = QueueState {
            last_ts: Some(heard.at),
            in_queue: count("in_queue")?,
            out_queue: count("out_queue")?,
            dropped: count("dropped")?,
        };
        *self.slot(endpoint, |tally| &mut tally.queues) = state;
        Some(())
    }

    fn note_alert(&mut self, heard: &Heard<'_>, event: &Value) -> Option<()> {
        let account = text(event, &["account_id"]).unwrap_or_default();
        let symbol = text(event, &["symbol"]).unwrap_or_default();
        let level = text(event, &["level"])?;
        let score = event.get("score").map_or(Some(0.0), Value::as_f64)?;
        if account.is_empty() && symbol.is_empty() {
            return None;
        }
        let note = |risk: &mut RiskState| {
            risk.last_ts = Some(heard.at);
            risk.last_score = score;
            risk.last_level = name(level);
            risk.alert_count += 1;
        };
        if symbol.is_empty() {
            note(self.slot(account, |tally| &mut tally.risk_accounts));
            return Some(());
        }
        let key = (name(account), name(symbol));
        if self.risk_symbols.len() < SYMBOLS_MAX || self.risk_symbols.contains_key(&key) {
            note(self.risk_symbols.entry(key).or_default());
        } else {
            self.losses.overflow_total += 1;
        }
        Some(())
    }

    fn note_account(&mut self, heard: &Heard<'_>, event: &Value) -> Option<()> {
        let account = text(event, &["account_id"])?;
        let number = |key: &str| event.get(key).and_then(Value::as_f64);
        let state = AccountState {
            last_ts: Some(heard.at),
            nav: number("nav")?,
            nav_peak: number("nav_peak"),
            dd_total: number("dd_total"),
            dd_intraday: number("dd_intraday"),
            gross_exposure: number("gross_exposure"),
            max_single_weight: number("max_single_weight"),
        };
        *self.slot(account, |tally| &mut tally.accounts) = state;
        Some(())
    }

    /// Counts an error event, unless the operation that it ended counts it in the state itself.
    fn note_error_event(&mut self, heard: &Heard<'_>, event: &Value) {
        if text(event, &["level"]) == Some(LEVEL_COUNTED) {
            return;
        }
        let component = text(event, &["component", "source"]).unwrap_or(heard.publisher);
        let component = if component.is_empty() { heard.topic } else { component };
        let message = text(event, &["message", "error"]).unwrap_or("an error without words");
        let at = event.get("ts").and_then(time).unwrap_or(heard.at);
        self.note_error(component, message, at);
    }

    /// Returns the entry of a name, or that of the rest where there are too many.
    fn slot<T: Default>(&mut self, key: &str, map: impl Fn(&mut Self) -> &mut BTreeMap<String, T>) -> &mut T {
        let key = name(key);
        let full = {
            let known = map(self);
            known.len() >= NAMES_MAX && !known.contains_key(&key)
        };
        if full {
            self.losses.overflow_total += 1;
        }
        map(self).entry(if full { OTHER.into() } else { key }).or_default()
    }
}

/// Says whether a topic carries errors.
fn carries_errors(name: &str) -> bool {
    matches!(name, topic::LOG_ERROR | "metrics.error") || name.starts_with("error.") || name.starts_with("exception.")
}

/// Returns how long an event was on its way, milliseconds, where its `ts` is the time of sending.
fn latency_ms(heard: &Heard<'_>, ts: &Value) -> Option<f64> {
    let sent = time(ts)?;
    let seconds = heard.at.duration_since(sent).as_secs_f64();
    let measured = SENT_AT_TS.contains(&heard.topic) || seconds.abs() <= WALL_CLOCK_SECONDS;
    // Two clocks of one machine may differ by a microsecond; nothing arrives before it is sent.
    measured.then(|| ((seconds * 1e6).round() / 1e3).max(0.0))
}

/// Returns an event's `ts`: ISO text or epoch milliseconds.
fn time(ts: &Value) -> Option<Timestamp> {
    match ts {
        Value::String(text) => text.parse().ok(),
        Value::Number(ms) => Timestamp::from_millisecond(ms.as_i64()?).ok(),
        _ => None,
    }
}

/// Returns the first of `keys` that is a text.
fn text<'a>(event: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| event.get(*key).and_then(Value::as_str))
}

fn name(text: &str) -> String {
    text.chars().take(NAME_CHARS_MAX).map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn severity(level: &str) -> u8 {
    match level {
        "critical" => 2,
        "warning" => 1,
        _ => 0,
    }
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
