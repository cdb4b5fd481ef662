//! Research: factors, labels, datasets, training, model zoo, backtest, performance, experiments.

pub mod backtest;
pub mod dataset;
mod error;
pub mod experiment;
pub mod factor;
pub mod label;
pub mod matrix;
pub mod performance;
#[cfg(test)]
mod point_in_time_tests;
#[cfg(test)]
mod testing;
pub mod train;
pub mod walk_forward;
pub mod zoo;

pub use error::ResearchError;
