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
    /// A symbol does not trade before its first `listed` row: where it does, the row is no listing.
    LateListing,
    /// A bar belongs to a session of the exchanges.
    OffCalendar,
    /// A value lies within the bounds of `config/data_schema.json`.
    OutOfBounds,
    /// Prices lie on ticks: what was multiplied or divided does not.
    OffTick,
    /// Prices are in CNY: those of a series in cents have no cents.
    PriceUnit,
    /// Turnover / volume is a price of the day.
    AveragePrice,
    /// Volume is in shares: in lots it falls to a hundredth at once.
    VolumeUnit,
    /// No two sessions have the same prices and the same volume.
    Repeated,
    /// The next reference is the close, not the open.
    SwappedColumns,
    /// A symbol moves with the market of the same session, not of the one beside it.
    ShiftedDates,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 22] = [
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
        Self::LateListing,
        Self::OffCalendar,
        Self::OutOfBounds,
        Self::OffTick,
        Self::PriceUnit,
        Self::AveragePrice,
        Self::VolumeUnit,
        Self::Repeated,
        Self::SwappedColumns,
        Self::ShiftedDates,
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
            Self::LateListing => "late_listing",
            Self::OffCalendar => "off_calendar",
            Self::OutOfBounds => "out_of_bounds",
            Self::OffTick => "off_tick",
            Self::PriceUnit => "price_unit",
            Self::AveragePrice => "average_price",
            Self::VolumeUnit => "volume_unit",
            Self::Repeated => "repeated",
            Self::SwappedColumns => "swapped_columns",
            Self::ShiftedDates => "shifted_dates",
        }
    }

    /// Says whether the rule looks at a value by itself; the others hold rows and values against each other.
    #[must_use]
    pub const fn is_of_value(self) -> bool {
        matches!(
            self,
            Self::InvalidNumber
                | Self::Volume
                | Self::NullPreclose
                | Self::OutOfBounds
                | Self::OffTick
                | Self::PriceUnit
                | Self::AveragePrice
                | Self::VolumeUnit
        )
    }

    /// Says whether the rule is about a row that should be there, or one that should not.
    #[must_use]
    pub const fn is_of_coverage(self) -> bool {
        matches!(self, Self::MissingSession | Self::TableGap | Self::Unlisted | Self::LateListing | Self::OffCalendar)
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
            Rule::InvalidNumber | Rule::OhlcOrder | Rule::OffTick | Rule::PriceUnit | Rule::SwappedColumns => true,
            Rule::BeyondLimit => self.severity == Severity::Hard,
            Rule::UnadjustedExRights => self.field == "close",
            _ => false,
        }
    }
}
