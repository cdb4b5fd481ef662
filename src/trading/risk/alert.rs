//! What risk tells people: alerts by level, and the switch that only a person resets. Plain data.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::{market::Symbol, trading::Name};

/// How bad it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RiskLevel {
    /// Within limits.
    #[default]
    Info,
    /// Near a limit, or an order was refused.
    Warning,
    /// Beyond a limit.
    Critical,
}

impl RiskLevel {
    /// Returns the word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// An account.
    AccountAlert,
    /// One symbol of an account.
    SymbolAlert,
}

/// A change of level, or a refused order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskAlert {
    /// What it is about.
    pub kind: AlertKind,
    /// The account.
    pub account_id: Name,
    /// The symbol of a symbol alert.
    pub symbol: Option<Symbol>,
    /// The level that it has now.
    pub level: RiskLevel,
    /// The account's score at that moment, 0 to 1.
    pub score: f64,
    /// A sentence with figures.
    pub message: String,
    /// When, Asia/Shanghai.
    pub at: DateTime,
}

/// Says that an account stopped buying until a person releases it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KillSwitch {
    /// The account.
    pub account_id: Name,
    /// When it tripped, Asia/Shanghai.
    pub at: DateTime,
    /// Why.
    pub reason: String,
}
