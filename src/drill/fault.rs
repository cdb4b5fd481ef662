//! Faults: how each is injected, how the injection is seen to have taken, and what undoes it. Which
//! there are is the catalogue's to say.

use std::{
    fs,
    path::{Path, PathBuf},
};

use regex::{NoExpand, Regex};
use serde_json::{Value, json};

use super::{
    DrillError,
    catalogue::{CATALOGUE, Signs},
    fault_stores,
};
use crate::{
    clock::Clock,
    config,
    digest::Digest,
    durable::{self, DurableError},
    vault::{IndexEntry, Vault},
};

/// One way to break a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Its name in features and reports.
    pub id: &'static str,
    /// What it does, as one sentence.
    pub what: &'static str,
    /// The same in Chinese; empty where a target does not say it.
    pub what_zh: &'static str,
    /// The manual's chapter.
    pub chapter: &'static str,
    /// What must show it in the next run; `None` where no command must fail.
    pub signs: Option<Signs>,
    /// How it is injected.
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text file of the target is edited.
    Text { file: &'static str, edit: Edit },
    /// The bytes of a file of the target are damaged, whether git tracks it or not.
    Bytes { file: &'static str, damage: Damage },
    /// A command is killed as soon as `when` is there, a path of the repository.
    Kill { command: &'static str, when: &'static str },
    /// Tracked files are edited, deleted and added, part of it committed.
    Code,
    /// A database is damaged in place, and the newer half of a table's partitions removed.
    Stores { database: &'static str, table: &'static str },
    /// A command of the target puts another model in force.
    Command(&'static str),
}

/// Damage to a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// All bits of one byte are inverted, the middle one where none is named.
    Flip { at_byte: Option<u64> },
    /// The end is cut off; half is left where nothing is named.
    Truncate { keep_bytes: Option<u64> },
    /// The file is removed.
    Delete,
}

/// An edit of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    /// A value of a JSON file becomes another text.
    Pointer { pointer: &'static str, text: &'static str },
    /// A value of a JSON, YAML or TOML file becomes another, given as JSON.
    Value { pointer: &'static str, json: &'static str },
    /// The first match of a regular expression becomes this.
    Replace { pattern: &'static str, with: &'static str },
    /// The file holds this and nothing else.
    Whole(&'static str),
}

/// A fault that was to be injected, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Injection {
    /// The fault.
    pub fault: Fault,
    /// It took; or how it was seen that it did not.
    pub taken: Result<(), String>,
    /// The change to the target's files, as a diff against the commit before.
    pub diff: String,
    undo: Vec<Undo>,
}

/// One file as it was before.
#[derive(Debug, Clone, PartialEq)]
struct Undo {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

impl Fault {
    /// Returns the fault of that id.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        CATALOGUE.iter().find(|fault| fault.id == id).copied()
    }

