//! The random market of a storm: stocks of all boards, and bars that touch every rule.

use jiff::{
    ToSpan as _,
    civil::{Date, DateTime, Time, date, time},
};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::super::lighthunter::{
    market::{PriceBand, Symbol},
    trading::{Bar, Fen, SymbolDay},
};

/// The bars of a session.
pub(super) const BAR_ENDS: [Time; 4] = [time(9, 31, 0, 0), time(10, 30, 0, 0), time(14, 0, 0, 0), time(15, 0, 0, 0)];

/// Codes with the percent of their price limits.
const CODES: [(&str, i64); 8] = [
    ("600000.SH", 10),
    ("000001.SZ", 10),
    ("002415.SZ", 5),
    ("300750.SZ", 20),
    ("688001.SH", 20),
    ("689009.SH", 20),
    ("830009.BJ", 30),
    ("920099.BJ", 30),
];

/// One symbol in the running session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stock {
    pub(super) symbol: Symbol,
    pub(super) reference: Fen,
    percent: i64,
    pub(super) day: SymbolDay,
}

impl Stock {
    /// Returns the upper limit price, fen.
    pub(super) fn up(&self) -> Fen {
        (self.reference * (100 + self.percent) + 50) / 100
    }

    /// Returns the lower limit price, fen.
    pub(super) fn down(&self) -> Fen {
        (self.reference * (100 - self.percent) + 50) / 100
    }
}

/// All symbols.
pub(super) struct Market {
    pub(super) stocks: Vec<Stock>,
    pub(super) session: Date,
}

impl Market {
    /// Begins before two changes of the fees, so that a storm of some hundred sessions passes both.
    pub(super) fn new() -> Self {
        let stock = |(code, percent): (&str, i64)| {
            let symbol = code.parse().expect("a symbol");
            Stock { symbol, reference: 1000, percent, day: SymbolDay::default() }
        };
        Self { stocks: CODES.map(stock).to_vec(), session: date(2022, 1, 3) }
    }

    /// Goes on to the next session.
    pub(super) fn next_session(&mut self, random: &mut ChaCha8Rng) -> Date {
        self.session = self.session.saturating_add(3.days());
        for stock in &mut self.stocks {
            stock.reference = (stock.reference + random.random_range(-60..=60)).clamp(300, 3000);
            let (up, down) = (stock.up() as f64 / 100.0, stock.down() as f64 / 100.0);
            let band = random.random_bool(0.95).then_some(PriceBand { up, down });
            let suspended = random.random_bool(0.03);
            stock.day = SymbolDay { reference: Some(stock.reference), band, suspended };
        }
        self.session
    }

    /// Returns when the bar of that place ends.
    pub(super) fn bar_end(&self, place: usize) -> DateTime {
        self.session.to_datetime(BAR_ENDS[place])
    }

    /// Returns when the orders before the bar of that place are sent.
    pub(super) fn bar_began(&self, place: usize) -> DateTime {
        match place {
            0 => self.session.at(9, 0, 0, 0),
            place => self.bar_end(place - 1),
        }
    }

    /// Returns a bar; now and then there is none, or it stays at a limit, or its volume is not known.
    pub(super) fn bar(&self, stock: &Stock, place: usize, random: &mut ChaCha8Rng) -> Option<Bar> {
        if random.random_bool(0.03) {
            return None;
        }
        let (low, high) = match random.random_range(0..12) {
            0 => (stock.up(), stock.up()),
            1 => (stock.down(), stock.down()),
            2 => (stock.down(), stock.up()),
            _ => {
                let (one, other) = (random.random_range(-60..=60), random.random_range(-60..=60));
                let within = |price: Fen| price.clamp(stock.down(), stock.up());
                (within(stock.reference + one.min(other)), within(stock.reference + one.max(other)))
            }
        };
        let volume = match random.random_range(0..20) {
            0 => None,
            1 => Some(0),
            2 => Some(random.random_range(0..2_000)),
            _ => Some(random.random_range(0..400_000)),
        };
        Some(Bar {
            symbol: stock.symbol,
            end: self.bar_end(place),
            open: random.random_range(low..=high),
            high,
            low,
            close: random.random_range(low..=high),
            volume,
            amount: None,
            opens: place == 0,
            closes: place + 1 == BAR_ENDS.len(),
        })
    }
}
