//! Labels: what came after a session. The only part of research that looks into the future, and it
//! says "missing", never zero, where the future is not known.

mod entry;
mod family;
mod frame;

pub use entry::Entry;
pub use frame::{LabelColumn, LabelFrame, compute, forward_returns};

#[cfg(test)]
mod reference_tests;