    /// Returns what a journal must hold to undo the fault: the files it changes with their digests.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn plan(&self, repo: &Path) -> Result<Value, DrillError> {
        let vault = Vault::open(repo)?;
        let files: Vec<Value> = self
            .files(&vault)?
            .into_iter()
            .map(|path| {
                let digest = fs::read(repo.join(&path)).ok().map(|bytes| Digest::of(bytes).to_string());
                json!({ "path": path, "sha256": digest })
            })
            .collect();
        let links = if self.command().is_some() { fault_stores::pointers(repo)? } else { Vec::new() };
        Ok(json!({ "fault": self.id, "head": vault.head()?, "files": files, "links": links }))
    }

    /// Breaks the repository at `repo` and looks whether it took.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn inject(&self, repo: &Path, clock: &Clock) -> Result<Injection, DrillError> {
        let vault = Vault::open(repo)?;
        let files = self.files(&vault)?;
        let undo =
            files.iter().map(|path| Undo { path: repo.join(path), bytes: fs::read(repo.join(path)).ok() }).collect();
        let taken = match self.kind {
            Kind::Text { file, edit } => edit_text(&repo.join(file), file, edit)?,
            Kind::Bytes { file, damage } => damage_bytes(&repo.join(file), file, damage)?,
            Kind::Kill { when, .. } => armed(&repo.join(when), when),
            Kind::Code => damage_code(&vault, &files, clock)?,
            Kind::Stores { database, table } => fault_stores::damage(repo, database, table)?,
            Kind::Command(command) => Err(format!("{command} was not run")),
        };
        let diff = match self.kind {
            // Git does not show what it does not track, and of binary files nothing that can be read.
            Kind::Bytes { .. } | Kind::Kill { .. } | Kind::Stores { .. } | Kind::Command(_) => {
                format!("{}\n", self.what)
            }
            Kind::Text { .. } | Kind::Code => vault.diff()?,
        };
        Ok(Injection { fault: *self, taken, diff, undo })
    }

    /// Injects nothing: for control runs, in which no probe may see a fault.
    #[must_use]
    pub fn withhold(&self) -> Injection {
        let taken = Err("a control run injects nothing".into());
        Injection { fault: *self, taken, diff: String::new(), undo: Vec::new() }
    }

    /// Returns what kills the command `name` while it runs: the path, relative to the repository, that it
    /// must have made.
    #[must_use]
    pub(super) fn kills(&self, name: &str) -> Option<&'static str> {
        match self.kind {
            Kind::Kill { command, when } if command == name => Some(when),
            _ => None,
        }
    }

    /// Returns the command of the target that injects it, where one does.
    #[must_use]
    pub(super) const fn command(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Command(command) => Some(command),
            _ => None,
        }
    }

    /// Says that its command ran, and whether that took.
    #[must_use]
    pub(super) fn performed(&self, taken: Result<(), String>) -> Injection {
        Injection { fault: *self, taken, diff: format!("{}\n", self.what), undo: Vec::new() }
    }

    fn files(&self, vault: &Vault) -> Result<Vec<String>, DrillError> {
        match self.kind {
            Kind::Text { file, .. } | Kind::Bytes { file, .. } => Ok(vec![file.to_owned()]),
            Kind::Kill { .. } | Kind::Command(_) => Ok(Vec::new()),
            Kind::Stores { database, table } => fault_stores::files(vault.root(), database, table),
            Kind::Code => Ok(damaged_files(&vault.index_entries()?)),
        }
    }
}

impl Injection {
    /// Puts every file back as it was before the injection; doing it twice does no harm. Commits stay:
    /// they are the rollback's to take back.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn undo(&self) -> Result<(), DrillError> {
        for file in self.undo.iter().rev() {
            match &file.bytes {
                Some(bytes) => {
                    durable::make_directory(file.path.parent().unwrap_or(&file.path))?;
                    durable::replace(&file.path, bytes)?;
                }
                None if file.path.symlink_metadata().is_ok() => {
                    fs::remove_file(&file.path).map_err(DurableError::at("remove", &file.path))?;
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// Edits the file and reads it back; the inner result says whether it took. `name` is what people call it.
fn edit_text(path: &Path, name: &str, edit: Edit) -> Result<Result<(), String>, DrillError> {
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Err(format!("there is no {name}"))),
        Err(source) => return Err(DrillError::Unreadable { path: path.into(), source }),
    };
    let broken = match edit.of(path, name, &before) {
        Ok(broken) if broken == before => return Ok(Err(format!("{name} was broken before: {edit} changes nothing"))),
        Ok(broken) => broken,
        Err(why) => return Ok(Err(why)),
    };
    durable::replace(path, &broken)?;
    let found = fs::read_to_string(path).map_err(|source| DrillError::Unreadable { path: path.into(), source })?;
    Ok(if found == broken { Ok(()) } else { Err(format!("{name} does not read back as it was written")) })
}

impl Edit {
    /// Returns the text after the edit, or why it does not apply.
    fn of(self, path: &Path, name: &str, before: &str) -> Result<String, String> {
        match self {
            Self::Pointer { pointer, text } => {
                let value = Value::String(text.into());
                config::replace_pointer(path, before, pointer, &value).map_err(|error| error.to_string())
            }
            Self::Value { pointer, json } => {
                let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
                config::replace_pointer_by_format(path, before, pointer, &value).map_err(|error| error.to_string())
            }
            Self::Replace { pattern, with } => {
                let found = Regex::new(pattern).map_err(|error| error.to_string())?;
                if !found.is_match(before) {
                    return Err(format!("nothing in {name} matches {pattern}"));
                }
                Ok(found.replace(before, NoExpand(with)).into_owned())
            }
            Self::Whole(text) => Ok(text.into()),
        }
    }
}

impl std::fmt::Display for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pointer { pointer, text } => write!(f, "{pointer} = \"{text}\""),
            Self::Value { pointer, json } => write!(f, "{pointer} = {json}"),
            Self::Replace { with, .. } => write!(f, "'{with}'"),
            Self::Whole(_) => f.write_str("its new text"),
        }
    }
}

