//! The environment: a fresh root in which a target is cloned, started and broken. What a target's
//! process sees of the machine is its programs on the path and nothing else; nothing outside the root
//! is written.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File, FileTimes},
    io,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde_json::json;

use super::{
    DrillError,
    act::{Act, ActLog},
    canary, root,
};
use crate::{
    durable::{self, DurableError},
    net,
    seed::Seed,
    vault::Vault,
};

/// What stands for the environment's root in all captured text.
pub const ROOT_SHOWN: &str = "$DRILL";

/// Variables of the machine that a process needs to start at all.
const PASSED_ON: [&str; 2] = ["PATH", "LD_LIBRARY_PATH"];

/// A fresh root with `home/`, `tmp/` and `repo/`.
#[derive(Debug, Clone)]
pub struct Environment {
    root: PathBuf,
    ports: Vec<u16>,
    seed: Seed,
    log: Option<ActLog>,
    act: Option<Act>,
}

impl Environment {
    /// Makes the environment `name` under `parent`, with `ports` free ports.
    ///
    /// # Errors
    /// When a directory cannot be made.
    pub fn create(parent: &Path, name: &str, ports: usize, seed: Seed) -> Result<Self, DrillError> {
        Self::create_logged(parent, name, ports, seed, None)
    }

    /// Makes the environment as [`create`](Self::create) does, and writes down before what it is about to make.
    pub(super) fn create_logged(
        parent: &Path,
        name: &str,
        ports: usize,
        seed: Seed,
        log: Option<ActLog>,
    ) -> Result<Self, DrillError> {
        let root = parent.join(name);
        let ports = net::free_ports(ports).map_err(DurableError::at("find a free port for", &root))?;
        let detail = json!({ "root": root, "ports": ports });
        let act = log.as_ref().map(|log| log.intend("environment", detail)).transpose()?;
        for directory in ["home", "tmp"] {
            durable::make_directory(&root.join(directory))?;
        }
        canary::plant(&root)?;
        Ok(Self { root, ports, seed, log, act })
    }

    /// Makes the environment `name` under `parent` as a copy of this one, with ports of its own.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn copy(&self, parent: &Path, name: &str) -> Result<Self, DrillError> {
        let copy = Self::create_logged(parent, name, self.ports.len(), self.seed, self.log.clone())?;
        copy_tree(&self.root, &copy.root)?;
        Ok(copy)
    }

    /// Clones `origin` to `repo/` and checks the drill's branch `war-drill-YYYYMMDD` out.
    ///
    /// # Errors
    /// When the origin is no repository with a commit.
    pub fn clone_repository(&self, origin: &Path, date: Date) -> Result<Vault, DrillError> {
        let vault = Vault::clone_from(origin, &self.repo())?;
        vault.branch_off(&branch_name(date))?;
        Ok(vault)
    }

    /// Returns the root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the target's repository.
    #[must_use]
    pub fn repo(&self) -> PathBuf {
        self.root.join("repo")
    }

    /// Returns the ports that were free when the environment was made.
    #[must_use]
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// Returns every variable that a process of the target gets; the machine's own are cleared.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<&'static str, OsString> {
        let mut variables: BTreeMap<&'static str, OsString> =
            PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
        let own: [(&'static str, OsString); 13] = [
            ("HOME", self.root.join("home").into()),
            ("XDG_CONFIG_HOME", self.root.join("home/.config").into()),
            ("TMPDIR", self.root.join("tmp").into()),
            ("USER", "drill".into()),
            ("LANG", "C.UTF-8".into()),
            ("TZ", "UTC".into()),
            ("NO_COLOR", "1".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_SYSTEM", "/dev/null".into()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
            ("GIT_TERMINAL_PROMPT", "0".into()),
            ("GIT_CEILING_DIRECTORIES", self.root.clone().into()),
            ("LIGHTHUNTER_SEED", self.seed.to_string().into()),
        ];
        variables.extend(own);
        variables.extend(canary::VARIABLES.map(|name| (name, canary::secret().into())));
        variables
    }

    /// Returns where a process's output goes, by the name of what it is.
    #[must_use]
    pub(super) fn outputs(&self, name: &str) -> [PathBuf; 2] {
        ["stdout", "stderr"].map(|kind| self.root.join("tmp").join(format!("{name}.{kind}")))
    }

    /// Returns the last line that a process said beside its output.
    #[must_use]
    pub(super) fn said(&self, name: &str) -> String {
        let [_, stderr] = self.outputs(name);
        let text = fs::read(stderr).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        self.shown(text.lines().last().unwrap_or_default())
    }

    /// Returns `text` with the root written as `$DRILL`.
    #[must_use]
    pub fn shown(&self, text: &str) -> String {
        text.replace(self.root.to_string_lossy().as_ref(), ROOT_SHOWN)
    }

    /// Writes down that a process is about to be started here.
    pub(super) fn intend_process(&self, line: &str) -> Result<Option<Act>, DrillError> {
        let detail = json!({ "line": self.shown(line), "root": self.root });
        self.log.as_ref().map(|log| log.intend("process", detail)).transpose()
    }

    /// Leaves the environment in `parent` on purpose, where it is or is taken to.
    ///
    /// # Errors
    /// When it is elsewhere and cannot be copied.
    pub(super) fn keep(self, parent: &Path) -> Result<PathBuf, DrillError> {
        let kept = self.root.file_name().map_or_else(|| self.root.clone(), |name| parent.join(name));
        if kept != self.root {
            copy_tree(&self.root, &kept)?;
            root::remove_tree(&self.root).map_err(DurableError::at("remove", &self.root))?;
        }
        if let Some(act) = self.act {
            act.done(json!({ "kept": kept }));
        }
        Ok(kept)
    }

    /// Removes the environment with all it holds.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn remove(self) -> Result<(), DrillError> {
        root::remove_tree(&self.root).map_err(DurableError::at("remove", &self.root))?;
        if let Some(act) = self.act {
            act.done(json!({}));
        }
        Ok(())
    }
}

