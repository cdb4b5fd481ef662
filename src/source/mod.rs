//! Where bars come from: files and the simulated market. Reads and writes files through `store`.

mod choice;
mod error;
pub mod files;
pub mod simulated;

pub use choice::{MarketChoice, MarketChoiceError};
pub use error::SourceError;
pub use simulated::{SimulatedError, SimulatedSpec};
