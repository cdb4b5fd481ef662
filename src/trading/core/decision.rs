//! From wishes to orders: strategies are asked, the portfolio plans, risk checks, the broker takes.

use std::collections::BTreeSet;

use jiff::civil::DateTime;

use super::{Pending, TradeCore};
use crate::{
    market::{Side, Symbol},
    trading::{
        Direction, Event, EventSink, Signal, TradingError,
        broker::{ClientOrderId, OrderKind, OrderRequest, Submission, TimeInForce, Venue},
        portfolio::{OrderPlan, PlanView, PortfolioManager},
        risk::{RiskAlert, RiskRefusal, RiskView},
        strategy::Wish,
    },
};

impl TradeCore {
    /// Asks every strategy that is due for its targets from the scores of the last session, and sends
    /// the orders that lead there. Call it after the session opened and before its first bar.
    ///
    /// # Errors
    /// When a strategy fails or wishes what is not allowed; nothing is sent then.
    pub fn decide(
        &mut self,
        at: DateTime,
        scores: &[(Symbol, f64)],
        sink: &mut dyn EventSink,
    ) -> Result<(), TradingError> {
        let mut due = false;
        for index in 0..self.strategies.len() {
            if !self.portfolio.due(index, self.sessions - 1) {
                continue;
            }
            due = true;
            let Some(strategy) = self.strategies.get_mut(index) else { continue };
            let targets = strategy.targets(scores)?;
            let Some(rule) = self.portfolio.strategies().get(index) else { continue };
            let (mut id, account) = (rule.id.clone(), rule.account_id.clone());
            let decided = self.portfolio.decide(index, &targets);
            let adjustments = decided.map_err(|error| error.in_script(strategy.place("targets")))?;
            for adjustment in &adjustments {
                sink.event(Event::Adjusted(adjustment));
            }
            let score_of = |symbol: &Symbol| scores.binary_search_by(|(of, _)| of.cmp(symbol)).ok();
            let account = self.broker.account(&account);
            for (symbol, weight) in &targets {
                let held = account.map_or(0, |account| account.position(*symbol).shares);
                let signal = Signal {
                    strategy_id: id,
                    symbol: *symbol,
                    at,
                    direction: direction(*weight, held),
                    score: score_of(symbol).and_then(|at| scores.get(at)).map_or(f64::NAN, |(_, score)| *score),
                    weight: *weight,
                    horizon: "daily",
                };
                sink.event(Event::Signal(&signal));
                id = signal.strategy_id;
            }
        }
        if due {
            for account in 0..self.portfolio.accounts().len() {
                self.rebalance(account, at, sink);
            }
        }
        Ok(())
    }

    /// Takes one strategy's wish after a bar and sends the order that follows, if any.
    pub(super) fn follow(
        &mut self,
        strategy: usize,
        symbol: Symbol,
        wish: Wish,
        at: DateTime,
        sink: &mut dyn EventSink,
    ) -> Result<(), TradingError> {
        let Some(rule) = self.portfolio.strategies().get(strategy) else { return Ok(()) };
        let (id, account_id) = (rule.id.clone(), rule.account_id.clone());
        let place = || self.strategies.get(strategy).and_then(|strategy| strategy.place("on_bar"));
        let followed = self.portfolio.signal(strategy, symbol, wish.weight);
        let adjustments = followed.map_err(|error| error.in_script(place()))?;
        for adjustment in &adjustments {
            sink.event(Event::Adjusted(adjustment));
        }
        let held = self.broker.account(&account_id).map_or(0, |account| account.position(symbol).shares);
        let signal = Signal {
            strategy_id: id,
            symbol,
            at,
            direction: direction(wish.weight, held),
            score: wish.score,
            weight: wish.weight,
            horizon: "intraday",
        };
        sink.event(Event::Signal(&signal));
        // To want none of what one never had is no order: what others hold of it is theirs to balance.
        if !self.portfolio.concerns(strategy, symbol) {
            return Ok(());
        }
        let Some(account) = self.portfolio.accounts().iter().position(|rule| rule.id == account_id) else {
            return Ok(());
        };
        let plan = self.with_view(account, |portfolio, id, view| portfolio.plan_symbol(id, symbol, view)).flatten();
        if let Some(plan) = plan {
            // A signal is about now, whenever its strategy trades its daily decisions.
            let plan = OrderPlan { venue: Venue::Any, ..plan };
            self.send(account, plan, at, sink);
        }
        Ok(())
    }

    fn rebalance(&mut self, account: usize, at: DateTime, sink: &mut dyn EventSink) {
        let plans = self.with_view(account, PortfolioManager::plan).unwrap_or_default();
        for plan in plans {
            self.send(account, plan, at, sink);
        }
    }

