//! One symbol's days: reference price, suspension, limits, then the bar. Prices and turnover in fen.

use super::{
    Listing, Window, dividend,
    draw::Draw,
    life::{Day, Life},
};
use crate::market::{
    Board, CorporateAction, LimitCase, LotRule, PriceBand,
    adjust::{adjustment_step, ex_reference_price},
    tick::{cny, fen},
};

/// The part of the last [`MEMORY`] sessions' own returns that comes back on the next: what can be learned.
pub(super) const REVERSAL: f64 = 0.035;

/// Sessions that the reversal remembers.
const MEMORY: usize = 5;

/// Chance of a suspension to begin on a session.
const SUSPENSION_CHANCE: f64 = 1.0 / 500.0;

/// Chance of a day of one price at its limit.
const BOARD_CHANCE: f64 = 1.0 / 600.0;

/// Chance of such a day to be followed by another.
const BOARD_STREAK_CHANCE: f64 = 0.3;

/// Sessions between two dividends: about a year.
const DIVIDEND_SESSIONS: usize = 244;

/// Sessions after a listing without suspension, dividend or limit board.
const YOUNG_SESSIONS: u32 = 10;

/// Below this price, fen, a falling share rises instead: nobody is delisted for a low price.
const FLOOR_FEN: i64 = 200;

/// Lives a symbol's days through.
pub(super) fn live(window: &Window, listing: &Listing) -> Life {
    let mut walk = Walk::new(window, listing);
    let first = listing.first.unwrap_or(listing.end);
    for at in first..listing.end {
        let day = walk.day(at);
        walk.close = day.close;
        walk.adj_factor = day.adj_factor;
        walk.days.push(day);
    }
    Life {
        symbol: listing.symbol,
        shares: walk.shares,
        is_new: listing.listed_on.is_some(),
        actions: walk.actions,
        first,
        days: walk.days,
    }
}

/// A symbol on its way through the window.
struct Walk<'a> {
    window: &'a Window,
    listing: &'a Listing,
    draw: Draw,
    /// Sensitivity to the market factor.
    beta: f64,
    /// Standard deviation of the symbol's own daily return.
    sigma: f64,
    shares: i64,
    /// Part of the shares that trade on a quiet day.
    turnover: f64,
    activity: f64,
    close: i64,
    adj_factor: f64,
    own_returns: [f64; MEMORY],
    halt_days: i64,
    /// Direction of a run of limit boards.
    board: Option<bool>,
    next_ex: usize,
    days: Vec<Day>,
    actions: Vec<CorporateAction>,
}

impl<'a> Walk<'a> {
    fn new(window: &'a Window, listing: &'a Listing) -> Self {
        let mut draw = Draw::new(window.seed, &format!("daily/{}", listing.symbol));
        let sigma = match listing.symbol.board() {
            Board::Main => 0.016,
            Board::ChiNext => 0.021,
            Board::Star => 0.023,
            Board::Beijing => 0.026,
        };
        let dear = draw.uniform();
        let price = if listing.st_from.is_some() { 3.0 + 3.0 * dear } else { 4.0 + 60.0 * dear * dear };
        let large = draw.uniform();
        Self {
            window,
            listing,
            beta: 1.0 + 0.2 * draw.normal(),
            sigma: sigma * draw.between(0.85, 1.2),
            shares: 100_000_000 + (4_000_000_000.0 * large * large) as i64,
            turnover: draw.between(0.004, 0.02),
            activity: 1.0,
            close: (price * 100.0).round() as i64,
            adj_factor: 1.0,
            own_returns: [0.0; MEMORY],
            halt_days: 0,
            board: None,
            next_ex: listing.first.unwrap_or(0) + draw.whole(1, DIVIDEND_SESSIONS as i64) as usize,
            days: Vec::with_capacity(window.sessions.len()),
            actions: Vec::new(),
            draw,
        }
    }

    fn day(&mut self, at: usize) -> Day {
        let is_young = self.listing.age(at).is_some_and(|age| age < YOUNG_SESSIONS);
        if self.is_halted(at, is_young) {
            return self.suspended_day();
        }
        let reference = if is_young { self.close } else { self.go_ex(at).unwrap_or(self.close) };
        // The first row of a new share has no close before it: its reference is the issue price, not told.
        let preclose = (self.listing.age(at) != Some(0)).then_some(reference);
        let step = if self.days.is_empty() { 1.0 } else { adjustment_step(cny(self.close), cny(reference)) };
        let band = self.band(at, reference);
        let mut day = match band.and_then(|band| self.limit_board(band, is_young)) {
            Some(price) => self.board_day(price),
            None => self.ordinary_day(at, reference, band),
        };
        self.remember(at, reference, &day);
        day.preclose = preclose;
        day.adj_factor = self.adj_factor * step;
        day
    }

    /// Says whether the symbol does not trade; begins and counts suspensions. The session before special
    /// treatment begins is always one.
    fn is_halted(&mut self, at: usize, is_young: bool) -> bool {
        let begins = self.draw.chance(SUSPENSION_CHANCE);
        let next = self.window.sessions.get(at + 1);
        if self.listing.st_from.is_some() && next == self.listing.st_from.as_ref() {
            self.halt_days = self.halt_days.max(1);
        }
        if self.halt_days == 0 && begins && !is_young {
            self.halt_days = self.draw.whole(1, 8);
        }
        let is_halted = self.halt_days > 0;
        self.halt_days -= i64::from(is_halted);
        is_halted
    }

