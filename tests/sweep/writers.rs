//! The writers that need no database: each does its work in steps, comes back after an interruption as the next
//! command does, and is judged by a check of its own that reads the files without LightHunter's readers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use lighthunter::{
    clock::Clock,
    config::{self, settings::LogFiles},
    digest::Digest,
    drill::{EntryKind, Journal},
    durable::{self, Batch},
    market::{DailyBar, MarketData},
    model::{Feature, Form, Learner, MODEL_VERSION, Model, Schema, Step},
    ops::metrics::{Metrics, MonitorState},
    record::DrillRecord,
    report,
    research::{
        factor::Window,
        zoo::{Action, Decision, Features, Gate, Judgement, ModelZoo, Snapshot},
    },
    seed::Seed,
    store::{RotatingJsonl, write_market},
    text::Language,
};
use serde_json::{Value, json};

use crate::hand::Hand;

/// What was promised when the disk stopped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promise {
    /// The steps that were acknowledged, in order.
    pub(crate) acknowledged: Vec<String>,
    /// Unsynced bytes were lost.
    pub(crate) power_cut: bool,
}

/// One writer under the sweep.
pub(crate) struct Writer {
    pub(crate) name: &'static str,
    /// Does the work of so many steps.
    pub(crate) work: fn(&Path, &mut Hand, usize),
    /// Comes back, and does one step more, which is acknowledged as `after`.
    pub(crate) recover: fn(&Path, &mut Hand),
    /// Says what of the promise is broken.
    pub(crate) check: fn(&Path, &Promise) -> Result<(), String>,
}

pub(crate) const WRITERS: [Writer; 8] = [
    Writer { name: "JSONL, rotated", work: jsonl, recover: jsonl_again, check: jsonl_check },
    Writer { name: "metrics and state", work: metrics, recover: metrics_again, check: metrics_check },
    Writer { name: "models, current, history", work: models, recover: models_again, check: models_check },
    Writer { name: "drill journal", work: journal, recover: journal_again, check: journal_check },
    Writer { name: "drill reports", work: reports, recover: reports_again, check: reports_check },
    Writer { name: "config", work: settings, recover: settings_again, check: settings_check },
    Writer { name: "batch of files", work: batches, recover: batches_again, check: batches_check },
    Writer { name: "Parquet tables", work: tables, recover: tables_again, check: tables_check },
];

fn clock() -> Clock {
    Clock::starting_at("2020-06-30T12:00:00Z".parse().expect("a time"))
}

fn text(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Returns the whole lines of a file that are JSON; the others are torn or glued.
fn lines(path: &Path) -> Vec<Value> {
    let text = text(path);
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    whole.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Removes what dead processes left, as whoever takes a workspace's lock does.
fn tidy(root: &Path) {
    durable::remove_abandoned_below(root).expect("tidied");
}

fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let kind = entry.file_type().expect("a type");
        if kind.is_dir() { found.extend(files_below(&entry.path())) } else { found.push(entry.path()) }
    }
    found.sort_unstable();
    found
}

/// Says whether temporary files stay.
pub(crate) fn whole(root: &Path) -> Result<(), String> {
    let mut all = files_below(root);
    all.extend(all.clone().iter().filter_map(|path| path.parent().map(Path::to_path_buf)));
    let left = all.into_iter().find(|path| path != root && durable::is_temporary(path));
    left.map_or(Ok(()), |path| Err(format!("WHOLE: {} stays", path.display())))
}

// JSON lines.

fn jsonl_of(root: &Path) -> RotatingJsonl {
    RotatingJsonl::new(root.join("x.jsonl"), 700, 99)
}

fn jsonl(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 0..steps {
        let filler = "x".repeat(step * 37 % 90);
        hand.step(format!("{step}"), || jsonl_of(root).append(&json!({"id": format!("{step}"), "filler": filler})));
    }
}

fn jsonl_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    hand.step("after", || jsonl_of(root).append(&json!({"id": "after"})));
}

