//! One step of market time: bars that end together are matched, marked, shown to the strategies, and
//! every account is valued.

use super::TradeCore;
use crate::{
    market::Symbol,
    trading::{Bar, Event, EventSink, TradingError, broker::Execution},
};

impl TradeCore {
    /// Plays the bars of one time, one a symbol. Orders sent before are matched first, symbols with a
    /// sell under way before the others; then each strategy sees each bar, in the order of the bars; the
    /// orders that follow wait for the next bar. A bar that closes the session is shown to nobody:
    /// nothing could follow from it.
    ///
    /// # Errors
    /// When a strategy fails or wishes what is not allowed. What was matched before stays.
    pub fn step(&mut self, bars: &[Bar], sink: &mut dyn EventSink) -> Result<(), TradingError> {
        let Some(at) = bars.first().map(|bar| bar.end) else { return Ok(()) };
        let mut executions = std::mem::take(&mut self.executions);
        let has_sells = !self.selling.is_empty();
        for bar in bars {
            sink.event(Event::Bar(bar));
            if has_sells && self.selling.contains(&bar.symbol) {
                self.broker.on_bar(bar, &self.board.day(bar.symbol), &mut executions);
            }
        }
        for bar in bars {
            if !(has_sells && self.selling.contains(&bar.symbol)) {
                self.broker.on_bar(bar, &self.board.day(bar.symbol), &mut executions);
            }
            self.board.mark(bar.symbol, bar.close);
        }
        let traded = !executions.is_empty();
        self.book(&mut executions, sink);
        self.executions = executions;
        for bar in bars.iter().filter(|bar| !bar.closes) {
            self.show(bar, sink)?;
        }
        self.mark_accounts(at, traded, sink);
        Ok(())
    }

    fn book(&mut self, executions: &mut Vec<Execution>, sink: &mut dyn EventSink) {
        for execution in executions.drain(..) {
            let at = self.portfolio.accounts().iter().position(|rule| rule.id == execution.account_id);
            if let Some(brain) = at.and_then(|at| self.risk.get_mut(at)) {
                brain.executed(&execution);
            }
            let pending = self.broker.pending_shares(&execution.account_id, execution.symbol);
            if pending >= 0 {
                self.selling.remove(&execution.symbol);
            }
            if let Some(buying) = at.and_then(|at| self.buying.get_mut(at)).filter(|_| pending <= 0) {
                buying.remove(&execution.symbol);
            }
            sink.event(Event::Execution(&execution));
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
