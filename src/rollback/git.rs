//! The code layer's way back: a baseline tag, and a reset to it that ends in a proof.

use std::{fs, path::Path};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Fingerprint, RollbackError, compare, fingerprint_again, tree::unreadable};
use crate::{
    clock::{Clock, Stopwatch},
    durable,
    record::{Layer, ProofRecord, RollbackRecord},
    vault::Vault,
};

/// The file in git's directory that says that a rollback is under way.
pub const INTENT_FILE: &str = "LIGHTHUNTER_ROLLBACK";

/// What a rollback is about to do; on disk from before its first act until its end is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// HEAD's commit at the start.
    pub from: String,
    /// The state it goes to.
    pub to: String,
    /// When it started.
    pub started_at: Timestamp,
}

/// A rollback of the code layer, with its proof.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeRollback {
    /// What was done.
    pub rollback: RollbackRecord,
    /// The fingerprints before the fault and after the rollback, compared.
    pub proof: ProofRecord,
}

/// Tags HEAD as `war-baseline-YYYYMMDD` and returns the tag. A second baseline of one day on another
/// commit gets `-2`, a third `-3`: no baseline is ever moved.
///
/// # Errors
/// `Dirty` when the tree is not clean: what is not committed cannot be gone back to.
pub fn set_baseline(root: &Path, date: Date, clock: &Clock) -> Result<String, RollbackError> {
    let vault = Vault::open(root)?;
    vault.require_clean()?;
    let name = free_tag(&vault, &format!("war-baseline-{}", date.strftime("%Y%m%d")))?;
    vault.tag(&name, None, clock.now())?;
    Ok(name)
}

/// Returns `first`, or the first of `first-2`, `first-3`, ... that is free or names HEAD already.
pub(super) fn free_tag(vault: &Vault, first: &str) -> Result<String, RollbackError> {
    let taken = vault.tags(&format!("{first}*"))?;
    let head = vault.head()?;
    let mut name = first.to_owned();
    let mut number = 2;
    while taken.contains(&name) && vault.resolve(&name)? != head {
        name = format!("{first}-{number}");
        number += 1;
    }
    Ok(name)
}

/// Returns the rollback that was interrupted in the repository at `root`, if one was.
///
/// # Errors
/// When `root` is no repository or the intent cannot be read.
pub fn interrupted(root: &Path) -> Result<Option<Intent>, RollbackError> {
    let path = Vault::open(root)?.git_directory().join(INTENT_FILE);
    match fs::read(&path) {
        // An intent that does not parse still says that something was under way.
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).unwrap_or(Intent {
            from: "unknown".into(),
            to: "unknown".into(),
            started_at: Timestamp::UNIX_EPOCH,
        }))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(unreadable(&path)(source)),
    }
}

