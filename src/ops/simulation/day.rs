//! The day to replay: its bars in steps of market time, and what was known before it opened.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{error::SimulationError, words::Word};
use crate::{
    exit::AnyFailure,
    market::{
        Calendar, CorporateAction, DailyBar, Interval, LimitCase, MinuteBar, PriceBand, Symbol, session,
        tick::{cny, fen},
    },
    store::{Query, Stores, Table},
    text::Note,
    trading::{Bar, Fen, SymbolDay},
};

/// A session, ready to be replayed.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) interval: Interval,
    /// Bars that end together, in order of time; in a step by symbol.
    pub(super) steps: Vec<Vec<Bar>>,
    pub(super) days: Vec<(Symbol, SymbolDay)>,
    pub(super) actions: BTreeMap<Symbol, Vec<CorporateAction>>,
    /// What a reader must know.
    pub(super) notes: Vec<Note>,
}

impl Day {
    /// Reads a day with the shortest bars that it has; of all symbols, or of those named.
    ///
    /// # Errors
    /// When the day has no bars, or a named symbol has none; what the store says.
    pub(super) fn read(stores: &Stores, date: Date, symbols: &BTreeSet<Symbol>) -> Result<Self, AnyFailure> {
        let (interval, bars) = intraday(stores, date, symbols)?;
        let present: BTreeSet<Symbol> = bars.iter().map(|bar| bar.symbol).collect();
        let missing: Vec<String> = symbols.difference(&present).map(ToString::to_string).collect();
        if !missing.is_empty() {
            return Err(SimulationError::NoBarsOf { date, symbols: missing.join(", ") }.into());
        }
        let mut notes = Vec::new();
        let others = with_longer_bars(stores, date, interval, symbols, &present)?;
        if others > 0 {
            notes.push(Note::new(Word::LongerBars, [&others, &interval.minutes()]));
        }
        let steps = steps(&bars, interval, &mut notes);
        let days = known_before(stores, date, &present, &mut notes)?;
        let before = Calendar::builtin().previous_session(date)?;
        let mut actions: BTreeMap<Symbol, Vec<CorporateAction>> = BTreeMap::new();
        for action in stores.actions(date)? {
            if action.ex_date > before && present.contains(&action.symbol) {
                actions.entry(action.symbol).or_default().push(action);
            }
        }
        Ok(Self { date, interval, steps, days, actions, notes })
    }
}

fn intraday(stores: &Stores, date: Date, symbols: &BTreeSet<Symbol>) -> Result<(Interval, Vec<MinuteBar>), AnyFailure> {
    let mut traded = false;
    for interval in Interval::ALL {
        let mut bars = stores.minute(interval, date)?;
        traded |= !bars.is_empty();
        bars.retain(|bar| symbols.is_empty() || symbols.contains(&bar.symbol));
        if !bars.is_empty() {
            return Ok((interval, bars));
        }
    }
    if traded {
        let symbols: Vec<String> = symbols.iter().map(ToString::to_string).collect();
        return Err(SimulationError::NoBarsOf { date, symbols: symbols.join(", ") }.into());
    }
    let newest = newest_until(stores, Calendar::builtin().last())?;
    Err(SimulationError::NoBars { date, newest }.into())
}

/// Counts the symbols that the day has with longer bars only.
fn with_longer_bars(
    stores: &Stores,
    date: Date,
    chosen: Interval,
    symbols: &BTreeSet<Symbol>,
    present: &BTreeSet<Symbol>,
) -> Result<usize, AnyFailure> {
    let mut others = BTreeSet::new();
    for interval in Interval::ALL.into_iter().filter(|interval| *interval > chosen) {
        let bars = stores.minute(interval, date)?;
        others.extend(bars.iter().map(|bar| bar.symbol).filter(|symbol| !present.contains(symbol)));
    }
    others.retain(|symbol| symbols.is_empty() || symbols.contains(symbol));
    Ok(others.len())
}

/// Returns the newest session with intraday bars, up to a date.
pub(super) fn newest_until(stores: &Stores, last: Date) -> Result<Option<Date>, AnyFailure> {
    let mut newest = None;
    for interval in Interval::ALL {
        let partitions = stores.partitions(Table::Minute(interval))?;
        newest = newest.max(partitions.range(..=last).next_back().map(|(date, _)| *date));
    }
    Ok(newest)
}

