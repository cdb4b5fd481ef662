//! The daily panel: symbols x sessions in columns, the shape that research computes on.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{DailyBar, Symbol};

/// A column of the daily panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Raw open, CNY.
    Open,
    /// Raw high, CNY.
    High,
    /// Raw low, CNY.
    Low,
    /// Raw close, CNY.
    Close,
    /// Shares.
    Volume,
    /// CNY.
    Amount,
    /// The exchange's reference price, CNY.
    Preclose,
    /// Backward adjustment factor.
    AdjFactor,
}

impl Field {
    /// All columns in storage order.
    pub const ALL: [Self; 8] =
        [Self::Open, Self::High, Self::Low, Self::Close, Self::Volume, Self::Amount, Self::Preclose, Self::AdjFactor];
}

/// Daily bars of S symbols over D sessions. A column is S x D numbers, symbol after symbol, dates
/// ascending; NaN where there is no bar or the value is unknown.
#[derive(Debug, Clone)]
pub struct DailyPanel {
    symbols: Vec<Symbol>,
    dates: Vec<Date>,
    columns: Vec<Vec<f64>>,
    present: Vec<bool>,
    suspended: Vec<bool>,
}

impl DailyPanel {
    /// Lays out bars; their order does not matter, and of two bars of one symbol and date the later
    /// in `bars` counts. The dates are those that occur in `bars`.
    #[must_use]
    pub fn from_bars<'a>(bars: impl IntoIterator<Item = &'a DailyBar> + Clone) -> Self {
        let symbols: BTreeSet<Symbol> = bars.clone().into_iter().map(|bar| bar.symbol).collect();
        let dates: BTreeSet<Date> = bars.clone().into_iter().map(|bar| bar.date).collect();
        Self::lay_out(bars, symbols.into_iter().collect(), dates.into_iter().collect())
    }

    /// Lays out bars over given sessions, ascending, so that a day without any bar counts as a session
    /// too; bars of other dates are left out.
    #[must_use]
    pub fn over_sessions<'a>(bars: impl IntoIterator<Item = &'a DailyBar> + Clone, sessions: &[Date]) -> Self {
        let symbols: BTreeSet<Symbol> = bars.clone().into_iter().map(|bar| bar.symbol).collect();
        Self::lay_out(bars, symbols.into_iter().collect(), sessions.to_vec())
    }

    fn lay_out<'a>(bars: impl IntoIterator<Item = &'a DailyBar>, symbols: Vec<Symbol>, dates: Vec<Date>) -> Self {
        let cells = symbols.len() * dates.len();
        let mut panel = Self {
            columns: vec![vec![f64::NAN; cells]; Field::ALL.len()],
            present: vec![false; cells],
            suspended: vec![false; cells],
            symbols,
            dates,
        };
        for bar in bars {
            panel.put(bar);
        }
        panel
    }

    fn put(&mut self, bar: &DailyBar) {
        let (Ok(symbol), Ok(day)) = (self.symbols.binary_search(&bar.symbol), self.dates.binary_search(&bar.date))
        else {
            return;
        };
        let cell = symbol * self.dates.len() + day;
        self.present[cell] = true;
        self.suspended[cell] = bar.suspended;
        let volume = bar.volume.map_or(f64::NAN, |shares| shares as f64);
        let (amount, preclose) = (bar.amount.unwrap_or(f64::NAN), bar.preclose.unwrap_or(f64::NAN));
        let values = [bar.open, bar.high, bar.low, bar.close, volume, amount, preclose, bar.adj_factor];
        for (column, value) in self.columns.iter_mut().zip(values) {
            column[cell] = value;
        }
    }

    /// Returns the symbols, ascending; length S.
    #[must_use]
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Returns the sessions, ascending; length D.
    #[must_use]
    pub fn dates(&self) -> &[Date] {
        &self.dates
    }

    /// Returns a column: S x D numbers.
    #[must_use]
    pub fn column(&self, field: Field) -> &[f64] {
        &self.columns[field as usize]
    }

    /// Returns one symbol's part of a column: D numbers.
    #[must_use]
    pub fn series(&self, field: Field, symbol: usize) -> &[f64] {
        &self.column(field)[self.range(symbol)]
    }

    /// Returns one cell of a column.
    #[must_use]
    pub fn at(&self, field: Field, symbol: usize, day: usize) -> f64 {
        self.column(field)[symbol * self.dates.len() + day]
    }

    /// Says whether there is a bar.
    #[must_use]
    pub fn has_bar(&self, symbol: usize, day: usize) -> bool {
        self.present[symbol * self.dates.len() + day]
    }

    /// Says whether the symbol could trade: there is a bar and it is not a suspended one.
    #[must_use]
    pub fn trades(&self, symbol: usize, day: usize) -> bool {
        let cell = symbol * self.dates.len() + day;
        self.present[cell] && !self.suspended[cell]
    }

    fn range(&self, symbol: usize) -> std::ops::Range<usize> {
        let days = self.dates.len();
        symbol * days..(symbol + 1) * days
    }
}
