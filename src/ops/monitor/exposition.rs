//! The state of the monitor as OpenMetrics text, with ages as of the moment of asking.
//!
//! `docs/monitor.md` lists every name; a test holds the page against this file.

mod network;

use std::{collections::BTreeMap, fmt, sync::Arc};

use jiff::Timestamp;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet, text},
    metrics::MetricType,
    registry::{Registry, Unit},
};

use super::line::{AccountState, TopicLatency};
use crate::ops::{
    day_ops::{Grade, GradeCounts},
    metrics::MonitorState,
};

/// Goes behind the name of a metric, as `_seconds`.
const SECONDS: Option<&Unit> = Some(&Unit::Seconds);

/// What is served: the last state, and how the monitor's own loop is.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The state as of `turned_at`.
    pub state: MonitorState,
    /// When the loop last came round.
    pub turned_at: Timestamp,
    /// When a line was last written.
    pub written_at: Option<Timestamp>,
    /// Lines that could not be written.
    pub write_failures_total: u64,
}

/// Returns the OpenMetrics text of a view, as of `now`.
///
/// # Errors
/// When the text cannot be put together, which no input brings about.
pub fn open_metrics(view: Arc<View>, now: Timestamp) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Exposition { view, now }));
    let mut page = String::new();
    text::encode(&mut page, &registry)?;
    Ok(page)
}

#[derive(Debug)]
struct Exposition {
    view: Arc<View>,
    now: Timestamp,
}

/// One sample: label names with their values, and the number.
type Sample<'a> = (Vec<(&'static str, &'a str)>, f64);

/// Which number of a topic's latency a metric shows, and its name.
type LatencyPart = (&'static str, &'static str, fn(&TopicLatency) -> Option<f64>);

/// Which number of an account a metric shows, and its name and help.
type AccountPart = (&'static str, &'static str, fn(&AccountState) -> Option<f64>);

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let page = &mut Page { encoder: &mut encoder };
        self.monitor(page)?;
        self.components(page)?;
        self.day_ops(page)?;
        self.bus(page)?;
        self.latency(page)?;
        self.accounts(page)?;
        network::write(page, &self.view.state.network, self.now)
    }
}

impl Exposition {
    fn age(&self, then: Timestamp) -> f64 {
        self.now.duration_since(then).as_secs_f64().max(0.0)
    }

    fn monitor(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let View { state, turned_at, written_at, write_failures_total } = &*self.view;
        let health = &state.monitor;
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        page.gauge("build", "The version of LightHunter, as a label.", None, [(version, 1.0)])?;
        let started = health.started_at.map(|then| plain(self.age(then)));
        page.gauge("monitor_uptime", "Time since the monitor started.", SECONDS, started)?;
        let turned = [plain(self.age(*turned_at))];
        page.gauge("monitor_loop_age", "Time since the monitor's loop last came round.", SECONDS, turned)?;
        let written = written_at.map(|then| plain(self.age(then)));
        page.gauge("monitor_line_age", "Time since a metrics line was written.", SECONDS, written)?;
        let failures = [plain(*write_failures_total as f64)];
        page.counter("monitor_line_failures", "Metrics lines that could not be written.", failures)?;
        let blind = [plain(f64::from(u8::from(health.blind)))];
        page.gauge("monitor_blind", "1 while something is not seen that should be.", None, blind)?;
        let episodes = [plain(health.blind_episodes_total as f64)];
        page.counter("monitor_blind_episodes", "Episodes of blindness since the monitor started.", episodes)?;
        let hosts = [plain(f64::from(u8::from(health.hosts_bus)))];
        page.gauge("monitor_hosts_bus", "1 while the monitor holds the forwarder of the bus.", None, hosts)
    }

    fn components(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let state = &self.view.state;
        let errors =
            state.errors.iter().map(|(name, errors)| (vec![("component", name.as_str())], errors.count as f64));
        page.counter("errors", "Errors by component since the workspace was made.", errors)?;
        let runs = [plain(state.runs_total as f64)];
        page.counter("runs", "Operations that ended since the workspace was made.", runs)?;
        let ages = state.heartbeats.iter().map(|(name, then)| (vec![("component", name.as_str())], self.age(*then)));
        page.gauge("heartbeat_age", "Time since a component's last sign of life.", SECONDS, ages)
    }

    fn day_ops(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let last = self.view.state.day_ops.as_ref();
        let grade = last.map(|last| plain(f64::from(last.grade.level())));
        page.gauge("day_ops_grade", "Verdict of the last DayOps: 0 OK, 1 WARNING, 2 FAIL.", None, grade)?;
        let counts = last.iter().flat_map(|last| {
            let GradeCounts { ok, warning, fail } = last.counts;
            [(Grade::Ok, ok), (Grade::Warning, warning), (Grade::Fail, fail)]
        });
        let checks = counts.map(|(grade, count)| (vec![("grade", grade.word())], count as f64));
        page.gauge("day_ops_checks", "Checks of the last DayOps by grade.", None, checks)?;
        let age = last.map(|last| plain(self.age(last.ts)));
        page.gauge("day_ops_age", "Time since the last DayOps ended.", SECONDS, age)
    }

