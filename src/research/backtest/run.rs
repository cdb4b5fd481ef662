//! The loop of the backtest: session by session, what is known before the open, the decision, the bars,
//! the worth at the close.

use std::collections::BTreeMap;

use jiff::civil::Date;
use tracing::{info, warn};

use super::{
    BacktestError, BacktestParams, BacktestResult, EquityDay, shortfall::Shortfalls, tally::Tally, tape::Tape,
    words::Word,
};
use crate::{
    digest::Digest,
    market::{
        CorporateAction, DailyPanel, Symbol,
        adjust::ex_reference_price,
        tick::{cny, fen},
    },
    text::Note,
    trading::{Fen, SessionOpen, TradeCore, TradingError, risk::in_words},
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
    /// The window.
    pub params: &'a BacktestParams,
}

/// Trades the scores with a fresh TradeCore: those of one session on the next, from `params.from` to
/// `params.to`.
///
/// # Errors
/// When there is no session, nothing has a score, or trading ends early.
pub fn run(input: &BacktestInput<'_>, core: TradeCore) -> Result<BacktestResult, BacktestError> {
    run_telling(input, core, &|_, _| {})
}

/// As [`run`]; `progress` hears how many sessions of how many are done.
///
/// # Errors
/// As [`run`].
pub fn run_telling(
    input: &BacktestInput<'_>,
    core: TradeCore,
    progress: &dyn Fn(usize, usize),
) -> Result<BacktestResult, BacktestError> {
    let window = window(input)?;
    let sessions = window.len();
    let mut replay = Replay::new(input, core);
    for (done, day) in window.enumerate() {
        progress(done, sessions);
        let Some(date) = input.panel.dates().get(day).copied() else { continue };
        replay.play(day, date).map_err(|source| BacktestError::Trading { date, source })?;
    }
    let result = replay.into_result();
    info!(trades = result.trades.len(), sessions = result.equity.len(), digest = %result.digest.short(), "backtest done");
    result.notes.iter().for_each(|note| warn!("backtest: {}", &**note));
    Ok(result)
}

/// Returns the sessions to trade, after checking that there is something to trade on them.
fn window(input: &BacktestInput<'_>) -> Result<std::ops::Range<usize>, BacktestError> {
    let (dates, params) = (input.panel.dates(), input.params);
    let cells = input.panel.symbols().len() * dates.len();
    if input.scores.len() != cells {
        return Err(BacktestError::Layout { what: "scores", got: input.scores.len(), expected: cells });
    }
    // The first session has none before it to decide on.
    let start = params.from.map_or(0, |from| dates.partition_point(|date| *date < from)).max(1);
    let end = params.to.map_or(dates.len(), |to| dates.partition_point(|date| *date <= to));
    let Some(last) = end.checked_sub(2).filter(|_| start < end).and_then(|day| dates.get(day)) else {
        return Err(BacktestError::NoSessions { from: params.from, to: params.to, have: dates.len() });
    };
    if !(start..end).any(|day| !candidates(input, day).is_empty()) {
        return Err(BacktestError::NothingToTrade { days: end - start, last: *last });
    }
    Ok(start..end)
}

/// Returns what a session may trade, by symbol: the finite scores of the session before, of shares that are
/// still listed. That a share is delisted is known before the session opens.
fn candidates(input: &BacktestInput<'_>, day: usize) -> Vec<(Symbol, f64)> {
    let Some(before) = day.checked_sub(1) else { return Vec::new() };
    let scores = input.scores.iter().skip(before).step_by(input.panel.dates().len()).copied();
    let symbols = input.panel.symbols().iter().copied().zip(scores).enumerate();
    let may_trade = |(at, (_, score)): &(usize, (Symbol, f64))| score.is_finite() && input.panel.is_listed(*at, day);
    let mut known = Vec::with_capacity(input.panel.symbols().len());
    known.extend(symbols.filter(may_trade).map(|(_, scored)| scored));
    known
}

/// A backtest under way.
struct Replay<'a> {
    input: BacktestInput<'a>,
    core: TradeCore,
    tape: Tape<'a>,
    actions: BTreeMap<Date, BTreeMap<Symbol, Vec<CorporateAction>>>,
    initial: Fen,
    tally: Tally,
    shortfalls: Shortfalls,
    equity: Vec<EquityDay>,
    dividends: Fen,
}

impl<'a> Replay<'a> {
    fn new(input: &BacktestInput<'a>, core: TradeCore) -> Self {
        let mut actions: BTreeMap<Date, BTreeMap<Symbol, Vec<CorporateAction>>> = BTreeMap::new();
        for action in input.actions {
            actions.entry(action.ex_date).or_default().entry(action.symbol).or_default().push(action.clone());
        }
        Self {
            input: *input,
            tape: Tape::new(input.panel),
            actions,
            initial: core.nav(),
            core,
            tally: Tally::default(),
            shortfalls: Shortfalls::default(),
            equity: Vec::new(),
            dividends: 0,
        }
    }

