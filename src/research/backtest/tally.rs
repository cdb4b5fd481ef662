//! What a backtest keeps of the events of its TradeCore: fills, and why the rest did not fill.

use std::collections::{BTreeMap, HashMap};

use crate::trading::{
    Event, EventSink, Fen, Fill,
    broker::{ClientOrderId, Execution, OrderStatus},
    risk::RiskLevel,
};

/// One order on its way.
#[derive(Debug, Clone, Copy, Default)]
struct Underway {
    wanted: i64,
    filled: i64,
}

/// Fills and refusals so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Only looked up, never walked.
    orders: HashMap<ClientOrderId, Underway>,
    /// Weights wished by the strategies this session.
    pub(super) wished: usize,
    /// Value bought and sold this session, fen.
    pub(super) traded: Fen,
    pub(super) trades: Vec<Fill>,
    pub(super) rejects: BTreeMap<String, usize>,
    pub(super) cut: BTreeMap<String, usize>,
    pub(super) limited: BTreeMap<String, usize>,
    /// Critical alerts of risk, in words.
    pub(super) alerts: Vec<String>,
}

impl Tally {
    /// Forgets the session.
    pub(super) fn open_session(&mut self) {
        (self.wished, self.traded) = (0, 0);
        self.orders.clear();
    }

    fn execution(&mut self, execution: &Execution) {
        let order = self.orders.entry(execution.client_order_id.clone()).or_default();
        if execution.shares > 0 {
            order.filled += execution.shares;
            self.traded += execution.value();
            self.trades.push(Fill {
                date: execution.at.date(),
                symbol: execution.symbol,
                side: execution.side,
                wanted: order.wanted,
                shares: execution.shares,
                price: execution.price,
                charges: execution.charges,
            });
        }
        let ended = matches!(execution.status, OrderStatus::Rejected | OrderStatus::Cancelled);
        if let Some(reason) = execution.reason.filter(|_| ended) {
            let counts = if order.filled > 0 { &mut self.cut } else { &mut self.rejects };
            *counts.entry(reason.name().to_owned()).or_default() += 1;
        }
    }
}

impl EventSink for Tally {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Signal(signal) => self.wished += usize::from(signal.weight > 0.0),
            Event::Order(order, _) => {
                self.orders.insert(order.client_order_id.clone(), Underway { wanted: order.shares, filled: 0 });
            }
            Event::Execution(execution) => self.execution(execution),
            Event::Refused(_, refusal) => *self.rejects.entry(refusal.name().to_owned()).or_default() += 1,
            Event::Adjusted(adjustment) => *self.limited.entry(adjustment.why.to_owned()).or_default() += 1,
            Event::Alert(alert) if alert.level == RiskLevel::Critical => {
                self.alerts.push(format!("{}: {}", alert.at, alert.message));
            }
            Event::Alert(_) | Event::Bar(_) | Event::Mark(_) | Event::Positions(..) => {}
        }
    }
}
