//! Why risk refuses an order: data of an execution and an alert, no failure of the run.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::market::tick::cny;

/// A refused order, with the figures that refused it; amounts in fen, shares as shares of 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Error)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum RiskRefusal {
    /// The kill switch is tripped.
    #[error("the kill switch is tripped: {reason}")]
    KillSwitch {
        /// Why it was tripped.
        reason: String,
    },
    /// The account lost too much in this session.
    #[error("buys are halted until the next session: the day's loss exceeded {:.2} %", .limit * 100.0)]
    DayLoss {
        /// The limit.
        limit: f64,
    },
    /// The symbol is on the blacklist.
    #[error("the symbol is on the blacklist")]
    Blacklisted,
    /// There is a whitelist and the symbol is not on it.
    #[error("the symbol is not on the whitelist")]
    NotWhitelisted,
    /// A sell of more than is held.
    #[error("sells {shares} shares of {held} held")]
    ShortSale {
        /// Shares to sell.
        shares: i64,
        /// Shares held.
        held: i64,
    },
    /// There is no price, or nothing left to trade with.
    #[error("cannot be judged: price {price} fen, net asset value {:.2} CNY", cny(*.nav))]
    NotJudged {
        /// The price of a share.
        price: i64,
        /// The net asset value.
        nav: i64,
    },
    /// The order is too large.
    #[error("its value of {:.2} CNY exceeds {:.2} CNY", cny(*.value), cny(*.limit))]
    OrderValue {
        /// The order's value.
        value: i64,
        /// The limit.
        limit: i64,
    },
    /// The limit price is too far from the reference.
    #[error("its price of {:.2} CNY is {:.2} % from the reference of {:.2} CNY, allowed: {:.2} %",
        cny(*.price), .distance * 100.0, cny(*.reference), .limit * 100.0)]
    PriceCollar {
        /// The limit price.
        price: i64,
        /// The reference price.
        reference: i64,
        /// How far it is.
        distance: f64,
        /// How far it may be.
        limit: f64,
    },
    /// The position would be too large a share of the account.
    #[error("the position would be {:.2} % of net asset value, allowed: {:.2} %", .share * 100.0, .limit * 100.0)]
    Concentration {
        /// The share it would be.
        share: f64,
        /// The limit.
        limit: f64,
    },
    /// All positions would be too large for the account.
    #[error("the positions would be {leverage:.4} of net asset value, allowed: {limit:.4}")]
    Leverage {
        /// What it would be.
        leverage: f64,
        /// The limit.
        limit: f64,
    },
    /// Too much was traded in this session.
    #[error("the session's turnover would be {turnover:.4} of its first net asset value, allowed: {limit:.4}")]
    Turnover {
        /// What it would be.
        turnover: f64,
        /// The limit.
        limit: f64,
    },
}

impl RiskRefusal {
    /// Returns the reason as one word for tables and events.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::KillSwitch { .. } => "kill_switch",
            Self::DayLoss { .. } => "day_loss",
            Self::Blacklisted => "blacklisted",
            Self::NotWhitelisted => "not_whitelisted",
            Self::ShortSale { .. } => "short_sale",
            Self::NotJudged { .. } => "not_judged",
            Self::OrderValue { .. } => "order_value",
            Self::PriceCollar { .. } => "price_collar",
            Self::Concentration { .. } => "concentration",
            Self::Leverage { .. } => "leverage",
            Self::Turnover { .. } => "turnover",
        }
    }
}
