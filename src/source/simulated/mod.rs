//! The simulated market: seeded A-share bars whose every day obeys the exchange's rules (`market`), so
//! that a fresh clone needs no other data. Never mixes with real bars: each row's source names the seed.
//!
//! The model. A symbol's daily return is its beta times one market factor, plus noise of its own with fat
//! tails, plus one thing that can be learned: a short-term reversal. Of the last five sessions' own
//! returns, 3.5 % comes back on the next (`daily::REVERSAL`), which gives a factor that sorts by them an
//! information coefficient of some 0.06 a day. Around that, by rule or by chance: suspensions, dividends
//! with bonus shares and rights, limit boards of one price (three in ten followed by another), shares under
//! special treatment, a delisting, listings inside the window with their sessions without a limit.
//!
//! The same specification gives the same bytes. Each symbol has streams of its own, so that more symbols
//! change no row of the others (the index apart, which is made of all).

mod daily;
mod dividend;
mod draw;
mod index;
mod life;
mod minute;
#[cfg(test)]
mod oracle;
mod roster;

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::{Date, date};

use crate::{
    exit::{Exit, Failure},
    market::{Calendar, CalendarError, DailyBar, Interval, MarketData, MinuteBar, session, tick::cny},
    seed::Seed,
};

use draw::Draw;
use life::Life;

pub use roster::Listing;

/// The last session of a market that names none: fixed, so that a seed gives the same bytes for ever.
pub const LAST_SESSION: Date = date(2025, 6, 30);

/// The most symbols; the roster's codes end there.
pub const SYMBOLS_MAX: usize = 3000;

/// The most rows of a table, to keep memory in bounds.
pub const ROWS_MAX: usize = 10_000_000;

/// What to simulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedSpec {
    /// Fixes every random choice.
    pub seed: Seed,
    /// How many symbols, from 1 to [`SYMBOLS_MAX`].
    pub symbols: usize,
    /// How many sessions, at least 1.
    pub days: usize,
    /// How many of the last sessions have minute bars; more than `days` counts as `days`.
    pub minute_days: usize,
    /// The last session.
    pub last_session: Date,
}

impl Default for SimulatedSpec {
    /// 60 symbols, 500 sessions up to [`LAST_SESSION`], minute bars for the last 5.
    fn default() -> Self {
        Self { seed: Seed::DEFAULT, symbols: 60, days: 500, minute_days: 5, last_session: LAST_SESSION }
    }
}

/// The sessions of a market and what the market factor did on each.
struct Window {
    seed: Seed,
    sessions: &'static [Date],
    factor: Vec<f64>,
}

impl SimulatedSpec {
    /// Returns the text of the `source` column.
    #[must_use]
    pub fn source(&self) -> String {
        format!("simulated:{}", self.seed)
    }

    fn window(&self) -> Result<Window, SimulatedError> {
        if self.symbols == 0 || self.symbols > SYMBOLS_MAX {
            return Err(SimulatedError::Symbols(self.symbols));
        }
        if self.days == 0 {
            return Err(SimulatedError::NoDays);
        }
        let calendar = Calendar::builtin();
        let last = calendar.offset(self.last_session, 0)?;
        let first = calendar.offset(last, 1 - self.days as i64)?;
        let minutes = session::bars_per_day(Interval::M1) * self.minute_days.min(self.days);
        let rows = self.symbols * self.days.max(minutes);
        if rows > ROWS_MAX {
            return Err(SimulatedError::Rows(rows));
        }
        let sessions = calendar.sessions(first..=last)?;
        Ok(Window { seed: self.seed, sessions, factor: market_factor(self.seed, sessions.len()) })
    }
}

/// Returns the market's return of each session; its volatility comes in clusters.
fn market_factor(seed: Seed, days: usize) -> Vec<f64> {
    let mut draw = Draw::new(seed, "market");
    let mut volatility = 0.010;
    let day = || {
        volatility = 0.92 * volatility + 0.08 * (0.004 + 0.008 * draw.normal().abs());
        0.0002 + volatility * draw.normal()
    };
    std::iter::repeat_with(day).take(days).collect()
}

/// Returns the symbols of the market, ascending: when each was listed, and from when it is an ST share.
///
/// # Errors
/// When the specification is out of bounds or reaches beyond the trading calendar.
pub fn listings(spec: &SimulatedSpec) -> Result<Vec<Listing>, SimulatedError> {
    Ok(roster::listings(&spec.window()?, spec.symbols))
}

