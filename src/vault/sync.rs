//! Durability of git's own files. git2 offers no switch for libgit2's fsync of the git directory,
//! so what an operation wrote is synced after it, before it is acknowledged.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
};

use git2::{Commit, ObjectType, Oid, TreeWalkMode, TreeWalkResult};

use super::{Vault, VaultError};
use crate::durable::{self, DurableError};

impl Vault {
    /// Syncs a new commit: the objects that its parent does not have, the index and the branch.
    pub(super) fn sync_commit(&self, id: Oid) -> Result<(), VaultError> {
        let commit = self.repository.find_commit(id).map_err(self.failed("read the new commit"))?;
        let mut objects = BTreeSet::from([id]);
        self.add_objects(&commit, &mut objects)?;
        let mut known = BTreeSet::new();
        for parent in commit.parents() {
            self.add_objects(&parent, &mut known)?;
        }
        let mut paths = self.index_and_branch();
        for object in objects.difference(&known).map(ToString::to_string) {
            let (folder, file) = object.split_at(2);
            // An object that is packed is on disk since it was packed.
            paths.push(self.git_directory().join("objects").join(folder).join(file));
        }
        Ok(sync_files(&paths)?)
    }

    fn add_objects(&self, commit: &Commit<'_>, into: &mut BTreeSet<Oid>) -> Result<(), VaultError> {
        let tree = commit.tree().map_err(self.failed("read a commit's tree"))?;
        into.insert(tree.id());
        tree.walk(TreeWalkMode::PreOrder, |_, entry| {
            if entry.kind() != Some(ObjectType::Commit) {
                into.insert(entry.id());
            }
            TreeWalkResult::Ok
        })
        .map_err(self.failed("walk a commit's tree"))
    }

    /// Syncs a tag that was set.
    pub(super) fn sync_tag(&self, name: &str) -> Result<(), VaultError> {
        Ok(sync_files(&[self.git_directory().join("refs/tags").join(name)])?)
    }

    /// Syncs a reference that was set, by its whole name.
    pub(super) fn sync_reference(&self, name: &str) -> Result<(), VaultError> {
        Ok(sync_files(&[self.git_directory().join(name)])?)
    }

    /// Syncs the index, the branch and the given files of the working tree.
    pub(super) fn sync_checkout(&self, files: &[String]) -> Result<(), VaultError> {
        let mut paths: Vec<PathBuf> = files.iter().map(|file| self.root.join(file)).collect();
        paths.extend(self.index_and_branch());
        Ok(sync_files(&paths)?)
    }

    fn index_and_branch(&self) -> Vec<PathBuf> {
        let directory = self.git_directory();
        let mut paths = vec![directory.join("index"), directory.join("HEAD")];
        if let Ok(Some(branch)) = self.branch() {
            paths.push(directory.join("refs/heads").join(branch));
        }
        paths
    }
}

/// Syncs files, then each of their directories once; a file that is gone needs its directory only.
fn sync_files(paths: &[PathBuf]) -> Result<(), DurableError> {
    for path in paths {
        if fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
            File::open(path).and_then(|file| file.sync_all()).map_err(DurableError::at("sync", path))?;
        }
    }
    let directories: BTreeSet<&Path> =
        paths.iter().filter_map(|path| path.parent()).filter(|parent| parent.is_dir()).collect();
    directories.into_iter().try_for_each(durable::sync_directory)
}
