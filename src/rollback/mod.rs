//! The way back: fingerprints of a workspace's layers, the rollback of its code, and the proof.
//!
//! A rollback without proof has not happened. Works on any git repository; knows no drill.

mod data;
mod error;
mod fingerprint;
mod git;
mod proof;
mod tree;

pub use data::stores_of;
pub use error::RollbackError;
pub use fingerprint::{Fingerprint, LayerPrint, fingerprint, fingerprint_again};
pub use git::{CodeRollback, INTENT_FILE, Intent, code, interrupted, set_baseline};
pub use proof::compare;
