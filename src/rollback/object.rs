//! Copies of files by their digest, under `data/.baselines/objects/`: baselines that hold the same bytes
//! share one copy. Copies, not links: what damages a file in place must not reach the way back.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{RollbackError, tree::unreadable};
use crate::{
    digest::Digest,
    durable::{self, Batch},
};

/// Files up to this size are written together with one sync, bytes.
const SMALL_BYTES: u64 = 4 << 20;

/// The copies of one workspace.
#[derive(Debug, Clone)]
pub(super) struct ObjectStore {
    root: PathBuf,
}

impl ObjectStore {
    /// Names the store of the workspace at `root`.
    pub(super) fn of(root: &Path) -> Self {
        Self { root: root.join("data/.baselines/objects") }
    }

    /// Returns where the copy with this digest is.
    pub(super) fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.root.join(&name[..2]).join(name)
    }

    /// Copies files; durable when this returns. Returns each one's digest and length, in their order.
    pub(super) fn add(
        &self,
        files: &[PathBuf],
        step: &mut dyn FnMut(&str),
    ) -> Result<Vec<(Digest, u64)>, RollbackError> {
        let mut added = Vec::with_capacity(files.len());
        let mut small = Batch::new(&self.root);
        let mut staged = BTreeSet::new();
        durable::make_directory(&self.root)?;
        for file in files {
            let bytes = fs::metadata(file).map_err(unreadable(file))?.len();
            let digest = Digest::of_file(file).map_err(unreadable(file))?;
            added.push((digest, bytes));
            if staged.contains(&digest) || self.is_whole(&digest) {
                continue;
            }
            step(&format!("copy {}", file.display()));
            let place = self.path(&digest);
            if bytes <= SMALL_BYTES {
                let content = fs::read(file).map_err(unreadable(file))?;
                if Digest::of(&content) != digest {
                    return Err(RollbackError::Changing { path: file.clone() });
                }
                small.stage(&place, &content)?;
                staged.insert(digest);
            } else {
                durable::make_directory(place.parent().unwrap_or(&self.root))?;
                copy(file, &place)?;
                if !self.is_whole(&digest) {
                    return Err(RollbackError::Changing { path: file.clone() });
                }
            }
        }
        step("sync the copies");
        let synced = small.sync()?;
        step("name the copies");
        synced.publish()?;
        Ok(added)
    }

    /// Keeps `bytes`; durable when this returns.
    pub(super) fn add_bytes(&self, bytes: &[u8]) -> Result<Digest, RollbackError> {
        let digest = Digest::of(bytes);
        if !self.is_whole(&digest) {
            let place = self.path(&digest);
            durable::make_directory(place.parent().unwrap_or(&self.root))?;
            durable::replace(&place, bytes)?;
        }
        Ok(digest)
    }

    /// Returns kept bytes, checked.
    pub(super) fn bytes(&self, digest: &Digest) -> Result<Vec<u8>, RollbackError> {
        let path = self.path(digest);
        let bytes = fs::read(&path).map_err(|error| damaged(&path, &error))?;
        if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(wrong_bytes(&path)) }
    }

    /// Checks that a copy is there with its bytes.
    pub(super) fn check(&self, digest: &Digest) -> Result<(), RollbackError> {
        let path = self.path(digest);
        let found = Digest::of_file(&path).map_err(|error| damaged(&path, &error))?;
        if found == *digest { Ok(()) } else { Err(wrong_bytes(&path)) }
    }

    fn is_whole(&self, digest: &Digest) -> bool {
        self.check(digest).is_ok()
    }

    /// Writes copies to their places; durable when this returns. `step` is told of each before it is written.
    pub(super) fn restore(
        &self,
        files: &[(PathBuf, Digest, u64)],
        root: &Path,
        step: &mut dyn FnMut(&str),
    ) -> Result<(), RollbackError> {
        let mut small = Batch::new(root);
        for (place, digest, bytes) in files {
            step(&format!("write {}", place.display()));
            if *bytes <= SMALL_BYTES {
                small.stage(place, &self.bytes(digest)?)?;
            } else {
                durable::make_directory(place.parent().unwrap_or(root))?;
                self.check(digest)?;
                copy(&self.path(digest), place)?;
            }
        }
        step("sync the files");
        let synced = small.sync()?;
        step("name the files");
        Ok(synced.publish()?)
    }

    /// Removes every copy that is not in `kept`; returns how many.
    pub(super) fn sweep(&self, kept: &BTreeSet<Digest>) -> Result<usize, RollbackError> {
        let mut removed = 0;
        for folder in entries(&self.root)? {
            for file in entries(&folder)? {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                // A temporary file of a killed process names no digest and goes too.
                if name.parse().is_ok_and(|digest: Digest| kept.contains(&digest)) {
                    continue;
                }
                durable::remove_file(&file)?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), RollbackError> {
    let mut source = File::open(from).map_err(unreadable(from))?;
    Ok(durable::replace_with(to, |file| io::copy(&mut source, file).map(|_| ()))?)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, RollbackError> {
    match fs::read_dir(directory) {
        Ok(entries) => {
            let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>();
            paths.map_err(unreadable(directory))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(Vec::new()),
        Err(source) => Err(unreadable(directory)(source)),
    }
}

fn damaged(path: &Path, error: &io::Error) -> RollbackError {
    RollbackError::Damaged { path: path.into(), why: error.to_string() }
}

fn wrong_bytes(path: &Path) -> RollbackError {
    RollbackError::Damaged { path: path.into(), why: "its bytes are not those of its name".into() }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::ObjectStore;
    use crate::{durable, exit::Exit, exit::Failure};

    #[test]
    fn copies_are_shared_checked_and_written_back() {
        let room = tempfile::tempdir().expect("a directory");
        let files = ["a", "b", "large"].map(|name| room.path().join(name));
        durable::replace(&files[0], "same").expect("written");
        durable::replace(&files[1], "same").expect("written");
        durable::replace(&files[2], vec![7; 5 << 20]).expect("written");
        let store = ObjectStore::of(room.path());
        let added = store.add(&files, &mut |_| {}).expect("copied");
        assert_eq!((added[0], added[2].1), (added[1], 5 << 20));
        // What damages a file in place does not reach its copy.
        fs::OpenOptions::new().write(true).open(&files[2]).and_then(|file| file.set_len(3)).expect("damaged");
        fs::remove_file(&files[0]).expect("removed");
        let wanted: Vec<_> =
            files.iter().zip(&added).map(|(file, (sha256, bytes))| (file.clone(), *sha256, *bytes)).collect();
        store.restore(&wanted, room.path(), &mut |_| {}).expect("restored");
        assert_eq!(fs::read(&files[0]).expect("back"), b"same");
        assert_eq!(fs::metadata(&files[2]).expect("back").len(), 5 << 20);
        durable::replace(&store.path(&added[2].0), "other").expect("damaged");
        assert_eq!(store.check(&added[2].0).expect_err("seen").exit(), Exit::Corrupt);
        assert_eq!(store.restore(&wanted[2..], room.path(), &mut |_| {}).expect_err("refused").exit(), Exit::Corrupt);
        store.add(&files, &mut |_| {}).expect("mended by the next baseline");
        store.check(&added[2].0).expect("whole");
        assert_eq!(store.sweep(&BTreeSet::from([added[0].0])).expect("swept"), 1);
        store.check(&added[0].0).expect("kept");
    }
}