    fn play(&mut self, day: usize, date: Date) -> Result<(), TradingError> {
        self.tape.advance_to(day);
        self.tally.open_session();
        self.open(day, date)?;
        let scores = candidates(&self.input, day);
        self.shortfalls.decisions += 1;
        if scores.is_empty() {
            self.shortfalls.without_scores += 1;
        } else {
            self.core.decide(date.at(9, 15, 0, 0), &scores, &mut self.tally)?;
            self.shortfalls.count(scores.len(), self.tally.wished);
        }
        self.trade()?;
        self.core.close_session(date.at(15, 0, 0, 0), &mut self.tally);
        let nav = self.core.nav();
        let opening = self.equity.last().map_or(self.initial, |day| day.nav);
        self.equity.push(EquityDay {
            date,
            nav,
            cash: self.core.cash(),
            ret: over(nav, opening) - 1.0,
            turnover: over(self.tally.traded, opening) / 2.0,
        });
        Ok(())
    }

    /// Plays the session's bars of the symbols that are held or ordered: no other bar changes anything, and
    /// a daily bar is shown to no strategy.
    fn trade(&mut self) -> Result<(), TradingError> {
        let concerned = self.core.concerned();
        let mut names = Vec::with_capacity(concerned.len());
        names.extend(concerned.into_iter().filter_map(|symbol| self.tape.index(symbol)));
        let bars = self.tape.bars(&names);
        let mut days = Vec::with_capacity(names.len());
        days.extend(names.into_iter().filter_map(|name| self.tape.day(name)));
        self.core.brief(&days);
        self.core.step(&bars, &mut self.tally)
    }

    /// Opens the session: what went ex since the session before is credited; where the reference price
    /// fell without a known action, the fall is paid in cash.
    fn open(&mut self, day: usize, date: Date) -> Result<(), TradingError> {
        let before = self.input.panel.dates().get(day - 1).copied().unwrap_or(date);
        let range = (std::ops::Bound::Excluded(before), std::ops::Bound::Included(date));
        let mut actions: BTreeMap<Symbol, Vec<CorporateAction>> = BTreeMap::new();
        for (symbol, of_date) in self.actions.range(range).flat_map(|(_, by_symbol)| by_symbol) {
            let Some(name) = self.tape.index(*symbol) else { continue };
            let close = self.tape.last_close(name).map_or(f64::NAN, cny);
            self.tape.go_ex(name, ex_reference_price(close, of_date).and_then(fen));
            actions.entry(*symbol).or_default().extend(of_date.iter().cloned());
        }
        let fall =
            |symbol: Symbol| (symbol, self.tape.index(symbol).map_or(0, |name| self.tape.unexplained_fall(name)));
        let falls: Vec<(Symbol, Fen)> =
            self.core.concerned().into_iter().map(fall).filter(|(_, fall)| *fall > 0).collect();
        let days = self.tape.references();
        let open = SessionOpen { at: date.at(9, 15, 0, 0), days: &days, actions: &actions, falls: &falls };
        for received in self.core.open_session(&open, &mut self.tally)? {
            self.dividends += received.cash;
            self.shortfalls.rights_lapsed += usize::from(received.rights_lapsed);
            self.shortfalls.inferred += usize::from(!actions.contains_key(&received.symbol));
        }
        Ok(())
    }

    fn into_result(self) -> BacktestResult {
        let mut notes = self.shortfalls.notes();
        if self.tally.trades.is_empty() {
            notes.push(Word::NothingTraded.into());
        }
        notes.extend(self.tally.alerts.iter().map(|(at, message)| Note::new(Word::Risk, [at, &in_words(message)])));
        notes.extend(self.stale().into_iter().map(|(symbol, date)| {
            let last = self.equity.last().and_then(|day| self.input.panel.dates().binary_search(&day.date).ok());
            let delisted =
                self.tape.index(symbol).zip(last).and_then(|(name, last)| self.input.panel.delisted_on(name, last));
            match delisted {
                Some(on) => Note::new(Word::Delisted, [&symbol, &date, &on]),
                None => Note::new(Word::NoBar, [&symbol, &date]),
            }
        }));
        let result = BacktestResult {
            params: *self.input.params,
            equity: self.equity,
            trades: self.tally.trades,
            rejects: self.tally.rejects,
            cut: self.tally.cut,
            limited: self.tally.limited,
            dividends: self.dividends,
            notes,
            digest: Digest::of(""),
        };
        result.digested()
    }

    fn stale(&self) -> Vec<(Symbol, Date)> {
        let dates = self.input.panel.dates();
        let last = self.equity.last().map(|day| day.date);
        let accounts = self.core.accounts().filter_map(|id| self.core.account(id));
        let mut stale: BTreeMap<Symbol, Date> = BTreeMap::new();
        for symbol in accounts.flat_map(|account| account.positions().keys()) {
            let bar = self.tape.index(*symbol).and_then(|name| self.tape.last_bar(name));
            if let Some(date) = bar.and_then(|bar| dates.get(bar)).filter(|date| Some(**date) != last) {
                stale.insert(*symbol, *date);
            }
        }
        stale.into_iter().collect()
    }
}

fn over(part: Fen, whole: Fen) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
