//! A day as one source delivered it, before the sources are weighed against each other. No I/O.

use jiff::Timestamp;

use super::{DailyBar, Symbol};

/// One symbol's day as one source delivered it; `bar.source` names the source. Prices are raw CNY, volumes
/// shares: a row whose prices are adjusted is refused before it becomes one of these.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceBar {
    /// The values; `adj_factor` is NaN where the source delivers none.
    pub bar: DailyBar,
    /// 1 at the first delivery; one more each time that the source restated the day with other values.
    pub version: u32,
    /// When it was received.
    pub received_at: Timestamp,
}

impl SourceBar {
    /// Returns what names the row: session, symbol, source, version.
    #[must_use]
    pub fn key(&self) -> (jiff::civil::Date, Symbol, &str, u32) {
        (self.bar.date, self.bar.symbol, &self.bar.source, self.version)
    }
}
