//! The scheduler: which job starts when, by `config/jobs.yaml` and the trading calendar.
//!
//! [`plan`] and what it stands on are pure: they ask neither the clock nor the ledger. What is due, what
//! was missed and what runs is decided from the ledger, so that a restart or a clock that jumps neither
//! loses a start nor makes it twice.

mod agenda;
mod by_hand;
mod daemon;
mod decision;
mod desk;
mod error;
mod heartbeat;
mod launch;
mod missed;
mod plan;
mod process;
mod signals;
mod slots;
mod watch;
mod words;
#[cfg(test)]
mod years_tests;

pub use agenda::{Agenda, Start, Turn};
pub use by_hand::{ByHand, run_once};
pub use daemon::{Began, Ended, run};
pub use decision::CATCH_UP_DAYS_MAX;
pub use error::SchedulerError;
pub use heartbeat::{Heartbeat, Life, life};
pub use launch::launch;
pub use missed::{Missed, missed};
pub use plan::{Occurrence, Plan, jobs_in_force, plan, plan_of_day};
pub use process::{Inherited, Output};
pub use watch::night_ops_gaps;
pub use words::Word;

/// The component's name in logs, metrics and locks.
pub const COMPONENT: &str = "scheduler";
