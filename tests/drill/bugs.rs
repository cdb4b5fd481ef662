//! Bugs planted in the checkers and the ways back of both foreign targets, one at a time, each with the one
//! scenario that must catch it and the outcome it must get; and the table of all that are planted anywhere,
//! which `docs/drill.md` holds. `UPDATE_PAPERS=1 cargo test --test drill -- table` writes that table anew.

use std::{
    fmt::Write as _,
    fs, panic,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use lighthunter::{
    clock::Clock,
    drill::{self, DrillOptions},
    record::Verdict,
    vault::Vault,
};

use crate::{
    Check, Failed,
    bug_table::{
        ALL, Bug, CHECKERS, CODE, NOT_BACK, OWN_FILE,
        Target::{self, Python, WayBack},
        WAYS_BACK,
    },
    foreign::{self, RERUN, find, options, target},
    python, require, truth,
};

pub(crate) const CHECKS: &[Check] = &[
    ("every planted bug is caught", bugs_are_caught),
    ("the way back without a bug passes", sound_way_back_passes),
    ("the table of planted bugs is that of the tests", table_has_not_drifted),
];

/// How many bugs run side by side.
const LANES: usize = 3;
/// How many bugs the tests must plant at the least.
const BUGS_MIN: usize = 25;

fn bugs_are_caught() -> Result<(), Failed> {
    let bugs: Vec<&Bug> =
        WAYS_BACK.iter().chain(CHECKERS).filter(|bug| bug.1 != Python || !python::is_missing()).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    // Drills side by side would take each other's silence about panics away.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        for lane in 0..LANES {
            let (bugs, next, wrong) = (&bugs, &next, &wrong);
            scope.spawn(move || {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = format!("bugs_{lane}");
                    if let Err(error) = caught(bug, &name) {
                        wrong.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{}: {error}", bug.0));
                    }
                }
            });
        }
    });
    panic::set_hook(hook);
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("        {} of {} are caught", bugs.len() - wrong.len(), bugs.len());
    require(wrong.is_empty(), || wrong.join("\n        "))
}

fn caught((_, kind, file, text, becomes, scenario, expected): &Bug, name: &str) -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let mut options = planted(room.path(), *kind, Some((file, text, becomes)), name)?;
    options.name = Some(format!("^{}$", regex::escape(scenario)));
    let record = drill::run(options)?;
    let outcome = &find(&record, scenario)?.outcome;
    let reason = outcome.reason().unwrap_or_default();
    // A way back here says that all went well; one that only falls over its own bug proves nothing.
    let fell = reason.contains("the rollback ended with") && !reason.contains("exit code 0, but");
    require(outcome.name() == *expected && record.verdict == Verdict::NotReady && !fell, || {
        format!("{} instead of {expected}: {reason}", outcome.name())
    })
}

/// The scenarios pass where no bug is planted, so that a red one above is the bug's doing.
fn sound_way_back_passes() -> Result<(), Failed> {
    for scenario in [CODE, OWN_FILE, ALL, RERUN] {
        let room = tempfile::tempdir()?;
        let mut options = planted(room.path(), WayBack, None, "way_back_sound")?;
        options.name = Some(format!("^{}$", regex::escape(scenario)));
        let record = drill::run(options)?;
        let found = find(&record, scenario)?;
        require(record.verdict == Verdict::Ready && found.proven() == Some(true), || {
            format!("'{scenario}': {}", record.verdict_reason)
        })?;
    }
    Ok(())
}

fn planted(room: &Path, kind: Target, edit: Option<(&str, &str, &str)>, name: &str) -> Result<DrillOptions, Failed> {
    if kind == Python {
        return python::options(room, edit, name);
    }
    let root = target(room, None)?;
    let mut edits: Vec<(&str, &str, &str)> = edit.into_iter().collect();
    if kind == WayBack {
        edits.push(("drill.toml", "[commands]\n", "[commands]\nrollback = [\"sh\", \"way_back.sh\", \"{to}\"]\n"));
    }
    for (file, text, becomes) in edits {
        let whole = fs::read_to_string(root.join(file))?;
        require(whole.contains(text), || format!("harness error: {file} does not hold '{text}'"))?;
        lighthunter::durable::replace(&root.join(file), whole.replacen(text, becomes, 1))?;
    }
    Vault::open(&root)?.commit_all("as it is drilled", Clock::system().now())?;
    let mut options = options(&root, name)?;
    let own = root.join("features").to_string_lossy().into_owned();
    let all = ["1_bootstrap", "2_full_run", "3_failure", "4_rollback", own.as_str()];
    options.features = all.iter().map(|folder| (*folder).to_owned()).collect();
    Ok(options)
}

/// Returns every bug that the tests plant in a checker or a way back: what, scenario, outcome.
fn all_bugs() -> Vec<(String, &'static str, &'static str)> {
    let edited = |file: &str, text: &str, becomes: &str| format!("`{file}`: `{text}` becomes `{}`", becomes.trim());
    let ours = WAYS_BACK.iter().map(|bug| (format!("way back: {}", bug.0), bug.5, bug.6));
    let checkers = CHECKERS.iter().map(|bug| (format!("checker: {}", bug.0), bug.5, bug.6));
    let earlier = foreign::PLANTED.iter().chain(python::PLANTED);
    let earlier =
        earlier.map(|(file, text, becomes, scenario, outcome)| (edited(file, text, becomes), *scenario, *outcome));
    let truth = truth::TABLE.iter().map(|row| (format!("truth: {}", row.what), row.scenario, row.outcome));
    let after = foreign::ROLLBACKS.iter().filter(|(after, _)| !after.is_empty());
    let after = after
        .map(|(after, outcome)| (format!("way back of the config, then `{after}`"), foreign::CONFIG_BACK, *outcome));
    let idle = (String::from("way back of the config: nothing is taken back"), foreign::CONFIG_BACK, NOT_BACK);
    ours.chain(checkers).chain(truth).chain(earlier).chain(after).chain([idle]).collect()
}

const BEGIN: &str = "<!-- planted bugs: written by the tests -->\n";
const END: &str = "<!-- end of the planted bugs -->\n";

fn table_has_not_drifted() -> Result<(), Failed> {
    let bugs = all_bugs();
    require(WAYS_BACK.len() + CHECKERS.len() >= BUGS_MIN, || format!("only {} bugs are planted", bugs.len()))?;
    let mut table =
        format!("{} of {} are caught.\n\n| bug | scenario | outcome |\n|---|---|---|\n", bugs.len(), bugs.len());
    for (what, scenario, outcome) in &bugs {
        writeln!(table, "| {} | {scenario} | {outcome} |", what.replace('\n', "; ").replace('|', "\\|"))?;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/drill.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("docs/drill.md has no place for the table")?;
    let (found, after) = rest.split_once(END).ok_or("the table of docs/drill.md has no end")?;
    if std::env::var_os("UPDATE_PAPERS").is_some() {
        lighthunter::durable::replace(&path, format!("{before}{BEGIN}\n{table}\n{END}{after}"))?;
        return Ok(());
    }
    require(found.trim() == table.trim(), || {
        "docs/drill.md: write anew with UPDATE_PAPERS=1 cargo test --test drill -- table".into()
    })
}