/// Groups bars by their end. The first bar of a symbol holds its opening call; the bar that ends the
/// session holds the closing call.
fn steps(bars: &[MinuteBar], interval: Interval, notes: &mut Vec<Note>) -> Vec<Vec<Bar>> {
    let mut by_end: BTreeMap<jiff::civil::DateTime, BTreeMap<Symbol, Bar>> = BTreeMap::new();
    let (mut begun, mut unreadable) = (BTreeSet::new(), 0_usize);
    let last = session::bars_per_day(interval) - 1;
    let mut ordered: Vec<&MinuteBar> = bars.iter().collect();
    ordered.sort_by_key(|bar| (bar.ts, bar.symbol));
    for minute in ordered {
        let closes = session::bar_index(interval, minute.ts.time()) == Some(last);
        match Bar::from_minute(minute, !begun.contains(&minute.symbol), closes) {
            Some(bar) => {
                begun.insert(bar.symbol);
                by_end.entry(bar.end).or_default().insert(bar.symbol, bar);
            }
            None => unreadable += 1,
        }
    }
    if unreadable > 0 {
        notes.push(Note::new(Word::UnreadableBars, [&unreadable]));
    }
    by_end.into_values().map(|step| step.into_values().collect()).collect()
}

/// Returns what was known of each symbol before the day opened: the reference price that the exchange
/// publishes, else the last close, and the price limits that follow from it.
fn known_before(
    stores: &Stores,
    date: Date,
    present: &BTreeSet<Symbol>,
    notes: &mut Vec<Note>,
) -> Result<Vec<(Symbol, SymbolDay)>, AnyFailure> {
    let calendar = Calendar::builtin();
    let symbols: Vec<Symbol> = present.iter().copied().collect();
    // The window spans the longest listing period without limits and an ordinary suspension.
    let from = calendar.offset(date, -30).ok();
    let daily = stores.daily(&Query { from, up_to: date, symbols: Some(&symbols) })?;
    let before = calendar.previous_session(date)?;
    let mut earlier: BTreeMap<Symbol, Fen> = BTreeMap::new();
    for interval in Interval::ALL.into_iter().rev() {
        for bar in stores.minute(interval, before)? {
            if let Some(close) = fen(bar.close).filter(|close| *close > 0) {
                earlier.insert(bar.symbol, close);
            }
        }
    }
    let history = stores.security_history(date)?.held_against(&daily);
    if history.is_empty() {
        notes.push(Word::StatusUnknown.into());
    }
    let (mut days, mut unknown) = (Vec::with_capacity(symbols.len()), Vec::new());
    for symbol in symbols {
        let reference = reference(&daily, symbol, date).or_else(|| earlier.get(&symbol).copied());
        if reference.is_none() {
            unknown.push(symbol.to_string());
        }
        let band = PriceBand::of(&LimitCase {
            symbol,
            date,
            reference: reference.map_or(f64::NAN, cny),
            is_st: history.is_st(symbol, date),
            sessions_since_listing: history.sessions_since_listing(symbol, date),
        });
        days.push((symbol, SymbolDay { reference, band, suspended: false }));
    }
    if !unknown.is_empty() {
        notes.push(Note::new(Word::NoReference, [&unknown.join(", ")]));
    }
    Ok(days)
}

fn reference(daily: &[DailyBar], symbol: Symbol, date: Date) -> Option<Fen> {
    let mut of = daily.iter().rev().filter(|bar| bar.symbol == symbol);
    let newest = of.next()?;
    if newest.date == date {
        // Of the day itself only the reference price was known before it opened.
        newest.preclose.and_then(fen).or_else(|| of.next().and_then(|bar| fen(bar.close)))
    } else {
        fen(newest.close)
    }
    .filter(|price| *price > 0)
}

#[cfg(test)]
mod tests {
    use super::steps;
    use crate::market::{Interval, MinuteBar};

    fn minute(symbol: &str, ts: &str, close: f64) -> MinuteBar {
        MinuteBar {
            ts: ts.parse().expect("a time"),
            symbol: symbol.parse().expect("a symbol"),
            open: close,
            high: close,
            low: close,
            close,
            volume: Some(100),
            amount: None,
            source: "test".into(),
        }
    }

    #[test]
    fn first_and_last_bars_hold_the_calls_and_bad_prices_are_said() {
        let bars = [
            minute("600000.SH", "2025-01-02T15:00", 10.0),
            minute("000001.SZ", "2025-01-02T09:45", 0.0),
            minute("600000.SH", "2025-01-02T09:45", 10.0),
            minute("000001.SZ", "2025-01-02T10:00", 5.0),
        ];
        let mut notes = Vec::new();
        let steps = steps(&bars, Interval::M15, &mut notes);
        let flags: Vec<Vec<(u32, bool, bool)>> = steps
            .iter()
            .map(|step| step.iter().map(|bar| (bar.symbol.code(), bar.opens, bar.closes)).collect())
            .collect();
        assert_eq!(flags, [vec![(600_000, true, false)], vec![(1, true, false)], vec![(600_000, false, true)]]);
        assert_eq!(notes.len(), 1);
    }
}
