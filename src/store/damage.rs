//! What an inspection found damaged. Says it; repairs nothing.

use std::path::PathBuf;

use serde::Serialize;

/// One thing that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Damage {
    /// The file, or the directory, that is damaged.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}
