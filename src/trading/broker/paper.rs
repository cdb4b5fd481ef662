//! The paper broker: the exchange's rules on bars, in memory. It matches and books; what it keeps is told
//! by its state, and it reads no file and no clock.
//!
//! Prices, shares and money are whole numbers, so that a NaN cannot come in (LEGACY W24). Availability
//! (T+1), lots and cash are checked at the fill and nothing is reserved (market_rules.md: akquant #307,
//! #391): of two orders that one balance pays for once, the second is refused.

use std::{collections::BTreeMap, mem};

use jiff::civil::{Date, DateTime};

use super::{
    Broker, ClientOrderId, Execution, OrderKind, OrderRequest, OrderStatus, Refusal, Submission,
    identity::{Found, OrderIds},
    open_order::{OpenOrder, may_pass},
    shadow::{self, Chance},
    span::Span,
};
use crate::{
    market::{CorporateAction, Side, Symbol},
    trading::{
        Account, Bar, Charges, Entitlement, Fen, Fill, Name, Order, Quote, Reject, SymbolDay, TradeTerms, cash_in_lieu,
        entitle, execution::Match,
    },
};

/// A broker that fills orders from bars by the exchange's rules.
#[derive(Debug, Clone)]
pub struct PaperBroker {
    pub(super) terms: TradeTerms,
    pub(super) session: Option<Date>,
    /// By name, ascending.
    pub(super) accounts: Vec<(Name, Account)>,
    /// By symbol, each in the order of arrival; a symbol whose orders are done may have none.
    pub(super) open: BTreeMap<Symbol, Vec<OpenOrder>>,
    pub(super) ids: OrderIds,
    /// Executions so far.
    pub(super) executions: u64,
    pub(super) span: Span,
    /// What goes wrong on the way, of a shadow broker.
    pub(super) chance: Option<Chance>,
}

impl PaperBroker {
    /// Opens accounts with starting cash, fen. No other account exists: an order for one is refused
    /// (LEGACY W24).
    #[must_use]
    pub fn new(accounts: impl IntoIterator<Item = (Name, Fen)>, terms: TradeTerms) -> Self {
        let accounts: BTreeMap<Name, Fen> = accounts.into_iter().collect();
        Self {
            terms,
            session: None,
            accounts: accounts.into_iter().map(|(name, cash)| (name, Account::with_cash(cash.max(0)))).collect(),
            open: BTreeMap::new(),
            ids: OrderIds::default(),
            executions: 0,
            span: Span::default(),
            chance: None,
        }
    }

    fn place(&self, account: &str) -> Option<usize> {
        self.accounts.binary_search_by(|(name, _)| (**name).cmp(account)).ok()
    }

    /// Returns the account of an order that can be taken, or why it cannot.
    fn admit(&self, order: &OrderRequest) -> Result<usize, Refusal> {
        let account = self.place(&order.account_id).ok_or(Refusal::NoAccount)?;
        if order.shares <= 0 {
            return Err(Refusal::Rule(Reject::NotPositive));
        }
        if matches!(order.kind, OrderKind::Limit(limit) if limit <= 0) {
            return Err(Refusal::InvalidPrice);
        }
        Ok(account)
    }

    /// Meets an order with a bar. Returns whether it stays open.
    fn meet(&mut self, order: &mut OpenOrder, market: &mut Market<'_>, executions: &mut Vec<Execution>) -> bool {
        let Market { bar, day, .. } = *market;
        if !order.meets(bar, self.span.began) {
            return true;
        }
        order.meetings += 1;
        if order.is_off(day.band) {
            executions.push(self.ended(order, order.refused(), Refusal::InvalidPrice, bar.end));
            return false;
        }
        let price = order.price_in(bar);
        if price.is_none() && !day.suspended {
            return self.stays(order, executions, bar.end);
        }
        match self.fill(order, market, price) {
            Ok(fill) => {
                executions.push(self.filled(order, &fill, bar.end));
                order.left() > 0 && self.stays(order, executions, bar.end)
            }
            Err(reject) if may_pass(reject) => {
                order.kept_by = Some(reject);
                self.stays(order, executions, bar.end)
            }
            Err(reject) => {
                executions.push(self.ended(order, order.refused(), Refusal::Rule(reject), bar.end));
                false
            }
        }
    }

