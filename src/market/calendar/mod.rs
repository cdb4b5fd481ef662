//! The trading calendar of Shanghai and Shenzhen (Beijing keeps the same): which days are sessions.
//!
//! Every weekday is a session except the closures of [`closures`] and those that a workspace's config adds
//! for years that the exchanges have published since ([`extension`]). A date outside the years that are
//! known is an error, never a guess.

mod closures;
mod extension;

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{LazyLock, PoisonError, RwLock},
};

use jiff::civil::{Date, Weekday};

use crate::exit::{Exit, Failure};

pub use closures::Holiday;
pub use extension::{Closure, ClosureError};

/// Days before the end of the calendar from which on a reader is told.
pub const END_NEAR_DAYS: i32 = 60;

/// The sessions from 1990-12-19 to the last one that the closure table knows.
#[derive(Debug)]
pub struct Calendar {
    sessions: Vec<Date>,
    closed: BTreeMap<Date, Holiday>,
    last: Date,
}

static BUILTIN: LazyLock<Calendar> = LazyLock::new(Calendar::from_closures);

/// The calendar that this process has adopted in place of the built-in one. Sessions are facts of the world,
/// so a process has one calendar, not one a caller.
static ADOPTED: RwLock<Option<&'static Calendar>> = RwLock::new(None);

