//! The starts of a job: of one day, and within a span of time. Pure arithmetic; a start is named by its
//! instant, in whole seconds, and nothing is listed one by one that can be counted.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
};

use crate::{
    clock::shanghai_zone,
    config::Schedule,
    market::{Calendar, CalendarError},
};

/// The starts of one job on one day, evenly spaced; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DaySlots {
    first: i64,
    step: i64,
    count: i64,
}

impl DaySlots {
    fn one(at: i64) -> Self {
        Self { first: at, step: 1, count: 1 }
    }

    /// Returns the first start.
    pub(super) fn first(self) -> Timestamp {
        instant(self.first)
    }

    /// Returns the last start.
    pub(super) fn last(self) -> Timestamp {
        instant(self.first + self.step * (self.count - 1))
    }

    /// Returns how many starts there are.
    pub(super) const fn count(self) -> u64 {
        self.count.unsigned_abs()
    }

    /// Returns the seconds from start to start; nothing of a single one.
    pub(super) const fn step(self) -> Option<u64> {
        if self.count > 1 { Some(self.step.unsigned_abs()) } else { None }
    }

    /// Returns the starts after `after`, up to and with `until`.
    pub(super) fn between(self, after: Timestamp, until: Timestamp) -> Option<Self> {
        let skipped = (after.as_second() - self.first).div_euclid(self.step) + 1;
        let skipped = skipped.clamp(0, self.count);
        let reached = ((until.as_second() - self.first).div_euclid(self.step) + 1).clamp(0, self.count);
        let count = reached - skipped;
        (count > 0).then_some(Self { first: self.first + self.step * skipped, count, ..self })
    }
}

/// What is known of the starts within a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) count: u64,
}

/// When one job starts, day by day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timetable<'a> {
    schedule: &'a Schedule,
    calendar: &'a Calendar,
}

impl<'a> Timetable<'a> {
    pub(super) const fn new(schedule: &'a Schedule, calendar: &'a Calendar) -> Self {
        Self { schedule, calendar }
    }

    /// Returns the starts on a day in Shanghai.
    ///
    /// # Errors
    /// When the job asks for trading days and the calendar does not know the day.
    pub(super) fn on(&self, day: Date) -> Result<Option<DaySlots>, CalendarError> {
        let starts = self.on_weekday(day);
        if starts.is_some() && self.schedule.trading_days_only() && !self.calendar.is_session(day)? {
            return Ok(None);
        }
        Ok(starts)
    }

    /// Returns the starts on a day in Shanghai by its weekday alone, whether or not it is a session; a job of
    /// trading days has none on a weekend.
    pub(super) fn on_weekday(&self, day: Date) -> Option<DaySlots> {
        let weekday = day.weekday().to_monday_one_offset().unsigned_abs();
        if self.schedule.trading_days_only() && weekday > 5 {
            return None;
        }
        match self.schedule {
            Schedule::Daily { time, days_of_week, .. } => {
                days_of_week.contains(&weekday).then(|| second(day, *time)).flatten().map(DaySlots::one)
            }
            Schedule::Weekly { weekday: wanted, time, .. } => {
                (weekday == *wanted).then(|| second(day, *time)).flatten().map(DaySlots::one)
            }
            Schedule::Interval { interval_sec, active, days_of_week, .. } => {
                let (start, end) = active.unwrap_or((Time::midnight(), Time::constant(23, 59, 59, 0)));
                let ends = second(day, start).zip(second(day, end));
                ends.filter(|_| days_of_week.contains(&weekday)).map(|(first, last)| {
                    let step = (*interval_sec as i64).max(1);
                    DaySlots { first, step, count: (last - first).max(0) / step + 1 }
                })
            }
            Schedule::Manual => None,
        }
    }

    /// Returns the starts after `after`, up to and with `until`; a day that the calendar does not know
    /// has none.
    pub(super) fn pending(&self, after: Timestamp, until: Timestamp) -> Option<Pending> {
        let mut all: Option<Pending> = None;
        for day in days(after, until) {
            let Some(slots) = self.on(day).ok().flatten().and_then(|slots| slots.between(after, until)) else {
                continue;
            };
            let before = all.unwrap_or(Pending { first: slots.first(), last: slots.last(), count: 0 });
            all = Some(Pending { last: slots.last(), count: before.count + slots.count(), ..before });
        }
        all
    }

