//! A part of the tree taken back to another commit, the rest left as it is: planned first, then done.
//! Planning writes objects that nothing points at yet; doing it twice, or after a kill in between, ends
//! in the same state.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use git2::{Commit, ObjectType, Oid, Tree, TreeWalkMode, TreeWalkResult};
use jiff::Timestamp;

use super::{Vault, VaultError, repository::signature, reset::disk_id};
use crate::durable::DurableError;

/// Git's mode of a submodule.
pub(super) const SUBMODULE: u32 = 0o160_000;

/// Which files of a tree are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Every file.
    All,
    /// The files below a directory of the root.
    Below(&'a str),
    /// Every file that is not below a directory of the root.
    NotBelow(&'a str),
}

impl Scope<'_> {
    /// Says whether a path, relative to the root, is meant.
    #[must_use]
    pub fn has(self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Below(directory) => Path::new(path).starts_with(directory),
            Self::NotBelow(directory) => !Path::new(path).starts_with(directory),
        }
    }
}

/// What a path of a tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    id: Oid,
    mode: i32,
}

impl Held {
    /// Says whether it names a commit of another repository: which commit is the index's business, what lies
    /// in its directory is that repository's.
    pub(super) fn is_submodule(self) -> bool {
        self.mode == SUBMODULE as i32
    }
}

impl Vault {
    /// Returns the commit that a restore of `scope` to `target` ends at: the target itself where nothing
    /// else differs from it, HEAD where nothing in the scope does, else a new commit on HEAD with `message`.
    /// Nothing points at a new commit yet; it is durable when this returns.
    ///
    /// # Errors
    /// `NoSuchTarget`, `DamagedTarget`, or when an object cannot be written.
    pub fn plan_restore(
        &self,
        target: &str,
        scope: Scope<'_>,
        message: &str,
        at: Timestamp,
    ) -> Result<String, VaultError> {
        let (head, target_commit) = (self.head_commit()?, self.resolve_commit(target)?);
        let (own, other) = (self.tree_of(&head)?, self.tree_of(&target_commit)?);
        self.require_whole(&other, target)?;
        let tree = match scope {
            Scope::All => return Ok(target_commit.id().to_string()),
            Scope::Below(directory) => self.with_directory_of(&own, &other, directory)?,
            Scope::NotBelow(directory) => self.with_directory_of(&other, &own, directory)?,
        };
        // The manual's config rollback is always a commit on top; the code goes to the tag where it can.
        if tree == own.id() {
            return Ok(head.id().to_string());
        }
        if tree == other.id() && matches!(scope, Scope::NotBelow(_)) {
            return Ok(target_commit.id().to_string());
        }
        let write = || {
            let (author, tree) = (signature(at)?, self.repository.find_tree(tree)?);
            self.repository.commit(None, &author, &author, message, &tree, &[&head])
        };
        let id = write().map_err(self.failed("write the commit of the rollback"))?;
        self.sync_commit(id)?;
        Ok(id.to_string())
    }

    /// Returns the id of `base` with `directory` as `from` has it.
    fn with_directory_of(&self, base: &Tree<'_>, from: &Tree<'_>, directory: &str) -> Result<Oid, VaultError> {
        self.set_cut_objects_aside()?;
        let write = || {
            let mut builder = self.repository.treebuilder(Some(base))?;
            match from.get_name(directory) {
                Some(entry) => drop(builder.insert(directory, entry.id(), entry.filemode())?),
                None if base.get_name(directory).is_some() => builder.remove(directory)?,
                None => {}
            }
            builder.write()
        };
        write().map_err(self.failed("write the tree of the rollback"))
    }