impl Calendar {
    /// Returns the calendar of this process: the closure table's, with the years that were
    /// [adopted](Self::adopt).
    #[must_use]
    pub fn builtin() -> &'static Self {
        ADOPTED.read().unwrap_or_else(PoisonError::into_inner).unwrap_or(&BUILTIN)
    }

    /// Makes the closure table with the years that `closures` add the calendar of this process. What was
    /// handed out before stays as it was.
    ///
    /// # Errors
    /// As [`with_closures`](Self::with_closures); the calendar then stays as it was.
    pub fn adopt(closures: &[Closure]) -> Result<(), ClosureError> {
        let calendar = Self::with_closures(closures)?;
        if calendar.last != Self::builtin().last || calendar.closed != Self::builtin().closed {
            // It lives as long as the process, and a config adds a year once a year.
            *ADOPTED.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::leak(Box::new(calendar)));
        }
        Ok(())
    }

    /// Returns the days that are left of the calendar after a date, where they are so few that a reader must
    /// be told; negative when the date is beyond it.
    #[must_use]
    pub fn days_left_if_near(&self, date: Date) -> Option<i32> {
        let left = date.until(self.last).map_or(0, |span| span.get_days());
        (left < END_NEAR_DAYS).then_some(left)
    }

    fn from_closures() -> Self {
        let closed: BTreeMap<Date, Holiday> = closures::YEARS.iter().flat_map(closed_days).collect();
        let mut calendar = Self { sessions: Vec::new(), closed, last: closures::FIRST };
        calendar.sessions.push(closures::FIRST);
        calendar.extend_to(closures::LAST);
        calendar
    }

    /// Adds the sessions after the last day known, up to and with `last`.
    fn extend_to(&mut self, last: Date) {
        let days = self.last.series(jiff::Span::new().days(1)).skip(1).take_while(|day| *day <= last);
        self.sessions.extend(days.filter(|day| !is_weekend(*day) && !self.closed.contains_key(day)));
        self.last = last;
    }

    /// Returns the first session ever.
    #[must_use]
    pub fn first(&self) -> Date {
        closures::FIRST
    }

    /// Returns the last session known.
    #[must_use]
    pub fn last(&self) -> Date {
        self.last
    }

    /// Says whether the exchanges trade on a date.
    ///
    /// # Errors
    /// When the date is outside the calendar.
    pub fn is_session(&self, date: Date) -> Result<bool, CalendarError> {
        self.position(date).map(|position| position.is_ok())
    }

    /// Returns the holiday that shuts the exchanges on a weekday, if one does.
    #[must_use]
    pub fn holiday(&self, date: Date) -> Option<Holiday> {
        self.closed.get(&date).copied()
    }

    /// Returns the first session after a date.
    ///
    /// # Errors
    /// When the date or that session is outside the calendar.
    pub fn next_session(&self, date: Date) -> Result<Date, CalendarError> {
        self.offset(date, 1)
    }

    /// Returns the last session before a date.
    ///
    /// # Errors
    /// When the date or that session is outside the calendar.
    pub fn previous_session(&self, date: Date) -> Result<Date, CalendarError> {
        self.offset(date, -1)
    }

    /// Returns the date itself when it is a session, else the last session before it.
    ///
    /// # Errors
    /// When the date is outside the calendar.
    pub fn session_on_or_before(&self, date: Date) -> Result<Date, CalendarError> {
        match self.position(date)? {
            Ok(_) => Ok(date),
            Err(_) => self.offset(date, -1),
        }
    }

    /// Returns the `sessions`-th session after a date (before it when negative); with 0 the date itself,
    /// which must then be a session. The date need not be one otherwise.
    ///
    /// # Errors
    /// When the date or the result is outside the calendar; with 0, when the date is no session.
    pub fn offset(&self, date: Date, sessions: i64) -> Result<Date, CalendarError> {
        let position = self.position(date)?;
        let target = match (position, sessions) {
            (Err(_), 0) => return Err(CalendarError::NotASession { date, holiday: self.holiday(date) }),
            // `at` is the first session after the date, so one step forward is already made.
            (Err(at), step) if step > 0 => (at as i64).saturating_add(step - 1),
            (Ok(at) | Err(at), step) => (at as i64).saturating_add(step),
        };
        let found = usize::try_from(target).ok().and_then(|at| self.sessions.get(at)).copied();
        found.ok_or(CalendarError::PastTheEnd { date, sessions, first: self.first(), last: self.last() })
    }

    /// Returns the sessions of a range of dates, ascending; none when the range is empty.
    ///
    /// # Errors
    /// When an end of the range is outside the calendar.
    pub fn sessions(&self, range: RangeInclusive<Date>) -> Result<&[Date], CalendarError> {
        let from = self.position(*range.start())?.unwrap_or_else(|at| at);
        let to = self.position(*range.end())?.map_or_else(|at| at, |at| at + 1);
        Ok(self.sessions.get(from..to).unwrap_or_default())
    }

    /// Returns how many sessions lie after `from`, up to and with `to`; negative when `to` is earlier.
    /// Between two sessions this is their distance: `offset(from, count_between(from, to))` is `to`.
    ///
    /// # Errors
    /// When a date is outside the calendar.
    pub fn count_between(&self, from: Date, to: Date) -> Result<i64, CalendarError> {
        let passed = |date| Ok(self.position(date)?.map_or_else(|at| at, |at| at + 1) as i64);
        Ok(passed(to)? - passed(from)?)
    }

    /// Returns the index of a session, or of the first session after the date.
    fn position(&self, date: Date) -> Result<Result<usize, usize>, CalendarError> {
        let (first, last) = (self.first(), self.last());
        if date < first || date > last {
            return Err(CalendarError::OutOfRange { date, first, last });
        }
        Ok(self.sessions.binary_search(&date))
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Returns the closed weekdays of one row of the table.
fn closed_days((year, closures): &closures::Year) -> impl Iterator<Item = (Date, Holiday)> {
    let year = *year;
    closures.iter().flat_map(move |(holiday, from, to)| {
        let (from, to) = (month_day(year, *from), month_day(year, *to));
        let days = from.into_iter().flat_map(|from| from.series(jiff::Span::new().days(1)));
        days.take_while(move |day| to.is_some_and(|to| *day <= to))
            .filter(|day| !is_weekend(*day))
            .map(|day| (day, *holiday))
    })
}

fn month_day(year: i16, month_day: i16) -> Option<Date> {
    Date::new(year, (month_day / 100) as i8, (month_day % 100) as i8).ok()
}

/// A question that the calendar cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The date is before the first or after the last day known.
    #[error("{date} is outside the trading calendar, which knows {first} to {last}")]
    OutOfRange {
        /// The date asked for.
        date: Date,
        /// The first day known.
        first: Date,
        /// The last day known.
        last: Date,
    },
    /// The date is known, but the session counted from it is not.
    #[error("{sessions} sessions from {date} leads outside the trading calendar, which knows {first} to {last}")]
    PastTheEnd {
        /// The date counted from.
        date: Date,
        /// The sessions counted.
        sessions: i64,
        /// The first day known.
        first: Date,
        /// The last day known.
        last: Date,
    },
    /// The date is no session where one is needed.
    #[error("{date} is not a trading session ({})", reason(*holiday))]
    NotASession {
        /// The date asked for.
        date: Date,
        /// The holiday that shuts the exchanges; none on a weekend.
        holiday: Option<Holiday>,
    },
}

fn reason(holiday: Option<Holiday>) -> String {
    holiday.map_or_else(|| "a weekend".to_owned(), |holiday| format!("{holiday:?}"))
}

