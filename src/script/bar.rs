//! What an intraday rule sees and what it answers.

use crate::market::Symbol;

/// A finished bar, as `on_bar` gets it: a table of the same names.
#[derive(Debug, Clone, Copy)]
pub struct BarView<'a> {
    /// The symbol.
    pub symbol: Symbol,
    /// The end of the bar, `HH:MM` in Shanghai.
    pub time: &'a str,
    /// First price, yuan.
    pub open: f64,
    /// Highest price, yuan.
    pub high: f64,
    /// Lowest price, yuan.
    pub low: f64,
    /// Last price, yuan.
    pub close: f64,
    /// Shares.
    pub volume: f64,
    /// Yuan.
    pub amount: f64,
}

/// The opinion of a script about a symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BarSignal {
    /// The wished share of the strategy's capital in the symbol; not judged here, NaN included.
    pub weight: f64,
    /// How strong the signal is, if the script says so.
    pub score: Option<f64>,
}
