//! What a rollback would lose is saved first: edits as a commit that `git stash apply` brings back, and
//! commits that nothing else reaches, under a reference of their own.

use std::{collections::BTreeSet, fs, path::Path};

use git2::{Commit, Oid};
use jiff::Timestamp;

use super::{
    Vault, VaultError,
    repository::signature,
    restore::{SUBMODULE, Scope, index_entry},
};

impl Vault {
    /// Saves what differs from HEAD in `scope`, and what is in the way of `target`, as a commit that
    /// `git stash apply REFERENCE` brings back; commits that only HEAD reaches stay reachable by it too.
    /// Returns the files that were saved; nothing is written where there is nothing to save.
    ///
    /// # Errors
    /// When a file cannot be read or an object cannot be written.
    pub fn save_edits(
        &self,
        target: &str,
        scope: Scope<'_>,
        reference: &str,
        at: Timestamp,
    ) -> Result<Option<Vec<String>>, VaultError> {
        let target = self.resolve_commit(target)?;
        let held = self.held_by(&self.tree_of(&target)?, scope)?;
        let status = self.status()?;
        let in_the_way = |path: &String| held.keys().any(|own| is_in_the_way(path, own));
        // A submodule's edits are in a repository of its own, which nothing here changes.
        let submodules = self.submodules()?;
        let is_own = |path: &String| scope.has(path) && !submodules.contains(path);
        let mut files: Vec<String> = status.changed.into_iter().filter(is_own).collect();
        files.extend(status.untracked.into_iter().filter(in_the_way));
        files.sort();
        let head = self.head_commit()?;
        let reachable = target.id() == head.id()
            || self.repository.graph_descendant_of(target.id(), head.id()).map_err(self.failed("walk the commits"))?;
        if files.is_empty() && (reachable || matches!(scope, Scope::Below(_))) {
            return Ok(None);
        }
        self.set_cut_objects_aside()?;
        let id = if files.is_empty() { head.id() } else { self.stash_of(&head, &files, at)? };
        self.sync_commit(id)?;
        self.repository
            .reference(reference, id, false, "saved before a rollback")
            .map_err(self.failed("name what was saved"))?;
        self.sync_reference(reference)?;
        Ok(Some(files))
    }

    /// Writes the commit that git stash would: its parents are HEAD and the index as a commit.
    fn stash_of(&self, head: &Commit<'_>, files: &[String], at: Timestamp) -> Result<Oid, VaultError> {
        let write = || {
            let author = signature(at)?;
            let mut index = self.repository.index()?;
            let staged = self.repository.find_tree(index.write_tree()?)?;
            let staged = self.repository.commit(None, &author, &author, "index before a rollback", &staged, &[head])?;
            let staged = self.repository.find_commit(staged)?;
            let mut work = git2::Index::new()?;
            work.read_tree(&head.tree()?)?;
            for file in files {
                match self.blob_of(file)? {
                    Some((id, mode)) => work.add(&index_entry(file, id, mode))?,
                    None => work.remove(Path::new(file), 0)?,
                }
            }
            let tree = self.repository.find_tree(work.write_tree_to(&self.repository)?)?;
            let message = "edits before a rollback";
            self.repository.commit(None, &author, &author, message, &tree, &[head, &staged])
        };
        let id = write().map_err(self.failed("save the edits"))?;
        // The index is the second parent, whose objects a sync of the first would pass over.
        let commit = self.repository.find_commit(id).map_err(self.failed("read what was saved"))?;
        for parent in commit.parent_ids().skip(1) {
            self.sync_commit(parent)?;
        }
        Ok(id)
    }

    /// Returns the submodules that the index or HEAD names.
    fn submodules(&self) -> Result<BTreeSet<String>, VaultError> {
        let entries = self.index_entries()?.into_iter().filter(|entry| entry.mode == SUBMODULE);
        let mut submodules: BTreeSet<String> = entries.map(|entry| entry.path).collect();
        let head = self.held_by(&self.tree_of(&self.head_commit()?)?, Scope::All)?;
        submodules.extend(head.into_iter().filter(|(_, held)| held.is_submodule()).map(|(path, _)| path));
        Ok(submodules)
    }

    fn blob_of(&self, file: &str) -> Result<Option<(Oid, u32)>, git2::Error> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.root.join(file);
        let Ok(found) = path.symlink_metadata() else { return Ok(None) };
        if found.is_symlink() {
            let target = fs::read_link(&path).unwrap_or_default();
            return Ok(Some((self.repository.blob(target.as_os_str().as_encoded_bytes())?, 0o120_000)));
        }
        if !found.is_file() {
            return Ok(None);
        }
        let mode = if found.permissions().mode() & 0o111 == 0 { 0o100_644 } else { 0o100_755 };
        Ok(Some((self.repository.blob_path(&path)?, mode)))
    }
}

fn is_in_the_way(path: &str, own: &str) -> bool {
    Path::new(path).starts_with(own) || Path::new(own).starts_with(path)
}
