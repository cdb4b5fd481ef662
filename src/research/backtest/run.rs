//! The loop of the backtest: session by session, entitlements, sells, buys, valuation.

use std::collections::BTreeMap;

use jiff::civil::Date;
use tracing::{info, warn};

use super::{
    BacktestError, BacktestParams, BacktestResult, EquityDay,
    portfolio::{Targets, select},
    shortfall::Shortfalls,
    tape::Tape,
};
use crate::{
    digest::Digest,
    market::{
        CorporateAction, DailyPanel, LotRule, Side, Symbol,
        adjust::ex_reference_price,
        tick::{cny, fen},
    },
    trading::{Account, Fen, Fill, Order, Reject, TradeTerms, affordable_shares, cash_in_lieu, entitle, execute},
};

/// What a backtest runs on.
#[derive(Debug, Clone, Copy)]
pub struct BacktestInput<'a> {
    /// The bars: S symbols x D sessions.
    pub panel: &'a DailyPanel,
    /// Scores, S x D, symbol after symbol; NaN where there is none. Higher is better.
    pub scores: &'a [f64],
    /// Corporate actions, in any order.
    pub actions: &'a [CorporateAction],
    /// Whether a symbol is under special treatment, S x D; none when not known.
    pub is_st: Option<&'a [bool]>,
    /// The settings.
    pub params: &'a BacktestParams,
}

/// Trades the scores: those of one session on the next, from `params.from` to `params.to`.
///
/// # Errors
/// When a setting is out of range, there is no session, or nothing has a score.
pub fn run(input: &BacktestInput<'_>) -> Result<BacktestResult, BacktestError> {
    let cash = input.params.checked_cash()?;
    let window = window(input)?;
    let mut session = Session::new(input, cash, window.start);
    for day in window {
        session.play(day);
    }
    let result = session.into_result();
    info!(trades = result.trades.len(), sessions = result.equity.len(), digest = %result.digest.short(), "backtest done");
    result.notes.iter().for_each(|note| warn!("backtest: {note}"));
    Ok(result)
}

/// Returns the sessions to trade, after checking that there is something to trade on them.
fn window(input: &BacktestInput<'_>) -> Result<std::ops::Range<usize>, BacktestError> {
    let (dates, params) = (input.panel.dates(), input.params);
    let cells = input.panel.symbols().len() * dates.len();
    let flags = input.is_st.map_or(cells, <[bool]>::len);
    for (what, got) in [("scores", input.scores.len()), ("is_st", flags)] {
        if got != cells {
            return Err(BacktestError::Layout { what, got, expected: cells });
        }
    }
    // The first session has none before it to decide on.
    let start = params.from.map_or(0, |from| dates.partition_point(|date| *date < from)).max(1);
    let end = params.to.map_or(dates.len(), |to| dates.partition_point(|date| *date <= to));
    let Some(last) = end.checked_sub(2).filter(|_| start < end).and_then(|day| dates.get(day)) else {
        return Err(BacktestError::NoSessions { from: params.from, to: params.to, have: dates.len() });
    };
    let scored = |day: usize| scores_of(input, day).any(f64::is_finite);
    if !(start..end).step_by(params.rebalance_every).any(|day| scored(day - 1)) {
        return Err(BacktestError::NothingToTrade { days: end - start, last: *last });
    }
    Ok(start..end)
}

fn scores_of<'a>(input: &BacktestInput<'a>, day: usize) -> impl Iterator<Item = f64> + use<'a> {
    input.scores.iter().skip(day).step_by(input.panel.dates().len()).copied()
}

struct Session<'a> {
    input: BacktestInput<'a>,
    terms: TradeTerms,
    first: usize,
    tape: Tape<'a>,
    account: Account,
    actions: BTreeMap<Date, BTreeMap<Symbol, Vec<CorporateAction>>>,
    shortfalls: Shortfalls,
    result: BacktestResult,
}

