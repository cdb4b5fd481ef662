//! The files below a directory, with the digest of what each holds.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::RollbackError;
use crate::digest::Digest;

/// The bits by which its owner may read and change a file.
const OWNER_BITS: u32 = 0o600;

/// Adds every file below `root/relative` to `into`, by its path relative to `root`. A symbolic link
/// counts by where it points and is not followed. A directory that is not there holds no file.
pub(super) fn add_files(
    root: &Path,
    relative: &Path,
    into: &mut BTreeMap<String, Digest>,
    skip: &dyn Fn(&Path) -> bool,
) -> Result<(), RollbackError> {
    if skip(relative) {
        return Ok(());
    }
    let path = root.join(relative);
    let found = match fs::symlink_metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(RollbackError::Unreadable { path, source }),
    };
    if !found.is_dir() {
        into.insert(relative.to_string_lossy().into_owned(), digest_of(&path)?);
        return Ok(());
    }
    for entry in fs::read_dir(&path).map_err(unreadable(&path))? {
        let name = entry.map_err(unreadable(&path))?.file_name();
        add_files(root, &relative.join(name), into, skip)?;
    }
    Ok(())
}

/// Returns the digest of what is at `path`: a file's kind, mode and bytes, or where a link points.
pub(super) fn digest_of(path: &Path) -> Result<Digest, RollbackError> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = fs::symlink_metadata(path).map_err(unreadable(path))?;
    if found.is_symlink() {
        let target = fs::read_link(path).map_err(unreadable(path))?;
        return Ok(Digest::of(format!("link to {}", target.display())));
    }
    let bytes = Digest::of_file(path).map_err(unreadable(path))?;
    let mode = found.permissions().mode();
    let bytes = if mode & 0o111 == 0 { bytes } else { Digest::of(format!("executable {bytes}")) };
    // Who may not read or change it would stop the next run or the next person.
    Ok(if mode & OWNER_BITS == OWNER_BITS { bytes } else { Digest::of(format!("locked {bytes}")) })
}

pub(super) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> RollbackError {
    let path: PathBuf = path.into();
    move |source| RollbackError::Unreadable { path, source }
}