    /// Fills what the market gives and books it.
    fn fill(&mut self, order: &mut OpenOrder, market: &mut Market<'_>, price: Option<Fen>) -> Result<Fill, Reject> {
        let OrderRequest { symbol, side, shares, .. } = order.request;
        let Market { bar, day, .. } = *market;
        let quote = Quote { date: bar.date(), price, band: day.band, suspended: day.suspended, volume: bar.volume };
        let all = order.request.time_in_force == super::TimeInForce::Fok;
        let share =
            self.chance.as_ref().map_or(1.0, |chance| chance.share(&order.request.client_order_id, order.meetings));
        let matching = Match { quote: &quote, traded: market.traded, terms: &self.terms, share, all };
        // An account is never closed, so that the one that was there when the order came is.
        let Some((_, account)) = self.accounts.get_mut(order.account) else {
            return Err(Reject::NotEnoughCash);
        };
        let (fill, cut_by) = matching.fill(account, &Order { symbol, side, shares }, &order.progress())?;
        market.traded += fill.shares;
        if order.filled == 0 {
            order.wanted = fill.wanted;
        }
        order.filled += fill.shares;
        order.value += fill.value();
        if order.left() > 0 {
            order.kept_by = Some(cut_by);
        }
        Ok(fill)
    }

    /// Lets an unfilled rest stay where its time in force says so, and cancels it where not.
    fn stays(&mut self, order: &OpenOrder, executions: &mut Vec<Execution>, at: DateTime) -> bool {
        if !order.lives_on() {
            executions.push(self.ended(order, OrderStatus::Cancelled, order.not_at_once(), at));
        }
        order.lives_on()
    }

    fn filled(&mut self, order: &OpenOrder, fill: &Fill, at: DateTime) -> Execution {
        let status = if order.left() > 0 { OrderStatus::PartiallyFilled } else { OrderStatus::Filled };
        let change = self.execution(order.number, &order.request, Some(order.account), status, at);
        Execution { shares: fill.shares, price: fill.price, charges: fill.charges, ..change }
    }

    fn ended(&mut self, order: &OpenOrder, status: OrderStatus, reason: Refusal, at: DateTime) -> Execution {
        Execution {
            reason: Some(reason),
            ..self.execution(order.number, &order.request, Some(order.account), status, at)
        }
    }

    /// Counts a change of an order; an account is none where it was never opened.
    fn execution(
        &mut self,
        order_id: u64,
        order: &OrderRequest,
        account: Option<usize>,
        status: OrderStatus,
        at: DateTime,
    ) -> Execution {
        self.executions += 1;
        let account = account.and_then(|place| self.accounts.get(place)).map(|(_, account)| account);
        Execution {
            order_id,
            exec_id: self.executions,
            client_order_id: order.client_order_id.clone(),
            account_id: order.account_id.clone(),
            strategy_id: order.strategy_id.clone(),
            symbol: order.symbol,
            side: order.side,
            shares: 0,
            price: 0,
            charges: Charges::default(),
            status,
            reason: None,
            cash_after: account.map_or(0, Account::cash),
            position_after: account.map_or(0, |account| account.position(order.symbol).shares),
            at,
        }
    }

    fn credit(&mut self, credit: impl Fn(&mut Account) -> Option<Entitlement>) -> Vec<(String, Entitlement)> {
        let credited = |(name, account): &mut (Name, Account)| credit(account).map(|credit| (name.to_string(), credit));
        self.accounts.iter_mut().filter_map(credited).collect()
    }
}

/// A bar that orders meet one by one.
struct Market<'a> {
    bar: &'a Bar,
    day: &'a SymbolDay,
    /// What the orders before took of its volume; all accounts share it.
    traded: i64,
}

impl Broker for PaperBroker {
    /// Opening a session again, or one before it, changes nothing: what was bought today stays unsold.
    fn open_session(&mut self, date: Date) {
        if self.session.is_some_and(|session| date <= session) {
            return;
        }
        self.session = Some(date);
        self.span = Span::of_session(date);
        self.accounts.iter_mut().for_each(|(_, account)| account.open_session());
    }

