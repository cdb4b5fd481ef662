//! Daily price limits by board and date, with the exchanges' rounding, in whole fen.
//!
//! Sources: market_rules.md of the project's reference (public trackers and other engines' documentation);
//! rows marked "common" are common knowledge of the field that no exchange document was read for.

use jiff::civil::{Date, date};

use super::{
    Board, Calendar, Side, Symbol,
    tick::{cny, fen},
};

/// A price at or above this is a vendor's mark for "no limit" and never a limit. Source: market_rules.md.
const NO_LIMIT_SENTINEL: f64 = 10_000.0;

/// A price limit: from a date on, a board's shares may move this many percent of the reference price.
struct Limit {
    board: Board,
    from: Date,
    percent: u8,
    st_percent: u8,
}

const fn limit(board: Board, from: Date, percent: u8, st_percent: u8) -> Limit {
    Limit { board, from, percent, st_percent }
}

/// Of a board's rows the last that has begun counts; before the first there is no limit to speak of.
const LIMITS: &[Limit] = &[
    limit(Board::Main, date(1996, 12, 16), 10, 10), // common: the limit began
    limit(Board::Main, date(1998, 4, 22), 10, 5),   // common: special treatment began
    limit(Board::Main, date(2026, 7, 6), 10, 10),   // market_rules.md: TradingAgents-astock #85, akquant #249
    limit(Board::ChiNext, date(2009, 10, 30), 10, 10), // common: the board opened; it had no ST before 2020
    limit(Board::ChiNext, date(2020, 8, 24), 20, 20), // market_rules.md: common; ST follows the board (#85)
    limit(Board::Star, date(2019, 7, 22), 20, 20),  // market_rules.md: common; ST follows the board (#85)
    limit(Board::Beijing, date(2021, 11, 15), 30, 30), // market_rules.md: common
];

/// Shares listed from a date on trade without a limit in their first sessions.
struct FreeSessions {
    board: Board,
    listed_from: Date,
    sessions: u32,
}

const fn free(board: Board, listed_from: Date, sessions: u32) -> FreeSessions {
    FreeSessions { board, listed_from, sessions }
}

/// Of a board's rows the last that had begun on the day of listing counts.
const FREE_SESSIONS: &[FreeSessions] = &[
    // common: the first session had no limit of 10 %; from 2014 to 2023-04 it had +44 % and -36 % of the
    // issue price in its stead, which is no reference price and which bars do not carry.
    free(Board::Main, date(1990, 12, 19), 1),
    free(Board::Main, date(2023, 4, 10), 5),     // market_rules.md: #85
    free(Board::ChiNext, date(2009, 10, 30), 1), // common, as on the main board
    free(Board::ChiNext, date(2020, 8, 24), 5),  // market_rules.md: #85
    free(Board::Star, date(2019, 7, 22), 5),     // market_rules.md: #85
    free(Board::Beijing, date(2021, 11, 15), 1), // market_rules.md: #85
];

/// What the limit of one symbol on one session depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitCase {
    /// The symbol.
    pub symbol: Symbol,
    /// The session.
    pub date: Date,
    /// The exchange's reference price for the day (preclose), CNY.
    pub reference: f64,
    /// Under special treatment (ST, *ST).
    pub is_st: bool,
    /// Sessions since the listing: 0 on the first. None when not known: listed long ago.
    pub sessions_since_listing: Option<u32>,
}

impl LimitCase {
    /// Returns the case of an ordinary share: not under special treatment, listed long ago.
    #[must_use]
    pub const fn ordinary(symbol: Symbol, date: Date, reference: f64) -> Self {
        Self { symbol, date, reference, is_st: false, sessions_since_listing: None }
    }
}

/// The highest and lowest price of a session, CNY, on ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceBand {
    /// The up-limit.
    pub up: f64,
    /// The down-limit.
    pub down: f64,
}

impl PriceBand {
    /// Returns the band: reference x (1 +- limit), rounded half up to the tick. None where no limit
    /// applies: the first sessions after a listing, before limits began, or without a reference price.
    #[must_use]
    pub fn of(case: &LimitCase) -> Option<Self> {
        let reference = fen(case.reference).filter(|fen| *fen > 0)?;
        let percent = i64::from(percent_on(case.symbol.board(), case.date, case.is_st)?);
        if is_free_session(case) {
            return None;
        }
        // A reference is at most 1e14 fen, so that this is far from the edge of 64 bits.
        let rounded = |percent: i64| (2 * reference * percent + 100).div_euclid(200);
        // A limit lies at least one tick from the reference, and no price is below one tick (common).
        let up = rounded(100 + percent).max(reference + 1);
        let down = rounded(100 - percent).min(reference - 1).max(1);
        Some(Self { up: cny(up), down: cny(down) })
    }

