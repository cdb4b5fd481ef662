//! Finds the schedule after which NightOps does not run: a session whose night no enabled job serves.

use jiff::{
    Timestamp,
    civil::{Date, Time},
};

use super::{
    plan::{plan, runs_night_ops},
    slots,
};
use crate::{config::Job, market::Calendar};

/// From when on the night of a session may be served: the closing call has ended.
const CLOSE: Time = Time::constant(15, 0, 0, 0);
/// By when it must have been: the next session opens.
const OPEN: Time = Time::constant(9, 30, 0, 0);

/// Returns which of the next `sessions` sessions from `now` on have no NightOps between their close and
/// the open of the session after them. Sessions that the calendar does not know are not counted.
#[must_use]
pub fn night_ops_gaps(jobs: &[Job], calendar: &Calendar, now: Timestamp, sessions: usize) -> Vec<Date> {
    let nights: Vec<Job> = jobs.iter().filter(|job| runs_night_ops(job)).cloned().collect();
    let today = slots::day_of(now);
    let known = calendar.sessions(today.min(calendar.last())..=calendar.last()).unwrap_or_default();
    let ahead = known.iter().copied().filter(|session| *session >= today).take(sessions);
    ahead.filter(|session| !is_served(&nights, calendar, *session, now)).collect()
}

fn is_served(nights: &[Job], calendar: &Calendar, session: Date, now: Timestamp) -> bool {
    let close = slots::at(session, CLOSE);
    let Ok(next) = calendar.next_session(session) else {
        // The last session known: its night ends with the calendar.
        return !plan(nights, calendar, close, slots::begin_of(session) + jiff::SignedDuration::from_hours(24))
            .occurrences
            .is_empty();
    };
    let open = slots::at(next, OPEN);
    // A start that has passed already counts: it has run, or is caught up.
    now >= open || !plan(nights, calendar, close, open).occurrences.is_empty()
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};

    use super::night_ops_gaps;
    use crate::{
        config::{self, Schedule},
        market::Calendar,
        ops::scheduler::jobs_in_force,
    };

    #[test]
    fn session_without_a_night_is_named() {
        let now: Timestamp = "2025-09-29T08:00:00+08:00".parse().expect("a timestamp");
        let mut jobs = jobs_in_force(&config::shipped().expect("sound"));
        assert!(night_ops_gaps(&jobs, Calendar::builtin(), now, 5).is_empty());
        if let Schedule::Daily { days_of_week, .. } = &mut jobs[0].schedule {
            days_of_week.retain(|day| *day != 2);
        }
        assert_eq!(night_ops_gaps(&jobs, Calendar::builtin(), now, 3), [date(2025, 9, 30)], "Tuesday has none");
        jobs[0].enabled = false;
        assert_eq!(
            night_ops_gaps(&jobs, Calendar::builtin(), now, 3),
            [date(2025, 9, 29), date(2025, 9, 30), date(2025, 10, 9)]
        );
    }

    #[test]
    fn end_of_the_calendar_is_no_gap() {
        let jobs = jobs_in_force(&config::shipped().expect("sound"));
        for now in ["2026-12-31T08:00:00+08:00", "2027-06-01T08:00:00+08:00"] {
            let gaps = night_ops_gaps(&jobs, Calendar::builtin(), now.parse().expect("a timestamp"), 5);
            assert!(gaps.is_empty(), "{now}: {gaps:?}");
        }
    }
}
