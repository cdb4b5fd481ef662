//! Lock files that git leaves behind when it is killed. libgit2 changes the tree and then fails at
//! such a lock, so they are looked for before anything is touched: one whose owner is dead or that is
//! old is removed and said so, any other refuses.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::Timestamp;

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
        self.remove_locks(locks)
    }

    /// Removes the locks that dead processes left, the young ones too that were made since `since` by a process
    /// which the caller knows to be dead: nobody has them open, and no program of anybody else is at work in the
    /// repository. Where that cannot be seen, a young lock stays.
    ///
    /// # Errors
    /// As [`clear_stale_locks`](Self::clear_stale_locks).
    pub fn clear_locks_of_the_dead(&self, since: Timestamp, clock: &Clock) -> Result<Vec<String>, VaultError> {
        let mut locks = self.locks(clock)?;
        let young = locks.iter().any(|lock| lock.held.is_some());
        if young && is_deserted(&self.root) {
            for lock in &mut locks {
                if holder(&lock.path).is_none() && modified(&lock.path).is_some_and(|at| at >= SystemTime::from(since))
                {
                    lock.held = None;
                }
            }
        }
        if locks.iter().any(|lock| lock.held.is_some()) {
            return self.clear_stale_locks(clock);
        }
        self.remove_locks(locks)
    }

    fn remove_locks(&self, locks: Vec<LockFound>) -> Result<Vec<String>, VaultError> {
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

fn modified(path: &Path) -> Option<SystemTime> {
    path.symlink_metadata().and_then(|found| found.modified()).ok()
}

fn age_seconds(path: &Path, clock: &Clock) -> u64 {
    let since = modified(path).and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    let now = u64::try_from(clock.now().as_second()).unwrap_or(0);
    since.map_or(0, |since| now.saturating_sub(since.as_secs()))
}

/// Says whether no program but this one and those that wait for it can be at work in the repository: git goes to
/// the tree it works on and closes a lock that it goes on holding. A process that may not be looked at may be.
fn is_deserted(root: &Path) -> bool {
    let (Ok(root), Ok(entries)) = (root.canonicalize(), fs::read_dir("/proc")) else { return false };
    let waiting = ancestors(std::process::id());
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let at_work = |id: u32| {
        let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        if waiting.contains(&id) && !name.starts_with("git") {
            return false;
        }
        match fs::read_link(format!("/proc/{id}/cwd")) {
            Ok(directory) => directory.starts_with(&root),
            // One that has just ended has none, and a thread of the kernel needs none.
            Err(error) => error.kind() == io::ErrorKind::PermissionDenied && name.starts_with("git"),
        }
    };
    !numbers.into_iter().any(at_work)
}

/// Returns the process `id` and those that started it, up to the first.
fn ancestors(mut id: u32) -> Vec<u32> {
    let mut found = Vec::new();
    while id != 0 && !found.contains(&id) {
        found.push(id);
        let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // What follows the name in brackets: its state, and who started it.
        let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
        id = fields.split_whitespace().nth(1).and_then(|field| field.parse().ok()).unwrap_or(0);
    }
    found
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

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::Vault;
    use crate::{clock::Clock, durable};

    #[test]
    fn young_lock_goes_at_once_where_nobody_can_be_at_work_and_stays_where_somebody_may_be() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = Vault::init(&room.path().join("w")).expect("made");
        let (clock, lock) = (Clock::system(), vault.git_directory().join("index.lock"));
        let before = clock.now() - jiff::SignedDuration::from_secs(1);
        let clear = |since| vault.clear_locks_of_the_dead(since, &clock);
        let leave = || durable::replace(&lock, "").expect("written");

        leave();
        assert!(vault.clear_stale_locks(&clock).is_err(), "it is young");
        assert!(clear(clock.now() + jiff::SignedDuration::from_secs(60)).is_err(), "it was there before");
        let held = fs::File::open(&lock).expect("opened");
        assert!(clear(before).expect_err("held").to_string().contains("held open by process"), "somebody has it open");
        drop(held);
        let mut neighbour = Command::new("sleep").arg("60").current_dir(vault.root()).spawn().expect("started");
        let refused = clear(before);
        neighbour.kill().expect("ended");
        neighbour.wait().expect("waited");
        assert!(refused.is_err() && lock.exists(), "somebody is in the tree");
        assert_eq!(clear(before).expect("cleared"), ["removed the stale lock .git/index.lock"]);
        assert!(!lock.exists() && clear(before).expect("nothing").is_empty());
    }
}