fn jsonl_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let found: Vec<Value> = files_below(root).iter().flat_map(|path| lines(path)).collect();
    let ids: Vec<&str> = found.iter().filter_map(|line| line["id"].as_str()).collect();
    for id in &promise.acknowledged {
        let count = ids.iter().filter(|found| *found == id).count();
        // Two commands may do the step that comes after, and each acknowledges it.
        require(count == 1 || (id == "after" && count > 1), || format!("ACK: line {id} is there {count} times"))?;
    }
    Ok(())
}

// Metrics.

fn metrics_of(root: &Path) -> Metrics {
    let rotation = LogFiles { max_bytes: 4_000, keep_files: 99 };
    Metrics::new(root.join("logs/monitor/metrics.jsonl"), root.join("monitor/state.json"), rotation, clock())
}

fn count(state: &mut MonitorState) {
    state.errors.entry("sweep".into()).or_default().count += 1;
}

fn metrics(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 0..steps {
        hand.step(format!("{step}"), || metrics_of(root).update(count).map(drop));
    }
}

fn metrics_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    hand.step("after", || metrics_of(root).update(count).map(drop));
}

fn metrics_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let promised = promise.acknowledged.len() as u64;
    let state: Value = serde_json::from_str(&text(&root.join("monitor/state.json"))).unwrap_or_default();
    let counted = state["errors"]["sweep"]["count"].as_u64().unwrap_or(0);
    require(counted >= promised, || format!("ACK: {promised} acknowledged, the state counts {counted}"))?;
    let files = files_below(&root.join("logs/monitor"));
    let kept: BTreeSet<u64> =
        files.iter().flat_map(|path| lines(path)).filter_map(|it| it["errors"]["sweep"]["count"].as_u64()).collect();
    require(kept.len() as u64 >= promised, || format!("ACK: {promised} acknowledged, {} lines", kept.len()))
}

// Models.

const JOB: &str = "ultrashort_main";

fn snapshot(id: &str) -> Snapshot {
    let feature = Feature { name: "F_gap_open".into(), steps: vec![Step::Clip { lower: -0.1, upper: 0.1 }] };
    Snapshot {
        job: JOB.into(),
        id: id.into(),
        model: Model {
            version: MODEL_VERSION,
            learner: Learner::default(),
            label: "R1".into(),
            rows: 100,
            features: Schema { features: vec![feature] },
            form: Form::Linear { intercept: 1e-300, coefficients: vec![2.0 / 3.0] },
        },
        features: Features {
            names: vec!["F_gap_open".into()],
            definitions: BTreeMap::from([("F_gap_open".into(), Digest::of("what it means"))]),
            window: Window { lookback: 5, big_down: -0.05 },
            dropped: vec![],
        },
        judgement: Judgement {
            as_of: jiff::civil::date(2020, 12, 31),
            metrics: BTreeMap::from([("ic".into(), Some(0.3))]),
            gate: Gate { passed: true, reasons: vec![] },
            dataset_digest: Digest::of("rows"),
            seed: Seed(7),
        },
    }
}

fn in_force(root: &Path, hand: &mut Hand, id: &str) {
    let zoo = ModelZoo::at(root.join("models"));
    let decision = Decision { action: Action::Gate, at: jiff::Timestamp::UNIX_EPOCH, by: "sweep".into(), reason: None };
    if hand.step(format!("published {id}"), || zoo.publish(&snapshot(id)).map(drop)) {
        hand.step(format!("current {id}"), || zoo.promote(JOB, id, &decision).map(drop));
    }
}

fn models(root: &Path, hand: &mut Hand, steps: usize) {
    (0..steps).for_each(|step| in_force(root, hand, &format!("20201201_{step:03}")));
}

fn models_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    // A second recovery finds the model of the first there.
    let number = fs::read_dir(root.join("models").join(JOB)).map_or(0, Iterator::count);
    in_force(root, hand, &format!("20201202_{number:03}"));
}

