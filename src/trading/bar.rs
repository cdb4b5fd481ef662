//! A bar as trading sees it: prices in whole fen, with the part of the day that it covers.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::Fen;
use crate::market::{MinuteBar, PriceBand, Symbol, tick::fen};

/// One symbol over one span of a session. A daily bar covers the whole session.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// The symbol.
    pub symbol: Symbol,
    /// The END of the span, Asia/Shanghai.
    pub end: DateTime,
    /// First price, fen; the opening call's where the bar opens the session.
    pub open: Fen,
    /// Highest price, fen.
    pub high: Fen,
    /// Lowest price, fen.
    pub low: Fen,
    /// Last price, fen; the closing call's where the bar closes the session.
    pub close: Fen,
    /// Shares traded; none when not known, and then nothing fills.
    pub volume: Option<i64>,
    /// Turnover in CNY; none when not known.
    pub amount: Option<f64>,
    /// Whether it is the session's first bar, which holds the opening call.
    pub opens: bool,
    /// Whether it is the session's last bar, which holds the closing call.
    pub closes: bool,
}

impl Bar {
    /// Reads an intraday bar; none when a price is not a positive number.
    #[must_use]
    pub fn from_minute(bar: &MinuteBar, opens: bool, closes: bool) -> Option<Self> {
        let price = |cny: f64| fen(cny).filter(|price| *price > 0);
        Some(Self {
            symbol: bar.symbol,
            end: bar.ts,
            open: price(bar.open)?,
            high: price(bar.high)?,
            low: price(bar.low)?,
            close: price(bar.close)?,
            volume: bar.volume,
            amount: bar.amount,
            opens,
            closes,
        })
    }

    /// Returns the session.
    #[must_use]
    pub fn date(&self) -> Date {
        self.end.date()
    }
}

/// What is known of a symbol before its session opens.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SymbolDay {
    /// The exchange's reference price, fen: the previous close, lowered on an ex date.
    pub reference: Option<Fen>,
    /// The session's price limits; none where no limit applies or the reference is not known.
    pub band: Option<PriceBand>,
    /// Whether it does not trade this session.
    pub suspended: bool,
}
