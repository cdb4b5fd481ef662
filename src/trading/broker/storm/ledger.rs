//! The independent ledger of a storm: keeps cash, shares and orders by its own plain arithmetic in whole
//! fen, and counts every answer of the broker that breaks a rule or loses a fen or a share.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::{
    super::lighthunter::{
        market::{Side, Symbol},
        trading::{
            Bar, Entitlement, Fen, Reject, SymbolDay,
            broker::{
                Broker, ClientOrderId, Execution, OrderKind, OrderRequest, OrderStatus, PaperBroker, Refusal,
                Submission, TimeInForce, Venue,
            },
        },
    },
    mix,
    rules::{at_limit, charges, hundred, is_lot, whole},
};

/// Violations that are kept word for word.
const KEPT: usize = 20;

#[derive(Default, Clone, Copy)]
struct Holding {
    shares: i64,
    bought_today: i64,
}

struct Tracked {
    request: OrderRequest,
    wanted: i64,
    filled: i64,
    value: Fen,
    charged: Fen,
    done: bool,
    /// Whether an execution came in the bar that is looked at.
    moved: bool,
}

/// What should be, by its own count.
pub(super) struct Ledger {
    date: Date,
    cash: BTreeMap<String, Fen>,
    holdings: BTreeMap<(String, Symbol), Holding>,
    /// By number from 1.
    orders: Vec<Tracked>,
    numbers: HashMap<ClientOrderId, u64>,
    open: BTreeMap<Symbol, Vec<usize>>,
    executions: u64,
    pub(super) fills: usize,
    pub(super) refused: usize,
    pub(super) violations: usize,
    pub(super) first: Vec<String>,
    pub(super) fingerprint: u64,
}