fn models_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let job = root.join("models").join(JOB);
    for id in promise.acknowledged.iter().filter_map(|name| name.strip_prefix("published ")) {
        manifest_holds(&job.join(id))?;
    }
    let promised: Vec<&str> = promise.acknowledged.iter().filter_map(|name| name.strip_prefix("current ")).collect();
    let Some(last) = promised.last() else { return Ok(()) };
    let target = fs::read_link(job.join("current")).map_err(|error| format!("POINT: current: {error}"))?;
    manifest_holds(&job.join(&target))?;
    require(*target.to_string_lossy() >= **last, || format!("POINT: current is {} after {last}", target.display()))?;
    let history = lines(&job.join("history.jsonl"));
    let named: BTreeSet<&str> = history.iter().filter_map(|line| line["model"].as_str()).collect();
    promised.iter().try_for_each(|id| require(named.contains(id), || format!("ACK: no line of {id} in the history")))
}

/// Checks the files of a model against its manifest, with the hash of another program's reading of it.
fn manifest_holds(model: &Path) -> Result<(), String> {
    use sha2::{Digest as _, Sha256};
    let manifest: Value = serde_json::from_str(&text(&model.join("MANIFEST.json")))
        .map_err(|error| format!("POINT: {}: {error}", model.display()))?;
    let files = manifest["files"].as_object().ok_or("POINT: a manifest without files")?;
    require(files.len() >= 3, || format!("POINT: {} files in the manifest", files.len()))?;
    for (name, digest) in files {
        let bytes = fs::read(model.join(name)).map_err(|error| format!("POINT: {name}: {error}"))?;
        let hex = |text: String, byte: &u8| text + &format!("{byte:02x}");
        let found = Sha256::digest(&bytes).iter().fold(String::new(), hex);
        let holds = digest.as_str().is_some_and(|digest| digest.ends_with(&found));
        require(holds, || format!("POINT: {} is {found}, not {digest}", model.join(name).display()))?;
    }
    Ok(())
}

// The drill's journal.

fn journal_directory(root: &Path) -> PathBuf {
    root.join("drills/20200630-120000-abcd")
}

#[expect(clippy::result_large_err, reason = "the error is the drill's own")]
fn journal(root: &Path, hand: &mut Hand, steps: usize) {
    let mut begun = None;
    hand.step("started", || Journal::start(&journal_directory(root)).map(|journal| begun = Some(journal)));
    let Some(journal) = begun else { return };
    for step in 0..steps {
        // Only the drill's own lines are synced; the others need no power.
        let action = if step % 4 == 0 { "drill" } else { "process" };
        hand.step(format!("{action} {step}"), || {
            journal.write(&clock(), "", EntryKind::Intent, action, json!({"step": step})).map(drop)
        });
    }
}

#[expect(clippy::result_large_err, reason = "the error is the drill's own")]
fn journal_again(root: &Path, hand: &mut Hand) {
    hand.step("taken over", || {
        let directory = journal_directory(root);
        // A drill that died before its journal was there did nothing: the next one starts its own.
        let journal = if directory.join("journal.jsonl").is_file() {
            Journal::take_over(&directory)?.map(|(journal, _)| journal)
        } else {
            Some(Journal::start(&directory)?)
        };
        let Some(journal) = journal else { panic!("a dead drill holds its journal") };
        journal.write(&clock(), "", EntryKind::Done, "drill", json!({"step": "after"})).map(drop)
    });
}

fn journal_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let text = text(&journal_directory(root).join("journal.jsonl"));
    let steps: Vec<Value> = text
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n')?.split_once(' '))
        .filter_map(|(_, body)| serde_json::from_str::<Value>(body).ok())
        .map(|entry| entry["detail"]["step"].clone())
        .collect();
    for name in &promise.acknowledged {
        let Some((action, step)) = name.split_once(' ').filter(|(_, step)| *step != "over") else { continue };
        let step: u64 = step.parse().map_err(|_| format!("'{name}' is no step"))?;
        let needed = action == "drill" || !promise.power_cut;
        let count = steps.iter().filter(|found| found.as_u64() == Some(step)).count();
        require(!needed || count == 1, || format!("ACK: step {step} of the journal is there {count} times"))?;
    }
    let bad = text.split_inclusive('\n').filter(|line| !line.ends_with('\n')).count();
    require(bad == 0, || "WHOLE: the journal ends torn".into())
}

// Reports.

fn record(step: usize) -> DrillRecord {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/report/record_v1.json");
    let mut record: DrillRecord = serde_json::from_str(&text(&path)).expect("a record");
    record.id = format!("20200630-{step:06}-abcd");
    record.keep_reports = 3;
    record.scenarios.truncate(1);
    record
}