    fn entitle(&mut self, actions: &[CorporateAction]) -> Vec<(String, Entitlement)> {
        self.credit(|account| entitle(account, actions))
    }

    fn credit_fall(&mut self, symbol: Symbol, fen_per_share: i64) -> Vec<(String, Entitlement)> {
        self.credit(|account| cash_in_lieu(account, symbol, fen_per_share))
    }

    fn submit(&mut self, order: OrderRequest) -> Submission {
        let digest = match self.ids.find(&order.client_order_id) {
            Found::Taken(number) => return Submission::Duplicate(number),
            Found::New(digest) => digest,
        };
        let chance = self.chance.as_ref().map(|chance| chance.on_the_way(&order.client_order_id));
        let (lost, latency_ms) = chance.unwrap_or((false, 0));
        let admitted = self.admit(&order).and_then(|account| if lost { Err(Refusal::Shadow) } else { Ok(account) });
        let account = match admitted {
            Ok(account) => account,
            Err(reason) => {
                let account = self.place(&order.account_id);
                let change = self.execution(0, &order, account, OrderStatus::Rejected, order.at);
                return Submission::Rejected(Execution { reason: Some(reason), ..change });
            }
        };
        let number = self.ids.take(&order.client_order_id, digest, order.symbol);
        let arrives = shadow::arrival(order.at, latency_ms);
        // One order a symbol is the rule: room for more is made when more come.
        self.open
            .entry(order.symbol)
            .or_insert_with(|| Vec::with_capacity(1))
            .push(OpenOrder::new(number, order, account, arrives));
        Submission::Accepted(number)
    }

    fn cancel(&mut self, id: &ClientOrderId, at: DateTime) -> Option<Execution> {
        let (number, symbol) = self.ids.current(id)?;
        let orders = self.open.get_mut(&symbol)?;
        let place = orders.binary_search_by_key(&number, |order| order.number).ok()?;
        let order = orders.remove(place);
        Some(self.ended(&order, OrderStatus::Cancelled, Refusal::BySender, at))
    }

    /// A bar of another session than the open one matches nothing.
    fn on_bar(&mut self, bar: &Bar, day: &SymbolDay, executions: &mut Vec<Execution>) {
        if self.session != Some(bar.date()) {
            return;
        }
        self.span.reach(bar.end);
        let Some(mut orders) = self.open.get_mut(&bar.symbol).map(mem::take) else { return };
        let mut market = Market { bar, day, traded: 0 };
        orders.retain_mut(|order| self.meet(order, &mut market, executions));
        // The symbol keeps its place in the book until the session ends.
        if let Some(place) = self.open.get_mut(&bar.symbol) {
            *place = orders;
        }
    }

    fn close_session(&mut self, at: DateTime, executions: &mut Vec<Execution>) {
        let mut orders: Vec<OpenOrder> = mem::take(&mut self.open).into_values().flatten().collect();
        orders.sort_by_key(|order| order.number);
        for order in &orders {
            executions.push(self.ended(order, OrderStatus::Cancelled, order.at_the_end(), at));
        }
        self.ids.end_session();
    }

    fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(self.place(id)?).map(|(_, account)| account)
    }

    fn accounts(&self) -> Vec<String> {
        self.accounts.iter().map(|(name, _)| name.to_string()).collect()
    }

    fn ordered(&self) -> Vec<Symbol> {
        self.open.iter().filter(|(_, orders)| !orders.is_empty()).map(|(symbol, _)| *symbol).collect()
    }

    fn pending_shares(&self, account: &str, symbol: Symbol) -> i64 {
        let orders = self.open.get(&symbol).into_iter().flatten();
        orders.filter(|order| *order.request.account_id == *account).fold(0, |sum: i64, order| {
            let left = order.left();
            sum.saturating_add(if order.request.side == Side::Buy { left } else { -left })
        })
    }

    fn state(&self) -> serde_json::Value {
        super::state::of(self)
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<(), String> {
        super::state::restore(self, state)
    }
}

#[cfg(test)]
#[path = "paper_tests.rs"]
mod tests;
