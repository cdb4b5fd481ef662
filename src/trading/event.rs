//! What happens while trading, for whoever listens: the bus, the ledger, a backtest's result.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::{
    Bar, Fen, Name,
    broker::{Execution, OrderRequest},
    portfolio::Adjustment,
    risk::{RiskAlert, RiskRefusal},
};
use crate::market::Symbol;

/// Which way a signal points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    /// Towards more of the symbol.
    Buy,
    /// Towards less.
    Sell,
    /// Towards none.
    Flat,
}

impl Direction {
    /// Returns the word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
            Self::Flat => "FLAT",
        }
    }
}

/// A strategy's wish, as it reached the portfolio.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Whose.
    pub strategy_id: Name,
    /// Of which symbol.
    pub symbol: Symbol,
    /// When, Asia/Shanghai.
    pub at: DateTime,
    /// Which way.
    pub direction: Direction,
    /// How strong, in the strategy's own unit.
    pub score: f64,
    /// The wished share of the strategy's capital.
    pub weight: f64,
    /// `daily` for a decision by scores, `intraday` for one by a bar.
    pub horizon: &'static str,
}

/// An account's worth at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The account.
    pub account_id: Name,
    /// When, Asia/Shanghai.
    pub at: DateTime,
    /// Cash, fen.
    pub cash: Fen,
    /// Positions at their last prices, fen.
    pub positions_value: Fen,
    /// Greatest worth so far, fen.
    pub nav_peak: Fen,
    /// Loss since that, a share of it.
    pub dd_total: f64,
    /// Loss since the session's greatest worth, a share of it.
    pub dd_intraday: f64,
    /// Largest position over the worth.
    pub max_single_weight: f64,
}

impl Mark {
    /// Returns cash plus positions, fen.
    #[must_use]
    pub const fn nav(&self) -> Fen {
        self.cash + self.positions_value
    }

    /// Returns positions over worth; 0 for an account that is worth nothing.
    #[must_use]
    pub fn gross_exposure(&self) -> f64 {
        if self.nav() == 0 { 0.0 } else { self.positions_value as f64 / self.nav() as f64 }
    }
}

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A bar ended.
    Bar(&'a Bar),
    /// A strategy wished something.
    Signal(&'a Signal),
    /// A limit of the portfolio cut a wish.
    Adjusted(&'a Adjustment),
    /// An order was sent; the price is the market's when it was.
    Order(&'a OrderRequest, Option<Fen>),
    /// Risk kept an order from being sent.
    Refused(&'a OrderRequest, &'a RiskRefusal),
    /// An order filled, was refused by the broker, or was cancelled.
    Execution(&'a Execution),
    /// Risk has something to say.
    Alert(&'a RiskAlert),
    /// An account was valued.
    Mark(&'a Mark),
    /// An account's positions changed: weights by symbol.
    Positions(&'a Name, DateTime, &'a [(Symbol, f64)]),
}

/// A listener. What it does cannot change what is traded.
pub trait EventSink {
    /// Takes one event.
    fn event(&mut self, event: Event<'_>);

    /// Says whether [`Event::Positions`] is heard at all: its weights are computed for nobody else.
    fn hears_positions(&self) -> bool {
        true
    }
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl EventSink for Silent {
    fn event(&mut self, _event: Event<'_>) {}

    fn hears_positions(&self) -> bool {
        false
    }
}
