//! The board: last prices and the session's facts of every symbol, as far as they have happened.

use std::{cell::Cell, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::{
    market::Symbol,
    trading::{Fen, SymbolDay},
};

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    day: SymbolDay,
    last: Option<Fen>,
}

/// Prices by symbol. A symbol without a bar today keeps its last price.
#[derive(Debug, Default)]
pub(super) struct Board {
    symbols: Vec<Symbol>,
    slots: Vec<Slot>,
    /// The place after the last mark: bars of one time mostly come in the order of symbols.
    next: usize,
    /// The place that was asked for last: an order asks for its symbol many times.
    last: Cell<usize>,
}

/// The board's prices, for a saved state.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Prices(pub(super) BTreeMap<Symbol, Fen>);

impl Board {
    /// Starts a session: each symbol's price is its reference until it trades.
    pub(super) fn open(&mut self, days: &[(Symbol, SymbolDay)]) {
        // Mostly the symbols are those of the session before.
        if self.symbols.iter().eq(days.iter().map(|(symbol, _)| symbol)) {
            for (slot, (_, day)) in self.slots.iter_mut().zip(days) {
                *slot = Slot { day: *day, last: day.reference.or(slot.last) };
            }
            return;
        }
        let mut all: BTreeMap<Symbol, Slot> = self
            .symbols
            .iter()
            .zip(&self.slots)
            .map(|(symbol, slot)| (*symbol, Slot { last: slot.last, ..Slot::closed() }))
            .collect();
        for (symbol, day) in days {
            let slot = all.entry(*symbol).or_default();
            *slot = Slot { day: *day, last: day.reference.or(slot.last) };
        }
        (self.symbols, self.slots) = all.into_iter().unzip();
    }

    /// Notes what is known of the session of some symbols; their prices stay.
    pub(super) fn brief(&mut self, days: &[(Symbol, SymbolDay)]) {
        for (symbol, day) in days {
            if let Some(slot) = self.place(*symbol, self.next).ok().and_then(|at| self.slots.get_mut(at)) {
                slot.day = *day;
            }
        }
    }

    /// Returns where a symbol is, or where it belongs.
    fn place(&self, symbol: Symbol, likely: usize) -> Result<usize, usize> {
        if self.symbols.get(likely) == Some(&symbol) { Ok(likely) } else { self.symbols.binary_search(&symbol) }
    }

    fn slot(&self, symbol: Symbol) -> Option<&Slot> {
        let at = match self.symbols.get(self.next) {
            Some(next) if *next == symbol => self.next,
            _ => self.place(symbol, self.last.get()).ok()?,
        };
        self.last.set(at);
        self.slots.get(at)
    }

    /// Notes a trade's price.
    pub(super) fn mark(&mut self, symbol: Symbol, price: Fen) {
        let at = self.place(symbol, self.next).unwrap_or_else(|at| {
            self.symbols.insert(at, symbol);
            self.slots.insert(at, Slot::default());
            at
        });
        if let Some(slot) = self.slots.get_mut(at) {
            slot.last = Some(price);
        }
        self.next = if at + 1 < self.slots.len() { at + 1 } else { 0 };
    }

    /// Returns what is known of a symbol's session.
    pub(super) fn day(&self, symbol: Symbol) -> SymbolDay {
        self.slot(symbol).map(|slot| slot.day).unwrap_or_default()
    }

    /// Returns the last price, fen.
    pub(super) fn price(&self, symbol: Symbol) -> Option<Fen> {
        self.slot(symbol)?.last
    }

    /// Returns what gives the last prices of symbols, fen; 0 where there is none. It is quick for symbols
    /// in their order.
    pub(super) fn ascending_prices(&self) -> impl FnMut(Symbol) -> Fen {
        let mut next = 0;
        move |symbol| {
            let Ok(at) = self.place(symbol, next) else { return 0 };
            next = at + 1;
            self.slots.get(at).and_then(|slot| slot.last).unwrap_or(0)
        }
    }

    pub(super) fn prices(&self) -> Prices {
        let priced = self.symbols.iter().zip(&self.slots).filter_map(|(symbol, slot)| Some((*symbol, slot.last?)));
        Prices(priced.collect())
    }

    /// Puts prices back; the session's facts stay.
    pub(super) fn restore(&mut self, prices: &Prices) {
        for (symbol, price) in &prices.0 {
            self.mark(*symbol, *price);
        }
    }
}

impl Slot {
    /// A symbol of which this session says nothing.
    fn closed() -> Self {
        Self { day: SymbolDay { suspended: true, ..SymbolDay::default() }, last: None }
    }
}

#[cfg(test)]
mod tests {
    use super::Board;
    use crate::trading::SymbolDay;

    #[test]
    fn a_symbol_without_a_bar_keeps_its_last_price_and_does_not_trade() {
        let [one, two] = ["600000.SH", "000001.SZ"].map(|text| text.parse().expect("a symbol"));
        let mut board = Board::default();
        board.open(&[(one, SymbolDay { reference: Some(1000), ..SymbolDay::default() })]);
        assert_eq!((board.price(one), board.price(two)), (Some(1000), None));
        board.mark(one, 1010);
        board.mark(two, 500);
        board.open(&[(two, SymbolDay { reference: Some(490), ..SymbolDay::default() })]);
        assert_eq!((board.price(one), board.price(two)), (Some(1010), Some(490)), "the reference is the newer");
        assert!(board.day(one).suspended && !board.day(two).suspended);
    }

    #[test]
    fn symbols_are_found_in_any_order() {
        let symbols = ["000001.SZ", "000002.SZ", "600000.SH"].map(|text| text.parse().expect("a symbol"));
        for order in [[0, 1, 2], [2, 1, 0], [1, 1, 2], [2, 0, 1]] {
            let mut board = Board::default();
            board.open(&symbols.map(|symbol| (symbol, SymbolDay::default())));
            let mut expected = [0; 3];
            for (place, price) in order.into_iter().zip([100, 200, 300]) {
                board.mark(symbols[place], price);
                expected[place] = price;
                assert_eq!(board.price(symbols[place]), Some(price));
            }
            let mut price = board.ascending_prices();
            assert_eq!(order.map(|place| price(symbols[place])), order.map(|place| expected[place]), "{order:?}");
        }
    }
}
