//! The one atomic write. Every file that LightHunter replaces goes through here: a temporary file
//! in the same directory, write, fsync, rename, fsync of the directory. A reader sees the old bytes
//! or the new ones, and what was acknowledged survives a power cut.
//!
//! A failed fsync is never retried: the kernel may have dropped the pages (the "fsyncgate" lesson).

mod abandoned;
mod batch;
mod disk;
mod witness;

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

pub use abandoned::{is_temporary, remove_abandoned, remove_abandoned_below};
pub use batch::{Batch, SyncedBatch};
pub use disk::Draft;
pub use witness::{Change, Fate, Watch, Witness, watch};

use crate::exit::{Exit, Failure};

/// A file operation that failed, with the file and the step.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step} {path}: {source}", path = path.display())]
pub struct DurableError {
    step: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl DurableError {
    /// Returns the file or directory that the step was for.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a function that turns an I/O error of `step` on `path` into this error.
    pub fn at(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self { step, path, source }
    }
}

impl Failure for DurableError {
    fn exit(&self) -> Exit {
        Exit::Storage
    }

    fn remedy(&self) -> Option<String> {
        Some("Check that the directory exists, is writable and has free space, then run the command again.".into())
    }
}

/// Replaces the content of `path`.
///
/// # Errors
/// Names the step that failed; the old content is then still there.
pub fn replace(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), DurableError> {
    replace_with(path, |file| file.write_all(bytes.as_ref()))
}

/// Replaces the content of `path` by what `fill` writes.
///
/// # Errors
/// Names the step that failed; the old content is then still there.
pub fn replace_with<F>(path: &Path, fill: F) -> Result<(), DurableError>
where
    F: FnOnce(&mut Draft) -> io::Result<()>,
{
    let mut draft = Draft::beside(path).map_err(DurableError::at("create a temporary file beside", path))?;
    fill(&mut draft).map_err(DurableError::at("write", path))?;
    draft.sync().map_err(DurableError::at("sync", path))?;
    draft.into_name().publish(path).map_err(DurableError::at("replace", path))?;
    sync_directory(parent(path))
}

/// Appends whole lines to `path` with one write and one fsync; a short write is cut off again, so
/// that the file never holds a torn line after a full disk.
///
/// # Errors
/// Names the step that failed; the file then ends where it ended before, as far as the disk obeys.
pub fn append(path: &Path, lines: &str) -> Result<(), DurableError> {
    let (file, created) = disk::open_to_append(path).map_err(DurableError::at("open", path))?;
    let before = file.metadata().map_err(DurableError::at("measure", path))?.len();
    // The name before the first byte: a file with bytes has a durable name, also where its maker was killed.
    if created || before == 0 {
        sync_directory(parent(path))?;
    }
    append_synced(&file, path, before, lines).inspect_err(|_| {
        // Best effort: the caller gets the first error, which is the cause.
        let _ = disk::truncate(&file, path, before);
    })
}

fn append_synced(file: &File, path: &Path, before: u64, lines: &str) -> Result<(), DurableError> {
    disk::write_all(file, path, before, lines.as_bytes()).map_err(DurableError::at("append to", path))?;
    disk::sync_data(file, path).map_err(DurableError::at("sync", path))
}

/// Opens a file to read it and append to it, and makes it where it is missing. Its name survives a power cut only
/// once its directory is synced.
///
/// # Errors
/// When it cannot be opened or made.
pub fn open_appendable(path: &Path) -> Result<File, DurableError> {
    disk::open_to_append(path).map(|(file, _)| file).map_err(DurableError::at("open", path))
}

/// Appends bytes to an open file without syncing them; a short write is cut off again.
///
/// # Errors
/// Names the step that failed; the file then ends where it ended before, as far as the disk obeys.
pub fn append_unsynced(file: &File, path: &Path, bytes: &[u8]) -> Result<(), DurableError> {
    let before = file.metadata().map_err(DurableError::at("measure", path))?.len();
    disk::write_all(file, path, before, bytes).map_err(|source| {
        // Best effort: the caller gets the first error, which is the cause.
        let _ = disk::truncate(file, path, before);
        DurableError::at("append to", path)(source)
    })
}

/// Makes the bytes of an open file survive a power cut.
///
/// # Errors
/// When the sync fails; it must not be tried again.
pub fn sync_file(file: &File, path: &Path) -> Result<(), DurableError> {
    disk::sync_data(file, path).map_err(DurableError::at("sync", path))
}

/// Cuts an open file.
///
/// # Errors
/// When the file system refuses.
pub fn truncate(file: &File, path: &Path, length: u64) -> Result<(), DurableError> {
    disk::truncate(file, path, length).map_err(DurableError::at("cut", path))
}

/// Points the symbolic link `link` at `target`; the link is never absent in between.
///
/// # Errors
/// Names the step that failed; the old link is then still there.
pub fn point(link: &Path, target: &Path) -> Result<(), DurableError> {
    let temporary = temporary_name(link);
    disk::symbolic_link(target, &temporary).map_err(DurableError::at("link", &temporary))?;
    disk::rename(&temporary, link).map_err(|source| {
        // Best effort: the caller gets the first error, which is the cause.
        let _ = disk::remove(&temporary);
        DurableError::at("replace", link)(source)
    })?;
    sync_directory(parent(link))
}

/// Moves a finished directory to its place; both must be on one file system.
///
/// # Errors
/// When the target exists and is not empty, or the move fails.
pub fn publish_directory(from: &Path, to: &Path) -> Result<(), DurableError> {
    sync_directory(from)?;
    disk::rename(from, to).map_err(DurableError::at("publish", to))?;
    sync_directory(parent(to))
}

/// Moves a file, over one that is there; both must be on one file system.
///
/// # Errors
/// When the file is not there or cannot be moved.
pub fn publish_file(from: &Path, to: &Path) -> Result<(), DurableError> {
    disk::rename(from, to).map_err(DurableError::at("move", from))?;
    sync_directory(parent(to))
}

/// Gives a file that nobody changes in place a second name, over one that is there; copies it where the file
/// system cannot link.
///
/// # Errors
/// Names the step that failed; the old file is then still there.
pub fn share(from: &Path, to: &Path) -> Result<(), DurableError> {
    let temporary = temporary_name(to);
    if disk::hard_link(from, &temporary).is_err() {
        let mut source = File::open(from).map_err(DurableError::at("open", from))?;
        return replace_with(to, |file| io::copy(&mut source, file).map(|_| ()));
    }
    let renamed = disk::rename(&temporary, to).map_err(DurableError::at("replace", to));
    // Where both names are one file already, a rename leaves the first one there.
    if temporary.exists() {
        let _ = disk::remove(&temporary);
    }
    renamed?;
    sync_directory(parent(to))
}

/// Returns the name beside `place` that a link has until it has its own; it is free.
fn temporary_name(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let temporary = place.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    // A leftover of a killed process with the same number may be in the way.
    if temporary.symlink_metadata().is_ok() {
        let _ = disk::remove(&temporary);
    }
    temporary
}

/// Removes a file or a link; it stays removed after a power cut.
///
/// # Errors
/// When it is not there or cannot be removed.
pub fn remove_file(path: &Path) -> Result<(), DurableError> {
    disk::remove(path).map_err(DurableError::at("remove", path))?;
    sync_directory(parent(path))
}

/// Removes a directory with all that is in it, not following links. A kill in between leaves a part of it.
///
/// # Errors
/// When something cannot be removed.
pub fn remove_tree(path: &Path) -> Result<(), DurableError> {
    disk::remove_tree(path).map_err(DurableError::at("remove", path))
}

/// Makes a directory and its parents; those that were missing survive a power cut.
///
/// # Errors
/// When it cannot be made.
pub fn make_directory(path: &Path) -> Result<(), DurableError> {
    make_missing(path).map_err(DurableError::at("make directory", path))
}

fn make_missing(path: &Path) -> io::Result<()> {
    let above = parent(path);
    if let Ok(mut entries) = std::fs::read_dir(path) {
        // The maker of an empty one may have been killed before its name was durable.
        return if entries.next().is_none() { sync_readable(above) } else { Ok(()) };
    }
    // A path of one part is below the directory of the process, which is there.
    if above != path && above != Path::new(".") {
        make_missing(above)?;
    }
    disk::make_directory(path)?;
    sync_readable(above)
}

/// Syncs a directory; one that may be written but not read cannot be synced, and is left as it is.
fn sync_readable(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(directory) => disk::sync_all(&directory, path),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the entries of a directory survive a power cut.
///
/// # Errors
/// When the directory cannot be opened or synced.
pub fn sync_directory(path: &Path) -> Result<(), DurableError> {
    let directory = File::open(path).map_err(DurableError::at("open", path))?;
    disk::sync_all(&directory, path).map_err(DurableError::at("sync", path))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::{append, point, replace, share};
    use std::{fs, path::Path};

    #[test]
    fn replace_leaves_no_temporary_file() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.json");
        replace(&path, "one").expect("written");
        replace(&path, "two").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "two");
        assert_eq!(fs::read_dir(room.path()).expect("listed").count(), 1);
    }

