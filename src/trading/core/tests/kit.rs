//! What the tests of TradeCore are made of: a strategy that wishes what it is told, a listener that keeps
//! what it hears, accounts and rules.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
};

use jiff::civil::{Date, date};

use crate::{
    market::{Exchange, LimitCase, PriceBand, Symbol, tick::cny},
    trading::{
        Bar, Event, EventSink, Fen, SessionOpen, SymbolDay, TradeCore, TradeTerms, TradingError,
        broker::{Broker, Execution, PaperBroker, Venue},
        portfolio::{AccountRule, Allocation, PortfolioManager, StrategyRule},
        risk::{RiskBrain, RiskLimits, ScoreWeights},
        strategy::{Strategy, Wish},
    },
};

/// Each account starts with 100,000.00 CNY.
pub(super) const CASH: Fen = 10_000_000;

pub(super) fn symbol(number: usize) -> Symbol {
    Symbol::new(600_000 + number as u32, Exchange::Sh).expect("a symbol")
}

/// Returns sessions in a row: the calendar plays no part here.
pub(super) fn day(number: i8) -> Date {
    date(2024, 3, 3 + number)
}

/// Returns a bar of one price; the one that ends at 15:00 closes the session.
pub(super) fn bar(date: Date, time: &str, number: usize, price: Fen) -> Bar {
    Bar {
        symbol: symbol(number),
        end: format!("{date}T{time}").parse().expect("a time"),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Some(10_000_000),
        amount: None,
        opens: time == "10:00",
        closes: time == "15:00",
    }
}

/// Wishes what it is told: one list of targets a session, and one answer a symbol for bars that fell by
/// more than 4 % since they were first seen.
pub(super) struct Wisher {
    id: String,
    targets: VecDeque<Vec<(usize, f64)>>,
    on_crash: BTreeMap<Symbol, f64>,
    first: BTreeMap<Symbol, Fen>,
    crashed: bool,
}

impl Wisher {
    pub(super) fn new(id: &str, targets: impl IntoIterator<Item = Vec<(usize, f64)>>) -> Self {
        let targets = targets.into_iter().collect();
        Self { id: id.into(), targets, on_crash: BTreeMap::new(), first: BTreeMap::new(), crashed: false }
    }

    pub(super) fn on_crash(self, wishes: &[(usize, f64)]) -> Self {
        Self { on_crash: wishes.iter().map(|(of, weight)| (symbol(*of), *weight)).collect(), ..self }
    }
}

impl Strategy for Wisher {
    fn id(&self) -> &str {
        &self.id
    }

    fn targets(&mut self, _scores: &[(Symbol, f64)]) -> Result<BTreeMap<Symbol, f64>, TradingError> {
        let wished = self.targets.pop_front().unwrap_or_default();
        Ok(wished.into_iter().map(|(of, weight)| (symbol(of), weight)).collect())
    }

    fn watches_bars(&self) -> bool {
        !self.on_crash.is_empty()
    }

    fn on_bar(&mut self, bar: &Bar) -> Result<Option<Wish>, TradingError> {
        // Before the first bar every symbol costs 10.00 here.
        let first = *self.first.entry(bar.symbol).or_insert(1000);
        self.crashed |= bar.close * 100 < first * 96;
        let weight = self.on_crash.get(&bar.symbol).copied().filter(|_| self.crashed);
        if weight.is_some() {
            self.on_crash.remove(&bar.symbol);
            // The answer is given once, and the strategy goes on watching.
            self.on_crash.insert(symbol(99), 0.0);
        }
        Ok(weight.map(|weight| Wish { weight, score: 1.0 }))
    }
}

/// The rules of a core under test.
pub(super) struct Rules {
    pub(super) limits: RiskLimits,
    pub(super) terms: TradeTerms,
    pub(super) venue: Venue,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            limits: open_limits(),
            terms: TradeTerms { trim_to_cash: true, ..TradeTerms::default() },
            venue: Venue::Any,
        }
    }
}

/// Returns limits that nothing reaches.
pub(super) fn open_limits() -> RiskLimits {
    RiskLimits {
        blacklist: [].into(),
        whitelist: [].into(),
        max_leverage: 2.0,
        concentration_limit: 1.5,
        max_dd_intraday: 1.0,
        max_dd_total: 1.0,
        max_order_value: i64::MAX,
        price_collar: 1.0,
        max_turnover: 1e9,
        weights: ScoreWeights { dd_intraday: 0.4, dd_total: 0.3, leverage: 0.2, concentration: 0.1 },
    }
}

/// Wires strategies for the accounts that they name; those of one account share it.
pub(super) fn core(wishers: Vec<(Wisher, &str)>, rules: &Rules) -> TradeCore {
    let boxed = wishers.into_iter().map(|(wisher, account)| (Box::new(wisher) as Box<dyn Strategy>, account));
    wired(boxed.collect(), rules, |accounts, terms| Box::new(PaperBroker::new(accounts, terms)))
}

pub(super) fn wired(
    strategies: Vec<(Box<dyn Strategy>, &str)>,
    rules: &Rules,
    broker: impl FnOnce(Vec<(crate::trading::Name, Fen)>, TradeTerms) -> Box<dyn Broker>,
) -> TradeCore {
    let portfolio = portfolio(&strategies, rules);
    let accounts: Vec<_> = portfolio.accounts().iter().map(|rule| (rule.id.clone(), CASH)).collect();
    let risk = accounts.iter().map(|(id, _)| RiskBrain::new(id.clone(), rules.limits.clone())).collect();
    let strategies = strategies.into_iter().map(|(strategy, _)| strategy).collect();
    TradeCore::new(strategies, portfolio, risk, broker(accounts, rules.terms), rules.terms).expect("wired")
}

