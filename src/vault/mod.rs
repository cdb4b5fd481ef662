//! The vault: the workspace's git repository, through libgit2. The only room that names git2.
//!
//! Hermetic: of all git config only the repository's own file counts, so that a person's global
//! settings never change what a proof compares. Runs no hook and no network.

mod clone;
mod error;
mod lock;
mod loose;
mod repository;
mod rescue;
mod reset;
mod restore;
mod status;
mod sync;

pub use error::VaultError;
pub use lock::{LockFound, STALE_AFTER_SECONDS};
pub use repository::{IndexEntry, Vault};
pub use reset::ResetReport;
pub use restore::Scope;
pub use status::Status;

/// Returns the version of the libgit2 that is linked.
#[must_use]
pub fn version() -> String {
    let (major, minor, patch) = git2::Version::get().libgit2_version();
    format!("{major}.{minor}.{patch}")
}