    /// Takes the files of `scope` to `commit`, and the branch with them. `step` is told of every change
    /// before it is made. Returns the files whose bytes were taken back, sorted.
    ///
    /// # Errors
    /// When an object cannot be read or a file cannot be written: run it again.
    pub fn restore(
        &self,
        commit: &str,
        scope: Scope<'_>,
        step: &mut dyn FnMut(&str),
    ) -> Result<Vec<String>, VaultError> {
        let commit = self.resolve_commit(commit)?;
        let held = self.held_by(&self.tree_of(&commit)?, scope)?;
        let tracked: Vec<String> =
            self.index_entries()?.into_iter().map(|entry| entry.path).filter(|path| scope.has(path)).collect();
        let gone: Vec<String> = tracked.into_iter().filter(|path| !held.contains_key(path)).collect();
        for path in &gone {
            step(&format!("remove {path}"));
            self.remove_file(path)?;
        }
        let wrong: Vec<String> = self.wrong_files(&held);
        for path in &wrong {
            step(&format!("write {path}"));
            self.write_file(&commit, path)?;
        }
        step("write the index");
        self.set_index(&held, &gone)?;
        step("move the branch");
        self.move_head(commit.id())?;
        step("sync the tree");
        let mut files = [gone, wrong].concat();
        files.sort();
        self.sync_checkout(&files)?;
        Ok(files)
    }

