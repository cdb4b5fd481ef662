//! The daily backtest: scores of one session, traded on the next under the exchange's rules.
//!
//! Drives a TradeCore with daily bars, as a simulation drives one with minute bars. Knows no model and
//! no file: scores and bars come in, a result goes out. The score of day t trades on day t + 1 and never
//! on day t; sizes are computed from what is known before day t + 1 opens.

mod params;
mod result;
mod run;
mod shortfall;
mod tally;
mod tape;
mod words;

pub use params::{BacktestError, BacktestParams};
pub use result::{BacktestResult, EquityDay};
pub use run::{BacktestInput, run, run_telling};
