//! The market's rules, as pure functions of the date: symbols and boards, the trading calendar, price
//! limits, lots, fees, sessions, bars. No I/O, no clock. Each rule row names its source.

mod bar;
mod panel;
mod symbol;

pub use bar::{CorporateAction, DailyBar, IndexBar, Interval, MarketData, MinuteBar};
pub use panel::{DailyPanel, Field};
pub use symbol::{Board, Exchange, Symbol, SymbolError};
