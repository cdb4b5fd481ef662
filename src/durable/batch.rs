//! Many files replaced together: all are written, synced with one call, then renamed and synced with
//! one call. A kill in between leaves whole files, old or new, and temporary ones beside them.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::TempPath;

use super::{DurableError, make_directory, parent, temporary_beside};

/// Files that are being written beside their places; dropped, they vanish.
#[derive(Debug)]
pub struct Batch {
    root: PathBuf,
    staged: Vec<(TempPath, PathBuf)>,
}

/// Files that are whole on disk and wait for their names.
#[derive(Debug)]
pub struct SyncedBatch(Batch);

impl Batch {
    /// Starts a batch of files below `root`, which must be on one file system.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.into(), staged: Vec::new() }
    }

    /// Writes the new content of `path` beside it; makes its directory where it is missing.
    ///
    /// # Errors
    /// Names the step that failed; nothing has been replaced.
    pub fn stage(&mut self, path: &Path, bytes: &[u8]) -> Result<(), DurableError> {
        make_directory(parent(path))?;
        let mut temporary = temporary_beside(path)?;
        temporary.as_file_mut().write_all(bytes).map_err(DurableError::at("write", path))?;
        self.staged.push((temporary.into_temp_path(), path.into()));
        Ok(())
    }

    /// Makes what was staged survive a power cut.
    ///
    /// # Errors
    /// When the sync fails; nothing has been replaced.
    pub fn sync(self) -> Result<SyncedBatch, DurableError> {
        if !self.staged.is_empty() {
            sync_below(&self.root, self.staged.iter().map(|(temporary, _)| -> &Path { temporary }))?;
        }
        Ok(SyncedBatch(self))
    }
}

impl SyncedBatch {
    /// Gives the files their names; durable when this returns.
    ///
    /// # Errors
    /// Names the file that failed; those before it are replaced.
    pub fn publish(self) -> Result<(), DurableError> {
        let Batch { root, staged } = self.0;
        if staged.is_empty() {
            return Ok(());
        }
        let mut directories = Vec::with_capacity(staged.len());
        for (temporary, path) in staged {
            directories.push(parent(&path).to_path_buf());
            directories.extend(parent(&path).parent().map(Path::to_path_buf));
            temporary.persist(&path).map_err(|error| DurableError::at("replace", &path)(error.error))?;
        }
        directories.sort_unstable();
        directories.dedup();
        sync_below(&root, directories.iter().map(PathBuf::as_path))
    }
}

#[cfg(target_os = "linux")]
fn sync_below<'a>(root: &Path, _paths: impl Iterator<Item = &'a Path>) -> Result<(), DurableError> {
    let directory = File::open(root).map_err(DurableError::at("open", root))?;
    nix::unistd::syncfs(&directory).map_err(|error| DurableError::at("sync", root)(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn sync_below<'a>(_root: &Path, paths: impl Iterator<Item = &'a Path>) -> Result<(), DurableError> {
    for path in paths {
        let file = File::open(path).map_err(DurableError::at("open", path))?;
        file.sync_all().map_err(DurableError::at("sync", path))?;
    }
    Ok(())
}

/// Removes nothing: says whether a name is that of a temporary file of this room.
#[must_use]
pub fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && name.ends_with(".tmp") && fs::symlink_metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Batch, is_temporary};
    use std::fs;

    #[test]
    fn files_get_their_names_together_or_not_at_all() {
        let room = tempfile::tempdir().expect("a directory");
        let (one, two) = (room.path().join("a/1"), room.path().join("b/2"));
        let stage = || {
            let mut batch = Batch::new(room.path());
            batch.stage(&one, b"1").expect("staged");
            batch.stage(&two, b"2").expect("staged");
            batch.sync().expect("synced")
        };
        drop(stage());
        assert!(!one.exists() && !two.exists());
        stage().publish().expect("published");
        assert_eq!((fs::read(&one).expect("1"), fs::read(&two).expect("2")), (b"1".to_vec(), b"2".to_vec()));
        let left = fs::read_dir(room.path().join("a")).expect("listed").flatten();
        assert!(!left.map(|entry| entry.path()).any(|path| is_temporary(&path)));
    }
}
