//! The daily backtest: scores of one session, traded on the next under the exchange's rules.
//!
//! Knows no model and no file: scores and bars come in, a result goes out. The score of day t trades
//! on day t + 1 and never on day t; sizes are computed from what is known before day t + 1 opens.

mod params;
mod portfolio;
mod result;
mod run;
mod shortfall;
mod tape;

pub use params::{BacktestError, BacktestParams, Execution};
pub use result::{BacktestResult, EquityDay};
pub use run::{BacktestInput, run};
