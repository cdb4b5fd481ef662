//! The hours of a trading day and the labels of its intraday bars. A bar is named by its END.

use jiff::civil::{Date, Time, date, time};

use super::{Board, Interval};

/// A part of the trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Orders are collected and matched at one price at the end.
    OpeningCall,
    /// Orders match as they come.
    Continuous,
    /// The closing price is made by one auction.
    ClosingCall,
    /// Trades at the closing price.
    AfterHours,
}

/// A phase and its hours: from `start` up to, not with, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// What happens.
    pub phase: Phase,
    /// The first instant.
    pub start: Time,
    /// The first instant after it.
    pub end: Time,
}

const fn at(hour: i8, minute: i8) -> Time {
    time(hour, minute, 0, 0)
}

const fn hours(phase: Phase, start: Time, end: Time) -> Hours {
    Hours { phase, start, end }
}

/// The day's phases. Source: market_rules.md (TradingAgents-astock #85).
const DAY: [Hours; 5] = [
    hours(Phase::OpeningCall, at(9, 15), at(9, 25)),
    hours(Phase::Continuous, at(9, 30), at(11, 30)),
    hours(Phase::Continuous, at(13, 0), at(14, 57)),
    hours(Phase::ClosingCall, at(14, 57), at(15, 0)),
    hours(Phase::AfterHours, at(15, 5), at(15, 30)),
];

/// From when a board trades after hours at the closing price.
const AFTER_HOURS_FROM: &[(Board, Date)] = &[
    (Board::Star, date(2019, 7, 22)),    // common: since the board opened
    (Board::ChiNext, date(2020, 8, 24)), // common: since its reform
    (Board::Main, date(2026, 7, 6)),     // market_rules.md: all A shares (#85)
    (Board::Beijing, date(2026, 7, 6)),  // market_rules.md: all A shares (#85)
];

/// Returns the phases of a board's day, in order.
#[must_use]
pub fn hours_on(board: Board, date: Date) -> Vec<Hours> {
    let after_hours = AFTER_HOURS_FROM.iter().any(|(of, from)| *of == board && *from <= date);
    DAY.iter().filter(|hours| after_hours || hours.phase != Phase::AfterHours).copied().collect()
}

/// Returns the phase at an instant of a board's day; none between phases.
#[must_use]
pub fn phase_at(board: Board, date: Date, time: Time) -> Option<Phase> {
    let hours = hours_on(board, date);
    hours.iter().find(|hours| hours.start <= time && time < hours.end).map(|hours| hours.phase)
}

/// Minutes of trading in a day: 09:30 to 11:30 and 13:00 to 15:00.
const MINUTES_PER_DAY: i64 = 240;

/// Minutes of trading before the lunch break.
const MINUTES_PER_MORNING: i64 = 120;

/// Returns how many bars of an interval make a day: 240, 48, 16 or 4.
#[must_use]
pub const fn bars_per_day(interval: Interval) -> usize {
    (MINUTES_PER_DAY / interval.minutes()) as usize
}

/// Returns the end labels of a day's bars, ascending: of one minute 09:31 to 11:30 and 13:01 to 15:00.
#[must_use]
pub fn bar_ends(interval: Interval) -> Vec<Time> {
    let step = interval.minutes();
    (1..=MINUTES_PER_DAY / step).map(|bar| minute_end(bar * step)).collect()
}

/// Returns the place of a bar in its day, from 0, by its end label; none when no bar ends then.
#[must_use]
pub fn bar_index(interval: Interval, end: Time) -> Option<usize> {
    let minute = i64::from(end.hour()) * 60 + i64::from(end.minute());
    let traded = if minute <= 11 * 60 + 30 { minute - (9 * 60 + 30) } else { minute - 13 * 60 + MINUTES_PER_MORNING };
    let ends = traded > 0 && traded % interval.minutes() == 0 && end == minute_end(traded.min(MINUTES_PER_DAY));
    ends.then(|| (traded / interval.minutes() - 1) as usize)
}

/// Returns the wall-clock time at which `traded` minutes of the day have passed, the break apart.
fn minute_end(traded: i64) -> Time {
    let opening = if traded <= MINUTES_PER_MORNING { 9 * 60 + 30 } else { 13 * 60 - MINUTES_PER_MORNING };
    let minute = opening + traded;
    at((minute / 60) as i8, (minute % 60) as i8)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::{Phase, bar_ends, bar_index, bars_per_day, hours_on, phase_at};
    use crate::market::{Board, Interval};

    #[test]
    fn bars_are_named_by_their_ends() {
        let ends = bar_ends(Interval::M1);
        assert_eq!(ends.len(), 240);
        assert_eq!((ends[0], ends[119]), (time(9, 31, 0, 0), time(11, 30, 0, 0)));
        assert_eq!((ends[120], ends[239]), (time(13, 1, 0, 0), time(15, 0, 0, 0)));
        let hours: Vec<String> = bar_ends(Interval::M60).iter().map(ToString::to_string).collect();
        assert_eq!(hours, ["10:30:00", "11:30:00", "14:00:00", "15:00:00"]);
    }

    #[test]
    fn a_label_finds_its_place_and_no_other_time_does() {
        for interval in Interval::ALL {
            let ends = bar_ends(interval);
            assert_eq!(ends.len(), bars_per_day(interval));
            assert!(ends.iter().enumerate().all(|(place, end)| bar_index(interval, *end) == Some(place)));
        }
        for (hour, minute, second) in
            [(9, 30, 0), (11, 31, 0), (13, 0, 0), (12, 0, 0), (15, 1, 0), (9, 31, 5), (0, 0, 0)]
        {
            assert_eq!(bar_index(Interval::M1, time(hour, minute, second, 0)), None, "{hour}:{minute}:{second}");
        }
        assert_eq!(bar_index(Interval::M5, time(9, 31, 0, 0)), None);
    }

    #[test]
    fn after_hours_trading_begins_board_by_board() {
        let trades_late = |board, date| phase_at(board, date, time(15, 10, 0, 0)) == Some(Phase::AfterHours);
        assert!(trades_late(Board::Star, date(2025, 1, 2)) && !trades_late(Board::Main, date(2025, 1, 2)));
        assert!(trades_late(Board::Main, date(2026, 7, 6)) && !trades_late(Board::Main, date(2026, 7, 3)));
        assert_eq!(phase_at(Board::Main, date(2025, 1, 2), time(12, 0, 0, 0)), None);
        assert_eq!(hours_on(Board::Main, date(2025, 1, 2)).len(), 4);
    }
}
