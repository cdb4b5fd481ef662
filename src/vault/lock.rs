//! Lock files that git leaves behind when it is killed. libgit2 changes the tree and then fails at
//! such a lock, so they are looked for before anything is touched: one whose owner is dead or that is
//! old is removed and said so, any other refuses.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{Vault, VaultError};
use crate::{clock::Clock, durable::DurableError};

/// The age from which a lock that no process holds open counts as left behind, seconds.
pub const STALE_AFTER_SECONDS: u64 = 10;

/// The age where the system cannot say who holds a file open, seconds.
const STALE_AFTER_UNSEEN_SECONDS: u64 = 600;

/// A lock file, and what is known of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockFound {
    /// The lock file.
    pub path: PathBuf,
    /// Its owner is at work: who, or why it counts so. `None` when it was left behind.
    pub held: Option<String>,
    /// How long ago it was written, seconds.
    pub age_seconds: u64,
}

impl Vault {
    /// Returns every lock file of the repository, sorted by path; removes nothing.
    ///
    /// # Errors
    /// When the git directory cannot be listed.
    pub fn locks(&self, clock: &Clock) -> Result<Vec<LockFound>, VaultError> {
        let directory = self.git_directory();
        let mut paths: Vec<PathBuf> =
            ["HEAD.lock", "config.lock", "index.lock", "packed-refs.lock"].map(|name| directory.join(name)).into();
        paths.retain(|path| path.symlink_metadata().is_ok());
        collect_locks(&directory.join("refs"), &mut paths)?;
        paths.sort();
        Ok(paths.into_iter().map(|path| judge(path, clock)).collect())
    }

    /// Removes the locks that dead processes left; returns one sentence a lock.
    ///
    /// # Errors
    /// `Locked` when any is held: then none is removed.
    pub fn clear_stale_locks(&self, clock: &Clock) -> Result<Vec<String>, VaultError> {
        let locks = self.locks(clock)?;
        if let Some((lock, why)) = locks.iter().find_map(|lock| Some((lock, lock.held.as_ref()?))) {
            return Err(VaultError::Locked { lock: lock.path.clone(), why: why.clone() });
        }
        let mut said = Vec::new();
        for lock in locks {
            fs::remove_file(&lock.path).map_err(DurableError::at("remove the stale lock", &lock.path))?;
            let name = lock.path.strip_prefix(self.git_directory()).unwrap_or(&lock.path);
            said.push(format!("removed the stale lock .git/{}", name.display()));
            tracing::warn!(lock = %lock.path.display(), age_seconds = lock.age_seconds, "removed a stale git lock");
        }
        Ok(said)
    }
}

fn collect_locks(directory: &Path, into: &mut Vec<PathBuf>) -> Result<(), DurableError> {
    for entry in fs::read_dir(directory).map_err(DurableError::at("list", directory))? {
        let path = entry.map_err(DurableError::at("list", directory))?.path();
        if path.is_dir() {
            collect_locks(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "lock") {
            into.push(path);
        }
    }
    Ok(())
}

fn judge(path: PathBuf, clock: &Clock) -> LockFound {
    let age_seconds = age_seconds(&path, clock);
    let processes = Path::new("/proc/self/fd").is_dir();
    let enough = if processes { STALE_AFTER_SECONDS } else { STALE_AFTER_UNSEEN_SECONDS };
    let held = match holder(&path) {
        Some(process) => Some(format!("is held open by process {process}")),
        None if age_seconds < enough => Some(format!("is {age_seconds} s old, which is too young to be left behind")),
        None => None,
    };
    LockFound { path, held, age_seconds }
}

fn age_seconds(path: &Path, clock: &Clock) -> u64 {
    let modified = path.symlink_metadata().and_then(|found| found.modified()).ok();
    let since = modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    let now = u64::try_from(clock.now().as_second()).unwrap_or(0);
    since.map_or(0, |since| now.saturating_sub(since.as_secs()))
}

/// Returns the process that has the file open, where the system can tell.
fn holder(path: &Path) -> Option<u32> {
    let path = path.canonicalize().ok()?;
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(id) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(open) = fs::read_dir(process.path().join("fd")) else { continue };
        if open.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target == path)) {
            return Some(id);
        }
    }
    None
}