    fn bus(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let state = &self.view.state;
        let losses = &state.bus;
        let missed = losses.missed.iter().flat_map(|(publisher, topics)| {
            topics.iter().map(move |(topic, count)| {
                (vec![("publisher", publisher.as_str()), ("topic", topic.as_str())], *count as f64)
            })
        });
        page.counter("missed_events", "Events that were sent and did not arrive.", missed)?;
        let malformed = [plain(losses.malformed_total as f64)];
        page.counter("malformed_events", "Messages that were none of ours.", malformed)?;
        let replayed = [plain(losses.replayed_total as f64)];
        page.counter("replayed_events", "Messages that had been heard before.", replayed)?;
        let overflow = [plain(losses.overflow_total as f64)];
        page.counter("overflow_names", "Names beyond the monitor's limit, put under (other).", overflow)?;
        let queues = |number: fn(&super::line::QueueState) -> u64| {
            state.bus_queues.iter().map(move |(name, queue)| (vec![("endpoint", name.as_str())], number(queue) as f64))
        };
        page.gauge("bus_queue_in_events", "Events that wait on the way in.", None, queues(|queue| queue.in_queue))?;
        page.gauge("bus_queue_out_events", "Events on the way out.", None, queues(|queue| queue.out_queue))?;
        page.counter("bus_dropped_events", "Events that an endpoint dropped.", queues(|queue| queue.dropped))
    }

    fn latency(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let topics = &self.view.state.latency;
        let count = topics.iter().map(|(name, topic)| (vec![("topic", name.as_str())], topic.count as f64));
        page.counter("events", "Events heard by topic since the monitor started.", count)?;
        let parts: [LatencyPart; 3] = [
            ("event_latency_last", "The last event's way from its ts to here.", |topic| topic.last_latency_ms),
            ("event_latency_ewma", "Moving average of the events' way, alpha 0.2.", |topic| topic.ewma_latency_ms),
            ("event_latency_max", "The longest way of an event.", |topic| topic.max_latency_ms),
        ];
        for (name, help, part) in parts {
            let samples =
                topics.iter().filter_map(|(name, topic)| Some((vec![("topic", name.as_str())], part(topic)? / 1e3)));
            page.gauge(name, help, SECONDS, samples)?;
        }
        Ok(())
    }

    fn accounts(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let state = &self.view.state;
        let parts: [AccountPart; 5] = [
            ("account_nav_yuan", "Net asset value of an account, CNY.", |account| Some(account.nav)),
            ("account_drawdown_ratio", "Fall from the peak.", |account| account.dd_total),
            ("account_drawdown_intraday_ratio", "Fall from the day's peak.", |account| account.dd_intraday),
            ("account_gross_exposure_ratio", "Money in positions.", |account| account.gross_exposure),
            ("account_largest_weight_ratio", "The largest position.", |account| account.max_single_weight),
        ];
        for (name, help, part) in parts {
            page.gauge(name, help, None, by_account(&state.accounts, part))?;
        }
        let ages =
            by_account(&state.accounts, |account| account.last_ts).map(|(labels, then)| (labels, self.age(then)));
        page.gauge("account_age", "Time since an account's value was last heard.", SECONDS, ages)?;
        let risk = &state.risk_accounts;
        page.gauge(
            "risk_score",
            "Score of an account's last alert.",
            None,
            by_account(risk, |risk| Some(risk.last_score)),
        )?;
        let alerts = by_account(risk, |risk| Some(risk.alert_count as f64));
        page.counter("risk_alerts", "Alerts of an account since the monitor started.", alerts)
    }
}

fn plain(value: f64) -> Sample<'static> {
    (Vec::new(), value)
}

