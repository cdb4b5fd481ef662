//! The data layer of a fingerprint: what the stores hold.

use std::{collections::BTreeMap, path::Path};

use super::{RollbackError, tree::add_files};
use crate::digest::Digest;

/// Returns the content of the stores: every file under `data/` but the input and what the engines
/// keep beside their databases while they are open.
pub(super) fn content(root: &Path) -> Result<BTreeMap<String, Digest>, RollbackError> {
    let mut entries = BTreeMap::new();
    let skip = |path: &Path| {
        let name = path.to_string_lossy();
        name == "data/raw" || name.ends_with("-wal") || name.ends_with("-shm") || name.ends_with(".wal")
    };
    add_files(root, Path::new("data"), &mut entries, &skip)?;
    Ok(entries)
}
