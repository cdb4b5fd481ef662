//! One repository: made, opened, read, committed to, tagged.

use std::path::{Path, PathBuf};

use git2::{
    Commit, Config, ConfigLevel, ErrorCode, Oid, Repository, RepositoryInitOptions, RepositoryState, Signature, Time,
};
use jiff::Timestamp;

use super::{Status, VaultError};

/// The identity of commits that LightHunter makes itself.
const NAME: &str = "LightHunter";
const EMAIL: &str = "lighthunter@localhost";

/// A git repository with a working tree.
pub struct Vault {
    pub(super) repository: Repository,
    pub(super) root: PathBuf,
}

/// One file of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The path, relative to the root.
    pub path: String,
    /// The id of its content.
    pub id: String,
    /// Its mode: 0o100644, 0o100755, 0o120000.
    pub mode: u32,
}

impl Vault {
    /// Makes a repository at `root` with the branch `main` and no commit.
    ///
    /// # Errors
    /// When libgit2 cannot make it.
    pub fn init(root: &Path) -> Result<Self, VaultError> {
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main").external_template(false).mkpath(true);
        let repository = Repository::init_opts(root, &options).map_err(failed("make a repository", root))?;
        Self::hermetic(repository, root)
    }

    /// Opens the repository whose working tree is `root` itself; parents are not searched.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(root: &Path) -> Result<Self, VaultError> {
        let repository =
            Repository::open(root).map_err(|source| VaultError::NotARepository { path: root.into(), source })?;
        Self::hermetic(repository, root)
    }

    pub(super) fn hermetic(repository: Repository, root: &Path) -> Result<Self, VaultError> {
        let own = || {
            let mut config = Config::new()?;
            config.add_file(&repository.commondir().join("config"), ConfigLevel::Local, false)?;
            repository.set_config(&config)
        };
        own().map_err(failed("read the config", root))?;
        Ok(Self { repository, root: root.into() })
    }

    /// Returns the root of the working tree.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the directory that git keeps its own files in.
    #[must_use]
    pub fn git_directory(&self) -> &Path {
        self.repository.path()
    }

    /// Returns the id of HEAD's commit.
    ///
    /// # Errors
    /// When HEAD is unborn or unreadable.
    pub fn head(&self) -> Result<String, VaultError> {
        Ok(self.head_commit()?.id().to_string())
    }

    /// Returns the id of HEAD's tree.
    ///
    /// # Errors
    /// When HEAD is unborn or unreadable.
    pub fn head_tree(&self) -> Result<String, VaultError> {
        Ok(self.head_commit()?.tree_id().to_string())
    }

    /// Returns the message of HEAD's commit.
    ///
    /// # Errors
    /// When HEAD is unborn or unreadable.
    pub fn head_message(&self) -> Result<String, VaultError> {
        Ok(String::from_utf8_lossy(self.head_commit()?.message_bytes()).into_owned())
    }

    /// Returns the branch that HEAD is on; `None` when it is detached.
    ///
    /// # Errors
    /// When HEAD is unborn or unreadable.
    pub fn branch(&self) -> Result<Option<String>, VaultError> {
        let head = self.repository.head().map_err(|source| self.unborn_or("read HEAD", source))?;
        Ok(if head.is_branch() { head.shorthand().ok().map(str::to_owned) } else { None })
    }

    pub(super) fn head_commit(&self) -> Result<Commit<'_>, VaultError> {
        let head = self.repository.head().map_err(|source| self.unborn_or("read HEAD", source))?;
        if let Some(id) = head.target() {
            self.require_uncut(id, "HEAD", "the commit")?;
        }
        head.peel_to_commit().map_err(self.failed("read HEAD's commit"))
    }

    fn unborn_or(&self, what: &'static str, source: git2::Error) -> VaultError {
        match source.code() {
            ErrorCode::UnbornBranch | ErrorCode::NotFound => VaultError::Unborn(self.root.clone()),
            _ => self.failed(what)(source),
        }
    }

    /// Returns the id of the commit that a tag, branch or commit id names.
    ///
    /// # Errors
    /// When there is no such thing.
    pub fn resolve(&self, target: &str) -> Result<String, VaultError> {
        Ok(self.resolve_commit(target)?.id().to_string())
    }

    pub(super) fn resolve_commit(&self, target: &str) -> Result<Commit<'_>, VaultError> {
        // A tag comes first, as the manual means it, even when a branch has the same name.
        if let Some(id) = self.named(target).or_else(|| git2::Oid::from_str(target).ok()) {
            self.require_uncut(id, target, "the commit")?;
        }
        let tag = self.repository.find_reference(&format!("refs/tags/{target}"));
        let object = match tag {
            Ok(reference) => reference.peel(git2::ObjectType::Commit),
            Err(_) => self.repository.revparse_single(&format!("{target}^{{commit}}")),
        };
        object.and_then(|object| object.peel_to_commit()).map_err(|source| self.unresolved(target, source))
    }

    /// Returns the object that a reference of that name points at, a tag before a branch.
    fn named(&self, target: &str) -> Option<git2::Oid> {
        let names = [format!("refs/tags/{target}"), target.to_owned(), format!("refs/heads/{target}")];
        names.iter().find_map(|name| self.repository.find_reference(name).ok()?.target())
    }

    /// Tells a name that nothing bears from one whose commit is gone or damaged.
    fn unresolved(&self, target: &str, source: git2::Error) -> VaultError {
        let named = self.named(target);
        let (path, target) = (self.root.clone(), target.into());
        match named {
            Some(id) => VaultError::DamagedTarget { path, target, object: id.to_string(), file: "the commit".into() },
            None => VaultError::NoSuchTarget { path, target, source },
        }
    }

    /// Commits every change and every untracked file that is not ignored; returns the commit's id.
    ///
    /// # Errors
    /// When the index or the commit cannot be written.
    pub fn commit_all(&self, message: &str, at: Timestamp) -> Result<String, VaultError> {
        self.commit(message, at, |index| {
            index.add_all(["*"], git2::IndexAddOption::DEFAULT, None)?;
            index.update_all(["*"], None)
        })
    }

    /// Commits the given files as they are on disk, one that is gone as deleted; returns the commit's id.
    ///
    /// # Errors
    /// When a file cannot be read, or the index or the commit cannot be written.
    pub fn commit_files(&self, files: &[&str], message: &str, at: Timestamp) -> Result<String, VaultError> {
        self.commit(message, at, |index| {
            files.iter().map(Path::new).try_for_each(|file| {
                let there = self.root.join(file).symlink_metadata().is_ok();
                if there { index.add_path(file) } else { index.remove_path(file) }
            })
        })
    }

    fn commit(
        &self,
        message: &str,
        at: Timestamp,
        stage: impl FnOnce(&mut git2::Index) -> Result<(), git2::Error>,
    ) -> Result<String, VaultError> {
        self.set_cut_objects_aside()?;
        let write = || -> Result<Oid, git2::Error> {
            let mut index = self.repository.index()?;
            stage(&mut index)?;
            index.write()?;
            let tree = self.repository.find_tree(index.write_tree()?)?;
            let author = signature(at)?;
            let parent = self.repository.head().ok().and_then(|head| head.peel_to_commit().ok());
            let parents: Vec<&Commit<'_>> = parent.iter().collect();
            self.repository.commit(Some("HEAD"), &author, &author, message, &tree, &parents)
        };
        let id = write().map_err(self.failed("commit"))?;
        self.sync_commit(id)?;
        Ok(id.to_string())
    }

    /// Tags HEAD; with a message the tag is annotated. A tag of the same name that names HEAD already
    /// is left as it is.
    ///
    /// # Errors
    /// When HEAD is unborn, or the name is taken by another commit.
    pub fn tag(&self, name: &str, message: Option<&str>, at: Timestamp) -> Result<(), VaultError> {
        let head = self.head_commit()?;
        if self.resolve_tag(name).is_some_and(|id| id == head.id()) {
            return Ok(());
        }
        let write = || match message {
            Some(text) => self.repository.tag(name, head.as_object(), &signature(at)?, text, false),
            None => self.repository.tag_lightweight(name, head.as_object(), false),
        };
        write().map_err(self.failed("set the tag"))?;
        self.sync_tag(name)
    }

    fn resolve_tag(&self, name: &str) -> Option<Oid> {
        let reference = self.repository.find_reference(&format!("refs/tags/{name}")).ok()?;
        reference.peel_to_commit().ok().map(|commit| commit.id())
    }

    /// Returns the tags whose names match `pattern` (`*` stands for any text), sorted.
    ///
    /// # Errors
    /// When the references cannot be read.
    pub fn tags(&self, pattern: &str) -> Result<Vec<String>, VaultError> {
        let names = self.repository.tag_names(Some(pattern)).map_err(self.failed("list the tags"))?;
        let mut names: Vec<String> = names.iter().filter_map(|name| name.ok().flatten().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }

    /// Makes a branch at HEAD and checks it out.
    ///
    /// # Errors
    /// When HEAD is unborn or the name is taken.
    pub fn branch_off(&self, name: &str) -> Result<(), VaultError> {
        let head = self.head_commit()?;
        self.repository.branch(name, &head, false).map_err(self.failed("make the branch"))?;
        // The branch starts at HEAD, so the working tree is its tree already.
        self.repository.set_head(&format!("refs/heads/{name}")).map_err(self.failed("check the branch out"))
    }

    /// Returns every file of the index, sorted by path.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn index_entries(&self) -> Result<Vec<IndexEntry>, VaultError> {
        let mut index = self.repository.index().map_err(self.failed("open the index"))?;
        index.read(true).map_err(self.failed("read the index"))?;
        let entry = |entry: git2::IndexEntry| IndexEntry {
            path: String::from_utf8_lossy(&entry.path).into_owned(),
            id: entry.id.to_string(),
            mode: entry.mode,
        };
        Ok(index.iter().map(entry).collect())
    }

    /// Returns every branch and tag with the id it names, and HEAD with what it points to; sorted.
    ///
    /// # Errors
    /// When the references cannot be read.
    pub fn references(&self) -> Result<Vec<(String, String)>, VaultError> {
        let mut found = Vec::new();
        for reference in self.repository.references().map_err(self.failed("list the references"))? {
            let reference = reference.map_err(self.failed("read a reference"))?;
            let target = match (reference.target(), reference.symbolic_target()) {
                (Some(id), _) => id.to_string(),
                (None, Ok(Some(name))) => name.to_owned(),
                (None, _) => String::new(),
            };
            found.push((String::from_utf8_lossy(reference.name_bytes()).into_owned(), target));
        }
        let head = self.branch()?.map_or_else(|| self.head(), Ok)?;
        found.push(("HEAD".into(), head));
        found.sort();
        Ok(found)
    }

    /// Returns what differs from HEAD in the working tree and the index, as git diff prints it.
    ///
    /// # Errors
    /// When HEAD is unborn or a file cannot be read.
    pub fn diff(&self) -> Result<String, VaultError> {
        let tree = self.head_commit()?.tree().map_err(self.failed("read HEAD's tree"))?;
        let mut text = String::new();
        self.repository
            .diff_tree_to_workdir_with_index(Some(&tree), None)
            .and_then(|diff| {
                diff.print(git2::DiffFormat::Patch, |_, _, line| {
                    if matches!(line.origin(), ' ' | '+' | '-') {
                        text.push(line.origin());
                    }
                    text.push_str(&String::from_utf8_lossy(line.content()));
                    true
                })
            })
            .map_err(self.failed("compare with HEAD"))?;
        Ok(text)
    }

    /// Returns what git status would list.
    ///
    /// # Errors
    /// When the index or the working tree cannot be read.
    pub fn status(&self) -> Result<Status, VaultError> {
        Status::of(self)
    }

    /// Returns the operation that is half done, such as a merge or a rebase, in lower case; `None` when none is.
    #[must_use]
    pub fn half_done(&self) -> Option<String> {
        let state = self.repository.state();
        (state != RepositoryState::Clean).then(|| format!("{state:?}").to_lowercase())
    }

    /// Succeeds when the working tree is clean.
    ///
    /// # Errors
    /// `Dirty` with the files when it is not.
    pub fn require_clean(&self) -> Result<(), VaultError> {
        let status = self.status()?;
        if status.is_clean() {
            return Ok(());
        }
        Err(VaultError::Dirty { path: self.root.clone(), files: status.to_string() })
    }

    pub(super) fn failed(&self, what: &'static str) -> impl FnOnce(git2::Error) -> VaultError {
        failed(what, &self.root)
    }
}

pub(super) fn failed(what: &'static str, path: &Path) -> impl FnOnce(git2::Error) -> VaultError {
    let path = path.to_path_buf();
    move |source| VaultError::Git { what, path, source }
}

pub(super) fn signature(at: Timestamp) -> Result<Signature<'static>, git2::Error> {
    Signature::new(NAME, EMAIL, &Time::new(at.as_second(), 0))
}
