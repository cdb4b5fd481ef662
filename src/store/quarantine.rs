//! The quarantine: a directory that damaged and unknown files are moved to, never deleted.

use std::path::{Path, PathBuf};

use jiff::Zoned;
use tracing::warn;

use super::StoreError;
use crate::durable;

/// Where files are moved to.
#[derive(Debug, Clone)]
pub(crate) struct Quarantine {
    directory: PathBuf,
    stamp: String,
}

impl Quarantine {
    /// Names the quarantine; the directory is made when first needed.
    pub(crate) fn new(directory: &Path, now: &Zoned) -> Self {
        Self { directory: directory.into(), stamp: now.strftime("%Y%m%dT%H%M%S").to_string() }
    }

    /// Moves a file or directory here and returns where it is now.
    ///
    /// # Errors
    /// When it cannot be moved; it then stays where it is.
    pub(crate) fn take(&self, path: &Path, reason: &str) -> Result<PathBuf, StoreError> {
        let target = self.free_name(path)?;
        durable::publish_directory(path, &target)?;
        warn!(from = %path.display(), to = %target.display(), reason, "moved to quarantine");
        Ok(target)
    }

    /// Writes bytes that were cut out of a file here and returns where.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn keep(&self, origin: &Path, bytes: &[u8], reason: &str) -> Result<PathBuf, StoreError> {
        let target = self.free_name(origin)?;
        durable::replace(&target, bytes)?;
        warn!(from = %origin.display(), to = %target.display(), bytes = bytes.len(), reason, "copied to quarantine");
        Ok(target)
    }

    fn free_name(&self, origin: &Path) -> Result<PathBuf, StoreError> {
        durable::make_directory(&self.directory)?;
        let name = origin.file_name().unwrap_or_default().to_string_lossy();
        // Partition files share their name; the directory above tells them apart.
        let above = origin.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let mut count = 0;
        loop {
            let target = self.directory.join(format!("{}-{count}-{above}-{name}", self.stamp));
            if target.symlink_metadata().is_err() {
                return Ok(target);
            }
            count += 1;
        }
    }
}
