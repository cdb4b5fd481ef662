//! Temporary files of processes that were killed: known by their names, which hold the number of the process,
//! and removed when that process is no more. Touches no other file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use nix::{errno::Errno, sys::signal::kill, unistd::Pid};

use super::{
    DurableError,
    disk::{self, TEMPORARY},
};

/// Says whether a name is that of a temporary file of this room.
#[must_use]
pub fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && name.ends_with(".tmp") && fs::symlink_metadata(path).is_ok()
}

/// Removes the temporary files, links and directories in `directory` whose process is no more; returns them, by name.
///
/// # Errors
/// When the directory cannot be read; what cannot be removed stays.
pub fn remove_abandoned(directory: &Path) -> Result<Vec<PathBuf>, DurableError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(DurableError::at("list", directory))?,
    };
    let mut abandoned: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| process_of(path).is_some_and(is_dead)).collect();
    abandoned.sort_unstable();
    abandoned.retain(|path| {
        let is_tree = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        let removed = if is_tree { disk::remove_tree(path) } else { disk::remove(path) };
        removed.is_ok()
    });
    Ok(abandoned)
}

/// The directories below which no temporary file of this room ever is, or which belong to another program.
const PASSED_OVER: [&str; 2] = [".git", "target"];

/// As [`remove_abandoned`], for a directory and all below it; links are not followed.
///
/// # Errors
/// When a directory cannot be read.
pub fn remove_abandoned_below(directory: &Path) -> Result<Vec<PathBuf>, DurableError> {
    let mut removed = remove_abandoned(directory)?;
    let Ok(entries) = fs::read_dir(directory) else { return Ok(removed) };
    for entry in entries.flatten() {
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory && !PASSED_OVER.iter().any(|name| entry.file_name() == *name) {
            removed.extend(remove_abandoned_below(&entry.path())?);
        }
    }
    Ok(removed)
}

/// Returns the process that a temporary file is of, by its name: `.lighthunter-123-4.tmp` or `.current.123.tmp`.
fn process_of(path: &Path) -> Option<i32> {
    let name = path.file_name()?.to_str()?;
    let inner = name.strip_prefix('.')?.strip_suffix(".tmp")?;
    match name.strip_prefix(TEMPORARY) {
        Some(rest) => rest.split('-').next()?.parse().ok(),
        None => inner.rsplit_once('.')?.1.parse().ok(),
    }
}

fn is_dead(process: i32) -> bool {
    process > 0 && matches!(kill(Pid::from_raw(process), None), Err(Errno::ESRCH))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::remove_abandoned;
    use crate::durable::{make_directory, point, replace};

    #[test]
    fn only_temporary_files_of_dead_processes_go() {
        let room = tempfile::tempdir().expect("a directory");
        // No process of Linux has this number: the most is 2^22.
        let dead = 2_000_000_000;
        let own = std::process::id();
        let abandoned = [
            format!(".bars.duckdb-Ab1.{dead}.tmp"),
            format!(".current.{dead}.tmp"),
            format!(".lighthunter-{dead}-0.tmp"),
        ];
        let kept = [
            format!(".lighthunter-{own}-7.tmp"),
            format!(".current.{own}.tmp"),
            ".other.tmp".into(),
            format!("lighthunter-{dead}-0.tmp"),
            format!(".x.{dead}.txt"),
            ".-1.tmp".into(),
        ];
        for name in kept.iter().chain(&abandoned[2..]) {
            replace(&room.path().join(name), "x").expect("written");
        }
        point(&room.path().join(&abandoned[1]), Path::new("gone")).expect("linked");
        make_directory(&room.path().join(&abandoned[0]).join("below")).expect("made");
        let found = remove_abandoned(room.path()).expect("swept");
        assert_eq!(found, abandoned.map(|name| room.path().join(name)));
        assert_eq!(fs::read_dir(room.path()).expect("listed").count(), kept.len());
        assert!(remove_abandoned(&room.path().join("absent")).expect("nothing").is_empty());
    }
}