    #[test]
    fn failed_replace_names_the_file() {
        let error = replace(Path::new("/nowhere/at/all/a.json"), "x").expect_err("no directory");
        assert!(error.to_string().contains("/nowhere/at/all/a.json"), "{error}");
    }

    #[test]
    fn link_moves_from_target_to_target() {
        let room = tempfile::tempdir().expect("a directory");
        let link = room.path().join("current");
        for target in ["a", "b"] {
            point(&link, Path::new(target)).expect("linked");
            assert_eq!(fs::read_link(&link).expect("a link"), Path::new(target));
        }
    }

    #[test]
    fn shared_file_keeps_its_bytes_when_the_other_name_is_replaced() {
        let room = tempfile::tempdir().expect("a directory");
        let (one, other) = (room.path().join("one"), room.path().join("other"));
        replace(&one, "first").expect("written");
        replace(&other, "old").expect("written");
        // The second time both names are one file already.
        for _ in 0..2 {
            share(&one, &other).expect("shared");
            assert_eq!(fs::read_to_string(&other).expect("readable"), "first");
        }
        replace(&one, "second").expect("written");
        assert_eq!(fs::read_to_string(&other).expect("readable"), "first");
        assert_eq!(fs::read_dir(room.path()).expect("listed").count(), 2, "no temporary name stays");
        assert!(share(&room.path().join("absent"), &other).is_err());
    }

    #[test]
    fn append_follows_no_link() {
        let room = tempfile::tempdir().expect("a directory");
        let (precious, link) = (room.path().join("precious"), room.path().join("a.jsonl"));
        replace(&precious, "mine\n").expect("written");
        point(&link, &precious).expect("linked");
        assert!(append(&link, "1\n").is_err());
        assert_eq!(fs::read_to_string(&precious).expect("readable"), "mine\n");
    }

    #[test]
    fn append_adds_lines() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.jsonl");
        append(&path, "1\n").expect("written");
        append(&path, "2\n").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "1\n2\n");
    }
}
