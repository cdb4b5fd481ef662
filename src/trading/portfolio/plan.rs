//! Orders that bring an account from what it holds to its targets. Sizes them in whole shares and lots;
//! sends nothing and checks no risk.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{PortfolioManager, weights::by_weight};
use crate::{
    market::{Side, Symbol},
    trading::{Account, Fen, Name, TradeTerms, broker::Venue, execution::affordable, rules},
};

/// What is known of an account and the market when orders are planned.
pub struct PlanView<'a> {
    /// Net asset value at market.
    pub nav: Fen,
    /// The account.
    pub account: &'a Account,
    /// The price of a share now, fen; none where there is none yet, and then nothing is planned.
    pub price: &'a dyn Fn(Symbol) -> Option<Fen>,
    /// Shares still to be bought less those still to be sold by open orders.
    pub pending: &'a dyn Fn(Symbol) -> i64,
    /// The symbols in which more may be bought by open orders than sold; no other has such.
    pub buying: &'a BTreeSet<Symbol>,
    /// The session, for the fees.
    pub date: Date,
    /// What trading costs.
    pub terms: &'a TradeTerms,
}

impl PlanView<'_> {
    /// Returns the value of the open buys at market, without charges.
    #[must_use]
    pub fn pending_buy_value(&self) -> Fen {
        self.open_buys().map(|(_, shares, price)| shares * price).sum()
    }

    /// Returns the open buys: symbol, shares, price.
    fn open_buys(&self) -> impl Iterator<Item = (Symbol, i64, Fen)> {
        self.buying.iter().filter_map(|symbol| {
            let shares = (self.pending)(*symbol);
            if shares > 0 { Some((*symbol, shares, (self.price)(*symbol)?)) } else { None }
        })
    }
}

/// An order that should be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderPlan {
    /// The strategies that it is for, joined by `+`, in config order.
    pub strategy_id: Name,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares, in whole lots.
    pub shares: i64,
    /// The account's target weight of the symbol.
    pub weight: f64,
    /// Where it matches: in the closing call where all its strategies trade there.
    pub venue: Venue,
}

/// A change of one position before cash is looked at.
#[derive(Clone, Copy)]
struct Change {
    symbol: Symbol,
    weight: f64,
    price: Fen,
    side: Side,
    shares: i64,
}

impl PortfolioManager {
    /// Plans the orders that bring an account from what it holds, with what its open orders will still
    /// bring, to its targets: first sells, then buys, the largest target first, of equal ones by symbol.
    ///
    /// A position is at most target x NAV, less than one lot short of it. Sells keep to what may be sold
    /// today. Buys keep to the cash that is there after the open buys, and to what these sells will bring at
    /// the price now: a broker matches them first. A change smaller than a lot is no order.
    #[must_use]
    pub fn plan(&self, account: &str, view: &PlanView<'_>) -> Vec<OrderPlan> {
        let symbols = self.symbols(account, view.account);
        let mut changes: Vec<Change> =
            symbols.iter().filter_map(|symbol| self.change(account, *symbol, view)).collect();
        changes.sort_by(|a, b| {
            let buys = |change: &Change| change.side == Side::Buy;
            buys(a).cmp(&buys(b)).then(by_weight((a.symbol, a.weight), (b.symbol, b.weight)))
        });
        let mut cash = free_cash(view) + proceeds(&changes, view);
        changes.into_iter().filter_map(|change| self.order(account, change, &mut cash, view)).collect()
    }

    /// Plans the order of one symbol, as [`plan`](Self::plan) would if the others were at their targets.
    #[must_use]
    pub fn plan_symbol(&self, account: &str, symbol: Symbol, view: &PlanView<'_>) -> Option<OrderPlan> {
        let change = self.change(account, symbol, view)?;
        let mut cash = match change.side {
            Side::Buy => free_cash(view),
            Side::Sell => 0,
        };
        self.order(account, change, &mut cash, view)
    }

