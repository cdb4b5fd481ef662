//! The fast way into `on_bar`. The machine keeps the texts of symbols and times, because the same few
//! thousand come back all day; what crosses into it are numbers.

use std::{
    borrow::{Borrow, ToOwned},
    cell::RefCell,
    collections::HashMap,
    hash::Hash,
};

use mlua::{Function, LuaString};

use super::bar::BarView;
use crate::market::Symbol;

/// The most texts of a kind that a machine keeps for bars: all symbols of the market, with room.
const TEXTS_MOST: usize = 16_384;

/// What the prelude answers: 0 and values, 1 and an error's text, 2 and what is wrong with a type.
pub(super) type BarAnswer = (u8, Option<f64>, Option<f64>, Option<LuaString>);

/// The way into `on_bar`, and the numbers of the texts that it knows.
pub(super) struct BarEntry {
    /// Takes the numbers of the symbol and the time, and the six figures.
    run: Function,
    /// Tells the machine a text: whether it is a symbol, its number, the text.
    learn: Function,
    symbols: RefCell<Texts<Symbol>>,
    times: RefCell<Texts<String>>,
}

impl BarEntry {
    /// Makes the entry of the two functions that the prelude made for one `on_bar`.
    pub(super) fn new((run, learn): (Function, Function)) -> Self {
        Self { run, learn, symbols: RefCell::default(), times: RefCell::default() }
    }

    /// Calls `on_bar`.
    pub(super) fn call(&self, bar: &BarView<'_>) -> mlua::Result<BarAnswer> {
        let mut symbols = self.symbols.borrow_mut();
        let symbol = symbols.index(&bar.symbol, |index| self.learn.call((true, index, bar.symbol.to_string())))?;
        let time = self.times.borrow_mut().index(bar.time, |index| self.learn.call((false, index, bar.time)))?;
        self.run.call((symbol, time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.amount))
    }
}

/// Numbers for texts, from 1. A number, unlike a text, crosses into the machine at no cost.
#[derive(Debug)]
struct Texts<K> {
    indices: HashMap<K, usize>,
    last: Option<(K, usize)>,
}

impl<K> Default for Texts<K> {
    fn default() -> Self {
        Self { indices: HashMap::new(), last: None }
    }
}

impl<K: Hash + Eq + Clone> Texts<K> {
    /// Returns the number of `key`; `learn` is called with a number that is new.
    fn index<Q, E>(&mut self, key: &Q, learn: impl FnOnce(usize) -> Result<(), E>) -> Result<usize, E>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some((_, index)) = self.last.as_ref().filter(|(last, _)| last.borrow() == key) {
            return Ok(*index);
        }
        let index = if let Some(index) = self.indices.get(key) {
            *index
        } else {
            if self.indices.len() >= TEXTS_MOST {
                self.indices.clear();
            }
            let index = self.indices.len() + 1;
            learn(index)?;
            self.indices.insert(key.to_owned(), index);
            index
        };
        self.last = Some((key.to_owned(), index));
        Ok(index)
    }
}
