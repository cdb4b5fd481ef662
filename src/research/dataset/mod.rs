//! Datasets: factors beside a label, split by time, with what was left out counted by reason.

mod build;
mod columns;
mod saved;
mod split;

pub use build::{Dataset, DatasetRule, build};
pub use columns::DroppedColumn;
pub use split::{Bounds, Parts, SplitSpec};
