//! The panel as a trader sees it, one session after the other: bars of today, and the last close
//! and reference price of each symbol. Nothing after the current session can be asked for.

use crate::{
    market::{
        DailyPanel, Field, LimitCase, PriceBand, Symbol,
        tick::{cny, fen},
    },
    trading::{Bar, Fen, SymbolDay},
};

/// The hour at which the closing call ends.
const CLOSE_HOUR: i8 = 15;
/// What a bar is made of.
const BAR_FIELDS: [Field; 6] = [Field::Open, Field::High, Field::Low, Field::Close, Field::Volume, Field::Amount];

/// What the past says of one symbol.
#[derive(Debug, Clone, Copy, Default)]
struct Past {
    /// Session of the first bar.
    listed: Option<usize>,
    /// Session of the last bar before today.
    last_bar: Option<usize>,
    /// When the share last went ex by a known action, and the last close of then, lowered, fen.
    ex: Option<(usize, Option<Fen>)>,
}

impl Past {
    /// Says whether the share went ex since the last bar, by a known action.
    fn acted(&self) -> bool {
        self.ex.is_some_and(|(day, _)| self.last_bar.is_none_or(|bar| bar < day))
    }
}

/// What today says of one symbol before it opens.
#[derive(Debug, Clone, Copy, Default)]
struct Now {
    has_bar: bool,
    /// Today's reference price, fen, where the panel has it.
    preclose: Option<Fen>,
}

/// A panel that is read forward.
#[derive(Debug)]
pub(super) struct Tape<'a> {
    panel: &'a DailyPanel,
    today: usize,
    past: Vec<Past>,
    now: Vec<Now>,
}

impl<'a> Tape<'a> {
    /// Starts at the first session.
    pub(super) fn new(panel: &'a DailyPanel) -> Self {
        let symbols = panel.symbols().len();
        let mut tape =
            Self { panel, today: 0, past: vec![Past::default(); symbols], now: vec![Now::default(); symbols] };
        tape.look();
        tape
    }

    /// Moves on to the session `day`.
    pub(super) fn advance_to(&mut self, day: usize) {
        while self.today < day {
            let today = self.today;
            for (past, _) in self.past.iter_mut().zip(&self.now).filter(|(_, now)| now.has_bar) {
                past.listed.get_or_insert(today);
                past.last_bar = Some(today);
            }
            self.today += 1;
            self.look();
        }
    }

    /// Reads what today says before it opens.
    fn look(&mut self) {
        let (panel, today) = (self.panel, self.today);
        if today >= panel.dates().len() {
            self.now.fill(Now::default());
            return;
        }
        let precloses = column_on(panel, Field::Preclose, today);
        for ((symbol, now), preclose) in self.now.iter_mut().enumerate().zip(precloses) {
            let has_bar = panel.has_bar(symbol, today);
            *now = Now { has_bar, preclose: price(preclose).filter(|_| has_bar) };
        }
    }

    /// Returns a symbol's place in the panel.
    pub(super) fn index(&self, symbol: Symbol) -> Option<usize> {
        self.panel.symbols().binary_search(&symbol).ok()
    }

    fn now(&self, symbol: usize) -> Now {
        self.now.get(symbol).copied().unwrap_or_default()
    }

    fn past(&self, symbol: usize) -> Past {
        self.past.get(symbol).copied().unwrap_or_default()
    }

    /// Returns the last close before today, fen; lowered when the share went ex since. It is only read where
    /// it is asked for: mostly the exchange's reference price stands for it.
    pub(super) fn last_close(&self, symbol: usize) -> Option<Fen> {
        let past = self.past(symbol);
        let begin = past.ex.map_or(past.listed?, |(day, _)| day);
        let closes = (begin..=past.last_bar?).rev().filter(|day| self.panel.has_bar(symbol, *day));
        let mut closes = closes.filter_map(|day| price(self.panel.at(Field::Close, symbol, day)));
        closes.next().or(past.ex.and_then(|(_, lowered)| lowered))
    }

    /// Returns the session of the last bar, today's included.
    pub(super) fn last_bar(&self, symbol: usize) -> Option<usize> {
        if self.now(symbol).has_bar { Some(self.today) } else { self.past(symbol).last_bar }
    }

    /// Returns the price that today starts from, known before the open: the exchange's reference price,
    /// or the last close.
    pub(super) fn reference(&self, symbol: usize) -> Option<Fen> {
        self.now(symbol).preclose.or_else(|| self.last_close(symbol))
    }

