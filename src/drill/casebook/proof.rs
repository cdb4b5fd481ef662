//! The recovery invariants, each a check of what lies on the disk and of who is at work. They believe no word of
//! the system's own but where an invariant is about what it says.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use super::{
    invariant::Invariant,
    judge::said,
    snapshot::{Acknowledged, stores, tree_differences},
};
use crate::{
    clock::{Stopwatch, pause},
    digest::Digest,
    drill::{
        Environment, Ran,
        process::{ProcessId, within},
    },
    durable,
    rollback::Fingerprint,
    store::{self, StorePart},
};

/// What no log and no output may hold: a secret that every command of a case is given.
pub(in crate::drill) const CANARY: &str = "canary-7f3c91e05b";

/// How long a process that was told to end may take to be gone, seconds.
const GONE_SECONDS: f64 = 1.0;

/// What an invariant is judged by.
pub(in crate::drill) struct Scene<'a> {
    pub(in crate::drill) environment: &'a Environment,
    /// What was acknowledged before.
    pub(in crate::drill) before: &'a Acknowledged,
    /// The tree to compare with: before the fault, or with it.
    pub(in crate::drill) tree: &'a Fingerprint,
    /// What met the fault.
    pub(in crate::drill) faulted: &'a [Ran],
    /// Every run of the case, with the prepared ones, in order.
    pub(in crate::drill) runs: &'a [Ran],
    /// The processes that are meant to be at work.
    pub(in crate::drill) beside: usize,
}

/// Holds, or says what is not so.
///
/// # Errors
/// The first thing that breaks the invariant.
pub(in crate::drill) fn prove(invariant: Invariant, scene: &Scene<'_>) -> Result<(), String> {
    let held = match invariant {
        Invariant::Ack => Acknowledged::read(&scene.environment.repo()).and_then(|now| now.keeps(scene.before)),
        Invariant::Agree => agree(&scene.environment.repo()),
        Invariant::Whole => whole(&scene.environment.repo()),
        Invariant::Point => point(&scene.environment.repo()),
        Invariant::Tree => tree(scene),
        Invariant::Live => live(scene),
        Invariant::Loud => loud(scene),
        Invariant::Asof => as_of(scene),
        Invariant::Money => super::money::money(&scene.environment.repo()),
        Invariant::Repro => repro(scene),
    };
    held.map_err(|why| format!("{}: {why}", invariant.word()))
}

/// Ledger, database, Parquet and the experiment record say the same, row by row.
fn agree(repo: &Path) -> Result<(), String> {
    let stores = stores(repo)?;
    for part in [StorePart::Ledger, StorePart::Database, StorePart::Parquet, StorePart::Experiments] {
        let found = store::inspect(&stores, part).map_err(|error| error.to_string())?;
        if let Some(damage) = found.damages.first() {
            return Err(format!("{}: {}", damage.path.display(), damage.what));
        }
    }
    Ok(())
}

/// No file that was being written is left, every line of the records is whole, every model is what its manifest
/// says, and the stores agree.
fn whole(repo: &Path) -> Result<(), String> {
    if let Some(path) = first_below(repo, &|path| durable::is_temporary(path)) {
        return Err(format!("{} was left half-written", path.display()));
    }
    for record in ["experiments/experiments.jsonl", "logs/monitor/metrics.jsonl"] {
        let text = fs::read_to_string(repo.join(record)).unwrap_or_default();
        let torn = text.lines().position(|line| serde_json::from_str::<serde_json::Value>(line).is_err());
        if let Some(line) = torn {
            return Err(format!("{record}:{} is no line of it", line + 1));
        }
    }
    for model in super::place::fitting(repo, "models/*/*") {
        if model.is_dir() && !is_hidden(&model) {
            model_is_whole(&model)?;
        }
    }
    agree(repo)
}

fn first_below(path: &Path, wanted: &dyn Fn(&Path) -> bool) -> Option<std::path::PathBuf> {
    for entry in fs::read_dir(path).ok()?.flatten() {
        let (path, is_directory) = (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir()));
        if wanted(&path) {
            return Some(path);
        }
        if is_directory
            && entry.file_name() != ".git"
            && let Some(found) = first_below(&path, wanted)
        {
            return Some(found);
        }
    }
    None
}

/// Says whether a name begins with a dot: the system's own, no model.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn model_is_whole(model: &Path) -> Result<(), String> {
    let shown = model.display();
    let text = fs::read_to_string(model.join("MANIFEST.json")).map_err(|error| format!("{shown}: {error}"))?;
    let manifest: serde_json::Value = serde_json::from_str(&text).map_err(|error| format!("{shown}: {error}"))?;
    let files = manifest["files"].as_object().ok_or_else(|| format!("{shown}: its manifest names no files"))?;
    for (name, digest) in files {
        let found = Digest::of_file(&model.join(name)).map_err(|error| format!("{shown}/{name}: {error}"))?;
        if Some(found.to_string().as_str()) != digest.as_str() {
            return Err(format!("{shown}/{name} is not what its manifest says"));
        }
    }
    Ok(())
}

