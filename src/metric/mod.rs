//! Measures of returns and predictions: one definition each, with its formula. Pure functions.
//!
//! What is not defined (a Sharpe ratio of one day, a correlation with a constant) is `None`, never
//! NaN and never infinity, so that it reads as null in a record.

mod moments;
mod prediction;
mod returns;

pub use prediction::{DayIc, Prediction, cross_section, hit_rate, predict};
pub use returns::{
    Benchmarked, Convention, ReturnMetrics, annual_return, benchmarked, calmar, drawdown, measure, sharpe, sortino,
    total_return, volatility,
};
