//! The market's rules, as pure functions of the date: symbols and boards, the trading calendar, price
//! limits, lots, fees, sessions, bars. No I/O, no clock. Each rule row names its source.

pub mod adjust;
mod bar;
mod calendar;
mod fee;
mod lot;
mod panel;
pub mod price_limit;
mod security;
pub mod session;
pub mod settlement;
mod source_bar;
mod symbol;
pub mod tick;
#[cfg(test)]
mod visible;

pub use bar::{CorporateAction, DailyBar, IndexBar, Interval, MarketData, MinuteBar};
pub use calendar::{Calendar, CalendarError, Closure, ClosureError, END_NEAR_DAYS, Holiday};
pub use fee::{Commission, FeeSchedule, Fees, Side};
pub use lot::LotRule;
pub use panel::{DailyPanel, Field};
pub use price_limit::{LimitCase, PriceBand};
pub use security::{SecurityEvent, SecurityHistory, SecurityStatus, StatusError, UniverseRule};
pub use source_bar::SourceBar;
pub use symbol::{Board, Exchange, Symbol, SymbolError};
