//! The drill: a target brought up in a clean environment, broken on purpose, seen to be broken,
//! rolled back and proven. The target is driven as a process, as a user would.

mod environment;
mod error;
mod fault;
mod journal;
mod pointer;
mod signal;
mod spec;
mod target;

pub use environment::{Environment, ROOT_SHOWN, branch_name};
pub use error::DrillError;
pub use fault::{CATALOGUE, Fault, Injection};
pub use journal::{Entry, EntryKind, JOURNAL_FILE, Journal, read as read_journal, unfinished};
pub use signal::{Observation, Watch};
pub use spec::{Budgets, SPEC_DEFAULT, SPEC_FILE, SignalPlaces, Spec};
pub use target::{Ended, Run, Target};