impl<'a> Session<'a> {
    fn new(input: &BacktestInput<'a>, cash: Fen, first: usize) -> Self {
        let mut actions: BTreeMap<Date, BTreeMap<Symbol, Vec<CorporateAction>>> = BTreeMap::new();
        for action in input.actions {
            actions.entry(action.ex_date).or_default().entry(action.symbol).or_default().push(action.clone());
        }
        Self {
            input: *input,
            terms: input.params.terms(),
            first,
            tape: Tape::new(input.panel, input.is_st),
            account: Account::with_cash(cash),
            actions,
            shortfalls: Shortfalls::default(),
            result: BacktestResult {
                params: input.params.clone(),
                equity: Vec::new(),
                trades: Vec::new(),
                rejects: BTreeMap::new(),
                cut_by_cash: 0,
                cut_by_volume: 0,
                dividends: 0,
                notes: Vec::new(),
                digest: Digest::of(""),
            },
        }
    }

    fn play(&mut self, day: usize) {
        let Some(date) = self.input.panel.dates().get(day).copied() else { return };
        self.tape.advance_to(day);
        self.account.open_session();
        self.entitle(day, date);
        let before = self.result.trades.len();
        if (day - self.first).is_multiple_of(self.input.params.rebalance_every) {
            self.rebalance(day);
        }
        let nav = self.value(Tape::close);
        let opening = self.result.equity.last().map_or(self.initial_cash(), |day| day.nav);
        let traded: Fen = self.result.trades.iter().skip(before).map(Fill::value).sum();
        self.result.equity.push(EquityDay {
            date,
            nav,
            cash: self.account.cash(),
            ret: over(nav, opening) - 1.0,
            turnover: over(traded, opening) / 2.0,
        });
    }

    fn initial_cash(&self) -> Fen {
        fen(self.input.params.initial_cash).unwrap_or(0)
    }

