//! The way back: baselines of a workspace's four layers, the rollback to one in one crash-safe step, and
//! the proof that it came back.
//!
//! A rollback without proof has not happened. The fingerprint and the rollback of code work on any git
//! repository; the rest on a LightHunter workspace. Knows no drill.

mod baseline;
mod create;
mod data;
mod error;
mod fingerprint;
mod git;
mod history;
mod intent;
mod kept_models;
mod layers;
mod object;
mod pointers;
mod proof;
mod roll;
mod sealed;
mod stored;
mod tree;

pub use baseline::{
    Baseline, CodeLayer, ConfigLayer, DataLayer, Listed, ModelInForce, ModelLayer, PREVIOUS, baseline, baselines,
};
pub use create::{CreateOptions, Created, Site, create, verify};
pub use data::stores_of;
pub use error::RollbackError;
pub use fingerprint::{
    ExtraFiles, Fingerprint, KnownData, LayerPrint, fingerprint, fingerprint_again, fingerprint_knowing,
    fingerprint_with, tree_fingerprint,
};
pub use git::{CodeRollback, INTENT_FILE, Intent, code, interrupted, set_baseline};
pub use intent::{RollbackIntent, require_none, unfinished};
pub use layers::{LAYERS, differences};
pub use pointers::{ModelPointers, PointerNote};
pub use proof::compare;
pub use roll::{RESCUE, RollbackOptions, RolledBack, name_of, resume, roll_back};

/// Is told of every durable operation before it is done: where a process may die.
pub type StopAt<'a> = &'a mut dyn FnMut(&str);
