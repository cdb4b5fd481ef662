//! Trading: from bars and scores through strategies, portfolio and risk to a broker, and the exchange's
//! rules that a broker keeps. Backtest and simulation are one path with two clocks ([`TradeCore`]).
//!
//! Money is whole fen (0.01 CNY) and shares are whole, so that both are conserved exactly. Reads no file
//! and no clock, and knows no bus and no ledger: whoever drives it listens to its events.

mod account;
mod bar;
pub mod broker;
mod core;
mod entitlement;
mod error;
mod event;
mod execution;
mod name;
mod order;
pub mod portfolio;
pub mod risk;
mod rules;
pub mod strategy;

pub use account::{Account, Fen, Position};
pub use bar::{Bar, SymbolDay};
pub use core::{SessionOpen, TradeCore};
pub use entitlement::{Entitlement, cash_in_lieu, entitle};
pub use error::TradingError;
pub use event::{Direction, Event, EventSink, Mark, Signal, Silent};
pub use execution::{Quote, TradeTerms, affordable_shares};
pub use name::Name;
pub use order::{Charges, Fill, Order, Reject};

pub use crate::market::Side;