    /// Returns what is not as `commit` has it in `scope`: files on disk, the index, HEAD; sorted.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn restore_differences(&self, commit: &str, scope: Scope<'_>) -> Result<Vec<String>, VaultError> {
        let commit = self.resolve_commit(commit)?;
        let held = self.held_by(&self.tree_of(&commit)?, scope)?;
        let mut differences: Vec<String> = self.wrong_files(&held);
        for entry in self.index_entries()?.into_iter().filter(|entry| scope.has(&entry.path)) {
            let own = held.get(&entry.path).map(|held| held.id.to_string());
            if own.as_deref() != Some(entry.id.as_str()) {
                differences.push(format!("{} in the index", entry.path));
            }
        }
        if self.head()? != commit.id().to_string() {
            differences.push("HEAD".into());
        }
        differences.sort();
        Ok(differences)
    }

    /// Returns the id of every file of `scope` in the tree of a tag, branch or commit.
    ///
    /// # Errors
    /// `NoSuchTarget`, or when the tree cannot be read.
    pub fn tracked_files(&self, target: &str, scope: Scope<'_>) -> Result<BTreeMap<String, String>, VaultError> {
        let held = self.held_by(&self.tree_of(&self.resolve_commit(target)?)?, scope)?;
        let files = held.into_iter().filter(|(_, held)| !held.is_submodule());
        Ok(files.map(|(path, held)| (path, format!("{:o} {}", held.mode, held.id))).collect())
    }

    /// Returns the id of every file of `scope` that the index names, as it is on disk; a file that is gone
    /// has none.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn files_on_disk(&self, scope: Scope<'_>) -> Result<BTreeMap<String, String>, VaultError> {
        let entries = self.index_entries()?.into_iter().filter(|entry| scope.has(&entry.path));
        let entries = entries.filter_map(|entry| {
            let mode = disk_mode(&self.root.join(&entry.path))?;
            // What git converts on its way to disk counts as the index has it.
            let id = if self.is_filtered(&entry.path) {
                entry.id
            } else {
                disk_id(&self.root.join(&entry.path), mode)?.to_string()
            };
            Some((entry.path, format!("{mode:o} {id}")))
        });
        Ok(entries.collect())
    }

    pub(super) fn tree_of<'a>(&self, commit: &Commit<'a>) -> Result<Tree<'a>, VaultError> {
        self.require_uncut(commit.tree_id(), &commit.id().to_string(), "the root directory")?;
        commit.tree().map_err(self.failed("read a commit's tree"))
    }

    pub(super) fn held_by(&self, tree: &Tree<'_>, scope: Scope<'_>) -> Result<BTreeMap<String, Held>, VaultError> {
        let (mut held, mut cut) = (BTreeMap::new(), None);
        let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let path = format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes()));
            if entry.kind() == Some(ObjectType::Tree) && self.is_cut(entry.id()) {
                cut = Some((entry.id(), path));
                return TreeWalkResult::Abort;
            }
            if matches!(entry.kind(), Some(ObjectType::Blob | ObjectType::Commit)) && scope.has(&path) {
                held.insert(path, Held { id: entry.id(), mode: entry.filemode() });
            }
            TreeWalkResult::Ok
        });
        if let Some((id, path)) = cut {
            self.require_uncut(id, &tree.id().to_string(), &path)?;
        }
        walked.map_err(self.failed("walk a tree"))?;
        Ok(held)
    }

    /// Returns the files whose bytes or mode on disk are not those held, read from disk: a file may hide
    /// behind its old size and time.
    fn wrong_files(&self, held: &BTreeMap<String, Held>) -> Vec<String> {
        let is_wrong = |(path, held): &(&String, &Held)| {
            if held.is_submodule() {
                return false;
            }
            let place = self.root.join(path.as_str());
            let same_mode = disk_mode(&place) == Some(held.mode);
            !same_mode || (disk_id(&place, held.mode) != Some(held.id) && !self.is_filtered(path))
        };
        held.iter().filter(is_wrong).map(|(path, _)| path.clone()).collect()
    }

    /// Removes a file and the directories that it leaves empty.
    fn remove_file(&self, path: &str) -> Result<(), VaultError> {
        let place = self.root.join(path);
        match fs::remove_file(&place) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound && !place.is_dir() => {
                return Err(DurableError::at("remove", &place)(error).into());
            }
            _ => {}
        }
        let inside = place.ancestors().skip(1).take_while(|directory| *directory != self.root);
        // The first directory that still holds something ends it.
        let _ = inside.map(PathBuf::from).try_for_each(fs::remove_dir);
        Ok(())
    }

    fn write_file(&self, commit: &Commit<'_>, path: &str) -> Result<(), VaultError> {
        let mut checkout = git2::build::CheckoutBuilder::new();
        // The index is set as a whole afterwards. What the tree's attributes do not ask for, such as
        // `core.autocrlf`, would write other bytes than were committed.
        checkout.force().disable_pathspec_match(true).update_index(false).path(path);
        checkout.disable_filters(!self.is_filtered(path));
        // A missing file is always written; one with the old size and time would be left.
        let _ = fs::remove_file(self.root.join(path));
        self.repository
            .checkout_tree(commit.as_object(), Some(&mut checkout))
            .map_err(self.failed("write the files again"))
    }

    fn set_index(&self, held: &BTreeMap<String, Held>, gone: &[String]) -> Result<(), VaultError> {
        let write = || {
            let mut index = self.repository.index()?;
            index.read(true)?;
            for path in gone {
                index.remove(Path::new(path), 0)?;
            }
            for (path, held) in held {
                let mode = u32::try_from(held.mode).unwrap_or(0o100_644);
                // A conflict of a half-done merge would hide the file.
                index.conflict_remove(Path::new(path)).ok();
                let same = index.get_path(Path::new(path), 0).is_some_and(|own| own.id == held.id && own.mode == mode);
                if !same {
                    index.add(&index_entry(path, held.id, mode))?;
                }
            }
            index.write()
        };
        write().map_err(self.failed("write the index"))
    }

    fn move_head(&self, commit: Oid) -> Result<(), VaultError> {
        if self.head_commit()?.id() == commit {
            return Ok(());
        }
        let head = self.repository.head().map_err(self.failed("read HEAD"))?;
        let moved = if head.is_branch() {
            let mut head = head;
            head.set_target(commit, "rollback").map(drop)
        } else {
            self.repository.set_head_detached(commit)
        };
        moved.map_err(self.failed("move the branch"))
    }
}

/// Returns git's mode of what is at `path`.
fn disk_mode(path: &Path) -> Option<i32> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = path.symlink_metadata().ok()?;
    Some(match (found.is_symlink(), found.is_file()) {
        (true, _) => git2::FileMode::Link.into(),
        (_, true) if found.permissions().mode() & 0o111 != 0 => git2::FileMode::BlobExecutable.into(),
        (_, true) => git2::FileMode::Blob.into(),
        _ => return None,
    })
}

/// Returns an entry without the file's times: git compares the bytes when it looks next.
pub(super) fn index_entry(path: &str, id: Oid, mode: u32) -> git2::IndexEntry {
    let never = git2::IndexTime::new(0, 0);
    git2::IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

#[cfg(test)]
#[path = "restore_tests.rs"]
mod tests;
