//! Data work: collect what is new, from files and from upstream, guard its quality, repair what can be derived.
//! Reads and writes no store itself: it judges rows that it is given and says what should be done.

mod actions;
pub mod adjustment;
pub mod collect;
pub mod collector;
mod error;
pub mod guardian;
pub mod repair;
#[cfg(test)]
mod sample;

pub use error::DataError;
