//! The drill: a target brought up in a clean environment, broken on purpose, seen to be broken,
//! rolled back and proven. The target is driven as a process, as a user would.
//!
//! Steps live in `steps/` and reach the drill only through [`World`]; whoever runs a drill must
//! compile them in, or `check` finds every step undefined.

mod act;
mod busy;
mod canary;
pub mod casebook;
mod catalogue;
mod check;
mod checklist;
mod child;
mod environment;
mod error;
mod evidence;
mod fault;
mod fault_spec;
mod fault_stores;
mod features;
mod finish;
#[cfg(test)]
mod fuzz_tests;
mod interruption;
mod journal;
mod lanes;
mod manual;
pub mod mechanism;
mod options;
mod origin;
mod process;
mod recorder;
mod recovery;
mod residue;
mod root;
mod runner;
mod scenario_end;
mod service;
mod session;
mod signal;
mod spec;
mod stage;
mod target;
mod trace;
mod undo;
pub mod upstream;
mod world;

pub use catalogue::{CATALOGUE, ExperimentSign, Signs};
pub use check::{Checked, Finding, check, registered_count, unused_definitions};
pub use environment::{Environment, ROOT_SHOWN, branch_name};
pub use error::DrillError;
pub use fault::{Fault, Injection};
pub use features::{FEATURES, FeatureFile, every, on_disk, select};
pub use interruption::Interruption;
pub use journal::{Entry, EntryKind, JOURNAL_FILE, Journal, JournalRead, read as read_journal, unfinished};
pub use manual::{MANUAL_STEPS, Manual, ManualPlace, ManualStep, Paper};
pub use options::{BudgetRule, DrillOptions, Keep, Progress, new_id};
pub use root::Medium;
pub use runner::{Listed, list, run, selected};
pub use session::Ran;
pub use signal::{Counted, Observation, Watch};
pub use spec::{Budgets, SPEC_DEFAULT, SPEC_FILE, SignalPlaces, Spec};
pub use stage::{Prepared, Stage};
pub use target::{Ended, Run, Target};
pub use world::{NotSo, Step, World};
