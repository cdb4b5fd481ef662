//! Repairs from other sources on real stores: what is chosen, what is left alone, and the way back.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::by_source::{Provenance, SourceChange, changed_rows, plan_by_source, undo};
use crate::{
    clock::Clock,
    data::{
        guardian::{Known, Thresholds, examine, omega},
        sample::clean_bars,
    },
    market::{Calendar, DailyBar, MarketData, SecurityHistory, SourceBar},
    store::{Depth, Engine, Query, StorePath, StoreSettings, Stores, WriteMode, content_digest},
};

fn bars() -> Vec<DailyBar> {
    let mut bars = clean_bars(&["600000.SH", "600004.SH"], 30);
    // Enough shares that a volume in lots is no rounding.
    for bar in &mut bars {
        bar.volume = bar.volume.map(|volume| volume * 1000);
        bar.amount = bar.amount.map(|amount| amount * 1000.0);
    }
    bars
}

fn delivered(bars: &[DailyBar], source: &str) -> Vec<SourceBar> {
    let received_at = |bar: &DailyBar| -> Timestamp { format!("{}T08:00:00Z", bar.date).parse().expect("a time") };
    let row = |bar: &DailyBar| SourceBar {
        received_at: received_at(bar),
        bar: DailyBar { source: source.into(), adj_factor: f64::NAN, ..bar.clone() },
        version: 1,
    };
    bars.iter().map(row).collect()
}

fn planned(bars: &[DailyBar], sources: &[SourceBar]) -> Vec<Provenance> {
    let history = SecurityHistory::default();
    let known = Known { actions: &[], history: &history };
    let (calendar, thresholds) = (Calendar::builtin(), Thresholds::default());
    let report = examine(bars, known, calendar, &thresholds).expect("examined");
    let rules = omega::OmegaRules::default();
    let judged = omega::judge(bars, &report, sources, (known, calendar), &rules).expect("judged");
    plan_by_source(bars, &report, (sources, &judged.agreement), (known, calendar), &thresholds).expect("planned")
}

/// The clean bars with a price in cents, a volume in lots and a lost row; and three sources, of which the worst is
/// often wrong.
fn faulty() -> (Vec<DailyBar>, Vec<SourceBar>) {
    let clean = bars();
    let mut bars = clean.clone();
    (bars[20].high, bars[20].close) = (bars[20].high * 100.0, bars[20].close * 100.0);
    bars[31].volume = bars[31].volume.map(|volume| volume / 100);
    bars.remove(40);
    let mut worst = delivered(&clean, "a_worst");
    worst.iter_mut().step_by(3).for_each(|row| row.bar.close += 0.01);
    (bars, [worst, delivered(&clean, "good"), delivered(&clean, "other")].concat())
}

#[test]
fn best_source_of_each_field_mends_the_row() {
    let (bars, sources) = faulty();
    let plan = planned(&bars, &sources);
    let clean = self::bars();
    let changed: BTreeMap<_, DailyBar> =
        changed_rows(&bars, &plan).into_iter().map(|bar| ((bar.date, bar.symbol), bar)).collect();
    for place in [20, 31, 40] {
        let bar = &changed[&(clean[place].date, clean[place].symbol)];
        let expected = DailyBar { source: bar.source.clone(), ..clean[place].clone() };
        assert_eq!(*bar, expected, "{place}");
    }
    assert_eq!(changed.len(), 3);
    assert!(plan.iter().any(|one| matches!(one.change, SourceChange::Row(_))));
    let close =
        plan.iter().find(|one| matches!(one.change, SourceChange::Value { field: "close", .. })).expect("a close");
    assert_eq!((close.source.as_str(), close.score, close.version), ("good", 100.0, 1), "{close:?}");
    let record = close.record("r1");
    assert!(record.rule.starts_with("source good version 1, score 100.00: the row breaks beyond_limit"), "{record:?}");
}

#[test]
fn value_that_does_not_mend_is_not_taken() {
    let (bars, mut sources) = faulty();
    sources.retain(|row| &*row.bar.source == "a_worst");
    for row in &mut sources {
        row.bar.high = row.bar.low - 1.0;
    }
    let plan = planned(&bars, &sources);
    let is_volume = |one: &Provenance| matches!(one.change, SourceChange::Value { field: "volume", .. });
    assert!(plan.len() == 1 && is_volume(&plan[0]), "its volumes are sound, its prices mend nothing: {plan:?}");
    assert_eq!(planned(&bars, &[]), []);
    assert_eq!(planned(&self::bars(), &faulty().1), [], "what is sound stays, whatever others say");
}

/// The bytes of every partition below a directory; none where it is not there.
fn parquet_files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return files };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files.append(&mut parquet_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            files.insert(path.clone(), std::fs::read(&path).expect("read"));
        }
    }
    files
}

#[test]
fn repair_is_taken_back_byte_for_byte() {
    for (engine, write_mode) in [(Engine::DuckDb, WriteMode::Dual), (Engine::Sqlite, WriteMode::Single)] {
        let room = tempfile::tempdir().expect("a directory");
        let place = |name: &str| StorePath::new("key", room.path().join(name));
        let settings = StoreSettings {
            engine,
            write_mode,
            duckdb: place("x.duckdb"),
            sqlite: place("x.sqlite"),
            parquet: place("parquet"),
            ledger: place("ledger.sqlite"),
            experiments: place("experiments.jsonl"),
            quarantine_dir: room.path().join("quarantine"),
        };
        let (bars, sources) = faulty();
        let now: Timestamp = "2025-06-01T00:00:00Z".parse().expect("a time");
        let (mut stores, _) = Stores::open(&settings, &Clock::starting_at(now), Depth::Quick).expect("opened");
        stores.import(&MarketData { daily: bars, ..MarketData::default() }, now).expect("imported");
        let query = Query::up_to(jiff::civil::date(2025, 12, 31));
        let stored = stores.daily_as_delivered(&query).expect("read");
        let plan = planned(&stored, &sources);
        let records: Vec<_> = plan.iter().map(|change| change.record("r1")).collect();
        stores.ledger().put_repairs(&records).expect("recorded");
        let files = parquet_files(&settings.parquet.path);
        let before = stores.data_digest(jiff::civil::Date::MAX).expect("a digest");
        stores.amend_daily(&changed_rows(&stored, &plan), &BTreeSet::new(), now).expect("amended");
        assert_ne!(stores.data_digest(jiff::civil::Date::MAX).expect("a digest"), before);
        let repaired = stores.daily_as_delivered(&query).expect("read");
        assert_eq!(repaired.len(), stored.len() + 1);
        let recorded = stores.ledger().repairs(Some("r1")).expect("listed");
        let (rows, added) = undo(&repaired, &recorded).expect("fits");
        stores.amend_daily(&rows, &added, now).expect("taken back");
        assert_eq!(stores.data_digest(jiff::civil::Date::MAX).expect("a digest"), before, "{engine:?}");
        assert_eq!(stores.daily_as_delivered(&query).expect("read"), stored);
        assert_eq!(files.is_empty(), write_mode == WriteMode::Single);
        assert!(parquet_files(&settings.parquet.path) == files, "every file has the bytes that it had");
        let mut other = repaired;
        for bar in &mut other {
            bar.volume = Some(1);
        }
        assert!(undo(&other, &recorded).is_err(), "rows that changed since are not overwritten");
        drop(stores);
        assert!(!content_digest(&settings).expect("digested").is_empty());
    }
}