impl Failure for CalendarError {
    fn exit(&self) -> Exit {
        Exit::DataRefused
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::OutOfRange { date, first, .. } if date < first => format!("Use dates from {first} on."),
            Self::PastTheEnd { sessions, first, .. } if *sessions < 0 => format!("Use dates from {first} on."),
            Self::OutOfRange { last, .. } | Self::PastTheEnd { last, .. } => format!(
                "Use dates up to {last}, or add the year that the exchanges publish each December to \
                 data_sources.market.closures of config/system_config.json (docs/scheduler.md), or update LightHunter."
            ),
            Self::NotASession { .. } => "Choose a trading session.".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::{Calendar, CalendarError, Holiday, closures, is_weekend, month_day};
    use crate::market::visible;

    #[test]
    fn every_session_of_the_independent_list_is_one_and_no_other_day() {
        let Some(rows) = visible::rows("calendar.csv.gz") else { return };
        let listed: Vec<Date> = rows.iter().map(|row| visible::date(&row["trade_date"])).collect();
        let calendar = Calendar::builtin();
        let ours = calendar.sessions(calendar.first()..=calendar.last()).expect("the whole calendar");
        assert_eq!(ours.len(), 8797);
        assert_eq!(ours, listed);
    }

    #[test]
    fn closures_are_ordered_weekdays_of_their_year() {
        let years: Vec<i16> = closures::YEARS.iter().map(|(year, _)| *year).collect();
        assert_eq!(years, (closures::FIRST.year()..=closures::LAST.year()).collect::<Vec<_>>());
        for (year, closures) in closures::YEARS {
            let ends: Vec<i16> = closures.iter().flat_map(|(_, from, to)| [*from, *to]).collect();
            assert!(ends.is_sorted(), "{year}: {ends:?}");
            for end in ends {
                let day = month_day(*year, end).expect("a date");
                assert!(!is_weekend(day), "{day} needs no mention");
            }
        }
    }

    #[test]
    fn weekends_and_holidays_are_no_sessions() {
        let calendar = Calendar::builtin();
        let is = |year, month, day| calendar.is_session(date(year, month, day)).expect("inside");
        assert!(is(2025, 6, 30) && is(1990, 12, 19) && is(2026, 12, 31));
        assert!(!is(2025, 6, 28), "a Saturday");
        assert!(!is(2025, 10, 8), "the last day of the National Day closure");
        assert!(!is(2020, 1, 31), "the Spring Festival of 2020 was made longer");
        assert_eq!(calendar.holiday(date(2020, 1, 31)), Some(Holiday::SpringFestival));
    }

    #[test]
    fn steps_skip_closures_from_sessions_and_from_other_days() {
        let calendar = Calendar::builtin();
        let (before, after) = (date(2025, 9, 30), date(2025, 10, 9));
        for inside in [before, date(2025, 10, 1), date(2025, 10, 4), date(2025, 10, 8)] {
            assert_eq!(calendar.next_session(inside), Ok(after), "{inside}");
            assert_eq!(calendar.session_on_or_before(inside), Ok(before), "{inside}");
            assert_eq!(calendar.offset(inside, 2), Ok(date(2025, 10, 10)), "{inside}");
        }
        assert_eq!(calendar.previous_session(after), Ok(before));
        assert_eq!(calendar.offset(date(2025, 10, 3), -2), Ok(date(2025, 9, 29)));
        assert_eq!(calendar.offset(after, 0), Ok(after));
        assert!(matches!(calendar.offset(date(2025, 10, 3), 0), Err(CalendarError::NotASession { .. })));
    }

    #[test]
    fn count_is_the_distance_of_two_sessions() {
        let calendar = Calendar::builtin();
        let (from, to) = (date(2025, 9, 29), date(2025, 10, 10));
        assert_eq!(calendar.count_between(from, to), Ok(3));
        assert_eq!(calendar.count_between(to, from), Ok(-3));
        assert_eq!(calendar.count_between(date(2025, 10, 1), date(2025, 10, 8)), Ok(0));
        assert_eq!(calendar.sessions(to..=from), Ok(&[][..]));
    }

    #[test]
    fn a_date_outside_is_an_error_and_never_a_guess() {
        let calendar = Calendar::builtin();
        for outside in [date(1990, 12, 18), date(2027, 1, 1), date(2027, 1, 4)] {
            assert!(matches!(calendar.is_session(outside), Err(CalendarError::OutOfRange { .. })), "{outside}");
            assert!(calendar.session_on_or_before(outside).is_err(), "{outside}");
            assert!(calendar.sessions(date(2025, 1, 1)..=outside).is_err(), "{outside}");
        }
        assert!(matches!(calendar.next_session(calendar.last()), Err(CalendarError::PastTheEnd { .. })));
        assert!(matches!(calendar.previous_session(calendar.first()), Err(CalendarError::PastTheEnd { .. })));
        for far in [100_000, -100_000, i64::MAX, i64::MIN] {
            assert!(calendar.offset(date(2025, 1, 2), far).is_err(), "{far}");
        }
    }
}