fn portfolio(strategies: &[(Box<dyn Strategy>, &str)], rules: &Rules) -> PortfolioManager {
    let mut accounts: Vec<&str> = strategies.iter().map(|(_, account)| *account).collect();
    accounts.dedup();
    let share = |account: &str| 1.0 / strategies.iter().filter(|(_, of)| *of == account).count() as f64;
    let weights = strategies.iter().map(|(strategy, account)| (strategy.id().to_owned(), share(account))).collect();
    let rule = |(strategy, account): &(Box<dyn Strategy>, &str)| StrategyRule {
        id: strategy.id().into(),
        account_id: (*account).into(),
        max_gross_leverage: 1.0,
        max_single_position_pct: 1.0,
        max_positions: 100,
        target_holding_days: 1,
        venue: rules.venue,
    };
    let account = |id: &&str| AccountRule { id: (*id).into(), starting_cash: CASH, max_leverage: 1.0 };
    let allocation = Allocation { weights, ..Allocation::default() };
    PortfolioManager::new(accounts.iter().map(account).collect(), strategies.iter().map(rule).collect(), &allocation)
        .expect("legal")
}

/// Tries to wire a core whose account has no risk brain.
pub(super) fn without_risk() -> Result<TradeCore, TradingError> {
    let strategies: Vec<(Box<dyn Strategy>, &str)> = vec![(Box::new(Wisher::new("s", [])), "a")];
    let rules = Rules::default();
    let portfolio = portfolio(&strategies, &rules);
    let strategies = strategies.into_iter().map(|(strategy, _)| strategy).collect();
    let broker = Box::new(PaperBroker::new([("a".into(), CASH)], rules.terms));
    TradeCore::new(strategies, portfolio, Vec::new(), broker, rules.terms)
}

/// Keeps what it hears.
#[derive(Debug, Default)]
pub(super) struct Heard {
    kinds: Vec<String>,
    pub(super) fills: Vec<Execution>,
    refused: Vec<(usize, &'static str)>,
}

impl Heard {
    pub(super) fn kinds(&self) -> &[String] {
        &self.kinds
    }

    pub(super) fn take_kinds(&mut self) -> Vec<String> {
        mem::take(&mut self.kinds)
    }

    /// Returns the symbols of the orders that risk refused for a reason.
    pub(super) fn refusals(&self, reason: &str) -> Vec<usize> {
        self.refused.iter().filter(|(_, why)| *why == reason).map(|(of, _)| *of).collect()
    }
}

fn number(symbol: Symbol) -> usize {
    symbol.code() as usize - 600_000
}

impl EventSink for Heard {
    fn event(&mut self, event: Event<'_>) {
        let kind = match event {
            Event::Bar(bar) => format!("bar {}", number(bar.symbol)),
            Event::Signal(signal) => format!("signal {}", number(signal.symbol)),
            Event::Adjusted(cut) => format!("adjusted {}", cut.why),
            Event::Order(order, _) => format!("order {}", number(order.symbol)),
            Event::Refused(order, refusal) => {
                self.refused.push((number(order.symbol), refusal.name()));
                format!("refused {} {}", number(order.symbol), refusal.name())
            }
            Event::Execution(execution) => {
                if execution.shares > 0 {
                    self.fills.push(execution.clone());
                }
                format!("execution {} {}", number(execution.symbol), execution.status.word())
            }
            Event::Alert(_) => "alert".into(),
            Event::Mark(mark) => format!("mark {}", mark.account_id),
            Event::Positions(account, ..) => format!("positions {account}"),
        };
        self.kinds.push(kind);
    }
}

/// A core with its listener, driven session by session.
pub(super) struct Scenario {
    pub(super) core: TradeCore,
    pub(super) heard: Heard,
    date: Date,
}

impl Scenario {
    pub(super) fn of(wisher: Wisher) -> Self {
        Self::with(core(vec![(wisher, "a")], &Rules::default()))
    }

    pub(super) fn with(core: TradeCore) -> Self {
        Self { core, heard: Heard::default(), date: day(0) }
    }

    pub(super) fn open(&mut self, date: Date, references: &[(usize, Fen)]) {
        self.date = date;
        let days = days(date, references);
        let open = SessionOpen { at: date.at(9, 15, 0, 0), days: &days, actions: &BTreeMap::new(), falls: &[] };
        self.core.open_session(&open, &mut self.heard).expect("opened");
    }

    pub(super) fn try_decide(&mut self) -> Result<(), TradingError> {
        self.core.decide(self.date.at(9, 15, 0, 0), &[], &mut self.heard)
    }

    pub(super) fn decide(&mut self) {
        self.try_decide().expect("decided");
    }

    pub(super) fn step(&mut self, bars: &[Bar]) {
        self.core.step(bars, &mut self.heard).expect("played");
    }

    pub(super) fn close(&mut self) {
        self.core.close_session(self.date.at(15, 0, 0, 0), &mut self.heard);
    }

    /// Plays a whole session.
    pub(super) fn session(&mut self, date: Date, references: &[(usize, Fen)], steps: &[Vec<Bar>]) {
        self.open(date, references);
        self.decide();
        for step in steps {
            self.step(step);
        }
        self.close();
    }
}

pub(super) fn days(date: Date, references: &[(usize, Fen)]) -> Vec<(Symbol, SymbolDay)> {
    let of = |(number, reference): &(usize, Fen)| {
        let band = PriceBand::of(&LimitCase::ordinary(symbol(*number), date, cny(*reference)));
        (symbol(*number), SymbolDay { reference: Some(*reference), band, suspended: false })
    };
    references.iter().map(of).collect()
}
