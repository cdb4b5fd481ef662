//! The state of a TradeCore between two steps, as JSON: everything but the memory of the strategies,
//! which [`rehearse`](TradeCore::rehearse) gives back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{TradeCore, board::Prices};
use crate::{
    market::Symbol,
    trading::{TradingError, risk::RiskBrain},
};

#[derive(Serialize, Deserialize)]
struct Saved {
    broker: Value,
    portfolio: Value,
    risk: Vec<Value>,
    prices: Prices,
    orders: u32,
    sessions: u64,
    selling: Vec<Symbol>,
    buying: Vec<Vec<Symbol>>,
}

impl TradeCore {
    /// Returns the state; equal states give equal bytes.
    #[must_use]
    pub fn state(&self) -> Value {
        let saved = Saved {
            broker: self.broker.state(),
            portfolio: self.portfolio.state(),
            risk: self.risk.iter().map(RiskBrain::state).collect(),
            prices: self.board.prices(),
            orders: self.orders,
            sessions: self.sessions,
            selling: self.selling.iter().copied().collect(),
            buying: self.buying.iter().map(|symbols| symbols.iter().copied().collect()).collect(),
        };
        serde_json::to_value(saved).unwrap_or_default()
    }

    /// Takes up a state that [`state`](Self::state) returned, in the session that is open now.
    ///
    /// # Errors
    /// Says which part of the state is not as it should be.
    pub fn restore(&mut self, state: &Value) -> Result<(), TradingError> {
        let wrong = |part: &'static str| move |what: String| TradingError::State { part, what };
        let saved = Saved::deserialize(state).map_err(|error| wrong("TradeCore")(error.to_string()))?;
        if saved.risk.len() != self.risk.len() {
            let what = format!("{} accounts, expected {}", saved.risk.len(), self.risk.len());
            return Err(wrong("risk")(what));
        }
        self.broker.restore(&saved.broker).map_err(wrong("broker"))?;
        self.portfolio.restore(&saved.portfolio).map_err(wrong("portfolio"))?;
        for (brain, state) in self.risk.iter_mut().zip(&saved.risk) {
            brain.restore(state).map_err(wrong("risk"))?;
        }
        self.board.restore(&saved.prices);
        self.forget_worths();
        (self.orders, self.sessions) = (saved.orders, saved.sessions);
        self.selling = saved.selling.into_iter().collect();
        for (symbols, saved) in self.buying.iter_mut().zip(saved.buying) {
            *symbols = saved.into_iter().collect();
        }
        Ok(())
    }
}
