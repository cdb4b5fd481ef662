//! The scheduler: which job starts when, by `config/jobs.yaml` and the trading calendar.
//!
//! [`plan`] and what it stands on are pure: they ask neither the clock nor the ledger. What is due, what
//! was missed and what runs is decided from the ledger, so that a restart or a clock that jumps neither
//! loses a start nor makes it twice.

mod plan;
mod slots;
mod watch;

pub use plan::{Occurrence, Plan, jobs_in_force, plan, plan_of_day};
pub use watch::night_ops_gaps;

/// The component's name in logs, metrics and locks.
pub const COMPONENT: &str = "scheduler";
