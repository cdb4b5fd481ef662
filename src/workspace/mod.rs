//! The workspace: one directory that a person owns, found from where the command was called.
//!
//! Knows where things are by default and how to lock them; reads no config and no content.

mod layout;
mod lock;

pub use layout::{DIRECTORIES, Workspace, WorkspaceError};
pub use lock::{Lock, LockError, lock_while};