    /// Returns the band that a vendor delivers. None for the marks that vendors use for "no limit".
    #[must_use]
    pub fn from_vendor(up: f64, down: f64) -> Option<Self> {
        let real = down > 0.0 && up >= down && up < NO_LIMIT_SENTINEL;
        real.then_some(Self { up, down })
    }

    /// Says whether a price lies within the band.
    #[must_use]
    pub fn contains(&self, price: f64) -> bool {
        let price = fen(price);
        price.is_some() && fen(self.down) <= price && price <= fen(self.up)
    }

    /// Says whether a price is at the up-limit or above: one may still sell, but hardly buy.
    #[must_use]
    pub fn is_up(&self, price: f64) -> bool {
        fen(price).is_some_and(|price| Some(price) >= fen(self.up))
    }

    /// Says whether a price is at the down-limit or below: one may still buy, but hardly sell.
    #[must_use]
    pub fn is_down(&self, price: f64) -> bool {
        fen(price).is_some_and(|price| Some(price) <= fen(self.down))
    }

    /// Says whether an order can hope to fill at a price: at the up-limit nobody sells to a buyer, at the
    /// down-limit nobody buys from a seller, and the other way round both fill. Source: Qlib #1407.
    #[must_use]
    pub fn may_fill(&self, side: Side, price: f64) -> bool {
        match side {
            Side::Buy => self.contains(price) && !self.is_up(price),
            Side::Sell => self.contains(price) && !self.is_down(price),
        }
    }
}

/// Returns the limit in percent of the reference price; none before limits began.
#[must_use]
pub fn percent_on(board: Board, date: Date, is_st: bool) -> Option<u8> {
    let row = LIMITS.iter().rfind(|row| row.board == board && row.from <= date)?;
    Some(if is_st { row.st_percent } else { row.percent })
}

/// Returns how many sessions a share listed on `listed` trades without a limit.
#[must_use]
pub fn free_sessions(board: Board, listed: Date) -> u32 {
    let row = FREE_SESSIONS.iter().rfind(|row| row.board == board && row.listed_from <= listed);
    row.map_or(0, |row| row.sessions)
}

/// Returns the first session of a board.
#[must_use]
pub fn board_opened(board: Board) -> Date {
    FREE_SESSIONS.iter().find(|row| row.board == board).map_or(Date::MAX, |row| row.listed_from)
}

