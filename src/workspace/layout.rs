//! Where things are in a workspace, by default; `paths.*` of the config may move some of them.

use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// The directories that the system makes and git ignores (the manual, 1.3).
pub const DIRECTORIES: [&str; 14] = [
    "data/raw",
    "data/ts",
    "data/parquet",
    "data/quarantine",
    "models",
    "logs/ops",
    "logs/monitor",
    "experiments",
    "monitor",
    "monitor/baselines",
    "reports",
    "cache/alpha",
    "cache/locks",
    "cache/runs",
];

/// One workspace, by its absolute root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The system's config, relative to the root.
    pub const CONFIG: &str = "config/system_config.json";
    /// The example that `bootstrap` copies where there is no config.
    pub const CONFIG_EXAMPLE: &str = "config/system_config.example.json";

    /// Opens the workspace at `root`.
    ///
    /// # Errors
    /// When `root` is not a directory that holds `config/system_config.json` or its example.
    pub fn open(root: &Path) -> Result<Self, WorkspaceError> {
        let absolute =
            root.canonicalize().map_err(|source| WorkspaceError::Unreadable { path: root.into(), source })?;
        if Self::is_one(&absolute) { Ok(Self { root: absolute }) } else { Err(WorkspaceError::NotOne(absolute)) }
    }

    /// Opens the nearest workspace at or above `start`.
    ///
    /// # Errors
    /// When there is none up to the root of the file system.
    pub fn discover(start: &Path) -> Result<Self, WorkspaceError> {
        let start = start.canonicalize().map_err(|source| WorkspaceError::Unreadable { path: start.into(), source })?;
        start
            .ancestors()
            .find(|directory| Self::is_one(directory))
            .map(|root| Self { root: root.into() })
            .ok_or(WorkspaceError::NoneAbove(start.clone()))
    }

    /// Names a workspace that is being made and holds nothing yet.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    fn is_one(directory: &Path) -> bool {
        directory.join(Self::CONFIG).is_file() || directory.join(Self::CONFIG_EXAMPLE).is_file()
    }

    /// Returns the absolute root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the absolute path of a file named relative to the root; an absolute path stays.
    #[must_use]
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns a path as people read it: relative to the root where it lies inside.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// A directory that is not a workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The directory itself is not a workspace.
    #[error("{path} is not a LightHunter workspace: it holds no config/system_config.json", path = .0.display())]
    NotOne(PathBuf),
    /// No directory at or above is one.
    #[error("no LightHunter workspace at or above {path}: no config/system_config.json found", path = .0.display())]
    NoneAbove(PathBuf),
    /// The directory cannot be read.
    #[error("cannot open the workspace {path}: {source}", path = path.display())]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Failure for WorkspaceError {
    fn exit(&self) -> Exit {
        Exit::Config
    }

    fn remedy(&self) -> Option<String> {
        Some("Make one with `lighthunter init DIR`, or name one with `--workspace DIR`.".into())
    }
}

#[cfg(test)]
mod tests {
    use super::Workspace;

    #[test]
    fn nearest_parent_with_a_config_is_the_workspace() {
        let room = tempfile::tempdir().expect("a directory");
        let root = room.path().canonicalize().expect("a path");
        assert!(Workspace::discover(&root).is_err());
        std::fs::create_dir_all(root.join("config/deep")).expect("made");
        crate::durable::replace(&root.join(Workspace::CONFIG), "{}").expect("written");
        assert_eq!(Workspace::discover(&root.join("config/deep")).expect("found").root(), root);
    }
}