fn by_account<T, V>(
    accounts: &BTreeMap<String, T>,
    part: impl Fn(&T) -> Option<V>,
) -> impl Iterator<Item = (Vec<(&'static str, &str)>, V)> {
    accounts.iter().filter_map(move |(name, account)| Some((vec![("account", name.as_str())], part(account)?)))
}

/// The text under way.
struct Page<'p, 'e> {
    encoder: &'p mut DescriptorEncoder<'e>,
}

impl Page<'_, '_> {
    fn gauge<'a>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        samples: impl IntoIterator<Item = Sample<'a>>,
    ) -> fmt::Result {
        let name = format!("lighthunter_{name}");
        let mut metric = self.encoder.encode_descriptor(&name, help, unit, MetricType::Gauge)?;
        for (labels, value) in samples {
            match labels.as_slice() {
                [] => metric.encode_gauge(&value)?,
                labels => metric.encode_family(&labels)?.encode_gauge(&value)?,
            }
        }
        Ok(())
    }

    fn counter<'a>(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = Sample<'a>>) -> fmt::Result {
        let name = format!("lighthunter_{name}");
        let mut metric = self.encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
        for (labels, value) in samples {
            // Counts are far below 2^53, so they print as whole numbers.
            let count = value as u64;
            match labels.as_slice() {
                [] => metric.encode_counter::<NoLabelSet, _, u64>(&count, None)?,
                labels => metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        sync::Arc,
    };

    use jiff::{SignedDuration, Timestamp};

    use super::{View, open_metrics};
    use crate::{
        net::{BreakerState, SiteCounters},
        ops::{
            day_ops::{Grade, GradeCounts},
            metrics::{DayOpsState, MonitorState},
            monitor::line::{AccountState, BusLosses, MonitorHealth, QueueState, RiskState, TopicLatency},
        },
    };

    const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/monitor.md"));

    /// A view in which every metric has a sample.
    fn full() -> View {
        let then = Timestamp::UNIX_EPOCH;
        let mut topic = TopicLatency::default();
        topic.note(Some(1.5));
        let account = AccountState {
            last_ts: Some(then),
            nav: 1e6,
            nav_peak: Some(1e6),
            dd_total: Some(0.01),
            dd_intraday: Some(0.0),
            gross_exposure: Some(0.9),
            max_single_weight: Some(0.1),
        };
        let mut state = MonitorState {
            latency: BTreeMap::from([("a\"b\\c".to_owned(), topic)]),
            bus_queues: BTreeMap::from([("tcp://x".to_owned(), QueueState { dropped: 3, ..QueueState::default() })]),
            risk_accounts: BTreeMap::from([("u1".to_owned(), RiskState::default())]),
            accounts: BTreeMap::from([("u1".to_owned(), account)]),
            bus: BusLosses {
                missed: BTreeMap::from([("p".to_owned(), BTreeMap::from([("t".to_owned(), 4)]))]),
                ..BusLosses::default()
            },
            monitor: MonitorHealth { started_at: Some(then), blind: true, ..MonitorHealth::default() },
            ..MonitorState::default()
        };
        state.note_run("night_ops", Some("broken"), then);
        let counts = GradeCounts { ok: 14, warning: 2, fail: 1 };
        state.day_ops = Some(DayOpsState { ts: then, date: jiff::civil::date(2025, 1, 2), grade: Grade::Fail, counts });
        let counters = SiteCounters {
            requests_total: 7,
            outcomes: [("4xx".to_owned(), 7)].into(),
            breaker_state: BreakerState::Open,
            breaker_open_until: then.checked_add(SignedDuration::from_secs(10)).ok(),
            last_answer_at: Some(then),
            ..SiteCounters::default()
        };
        state.network = [("eastmoney".to_owned(), counters)].into();
        View { state, turned_at: then, written_at: Some(then), write_failures_total: 2 }
    }

    fn page() -> String {
        open_metrics(Arc::new(full()), Timestamp::UNIX_EPOCH + SignedDuration::from_millis(2_500)).expect("made")
    }

    /// Returns the names of the samples, with their kind and the line of their help.
    fn names(page: &str) -> BTreeSet<String> {
        let samples = page.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.split(['{', ' ']).next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn samples_have_their_values_labels_and_ages() {
        let page = page();
        for line in [
            "lighthunter_errors_total{component=\"night_ops\"} 1",
            "lighthunter_runs_total 1",
            "lighthunter_heartbeat_age_seconds{component=\"night_ops\"} 2.5",
            "lighthunter_event_latency_last_seconds{topic=\"a\\\"b\\\\c\"} 0.0015",
            "lighthunter_missed_events_total{publisher=\"p\",topic=\"t\"} 4",
            "lighthunter_bus_dropped_events_total{endpoint=\"tcp://x\"} 3",
            "lighthunter_account_nav_yuan{account=\"u1\"} 1000000.0",
            "lighthunter_monitor_blind 1.0",
            "lighthunter_network_outcomes_total{site=\"eastmoney\",outcome=\"4xx\"} 7",
            "lighthunter_network_breaker_state{site=\"eastmoney\"} 2.0",
            "lighthunter_network_breaker_open_seconds{site=\"eastmoney\"} 7.5",
            "lighthunter_monitor_line_failures_total 2",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        assert!(page.ends_with("\n# EOF\n"), "{page}");
    }

    #[test]
    fn every_family_says_its_type_and_help_and_the_unit_ends_its_name() {
        let page = page();
        for name in names(&page) {
            let family = name.trim_end_matches("_total");
            let said = |word: &str| page.lines().find(|line| line.starts_with(&format!("# {word} {family} ")));
            assert!(said("HELP").is_some_and(|line| line.ends_with('.')), "{name}");
            let counter = said("TYPE").expect("a type").ends_with(" counter");
            assert_eq!(counter, name.ends_with("_total"), "{name}");
            if let Some(unit) = said("UNIT") {
                assert!(family.ends_with(unit.split(' ').next_back().expect("a unit")), "{name}");
            }
        }
    }

    #[test]
    fn the_documented_metrics_are_those_that_are_served() {
        let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `lighthunter_")?.split(['`', '{']).next());
        let documented: BTreeSet<String> = rows.map(|name| format!("lighthunter_{name}")).collect();
        assert_eq!(documented, names(&page()));
    }
}
