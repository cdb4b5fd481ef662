//! The shadow broker: the paper broker with what goes wrong on the way to a market: latency, refusals,
//! partial fills. Each order's chances come from a stream of its own, named by its client order id, so that
//! no other order and no restart changes them.

use std::ops::RangeInclusive;

use jiff::{
    SignedDuration,
    civil::{Date, DateTime},
};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::{Broker, ClientOrderId, Execution, OrderRequest, PaperBroker, Submission};
use crate::{
    market::{CorporateAction, Symbol},
    seed::Seed,
    trading::{Account, Bar, Entitlement, Fen, Name, SymbolDay, TradeTerms},
};

/// What may go wrong, and how often. A probability that is not a number never happens.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowTerms {
    /// How long an order is on its way, in milliseconds of market time. A bar that began before the
    /// order's arrival does not match it.
    pub latency_ms: RangeInclusive<u64>,
    /// How many of all orders are refused, 0 to 1.
    pub reject_prob: f64,
    /// How many of all matches fill in part, 0 to 1.
    pub partial_fill_prob: f64,
    /// What part of the shares such a match fills, before rounding down to whole lots, 0 to 1.
    pub partial_fill_ratio: RangeInclusive<f64>,
}

/// The chances of one shadow broker.
#[derive(Debug, Clone)]
pub(super) struct Chance {
    terms: ShadowTerms,
    seed: Seed,
}

impl Chance {
    /// Returns whether an order is refused, and how long it is on its way, milliseconds.
    pub(super) fn on_the_way(&self, id: &ClientOrderId) -> (bool, u64) {
        let mut stream = self.seed.stream(id.as_str());
        let rejected = stream.random::<f64>() < self.terms.reject_prob;
        let (low, high) = (*self.terms.latency_ms.start(), *self.terms.latency_ms.end());
        (rejected, stream.random_range(low..=high.max(low)))
    }

    /// Returns the part of what could fill that does, at an order's meeting of that number.
    pub(super) fn share(&self, id: &ClientOrderId, meeting: u32) -> f64 {
        let mut stream: ChaCha8Rng = self.seed.stream(&format!("{id}#{meeting}"));
        let (chance, place) = (stream.random::<f64>(), stream.random::<f64>());
        let (low, high) = (*self.terms.partial_fill_ratio.start(), *self.terms.partial_fill_ratio.end());
        if chance < self.terms.partial_fill_prob { (low + (high - low) * place).clamp(0.0, 1.0) } else { 1.0 }
    }
}

/// Returns when an order that is so long on its way reaches the market; none for no latency.
pub(super) fn arrival(sent: DateTime, latency_ms: u64) -> Option<DateTime> {
    let latency = SignedDuration::from_millis(i64::try_from(latency_ms).unwrap_or(i64::MAX));
    (latency_ms > 0).then(|| sent.saturating_add(latency))
}

/// A paper broker behind a bad line.
#[derive(Debug, Clone)]
pub struct ShadowBroker(PaperBroker);

impl ShadowBroker {
    /// Opens accounts with starting cash, fen. Equal seeds give equal executions of equal orders.
    #[must_use]
    pub fn new(
        accounts: impl IntoIterator<Item = (Name, Fen)>,
        terms: TradeTerms,
        shadow: ShadowTerms,
        seed: Seed,
    ) -> Self {
        let chance = Some(Chance { terms: shadow, seed });
        Self(PaperBroker { chance, ..PaperBroker::new(accounts, terms) })
    }
}

impl Broker for ShadowBroker {
    fn open_session(&mut self, date: Date) {
        self.0.open_session(date);
    }

    fn entitle(&mut self, actions: &[CorporateAction]) -> Vec<(String, Entitlement)> {
        self.0.entitle(actions)
    }

    fn credit_fall(&mut self, symbol: Symbol, fen_per_share: i64) -> Vec<(String, Entitlement)> {
        self.0.credit_fall(symbol, fen_per_share)
    }

    fn submit(&mut self, order: OrderRequest) -> Submission {
        self.0.submit(order)
    }

    fn cancel(&mut self, id: &ClientOrderId, at: DateTime) -> Option<Execution> {
        self.0.cancel(id, at)
    }

    fn on_bar(&mut self, bar: &Bar, day: &SymbolDay, executions: &mut Vec<Execution>) {
        self.0.on_bar(bar, day, executions);
    }

    fn close_session(&mut self, at: DateTime, executions: &mut Vec<Execution>) {
        self.0.close_session(at, executions);
    }

    fn account(&self, id: &str) -> Option<&Account> {
        self.0.account(id)
    }

    fn accounts(&self) -> Vec<String> {
        self.0.accounts()
    }

    fn ordered(&self) -> Vec<Symbol> {
        self.0.ordered()
    }

    fn pending_shares(&self, account: &str, symbol: Symbol) -> i64 {
        self.0.pending_shares(account, symbol)
    }

    fn state(&self) -> Value {
        self.0.state()
    }

    fn restore(&mut self, state: &Value) -> Result<(), String> {
        self.0.restore(state)
    }
}

#[cfg(test)]
#[path = "shadow_tests.rs"]
mod tests;