    /// Lowers the last close of a share that goes ex today.
    pub(super) fn go_ex(&mut self, symbol: usize, reference: Option<Fen>) {
        let lowered = reference.or_else(|| self.last_close(symbol));
        if let Some(past) = self.past.get_mut(symbol) {
            past.ex = Some((self.today, lowered));
        }
    }

    /// Returns by how much today's reference price lies below the last close where no known action
    /// explains it, fen; zero on an ordinary day.
    pub(super) fn unexplained_fall(&self, symbol: usize) -> Fen {
        match (self.last_close(symbol), self.now(symbol).preclose) {
            (Some(close), Some(reference)) if !self.past(symbol).acted() => (close - reference).max(0),
            _ => 0,
        }
    }

    /// Returns the reference price of every symbol, by symbol: what it is before today opens, without the
    /// limits of those that nobody trades.
    pub(super) fn references(&self) -> Vec<(Symbol, SymbolDay)> {
        let mut days = Vec::with_capacity(self.past.len());
        let symbols = self.panel.symbols().iter().zip(&self.now).enumerate();
        days.extend(symbols.map(|(place, (symbol, now))| {
            let reference = now.preclose.or_else(|| self.last_close(place));
            (*symbol, SymbolDay { reference, ..SymbolDay::default() })
        }));
        days
    }

    /// Returns all that is known of a symbol before today opens.
    pub(super) fn day(&self, symbol: usize) -> Option<(Symbol, SymbolDay)> {
        let (of, date) = (*self.panel.symbols().get(symbol)?, *self.panel.dates().get(self.today)?);
        let reference = self.reference(symbol);
        let band = PriceBand::of(&LimitCase {
            symbol: of,
            date,
            reference: reference.map_or(f64::NAN, cny),
            is_st: self.panel.is_st(symbol, self.today),
            sessions_since_listing: self.sessions_since_listing(symbol),
        });
        Some((of, SymbolDay { reference, band, suspended: !self.panel.trades(symbol, self.today) }))
    }

    /// Returns today's bars of some symbols, each of which covers the whole session; a symbol without one is
    /// left out. The panel is read column after column: its cells lie far apart, and reads that do not wait
    /// for one another hide how far.
    pub(super) fn bars(&self, symbols: &[usize]) -> Vec<Bar> {
        let Some(date) = self.panel.dates().get(self.today) else { return Vec::new() };
        let end = date.at(CLOSE_HOUR, 0, 0, 0);
        let days = self.panel.dates().len();
        let mut rows = vec![[f64::NAN; BAR_FIELDS.len()]; symbols.len()];
        for (place, field) in BAR_FIELDS.into_iter().enumerate() {
            let column = self.panel.column(field);
            for (row, symbol) in rows.iter_mut().zip(symbols) {
                row[place] = column.get(symbol * days + self.today).copied().unwrap_or(f64::NAN);
            }
        }
        let bar = |(symbol, [open, high, low, close, volume, amount]): (&usize, [f64; BAR_FIELDS.len()])| {
            let of = self.panel.symbols().get(*symbol).filter(|_| self.now(*symbol).has_bar)?;
            Some(Bar {
                symbol: *of,
                end,
                open: price(open)?,
                high: price(high)?,
                low: price(low)?,
                close: price(close)?,
                volume: volume.is_finite().then_some(volume as i64),
                amount: amount.is_finite().then_some(amount),
                opens: true,
                closes: true,
            })
        };
        let mut bars = Vec::with_capacity(symbols.len());
        bars.extend(symbols.iter().zip(rows).filter_map(bar));
        bars
    }

    /// Where the panel does not know it, a symbol whose bars begin after the panel's was listed then; of the
    /// others it is not known.
    fn sessions_since_listing(&self, symbol: usize) -> Option<u32> {
        let told = self.panel.sessions_since_listing(symbol, self.today);
        if told.is_some() || self.panel.knows(symbol) {
            return told;
        }
        let listed = self.past(symbol).listed.unwrap_or(self.today);
        (listed > 0).then(|| (self.today - listed) as u32)
    }
}

/// Returns a price in CNY as fen; none where there is none.
fn price(cny: f64) -> Option<Fen> {
    fen(cny).filter(|price| *price > 0)
}

/// Returns one session of a column, symbol after symbol.
fn column_on(panel: &DailyPanel, field: Field, day: usize) -> impl Iterator<Item = f64> {
    panel.column(field).iter().skip(day).step_by(panel.dates().len().max(1)).copied()
}
