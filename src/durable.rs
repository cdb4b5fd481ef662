//! The one atomic write. Every file that LightHunter replaces goes through here: a temporary file
//! in the same directory, write, fsync, rename, fsync of the directory. A reader sees the old bytes
//! or the new ones, and what was acknowledged survives a power cut.
//!
//! A failed fsync is never retried: the kernel may have dropped the pages (the "fsyncgate" lesson).

mod batch;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

pub use batch::{Batch, SyncedBatch, is_temporary};

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
#[expect(clippy::disallowed_methods, reason = "this is the one atomic replace")]
pub fn replace_with<F>(path: &Path, fill: F) -> Result<(), DurableError>
where
    F: FnOnce(&mut File) -> io::Result<()>,
{
    let directory = parent(path);
    let mut temporary = temporary_beside(path)?;
    fill(temporary.as_file_mut()).map_err(DurableError::at("write", path))?;
    temporary.as_file().sync_all().map_err(DurableError::at("sync", path))?;
    temporary.persist(path).map_err(|error| DurableError::at("replace", path)(error.error))?;
    sync_directory(directory)
}

/// Appends whole lines to `path` with one write and one fsync; a short write is cut off again, so
/// that the file never holds a torn line after a full disk.
///
/// # Errors
/// Names the step that failed; the file then ends where it ended before.
pub fn append(path: &Path, lines: &str) -> Result<(), DurableError> {
    let existed = path.exists();
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(DurableError::at("open", path))?;
    let before = file.metadata().map_err(DurableError::at("measure", path))?.len();
    if let Err(source) = file.write_all(lines.as_bytes()) {
        // Best effort: the caller gets the first error, which is the cause.
        let _ = file.set_len(before);
        return Err(DurableError::at("append to", path)(source));
    }
    file.sync_data().map_err(DurableError::at("sync", path))?;
    if existed { Ok(()) } else { sync_directory(parent(path)) }
}

/// Points the symbolic link `link` at `target`; the link is never absent in between.
///
/// # Errors
/// Names the step that failed; the old link is then still there.
#[expect(clippy::disallowed_methods, reason = "this is the one atomic replace")]
pub fn point(link: &Path, target: &Path) -> Result<(), DurableError> {
    let name = link.file_name().unwrap_or_default().to_string_lossy();
    let temporary = link.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    // A leftover of a killed process with the same number may be in the way.
    let _ = fs::remove_file(&temporary);
    symlink(target, &temporary).map_err(DurableError::at("link", &temporary))?;
    fs::rename(&temporary, link).map_err(DurableError::at("replace", link))?;
    sync_directory(parent(link))
}

/// Moves a finished directory to its place; both must be on one file system.
///
/// # Errors
/// When the target exists and is not empty, or the move fails.
#[expect(clippy::disallowed_methods, reason = "this is the one atomic replace")]
pub fn publish_directory(from: &Path, to: &Path) -> Result<(), DurableError> {
    sync_directory(from)?;
    fs::rename(from, to).map_err(DurableError::at("publish", to))?;
    sync_directory(parent(to))
}

/// Moves a file, over one that is there; both must be on one file system.
///
/// # Errors
/// When the file is not there or cannot be moved.
#[expect(clippy::disallowed_methods, reason = "this is the one atomic replace")]
pub fn publish_file(from: &Path, to: &Path) -> Result<(), DurableError> {
    fs::rename(from, to).map_err(DurableError::at("move", from))?;
    sync_directory(parent(to))
}

/// Gives a file that nobody changes in place a second name, over one that is there; copies it where the file
/// system cannot link.
///
/// # Errors
/// Names the step that failed; the old file is then still there.
#[expect(clippy::disallowed_methods, reason = "this is the one atomic replace")]
pub fn share(from: &Path, to: &Path) -> Result<(), DurableError> {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let temporary = to.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    // A leftover of a killed process with the same number may be in the way.
    let _ = fs::remove_file(&temporary);
    if fs::hard_link(from, &temporary).is_err() {
        let mut source = File::open(from).map_err(DurableError::at("open", from))?;
        return replace_with(to, |file| io::copy(&mut source, file).map(|_| ()));
    }
    let renamed = fs::rename(&temporary, to).map_err(DurableError::at("replace", to));
    // Where both names are one file already, a rename leaves the first one there.
    let _ = fs::remove_file(&temporary);
    renamed?;
    sync_directory(parent(to))
}

/// Makes a directory and its parents.
///
/// # Errors
/// When it cannot be made.
pub fn make_directory(path: &Path) -> Result<(), DurableError> {
    fs::create_dir_all(path).map_err(DurableError::at("make directory", path))
}

/// Makes the entries of a directory survive a power cut.
///
/// # Errors
/// When the directory cannot be opened or synced.
pub fn sync_directory(path: &Path) -> Result<(), DurableError> {
    let directory = File::open(path).map_err(DurableError::at("open", path))?;
    directory.sync_all().map_err(DurableError::at("sync", path))
}

fn temporary_beside(path: &Path) -> Result<tempfile::NamedTempFile, DurableError> {
    tempfile::Builder::new()
        .prefix(".lighthunter-")
        .suffix(".tmp")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(parent(path))
        .map_err(DurableError::at("create a temporary file beside", path))
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
    fn append_adds_lines() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.jsonl");
        append(&path, "1\n").expect("written");
        append(&path, "2\n").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "1\n2\n");
    }
}