/// Returns the branch that a drill works on.
#[must_use]
pub fn branch_name(date: Date) -> String {
    format!("war-drill-{}", date.strftime("%Y%m%d"))
}

/// Copies a tree with modes and times; links are copied as links. Not durable: an environment that
/// does not survive a power cut is simply made again.
pub(super) fn copy_tree(from: &Path, to: &Path) -> Result<(), DurableError> {
    match fs::create_dir(to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made.map_err(DurableError::at("make directory", to))?,
    }
    for entry in fs::read_dir(from).map_err(DurableError::at("list", from))? {
        let entry = entry.map_err(DurableError::at("list", from))?;
        let path = entry.path();
        // Of thousands of small files each look by name counts: the listing tells their kinds.
        let kind = entry.file_type().map_err(DurableError::at("read", &path))?;
        copy_as(kind, &path, &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Copies one file, link or directory with all below it to where nothing is.
pub(super) fn copy_one(path: &Path, target: &Path) -> Result<(), DurableError> {
    let found = fs::symlink_metadata(path).map_err(DurableError::at("read", path))?;
    copy_as(found.file_type(), path, target)
}

fn copy_as(kind: fs::FileType, path: &Path, target: &Path) -> Result<(), DurableError> {
    if kind.is_symlink() {
        let link = fs::read_link(path).map_err(DurableError::at("read the link", path))?;
        link_as(&link, target).map_err(DurableError::at("link", target))?;
    } else if kind.is_dir() {
        copy_tree(path, target)?;
    } else if kind.is_file() {
        copy_file(path, target).map_err(DurableError::at("copy", path))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a new link in a new directory replaces nothing")]
fn link_as(link: &Path, target: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(link, target)
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let found = source.metadata()?;
    let mut target = File::create(to)?;
    io::copy(&mut source, &mut target)?;
    target.set_permissions(found.permissions())?;
    target.set_times(FileTimes::new().set_modified(found.modified()?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Environment;
    use crate::{clock::Clock, durable, seed::Seed, vault::Vault};

    #[test]
    fn environment_is_its_own_world() {
        let room = tempfile::tempdir().expect("a directory");
        let origin = room.path().join("origin");
        let vault = Vault::init(&origin).expect("made");
        for number in 0..20 {
            durable::replace(&origin.join(format!("{number}.txt")), "x\n".repeat(200)).expect("written");
        }
        vault.commit_all("first", Clock::system().now()).expect("committed");
        let environment = Environment::create(room.path(), "s01", 3, Seed(1)).expect("made");
        let clone = environment.clone_repository(&origin, jiff::civil::date(2025, 1, 2)).expect("cloned");
        assert_eq!(clone.branch().expect("a head").as_deref(), Some("war-drill-20250102"));
        assert!(clone.status().expect("a status").is_clean());
        let variables = environment.variables();
        assert!(!variables.contains_key("CARGO_MANIFEST_DIR"));
        assert_eq!(fs::read_dir(variables.get("HOME").expect("a home")).expect("listed").count(), 0);
        assert_eq!(environment.shown(&format!("at {}/repo", environment.root().display())), "at $DRILL/repo");

        let copy = environment.copy(room.path(), "s02").expect("copied");
        assert_ne!(copy.ports(), environment.ports());
        let state = |environment: &Environment| crate::rollback::fingerprint(&environment.repo()).expect("a state");
        assert_eq!(state(&copy), state(&environment));
        copy.remove().expect("removed");
        assert!(!room.path().join("s02").exists());
    }
}