impl Ledger {
    pub(super) fn new(accounts: [(&str, Fen); 5]) -> Self {
        Self {
            date: Date::MIN,
            cash: accounts.map(|(name, cash)| (name.to_owned(), cash)).into(),
            holdings: BTreeMap::new(),
            orders: Vec::new(),
            numbers: HashMap::new(),
            open: BTreeMap::new(),
            executions: 0,
            fills: 0,
            refused: 0,
            violations: 0,
            first: Vec::new(),
            fingerprint: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// Notes a violation.
    pub(super) fn violation(&mut self, what: impl FnOnce() -> String) {
        self.violations += 1;
        if self.first.len() < KEPT {
            let what = what();
            self.first.push(format!("{}: {what}", self.date));
        }
    }

    fn demand(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.violation(what);
        }
    }

    /// Returns the shares held and those that may be sold.
    pub(super) fn held(&self, account: &str, symbol: Symbol) -> (i64, i64) {
        let holding = self.holdings.get(&(account.to_owned(), symbol)).copied().unwrap_or_default();
        (holding.shares, holding.shares - holding.bought_today)
    }

    pub(super) fn open_session(&mut self, date: Date) {
        self.date = date;
        self.holdings.values_mut().for_each(|holding| holding.bought_today = 0);
    }

    /// Credits so many fen a share and bonus shares for ten, and holds the broker's words against it.
    pub(super) fn entitle(&mut self, symbol: Symbol, fen: Fen, bonus: i64, credits: &[(String, Entitlement)]) {
        let mut told: BTreeMap<&str, (Fen, i64)> =
            credits.iter().map(|(name, credit)| (name.as_str(), (credit.cash, credit.shares))).collect();
        let mut wrong = Vec::new();
        for ((name, of), holding) in
            self.holdings.iter_mut().filter(|((_, of), holding)| *of == symbol && holding.shares > 0)
        {
            let (cash, shares) = (holding.shares * fen, (holding.shares * bonus + 5) / 10);
            let said = told.remove(name.as_str()).unwrap_or_default();
            if said != (cash, shares) {
                wrong.push(format!("{name} {of}: entitled to {cash} fen and {shares} shares, got {said:?}"));
            }
            *self.cash.entry(name.clone()).or_default() += cash;
            holding.shares += shares;
        }
        wrong.extend(told.keys().map(|name| format!("{name} holds no {symbol} and was entitled")));
        for what in wrong {
            self.violation(|| what);
        }
    }

    pub(super) fn submitted(&mut self, request: OrderRequest, submission: &Submission) {
        let known = self.numbers.get(&request.client_order_id).copied();
        match submission {
            Submission::Duplicate(number) => {
                self.demand(known == Some(*number), || {
                    format!("{} is no duplicate of {number}", request.client_order_id)
                });
            }
            Submission::Accepted(number) => {
                let next = self.orders.len() as u64 + 1;
                let fair = known.is_none() && *number == next && at_once(&request, &self.cash).is_none();
                self.demand(fair, || format!("{request:?} was taken as {number}"));
                self.numbers.insert(request.client_order_id.clone(), *number);
                self.open.entry(request.symbol).or_default().push(self.orders.len());
                let fresh = Tracked { request, wanted: 0, filled: 0, value: 0, charged: 0, done: false, moved: false };
                self.orders.push(fresh);
            }
            Submission::Rejected(change) => {
                self.count(change);
                self.refused += 1;
                let fair = known.is_none()
                    && change.order_id == 0
                    && change.reason.is_some()
                    && change.reason == at_once(&request, &self.cash);
                self.demand(fair, || format!("{request:?} was refused: {:?}", change.reason));
            }
        }
    }

    pub(super) fn cancelled(&mut self, id: &ClientOrderId, change: Option<&Execution>) {
        let open = self.numbers.get(id).copied().filter(|number| !self.orders[*number as usize - 1].done);
        self.demand(open.is_some() == change.is_some(), || format!("{id}: cancelled as {change:?}"));
        if let Some(change) = change {
            self.count(change);
            let fair = open == Some(change.order_id) && change.reason == Some(Refusal::BySender);
            self.demand(fair, || format!("{id}: cancelled as {change:?}"));
            self.end(change);
        }
    }

    /// Checks what a bar made of the orders: those that moved, and those that did not.
    pub(super) fn bar(&mut self, bar: &Bar, day: &SymbolDay, executions: &[Execution]) {
        let mut taken = 0;
        let mut last = 0;
        for change in executions {
            self.count(change);
            self.demand(change.order_id >= last && change.symbol == bar.symbol, || {
                format!("{change:?} is out of order")
            });
            last = change.order_id;
            let place = (change.order_id as usize).wrapping_sub(1);
            if self
                .orders
                .get(place)
                .is_none_or(|order| order.done || order.request.client_order_id != change.client_order_id)
            {
                self.violation(|| format!("{change:?} is of no open order"));
                continue;
            }
            self.orders[place].moved = true;
            if change.shares > 0 {
                self.check_market(place, change, bar, day);
                taken += change.shares;
                self.demand(taken <= bar.volume.unwrap_or(0) / 4, || {
                    format!("{change:?}: {taken} of {:?}", bar.volume)
                });
                self.book(place, change);
            } else {
                self.check_reason(place, change, bar, day);
                self.end(change);
            }
        }
        self.check_still(bar, day, taken);
    }

    /// A fill's price is one that the bar gave to this order.
    fn check_market(&mut self, place: usize, change: &Execution, bar: &Bar, day: &SymbolDay) {
        let request = &self.orders[place].request;
        let closing = request.venue == Venue::ClosingCall;
        let first = if closing { bar.close } else { bar.open };
        let within = match (request.kind, request.side) {
            (OrderKind::Market, _) => change.price == first,
            (OrderKind::Limit(limit), Side::Buy) => {
                change.price <= limit && (change.price == first || (!closing && change.price == limit && first > limit))
            }
            (OrderKind::Limit(limit), Side::Sell) => {
                change.price >= limit && (change.price == first || (!closing && change.price == limit && first < limit))
            }
        };
        let at_limit = at_limit(request.side, change.price, day);
        let fair = within
            && !at_limit
            && (bar.low..=bar.high).contains(&change.price)
            && !day.suspended
            && request.at < bar.end
            && (!closing || bar.closes);
        let what = format!("{change:?} of {request:?} in {bar:?}, {day:?}");
        self.demand(fair, || what);
    }

    /// Books a fill and checks lots, T+1, charges and balances.
    fn book(&mut self, place: usize, change: &Execution) {
        self.fills += 1;
        let (_, sellable) = self.held(&change.account_id, change.symbol);
        let date = self.date;
        let order = &mut self.orders[place];
        let request = &order.request;
        let (board, side) = (request.symbol.board(), request.side);
        let begun = order.filled > 0;
        if !begun {
            order.wanted = whole(board, side, request.shares, sellable);
        }
        order.filled += change.shares;
        order.value += change.shares * change.price;
        order.charged += change.charges.total();
        let lots =
            is_lot(board, change.shares, begun) || (order.filled == order.wanted && (begun || side == Side::Sell));
        let owed = charges(date, board, side, order.value);
        let sign = if side == Side::Buy { 1 } else { -1 };
        let flow = -sign * change.shares * change.price - change.charges.total();
        let full = order.filled == order.wanted;
        let status = if full { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        let fair = lots
            && order.filled <= order.wanted
            && order.charged == owed
            && change.status == status
            && change.reason.is_none()
            && (request.time_in_force != TimeInForce::Fok || (full && !begun))
            && (side == Side::Buy || change.shares <= sellable);
        order.done = full;
        let what = format!(
            "{change:?} of {request:?}: filled {} of {}, charged {} of {owed}, sellable {sellable}",
            order.filled, order.wanted, order.charged
        );
        self.demand(fair, || what);
        let account = change.account_id.to_string();
        let holding = self.holdings.entry((account.clone(), change.symbol)).or_default();
        holding.shares += sign * change.shares;
        holding.bought_today += if side == Side::Buy { change.shares } else { 0 };
        let held = holding.shares;
        let cash = self.cash.entry(account).or_default();
        *cash += flow;
        let balances = (*cash, held);
        let fair = balances == (change.cash_after, change.position_after) && balances.0 >= 0 && held >= 0;
        self.demand(fair, || format!("{change:?}: balances are {balances:?}"));
    }

    /// A refusal's reason is true.
    fn check_reason(&mut self, place: usize, change: &Execution, bar: &Bar, day: &SymbolDay) {
        let order = &self.orders[place];
        let request = &order.request;
        let (_, sellable) = self.held(&request.account_id, request.symbol);
        let cash = self.cash.get(&*request.account_id).copied().unwrap_or_default();
        let wanted = if order.filled > 0 {
            order.wanted - order.filled
        } else {
            whole(request.symbol.board(), request.side, request.shares, sellable)
        };
        let once = request.time_in_force != TimeInForce::Day;
        let off = |limit: Fen| day.band.is_some_and(|band| limit > hundred(band.up) || limit < hundred(band.down));
        let sale = request.side == Side::Sell;
        let fair = match change.reason {
            Some(Refusal::InvalidPrice) => matches!(request.kind, OrderKind::Limit(limit) if off(limit)),
            Some(Refusal::NotAtOnce) => once,
            Some(Refusal::Rule(rule)) => match rule {
                Reject::BelowLot => wanted == 0,
                Reject::NotSellable => sale && wanted > sellable,
                // A sale can cost more than it brings.
                Reject::NotEnoughCash if sale => cash < 600,
                Reject::NotEnoughCash => {
                    i128::from(wanted) * i128::from(bar.high) + i128::from(wanted) + 500 > i128::from(cash)
                }
                Reject::LimitUp => once && !sale,
                Reject::LimitDown => once && sale,
                Reject::Suspended => once && day.suspended,
                Reject::NoVolume | Reject::NoPrice | Reject::NotPositive => false,
            },
            _ => false,
        };
        let refused = order.filled == 0 && !matches!(change.reason, Some(Refusal::NotAtOnce)) && !once;
        let status = if refused { OrderStatus::Rejected } else { change.status };
        let fair = fair && status == change.status && (order.filled == 0 || change.status == OrderStatus::Cancelled);
        let what = format!("{change:?} of {request:?}: {wanted} wanted, {sellable} sellable, {cash} fen, {day:?}");
        self.demand(fair, || what);
    }

    /// An order that a bar could have filled did not sleep through it.
    fn check_still(&mut self, bar: &Bar, day: &SymbolDay, taken: i64) {
        let mut places = self.open.remove(&bar.symbol).unwrap_or_default();
        places.retain(|place| !self.orders[*place].done);
        let room = bar.volume.unwrap_or(0) / 4 - taken;
        for place in &places {
            let order = &mut self.orders[*place];
            let moved = std::mem::take(&mut order.moved);
            let request = &order.request;
            let (first, may) = match request.venue {
                Venue::Any => (bar.open, true),
                Venue::ClosingCall => (bar.close, bar.closes),
            };
            let reached = match (request.kind, request.side) {
                (OrderKind::Market, _) => true,
                (OrderKind::Limit(limit), Side::Buy) => first <= limit,
                (OrderKind::Limit(limit), Side::Sell) => first >= limit,
            };
            let met = may && request.at < bar.end;
            let fillable = met && reached && !day.suspended && !at_limit(request.side, first, day);
            let asleep = fillable && !moved && room >= 200 && room >= order.wanted - order.filled;
            let overstayed = met && request.time_in_force != TimeInForce::Day;
            if asleep || overstayed {
                let what = format!("{request:?} slept through {bar:?}, {day:?} with room for {room}");
                self.violation(|| what);
            }
        }
        self.open.insert(bar.symbol, places);
    }

    /// Checks that the session's end cancels all that is open, and nothing else.
    pub(super) fn close(&mut self, executions: &[Execution]) {
        let mut open: Vec<u64> = std::mem::take(&mut self.open)
            .into_values()
            .flatten()
            .filter(|place| !self.orders[*place].done)
            .map(|place| place as u64 + 1)
            .collect();
        open.sort_unstable();
        let ended: Vec<u64> = executions.iter().map(|change| change.order_id).collect();
        self.demand(open == ended, || format!("{} orders were open and {} were cancelled", open.len(), ended.len()));
        for change in executions {
            self.count(change);
            let fair = change.status == OrderStatus::Cancelled && change.shares == 0 && change.reason.is_some();
            self.demand(fair, || format!("at the end {change:?}"));
            self.end(change);
        }
    }

    /// Compares every account to the fen and the share.
    pub(super) fn compare(&mut self, broker: &PaperBroker) {
        for (name, cash) in self.cash.clone() {
            let Some(account) = broker.account(&name) else {
                self.violation(|| format!("{name} is gone"));
                continue;
            };
            self.demand(account.cash() == cash, || format!("{name} has {} fen, {cash} are right", account.cash()));
            let mine: Vec<(Symbol, i64, i64)> = self
                .holdings
                .iter()
                .filter(|((of, _), holding)| *of == name && holding.shares > 0)
                .map(|((_, symbol), holding)| (*symbol, holding.shares, holding.shares - holding.bought_today))
                .collect();
            let theirs: Vec<(Symbol, i64, i64)> = account
                .positions()
                .iter()
                .map(|(symbol, position)| (*symbol, position.shares, position.sellable))
                .collect();
            self.demand(mine == theirs, || format!("{name} holds {theirs:?}, {mine:?} is right"));
            for (symbol, _, _) in mine {
                self.demand(broker.pending_shares(&name, symbol) == 0, || {
                    format!("{name}: orders of {symbol} are open")
                });
            }
        }
    }

    fn count(&mut self, change: &Execution) {
        self.executions += 1;
        let next = self.executions;
        self.demand(change.exec_id == next, || format!("{change:?} is not number {next}"));
        self.fingerprint = mix(self.fingerprint, change);
    }

    fn end(&mut self, change: &Execution) {
        if let Some(order) = self.orders.get_mut((change.order_id as usize).wrapping_sub(1)) {
            order.done = true;
            self.refused += usize::from(order.filled == 0);
        }
    }
}

/// Returns why an order must be refused before any bar.
fn at_once(request: &OrderRequest, cash: &BTreeMap<String, Fen>) -> Option<Refusal> {
    if !cash.contains_key(&*request.account_id) {
        return Some(Refusal::NoAccount);
    }
    if request.shares <= 0 {
        return Some(Refusal::Rule(Reject::NotPositive));
    }
    matches!(request.kind, OrderKind::Limit(limit) if limit <= 0).then_some(Refusal::InvalidPrice)
}