    /// Returns every symbol that the account holds, wants, or wanted and may still have orders in.
    fn symbols(&self, account: &str, held: &Account) -> BTreeSet<Symbol> {
        let mut symbols: BTreeSet<Symbol> = held.positions().keys().copied().collect();
        for (_, _, wishes) in self.of_account(account) {
            symbols.extend(wishes.targets.keys().chain(&wishes.left));
        }
        symbols
    }

    fn change(&self, account: &str, symbol: Symbol, view: &PlanView<'_>) -> Option<Change> {
        // Nobody decides for an account without strategies, not even to sell what it holds.
        self.of_account(account).next()?;
        let price = (view.price)(symbol).filter(|price| *price > 0)?;
        let weight = self.target(account, symbol);
        let pending = (view.pending)(symbol);
        let position = view.account.position(symbol);
        let missing = target_shares(weight, view.nav, price) - (position.shares + pending);
        let (side, shares) = if missing > 0 {
            (Side::Buy, rules::whole_lots(symbol, Side::Buy, missing, 0))
        } else {
            // What open sells will take cannot be sold twice.
            let sellable = (position.sellable + pending.min(0)).max(0);
            // An odd remainder goes with the last sale; a position that stays is cut by whole lots.
            let whole = if weight > 0.0 { 0 } else { sellable };
            (Side::Sell, rules::whole_lots(symbol, Side::Sell, sellable.min(-missing), whole))
        };
        (shares > 0).then_some(Change { symbol, weight, price, side, shares })
    }

    fn order(&self, account: &str, change: Change, cash: &mut Fen, view: &PlanView<'_>) -> Option<OrderPlan> {
        let Change { symbol, weight, price, side, mut shares } = change;
        if side == Side::Buy {
            let paid = affordable(*cash, symbol, shares, price, view.date, view.terms);
            if paid.shares == 0 {
                return None;
            }
            shares = paid.shares;
            *cash -= paid.cost;
        }
        let (strategy_id, venue) = self.askers(account, symbol);
        Some(OrderPlan { strategy_id, symbol, side, shares, weight, venue })
    }

    /// Returns the strategies behind a change of a symbol, joined, and where they trade. Where none is
    /// known (a position that came with the account), all of the account are.
    fn askers(&self, account: &str, symbol: Symbol) -> (Name, Venue) {
        // One strategy is the rule: it is behind every change, and its name is there already.
        let mut own = self.of_account(account).map(|(rule, _, _)| rule);
        if let (Some(rule), None) = (own.next(), own.next()) {
            return (rule.id.clone(), rule.venue);
        }
        let asks =
            |wishes: &super::targets::Wishes| wishes.targets.contains_key(&symbol) || wishes.left.contains(&symbol);
        let any = self.of_account(account).any(|(_, _, wishes)| asks(wishes));
        let rules = self.of_account(account).filter(|(_, _, wishes)| !any || asks(wishes)).map(|(rule, _, _)| rule);
        let (mut ids, mut venue): (Vec<&str>, Venue) = (Vec::new(), Venue::ClosingCall);
        for rule in rules {
            ids.push(&rule.id);
            if rule.venue == Venue::Any {
                venue = Venue::Any;
            }
        }
        (ids.join("+").into(), venue)
    }
}

/// Returns the most whole shares whose value is within `weight x nav`.
fn target_shares(weight: f64, nav: Fen, price: Fen) -> i64 {
    // A millionth of a fen makes up for products such as 0.4 x 0.3 that fall short of their decimal.
    let value = (weight * nav as f64 + 1e-6).floor() as Fen;
    value.max(0) / price
}

/// Returns the cash that the open buys leave.
fn free_cash(view: &PlanView<'_>) -> Fen {
    let reserved =
        view.open_buys().map(|(symbol, shares, price)| rules::buy_cost(symbol, view.date, shares * price, view.terms));
    view.account.cash() - reserved.sum::<Fen>()
}

/// Returns what the planned sells will bring at the price now.
fn proceeds(changes: &[Change], view: &PlanView<'_>) -> Fen {
    let sells = changes.iter().filter(|change| change.side == Side::Sell);
    let value = |change: &Change| {
        let value = change.shares * change.price;
        value - rules::charges(change.symbol, view.date, Side::Sell, value, view.terms).total()
    };
    sells.map(value).sum()
}
