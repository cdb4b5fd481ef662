//! What becomes of one symbol in a simulated market: its days and its corporate actions, in whole fen.

use crate::market::{CorporateAction, Symbol};

/// One day; prices and amount in fen, volume in shares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) open: i64,
    pub(super) high: i64,
    pub(super) low: i64,
    pub(super) close: i64,
    pub(super) volume: i64,
    pub(super) amount: i64,
    pub(super) preclose: Option<i64>,
    pub(super) adj_factor: f64,
    pub(super) suspended: bool,
}

/// All days of a symbol.
pub(super) struct Life {
    pub(super) symbol: Symbol,
    /// Shares outstanding, the symbol's weight in the index.
    pub(super) shares: i64,
    /// Listed inside the window.
    pub(super) is_new: bool,
    pub(super) actions: Vec<CorporateAction>,
    /// The place of the first day in the window.
    pub(super) first: usize,
    pub(super) days: Vec<Day>,
}

impl Life {
    /// Returns the day at a place of the window; none before the listing.
    pub(super) fn day(&self, at: usize) -> Option<&Day> {
        self.days.get(at.checked_sub(self.first)?)
    }

    pub(super) fn day_mut(&mut self, at: usize) -> Option<&mut Day> {
        self.days.get_mut(at.checked_sub(self.first)?)
    }
}