/// Takes the code layer back to the tag `to` and proves that the whole state is `before` again.
/// The seconds of the rollback run from its start to the end of the proof. Running it again after an
/// interruption goes on and ends in the same state.
///
/// # Errors
/// With nothing touched: no such tag, a damaged target, a held lock, no repository. Otherwise when a
/// file cannot be written; a proof that does not hold is no error here but the record's.
pub fn code(root: &Path, to: &str, before: &Fingerprint, clock: &Clock) -> Result<CodeRollback, RollbackError> {
    let watch = Stopwatch::start();
    let vault = Vault::open(root)?;
    vault.preflight_reset(to, clock)?;
    let mut actions = Vec::new();
    if let Some(intent) = interrupted(root)? {
        actions.push(format!("resumed a rollback to {} that was interrupted", intent.to));
    }
    let intent = Intent { from: vault.head()?, to: to.into(), started_at: clock.now() };
    let intent_path = vault.git_directory().join(INTENT_FILE);
    durable::replace(&intent_path, serde_json::to_vec(&intent).unwrap_or_default())?;
    actions.extend(vault.reset_hard(to, clock)?.actions);

    let proving = Stopwatch::start();
    let proof = compare(before, &fingerprint_again(root, before)?, 0.0);
    let proof = ProofRecord { seconds: proving.seconds(), ..proof };
    durable::remove_file(&intent_path)?;
    let verdict = if proof.holds { "holds" } else { "does not hold" };
    actions.push(format!("fingerprint proof {verdict} ({} layers)", proof.layers.len()));
    let rollback = RollbackRecord {
        layers: vec![Layer::Code],
        to: to.into(),
        succeeded: proof.holds,
        at_seconds: 0.0,
        seconds: watch.seconds(),
        actions,
    };
    Ok(CodeRollback { rollback, proof })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{INTENT_FILE, code, interrupted, set_baseline};
    use crate::{
        clock::Clock,
        durable::{make_directory, point, replace},
        record::Layer,
        rollback::fingerprint,
        vault::Vault,
    };

    fn workspace(root: &Path) -> Vault {
        let vault = Vault::init(root).expect("made");
        for directory in ["config", "strategy", "data/raw", "models/job/20250102_a"] {
            make_directory(&root.join(directory)).expect("made");
        }
        for (path, text) in [
            (".gitignore", "/data/\n/models/\n"),
            ("config/system_config.json", "{}"),
            ("strategy/u1.luau", "return {}"),
            ("README.md", "mine"),
            ("data/store", "rows"),
            ("models/job/20250102_a/model.json", "{}"),
        ] {
            replace(&root.join(path), text).expect("written");
        }
        point(&root.join("models/job/current"), Path::new("20250102_a")).expect("linked");
        vault.commit_all("first", Clock::system().now()).expect("committed");
        vault
    }

    #[test]
    fn rollback_takes_the_code_back_and_proves_it() {
        let room = tempfile::tempdir().expect("a directory");
        let clock = Clock::system();
        let vault = workspace(room.path());
        let tag = set_baseline(room.path(), jiff::civil::date(2025, 1, 2), &clock).expect("tagged");
        assert_eq!(tag, "war-baseline-20250102");
        let before = fingerprint(room.path()).expect("a state");
        replace(&room.path().join("config/system_config.json"), "{broken").expect("written");
        vault.commit_all("bad", clock.now()).expect("committed");
        fs::remove_file(room.path().join("README.md")).expect("removed");
        let done = code(room.path(), &tag, &before, &clock).expect("rolled back");
        assert!(done.proof.holds, "{:?}", done.proof);
        assert!(done.rollback.succeeded && done.proof.layers.len() == 5);
        assert_eq!(interrupted(room.path()).expect("readable"), None, "no intent is left");
    }

    #[test]
    fn each_layer_shows_its_own_damage() {
        let damage: [(&str, Layer); 6] = [
            ("config/system_config.json", Layer::Config),
            ("strategy/u1.luau", Layer::Config),
            ("models/job/20250102_a/model.json", Layer::Models),
            ("data/store", Layer::Data),
            ("README.md", Layer::Rest),
            ("untracked.txt", Layer::Rest),
        ];
        for (path, layer) in damage {
            let room = tempfile::tempdir().expect("a directory");
            workspace(room.path());
            let before = fingerprint(room.path()).expect("a state");
            replace(&room.path().join(path), "damaged").expect("written");
            let proof = super::compare(&before, &fingerprint(room.path()).expect("a state"), 0.0);
            let differing: Vec<Layer> =
                proof.layers.iter().filter(|proof| !proof.differences.is_empty()).map(|proof| proof.layer).collect();
            assert_eq!(differing, [layer], "{path}");
            assert!(!proof.holds);
        }
    }

    #[test]
    fn pointer_tag_and_lock_are_part_of_the_state() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = workspace(room.path());
        let states = || fingerprint(room.path()).expect("a state");
        let first = states();
        vault.tag("x", None, Clock::system().now()).expect("tagged");
        let tagged = states();
        assert!(!super::compare(&first, &tagged, 0.0).holds, "a reference was added");
        point(&room.path().join("models/job/current"), Path::new("nowhere")).expect("linked");
        assert!(!super::compare(&tagged, &states(), 0.0).holds, "the pointer moved");
        point(&room.path().join("models/job/current"), Path::new("20250102_a")).expect("linked");
        assert!(super::compare(&tagged, &states(), 0.0).holds, "and back");
        replace(&vault.git_directory().join("index.lock"), "").expect("written");
        assert!(!super::compare(&tagged, &states(), 0.0).holds, "a lock was left");
    }

    #[test]
    fn interrupted_rollback_is_said_and_gone_on_with() {
        let room = tempfile::tempdir().expect("a directory");
        let clock = Clock::system();
        let vault = workspace(room.path());
        let tag = set_baseline(room.path(), jiff::civil::date(2025, 1, 2), &clock).expect("tagged");
        let before = fingerprint(room.path()).expect("a state");
        replace(&vault.git_directory().join(INTENT_FILE), "{\"from\": tor").expect("written");
        let done = code(room.path(), &tag, &before, &clock).expect("rolled back");
        assert_eq!(done.rollback.actions[0], "resumed a rollback to unknown that was interrupted");
    }

    #[test]
    fn second_baseline_of_a_day_moves_no_tag() {
        let room = tempfile::tempdir().expect("a directory");
        let clock = Clock::system();
        let vault = workspace(room.path());
        let set = || set_baseline(room.path(), jiff::civil::date(2025, 1, 2), &clock);
        assert_eq!(set().expect("tagged"), set().expect("the same"));
        replace(&room.path().join("README.md"), "other").expect("written");
        assert!(set().is_err(), "a dirty tree has no baseline");
        vault.commit_all("second", clock.now()).expect("committed");
        assert_eq!(set().expect("tagged"), "war-baseline-20250102-2");
    }
}
