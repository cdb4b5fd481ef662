//! What the monitor adds to a metrics line: the original's names, with what it lacked (missed events,
//! accounts, the monitor's own health). Plain data.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::watch::Episode;

/// Weight of the newest latency in the moving average (the original's).
pub const EWMA_ALPHA: f64 = 0.2;

/// How long events of one topic were on their way, since the monitor started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopicLatency {
    /// Events received, measured or not.
    pub count: u64,
    /// Events whose way was measured.
    pub measured: u64,
    /// The last one, milliseconds; null where none was measured yet.
    pub last_latency_ms: Option<f64>,
    /// Moving average with weight [`EWMA_ALPHA`] for the newest, milliseconds.
    pub ewma_latency_ms: Option<f64>,
    /// The longest, milliseconds.
    pub max_latency_ms: Option<f64>,
}

impl TopicLatency {
    /// Counts an event that was `latency_ms` on its way, if that is known.
    pub(super) fn note(&mut self, latency_ms: Option<f64>) {
        self.count += 1;
        let Some(new) = latency_ms else { return };
        self.measured += 1;
        self.last_latency_ms = Some(new);
        self.ewma_latency_ms = Some(self.ewma_latency_ms.map_or(new, |old| old + EWMA_ALPHA * (new - old)));
        self.max_latency_ms = Some(self.max_latency_ms.map_or(new, |old| old.max(new)));
    }
}

/// The queues of one endpoint, as its last `metrics.bus.queue` told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueState {
    /// When it told.
    pub last_ts: Option<Timestamp>,
    /// Events that wait on the way in.
    pub in_queue: u64,
    /// Events on the way out.
    pub out_queue: u64,
    /// Events dropped since the endpoint's start.
    pub dropped: u64,
}

/// The risk of an account or of a symbol, from its alerts since the monitor started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RiskState {
    /// When the last alert came.
    pub last_ts: Option<Timestamp>,
    /// Its score.
    pub last_score: f64,
    /// Its level: `info`, `warning` or `critical`.
    pub last_level: String,
    /// Alerts.
    pub alert_count: u64,
}

/// The risk of one symbol of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SymbolRisk {
    /// The account; empty where the alert named none.
    pub account_id: String,
    /// The symbol.
    pub symbol: String,
    /// When the last alert came.
    pub last_ts: Option<Timestamp>,
    /// Its score.
    pub last_score: f64,
    /// Its level.
    pub last_level: String,
    /// Alerts.
    pub alert_count: u64,
}

/// The last `account.nav` of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountState {
    /// When it arrived.
    pub last_ts: Option<Timestamp>,
    /// Net asset value, CNY.
    pub nav: f64,
    /// Highest net asset value so far, CNY.
    pub nav_peak: Option<f64>,
    /// Fall from the peak, as a fraction of it.
    pub dd_total: Option<f64>,
    /// Fall from the day's peak, as a fraction of it.
    pub dd_intraday: Option<f64>,
    /// Money in positions, as a fraction of the net asset value.
    pub gross_exposure: Option<f64>,
    /// Weight of the largest position.
    pub max_single_weight: Option<f64>,
}

/// What the bus did not deliver, since the monitor started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusLosses {
    /// Missed events by publisher and topic.
    pub missed: BTreeMap<String, BTreeMap<String, u64>>,
    /// All missed events.
    pub missed_total: u64,
    /// Messages that were none of ours: not JSON, another version, too large, a field of another type.
    pub malformed_total: u64,
    /// Messages that had been heard before.
    pub replayed_total: u64,
    /// Names beyond the monitor's limit, counted under `(other)`.
    pub overflow_total: u64,
}

/// The monitor's own health.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MonitorHealth {
    /// Its process; 0 where no monitor has run.
    pub pid: u32,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended by itself; null while it runs, or if it was killed.
    pub ended_at: Option<Timestamp>,
    /// Seconds between two lines.
    pub interval_s: f64,
    /// Whether it holds the forwarder of the bus.
    pub hosts_bus: bool,
    /// Whether there is something that it should see and does not.
    pub blind: bool,
    /// What it does not see now.
    pub episodes: Vec<Episode>,
    /// Episodes of blindness since it started.
    pub blind_episodes_total: u64,
    /// The last episode that ended, in words.
    pub last_recovery: Option<String>,
    /// Events heard since it started.
    pub events_total: u64,
}

#[cfg(test)]
mod tests {
    use super::TopicLatency;

    #[test]
    fn latency_keeps_last_average_and_longest() {
        for (latencies, last, ewma, max) in [
            (vec![], None, None, None),
            (vec![None], None, None, None),
            (vec![Some(10.0)], Some(10.0), Some(10.0), Some(10.0)),
            (vec![Some(10.0), None, Some(20.0), Some(2.0)], Some(2.0), Some(10.0), Some(20.0)),
        ] {
            let mut topic = TopicLatency::default();
            for latency in &latencies {
                topic.note(*latency);
            }
            assert_eq!(topic.count, latencies.len() as u64, "{latencies:?}");
            assert_eq!(topic.last_latency_ms, last, "{latencies:?}");
            assert_eq!(topic.max_latency_ms, max, "{latencies:?}");
            let near = match (topic.ewma_latency_ms, ewma) {
                (Some(got), Some(wanted)) => (got - wanted).abs() < 1e-9,
                (got, wanted) => got == wanted,
            };
            assert!(near, "{latencies:?}: {:?}", topic.ewma_latency_ms);
        }
    }
}
