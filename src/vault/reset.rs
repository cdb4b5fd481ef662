//! The hard reset: preflight, act, sync, verify. Nothing is touched before the target is known to be
//! whole and no other process is at work; nothing is called done before every byte is compared.

use std::{fs, path::Path};

use git2::{ObjectType, Oid, ResetType, Tree, TreeWalkMode, TreeWalkResult};

use super::{Vault, VaultError, restore::Scope};
use crate::clock::Clock;

/// What a reset did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetReport {
    /// The commit that HEAD is at now.
    pub commit: String,
    /// What was done, one sentence a step.
    pub actions: Vec<String>,
    /// The tracked files whose bytes were taken back, sorted.
    pub files: Vec<String>,
}

impl Vault {
    /// Checks that a hard reset to `target` can be done, and touches nothing.
    ///
    /// # Errors
    /// When HEAD is unborn, the target is missing or damaged, a merge is half done, or another
    /// process holds a lock.
    pub fn preflight_reset(&self, target: &str, clock: &Clock) -> Result<(), VaultError> {
        // Of HEAD the directories must be readable; a file of it that is damaged is what a reset takes away.
        self.held_by(&self.tree_of(&self.head_commit()?)?, Scope::All)?;
        self.check_objects(target)?;
        if let Some(state) = self.half_done() {
            return Err(VaultError::HalfDone { path: self.root.clone(), state });
        }
        match self.locks(clock)?.into_iter().find(|lock| lock.held.is_some()) {
            Some(lock) => Err(VaultError::Locked { lock: lock.path, why: lock.held.unwrap_or_default() }),
            None => Ok(()),
        }
    }

    /// Takes HEAD, the index and every tracked file to `target`; untracked files stay.
    ///
    /// # Errors
    /// Those of [`Vault::preflight_reset`], with nothing touched; `NotReset` when the tree is not the
    /// target's at the end.
    pub fn reset_hard(&self, target: &str, clock: &Clock) -> Result<ResetReport, VaultError> {
        self.preflight_reset(target, clock)?;
        let mut actions = self.clear_stale_locks(clock)?;
        let commit = self.resolve_commit(target)?;
        let tree = commit.tree().map_err(self.failed("read the target's tree"))?;
        let files = self.files_to_change(&tree)?;
        self.repository.reset(commit.as_object(), ResetType::Hard, None).map_err(self.failed("reset"))?;
        actions.push(format!("reset --hard {target} ({:.12}), {} files taken back", commit.id(), files.len()));
        let disguised = self.differing_files(&tree)?;
        if !disguised.is_empty() {
            self.rewrite(&disguised)?;
            actions.push(format!("rewrote {}: other bytes under an unchanged time stamp", disguised.join(", ")));
        }
        self.sync_checkout(&files)?;
        self.verify_reset(target, &tree, commit.id())?;
        actions.push("verified: HEAD tree, index and every tracked file are the target's".into());
        Ok(ResetReport { commit: commit.id().to_string(), actions, files })
    }

    /// Checks that every object of the tree of a tag, branch or commit is there and can be read.
    ///
    /// # Errors
    /// `NoSuchTarget` or `DamagedTarget`.
    pub fn check_objects(&self, target: &str) -> Result<(), VaultError> {
        let tree = self.tree_of(&self.resolve_commit(target)?)?;
        self.require_whole(&tree, target)
    }

