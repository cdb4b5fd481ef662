//! What an answer says, as rows. No I/O.

use jiff::civil::{Date, DateTime};

use crate::market::{DailyBar, IndexBar, MinuteBar, SecurityStatus, Symbol};

/// The rows of one answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// Daily bars by date; `preclose` and `adj_factor` are not delivered.
    Daily(Vec<DailyBar>),
    /// Index bars by date.
    Index(Vec<IndexBar>),
    /// Intraday bars by time.
    Minute(Vec<MinuteBar>),
    /// Quotes by symbol.
    Quotes(Vec<Quote>),
    /// Basic info.
    Profiles(Vec<Profile>),
}

impl Rows {
    /// Returns how many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Daily(rows) => rows.len(),
            Self::Index(rows) => rows.len(),
            Self::Minute(rows) => rows.len(),
            Self::Quotes(rows) => rows.len(),
            Self::Profiles(rows) => rows.len(),
        }
    }

    /// Says whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A row of an answer that makes no bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// The row as delivered, at most 120 characters.
    pub text: String,
    /// Why.
    pub reason: String,
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows that are taken.
    pub rows: Rows,
    /// The rows that are not.
    pub rejected: Vec<RejectedRow>,
}

impl Page {
    pub(super) const fn of(rows: Rows) -> Self {
        Self { rows, rejected: Vec::new() }
    }
}

/// What a symbol trades at.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    /// The symbol.
    pub symbol: Symbol,
    /// Its name at the site.
    pub name: String,
    /// When, by the exchange's clock.
    pub at: DateTime,
    /// The last price, CNY; 0 before the first trade of the day.
    pub last: f64,
    /// The day's first price.
    pub open: f64,
    /// The day's highest price.
    pub high: f64,
    /// The day's lowest price.
    pub low: f64,
    /// The previous close as the exchange has it: after corporate actions.
    pub preclose: f64,
    /// Shares traded since the opening.
    pub volume: i64,
    /// Value traded since the opening, CNY.
    pub amount: f64,
}

/// What a security is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The symbol; its board follows from the code.
    pub symbol: Symbol,
    /// Its name.
    pub name: String,
    /// Its first session, where the site says.
    pub listed_on: Option<Date>,
    /// Special treatment, as the name says: `*ST`, `ST`, delisting, else normal.
    pub status: SecurityStatus,
}

/// Returns the special treatment that a name stands for: the exchanges put it in front, and the word for
/// delisting in front or behind.
pub(super) fn status_of(name: &str) -> SecurityStatus {
    match name {
        name if name.starts_with("退市") || name.ends_with('退') => SecurityStatus::Delisting,
        name if name.starts_with("*ST") || name.starts_with("S*ST") => SecurityStatus::StarSt,
        name if name.starts_with("ST") || name.starts_with("SST") => SecurityStatus::St,
        _ => SecurityStatus::Normal,
    }
}

#[cfg(test)]
mod tests {
    use super::status_of;
    use crate::market::SecurityStatus;

    #[test]
    fn names_say_special_treatment() {
        let cases = [
            ("浦发银行", SecurityStatus::Normal),
            ("ST股份", SecurityStatus::St),
            ("*ST股份", SecurityStatus::StarSt),
            ("退市股份", SecurityStatus::Delisting),
            ("股份退", SecurityStatus::Delisting),
        ];
        for (name, status) in cases {
            assert_eq!(status_of(name), status, "{name}");
        }
    }
}
