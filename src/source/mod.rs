//! Where bars come from: files, the simulated market, and what quote sites answer. Reads and writes files
//! through `store`; makes no request.

mod choice;
mod error;
pub mod files;
pub mod simulated;
pub mod web;

pub use choice::{MarketChoice, MarketChoiceError};
pub use error::SourceError;
pub use simulated::{SimulatedError, SimulatedSpec};
