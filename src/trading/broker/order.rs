//! Orders as a broker takes them, and what it answers.

use std::fmt;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::digits::write_digits;
use crate::{
    market::{Side, Symbol},
    trading::{Charges, Fen, Name, Reject},
};

/// The name that the sender gives an order: `<strategy>_<SYMBOL with _>_<UTC time>_<8 hex>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientOrderId(Name);

/// What follows the strategy in a numbered name.
const NUMBERED: [u8; 36] = *b"_000000_SH_00000000T000000Z_00000000";

/// The longest numbered name that is put together without memory of its own.
const SHORT: usize = 96;

impl ClientOrderId {
    /// Takes a name as it is.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Names the `number`th order of a run; equal runs give equal names.
    #[must_use]
    pub fn numbered(strategy: &str, symbol: Symbol, at: DateTime, number: u32) -> Self {
        // Written digit by digit: a format string costs more than the rest of sending an order.
        let mut tail = NUMBERED;
        write_digits::<10>(&mut tail[1..7], symbol.code());
        tail[8..10].copy_from_slice(symbol.exchange().suffix().as_bytes());
        // The exchange's zone has no daylight saving time, so eight hours are exact; mostly they stay in the day.
        let (date, hour) = if at.hour() >= 8 {
            (at.date(), at.hour() - 8)
        } else {
            (at.date().yesterday().unwrap_or(at.date()), at.hour() + 16)
        };
        write_digits::<10>(&mut tail[11..15], u32::from(date.year().unsigned_abs()));
        let parts =
            [date.month(), date.day(), hour, at.minute(), at.second()].map(|part| u32::from(part.unsigned_abs()));
        for (place, part) in [15, 17, 20, 22, 24].into_iter().zip(parts) {
            write_digits::<10>(&mut tail[place..place + 2], part);
        }
        write_digits::<16>(&mut tail[28..], number);
        // Digits are ASCII.
        let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
        let mut short = [0; SHORT];
        let (length, end) = (strategy.len(), strategy.len() + NUMBERED.len());
        let Some(name) = short.get_mut(..end) else {
            return Self::new(&[strategy, text(&tail)].concat());
        };
        name[..length].copy_from_slice(strategy.as_bytes());
        name[length..].copy_from_slice(&tail);
        Self::new(text(name))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// At which prices an order may fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderKind {
    /// At the market.
    #[serde(rename = "MKT")]
    Market,
    /// At this price, fen, or a better one.
    #[serde(rename = "LMT")]
    Limit(Fen),
}

/// How long an order lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TimeInForce {
    /// Until the session ends.
    #[default]
    Day,
    /// What the next match leaves is cancelled.
    Ioc,
    /// All at the next match, or nothing.
    Fok,
}

impl TimeInForce {
    /// Returns the word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
        }
    }
}

/// Where in the session an order may match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Venue {
    /// From the next bar on: in the opening call when it was sent before the first bar, then as bars come.
    #[default]
    Any,
    /// In the closing call only.
    ClosingCall,
}

/// An order on its way to a broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// The sender's name for it.
    pub client_order_id: ClientOrderId,
    /// The account that pays or is paid.
    pub account_id: Name,
    /// The strategies that asked for it, joined by `+`.
    pub strategy_id: Name,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares wanted, before rounding to lots.
    pub shares: i64,
    /// At which prices.
    pub kind: OrderKind,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Where in the session.
    pub venue: Venue,
    /// When it was sent, Asia/Shanghai.
    pub at: DateTime,
}

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Taken, nothing filled.
    New,
    /// Some filled, the rest open.
    PartiallyFilled,
    /// All filled.
    Filled,
    /// Refused; nothing will fill.
    Rejected,
    /// What was left is cancelled.
    Cancelled,
}

impl OrderStatus {
    /// Returns the word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// Why a broker refused or cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// A rule of the exchange.
    #[error(transparent)]
    Rule(#[from] Reject),
    /// The account was never opened.
    #[error("there is no such account")]
    NoAccount,
    /// A limit price that is not positive, or off the session's price band.
    #[error("the limit price is not a price of this session")]
    InvalidPrice,
    /// The shadow broker's chance.
    #[error("rejected on the way (shadow broker)")]
    Shadow,
    /// The session ended.
    #[error("the session ended")]
    SessionEnded,
    /// IOC or FOK: the match left a rest.
    #[error("not all could be filled at once")]
    NotAtOnce,
    /// The sender took it back.
    #[error("cancelled by its sender")]
    BySender,
}

impl Refusal {
    /// Returns the reason as one word for tables and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule(reject) => reject.name(),
            Self::NoAccount => "no_account",
            Self::InvalidPrice => "invalid_price",
            Self::Shadow => "shadow_reject",
            Self::SessionEnded => "session_ended",
            Self::NotAtOnce => "not_at_once",
            Self::BySender => "by_sender",
        }
    }
}

/// What a broker says to an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Submission {
    /// Taken; executions follow with bars. The number counts the broker's orders from 1.
    Accepted(u64),
    /// An order of that name was taken before, under this number; nothing was done.
    Duplicate(u64),
    /// Refused at once.
    Rejected(Execution),
}

/// A change of an order: a fill, a refusal or a cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The broker's number of the order; 0 for one that it never took.
    pub order_id: u64,
    /// The broker's number of this change, from 1, without gaps.
    pub exec_id: u64,
    /// The sender's name of the order.
    pub client_order_id: ClientOrderId,
    /// The account.
    pub account_id: Name,
    /// The strategies that asked.
    pub strategy_id: Name,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares filled by this change; 0 for a refusal or cancellation.
    pub shares: i64,
    /// Price of the fill, fen; 0 where nothing filled.
    pub price: Fen,
    /// What the fill cost besides.
    pub charges: Charges,
    /// How the order stands after it.
    pub status: OrderStatus,
    /// Why it was refused or cancelled.
    pub reason: Option<Refusal>,
    /// Cash of the account after it, fen.
    pub cash_after: Fen,
    /// Shares of the symbol held after it.
    pub position_after: i64,
    /// When, Asia/Shanghai.
    pub at: DateTime,
}

impl Execution {
    /// Returns shares x price, fen.
    #[must_use]
    pub const fn value(&self) -> Fen {
        self.shares * self.price
    }
}
