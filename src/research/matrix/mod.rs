//! The experiment matrix: which of its runs are asked for, which were done before, and how experiments
//! compare. Runs nothing itself.

mod compare;
mod plan;

pub use compare::{Comparison, compare};
pub use plan::{CELL_DIGEST, MatrixError, done_before, select};
