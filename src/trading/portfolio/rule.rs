//! The rules that a portfolio keeps, and what it says when one bites. Plain data.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    market::Symbol,
    trading::{Fen, Name, broker::Venue},
};

/// What a strategy may do.
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyRule {
    /// Its id.
    pub id: Name,
    /// The account that it trades for.
    pub account_id: Name,
    /// The largest sum of its target weights, over its own capital.
    pub max_gross_leverage: f64,
    /// The largest share of its capital in one symbol, above 0 up to 1.
    pub max_single_position_pct: f64,
    /// The largest number of positions.
    pub max_positions: usize,
    /// Sessions from one daily decision to the next: what is decided is held that long, unless an intraday
    /// signal or a limit says otherwise.
    pub target_holding_days: usize,
    /// Where in the session its orders match.
    pub venue: Venue,
}

/// An account as the portfolio sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountRule {
    /// Its id.
    pub id: Name,
    /// Its cash when it opens.
    pub starting_cash: Fen,
    /// The largest sum of position values over net asset value.
    pub max_leverage: f64,
}

/// The share of its account that each strategy gets, as a script gave it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Allocation {
    /// The script, relative to the workspace.
    pub origin: String,
    /// Shares by strategy id.
    pub weights: BTreeMap<String, f64>,
    /// The line of each weight, where it is known.
    pub lines: BTreeMap<String, u32>,
}

impl Allocation {
    /// Returns where the weight of a strategy was written: `strategy/portfolio.luau:7`.
    #[must_use]
    pub fn place(&self, strategy: &str) -> String {
        let line = self.lines.get(strategy).map(|line| format!(":{line}"));
        format!("{}{}", self.origin, line.unwrap_or_default())
    }
}

/// A legal wish that a limit cut; what it leaves stays cash.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Adjustment {
    /// The strategy that wished.
    pub strategy: Name,
    /// The symbol.
    pub symbol: Option<Symbol>,
    /// The weight wished for, in the strategy's capital.
    pub wanted: f64,
    /// The weight given.
    pub got: f64,
    /// The limit that cut it, by its key: `max_single_position_pct`, `max_positions`, or for a signal
    /// `max_gross_leverage`.
    pub why: &'static str,
}