    /// Returns the first start after `after`, up to and with `until`.
    pub(super) fn next(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let slots = |day| self.on(day).ok().flatten()?.between(after, until);
        days(after, until).find_map(slots).map(DaySlots::first)
    }
}

/// Returns the days in Shanghai that a span of time touches, ascending.
pub(super) fn days(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Date> {
    let (first, last) = (day_of(from), day_of(to));
    first.series(jiff::Span::new().days(1)).take_while(move |day| *day <= last)
}

/// Returns the day of an instant in Shanghai.
pub(super) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(shanghai_zone()).date()
}

/// Returns the instant at which a day begins in Shanghai.
pub(super) fn begin_of(day: Date) -> Timestamp {
    at(day, Time::midnight())
}

/// Returns the instant of a time of day in Shanghai.
pub(super) fn at(day: Date, time: Time) -> Timestamp {
    instant(second(day, time).unwrap_or(i64::MAX))
}

fn second(day: Date, time: Time) -> Option<i64> {
    // A time that a change of the clocks skips or repeats is taken as it was before the change.
    Some(day.to_datetime(time).to_zoned(shanghai_zone()).ok()?.timestamp().as_second())
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// Returns the instant just before a start: what comes after it begins with that start.
pub(super) fn just_before(slot: Timestamp) -> Timestamp {
    slot.checked_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};

    use super::{DaySlots, Timetable, day_of};
    use crate::{config::Schedule, market::Calendar};

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().expect("a timestamp")
    }

    fn every_minute() -> Schedule {
        let (start, end) = (jiff::civil::time(9, 30, 0, 0), jiff::civil::time(9, 32, 30, 0));
        Schedule::Interval {
            interval_sec: 60,
            active: Some((start, end)),
            days_of_week: vec![1, 2, 3, 4, 5, 7],
            trading_days_only: true,
        }
    }

    #[test]
    fn interval_counts_from_the_begin_of_its_range_on_open_days_only() {
        let schedule = every_minute();
        let table = Timetable::new(&schedule, Calendar::builtin());
        let slots = table.on(date(2025, 9, 30)).expect("known").expect("open");
        assert_eq!(
            (slots.first(), slots.last(), slots.count()),
            (at("2025-09-30T09:30:00"), at("2025-09-30T09:32:00"), 3)
        );
        for closed in [date(2025, 10, 1), date(2025, 9, 28), date(2025, 9, 27)] {
            assert_eq!(table.on(closed), Ok(None), "{closed}");
        }
        assert!(table.on(date(2027, 1, 4)).is_err(), "outside the calendar");
        let all = table.pending(at("2025-09-29T09:31:00"), at("2025-10-09T09:30:00")).expect("some");
        assert_eq!((all.first, all.last, all.count), (at("2025-09-29T09:32:00"), at("2025-10-09T09:30:00"), 5));
        assert_eq!(table.next(at("2025-09-30T09:32:00"), at("2025-10-20T00:00:00")), Some(at("2025-10-09T09:30:00")));
        assert_eq!(table.next(at("2025-09-30T09:32:00"), at("2025-10-09T09:29:59")), None);
    }

    #[test]
    fn cut_of_a_day_agrees_with_counting_one_by_one() {
        let day = DaySlots { first: 1_000, step: 7, count: 5 };
        for after in 990..1_040 {
            for until in 990..1_040 {
                let counted: Vec<i64> = (0..5).map(|k| 1_000 + 7 * k).filter(|s| *s > after && *s <= until).collect();
                let second = |s| Timestamp::from_second(s).expect("an instant");
                let cut = day.between(second(after), second(until));
                let expected = counted.first().map(|first| (*first, counted.len() as i64));
                assert_eq!(cut.map(|cut| (cut.first, cut.count)), expected, "{after}..{until}");
            }
        }
    }

    #[test]
    fn day_is_shanghais() {
        assert_eq!(day_of("2025-01-01T16:00:00Z".parse().expect("a timestamp")), date(2025, 1, 2));
    }
}