    fn value(&self, price: impl Fn(&Tape<'a>, usize) -> Option<Fen>) -> Fen {
        self.account.value_at(|symbol| self.tape.index(symbol).and_then(|name| price(&self.tape, name)).unwrap_or(0))
    }

    /// Credits what went ex since the session before; where the reference price fell without a known
    /// action, the fall is paid in cash.
    fn entitle(&mut self, day: usize, date: Date) {
        let Some(before) = self.input.panel.dates().get(day - 1) else { return };
        let range = (std::ops::Bound::Excluded(*before), std::ops::Bound::Included(date));
        for (symbol, actions) in self.actions.range(range).flat_map(|(_, by_symbol)| by_symbol) {
            let Some(name) = self.tape.index(*symbol) else { continue };
            let close = self.tape.last_close(name).map_or(f64::NAN, cny);
            self.tape.go_ex(name, ex_reference_price(close, actions).and_then(fen));
            if let Some(received) = entitle(&mut self.account, actions) {
                self.result.dividends += received.cash;
                self.shortfalls.rights_lapsed += usize::from(received.rights_lapsed);
            }
        }
        let held: Vec<Symbol> = self.account.positions().keys().copied().collect();
        for symbol in held {
            let fall = self.tape.index(symbol).map_or(0, |name| self.tape.unexplained_fall(name));
            if let Some(received) = cash_in_lieu(&mut self.account, symbol, fall) {
                self.result.dividends += received.cash;
                self.shortfalls.inferred += 1;
            }
        }
    }

    /// Trades towards the targets of the session before: sells first, then buys, best name first.
    fn rebalance(&mut self, day: usize) {
        self.shortfalls.decisions += 1;
        let params = self.input.params;
        let scores = scores_of(&self.input, day - 1);
        let Some(targets) = select(scores, self.input.panel.symbols(), params.top_k, params.max_weight) else {
            self.shortfalls.without_scores += 1;
            return;
        };
        self.shortfalls.count(targets.scored, params.top_k);
        let wanted = self.wanted_shares(&targets);
        let held: Vec<(Symbol, i64)> =
            self.account.positions().iter().map(|(symbol, position)| (*symbol, position.shares)).collect();
        for (symbol, shares) in held {
            let keep = wanted.iter().find(|(of, _)| *of == symbol).map_or(0, |(_, shares)| *shares);
            if keep < shares {
                self.trade(Order { symbol, side: Side::Sell, shares: shares - keep });
            }
        }
        for (symbol, shares) in wanted {
            let more = shares - self.account.position(symbol).shares;
            if more > 0 {
                self.buy(symbol, more);
            }
        }
    }

    /// Returns the shares to hold of each target, best first, from prices known before the open; a name
    /// without any is refused, because it cannot be sized.
    fn wanted_shares(&mut self, targets: &Targets) -> Vec<(Symbol, i64)> {
        let budget = (self.value(Tape::reference) as f64 * targets.weight) as Fen;
        let mut wanted = Vec::with_capacity(targets.names.len());
        for name in &targets.names {
            match self.tape.reference(*name).zip(self.input.panel.symbols().get(*name)) {
                // One share at least, so that a lot that is too dear is refused and not forgotten.
                Some((price, symbol)) => wanted.push((*symbol, (budget / price).max(1))),
                None => self.refuse(Reject::NoPrice),
            }
        }
        wanted
    }

    fn refuse(&mut self, reject: Reject) {
        *self.result.rejects.entry(reject).or_default() += 1;
    }

    fn buy(&mut self, symbol: Symbol, shares: i64) {
        let held = self.account.position(symbol).shares > 0;
        if held && LotRule::of(symbol.board()).round_buy(shares) == 0 {
            return;
        }
        let quote = self.tape.index(symbol).and_then(|name| self.tape.quote(name, self.input.params.execution));
        let Some((date, price)) = quote.and_then(|quote| Some((quote.date, quote.price?))) else {
            return self.trade(Order { symbol, side: Side::Buy, shares });
        };
        let affordable = affordable_shares(self.account.cash(), symbol, shares, price, date, &self.terms);
        let whole = LotRule::of(symbol.board()).round_buy(shares);
        if affordable < whole && affordable > 0 {
            self.result.cut_by_cash += 1;
        }
        let shares = if affordable > 0 { affordable.min(whole) } else { shares };
        self.trade(Order { symbol, side: Side::Buy, shares });
    }

    fn trade(&mut self, order: Order) {
        let quote = self.tape.index(order.symbol).and_then(|name| self.tape.quote(name, self.input.params.execution));
        let outcome =
            quote.ok_or(Reject::NoPrice).and_then(|quote| execute(&mut self.account, &order, &quote, 0, &self.terms));
        match outcome {
            Ok(fill) => {
                self.result.cut_by_volume += usize::from(fill.shares < fill.wanted);
                self.result.trades.push(fill);
            }
            // A part of a lot that stays is no refusal: the position is on target within a lot.
            Err(Reject::BelowLot) if order.side == Side::Sell => {}
            Err(reject) => self.refuse(reject),
        }
    }

    fn into_result(mut self) -> BacktestResult {
        self.result.notes = self.shortfalls.notes(self.input.params.top_k);
        if self.result.trades.is_empty() {
            self.result.notes.push("nothing was traded: every order was refused".into());
        }
        let stale = self.stale().into_iter().map(|(symbol, date)| {
            format!("{symbol} is valued at its close of {date}: it has no bar on the last session")
        });
        self.result.notes.extend(stale);
        self.result.digested()
    }

    fn stale(&self) -> Vec<(Symbol, Date)> {
        let dates = self.input.panel.dates();
        let last = self.result.equity.last().map(|day| day.date);
        let of = |symbol: &Symbol| {
            let date = *dates.get(self.tape.last_bar(self.tape.index(*symbol)?)?)?;
            (Some(date) != last).then_some((*symbol, date))
        };
        self.account.positions().keys().filter_map(of).collect()
    }
}

fn over(part: Fen, whole: Fen) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
