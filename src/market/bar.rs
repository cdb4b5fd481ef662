//! Bars and corporate actions, as the input tables have them. Prices are raw CNY, volumes shares.

use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::{SecurityEvent, SourceBar, Symbol};

/// One symbol's day.
#[derive(Debug, Clone, PartialEq)]
pub struct DailyBar {
    /// The session.
    pub date: Date,
    /// The symbol.
    pub symbol: Symbol,
    /// First price, CNY, unadjusted.
    pub open: f64,
    /// Highest price, CNY, unadjusted.
    pub high: f64,
    /// Lowest price, CNY, unadjusted.
    pub low: f64,
    /// Last price, CNY, unadjusted.
    pub close: f64,
    /// Shares traded; unknown in some sources.
    pub volume: Option<i64>,
    /// Turnover in CNY; unknown in some sources.
    pub amount: Option<f64>,
    /// The exchange's reference price for the day, CNY; unknown on a symbol's first row.
    pub preclose: Option<f64>,
    /// Multiplicative backward factor: adjusted price = raw price x factor. NaN where it was not delivered:
    /// [`derive_factors`](super::adjust::derive_factors) then gives it.
    pub adj_factor: f64,
    /// Did not trade all day.
    pub suspended: bool,
    /// Where the row came from.
    pub source: Arc<str>,
}

/// One day of an index, in points.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexBar {
    /// The session.
    pub date: Date,
    /// The index, such as 000300.SH.
    pub symbol: Symbol,
    /// First value.
    pub open: f64,
    /// Highest value.
    pub high: f64,
    /// Lowest value.
    pub low: f64,
    /// Last value.
    pub close: f64,
    /// Shares traded, as delivered.
    pub volume: Option<i64>,
}

/// The length of an intraday bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Interval {
    /// One minute.
    M1,
    /// Five minutes.
    M5,
    /// Fifteen minutes.
    M15,
    /// One hour.
    M60,
}

impl Interval {
    /// All intervals, shortest first.
    pub const ALL: [Self; 4] = [Self::M1, Self::M5, Self::M15, Self::M60];

    /// Returns the length in minutes.
    #[must_use]
    pub const fn minutes(self) -> i64 {
        match self {
            Self::M1 => 1,
            Self::M5 => 5,
            Self::M15 => 15,
            Self::M60 => 60,
        }
    }
}

/// One symbol's intraday bar.
#[derive(Debug, Clone, PartialEq)]
pub struct MinuteBar {
    /// The END of the bar, Asia/Shanghai.
    pub ts: DateTime,
    /// The symbol.
    pub symbol: Symbol,
    /// First price, CNY.
    pub open: f64,
    /// Highest price, CNY.
    pub high: f64,
    /// Lowest price, CNY.
    pub low: f64,
    /// Last price, CNY.
    pub close: f64,
    /// Shares traded.
    pub volume: Option<i64>,
    /// Turnover in CNY.
    pub amount: Option<f64>,
    /// Where the row came from.
    pub source: Arc<str>,
}

/// A dividend, bonus issue or rights issue, per ten shares held.
#[derive(Debug, Clone, PartialEq)]
pub struct CorporateAction {
    /// The symbol.
    pub symbol: Symbol,
    /// The first session that trades without the right.
    pub ex_date: Date,
    /// Cash, CNY before tax, per ten shares.
    pub cash_per_10: f64,
    /// Bonus shares per ten shares.
    pub bonus_per_10: f64,
    /// Rights shares per ten shares.
    pub rights_per_10: f64,
    /// Price of a rights share, CNY.
    pub rights_price: f64,
}

/// All the tables that one input brings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MarketData {
    /// Daily bars, by date, then symbol.
    pub daily: Vec<DailyBar>,
    /// Index bars, by date, then symbol.
    pub index: Vec<IndexBar>,
    /// Intraday bars by interval; by time, then symbol.
    pub minute: std::collections::BTreeMap<Interval, Vec<MinuteBar>>,
    /// Corporate actions, by ex date, then symbol.
    pub actions: Vec<CorporateAction>,
    /// Listings, special treatment and delistings, by date, then symbol; empty where they are not known.
    pub securities: Vec<SecurityEvent>,
    /// Daily bars as each source delivered them, in the order of delivery; only collectors bring some.
    pub source_bars: Vec<SourceBar>,
}
