//! Measures of returns and predictions: one definition each, with its formula. Pure functions.
//!
//! What is not defined (a Sharpe ratio of one day, a correlation with a constant) is `None`, never
//! NaN and never infinity, so that it reads as null in a record.

mod moments;
mod period;
mod prediction;
mod returns;
mod spread;

pub use moments::{median, upper_median};
pub use period::{MonthMean, MonthReturn, YearReturns, monthly, monthly_mean, yearly};
pub use prediction::{DayIc, IcSummary, Prediction, cross_section, hit_rate, predict, summarise};
pub use returns::{
    Benchmarked, Convention, ReturnMetrics, annual_return, benchmarked, calmar, drawdown, measure, sharpe, sortino,
    total_return, volatility,
};
pub use spread::{DaySpread, day_spread, monotonicity, quantile_days, quantile_means, quantile_returns, top_turnover};
