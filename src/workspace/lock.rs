//! Locks of a workspace: held by the operating system, so that a killed process leaves none behind.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

use super::Workspace;
use crate::{
    durable::{self, DurableError},
    exit::{Exit, Failure},
};

/// An exclusive lock; released when dropped or when the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock `name` at once, or says who holds it. `holder` says what it is taken for.
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
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                let _ = file.read_to_string(&mut by);
                // Whoever has just taken it may not have said so yet.
                let by = if by.trim().is_empty() { "another process" } else { by.trim() };
                return Err(LockError::Held { path, by: by.to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(DurableError::at("lock", &path)(source).into()),
        }
        // The note is for people; the lock itself is the kernel's, so a failure here is harmless.
        let note = format!("{holder} (process {})\n", std::process::id());
        let _ = file.set_len(0);
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(note.as_bytes()));
        Ok(Self { _file: file })
    }
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
}
