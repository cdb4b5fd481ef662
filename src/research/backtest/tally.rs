//! What a backtest keeps of the events of its TradeCore: fills, and why the rest did not fill.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasherDefault, Hasher},
};

use jiff::civil::DateTime;

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

/// Finds an order by the last bytes of its name, where its number is.
type ByTail = BuildHasherDefault<Tail>;

/// The last eight bytes of a name, mixed.
#[derive(Debug, Clone, Copy, Default)]
struct Tail(u64);

impl Hasher for Tail {
    fn finish(&self) -> u64 {
        // The map reads the highest and the lowest bits: a product by an odd number with many bits set fills
        // the one, its own highest bits the other.
        let mixed = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(tail) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*tail);
        } else {
            self.0 = bytes.iter().fold(self.0, |mixed, byte| mixed.rotate_left(8) ^ u64::from(*byte));
        }
    }

    /// A text ends with a mark that is the same for all.
    fn write_u8(&mut self, _mark: u8) {}
}

/// Fills and refusals so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Only looked up, never walked.
    orders: HashMap<ClientOrderId, Underway, ByTail>,
    /// Weights wished by the strategies this session.
    pub(super) wished: usize,
    /// Value bought and sold this session, fen.
    pub(super) traded: Fen,
    pub(super) trades: Vec<Fill>,
    pub(super) rejects: BTreeMap<String, usize>,
    pub(super) cut: BTreeMap<String, usize>,
    pub(super) limited: BTreeMap<String, usize>,
    /// Critical alerts of risk: when, and in words.
    pub(super) alerts: Vec<(DateTime, String)>,
}

impl Tally {
    /// Forgets the session.
    pub(super) fn open_session(&mut self) {
        (self.wished, self.traded) = (0, 0);
        self.orders.clear();
    }

    fn execution(&mut self, execution: &Execution) {
        // An order is told before its executions.
        let mut unknown = Underway::default();
        let order = self.orders.get_mut(&execution.client_order_id).unwrap_or(&mut unknown);
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
    fn hears_positions(&self) -> bool {
        false
    }

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
                self.alerts.push((alert.at, alert.message.clone()));
            }
            Event::Alert(_) | Event::Bar(_) | Event::Mark(_) | Event::Positions(..) => {}
        }
    }
}
