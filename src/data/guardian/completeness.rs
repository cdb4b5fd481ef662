//! Whether the newest session is there as a whole: a delivery that was cut short ends in a session with few bars,
//! and research would take the symbols that are missing for shares that no longer trade.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::TABLE;
use crate::{
    data::DataError,
    market::{DailyBar, SecurityHistory, Symbol},
};

/// The share of the bars of the session before that the newest one must have.
const LEAST_SHARE: f64 = 0.8;

/// So few symbols say nothing about a delivery: one of them more or less is a matter of every day.
const SYMBOLS_MIN: usize = 10;

/// Lets the bars pass whose newest session is whole, or refuses them. `bars` are ordered by date.
///
/// # Errors
/// `Partial` when the newest session has less than four fifths of the bars of the session before.
pub fn require_whole_session(bars: &[DailyBar]) -> Result<(), DataError> {
    let mut rows: BTreeMap<Date, usize> = BTreeMap::new();
    for bar in bars.iter().rev() {
        *rows.entry(bar.date).or_default() += 1;
        if rows.len() > 2 {
            break;
        }
    }
    let mut newest = rows.into_iter().rev();
    let (Some((date, rows)), Some((_, expected))) = (newest.next(), newest.next()) else { return Ok(()) };
    if expected < SYMBOLS_MIN || rows as f64 >= expected as f64 * LEAST_SHARE {
        return Ok(());
    }
    Err(DataError::Partial { table: TABLE, date, rows, expected, least: LEAST_SHARE * 100.0 })
}

/// Returns the symbols whose last bar is before the newest session although nothing says that they were delisted,
/// with the date of that bar, in order of the symbols. `bars` are ordered by date.
#[must_use]
pub fn vanished(bars: &[DailyBar], history: &SecurityHistory) -> Vec<(Symbol, Date)> {
    let mut last: Vec<(Symbol, Date)> = Vec::new();
    for day in bars.chunk_by(|a, b| a.date == b.date).rev() {
        // The symbols of most days follow each other as on the day after.
        let (mut next, known) = (0, last.len());
        for bar in day {
            let of_known = last.get(..known).unwrap_or_default();
            let place = match of_known.get(next) {
                Some((symbol, _)) if *symbol == bar.symbol => Ok(next),
                _ => of_known.binary_search_by_key(&bar.symbol, |(symbol, _)| *symbol),
            };
            match place {
                Ok(place) => next = place + 1,
                Err(_) => last.push((bar.symbol, bar.date)),
            }
        }
        if last.len() > known {
            last.sort_unstable();
            last.dedup();
        }
    }
    let Some(newest) = bars.last().map(|bar| bar.date) else { return Vec::new() };
    last.retain(|(symbol, date)| *date < newest && history.delisted_on(*symbol, newest).is_none());
    last
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{require_whole_session, vanished};
    use crate::{
        data::DataError,
        market::{DailyBar, SecurityEvent, SecurityHistory, SecurityStatus},
    };

    fn bars(counts: &[(i8, usize)]) -> Vec<DailyBar> {
        let of = |(day, count): &(i8, usize)| {
            let day = *day;
            (0..*count).map(move |number| DailyBar {
                date: date(2025, 1, day),
                symbol: format!("{number:06}.SZ").parse().expect("a symbol"),
                open: 1.0,
                high: 1.0,
                low: 1.0,
                close: 1.0,
                volume: Some(100),
                amount: None,
                preclose: Some(1.0),
                adj_factor: 1.0,
                suspended: false,
                source: "test".into(),
            })
        };
        counts.iter().flat_map(of).collect()
    }

    #[test]
    fn symbol_without_a_bar_on_the_newest_session_has_vanished_unless_it_was_delisted() {
        let bars = bars(&[(2, 3), (3, 2)]);
        let third = "000002.SZ".parse().expect("a symbol");
        assert_eq!(vanished(&bars, &SecurityHistory::default()), [(third, date(2025, 1, 2))]);
        let (date, status) = (date(2025, 1, 3), SecurityStatus::Delisted);
        let event = SecurityEvent { date, symbol: third, status, name: "".into() };
        assert_eq!(vanished(&bars, &SecurityHistory::of([&event])), []);
    }

    #[test]
    fn session_with_few_of_the_bars_before_is_refused() {
        let judged = |counts: &[(i8, usize)]| require_whole_session(&bars(counts)).err();
        for whole in
            [&[(2, 20), (3, 20), (6, 16)][..], &[(3, 9), (6, 1)], &[(3, 50)], &[], &[(2, 90), (3, 20), (6, 20)]]
        {
            assert_eq!(judged(whole), None, "{whole:?}");
        }
        let partial = judged(&[(2, 20), (3, 20), (6, 15)]);
        assert!(matches!(partial, Some(DataError::Partial { rows: 15, expected: 20, .. })), "{partial:?}");
    }
}