    fn suspended_day(&mut self) -> Day {
        self.own_returns.rotate_right(1);
        self.own_returns[0] = 0.0;
        let preclose = Some(self.close);
        self.bar([self.close; 4], 0, 0, preclose, true)
    }

    fn bar(
        &self,
        [open, high, low, close]: [i64; 4],
        volume: i64,
        amount: i64,
        preclose: Option<i64>,
        halt: bool,
    ) -> Day {
        Day { open, high, low, close, volume, amount, preclose, adj_factor: self.adj_factor, suspended: halt }
    }

    /// Goes ex when a dividend is due, and returns the reference price of the day.
    fn go_ex(&mut self, at: usize) -> Option<i64> {
        if at < self.next_ex || self.days.is_empty() || self.listing.st_from.is_some() {
            return None;
        }
        self.next_ex = at + DIVIDEND_SESSIONS;
        let close = cny(self.close);
        let ex_date = *self.window.sessions.get(at)?;
        let action = dividend::draw(&mut self.draw, self.listing.symbol, ex_date, close);
        let reference = ex_reference_price(close, std::slice::from_ref(&action)).and_then(fen)?;
        self.actions.push(action);
        Some(reference)
    }

    /// Returns the day's limits in fen: lowest, highest; none on a day without.
    fn band(&self, at: usize, reference: i64) -> Option<(i64, i64)> {
        let date = *self.window.sessions.get(at)?;
        let band = PriceBand::of(&LimitCase {
            symbol: self.listing.symbol,
            date,
            reference: cny(reference),
            is_st: self.listing.is_st(date),
            sessions_since_listing: self.listing.age(at),
        })?;
        fen(band.down).zip(fen(band.up))
    }

    /// Returns the price of a day of one price at its limit, if this is one.
    fn limit_board(&mut self, (down, up): (i64, i64), is_young: bool) -> Option<i64> {
        let (luck, direction) = (self.draw.uniform(), self.draw.uniform());
        self.board = match self.board {
            Some(is_up) if luck < BOARD_STREAK_CHANCE => Some(is_up),
            None if luck < BOARD_CHANCE && !is_young => Some(direction < 0.6),
            _ => None,
        };
        // A falling run ends above the floor.
        self.board.filter(|is_up| *is_up || down > FLOOR_FEN).map(|is_up| if is_up { up } else { down })
    }

    fn board_day(&mut self, price: i64) -> Day {
        let volume = self.volume(0.0, 0.1);
        self.bar([price; 4], volume, price * volume, None, false)
    }

    fn ordinary_day(&mut self, at: usize, reference: i64, band: Option<(i64, i64)>) -> Day {
        let wide = if band.is_none() { 3.0 } else { 1.0 };
        let first_day_gain = if self.listing.age(at) == Some(0) { self.draw.between(0.05, 0.9) } else { 0.0 };
        let market = self.window.factor.get(at).copied().unwrap_or(0.0);
        let signal = -REVERSAL * self.own_returns.iter().sum::<f64>();
        let own = signal + wide * self.sigma * self.draw.fat_normal();
        let mut change = self.beta * market + own + first_day_gain;
        if reference < FLOOR_FEN {
            change = change.abs();
        }
        let gap = first_day_gain.max(0.35 * change) + 0.3 * wide * self.sigma * self.draw.normal();
        let reach = |draw: &mut Draw| 0.5 * wide * self.sigma * draw.normal().abs();
        let (above, below) = (reach(&mut self.draw), reach(&mut self.draw));
        let (floor, ceiling) = band.unwrap_or((reference / 2, reference * 3));
        let price = |relative: f64| ((reference as f64 * relative).round() as i64).clamp(floor.max(1), ceiling);
        let (open, close) = (1.0 + gap, 1.0 + change);
        let high = price(open.max(close) * (1.0 + above));
        let low = price(open.min(close) * (1.0 - below));
        let (open, close) = (price(open), price(close));
        let volume = self.volume(change.abs(), wide);
        let middle = (0.5 * (open + close) as f64 - low as f64) / (high - low).max(1) as f64;
        let place = 0.15 + 0.6 * middle + 0.1 * self.draw.uniform();
        let amount = low * volume + (place * ((high - low) * volume) as f64) as i64;
        self.bar([open, high, low, close], volume, amount, None, false)
    }

    /// Draws a day's shares, whole lots of the board. A large move trades more.
    fn volume(&mut self, change: f64, scale: f64) -> i64 {
        self.activity = 0.7 * self.activity + 0.3 * self.draw.between(0.4, 1.6);
        let part = self.turnover * self.activity * (0.7 + 14.0 * change.min(0.3)) * scale;
        let shares = (self.shares as f64 * part) as i64;
        LotRule::of(self.listing.symbol.board()).round_buy(shares.max(40_000))
    }

    /// Keeps what the symbol did apart from the market.
    fn remember(&mut self, at: usize, reference: i64, day: &Day) {
        let market = self.window.factor.get(at).copied().unwrap_or(0.0);
        let own = day.close as f64 / reference as f64 - 1.0 - self.beta * market;
        self.own_returns.rotate_right(1);
        self.own_returns[0] = if self.listing.age(at) == Some(0) { 0.0 } else { own };
    }
}
