//! Corporate actions by symbol and ex date, as the guardian and the repairer look them up.

use jiff::civil::Date;

use crate::market::{CorporateAction, Symbol, adjust::ex_reference_price};

/// Corporate actions, ordered by symbol and ex date.
#[derive(Debug, Clone)]
pub(super) struct ActionIndex {
    actions: Vec<CorporateAction>,
    last: Option<Date>,
}

impl ActionIndex {
    pub(super) fn of(actions: &[CorporateAction]) -> Self {
        let mut actions = actions.to_vec();
        actions.sort_by_key(|action| (action.symbol, action.ex_date));
        let last = actions.iter().map(|action| action.ex_date).max();
        Self { actions, last }
    }

    /// Returns the actions of a symbol with an ex date after `after` and up to `to`.
    pub(super) fn between(&self, symbol: Symbol, after: Date, to: Date) -> &[CorporateAction] {
        let past = |date| self.actions.partition_point(|action| (action.symbol, action.ex_date) <= (symbol, date));
        self.actions.get(past(after)..past(to)).unwrap_or_default()
    }

    /// Returns the reference price that follows from a close at the end of `after` for the session `to`;
    /// none where nothing went ex in between, or nothing that moves it by a tick.
    pub(super) fn reference(&self, symbol: Symbol, close: f64, after: Date, to: Date) -> Option<f64> {
        let actions = self.between(symbol, after, to);
        let reference = if actions.is_empty() { None } else { ex_reference_price(close, actions) };
        reference.filter(|reference| is_moved(close, *reference))
    }

    /// Says whether the list has anything of a symbol.
    pub(super) fn knows(&self, symbol: Symbol) -> bool {
        self.actions.binary_search_by_key(&symbol, |action| action.symbol).is_ok()
    }

    /// Says whether the list reaches a date: past its end nothing can be concluded from silence.
    pub(super) fn reaches(&self, date: Date) -> bool {
        self.last.is_some_and(|last| date <= last)
    }
}

/// Says whether two prices differ by a tick or more.
pub(super) fn is_moved(from: f64, to: f64) -> bool {
    (from - to).abs() >= 0.005
}
