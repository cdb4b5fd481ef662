//! Opening and closing a session: T+1, corporate actions, the first worth of the day; what is left of
//! orders is cancelled.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;

use super::{TradeCore, Worth};
use crate::{
    market::{CorporateAction, Symbol},
    trading::{Entitlement, Event, EventSink, Fen, Mark, SymbolDay, TradingError},
};

/// What is known before a session opens.
#[derive(Debug)]
pub struct SessionOpen<'a> {
    /// The moment, Asia/Shanghai; its date is the session's.
    pub at: DateTime,
    /// The symbols that may trade.
    pub days: &'a [(Symbol, SymbolDay)],
    /// Corporate actions since the session before, by symbol.
    pub actions: &'a BTreeMap<Symbol, Vec<CorporateAction>>,
    /// Falls of a reference price that no known action explains, fen a share.
    pub falls: &'a [(Symbol, Fen)],
}

impl TradeCore {
    /// Opens a session and returns what corporate actions brought.
    ///
    /// # Errors
    /// When the kill switch of an account was tripped before.
    pub fn open_session(
        &mut self,
        open: &SessionOpen<'_>,
        sink: &mut dyn EventSink,
    ) -> Result<Vec<Entitlement>, TradingError> {
        let date = open.at.date();
        self.date = Some(date);
        self.sessions += 1;
        self.forget_orders();
        self.broker.open_session(date);
        let mut received: Vec<Entitlement> = Vec::new();
        for actions in open.actions.values() {
            received.extend(self.broker.entitle(actions).into_iter().map(|(_, entitlement)| entitlement));
        }
        for (symbol, fen) in open.falls {
            received.extend(self.broker.credit_fall(*symbol, *fen).into_iter().map(|(_, entitlement)| entitlement));
        }
        self.board.open(open.days);
        self.forget_worths();
        for at in 0..self.risk.len() {
            let nav = self.worth_of(at).map_or(0, |worth| worth.nav());
            if let Some(brain) = self.risk.get_mut(at) {
                brain.open_session(date, nav);
            }
        }
        self.mark_accounts(open.at, true, sink);
        Ok(received)
    }

    /// Returns the symbols that are held or ordered, ascending: bars of others change nothing that is traded.
    #[must_use]
    pub fn concerned(&self) -> Vec<Symbol> {
        let held = self.accounts().filter_map(|id| self.broker.account(id)).flat_map(|of| of.positions().keys());
        let mut concerned = self.broker.ordered();
        concerned.extend(held);
        // Both are ascending, and this sort only merges what is sorted.
        concerned.sort();
        concerned.dedup();
        concerned
    }

    /// Notes more of the session of some symbols, such as their limits, where it was not told when the
    /// session opened; before their first bar.
    pub fn brief(&mut self, days: &[(Symbol, SymbolDay)]) {
        self.board.brief(days);
    }

    /// Ends the session: every order that is left is cancelled.
    pub fn close_session(&mut self, at: DateTime, sink: &mut dyn EventSink) {
        let mut executions = std::mem::take(&mut self.executions);
        self.broker.close_session(at, &mut executions);
        executions.drain(..).for_each(|execution| sink.event(Event::Execution(&execution)));
        self.executions = executions;
        self.forget_orders();
        self.portfolio.close_session(|id| self.broker.account(id));
        self.date = None;
    }

    /// No order outlives a session.
    fn forget_orders(&mut self) {
        self.selling.clear();
        self.buying.iter_mut().for_each(BTreeSet::clear);
        self.pending.fill(None);
    }

    /// Values every account and tells risk and the listener.
    pub(super) fn mark_accounts(&mut self, at: DateTime, positions_changed: bool, sink: &mut dyn EventSink) {
        for place in 0..self.risk.len() {
            let Some(worth) = self.worth_of(place) else { continue };
            let (Some(rule), Some(brain)) = (self.portfolio.accounts().get(place), self.risk.get_mut(place)) else {
                continue;
            };
            let Some(account) = self.broker.account(&rule.id) else { continue };
            let (nav, Worth { cash, positions_value, largest }) = (worth.nav(), worth);
            let alerts = brain.mark(at, nav, positions_value, largest);
            for alert in &alerts {
                sink.event(Event::Alert(alert));
            }
            let share = |value: Fen| if nav > 0 { value as f64 / nav as f64 } else { 0.0 };
            let mark = Mark {
                account_id: rule.id.clone(),
                at,
                cash,
                positions_value,
                nav_peak: brain.nav_peak(),
                dd_total: brain.dd_total(),
                dd_intraday: brain.dd_intraday(),
                max_single_weight: largest.map_or(0.0, |(_, value)| share(value)),
            };
            sink.event(Event::Mark(&mark));
            if positions_changed && sink.hears_positions() {
                let mut price = self.board.ascending_prices();
                let positions = account.positions().iter();
                let weights: Vec<(Symbol, f64)> =
                    positions.map(|(symbol, position)| (*symbol, share(position.shares * price(*symbol)))).collect();
                sink.event(Event::Positions(&rule.id, at, &weights));
            }
        }
    }
}
