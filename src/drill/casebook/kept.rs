//! What is kept of the files that a case is about to break, and what puts them back: files, links and whole
//! directories, or their absence. Beside the environment's repository, so that it goes with the environment.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    drill::environment::copy_one,
    durable::{self, DurableError},
};

/// One path before it was broken.
#[derive(Debug, Clone)]
pub(in crate::drill) struct Kept {
    path: PathBuf,
    copy: Option<PathBuf>,
}

impl Kept {
    /// Keeps what is at `path` in the directory `room`.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub(in crate::drill) fn keep(path: &Path, room: &Path) -> Result<Self, DurableError> {
        durable::make_directory(room)?;
        let held = path.symlink_metadata().is_ok();
        if held {
            copy_one(path, &room.join("it"))?;
        }
        Ok(Self { path: path.into(), copy: held.then(|| room.join("it")) })
    }

    /// Puts it back; whatever is there now goes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(in crate::drill) fn put_back(&self) -> Result<(), DurableError> {
        match self.path.symlink_metadata() {
            Ok(found) if found.is_dir() => durable::remove_tree(&self.path)?,
            Ok(_) => durable::remove_file(&self.path)?,
            Err(_) => {}
        }
        match &self.copy {
            Some(kept) => {
                durable::make_directory(self.path.parent().unwrap_or(&self.path))?;
                copy_one(kept, &self.path)
            }
            None => Ok(()),
        }
    }
}

impl Kept {
    /// Returns the path that it was kept of.
    pub(in crate::drill) fn path(&self) -> &Path {
        &self.path
    }

    /// Says whether what was kept is there again, byte for byte.
    pub(in crate::drill) fn is_back(&self) -> bool {
        match &self.copy {
            None => self.path.symlink_metadata().is_err(),
            Some(kept) => same(kept, &self.path),
        }
    }
}

fn same(one: &Path, other: &Path) -> bool {
    match (fs::read_link(one), fs::read_link(other)) {
        (Ok(one), Ok(other)) => return one == other,
        (Err(_), Err(_)) => {}
        _ => return false,
    }
    if one.is_dir() {
        // A directory is put back as a whole; its names tell whether it was.
        let names = |path: &Path| -> Vec<_> {
            let mut names: Vec<_> = fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.file_name()).collect();
            names.sort();
            names
        };
        return other.is_dir() && names(one) == names(other);
    }
    fs::read(one).ok() == fs::read(other).ok()
}
