//! Locks of a workspace: held by the operating system, so that a killed process leaves none behind.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use super::Workspace;
use crate::{
    clock::{Stopwatch, pause},
    durable::{self, DurableError},
    exit::{Exit, Failure},
};

/// How long a lock is waited for whose holder has let go of it, seconds.
const LET_GO_SECONDS: f64 = 2.0;
/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// An exclusive lock; released when dropped or when the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock `name` at once, or says who holds it. `holder` says what it is taken for.
    ///
    /// A program that is being started shares its parent's open files for a moment, this lock's among them: a
    /// lock that its holder let go of, or took to its grave, is waited for.
    ///
    /// # Errors
    /// `Held` when another process has it; `Storage` when the lock file cannot be made.
    pub fn take(workspace: &Workspace, name: &str, holder: &str) -> Result<Self, LockError> {
        let path = workspace.path(format!("cache/locks/{name}.lock"));
        durable::make_directory(path.parent().unwrap_or(workspace.root()))?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(DurableError::at("open", &path))?;
        let mut by = String::new();
        let taken = lock_while(&file, |waited| {
            by.clear();
            let mut note = &file;
            let _ = note.seek(SeekFrom::Start(0)).and_then(|_| note.read_to_string(&mut by));
            is_let_go(&by) && waited <= LET_GO_SECONDS
        });
        if !taken.map_err(DurableError::at("lock", &path))? {
            // Whoever has just taken it may not have said so yet.
            let by = if by.trim().is_empty() { "another process" } else { by.trim() };
            return Err(LockError::Held { path, by: by.to_owned() });
        }
        // The note is for people; the lock itself is the kernel's, so a failure here is harmless.
        let note = format!("{holder} (process {})\n", std::process::id());
        let _ = file.set_len(0);
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(note.as_bytes()));
        remove_abandoned(workspace);
        Ok(Self { _file: file })
    }
}

/// Where a command that was killed may leave temporary files. Those of the stores and of the baselines are their
/// own rooms' business.
const WRITTEN: [&str; 7] = ["cache", "config", "experiments", "logs", "models", "monitor", "reports"];

/// Removes what commands that were killed left; a file that stays does no harm.
fn remove_abandoned(workspace: &Workspace) {
    for name in WRITTEN {
        match durable::remove_abandoned_below(&workspace.path(name)) {
            Ok(removed) if removed.is_empty() => {}
            Ok(removed) => tracing::info!(?removed, "temporary files of a process that is no more are removed"),
            Err(error) => tracing::warn!("{error}"),
        }
    }
}

/// Takes the lock of an open file; asks `is_waiting`, with the seconds waited so far, as long as another holds it.
/// Returns whether it was taken.
///
/// # Errors
/// What the system says of the file.
pub fn lock_while(file: &File, mut is_waiting: impl FnMut(f64) -> bool) -> io::Result<bool> {
    let waited = Stopwatch::start();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(source)) => return Err(source),
            Err(TryLockError::WouldBlock) if is_waiting(waited.seconds()) => pause(LOOK_EVERY),
            Err(TryLockError::WouldBlock) => return Ok(false),
        }
    }
}

/// Tells whether the process that a lock's note names can hold it no more: it is not there, or is this one.
fn is_let_go(note: &str) -> bool {
    let process = note.rsplit_once("(process ").and_then(|(_, rest)| rest.trim_end().strip_suffix(')'));
    let Some(process) = process.and_then(|number| number.parse::<u32>().ok()) else { return false };
    let processes = Path::new("/proc");
    let seen = processes.join("self").exists();
    process == std::process::id() || (seen && !processes.join(process.to_string()).exists())
}

/// A lock that could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the workspace is busy: {by} holds {path}", path = path.display())]
    Held {
        /// The lock file.
        path: PathBuf,
        /// Who holds it.
        by: String,
    },
    /// The lock file cannot be made.
    #[error(transparent)]
    Storage(#[from] DurableError),
}

impl Failure for LockError {
    fn exit(&self) -> Exit {
        match self {
            Self::Held { .. } => Exit::Busy,
            Self::Storage(error) => error.exit(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Held { .. } => Some("Wait for it to end, or stop that process.".into()),
            Self::Storage(error) => error.remedy(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        process::Command,
        sync::atomic::{AtomicBool, Ordering},
    };

    use super::{Lock, LockError, Workspace};

    #[test]
    fn second_holder_is_told_who_has_it() {
        let room = tempfile::tempdir().expect("a directory");
        let workspace = Workspace::at(room.path().into());
        let held = Lock::take(&workspace, "night_ops", "night-ops").expect("free");
        match Lock::take(&workspace, "night_ops", "another") {
            Err(LockError::Held { by, .. }) => assert!(by.starts_with("night-ops (process "), "{by}"),
            other => panic!("not held: {other:?}"),
        }
        drop(held);
        Lock::take(&workspace, "night_ops", "another").expect("free again");
    }

    #[test]
    fn holder_removes_what_a_killed_command_left() {
        let room = tempfile::tempdir().expect("a directory");
        let workspace = Workspace::at(room.path().into());
        // No process of Linux has this number: the most is 2^22.
        let left = [("models/job", ".current.2000000000.tmp"), ("monitor", ".lighthunter-2000000000-3.tmp")];
        for (directory, name) in left {
            crate::durable::make_directory(&workspace.path(directory)).expect("made");
            crate::durable::replace(&workspace.path(directory).join(name), "torn").expect("left");
        }
        let kept = workspace.path("monitor/state.json");
        crate::durable::replace(&kept, "{}").expect("written");
        Lock::take(&workspace, "night_ops", "night-ops").expect("free");
        for (directory, name) in left {
            assert!(!workspace.path(directory).join(name).exists(), "{name}");
        }
        assert!(kept.exists());
    }

    #[test]
    fn lock_let_go_while_programs_are_started_is_free() {
        let room = tempfile::tempdir().expect("a directory");
        let workspace = Workspace::at(room.path().into());
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        Command::new("true").status().expect("run");
                    }
                });
            }
            for take in 0..500 {
                let taken = Lock::take(&workspace, "rollback", "rollback");
                if taken.is_err() {
                    done.store(true, Ordering::Relaxed);
                }
                taken.unwrap_or_else(|error| panic!("{take}: {error}"));
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}