    pub(super) fn require_whole(&self, tree: &Tree<'_>, target: &str) -> Result<(), VaultError> {
        let odb = self.repository.odb().map_err(self.failed("open the objects"))?;
        let mut missing = None;
        let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let is_object = entry.kind() != Some(ObjectType::Commit);
            let is_blob = entry.kind() == Some(ObjectType::Blob);
            if is_object && (self.is_cut(entry.id()) || is_blob && odb.read(entry.id()).is_err()) {
                missing = Some((entry.id(), format!("{folder}{}", entry.name().unwrap_or("?"))));
                return TreeWalkResult::Abort;
            }
            TreeWalkResult::Ok
        });
        let damaged = |object: Oid, file: String| VaultError::DamagedTarget {
            path: self.root.clone(),
            target: target.into(),
            object: object.to_string(),
            file,
        };
        match (missing, walked) {
            (Some((object, file)), _) => Err(damaged(object, file)),
            (None, Err(_)) => Err(damaged(tree.id(), "a directory".into())),
            (None, Ok(())) => Ok(()),
        }
    }

    fn files_to_change(&self, tree: &Tree<'_>) -> Result<Vec<String>, VaultError> {
        let diff = self
            .repository
            .diff_tree_to_workdir_with_index(Some(tree), None)
            .map_err(self.failed("compare with the target"))?;
        let mut files: Vec<String> = diff
            .deltas()
            .filter_map(|delta| delta.new_file().path().or(delta.old_file().path()).map(Path::to_path_buf))
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// Returns the tracked files whose bytes are not the tree's, read from disk: a file may hide from
    /// git status behind its old size and time.
    fn differing_files(&self, tree: &Tree<'_>) -> Result<Vec<String>, VaultError> {
        let mut differing = Vec::new();
        tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            if entry.kind() == Some(ObjectType::Blob) {
                let path = format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes()));
                if disk_id(&self.root.join(&path), entry.filemode()) != Some(entry.id()) && !self.is_filtered(&path) {
                    differing.push(path);
                }
            }
            TreeWalkResult::Ok
        })
        .map_err(self.failed("read the target's tree"))?;
        Ok(differing)
    }

    /// Says whether git converts the file on its way to disk, so that its bytes may differ.
    pub(super) fn is_filtered(&self, path: &str) -> bool {
        ["text", "eol", "filter", "ident", "crlf", "working-tree-encoding"].iter().any(|name| {
            let value = self.repository.get_attr(Path::new(path), name, git2::AttrCheckFlags::default());
            value.ok().flatten().is_some()
        })
    }

    fn rewrite(&self, paths: &[String]) -> Result<(), VaultError> {
        let mut checkout = git2::build::CheckoutBuilder::new();
        // None of these is filtered by an attribute, so that only the machine's config would convert it.
        checkout.force().disable_pathspec_match(true).disable_filters(true);
        for path in paths {
            // A missing file is always written; one with the old size and time would be left.
            let _ = fs::remove_file(self.root.join(path));
            checkout.path(path.as_str());
        }
        self.repository.checkout_head(Some(&mut checkout)).map_err(self.failed("write the files again"))
    }

    fn verify_reset(&self, target: &str, tree: &Tree<'_>, commit: Oid) -> Result<(), VaultError> {
        let mut differences = Vec::new();
        if self.head_commit()?.id() != commit {
            differences.push("HEAD is another commit".to_owned());
        }
        let mut index = self.repository.index().map_err(self.failed("open the index"))?;
        index.read(true).map_err(self.failed("read the index"))?;
        if index.write_tree().map_err(self.failed("read the index as a tree"))? != tree.id() {
            differences.push("the index is another tree".to_owned());
        }
        differences.extend(self.status()?.changed.into_iter().map(|path| format!("{path} differs")));
        differences.extend(self.differing_files(tree)?.into_iter().map(|path| format!("{path} has other bytes")));
        if differences.is_empty() {
            return Ok(());
        }
        Err(VaultError::NotReset {
            path: self.root.clone(),
            target: target.into(),
            differences: differences.join(", "),
        })
    }
}

