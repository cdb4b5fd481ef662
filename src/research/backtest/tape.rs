//! The panel as a trader sees it, one session after the other: bars of today, and the last close
//! and reference price of each symbol. Nothing after the current session can be asked for.

use jiff::civil::DateTime;

use crate::{
    market::{
        DailyPanel, Field, LimitCase, PriceBand, Symbol,
        tick::{cny, fen},
    },
    trading::{Bar, Fen, SymbolDay},
};

/// The hour at which the closing call ends.
const CLOSE_HOUR: i8 = 15;

/// What the past says of one symbol.
#[derive(Debug, Clone, Copy, Default)]
struct Past {
    /// Session of the first bar.
    listed: Option<usize>,
    /// Session of the last bar before today.
    last_bar: Option<usize>,
    /// Last close before today, fen; lowered when the share went ex since.
    close: Option<Fen>,
    /// Went ex since the last bar, by a known action.
    acted: bool,
}

/// What today says of one symbol and more than one asks.
#[derive(Debug, Clone, Copy, Default)]
struct Now {
    has_bar: bool,
    /// Today's reference price, fen, where the panel has it.
    preclose: Option<Fen>,
    close: Option<Fen>,
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
            for (past, now) in self.past.iter_mut().zip(&self.now).filter(|(_, now)| now.has_bar) {
                let (listed, close) = (past.listed.or(Some(today)), now.close.or(past.close));
                *past = Past { listed, last_bar: Some(today), close, acted: false };
            }
            self.today += 1;
            self.look();
        }
    }

    /// Reads what today says.
    fn look(&mut self) {
        let (panel, today) = (self.panel, self.today);
        if today >= panel.dates().len() {
            self.now.fill(Now::default());
            return;
        }
        for (symbol, now) in self.now.iter_mut().enumerate() {
            let price = |field| fen(panel.at(field, symbol, today)).filter(|price| *price > 0);
            *now = if panel.has_bar(symbol, today) {
                Now { has_bar: true, preclose: price(Field::Preclose), close: price(Field::Close) }
            } else {
                Now::default()
            };
        }
    }

    /// Returns a symbol's place in the panel.
    pub(super) fn index(&self, symbol: Symbol) -> Option<usize> {
        self.panel.symbols().binary_search(&symbol).ok()
    }

    fn now(&self, symbol: usize) -> Now {
        self.now.get(symbol).copied().unwrap_or_default()
    }

    /// Returns a price of a symbol that has a bar today.
    fn price(&self, field: Field, symbol: usize) -> Option<Fen> {
        fen(self.panel.at(field, symbol, self.today)).filter(|price| *price > 0)
    }

    fn past(&self, symbol: usize) -> Past {
        self.past.get(symbol).copied().unwrap_or_default()
    }

    /// Returns the last close before today, fen.
    pub(super) fn last_close(&self, symbol: usize) -> Option<Fen> {
        self.past(symbol).close
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
        if let Some(past) = self.past.get_mut(symbol) {
            past.close = reference.or(past.close);
            past.acted = true;
        }
    }

    /// Returns by how much today's reference price lies below the last close where no known action
    /// explains it, fen; zero on an ordinary day.
    pub(super) fn unexplained_fall(&self, symbol: usize) -> Fen {
        let past = self.past(symbol);
        match (past.close, self.now(symbol).preclose) {
            (Some(close), Some(reference)) if !past.acted => (close - reference).max(0),
            _ => 0,
        }
    }

    /// Returns what is known of a symbol before today opens.
    fn day(&self, symbol: usize) -> Option<(Symbol, SymbolDay)> {
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

    /// Returns what is known of every symbol before today opens, by symbol.
    pub(super) fn days(&self) -> Vec<(Symbol, SymbolDay)> {
        let mut days = Vec::with_capacity(self.past.len());
        days.extend((0..self.past.len()).filter_map(|symbol| self.day(symbol)));
        days
    }

    /// Returns today's bars, by symbol: each covers the whole session.
    pub(super) fn bars(&self) -> Vec<Bar> {
        let Some(date) = self.panel.dates().get(self.today).copied() else { return Vec::new() };
        let mut bars = Vec::with_capacity(self.past.len());
        let end = date.at(CLOSE_HOUR, 0, 0, 0);
        bars.extend((0..self.past.len()).filter_map(|symbol| self.bar(symbol, end)));
        bars
    }

    fn bar(&self, symbol: usize, end: DateTime) -> Option<Bar> {
        // Without a bar there is no close either.
        let close = self.now(symbol).close?;
        let price = |field| self.price(field, symbol);
        let open = price(Field::Open)?;
        let volume = self.panel.at(Field::Volume, symbol, self.today);
        let amount = self.panel.at(Field::Amount, symbol, self.today);
        Some(Bar {
            symbol: *self.panel.symbols().get(symbol)?,
            end,
            open,
            high: price(Field::High)?,
            low: price(Field::Low)?,
            close,
            volume: volume.is_finite().then_some(volume as i64),
            amount: amount.is_finite().then_some(amount),
            opens: true,
            closes: true,
        })
    }

    /// Where the panel does not know it, a symbol whose bars begin after the panel's was listed then; of the
    /// others it is not known.
    fn sessions_since_listing(&self, symbol: usize) -> Option<u32> {
        if self.panel.knows(symbol) {
            return self.panel.sessions_since_listing(symbol, self.today);
        }
        let listed = self.past(symbol).listed.unwrap_or(self.today);
        (listed > 0).then(|| (self.today - listed) as u32)
    }
}
