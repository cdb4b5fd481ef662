//! TradeCore: bar by bar from strategies through portfolio and risk to the broker, and back.
//!
//! The one path of backtest and simulation: a backtest feeds it daily bars, a simulation minute bars. It
//! knows no file, no clock and no bus; whoever drives it says what time it is and listens to its events.
//! Nothing that a listener does can change what is traded.

mod board;
mod decision;
mod saved;
mod session;
mod step;

use std::collections::BTreeSet;

use jiff::civil::Date;

use self::board::Board;
use super::{
    Account, Fen, Name, TradeTerms, TradingError,
    broker::{Broker, Execution},
    portfolio::PortfolioManager,
    risk::{KillSwitch, RiskBrain},
    strategy::Strategy,
};
use crate::market::Symbol;

pub use session::SessionOpen;

/// Strategies, portfolio, risk and broker, wired.
pub struct TradeCore {
    strategies: Vec<Box<dyn Strategy>>,
    portfolio: PortfolioManager,
    /// One for each account, in the portfolio's order.
    risk: Vec<RiskBrain>,
    broker: Box<dyn Broker>,
    terms: TradeTerms,
    board: Board,
    /// Orders sent so far; names the next one.
    orders: u32,
    /// Sessions opened so far.
    sessions: u64,
    date: Option<Date>,
    /// Symbols with a sell under way: their bars are matched first, so that the proceeds can buy.
    selling: BTreeSet<Symbol>,
    /// Symbols with a buy under way, by account: what they will cost counts as held.
    buying: Vec<BTreeSet<Symbol>>,
    /// What the accounts are worth, by their place; empty where prices or accounts have changed since.
    worths: Vec<Option<Worth>>,
    /// What open orders will bring and cost, by account; empty where prices or orders have changed since.
    pending: Vec<Option<Pending>>,
    /// Reused between bars.
    executions: Vec<Execution>,
}

/// What an account is worth at the last prices, fen.
#[derive(Debug, Clone, Copy)]
struct Worth {
    cash: Fen,
    positions_value: Fen,
    largest: Option<(Symbol, Fen)>,
}

/// What open orders are worth at the last prices, fen: sells of what is held, at most 0, and buys.
#[derive(Debug, Clone, Copy, Default)]
struct Pending {
    sells: Fen,
    buys: Fen,
}

impl Worth {
    const fn nav(&self) -> Fen {
        self.cash + self.positions_value
    }
}

impl TradeCore {
    /// Wires the parts. `strategies` and `risk` are put in the portfolio's order.
    ///
    /// # Errors
    /// When a strategy or an account of the portfolio has none.
    pub fn new(
        mut strategies: Vec<Box<dyn Strategy>>,
        portfolio: PortfolioManager,
        mut risk: Vec<RiskBrain>,
        broker: Box<dyn Broker>,
        terms: TradeTerms,
    ) -> Result<Self, TradingError> {
        let missing =
            |part: &'static str, name: &str| TradingError::State { part, what: format!("'{name}' is missing") };
        let mut ordered: Vec<Box<dyn Strategy>> = Vec::with_capacity(strategies.len());
        for rule in portfolio.strategies() {
            let at = strategies.iter().position(|strategy| strategy.id() == &*rule.id);
            ordered.push(strategies.swap_remove(at.ok_or_else(|| missing("strategies", &rule.id))?));
        }
        let mut brains = Vec::with_capacity(risk.len());
        for rule in portfolio.accounts() {
            let at = risk.iter().position(|brain| brain.account() == &rule.id);
            brains.push(risk.swap_remove(at.ok_or_else(|| missing("risk", &rule.id))?));
            broker.account(&rule.id).ok_or_else(|| missing("broker", &rule.id))?;
        }
        let (buying, worths) = (vec![BTreeSet::new(); brains.len()], vec![None; brains.len()]);
        let pending = vec![None; brains.len()];
        Ok(Self {
            strategies: ordered,
            portfolio,
            risk: brains,
            broker,
            terms,
            board: Board::default(),
            orders: 0,
            sessions: 0,
            date: None,
            selling: BTreeSet::new(),
            buying,
            worths,
            pending,
            executions: Vec::new(),
        })
    }

    /// Returns the accounts' names, in the portfolio's order.
    pub fn accounts(&self) -> impl Iterator<Item = &Name> {
        self.portfolio.accounts().iter().map(|rule| &rule.id)
    }

    /// Returns an account.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.broker.account(id)
    }

    /// Returns cash plus positions of all accounts at the last prices, fen.
    #[must_use]
    pub fn nav(&self) -> Fen {
        let accounts = self.worths.iter().zip(self.accounts());
        let worth = |(known, id): (&Option<Worth>, &Name)| {
            known.or_else(|| self.broker.account(id).map(|account| self.value(account)))
        };
        accounts.filter_map(worth).map(|worth| worth.nav()).sum()
    }

    /// Returns the cash of all accounts, fen.
    #[must_use]
    pub fn cash(&self) -> Fen {
        self.accounts().filter_map(|id| self.broker.account(id)).map(Account::cash).sum()
    }

    /// Returns the last price of a symbol, fen.
    #[must_use]
    pub fn price(&self, symbol: Symbol) -> Option<Fen> {
        self.board.price(symbol)
    }

    /// Returns the tripped kill switches.
    pub fn kill_switches(&self) -> impl Iterator<Item = &KillSwitch> {
        self.risk.iter().filter_map(RiskBrain::kill_switch)
    }

    /// Releases an account's kill switch, because a person said so.
    pub fn release_kill_switch(&mut self, account: &str) {
        for brain in self.risk.iter_mut().filter(|brain| **brain.account() == *account) {
            brain.release_kill_switch();
        }
    }

    /// Values an account at the last prices.
    fn value(&self, account: &Account) -> Worth {
        let mut worth = Worth { cash: account.cash(), positions_value: 0, largest: None };
        let mut price = self.board.ascending_prices();
        for (symbol, position) in account.positions() {
            let value = position.shares * price(*symbol);
            worth.positions_value += value;
            if worth.largest.is_none_or(|(_, most)| value > most) {
                worth.largest = Some((*symbol, value));
            }
        }
        worth
    }

    /// Returns what an account is worth, by its place in the portfolio; it is valued once a step.
    fn worth_of(&mut self, account: usize) -> Option<Worth> {
        if let Some(worth) = self.worths.get(account)? {
            return Some(*worth);
        }
        let worth = self.value(self.broker.account(&self.portfolio.accounts().get(account)?.id)?);
        self.worths.get_mut(account)?.replace(worth);
        Some(worth)
    }

    /// Forgets what the accounts are worth: prices or accounts have changed.
    fn forget_worths(&mut self) {
        self.worths.fill(None);
        self.pending.fill(None);
    }
}

#[cfg(test)]
mod tests;
