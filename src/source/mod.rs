//! Where bars come from: files and the simulated market. Reads and writes files through `store`.

mod error;
pub mod files;

pub use error::SourceError;
