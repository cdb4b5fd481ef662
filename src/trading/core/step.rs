//! One step of market time: bars that end together are matched and marked, every account is valued, and
//! the bars are shown to the strategies.

use super::TradeCore;
use crate::{
    market::Symbol,
    trading::{Bar, Event, EventSink, TradingError, broker::Execution, portfolio::AccountRule},
};

impl TradeCore {
    /// Plays the bars of one time, one a symbol. Orders sent before are matched first, symbols with a
    /// sell under way before the others; then every account is valued, so that a limit that this step
    /// broke stops what follows from it; then each strategy sees each bar, in the order of the bars; the
    /// orders that follow wait for the next bar. A bar that closes the session is shown to nobody:
    /// nothing could follow from it.
    ///
    /// # Errors
    /// When a strategy fails or wishes what is not allowed. What was matched before stays.
    pub fn step(&mut self, bars: &[Bar], sink: &mut dyn EventSink) -> Result<(), TradingError> {
        let Some(at) = bars.first().map(|bar| bar.end) else { return Ok(()) };
        let mut executions = std::mem::take(&mut self.executions);
        for bar in bars {
            sink.event(Event::Bar(bar));
        }
        let sold = self.sold(bars);
        for bar in sold.iter().filter_map(|place| bars.get(*place)) {
            self.broker.on_bar(bar, &self.board.day(bar.symbol), &mut executions);
        }
        let mut sold = sold.into_iter().peekable();
        for (place, bar) in bars.iter().enumerate() {
            if sold.next_if_eq(&place).is_none() {
                self.broker.on_bar(bar, &self.board.day(bar.symbol), &mut executions);
            }
            self.board.mark(bar.symbol, bar.close);
        }
        self.forget_worths();
        let traded = !executions.is_empty();
        self.book(&mut executions, sink);
        self.executions = executions;
        self.mark_accounts(at, traded, sink);
        for bar in bars.iter().filter(|bar| !bar.closes) {
            self.show(bar, sink)?;
        }
        Ok(())
    }

    /// Returns the places of the bars whose symbols have a sell under way, ascending.
    fn sold(&self, bars: &[Bar]) -> Vec<usize> {
        if self.selling.is_empty() {
            return Vec::new();
        }
        if bars.is_sorted_by_key(|bar| bar.symbol) {
            let place = |symbol: &Symbol| bars.binary_search_by_key(symbol, |bar| bar.symbol).ok();
            return self.selling.iter().filter_map(place).collect();
        }
        let bars = bars.iter().enumerate();
        bars.filter(|(_, bar)| self.selling.contains(&bar.symbol)).map(|(place, _)| place).collect()
    }

    fn book(&mut self, executions: &mut Vec<Execution>, sink: &mut dyn EventSink) {
        for execution in executions.drain(..) {
            let at = self.portfolio.accounts().iter().position(|rule| rule.id == execution.account_id);
            if let Some(brain) = at.and_then(|at| self.risk.get_mut(at)) {
                brain.executed(&execution);
            }
            self.note_pending(at, execution.symbol);
            sink.event(Event::Execution(&execution));
        }
    }

    /// Notes which way the open orders of a symbol lead after one of them has changed.
    fn note_pending(&mut self, account: Option<usize>, symbol: Symbol) {
        let pending = |account: &AccountRule| self.broker.pending_shares(&account.id, symbol);
        self.pending.fill(None);
        let own = account.and_then(|at| self.portfolio.accounts().get(at)).map_or(0, pending);
        let mut others = self.portfolio.accounts().iter().enumerate().filter(|(at, _)| Some(*at) != account);
        if own < 0 || others.any(|(_, of)| pending(of) < 0) {
            self.selling.insert(symbol);
        } else {
            self.selling.remove(&symbol);
        }
        if let Some(buying) = account.and_then(|at| self.buying.get_mut(at)) {
            if own > 0 {
                buying.insert(symbol);
            } else {
                buying.remove(&symbol);
            }
        }
    }

    fn show(&mut self, bar: &Bar, sink: &mut dyn EventSink) -> Result<(), TradingError> {
        for index in 0..self.strategies.len() {
            let Some(strategy) = self.strategies.get_mut(index).filter(|strategy| strategy.watches_bars()) else {
                continue;
            };
            if let Some(wish) = strategy.on_bar(bar)? {
                self.follow(index, bar.symbol, wish, bar.end, sink)?;
            }
        }
        Ok(())
    }

    /// Shows bars to the strategies and forgets what they wish: after a restart their memory is what it
    /// was, and nothing is sent twice.
    ///
    /// # Errors
    /// When a strategy fails.
    pub fn rehearse(&mut self, bars: &[Bar]) -> Result<(), TradingError> {
        for bar in bars.iter().filter(|bar| !bar.closes) {
            for strategy in self.strategies.iter_mut().filter(|strategy| strategy.watches_bars()) {
                strategy.on_bar(bar)?;
            }
        }
        Ok(())
    }

    /// As [`rehearse`](Self::rehearse), for a decision by scores.
    ///
    /// # Errors
    /// When a strategy fails.
    pub fn rehearse_decision(&mut self, scores: &[(Symbol, f64)]) -> Result<(), TradingError> {
        for (index, strategy) in self.strategies.iter_mut().enumerate() {
            if self.portfolio.due(index, self.sessions.saturating_sub(1)) {
                strategy.targets(scores)?;
            }
        }
        Ok(())
    }
}