fn reports(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 0..steps {
        let record = record(step);
        let directory = root.join("drills").join(&record.id);
        hand.step(record.id.clone(), || report::write_all(&record, &directory, Language::English).map(drop));
    }
}

fn reports_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    let record = record(900_000);
    let directory = root.join("drills").join(&record.id);
    hand.step(record.id.clone(), || report::write_all(&record, &directory, Language::English).map(drop));
}

fn reports_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let drills = root.join("drills");
    let history = lines(&drills.join("history.jsonl"));
    let mut acknowledged = promise.acknowledged.clone();
    acknowledged.dedup();
    for id in &acknowledged {
        let count = history.iter().filter(|line| line["id"] == id.as_str()).count();
        require(count == 1, || format!("ACK: {id} is {count} times in the history"))?;
    }
    // Three are kept, of which one may be that of the drill that was interrupted.
    for id in acknowledged.iter().rev().take(2) {
        let found: Result<Value, _> = serde_json::from_str(&text(&drills.join(id).join("record.json")));
        require(found.is_ok_and(|found| found["id"] == id.as_str()), || format!("ACK: no record of {id}"))?;
        let page = text(&drills.join(id).join("report.html"));
        require(page.trim_end().ends_with("</html>"), || format!("WHOLE: the report of {id} is no whole page"))?;
    }
    let Some(last) = acknowledged.last() else { return Ok(()) };
    let target = fs::read_link(drills.join("latest")).map_err(|error| format!("POINT: latest: {error}"))?;
    require(target.to_string_lossy() == last.as_str(), || format!("POINT: latest is {}, not {last}", target.display()))
}

// The config.

fn settings_file(root: &Path) -> PathBuf {
    root.join("config/settings.json")
}

fn settings(root: &Path, hand: &mut Hand, steps: usize) {
    let file = settings_file(root);
    hand.step("made", || {
        durable::make_directory(&root.join("config"))?;
        durable::replace(&file, "{\n  \"comment\": \"kept\",\n  \"value\": 0\n}\n")
    });
    if !file.exists() {
        return;
    }
    for step in 1..=steps {
        hand.step(format!("{step}"), || config::write_pointer(&file, "/value", &json!(step)));
    }
}

fn settings_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    let file = settings_file(root);
    if !file.exists() {
        hand.step("made", || {
            durable::make_directory(&root.join("config"))?;
            durable::replace(&file, "{\n  \"comment\": \"kept\",\n  \"value\": 0\n}\n")
        });
    }
    hand.step("1000", || config::write_pointer(&file, "/value", &json!(1000)));
}

fn settings_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    let found: Value =
        serde_json::from_str(&text(&settings_file(root))).map_err(|error| format!("WHOLE: the config: {error}"))?;
    let least = last.parse::<u64>().unwrap_or(0);
    require(found["comment"] == "kept", || "WHOLE: the rest of the config is gone".into())?;
    require(found["value"].as_u64() >= Some(least), || format!("ACK: {} after {least}", found["value"]))
}

// Many files together.

fn batch(root: &Path, step: usize) -> Result<(), durable::DurableError> {
    let mut batch = Batch::new(root);
    for name in ["a/1", "b/2", "b/3"] {
        batch.stage(&root.join(name), format!("{step:09}").repeat(1 + step % 5).as_bytes())?;
    }
    batch.sync()?.publish()
}

fn batches(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        hand.step(format!("{step}"), || batch(root, step));
    }
}

fn batches_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    hand.step("1000", || batch(root, 1000));
}

fn batches_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    let least: usize = last.parse().map_err(|_| format!("'{last}' is no step"))?;
    for name in ["a/1", "b/2", "b/3"] {
        let found = text(&root.join(name));
        let step: usize = found.get(..9).and_then(|step| step.parse().ok()).unwrap_or(0);
        require(found == format!("{step:09}").repeat(1 + step % 5), || format!("WHOLE: {name} holds '{found}'"))?;
        require(step >= least, || format!("ACK: {name} is of step {step}, not {least}"))?;
    }
    Ok(())
}

