//! Trading rules in action: an account, orders, and what the exchange makes of them on a day: fills,
//! refusals, fees, entitlements. The backtest drives it by daily bars; brokers share it.
//!
//! Money is whole fen (0.01 CNY) and shares are whole, so that both are conserved exactly. Knows no
//! scores, reads no file and no clock.

mod account;
mod bar;
pub mod broker;
mod entitlement;
mod execution;
mod name;
mod order;
pub mod portfolio;
pub mod risk;
mod rules;

pub use account::{Account, Fen, Position};
pub use bar::{Bar, SymbolDay};
pub use entitlement::{Entitlement, cash_in_lieu, entitle};
pub use execution::{Quote, TradeTerms, affordable_shares, execute};
pub use name::Name;
pub use order::{Charges, Fill, Order, Reject};

pub use crate::market::Side;