/// Every `current` is a link of one component to a whole model of its own job.
fn point(repo: &Path) -> Result<(), String> {
    let jobs: Vec<_> =
        super::place::fitting(repo, "models/*").into_iter().filter(|path| path.is_dir() && !is_hidden(path)).collect();
    if jobs.is_empty() {
        return Err("there is no model".into());
    }
    for job in jobs {
        let current = job.join("current");
        let shown = current.display();
        let target = fs::read_link(&current).map_err(|error| format!("{shown}: {error}"))?;
        if target.components().count() != 1 || target.is_absolute() || target.starts_with("..") {
            return Err(format!("{shown} points to {}", target.display()));
        }
        model_is_whole(&job.join(target))?;
    }
    Ok(())
}

fn tree(scene: &Scene<'_>) -> Result<(), String> {
    let differences = tree_differences(scene.tree, &scene.environment.repo()).map_err(|error| error.to_string())?;
    if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
}

/// Nobody is at work who should not be, and no port is held by them.
fn live(scene: &Scene<'_>) -> Result<(), String> {
    let root = scene.environment.root().join("");
    let watch = Stopwatch::start();
    loop {
        let left = within(&root);
        if left.len() <= scene.beside {
            break;
        }
        if watch.seconds() > GONE_SECONDS {
            let names: Vec<String> = left.into_iter().map(ProcessId::command).collect();
            return Err(format!("still at work: {}", names.join(", ")));
        }
        pause(Duration::from_millis(5));
    }
    if scene.beside == 0 {
        for port in scene.environment.ports() {
            std::net::TcpListener::bind(("127.0.0.1", *port)).map_err(|error| format!("port {port}: {error}"))?;
        }
    }
    Ok(())
}

/// What met the fault said so by its exit code, with one error and a remedy; the secret that it was given is in no
/// output, log, report or record.
fn loud(scene: &Scene<'_>) -> Result<(), String> {
    let failed: Vec<&Ran> = scene.faulted.iter().filter(|ran| ran.run.ended.shell_code() != Some(0)).collect();
    if failed.is_empty() {
        return Err("no command that met the fault ended with another exit code than 0".into());
    }
    for ran in failed {
        let errors = ran.run.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        let remedies = ran.run.stderr.lines().filter(|line| line.starts_with("hint: ")).count();
        if errors != 1 || remedies != 1 {
            return Err(format!("{} says {errors} errors and {remedies} remedies", ran.run.name));
        }
    }
    if let Some(ran) = scene.runs.iter().chain(scene.faulted).find(|ran| said(ran).contains(CANARY)) {
        return Err(format!("{} tells the secret that it was given", ran.run.name));
    }
    let repo = scene.environment.repo();
    let holds = |path: &Path| {
        path.is_file() && fs::read(path).is_ok_and(|bytes| bytes.windows(CANARY.len()).any(|w| w == CANARY.as_bytes()))
    };
    for place in ["logs", "reports", "experiments", "monitor"] {
        if let Some(path) = first_below(&repo.join(place), &holds) {
            return Err(format!("{} holds the secret that its command was given", path.display()));
        }
    }
    Ok(())
}

/// No new experiment was worked for a date that it could not know, and no store holds a newer row.
fn as_of(scene: &Scene<'_>) -> Result<(), String> {
    let dates = |key: &'static str| {
        let lines = scene.runs.iter().flat_map(|ran| &ran.seen.experiments);
        lines.filter_map(move |line| line.get(key)?.as_str()?.parse::<jiff::civil::Date>().ok())
    };
    let newest = dates("as_of").max().ok_or("no experiment names the date that it worked for")?;
    let now = Acknowledged::read(&scene.environment.repo())?;
    let later = now.rows.keys().find(|(_, date)| *date > newest);
    later.map_or(Ok(()), |(table, date)| Err(format!("{table} holds {date}, newer than {newest}")))
}

/// The last run of every command that had a result before the fault gives the same one.
fn repro(scene: &Scene<'_>) -> Result<(), String> {
    let names: BTreeSet<&String> = scene.runs.iter().map(|ran| &ran.run.name).collect();
    let mut compared = 0;
    for name in names {
        let results: Vec<String> =
            scene.runs.iter().filter(|ran| &ran.run.name == name).filter_map(|ran| ran.seen.result()).collect();
        if let [first, .., last] = results.as_slice() {
            compared += 1;
            if first != last {
                return Err(format!("{name} gave {first} before and gives {last}"));
            }
        }
    }
    if compared == 0 { Err("no command ran with a result both before and after".into()) } else { Ok(()) }
}
