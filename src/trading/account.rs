//! An account: cash and positions, with T+1 availability. Only fills and entitlements change it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Fill;
use crate::market::{Side, Symbol};

/// Money in hundredths of a CNY.
pub type Fen = i64;

/// What is held of one symbol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Shares held.
    pub shares: i64,
    /// Shares that may be sold today: those held since before today (T+1).
    pub sellable: i64,
    /// What the shares cost, all charges included, in fen; falls in proportion when some are sold.
    pub cost: Fen,
}

/// Cash and positions of one owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    cash: Fen,
    positions: BTreeMap<Symbol, Position>,
}

impl Account {
    /// Opens an account with `cash` and no positions.
    #[must_use]
    pub fn with_cash(cash: Fen) -> Self {
        Self { cash, positions: BTreeMap::new() }
    }

    /// Returns the cash; never negative after a fill.
    #[must_use]
    pub const fn cash(&self) -> Fen {
        self.cash
    }

    /// Returns all positions, by symbol; none has zero shares.
    #[must_use]
    pub const fn positions(&self) -> &BTreeMap<Symbol, Position> {
        &self.positions
    }

    /// Returns the position in `symbol`, of zero shares where there is none.
    #[must_use]
    pub fn position(&self, symbol: Symbol) -> Position {
        self.positions.get(&symbol).copied().unwrap_or_default()
    }

    /// Starts a session: what is held may be sold from now on.
    pub fn open_session(&mut self) {
        for position in self.positions.values_mut() {
            position.sellable = position.shares;
        }
    }

    /// Returns cash plus every position at its market price; `price` gives a symbol's price in fen.
    #[must_use]
    pub fn value_at(&self, price: impl Fn(Symbol) -> Fen) -> Fen {
        self.positions.iter().fold(self.cash, |value, (symbol, position)| value + position.shares * price(*symbol))
    }

    /// Puts a position in place, as a test starts with it.
    #[cfg(test)]
    pub(super) fn hold(&mut self, symbol: Symbol, position: Position) {
        self.positions.insert(symbol, position);
    }

    /// Books a fill. `execution` has checked it against cash and availability.
    pub(super) fn book(&mut self, fill: &Fill) {
        self.cash += fill.cash_flow();
        let position = self.positions.entry(fill.symbol).or_default();
        match fill.side {
            Side::Buy => {
                position.shares += fill.shares;
                position.cost -= fill.cash_flow();
            }
            Side::Sell => {
                position.cost -= share_of(position.cost, fill.shares, position.shares);
                position.shares -= fill.shares;
                position.sellable -= fill.shares;
            }
        }
        if position.shares == 0 {
            self.positions.remove(&fill.symbol);
        }
    }

    /// Credits cash and bonus shares on a position; both come from before today, so the shares may
    /// be sold.
    pub(super) fn credit(&mut self, symbol: Symbol, cash: Fen, shares: i64) {
        self.cash += cash;
        if let Some(position) = self.positions.get_mut(&symbol) {
            position.shares += shares;
            position.sellable += shares;
        }
    }
}

/// Returns `whole x part / parts`, cut to whole fen; exact when all is sold.
fn share_of(whole: Fen, part: i64, parts: i64) -> Fen {
    let product = i128::from(whole) * i128::from(part);
    product.checked_div(i128::from(parts)).and_then(|share| i64::try_from(share).ok()).unwrap_or(0)
}
