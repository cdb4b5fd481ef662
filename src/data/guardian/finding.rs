//! The rules of the guardian and what a broken one says.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::market::Symbol;

/// What a table must satisfy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A symbol has a bar on every session from its first to its last.
    MissingSession,
    /// The table has bars on every session from its first to its last.
    TableGap,
    /// A symbol has one bar a session.
    Duplicate,
    /// Prices, reference and factor are finite and positive.
    InvalidNumber,
    /// Low <= open, close <= high.
    OhlcOrder,
    /// Prices lie within the day's price limit.
    BeyondLimit,
    /// Volume is positive on a session that traded, and zero on a suspended one.
    Volume,
    /// A series that trades moves.
    Stale,
    /// Reference and factor move on ex dates, together and by the same step; nothing else explains a
    /// fall beyond the limit.
    UnadjustedExRights,
    /// The reference equals the previous close where nothing went ex.
    PrecloseMismatch,
    /// The reference is known.
    NullPreclose,
    /// A symbol has bars only while it is listed.
    Unlisted,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 12] = [
        Self::MissingSession,
        Self::TableGap,
        Self::Duplicate,
        Self::InvalidNumber,
        Self::OhlcOrder,
        Self::BeyondLimit,
        Self::Volume,
        Self::Stale,
        Self::UnadjustedExRights,
        Self::PrecloseMismatch,
        Self::NullPreclose,
        Self::Unlisted,
    ];

    /// Returns the name, as reports and the ledger write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MissingSession => "missing_session",
            Self::TableGap => "table_gap",
            Self::Duplicate => "duplicate",
            Self::InvalidNumber => "invalid_number",
            Self::OhlcOrder => "ohlc_order",
            Self::BeyondLimit => "beyond_limit",
            Self::Volume => "volume",
            Self::Stale => "stale",
            Self::UnadjustedExRights => "unadjusted_ex_rights",
            Self::PrecloseMismatch => "preclose_mismatch",
            Self::NullPreclose => "null_preclose",
            Self::Unlisted => "unlisted",
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; the row can be used.
    Soft,
    /// The row must not be used as it is.
    Hard,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The session.
    pub date: Date,
    /// The symbol; none where it concerns the whole table.
    pub symbol: Option<Symbol>,
    /// The rule.
    pub rule: Rule,
    /// The column.
    pub field: &'static str,
    /// The table.
    pub table: &'static str,
    /// The value that breaks the rule; none where one is missing.
    pub value: Option<f64>,
    /// What is wrong, as a sentence fragment.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
}

impl Finding {
    /// Says whether the bar's prices cannot be relied on, so that nothing may be derived from its close or
    /// judged by it.
    pub(in crate::data) fn distrusts_prices(&self) -> bool {
        match self.rule {
            Rule::InvalidNumber | Rule::OhlcOrder => true,
            Rule::BeyondLimit => self.severity == Severity::Hard,
            Rule::UnadjustedExRights => self.field == "close",
            _ => false,
        }
    }
}
