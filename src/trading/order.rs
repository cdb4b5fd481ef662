//! Orders, what became of them, and why not.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Fen;
use crate::market::{Side, Symbol, tick::cny};

/// A wish to trade at the market's price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Order {
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares wanted, before rounding to lots.
    pub shares: i64,
}

/// What a fill costs besides its value, in fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charges {
    /// The broker's commission.
    pub commission: Fen,
    /// Stamp duty; sells only.
    pub stamp_duty: Fen,
    /// The depository's transfer fee.
    pub transfer_fee: Fen,
    /// Slippage as money: what a worse price would have cost.
    pub slippage: Fen,
}

impl Charges {
    /// Returns the sum.
    #[must_use]
    pub const fn total(&self) -> Fen {
        self.commission + self.stamp_duty + self.transfer_fee + self.slippage
    }
}

/// Shares that changed hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fill {
    /// The session.
    pub date: Date,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares wanted, after rounding to lots.
    pub wanted: i64,
    /// Shares filled; fewer than wanted where the participation cap cut them.
    pub shares: i64,
    /// Price of a share in fen.
    pub price: Fen,
    /// What it cost besides.
    pub charges: Charges,
}

impl Fill {
    /// Returns shares x price.
    #[must_use]
    pub const fn value(&self) -> Fen {
        self.shares * self.price
    }

    /// Returns the change of cash: negative for a buy.
    #[must_use]
    pub const fn cash_flow(&self) -> Fen {
        match self.side {
            Side::Buy => -self.value() - self.charges.total(),
            Side::Sell => self.value() - self.charges.total(),
        }
    }
}

/// Why an order was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Reject {
    /// The symbol did not trade that session.
    #[error("suspended: the symbol did not trade that session")]
    Suspended,
    /// There is no usable price.
    #[error("no price: the quote has none, or one that is not positive")]
    NoPrice,
    /// A buy at the upper price limit.
    #[error("at the upper price limit: nobody sells")]
    LimitUp,
    /// A sell at the lower price limit.
    #[error("at the lower price limit: nobody buys")]
    LimitDown,
    /// No whole lot is left after rounding.
    #[error("below one lot")]
    BelowLot,
    /// More is to be sold than may be sold today: not held, or bought today (T+1).
    #[error("more than may be sold today (T+1)")]
    NotSellable,
    /// The cash does not pay for it.
    #[error("not enough cash")]
    NotEnoughCash,
    /// The session's volume leaves no room under the participation cap.
    #[error("no volume left under the participation cap")]
    NoVolume,
    /// An order of zero or a negative number of shares.
    #[error("not a positive number of shares")]
    NotPositive,
}

impl Reject {
    /// Returns the reason as one word for tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::NoPrice => "no_price",
            Self::LimitUp => "limit_up",
            Self::LimitDown => "limit_down",
            Self::BelowLot => "below_lot",
            Self::NotSellable => "not_sellable",
            Self::NotEnoughCash => "not_enough_cash",
            Self::NoVolume => "no_volume",
            Self::NotPositive => "not_positive",
        }
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.side == Side::Buy { "bought" } else { "sold" };
        write!(f, "{}: {side} {} {} at {:.2}", self.date, self.shares, self.symbol, cny(self.price))
    }
}
