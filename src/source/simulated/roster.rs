//! Who trades: which symbol the n-th is, when it was listed, which are ST shares, and which are delisted.

use jiff::civil::Date;

use super::{Window, draw::Draw};
use crate::market::{Board, Exchange, SecurityEvent, SecurityStatus, Symbol, price_limit::board_opened};

/// Every ten symbols hold these: an exchange and the first code of a run of codes. All boards are there
/// from six symbols on.
const PATTERN: [(Exchange, u32); 10] = [
    (Exchange::Sh, 600_000),
    (Exchange::Sz, 1),
    (Exchange::Sz, 300_001),
    (Exchange::Sh, 688_001),
    (Exchange::Sh, 603_000),
    (Exchange::Bj, 920_001),
    (Exchange::Sz, 2_001),
    (Exchange::Sh, 601_000),
    (Exchange::Sz, 301_001),
    (Exchange::Sh, 605_000),
];

/// Every thirty symbols hold these that were listed inside the window: one of each board.
const LATE: [usize; 4] = [8, 13, 16, 25];

/// Every twenty symbols hold this one that comes under special treatment inside the window.
const ST: usize = 4;

/// Every forty symbols hold this ST share that gets *ST and is delisted inside the window.
const DELISTED: usize = 24;

/// A symbol of a simulated market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// The symbol.
    pub symbol: Symbol,
    /// Its first session, if that is inside the window; none when it was listed before.
    pub listed_on: Option<Date>,
    /// The first session on which it is an ST share, if it becomes one.
    pub st_from: Option<Date>,
    /// The first session on which it is a *ST share, if it becomes one.
    pub star_st_from: Option<Date>,
    /// The first session on which it trades no more, if that is inside the window.
    pub delisted_on: Option<Date>,
    /// The place of its first row in the window; none when its board opens later.
    pub(super) first: Option<usize>,
    /// The place after its last row.
    pub(super) end: usize,
}

impl Listing {
    /// Says whether the symbol is under special treatment on a date.
    #[must_use]
    pub fn is_st(&self, date: Date) -> bool {
        self.st_from.is_some_and(|from| from <= date)
    }

    /// Returns what the market tells of the symbol, by date; nothing of one that never trades. One that was
    /// listed before the window is ordinary from its first session on.
    pub(super) fn events(&self, window: &[Date]) -> Vec<SecurityEvent> {
        let (Some(_), Some(first)) = (self.first, window.first()) else { return Vec::new() };
        let code = format!("S{:06}", self.symbol.code());
        let beginning = match self.listed_on {
            Some(date) => (date, SecurityStatus::Listed),
            None => (*first, SecurityStatus::Normal),
        };
        let later = [
            self.st_from.map(|date| (date, SecurityStatus::St)),
            self.star_st_from.map(|date| (date, SecurityStatus::StarSt)),
            self.delisted_on.map(|date| (date, SecurityStatus::Delisted)),
        ];
        let event = |(date, status): (Date, SecurityStatus)| {
            let name = if status.is_st() { format!("{status} {code}") } else { code.clone() };
            SecurityEvent { date, symbol: self.symbol, status, name: name.into() }
        };
        std::iter::once(beginning).chain(later.into_iter().flatten()).map(event).collect()
    }

    /// Says how many sessions the symbol has been listed at a place of the window; none when long.
    pub(super) fn age(&self, at: usize) -> Option<u32> {
        self.listed_on.and(self.first).map(|first| at.saturating_sub(first) as u32)
    }
}

/// Returns the first `count` symbols, ascending.
pub(super) fn listings(window: &Window, count: usize) -> Vec<Listing> {
    let mut listings: Vec<Listing> = (0..count).filter_map(|nth| listing(window, nth)).collect();
    listings.sort_by_key(|listing| listing.symbol);
    listings
}

fn listing(window: &Window, nth: usize) -> Option<Listing> {
    let (exchange, first_code) = PATTERN.get(nth % PATTERN.len())?;
    let symbol = Symbol::new(first_code + (nth / PATTERN.len()) as u32, *exchange).ok()?;
    let days = window.sessions.len();
    let mut draw = Draw::new(window.seed, &format!("listing/{symbol}"));
    let inside = |draw: &mut Draw, low: f64, high: f64| (draw.between(low, high) * days as f64) as usize;
    let late = LATE.contains(&(nth % 30)).then(|| inside(&mut draw, 0.1, 0.9));
    let st = (nth % 20 == ST).then(|| inside(&mut draw, 0.2, 0.5));
    let delisted = st.filter(|_| nth % 40 == DELISTED).map(|st| (st, inside(&mut draw, 0.6, 0.9)));
    // In a window of a few sessions there is no room for it.
    let delisted = delisted.filter(|(st, end)| *end > st + 2);
    let opened = opened(window, symbol.board());
    let first = opened.map(|opened| opened.max(late.unwrap_or(0)));
    let is_new = late.is_some() || opened.is_some_and(|place| place > 0);
    let session = |place: usize| window.sessions.get(place).copied();
    Some(Listing {
        symbol,
        listed_on: first.filter(|_| is_new).and_then(session),
        st_from: st.and_then(session),
        star_st_from: delisted.and_then(|(st, end)| session(usize::midpoint(st, end))),
        delisted_on: delisted.and_then(|(_, end)| session(end)),
        first,
        end: delisted.map_or(days, |(_, end)| end),
    })
}

/// Returns the place of a board's first session in the window: 0 when it opened before, none when after.
fn opened(window: &Window, board: Board) -> Option<usize> {
    let place = window.sessions.partition_point(|session| *session < board_opened(board));
    (place < window.sessions.len()).then_some(place)
}