/// Says whether a case lies in the first sessions after a listing, which have no limit.
#[must_use]
pub fn is_free_session(case: &LimitCase) -> bool {
    let Some(age) = case.sessions_since_listing else { return false };
    let board = case.symbol.board();
    let longest = FREE_SESSIONS.iter().filter(|row| row.board == board).map(|row| row.sessions).max();
    if longest.is_none_or(|longest| age >= longest) {
        return false;
    }
    let listed = Calendar::builtin().offset(case.date, -i64::from(age)).unwrap_or(case.date);
    age < free_sessions(board, listed)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    use super::{LimitCase, PriceBand, board_opened, free_sessions, percent_on};
    use crate::market::{Board, Side, Symbol, tick, visible};

    fn symbol(text: &str) -> Symbol {
        text.parse().expect("a symbol")
    }

    fn band(text: &str, date: Date, reference: f64, is_st: bool) -> Option<(f64, f64)> {
        let case = LimitCase { is_st, ..LimitCase::ordinary(symbol(text), date, reference) };
        PriceBand::of(&case).map(|band| (band.up, band.down))
    }

    #[test]
    fn limits_follow_board_date_and_special_treatment() {
        let cases = [
            ("600000.SH", date(2025, 1, 2), false, Some((11.0, 9.0))),
            ("600000.SH", date(2025, 1, 2), true, Some((10.5, 9.5))),
            ("600000.SH", date(2026, 7, 3), true, Some((10.5, 9.5))),
            ("600000.SH", date(2026, 7, 6), true, Some((11.0, 9.0))),
            ("300750.SZ", date(2020, 8, 21), false, Some((11.0, 9.0))),
            ("300750.SZ", date(2020, 8, 24), false, Some((12.0, 8.0))),
            ("300750.SZ", date(2025, 1, 2), true, Some((12.0, 8.0))),
            ("688001.SH", date(2025, 1, 2), true, Some((12.0, 8.0))),
            ("920099.BJ", date(2025, 1, 2), false, Some((13.0, 7.0))),
            ("600000.SH", date(1996, 12, 13), false, None),
            ("688001.SH", date(2019, 7, 19), false, None),
        ];
        for (text, date, is_st, expected) in cases {
            assert_eq!(band(text, date, 10.0, is_st), expected, "{text} {date} st={is_st}");
        }
    }

    #[test]
    fn half_a_fen_rounds_up_where_floats_would_not() {
        let day = date(2025, 1, 2);
        // 1.15 x 1.1 = 1.265 and 1.15 x 0.9 = 1.035 are below the half in binary and would round down.
        assert_eq!(band("600000.SH", day, 1.15, false), Some((1.27, 1.04)));
        assert_eq!(band("600000.SH", day, 1.15, true), Some((1.21, 1.09)));
        assert_eq!(band("600000.SH", day, 0.04, false), Some((0.05, 0.03)), "at least one tick");
        assert_eq!(band("600000.SH", day, 0.01, false), Some((0.02, 0.01)), "no price below a tick");
        for reference in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(band("600000.SH", day, reference, false), None, "{reference}");
        }
    }

    #[test]
    fn first_sessions_after_a_listing_have_no_limit() {
        let is_free = |text: &str, date, age| {
            let sessions_since_listing = Some(age);
            let case = LimitCase { sessions_since_listing, ..LimitCase::ordinary(symbol(text), date, 10.0) };
            PriceBand::of(&case).is_none()
        };
        let day = date(2025, 6, 30);
        for text in ["600000.SH", "300750.SZ", "688001.SH"] {
            assert!((0..5).all(|age| is_free(text, day, age)), "{text}");
            assert!(!is_free(text, day, 5), "{text}");
        }
        assert!(is_free("920099.BJ", day, 0) && !is_free("920099.BJ", day, 1));
        assert!(is_free("600000.SH", date(2023, 4, 10), 0));
        assert!(!is_free("600000.SH", date(2023, 4, 11), 2), "listed on 2023-04-07, before the reform");
        assert!(is_free("600000.SH", date(2023, 4, 11), 1), "listed on 2023-04-10");
        assert!(!is_free("600000.SH", day, u32::MAX));
    }

    #[test]
    fn every_board_has_a_limit_and_free_sessions_from_its_opening() {
        for board in [Board::Main, Board::ChiNext, Board::Star, Board::Beijing] {
            assert!(free_sessions(board, board_opened(board)) > 0, "{board:?}");
            let has_limit = percent_on(board, board_opened(board), false).is_some();
            assert_eq!(has_limit, board != Board::Main, "{board:?}: only the main board traded before limits began");
        }
    }

    #[test]
    fn vendors_marks_for_no_limit_are_no_limits() {
        assert_eq!(PriceBand::from_vendor(99_999.99, 0.01), None);
        assert_eq!(PriceBand::from_vendor(10_000.0, 5.0), None);
        assert_eq!(PriceBand::from_vendor(0.0, 0.0), None);
        assert!(PriceBand::from_vendor(11.0, 9.0).is_some());
    }

    #[test]
    fn at_a_limit_only_the_other_side_fills() {
        let band = PriceBand { up: 11.0, down: 9.0 };
        assert!(!band.may_fill(Side::Buy, 11.0) && band.may_fill(Side::Sell, 11.0));
        assert!(band.may_fill(Side::Buy, 9.0) && !band.may_fill(Side::Sell, 9.0));
        assert!(band.may_fill(Side::Buy, 10.99) && band.may_fill(Side::Sell, 9.01));
        assert!(!band.may_fill(Side::Sell, 11.01) && !band.may_fill(Side::Buy, f64::NAN));
    }

    fn count_closes(name: &str) -> Option<[usize; 4]> {
        let mut counts = [0; 4];
        for row in visible::rows(name)? {
            let (Some(preclose), Some(close)) = (visible::number(&row["preclose"]), visible::number(&row["close"]))
            else {
                continue;
            };
            let case = LimitCase::ordinary(symbol(&row["symbol"]), visible::date(&row["date"]), preclose);
            let band = PriceBand::of(&case).expect("a limit");
            let (close, up, down) = (tick::fen(close), tick::fen(band.up), tick::fen(band.down));
            for (count, is) in counts.iter_mut().zip([close == up, close == down, close > up, close < down]) {
                *count += usize::from(is);
            }
        }
        Some(counts)
    }

    #[test]
    fn real_closes_at_and_beyond_the_limits_are_those_that_the_data_set_counts() {
        for (name, expected) in [("daily_2017_2020.csv.gz", [882, 348, 1, 0]), ("daily_2025.csv.gz", [16, 4, 0, 0])] {
            let Some(counts) = count_closes(name) else { continue };
            assert_eq!(counts, expected, "{name}: at up, at down, above, below");
        }
    }

    proptest! {
        #[test]
        fn band_is_on_ticks_around_the_reference(fen in 1_i64..1_000_000, is_st: bool) {
            let reference = tick::cny(fen);
            let case = LimitCase { is_st, ..LimitCase::ordinary(symbol("600000.SH"), date(2025, 1, 2), reference) };
            let band = PriceBand::of(&case).expect("a limit");
            prop_assert!(tick::is_on_tick(band.up) && tick::is_on_tick(band.down));
            prop_assert!(band.contains(reference) && band.up > reference);
            let percent = if is_st { 5 } else { 10 };
            let exact = fen * (100 + percent);
            let up = tick::fen(band.up).expect("fen") * 100;
            prop_assert!(up == (fen + 1) * 100 || (up - exact <= 50 && exact - up < 50), "half up: {up} for {exact}");
        }
    }
}