    /// Shows the portfolio an account as it stands now.
    fn with_view<T>(
        &mut self,
        account: usize,
        plan: impl FnOnce(&PortfolioManager, &str, &PlanView<'_>) -> T,
    ) -> Option<T> {
        let nav = self.worth_of(account)?.nav();
        let id = &self.portfolio.accounts().get(account)?.id;
        let view = PlanView {
            nav,
            account: self.broker.account(id)?,
            price: &|symbol| self.board.price(symbol),
            pending: &|symbol| self.broker.pending_shares(id, symbol),
            buying: self.buying.get(account)?,
            date: self.date?,
            terms: &self.terms,
        };
        Some(plan(&self.portfolio, id, &view))
    }

    /// Checks one planned order against the risk rules and hands it to the broker.
    fn send(&mut self, account: usize, plan: OrderPlan, at: DateTime, sink: &mut dyn EventSink) {
        let Some(rule) = self.portfolio.accounts().get(account) else { return };
        self.orders += 1;
        let order = OrderRequest {
            client_order_id: ClientOrderId::numbered(&plan.strategy_id, plan.symbol, at, self.orders),
            account_id: rule.id.clone(),
            strategy_id: plan.strategy_id,
            symbol: plan.symbol,
            side: plan.side,
            shares: plan.shares,
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day,
            venue: plan.venue,
            at,
        };
        let shares = self.broker.pending_shares(&order.account_id, order.symbol);
        if let Err((refusal, alert)) = self.check(account, &order, shares) {
            sink.event(Event::Refused(&order, &refusal));
            if let Some(alert) = &alert {
                sink.event(Event::Alert(alert));
            }
            return;
        }
        sink.event(Event::Order(&order, self.board.price(order.symbol)));
        let symbol = order.symbol;
        let before = self.pending_in(account, symbol, shares);
        let more = match order.side {
            Side::Sell => {
                self.selling.insert(symbol);
                -order.shares
            }
            Side::Buy => {
                self.buying.iter_mut().skip(account).take(1).for_each(|set| {
                    set.insert(symbol);
                });
                order.shares
            }
        };
        let submission = self.broker.submit(order);
        let is_open = matches!(submission, Submission::Accepted(_));
        let after = self.pending_in(account, symbol, if is_open { shares.saturating_add(more) } else { shares });
        // Nothing but this symbol's orders has changed, so that the others need not be counted again.
        if let Some(Some(pending)) = self.pending.get_mut(account) {
            pending.sells += after.sells - before.sells;
            pending.buys += after.buys - before.buys;
        }
        if let Submission::Rejected(execution) = submission {
            sink.event(Event::Execution(&execution));
        }
    }

    /// Returns what an account's open orders in one symbol, `shares` to be bought less those to be sold, are
    /// worth. What open sells will bring is no longer held when a later order fills: they are matched first.
    fn pending_in(&self, at: usize, symbol: Symbol, shares: i64) -> Pending {
        let is_held = || {
            let account = self.portfolio.accounts().get(at).and_then(|rule| self.broker.account(&rule.id));
            account.is_some_and(|account| account.position(symbol).shares > 0)
        };
        let value = || shares * self.board.price(symbol).unwrap_or(0);
        if shares < 0 && self.selling.contains(&symbol) && is_held() {
            Pending { sells: value(), buys: 0 }
        } else if shares > 0 && self.buying.get(at).is_some_and(|set| set.contains(&symbol)) {
            Pending { sells: 0, buys: value() }
        } else {
            Pending::default()
        }
    }

    /// Returns what all open orders of an account are worth; they are counted once a step.
    fn pending_of(&mut self, at: usize) -> Pending {
        if let Some(Some(pending)) = self.pending.get(at) {
            return *pending;
        }
        let buying = self.buying.get(at).into_iter().flatten();
        let symbols: BTreeSet<Symbol> = self.selling.iter().chain(buying).copied().collect();
        let mut all = Pending::default();
        let Some(id) = self.portfolio.accounts().get(at).map(|rule| &rule.id) else { return all };
        let of = |symbol| self.pending_in(at, symbol, self.broker.pending_shares(id, symbol));
        for Pending { sells, buys } in symbols.into_iter().map(of) {
            all.sells += sells;
            all.buys += buys;
        }
        self.pending.iter_mut().skip(at).take(1).for_each(|pending| *pending = Some(all));
        all
    }

    /// Asks risk about an order; `pending` shares of its symbol are to be bought by open orders less those to
    /// be sold.
    fn check(&mut self, at: usize, order: &OrderRequest, pending: i64) -> Result<(), (RiskRefusal, Option<RiskAlert>)> {
        let id = &order.account_id;
        let (nav, day) = (self.worth_of(at).map_or(0, |worth| worth.nav()), self.board.day(order.symbol));
        let price = self.board.price(order.symbol).unwrap_or(0);
        let Pending { sells, buys } = self.pending_of(at);
        let (Some(account), Some(brain)) = (self.broker.account(id), self.risk.get_mut(at)) else { return Ok(()) };
        let view = RiskView {
            nav,
            account,
            price,
            reference: day.reference,
            gross: nav - account.cash() + sells,
            position_value: (account.position(order.symbol).shares + pending.max(0)) * price,
            pending_buy_value: buys,
        };
        brain.check(order, &view).map_err(|refusal| {
            let alert = brain.refusal_alert(order, &refusal);
            (refusal, alert)
        })
    }
}

fn direction(weight: f64, held: i64) -> Direction {
    if weight > 0.0 {
        Direction::Buy
    } else if held > 0 {
        Direction::Sell
    } else {
        Direction::Flat
    }
}
