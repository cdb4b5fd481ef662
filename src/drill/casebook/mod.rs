//! The casebook: the catalogue of 64 faults as data. Each file of `fixtures/faults/` is one fault with its cases:
//! how it is injected, how it must show, what takes it away and what is proven then. docs/faults.md describes the
//! form; a fault without a case is not covered and red.

mod answer;
mod coverage;
mod enact;
mod entry;
mod harm;
mod invariant;
mod judge;
mod kept;
mod money;
mod perform;
mod place;
mod proof;
mod running;
mod snapshot;
mod trial;
mod volume;

pub use coverage::{CaseListed, Coverage, Covered, coverage};
pub use entry::{Act, Case, Category, Entry, Exits, Meanwhile, Sign, StageName, Undo, parse};
pub use harm::Harm;
pub use invariant::Invariant;
pub use place::Place;
pub use trial::missing;
pub use volume::{FAULT_FILES, casebook, entry_of, findings};

pub(super) use trial::{Tried, try_case};

/// How long a command that runs beside others may take to be ready, seconds.
const READY_SECONDS: f64 = 20.0;
