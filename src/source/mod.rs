//! Where bars come from: files and the simulated market. Reads and writes files through `store`.

mod choice;
pub mod simulated;

pub use choice::{MarketChoice, MarketChoiceError};
pub use simulated::{SimulatedError, SimulatedSpec};
