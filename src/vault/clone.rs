//! Clones of a local repository.

use std::path::Path;

use git2::build::{CloneLocal, RepoBuilder};

use super::{Vault, VaultError, repository::failed};

impl Vault {
    /// Clones the repository at `origin` into the empty directory `into`. Objects are copied, not
    /// linked: what breaks a clone never reaches its origin.
    ///
    /// # Errors
    /// When `origin` is no repository or `into` cannot be written.
    pub fn clone_from(origin: &Path, into: &Path) -> Result<Self, VaultError> {
        let source = Self::open(origin)?;
        source.head()?;
        let repository = RepoBuilder::new()
            .clone_local(CloneLocal::NoLinks)
            .clone(&origin.to_string_lossy(), into)
            .map_err(failed("clone", origin))?;
        Self::hermetic(repository, into)
    }
}
