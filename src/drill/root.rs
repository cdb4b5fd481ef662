//! The temporary root of a drill: its place follows from the drill's id, so that it is known before it is
//! made and is found again by whoever recovers the drill. Nothing else is ever removed.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use super::DrillError;
use crate::{clock::pause, durable::DurableError};

/// What the name of every root begins with.
const PREFIX: &str = "lighthunter-drill-";
/// How often a removal is tried: a process that was just killed may still write.
const TRIES: u32 = 5;

/// Returns where the root of the drill `id` goes: a real path, so that it is found again in what the
/// target prints.
pub(super) fn place(id: &str) -> Result<PathBuf, DrillError> {
    let parent = std::env::temp_dir();
    let parent = parent.canonicalize().map_err(DurableError::at("resolve", &parent))?;
    Ok(parent.join(format!("{PREFIX}{id}")))
}

/// Makes the root. One that is there is another drill's, unless `again` says that this one was recovered
/// and kept an environment in it.
pub(super) fn make(root: &Path, again: bool) -> Result<(), DrillError> {
    match DirBuilder::new().mode(0o700).create(root) {
        Err(error) if again && error.kind() == io::ErrorKind::AlreadyExists && root.is_dir() => Ok(()),
        made => Ok(made.map_err(DurableError::at("make", root))?),
    }
}

/// Removes what is in the root of the drill `id`, all but the environments that are `kept`, and the root
/// itself when nothing is left. A path that is not such a root is not touched.
pub(super) fn remove(root: &Path, id: &str, kept: &[PathBuf]) -> Result<bool, DrillError> {
    let is_own = root.file_name().is_some_and(|name| name.to_string_lossy() == format!("{PREFIX}{id}"));
    let is_there = fs::symlink_metadata(root).is_ok_and(|found| found.is_dir());
    if !is_own || !is_there {
        return Ok(false);
    }
    for entry in fs::read_dir(root).map_err(DurableError::at("list", root))? {
        let path = entry.map_err(DurableError::at("list", root))?.path();
        if !kept.contains(&path) {
            remove_tree(&path).map_err(DurableError::at("remove", &path))?;
        }
    }
    if kept.iter().any(|path| path.exists()) {
        return Ok(true);
    }
    fs::remove_dir(root).map_err(DurableError::at("remove", root))?;
    Ok(true)
}

/// Removes whatever is at `path`; nothing there is no error.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    let mut tried = 0;
    loop {
        let is_tree = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        let removed = if is_tree { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        tried += 1;
        match removed {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if tried == TRIES => return Err(error),
            Err(_) => pause(Duration::from_millis(20)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::remove;

    #[test]
    fn only_the_root_of_that_drill_is_removed_and_what_is_kept_stays() {
        let room = tempfile::tempdir().expect("a directory");
        let (own, other) = (room.path().join("lighthunter-drill-a"), room.path().join("precious"));
        for path in [&own.join("e01"), &own.join("e02/repo"), &other] {
            fs::create_dir_all(path).expect("made");
        }
        assert!(!remove(&other, "a", &[]).expect("looked") && other.exists());
        assert!(!remove(&own, "b", &[]).expect("looked") && own.join("e01").exists());
        assert!(remove(&own, "a", &[own.join("e02")]).expect("removed"));
        assert!(own.join("e02/repo").exists() && !own.join("e01").exists());
        assert!(remove(&own, "a", &[]).expect("removed") && !own.exists());
        assert!(!remove(&own, "a", &[]).expect("looked"), "twice does no harm");
    }
}