/// Damages the file and reads it back; the inner result says whether it took.
fn damage_bytes(path: &Path, name: &str, damage: Damage) -> Result<Result<(), String>, DrillError> {
    let unreadable = |source| DrillError::Unreadable { path: path.into(), source };
    let mut bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Err(format!("there is no {name}"))),
        Err(source) => return Err(unreadable(source)),
    };
    let length = bytes.len();
    let place = |asked: Option<u64>| asked.map_or(Some(length / 2), |asked| usize::try_from(asked).ok());
    match damage {
        Damage::Flip { at_byte } => {
            let Some(byte) = place(at_byte).and_then(|at| bytes.get_mut(at)) else {
                return Ok(Err(format!("{name} has only {length} bytes")));
            };
            *byte = !*byte;
        }
        Damage::Truncate { keep_bytes } => match place(keep_bytes) {
            Some(keep) if keep < length => bytes.truncate(keep),
            _ => return Ok(Err(format!("{name} has only {length} bytes"))),
        },
        Damage::Delete => {
            fs::remove_file(path).map_err(DurableError::at("remove", path))?;
            return Ok(if path.exists() { Err(format!("{name} is still there")) } else { Ok(()) });
        }
    }
    durable::replace(path, &bytes)?;
    let found = fs::read(path).map_err(unreadable)?;
    Ok(if found == bytes { Ok(()) } else { Err(format!("{name} does not read back as it was written")) })
}

/// A command can only be killed at a path that is not there before it runs.
fn armed(path: &Path, name: &str) -> Result<(), String> {
    if path.symlink_metadata().is_ok() { Err(format!("{name} is there before the command runs")) } else { Ok(()) }
}

/// Chooses four files of any repository: three that it tracks, one that it does not.
fn damaged_files(entries: &[IndexEntry]) -> Vec<String> {
    // What a person edits first: code and config, not the file that says what git ignores.
    let mut tracked: Vec<String> =
        entries.iter().map(|entry| entry.path.clone()).filter(|path| !path.starts_with(".git")).collect();
    tracked.sort_by_key(|path| (!path.starts_with("strategy/"), !path.starts_with("config/"), path.clone()));
    tracked.truncate(3);
    tracked.push("war_damage.txt".into());
    tracked
}

