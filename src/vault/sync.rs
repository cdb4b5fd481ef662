//! Durability of git's own files. git2 offers no switch for libgit2's fsync of the git directory,
//! so what an operation wrote is synced after it, before it is acknowledged.

use std::{
    fs::{self, File},
    path::Path,
};

use git2::{ObjectType, Oid, TreeWalkMode, TreeWalkResult};

use super::{Vault, VaultError};
use crate::durable::{self, DurableError};

impl Vault {
    /// Syncs a new commit: its objects, the index and the references.
    pub(super) fn sync_commit(&self, id: Oid) -> Result<(), VaultError> {
        let commit = self.repository.find_commit(id).map_err(self.failed("read the new commit"))?;
        let tree = commit.tree().map_err(self.failed("read the new commit's tree"))?;
        let mut objects = vec![id, tree.id()];
        tree.walk(TreeWalkMode::PreOrder, |_, entry| {
            if entry.kind() != Some(ObjectType::Commit) {
                objects.push(entry.id());
            }
            TreeWalkResult::Ok
        })
        .map_err(self.failed("walk the new commit's tree"))?;
        objects.sort_unstable();
        objects.dedup();
        for object in objects {
            let name = object.to_string();
            let Some((folder, file)) = name.split_at_checked(2) else { continue };
            // An object that is packed is on disk since it was packed.
            sync_file(&self.git_directory().join("objects").join(folder).join(file))?;
        }
        sync_file(&self.git_directory().join("index"))?;
        self.sync_references()
    }

    /// Syncs HEAD, every loose reference and the directories that hold them.
    pub(super) fn sync_references(&self) -> Result<(), VaultError> {
        let directory = self.git_directory();
        for name in ["HEAD", "packed-refs"] {
            sync_file(&directory.join(name))?;
        }
        sync_tree(&directory.join("refs"))?;
        Ok(durable::sync_directory(directory)?)
    }

    /// Syncs the index, the references and the given files of the working tree.
    pub(super) fn sync_checkout(&self, files: &[String]) -> Result<(), VaultError> {
        for file in files {
            sync_file(&self.root.join(file))?;
        }
        sync_file(&self.git_directory().join("index"))?;
        self.sync_references()
    }
}

/// Syncs a file and its directory; a file that is not there, or is no regular file, needs none.
fn sync_file(path: &Path) -> Result<(), DurableError> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        File::open(path).and_then(|file| file.sync_all()).map_err(DurableError::at("sync", path))?;
    }
    match path.parent() {
        Some(parent) if parent.is_dir() => durable::sync_directory(parent),
        _ => Ok(()),
    }
}

fn sync_tree(directory: &Path) -> Result<(), DurableError> {
    for entry in fs::read_dir(directory).map_err(DurableError::at("list", directory))? {
        let path = entry.map_err(DurableError::at("list", directory))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            File::open(&path).and_then(|file| file.sync_all()).map_err(DurableError::at("sync", &path))?;
        }
    }
    durable::sync_directory(directory)
}
