//! The panel as a trader sees it, one session after the other: bars of today, and the last close
//! and reference price of each symbol. Nothing after the current session can be asked for.

use jiff::civil::Date;

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

/// A panel that is read forward.
#[derive(Debug)]
pub(super) struct Tape<'a> {
    panel: &'a DailyPanel,
    today: usize,
    past: Vec<Past>,
}

impl<'a> Tape<'a> {
    /// Starts at the first session.
    pub(super) fn new(panel: &'a DailyPanel) -> Self {
        Self { panel, today: 0, past: vec![Past::default(); panel.symbols().len()] }
    }

    /// Moves on to the session `day`.
    pub(super) fn advance_to(&mut self, day: usize) {
        while self.today < day {
            for symbol in 0..self.past.len() {
                let close = self.price(Field::Close, symbol);
                let Some(past) = self.past.get_mut(symbol) else { continue };
                if self.panel.has_bar(symbol, self.today) {
                    let listed = past.listed.or(Some(self.today));
                    *past = Past { listed, last_bar: Some(self.today), close: close.or(past.close), acted: false };
                }
            }
            self.today += 1;
        }
    }

    /// Returns a symbol's place in the panel.
    pub(super) fn index(&self, symbol: Symbol) -> Option<usize> {
        self.panel.symbols().binary_search(&symbol).ok()
    }

    fn price(&self, field: Field, symbol: usize) -> Option<Fen> {
        if !self.panel.has_bar(symbol, self.today) {
            return None;
        }
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
        if self.panel.has_bar(symbol, self.today) { Some(self.today) } else { self.past(symbol).last_bar }
    }

    /// Returns the price that today starts from, known before the open: the exchange's reference price,
    /// or the last close.
    pub(super) fn reference(&self, symbol: usize) -> Option<Fen> {
        self.price(Field::Preclose, symbol).or_else(|| self.last_close(symbol))
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
        match (past.close, self.price(Field::Preclose, symbol)) {
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
        (0..self.past.len()).filter_map(|symbol| self.day(symbol)).collect()
    }

    /// Returns today's bars, by symbol: each covers the whole session.
    pub(super) fn bars(&self) -> Vec<Bar> {
        let Some(date) = self.panel.dates().get(self.today).copied() else { return Vec::new() };
        (0..self.past.len()).filter_map(|symbol| self.bar(symbol, date)).collect()
    }

    fn bar(&self, symbol: usize, date: Date) -> Option<Bar> {
        let price = |field| self.price(field, symbol);
        let (open, close) = (price(Field::Open)?, price(Field::Close)?);
        let volume = self.panel.at(Field::Volume, symbol, self.today);
        let amount = self.panel.at(Field::Amount, symbol, self.today);
        Some(Bar {
            symbol: *self.panel.symbols().get(symbol)?,
            end: date.at(CLOSE_HOUR, 0, 0, 0),
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
