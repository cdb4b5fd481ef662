//! Years that the closure table does not know yet, as the exchanges publish them each December: closures
//! read from text, and held to what a year of closures must be.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::{Calendar, Holiday, closures, is_weekend};
use crate::exit::{Exit, Failure};

/// A year with fewer closed weekdays is not a whole one: since 2008 each has had at least fourteen.
const CLOSED_WEEKDAYS_MIN: usize = 10;
/// No closure has ever been longer, days.
const CLOSURE_DAYS_MAX: i32 = 21;

/// Days on which the exchanges are shut, the first to the last with both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closure {
    first: Date,
    last: Date,
}

impl std::str::FromStr for Closure {
    type Err = ClosureError;

    /// Reads `2027-01-01`, or `2027-02-05..2027-02-11`.
    fn from_str(text: &str) -> Result<Self, ClosureError> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let day = |day: &str| day.trim().parse::<Date>().map_err(|_| ClosureError::NotADay { text: text.into() });
        let closure = Self { first: day(first)?, last: day(last)? };
        let days = closure.first.until(closure.last).map_or(i32::MAX, |span| span.get_days());
        if closure.first.year() != closure.last.year() || !(0..CLOSURE_DAYS_MAX).contains(&days) {
            return Err(ClosureError::NotASpan { text: text.into() });
        }
        Ok(closure)
    }
}

impl Closure {
    fn weekdays(self) -> impl Iterator<Item = Date> {
        let days = self.first.series(jiff::Span::new().days(1));
        days.take_while(move |day| *day <= self.last).filter(|day| !is_weekend(*day))
    }
}

impl Calendar {
    /// Returns the calendar with the years that `closures` add to the table. Closures of years that the table
    /// knows must agree with it, so that a list may stay when the program learns the year.
    ///
    /// # Errors
    /// Where a closure contradicts the table or is given twice, a year is missing between the table and the
    /// list, or a year has too few closures to be a whole one.
    pub fn with_closures(list: &[Closure]) -> Result<Self, ClosureError> {
        let mut calendar = Self::from_closures();
        let mut years: BTreeMap<i16, usize> = BTreeMap::new();
        let mut seen: Vec<Date> = Vec::new();
        for day in list.iter().flat_map(|closure| closure.weekdays()) {
            if seen.contains(&day) {
                return Err(ClosureError::Twice { day });
            }
            seen.push(day);
            if day > closures::LAST {
                *years.entry(day.year()).or_default() += 1;
                calendar.closed.insert(day, Holiday::Announced);
            } else if day < closures::FIRST || calendar.is_session(day) == Ok(true) {
                return Err(ClosureError::Contradiction { day });
            }
        }
        for (year, closed) in years {
            let next = calendar.last.year() + 1;
            if year != next {
                return Err(ClosureError::Gap { year, next });
            }
            if closed < CLOSED_WEEKDAYS_MIN {
                return Err(ClosureError::Few { year, closed });
            }
            calendar.extend_to(date(year, 12, 31));
        }
        Ok(calendar)
    }
}

/// Closures that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClosureError {
    /// A text is no day.
    #[error("'{text}' is no closure: give YYYY-MM-DD, or YYYY-MM-DD..YYYY-MM-DD")]
    NotADay {
        /// The text.
        text: String,
    },
    /// A span ends before it begins, in another year, or is too long.
    #[error("'{text}' is no closure: it ends in the year in which it begins, after 1 to {CLOSURE_DAYS_MAX} days")]
    NotASpan {
        /// The text.
        text: String,
    },
    /// A weekday is in two closures.
    #[error("{day} is closed twice")]
    Twice {
        /// The day.
        day: Date,
    },
    /// The exchanges traded, or will trade, on the day.
    #[error("{day} is a session by the exchanges' own notice, which the program knows up to {}", closures::LAST)]
    Contradiction {
        /// The day.
        day: Date,
    },
    /// A year before it is not known.
    #[error("{year} has closures, but {next} comes first and has none")]
    Gap {
        /// The year given.
        year: i16,
        /// The year that must come first.
        next: i16,
    },
    /// A year is not whole.
    #[error(
        "{year} has {closed} closed weekdays, at least {CLOSED_WEEKDAYS_MIN} are in every whole year: give all of them"
    )]
    Few {
        /// The year.
        year: i16,
        /// Its closed weekdays.
        closed: usize,
    },
}

impl Failure for ClosureError {
    fn exit(&self) -> Exit {
        Exit::Config
    }

    fn remedy(&self) -> Option<String> {
        Some("Copy the whole year from the exchanges' notice of closures.".into())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Calendar, Closure, ClosureError, Holiday};

    /// A year as the exchanges could publish it; the real one is not known yet.
    const NEXT: [&str; 6] = [
        "2027-01-01",
        "2027-02-05..2027-02-11",
        "2027-04-05",
        "2027-05-03..2027-05-05",
        "2027-06-09",
        "2027-10-01..2027-10-07",
    ];

    fn closures(texts: &[&str]) -> Vec<Closure> {
        texts.iter().map(|text| text.parse().expect("a closure")).collect()
    }

    #[test]
    fn year_that_is_given_has_sessions_and_holidays() {
        let calendar = Calendar::with_closures(&closures(&NEXT)).expect("a year");
        assert_eq!(calendar.last(), date(2027, 12, 31));
        assert_eq!(calendar.next_session(date(2026, 12, 31)), Ok(date(2027, 1, 4)));
        assert_eq!(calendar.next_session(date(2027, 2, 4)), Ok(date(2027, 2, 12)));
        assert_eq!(calendar.holiday(date(2027, 10, 7)), Some(Holiday::Announced));
        assert!(calendar.is_session(date(2028, 1, 3)).is_err(), "still no guess");
        let known = Calendar::builtin();
        let until = known.first()..=known.last();
        assert_eq!(calendar.sessions(until.clone()), known.sessions(until), "what was known stays");
        let again = ["2026-01-01..2026-01-02", "2026-10-01..2026-10-07"];
        let agrees = Calendar::with_closures(&closures(&again)).expect("it agrees");
        assert_eq!(agrees.last(), date(2026, 12, 31), "a list may stay when the program has learnt the year");
    }

    #[test]
    fn closures_that_cannot_be_are_refused() {
        for text in ["", "2027-13-01", "1 January", "2027-01-01..", "2027-01-01...2027-01-02"] {
            assert!(matches!(text.parse::<Closure>(), Err(ClosureError::NotADay { .. })), "{text}");
        }
        for text in ["2027-01-05..2027-01-04", "2026-12-31..2027-01-01", "2027-01-01..2027-03-01"] {
            assert!(matches!(text.parse::<Closure>(), Err(ClosureError::NotASpan { .. })), "{text}");
        }
        let refused = |texts: &[&str]| Calendar::with_closures(&closures(texts)).expect_err("refused");
        assert_eq!(refused(&["2026-07-01"]), ClosureError::Contradiction { day: date(2026, 7, 1) });
        assert_eq!(refused(&["2027-01-01", "2027-01-01"]), ClosureError::Twice { day: date(2027, 1, 1) });
        assert_eq!(refused(&["2027-01-01"]), ClosureError::Few { year: 2027, closed: 1 });
        assert_eq!(refused(&["2028-01-03..2028-01-20"]), ClosureError::Gap { year: 2028, next: 2027 });
    }
}
