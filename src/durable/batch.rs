//! Many files replaced together: all are written, synced with one call, then renamed and synced with
//! one call. A kill in between leaves whole files, old or new, and temporary ones beside them.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use super::{
    Change, DurableError,
    disk::{Draft, DraftName},
    make_directory, parent,
    witness::announce,
};

/// Files that are being written beside their places; dropped, they vanish.
#[derive(Debug)]
pub struct Batch {
    root: PathBuf,
    /// Open from the first file on: a failed write-back between then and the sync is told to this handle, also where
    /// another process synced in between and was told of it first.
    handle: Option<File>,
    staged: Vec<(DraftName, PathBuf)>,
}

/// Files that are whole on disk and wait for their names.
#[derive(Debug)]
pub struct SyncedBatch(Batch);

impl Batch {
    /// Starts a batch of files below `root`, which must be on one file system.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.into(), handle: None, staged: Vec::new() }
    }

    /// Writes the new content of `path` beside it; makes its directory where it is missing.
    ///
    /// # Errors
    /// Names the step that failed; nothing has been replaced.
    pub fn stage(&mut self, path: &Path, bytes: &[u8]) -> Result<(), DurableError> {
        make_directory(parent(path))?;
        if self.handle.is_none() {
            self.handle = Some(File::open(&self.root).map_err(DurableError::at("open", &self.root))?);
        }
        let mut draft = Draft::beside(path).map_err(DurableError::at("create a temporary file beside", path))?;
        draft.write_all(bytes).map_err(DurableError::at("write", path))?;
        self.staged.push((draft.into_name(), path.into()));
        Ok(())
    }

    /// Makes what was staged survive a power cut.
    ///
    /// # Errors
    /// When the sync fails; nothing has been replaced.
    pub fn sync(self) -> Result<SyncedBatch, DurableError> {
        if let Some(handle) = &self.handle {
            sync_below(handle, &self.root, self.staged.iter().map(|(draft, _)| draft.path()))?;
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
        let Batch { root, handle, staged } = self.0;
        let Some(handle) = handle else { return Ok(()) };
        let mut directories = Vec::with_capacity(staged.len());
        for (draft, path) in staged {
            directories.push(parent(&path).to_path_buf());
            directories.extend(parent(&path).parent().map(Path::to_path_buf));
            draft.publish(&path).map_err(DurableError::at("replace", &path))?;
        }
        directories.sort_unstable();
        directories.dedup();
        sync_below(&handle, &root, directories.iter().map(PathBuf::as_path))
    }
}

#[cfg(target_os = "linux")]
fn sync_below<'a>(handle: &File, root: &Path, _paths: impl Iterator<Item = &'a Path>) -> Result<(), DurableError> {
    announce(&Change::SyncBelow(root)).map_err(DurableError::at("sync", root))?;
    nix::unistd::syncfs(handle).map_err(|error| DurableError::at("sync", root)(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn sync_below<'a>(_handle: &File, root: &Path, paths: impl Iterator<Item = &'a Path>) -> Result<(), DurableError> {
    announce(&Change::SyncBelow(root)).map_err(DurableError::at("sync", root))?;
    for path in paths {
        let file = File::open(path).map_err(DurableError::at("open", path))?;
        file.sync_all().map_err(DurableError::at("sync", path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::durable::{Batch, is_temporary};
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