// Parquet.

fn bars(step: usize) -> MarketData {
    let bar = |code: usize| DailyBar {
        date: jiff::civil::date(2020, 1, 2),
        symbol: format!("{code:06}.SZ").parse().expect("a symbol"),
        open: 1.0,
        high: 9.0,
        low: 0.5,
        close: step as f64,
        volume: Some(100),
        amount: None,
        preclose: None,
        adj_factor: 1.0,
        suspended: false,
        source: "sweep".into(),
    };
    MarketData { daily: (1..20).map(bar).collect(), ..MarketData::default() }
}

fn tables(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        hand.step(format!("{step}"), || write_market(&root.join("bars"), &bars(step)).map(drop));
    }
}

fn tables_again(root: &Path, hand: &mut Hand) {
    tidy(root);
    hand.step("1000", || write_market(&root.join("bars"), &bars(1000)).map(drop));
}

fn tables_check(root: &Path, promise: &Promise) -> Result<(), String> {
    use parquet::{file::reader::FileReader as _, file::reader::SerializedFileReader, record::RowAccessor as _};
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    let least: f64 = last.parse().map_err(|_| format!("'{last}' is no step"))?;
    let path = root.join("bars/daily.parquet");
    let file = fs::File::open(&path).map_err(|error| format!("ACK: {error}"))?;
    let reader = SerializedFileReader::new(file).map_err(|error| format!("WHOLE: {error}"))?;
    let columns = reader.metadata().file_metadata().schema_descr();
    let close = (0..columns.num_columns()).find(|at| columns.column(*at).name() == "close").ok_or("no close")?;
    let rows: Result<Vec<f64>, _> = reader.into_iter().map(|row| row.and_then(|row| row.get_double(close))).collect();
    let rows = rows.map_err(|error| format!("WHOLE: {error}"))?;
    require(rows.len() == 19 && rows.iter().all(|row| *row == rows[0]), || format!("WHOLE: rows {rows:?}"))?;
    require(rows[0] >= least, || format!("ACK: {} after {least}", rows[0]))
}

// The naive ones, which must come out red.

/// Writes in place, links by removing first, appends without a sync: what this system does not do.
pub(crate) const NAIVE: [Writer; 3] = [
    Writer { name: "naive: write in place", work: naive_in_place, recover: naive_again, check: naive_check },
    Writer { name: "naive: link removed first", work: naive_link, recover: naive_link_again, check: naive_link_check },
    Writer { name: "naive: rename without sync", work: naive_rename, recover: naive_again, check: naive_check },
];

fn naive_in_place(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        hand.step(format!("{step}"), || {
            let path = root.join("value");
            let file = durable::open_appendable(&path)?;
            durable::truncate(&file, &path, 0)?;
            durable::append_unsynced(&file, &path, format!("{step:09}").as_bytes())?;
            durable::sync_file(&file, &path)
        });
    }
}

fn naive_rename(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        hand.step(format!("{step}"), || {
            let (draft, path) = (root.join("draft"), root.join("value"));
            if draft.exists() {
                durable::remove_file(&draft)?;
            }
            let file = durable::open_appendable(&draft)?;
            durable::append_unsynced(&file, &draft, format!("{step:09}").as_bytes())?;
            durable::publish_file(&draft, &path)
        });
    }
}

fn naive_again(root: &Path, _hand: &mut Hand) {
    tidy(root);
}

fn naive_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    let found = text(&root.join("value"));
    let step: Option<usize> = (found.len() == 9).then(|| found.parse().ok()).flatten();
    require(step >= last.parse().ok(), || format!("ACK: '{found}' after {last}"))
}

fn naive_link(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        let link = root.join("current");
        hand.step(format!("{step}"), || {
            if link.symlink_metadata().is_ok() {
                durable::remove_file(&link)?;
            }
            durable::point(&link, Path::new(&step.to_string()))
        });
    }
}

fn naive_link_again(root: &Path, _hand: &mut Hand) {
    tidy(root);
}

fn naive_link_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    fs::read_link(root.join("current")).map(drop).map_err(|error| format!("POINT: current after {last}: {error}"))
}
