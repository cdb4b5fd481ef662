//! Brokers: where an order becomes executions.
//!
//! A broker owns the accounts: only its fills and entitlements change them. It knows no strategy, no
//! risk rule and no file; its whole state can be taken out and put back, so that a restart goes on.

mod digits;
mod identity;
mod open_order;
mod order;
mod paper;
mod shadow;
mod span;
mod state;
#[cfg(test)]
mod storm;

use jiff::civil::{Date, DateTime};

pub use order::{
    ClientOrderId, Execution, OrderKind, OrderRequest, OrderStatus, Refusal, Submission, TimeInForce, Venue,
};
pub use paper::PaperBroker;
pub use shadow::{ShadowBroker, ShadowTerms};

#[cfg(test)]
use crate as lighthunter;

use super::{Account, Bar, Entitlement, SymbolDay};
use crate::market::{CorporateAction, Symbol};

/// A place that takes orders and makes executions of them as bars go by.
pub trait Broker {
    /// Starts a session: what is held may be sold from now on (T+1).
    fn open_session(&mut self, date: Date);

    /// Credits one symbol's corporate actions to every account that holds it; between `open_session`
    /// and the first bar.
    fn entitle(&mut self, actions: &[CorporateAction]) -> Vec<(String, Entitlement)>;

    /// Credits the fall of a reference price that no known action explains, fen a share.
    fn credit_fall(&mut self, symbol: Symbol, fen_per_share: i64) -> Vec<(String, Entitlement)>;

    /// Takes an order. The same client order id twice is one order: the second says `Duplicate`.
    fn submit(&mut self, order: OrderRequest) -> Submission;

    /// Cancels what is left of an order; none when there is no such open order.
    fn cancel(&mut self, id: &ClientOrderId, at: DateTime) -> Option<Execution>;

    /// Matches the open orders of the bar's symbol against it, in the order of their arrival.
    fn on_bar(&mut self, bar: &Bar, day: &SymbolDay, executions: &mut Vec<Execution>);

    /// Ends a session: what is left of every order is cancelled.
    fn close_session(&mut self, at: DateTime, executions: &mut Vec<Execution>);

    /// Returns an account; none when it was never opened.
    fn account(&self, id: &str) -> Option<&Account>;

    /// Returns the ids of the accounts, sorted.
    fn accounts(&self) -> Vec<String>;

    /// Returns the symbols with open orders, ascending.
    fn ordered(&self) -> Vec<Symbol>;

    /// Returns the shares still to be bought less those still to be sold of a symbol by open orders.
    fn pending_shares(&self, account: &str, symbol: Symbol) -> i64;

    /// Returns the whole state as JSON; equal states give equal bytes.
    fn state(&self) -> serde_json::Value;

    /// Puts back a state that [`state`](Self::state) returned.
    ///
    /// # Errors
    /// Says what of the state is not as it should be; the broker is left as it was.
    fn restore(&mut self, state: &serde_json::Value) -> Result<(), String>;
}

#[cfg(test)]
#[path = "storm_tests.rs"]
mod storm_tests;

#[cfg(test)]
mod oracle_tests;
