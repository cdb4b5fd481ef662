//! The undo log of an injection: the files that it is about to change, kept beside the environment's
//! repository before they are touched, and what puts them back. Knows no fault: what is kept is what the
//! fault's plan names.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DrillError;
use crate::{
    clock::Clock,
    digest::Digest,
    durable::{self, DurableError},
    vault::Vault,
};

/// What puts a repository back as it was before an injection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UndoLog {
    /// The repository.
    repo: PathBuf,
    /// HEAD's commit before.
    head: String,
    /// The files before.
    files: Vec<Kept>,
    /// The symbolic links before: the path of each, relative to the repository, and where it pointed.
    #[serde(default)]
    links: Vec<(PathBuf, PathBuf)>,
}

/// One file before an injection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// The file, relative to the repository.
    path: PathBuf,
    /// Where its bytes are kept; `None` when there was no such file.
    bytes: Option<PathBuf>,
    /// Their digest.
    sha256: Option<String>,
}

impl UndoLog {
    /// Keeps the files that `plan` names (`files[].path`, relative to `repo`) under `room`, and where its `links`
    /// point.
    ///
    /// # Errors
    /// When a file cannot be read or kept: then nothing may be injected.
    pub(super) fn keep(repo: &Path, room: &Path, plan: &Value) -> Result<Self, DrillError> {
        let named = plan.get("files").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let paths = named.iter().filter_map(|file| file.get("path").and_then(Value::as_str));
        let links = plan.get("links").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let links = links.iter().filter_map(Value::as_str).map(|path| {
            let target = fs::read_link(repo.join(path)).map_err(DurableError::at("read", &repo.join(path)))?;
            Ok((path.into(), target))
        });
        durable::make_directory(room)?;
        let files = paths.enumerate().map(|(number, path)| keep_file(repo, path, &room.join(number.to_string())));
        Ok(Self {
            repo: repo.into(),
            head: Vault::open(repo)?.head()?,
            files: files.collect::<Result<_, DurableError>>()?,
            links: links.collect::<Result<_, DurableError>>()?,
        })
    }

    /// Puts everything back; doing it twice does no harm. Returns what was put back, as sentences.
    ///
    /// # Errors
    /// When a file cannot be written, or what was kept is not what it was.
    pub(super) fn undo(&self, clock: &Clock) -> Result<Vec<String>, DrillError> {
        let mut done = Vec::new();
        let vault = Vault::open(&self.repo)?;
        if vault.head()? != self.head {
            // Whoever held a lock of this clone is no more: it is the drill's own.
            vault.clear_locks_of_the_dead(Timestamp::UNIX_EPOCH, clock)?;
            vault.reset_hard(&self.head, clock)?;
            done.push(format!("reset to {}", self.head.get(..10).unwrap_or(&self.head)));
        }
        for file in self.files.iter().rev() {
            let path = self.repo.join(&file.path);
            if digest_at(&path).map_err(DurableError::at("read", &path))? == file.sha256 {
                continue;
            }
            match &file.bytes {
                Some(kept) => put_back(kept, &path, file.sha256.as_deref())?,
                None => fs::remove_file(&path).map_err(DurableError::at("remove", &path))?,
            }
            done.push(format!("put {} back", file.path.display()));
        }
        for (path, target) in &self.links {
            let link = self.repo.join(path);
            if fs::read_link(&link).ok().as_ref() != Some(target) {
                durable::point(&link, target)?;
                done.push(format!("put {} back", path.display()));
            }
        }
        Ok(done)
    }
}

fn keep_file(repo: &Path, path: &str, kept: &Path) -> Result<Kept, DurableError> {
    let whole = repo.join(path);
    let sha256 = digest_at(&whole).map_err(DurableError::at("read", &whole))?;
    if sha256.is_some() {
        let mut source = File::open(&whole).map_err(DurableError::at("open", &whole))?;
        let mut target = File::create(kept).map_err(DurableError::at("make", kept))?;
        io::copy(&mut source, &mut target).map_err(DurableError::at("keep", &whole))?;
        let mode = source.metadata().map_err(DurableError::at("read", &whole))?.permissions();
        target.set_permissions(mode).map_err(DurableError::at("keep", &whole))?;
    }
    Ok(Kept { path: path.into(), bytes: sha256.is_some().then(|| kept.into()), sha256 })
}

fn put_back(kept: &Path, path: &Path, sha256: Option<&str>) -> Result<(), DrillError> {
    let bytes = fs::read(kept).map_err(DurableError::at("read", kept))?;
    if Some(Digest::of(&bytes).to_string().as_str()) != sha256 {
        return Err(DrillError::UndoDamaged(kept.into()));
    }
    durable::make_directory(path.parent().unwrap_or(path))?;
    let mode = fs::metadata(kept).map_err(DurableError::at("read", kept))?.permissions();
    Ok(durable::replace_with(path, |file| {
        file.write_all(&bytes)?;
        file.set_permissions(mode)
    })?)
}

/// Returns the digest of the file at `path`; `None` where there is none.
fn digest_at(path: &Path) -> io::Result<Option<String>> {
    match Digest::of_file(path) {
        Ok(digest) => Ok(Some(digest.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::UndoLog;
    use crate::{clock::Clock, drill::Fault, durable, rollback::fingerprint, vault::Vault};

    #[test]
    fn bad_commit_and_edits_are_taken_back_twice_without_harm() {
        let room = tempfile::tempdir().expect("a directory");
        let repo = room.path().join("repo");
        let vault = Vault::init(&repo).expect("made");
        for name in ["a.txt", "b.txt", "c.txt"] {
            durable::replace(&repo.join(name), name).expect("written");
        }
        let clock = Clock::system();
        vault.commit_all("first", clock.now()).expect("committed");
        let before = fingerprint(&repo).expect("a state");
        let fault = Fault::named("code-damage").expect("in the catalogue");
        let plan = fault.plan(&repo).expect("a plan");
        let log = UndoLog::keep(&repo, &room.path().join("undo"), &plan).expect("kept");
        fault.inject(&repo, &clock).expect("injected").taken.expect("taken");
        let log: UndoLog = serde_json::from_value(serde_json::to_value(&log).expect("written")).expect("read");
        assert!(!log.undo(&clock).expect("undone").is_empty());
        assert_eq!(fingerprint(&repo).expect("a state"), before);
        assert!(log.undo(&clock).expect("undone").is_empty());
        assert_eq!(fingerprint(&repo).expect("a state"), before);

        fault.inject(&repo, &clock).expect("injected").taken.expect("taken");
        durable::replace(&room.path().join("undo/0"), "something else").expect("written");
        vault.reset_hard("HEAD~1", &clock).expect("reset");
        fs::remove_file(repo.join("a.txt")).expect("removed");
        assert!(log.undo(&clock).expect_err("damaged").to_string().contains("undo/0"));
    }
}