/// Makes the market: daily bars, the index 000300.SH, one-minute bars, corporate actions, and listings with
/// special treatment and delistings, each table in its order. A symbol whose board opens after the window has no rows.
///
/// # Errors
/// When the specification is out of bounds or reaches beyond the trading calendar.
pub fn generate(spec: &SimulatedSpec) -> Result<MarketData, SimulatedError> {
    let window = spec.window()?;
    let listings = roster::listings(&window, spec.symbols);
    let mut lives: Vec<Life> = listings.iter().map(|listing| daily::live(&window, listing)).collect();
    let source: Arc<str> = spec.source().into();
    let minute = minute_bars(&window, &mut lives, spec.minute_days, &source);
    let mut actions: Vec<_> = lives.iter_mut().flat_map(|life| std::mem::take(&mut life.actions)).collect();
    actions.sort_by_key(|action| (action.ex_date, action.symbol));
    let mut securities: Vec<_> = listings.iter().flat_map(|listing| listing.events(window.sessions)).collect();
    securities.sort_by_key(|event| (event.date, event.symbol));
    Ok(MarketData {
        daily: daily_bars(&window, &lives, &source),
        index: index::bars(&window, &lives),
        minute: BTreeMap::from([(Interval::M1, minute)]),
        actions,
        securities,
        source_bars: Vec::new(),
    })
}

fn daily_bars(window: &Window, lives: &[Life], source: &Arc<str>) -> Vec<DailyBar> {
    let mut bars = Vec::with_capacity(window.sessions.len() * lives.len());
    for (at, date) in window.sessions.iter().enumerate() {
        bars.extend(lives.iter().filter_map(|life| {
            let day = life.day(at)?;
            Some(DailyBar {
                date: *date,
                symbol: life.symbol,
                open: cny(day.open),
                high: cny(day.high),
                low: cny(day.low),
                close: cny(day.close),
                volume: Some(day.volume),
                amount: Some(cny(day.amount)),
                preclose: day.preclose.map(cny),
                adj_factor: day.adj_factor,
                suspended: day.suspended,
                source: Arc::clone(source),
            })
        }));
    }
    bars
}

/// Makes the one-minute bars of the last sessions, whose turnover then is the daily bar's.
fn minute_bars(window: &Window, lives: &mut [Life], days: usize, source: &Arc<str>) -> Vec<MinuteBar> {
    let ends = session::bar_ends(Interval::M1);
    let first = window.sessions.len().saturating_sub(days);
    let mut bars = Vec::new();
    for (at, date) in window.sessions.iter().enumerate().skip(first) {
        let traded: Vec<_> = lives.iter_mut().filter_map(|life| minute::split(window, life, at)).collect();
        for (minute, end) in ends.iter().enumerate() {
            bars.extend(traded.iter().filter_map(|(symbol, minutes)| {
                let bar = minutes.get(minute)?;
                Some(MinuteBar {
                    ts: date.to_datetime(*end),
                    symbol: *symbol,
                    open: cny(bar.open),
                    high: cny(bar.high),
                    low: cny(bar.low),
                    close: cny(bar.close),
                    volume: Some(bar.volume),
                    amount: Some(cny(bar.amount)),
                    source: Arc::clone(source),
                })
            }));
        }
    }
    bars
}

/// A market that cannot be simulated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulatedError {
    /// None, or more symbols than there are codes.
    #[error("{0} symbols cannot be simulated: from 1 to {SYMBOLS_MAX} are possible")]
    Symbols(usize),
    /// No session.
    #[error("0 sessions cannot be simulated: at least 1 is needed")]
    NoDays,
    /// More rows than fit.
    #[error("{0} rows cannot be simulated: at most {ROWS_MAX} rows a table are possible")]
    Rows(usize),
    /// The window is not inside the trading calendar.
    #[error("the sessions to simulate are not known: {0}")]
    Calendar(#[from] CalendarError),
}

impl Failure for SimulatedError {
    fn exit(&self) -> Exit {
        match self {
            Self::Symbols(_) | Self::NoDays | Self::Rows(_) => Exit::Usage,
            Self::Calendar(error) => error.exit(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Symbols(_) => Some(format!("ask for 1 to {SYMBOLS_MAX} symbols")),
            Self::NoDays => Some("ask for at least 1 session".to_owned()),
            Self::Rows(_) => Some("ask for fewer symbols, sessions or sessions with minute bars".to_owned()),
            Self::Calendar(error) => error.remedy(),
        }
    }
}