pub(super) fn disk_id(path: &Path, mode: i32) -> Option<Oid> {
    if mode == i32::from(git2::FileMode::Link) {
        let target = fs::read_link(path).ok()?;
        return Oid::hash_object(ObjectType::Blob, target.as_os_str().as_encoded_bytes()).ok();
    }
    let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
    if is_file { Oid::hash_file(ObjectType::Blob, path).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{Vault, VaultError};
    use crate::{clock::Clock, durable, exit::Exit, exit::Failure};

    fn repository(root: &Path) -> Vault {
        let vault = Vault::init(root).expect("made");
        durable::make_directory(&root.join("config")).expect("made");
        durable::replace(&root.join("config/a.json"), "{\"a\": 1}\n").expect("written");
        durable::replace(&root.join("b.txt"), "one\n").expect("written");
        vault.commit_all("first", Clock::system().now()).expect("committed");
        vault.tag("war-baseline-20250102", None, Clock::system().now()).expect("tagged");
        vault
    }

    #[test]
    fn reset_takes_back_edits_deletions_staging_and_commits_but_no_untracked_file() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = repository(room.path());
        let before = (vault.head().expect("a head"), vault.index_entries().expect("an index"));
        durable::replace(&room.path().join("config/a.json"), "{}").expect("written");
        fs::remove_file(room.path().join("b.txt")).expect("removed");
        durable::replace(&room.path().join("c.txt"), "new\n").expect("written");
        vault.commit_all("bad", Clock::system().now()).expect("committed");
        durable::replace(&room.path().join("mine.txt"), "mine\n").expect("written");
        let report = vault.reset_hard("war-baseline-20250102", &Clock::system()).expect("reset");
        assert_eq!(report.files, ["b.txt", "c.txt", "config/a.json"]);
        assert_eq!((vault.head().expect("a head"), vault.index_entries().expect("an index")), before);
        assert_eq!(fs::read_to_string(room.path().join("b.txt")).expect("back"), "one\n");
        assert!(!room.path().join("c.txt").exists(), "a file that the target does not know is gone");
        assert_eq!(vault.status().expect("a status").to_string(), "untracked mine.txt");
    }

    #[test]
    fn reset_sees_through_an_edit_of_equal_size_and_time() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = repository(room.path());
        let path = room.path().join("b.txt");
        let time = fs::metadata(&path).and_then(|found| found.modified()).expect("a time");
        let file = fs::OpenOptions::new().write(true).open(&path).expect("open");
        std::io::Write::write_all(&mut &file, b"two\n").expect("written");
        file.set_modified(time).expect("set");
        vault.reset_hard("war-baseline-20250102", &Clock::system()).expect("reset");
        assert_eq!(fs::read_to_string(path).expect("back"), "one\n");
    }

    #[test]
    fn line_ends_of_the_machine_do_not_enter_the_tree() {
        let room = tempfile::tempdir().expect("a directory");
        repository(room.path());
        let config = room.path().join(".git/config");
        let text = fs::read_to_string(&config).expect("a config") + "[core]\n\tautocrlf = true\n";
        durable::replace(&config, text).expect("written");
        let vault = Vault::open(room.path()).expect("open");
        durable::replace(&room.path().join("b.txt"), "two\n").expect("written");
        vault.reset_hard("war-baseline-20250102", &Clock::system()).expect("reset");
        assert_eq!(fs::read(room.path().join("b.txt")).expect("back"), b"one\n");
        assert!(vault.status().expect("a status").is_clean());
    }

    #[test]
    fn missing_tag_unborn_head_and_no_repository_are_told_apart() {
        let room = tempfile::tempdir().expect("a directory");
        let clock = Clock::system();
        assert!(matches!(Vault::open(room.path()), Err(VaultError::NotARepository { .. })));
        let unborn = Vault::init(room.path()).expect("made");
        assert!(matches!(unborn.reset_hard("x", &clock), Err(VaultError::Unborn(_))));
        let vault = repository(&room.path().join("w"));
        let error = vault.reset_hard("war-baseline-19990101", &clock).expect_err("missing");
        assert!(error.to_string().ends_with("has no tag, branch or commit 'war-baseline-19990101'"), "{error}");
        assert_eq!(error.exit(), Exit::Config);
    }

    #[test]
    fn damaged_target_is_refused_before_anything_is_touched() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = repository(room.path());
        let blob = vault.index_entries().expect("an index").remove(0).id;
        fs::remove_file(vault.git_directory().join("objects").join(&blob[..2]).join(&blob[2..])).expect("removed");
        durable::replace(&room.path().join("config/a.json"), "edited").expect("written");
        // A fresh handle: libgit2 keeps objects that it has read.
        let vault = Vault::open(room.path()).expect("open");
        let error = vault.reset_hard("war-baseline-20250102", &Clock::system()).expect_err("damaged");
        assert_eq!(error.exit(), Exit::Corrupt, "{error}");
        assert_eq!(fs::read_to_string(room.path().join("config/a.json")).expect("there"), "edited");
    }

    #[test]
    fn tag_whose_commit_is_gone_is_damage_and_no_missing_tag() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = repository(room.path());
        let commit = vault.head().expect("a head");
        vault.check_objects("war-baseline-20250102").expect("whole");
        fs::remove_file(vault.git_directory().join("objects").join(&commit[..2]).join(&commit[2..])).expect("removed");
        let vault = Vault::open(room.path()).expect("open");
        for name in ["war-baseline-20250102", "refs/tags/war-baseline-20250102"] {
            let error = vault.check_objects(name).expect_err("gone");
            assert_eq!(error.exit(), Exit::Corrupt, "{error}");
            assert!(error.to_string().contains(&commit), "{error}");
        }
        assert_eq!(vault.check_objects("war-baseline-1").expect_err("none").exit(), Exit::Config);
    }

    #[test]
    fn object_that_was_cut_short_is_damage_and_no_wait_for_ever() {
        for what in ["", ":config", ":b.txt", "^{tree}"] {
            let room = tempfile::tempdir().expect("a directory");
            let vault = repository(room.path());
            let id = vault.repository.revparse_single(&format!("HEAD{what}")).expect("an object").id().to_string();
            let path = vault.git_directory().join("objects").join(&id[..2]).join(&id[2..]);
            let bytes = fs::read(&path).expect("loose");
            fs::remove_file(&path).expect("removed");
            durable::replace(&path, &bytes[..bytes.len() / 2]).expect("cut");
            let vault = Vault::open(room.path()).expect("open");
            for error in [
                vault.preflight_reset("war-baseline-20250102", &Clock::system()).expect_err("cut"),
                vault.check_objects("war-baseline-20250102").expect_err("cut"),
            ] {
                assert!(error.exit() == Exit::Corrupt && error.to_string().contains(&id), "{what}: {error}");
            }
        }
    }

    #[test]
    fn stale_locks_are_removed_and_held_ones_refuse() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = repository(room.path());
        durable::replace(&room.path().join("b.txt"), "two\n").expect("written");
        for name in ["index.lock", "refs/heads/main.lock"] {
            let lock = vault.git_directory().join(name);
            let held = fs::File::create(&lock).expect("made");
            let error = vault.reset_hard("war-baseline-20250102", &Clock::system()).expect_err("held");
            assert_eq!(error.exit(), Exit::Busy);
            assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
            assert_eq!(fs::read_to_string(room.path().join("b.txt")).expect("there"), "two\n");
            drop(held);
            let error = vault.reset_hard("war-baseline-20250102", &Clock::system()).expect_err("young");
            assert!(error.to_string().contains("too young"), "{error}");
            let later = Clock::starting_at(Clock::system().now() + jiff::SignedDuration::from_secs(60));
            let report = vault.reset_hard("war-baseline-20250102", &later).expect("reset");
            assert_eq!(report.actions[0], format!("removed the stale lock .git/{name}"));
            durable::replace(&room.path().join("b.txt"), "two\n").expect("written");
        }
    }

    #[test]
    fn clone_shares_no_file_with_its_origin() {
        use std::os::unix::fs::MetadataExt as _;
        let room = tempfile::tempdir().expect("a directory");
        let origin = repository(&room.path().join("origin"));
        let clone = Vault::clone_from(origin.root(), &room.path().join("clone")).expect("cloned");
        assert_eq!(clone.head().expect("a head"), origin.head().expect("a head"));
        clone.branch_off("war-drill-20250102").expect("a branch");
        assert_eq!(clone.branch().expect("a head").as_deref(), Some("war-drill-20250102"));
        let blob = origin.index_entries().expect("an index").remove(0).id;
        let object = origin.git_directory().join("objects").join(&blob[..2]).join(&blob[2..]);
        assert_eq!(fs::metadata(object).expect("loose").nlink(), 1, "copied, not linked");
        durable::replace(&clone.root().join("b.txt"), "two\n").expect("written");
        assert!(clone.diff().expect("a diff").contains("-one\n+two\n"));
        assert!(matches!(clone.require_clean(), Err(VaultError::Dirty { .. })));
    }
}
