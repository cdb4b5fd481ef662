//! The writers that need no database: each does its work in steps, comes back after an interruption as the next
//! command does, and is judged by a check of its own that reads the files without LightHunter's readers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use lighthunter::{
    clock::Clock,
    config::settings::LogFiles,
    digest::Digest,
    drill::{EntryKind, Journal},
    durable,
    model::{Feature, Form, Learner, MODEL_VERSION, Model, Schema, Step},
    ops::metrics::{Metrics, MonitorState},
    research::{
        factor::Window,
        zoo::{Action, Decision, Features, Gate, Judgement, ModelZoo, Snapshot},
    },
    seed::Seed,
    store::RotatingJsonl,
};
use serde_json::{Value, json};

use crate::{files, hand::Hand};

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
    Writer { name: "drill reports", work: files::reports, recover: files::reports_again, check: files::reports_check },
    Writer { name: "config", work: files::settings, recover: files::settings_again, check: files::settings_check },
    Writer { name: "batch of files", work: files::batches, recover: files::batches_again, check: files::batches_check },
    Writer { name: "Parquet tables", work: files::tables, recover: files::tables_again, check: files::tables_check },
];

fn clock() -> Clock {
    Clock::starting_at("2020-06-30T12:00:00Z".parse().expect("a time"))
}

pub(crate) fn text(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Returns the whole lines of a file that are JSON; the others are torn or glued.
pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = text(path);
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    whole.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

pub(crate) fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Removes what dead processes left, as whoever takes a workspace's lock does.
pub(crate) fn tidy(root: &Path) {
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
