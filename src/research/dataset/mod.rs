//! Datasets: factors beside a label, split by time, with what was left out counted by reason.

mod build;
mod columns;
mod digests;
mod extend;
mod manifest;
mod saved;
mod split;

pub use build::{Dataset, DatasetRule, build};
pub use columns::DroppedColumn;
pub use digests::DatasetDigests;
pub use extend::{EarlierDataset, ExtendedDataset};
pub use saved::SavedDataset;
pub use split::{Bounds, Parts, SplitSpec};
