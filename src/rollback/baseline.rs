//! Baselines: named known-good states of all four layers, one sealed file each under
//! `monitor/baselines/`. Reading and listing; making one is in `create`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RollbackError, sealed, tree::unreadable};
use crate::{digest::Digest, store};

/// Where the baselines are, relative to the root.
const DIRECTORY: &str = "monitor/baselines";

/// The word that stands for the newest baseline.
pub const PREVIOUS: &str = "previous";

/// A known-good state of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The version of this format.
    pub version: u32,
    /// The baseline's name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub by: String,
    /// The code.
    pub code: CodeLayer,
    /// The config.
    pub config: ConfigLayer,
    /// The models.
    pub models: ModelLayer,
    /// The data.
    pub data: DataLayer,
}

/// The code: every tracked file that is not config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeLayer {
    /// The commit.
    pub commit: String,
    /// The tag that names it.
    pub tag: String,
}

/// The config: every tracked file below `config/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigLayer {
    /// The tag of the stable config; it names the code's commit.
    pub tag: String,
    /// The digest of each file's bytes, by path.
    pub files: BTreeMap<String, Digest>,
}

/// The models: which one was in force, job by job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelLayer {
    /// The directory of the models, relative to the root.
    pub directory: PathBuf,
    /// The jobs that had a model in force.
    pub jobs: BTreeMap<String, ModelInForce>,
}

/// The model in force of one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelInForce {
    /// The model's id.
    pub id: String,
    /// The digest of its manifest, which has the digests of its files.
    pub manifest: Digest,
    /// Its files, each with a copy; none in a baseline of before the copies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<DataFile>,
}

/// The data: what the stores held, with copies to come back from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataLayer {
    /// The engine: `duckdb` or `sqlite`.
    pub engine: String,
    /// The engine's database, relative to the root.
    pub database: PathBuf,
    /// The directory of the Parquet tables, likewise.
    pub parquet: PathBuf,
    /// The ledger, likewise.
    pub ledger: PathBuf,
    /// The copy that lists the files with their digests.
    pub files: Digest,
    /// The copy of what the ledger acknowledged.
    pub acknowledged: Digest,
    /// How many files there are.
    pub file_count: usize,
    /// How long they are together.
    pub bytes: u64,
    /// The digest of the rows, by store and table.
    pub content: BTreeMap<String, Digest>,
}

/// One file of which a copy is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataFile {
    /// The path, relative to the root.
    pub(super) path: String,
    pub(super) sha256: Digest,
    pub(super) bytes: u64,
}

/// What the ledger acknowledged, and the files that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DataCopy {
    pub(super) files: Vec<DataFile>,
    pub(super) acknowledged: store::DataState,
}

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// Checks a name: it becomes a file's.
pub(super) fn check_name(name: &str) -> Result<(), RollbackError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let starts_plain = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts_plain && name.len() <= 64 && name.bytes().all(plain) && name != PREVIOUS {
        return Ok(());
    }
    Err(RollbackError::Name(name.chars().take(65).collect()))
}

/// Returns the file of a baseline.
pub(super) fn file_of(root: &Path, name: &str) -> PathBuf {
    root.join(DIRECTORY).join(format!("{name}.json"))
}

/// Reads a baseline by its name; `previous` is the newest one.
///
/// # Errors
/// `NoBaseline` when there is none of that name, `Damaged` when its file is not what was written.
pub fn baseline(root: &Path, name: &str) -> Result<Baseline, RollbackError> {
    let name = if name == PREVIOUS {
        // Those that cannot be read come first, so that one speaks only where no other is left.
        let newest = baselines(root)?.into_iter().next_back();
        newest.ok_or_else(|| RollbackError::NoBaseline { name: name.into(), root: root.into() })?.1?.name
    } else {
        check_name(name)?;
        name.to_owned()
    };
    let path = file_of(root, &name);
    let found: Option<Baseline> = sealed::read(&path)?;
    let found = found.ok_or_else(|| RollbackError::NoBaseline { name: name.clone(), root: root.into() })?;
    if found.name != name || found.version != VERSION {
        let why = format!("it is the baseline '{}' in version {}", found.name, found.version);
        return Err(RollbackError::Damaged { path, why });
    }
    Ok(found)
}

/// A baseline's name, and the baseline or why it cannot be read.
pub type Listed = (String, Result<Baseline, RollbackError>);

/// Returns every baseline by its name, oldest first; those that cannot be read come first, with why.
///
/// # Errors
/// When the directory cannot be read.
pub fn baselines(root: &Path) -> Result<Vec<Listed>, RollbackError> {
    let directory = root.join(DIRECTORY);
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(unreadable(&directory)(source)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(unreadable(&directory))?.file_name().to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".json").filter(|name| check_name(name).is_ok()) {
            found.push((name.to_owned(), baseline(root, name)));
        }
    }
    found.sort_by_key(|(name, found)| (found.as_ref().ok().map(|baseline| baseline.created_at), name.clone()));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{baseline, baselines, check_name};
    use crate::exit::{Exit, Failure};

    #[test]
    fn names_that_could_leave_the_directory_are_refused() {
        let long = "a".repeat(65);
        for name in ["", ".", "..", "../x", "a/b", ".hidden", "-a", "a b", "previous", long.as_str()] {
            assert_eq!(check_name(name).expect_err(name).exit(), Exit::Usage);
        }
        for name in ["war-baseline-20250102", "good", "v1.2_x", &long[..64]] {
            check_name(name).expect(name);
        }
    }

    #[test]
    fn workspace_without_a_baseline_has_none_to_go_back_to() {
        let room = tempfile::tempdir().expect("a directory");
        assert!(baselines(room.path()).expect("listed").is_empty());
        for name in ["good", "previous"] {
            assert_eq!(baseline(room.path(), name).expect_err("none").exit(), Exit::Corrupt);
        }
    }
}
