//! Strategies: what wishes positions. A strategy sees scores of sessions that have ended and bars that
//! have ended, and answers with weights of its own capital. It holds no money and sends no order.

mod script;
mod top_k;

use std::collections::BTreeMap;

pub use script::ScriptStrategy;
pub use top_k::TopK;

use super::{Bar, TradingError};
use crate::market::Symbol;

/// What a strategy wishes of one symbol after a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// Share of the strategy's capital, 0 to 1; 0 closes the position. Judged by the portfolio.
    pub weight: f64,
    /// How strong the signal is, in the strategy's own unit.
    pub score: f64,
}

/// A rule from scores and bars to weights.
pub trait Strategy {
    /// Returns the strategy's name in the config.
    fn id(&self) -> &str;

    /// Returns where the code of `targets` or `on_bar` begins, `FILE:LINE`, for the message of a refusal.
    fn place(&self, _function: &str) -> Option<String> {
        None
    }

    /// Returns the wished weights for the next session, from the scores of the last one; a symbol that
    /// is not named is not wanted.
    ///
    /// # Errors
    /// What the strategy's code says.
    fn targets(&mut self, scores: &[(Symbol, f64)]) -> Result<BTreeMap<Symbol, f64>, TradingError>;

    /// Says whether [`on_bar`](Self::on_bar) is to be asked at all.
    fn watches_bars(&self) -> bool {
        false
    }

    /// Returns the wish for a bar's symbol once the bar has ended; none leaves the target as it is.
    ///
    /// # Errors
    /// What the strategy's code says.
    fn on_bar(&mut self, _bar: &Bar) -> Result<Option<Wish>, TradingError> {
        Ok(None)
    }
}