fn damage_code(vault: &Vault, files: &[String], clock: &Clock) -> Result<Result<(), String>, DrillError> {
    let [edited, deleted, edited_later, added] = files else {
        return Ok(Err(format!("the repository tracks {} files; three are needed", files.len().saturating_sub(1))));
    };
    let path = |file: &String| vault.root().join(file);
    let before = vault.head()?;
    durable::replace(&path(edited), "this is not what it was\n")?;
    fs::remove_file(path(deleted)).map_err(DurableError::at("remove", &path(deleted)))?;
    durable::replace(&path(added), "this was not here\n")?;
    // Only its own files: what a person left in the tree is not the fault's to touch.
    vault.commit_files(&[edited, deleted, added], "break: a change that should not have been made", clock.now())?;
    durable::replace(&path(edited_later), "nor is this\n")?;
    let status = vault.status()?;
    if vault.head()? == before || !status.changed.contains(edited_later) {
        return Ok(Err(format!("the damage is not seen: git status is {status}")));
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::Fault;
    use crate::{clock::Clock, durable, rollback::fingerprint, vault::Vault};

    const CONFIG: &str = "{\n  \"storage\": {\"ts\": {\"duckdb_path\": \"data/lighthunter.duckdb\"}}\n}\n";

    const PORTFOLIO: &str = "return { weights = { u1 = 0.4, u2 = 0.6 } }\n";

    fn repository(root: &Path) -> Vault {
        let vault = Vault::init(root).expect("made");
        for (path, text) in [
            ("config/system_config.json", CONFIG),
            ("strategy/u1.luau", "1"),
            ("strategy/portfolio.luau", PORTFOLIO),
            ("a.txt", "a"),
        ] {
            let path = root.join(path);
            durable::make_directory(path.parent().expect("a parent")).expect("made");
            durable::replace(&path, text).expect("written");
        }
        vault.commit_all("first", Clock::system().now()).expect("committed");
        vault
    }

    #[test]
    fn path_fault_takes_shows_as_a_diff_and_is_undone_twice() {
        let room = tempfile::tempdir().expect("a directory");
        repository(room.path());
        let before = fingerprint(room.path()).expect("a state");
        let fault = Fault::named("duckdb-path").expect("in the catalogue");
        let injection = fault.inject(room.path(), &Clock::system()).expect("injected");
        assert_eq!(injection.taken, Ok(()));
        assert!(injection.diff.contains("__invalid_path__"), "{}", injection.diff);
        assert_ne!(fingerprint(room.path()).expect("a state"), before);
        for _ in 0..2 {
            injection.undo().expect("undone");
            assert_eq!(fingerprint(room.path()).expect("a state"), before);
        }
    }

    #[test]
    fn text_faults_take_once_and_are_undone() {
        let room = tempfile::tempdir().expect("a directory");
        repository(room.path());
        let before = fingerprint(room.path()).expect("a state");
        for (id, shown) in
            [("strategy-weight", "+return { weights = { u1 = 1.7, u2 = 0.6 } }"), ("strategy-nan", "0 / 0")]
        {
            let fault = Fault::named(id).expect("in the catalogue");
            let injection = fault.inject(room.path(), &Clock::system()).expect("injected");
            assert_eq!(injection.taken, Ok(()), "{id}");
            assert!(injection.diff.contains(shown), "{}", injection.diff);
            let again = fault.inject(room.path(), &Clock::system()).expect("tried");
            assert!(again.taken.expect_err("broken already").contains("was broken before"));
            injection.undo().expect("undone");
            assert_eq!(fingerprint(room.path()).expect("a state"), before, "{id}");
        }
    }

    #[test]
    fn text_fault_without_its_file_or_words_does_not_take() {
        let room = tempfile::tempdir().expect("a directory");
        repository(room.path());
        let fault = Fault::named("strategy-weight").expect("in the catalogue");
        let portfolio = room.path().join("strategy/portfolio.luau");
        let why = || fault.inject(room.path(), &Clock::system()).expect("tried").taken.expect_err("it took");
        durable::replace(&portfolio, "return { weights = {} }\n").expect("written");
        assert!(why().contains("nothing in strategy/portfolio.luau matches"), "{}", why());
        fs::remove_file(&portfolio).expect("removed");
        assert_eq!(why(), "there is no strategy/portfolio.luau");
    }

    #[test]
    fn fault_that_cannot_take_says_so() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = repository(room.path());
        let fault = Fault::named("duckdb-path").expect("in the catalogue");
        let config = room.path().join("config/system_config.json");
        durable::replace(&config, "{\"storage\": {}}").expect("written");
        let injection = fault.inject(room.path(), &Clock::system()).expect("tried");
        assert!(injection.taken.expect_err("no such key").contains("/storage/ts/duckdb_path"));
        assert_eq!(fs::read_to_string(&config).expect("readable"), "{\"storage\": {}}");
        assert!(fault.withhold().taken.is_err(), "a control run injects nothing");
        drop(vault);
    }

    #[test]
    fn code_damage_is_a_commit_and_more() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = repository(room.path());
        let head = vault.head().expect("a head");
        let fault = Fault::named("code-damage").expect("in the catalogue");
        let injection = fault.inject(room.path(), &Clock::system()).expect("injected");
        assert_eq!(injection.taken, Ok(()));
        assert_ne!(vault.head().expect("a head"), head);
        assert!(!vault.status().expect("a status").is_clean());
    }
}
