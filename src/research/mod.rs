//! Research: factors, labels, datasets, training, model zoo, backtest, performance, experiments.

pub mod backtest;
pub mod experiment;
pub mod performance;
