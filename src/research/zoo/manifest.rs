//! The manifest of a snapshot: which files it has and their hashes. It is written last.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{digest::Digest, durable, research::ResearchError};

/// The manifest's file name.
pub const MANIFEST: &str = "MANIFEST.json";

const VERSION: u32 = 1;

/// What a snapshot consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    /// The job that the model belongs to.
    pub job: String,
    /// The model's id, which is its directory's name.
    pub id: String,
    /// SHA-256 of each file by name.
    pub files: BTreeMap<String, Digest>,
}

impl Manifest {
    /// Writes `files` and then the manifest into an empty directory.
    pub(super) fn write(
        directory: &Path,
        job: &str,
        id: &str,
        files: &[(&str, String)],
    ) -> Result<Self, ResearchError> {
        for (name, text) in files {
            durable::replace(&directory.join(name), text)?;
        }
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), Digest::of(text))).collect();
        let manifest = Self { version: VERSION, job: job.into(), id: id.into(), files };
        durable::replace(&directory.join(MANIFEST), super::snapshot::pretty(&manifest)?)?;
        Ok(manifest)
    }

    /// Reads a snapshot's files and checks them: every named file is there with its hash, none is
    /// there that is not named, and the directory bears the manifest's id and job.
    pub(super) fn read(directory: &Path) -> Result<(Self, BTreeMap<String, Vec<u8>>), ResearchError> {
        let path = directory.join(MANIFEST);
        let manifest: Self = serde_json::from_slice(&read(&path)?)
            .map_err(|error| ResearchError::corrupt(&path, format!("it is not a manifest: {error}")))?;
        if manifest.version != VERSION {
            return Err(ResearchError::corrupt(&path, format!("version {} is not {VERSION}", manifest.version)));
        }
        manifest.check_place(directory, &path)?;
        let mut contents = BTreeMap::new();
        for (name, digest) in &manifest.files {
            if Path::new(name).components().count() != 1 || name.starts_with('.') {
                return Err(ResearchError::corrupt(&path, format!("'{name}' is not a file name")));
            }
            let file = directory.join(name);
            let bytes = read(&file)?;
            if Digest::of(&bytes) != *digest {
                return Err(ResearchError::corrupt(&file, "its SHA-256 is not the manifest's"));
            }
            contents.insert(name.clone(), bytes);
        }
        for name in names(directory)? {
            if name != MANIFEST && !manifest.files.contains_key(&name) {
                return Err(ResearchError::corrupt(&directory.join(&name), "the manifest does not name it"));
            }
        }
        Ok((manifest, contents))
    }

    fn check_place(&self, directory: &Path, path: &Path) -> Result<(), ResearchError> {
        let name = |path: Option<&Path>| path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let id = name(Some(directory)).unwrap_or_default();
        let job = name(directory.parent()).unwrap_or_default();
        if id == self.id && job == self.job {
            return Ok(());
        }
        Err(ResearchError::corrupt(path, format!("it is of {}/{}, but stands in {job}/{id}", self.job, self.id)))
    }
}

/// Returns the names of a directory's entries, ascending.
pub(super) fn names(directory: &Path) -> Result<Vec<String>, ResearchError> {
    let failed = |source| ResearchError::unreadable(directory)(source);
    let entries = fs::read_dir(directory).map_err(failed)?;
    let mut names = entries
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(failed)?;
    names.sort_unstable();
    Ok(names)
}

/// Reads a file of a snapshot; one that is missing or no plain file is corruption.
fn read(path: &PathBuf) -> Result<Vec<u8>, ResearchError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::read(path).map_err(ResearchError::unreadable(path)),
        Ok(_) => Err(ResearchError::corrupt(path, "it is not a plain file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ResearchError::corrupt(path, "it is missing")),
        Err(error) => Err(ResearchError::unreadable(path)(error)),
    }
}
