//! What is planned: the starts of all jobs within a span of time, pure.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::{
    slots::{self, Timetable},
    words::{self, Word},
};
use crate::{
    clock::shanghai_zone,
    config::{Configuration, Job, own_command},
    market::Calendar,
    ops::night_ops::completed_session,
    text::{Language, Note, Speak},
};

/// The starts of one job on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Occurrence {
    /// The job's id.
    pub job: String,
    /// The day in Shanghai.
    pub date: Date,
    /// The first start.
    pub first: Timestamp,
    /// The last start; the first where there is only one.
    pub last: Timestamp,
    /// How many starts.
    pub starts: u64,
    /// Seconds from start to start, where there are several.
    pub step_sec: Option<u64>,
    /// What `{trade_date}` is at the first start: the newest completed session.
    pub trade_date: Date,
    /// The trading calendar does not know the day: it is taken for a session because it is a weekday, and
    /// nothing starts on it before the calendar is extended.
    pub assumed: bool,
}

impl Occurrence {
    /// Returns the starts in words.
    #[must_use]
    pub fn note(&self) -> Note {
        let clock = |at: Timestamp| at.to_zoned(shanghai_zone()).strftime("%H:%M:%S").to_string();
        let weekday = words::weekday(self.date);
        let (first, last) = (clock(self.first), clock(self.last));
        let several = self.step_sec.map(|step| Note::new(Word::Several, [&step, &last, &self.starts]));
        let several = several.unwrap_or_else(|| Note::foreign(""));
        let assumed = if self.assumed { Word::Assumed.into() } else { Note::foreign("") };
        let all: [&dyn Speak; 7] = [&self.date, &weekday, &first, &self.job, &several, &self.trade_date, &assumed];
        Note::new(Word::Occurrence, all)
    }
}

impl fmt::Display for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.note().say(Language::English))
    }
}

/// The starts of all jobs within a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The starts, by their first instant, then in the order of the jobs.
    pub occurrences: Vec<Occurrence>,
    /// The first day of the span that the trading calendar does not know, where a job asks for trading
    /// days: from then on weekdays are taken for sessions, which the scheduler does not do.
    pub unknown_from: Option<Date>,
}

/// Returns the starts of the enabled jobs from `from` up to, but not with, `to`.
#[must_use]
pub fn plan(jobs: &[Job], calendar: &Calendar, from: Timestamp, to: Timestamp) -> Plan {
    let (after, until) = (slots::just_before(ceiling(from)), slots::just_before(ceiling(to)));
    let mut found = Plan { occurrences: Vec::new(), unknown_from: None };
    if until < after {
        return found;
    }
    for day in slots::days(after, until) {
        for job in jobs.iter().filter(|job| job.enabled) {
            let timetable = Timetable::new(&job.schedule, calendar);
            let (slots, assumed) =
                timetable.on(day).map_or_else(|_| (timetable.on_weekday(day), true), |on| (on, false));
            if assumed {
                found.unknown_from = found.unknown_from.or(Some(day));
            }
            let slots = slots.and_then(|slots| slots.between(after, until));
            found.occurrences.extend(slots.map(|slots| Occurrence { assumed, ..occurrence(job, day, slots) }));
        }
    }
    // Stable: jobs that start together stay in the order of the file.
    found.occurrences.sort_by_key(|occurrence| occurrence.first);
    found
}

/// Returns the starts of the enabled jobs on a day in Shanghai.
#[must_use]
pub fn plan_of_day(jobs: &[Job], calendar: &Calendar, day: Date) -> Plan {
    let tomorrow = day.tomorrow().map_or(Timestamp::MAX, slots::begin_of);
    plan(jobs, calendar, slots::begin_of(day), tomorrow)
}

/// Returns the jobs as the scheduler takes them: `ops.night_ops.enabled` switches off the jobs that run
/// NightOps, and `ops.night_ops.deadline_sec` limits how long they may take.
#[must_use]
pub fn jobs_in_force(config: &Configuration) -> Vec<Job> {
    let night = &config.loaded.settings.ops.night_ops;
    let mut jobs = config.jobs.jobs.clone();
    for job in jobs.iter_mut().filter(|job| runs_night_ops(job)) {
        job.enabled &= night.enabled;
        let deadline = night.deadline_sec.ceil() as u64;
        job.timeout_sec = Some(job.timeout_sec.map_or(deadline, |timeout| timeout.min(deadline)));
    }
    jobs
}

/// Says whether a job runs NightOps.
pub(super) fn runs_night_ops(job: &Job) -> bool {
    own_command(&job.command) == Some("night-ops")
}

/// Returns what `{trade_date}` is for a start.
pub(super) fn trade_date(slot: Timestamp) -> Date {
    completed_session(&slot.to_zoned(shanghai_zone()))
}

fn occurrence(job: &Job, date: Date, slots: slots::DaySlots) -> Occurrence {
    Occurrence {
        job: job.id.clone(),
        date,
        first: slots.first(),
        last: slots.last(),
        starts: slots.count(),
        step_sec: slots.step(),
        trade_date: trade_date(slots.first()),
        assumed: false,
    }
}

/// Returns the first whole second that is not before an instant.
fn ceiling(at: Timestamp) -> Timestamp {
    let second = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};

    use super::{jobs_in_force, plan, plan_of_day};
    use crate::{config, market::Calendar};

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().expect("a timestamp")
    }

    #[test]
    fn shipped_jobs_run_on_open_days_and_regression_is_off() {
        let mut jobs = jobs_in_force(&config::shipped().expect("sound"));
        let week = |jobs: &[config::Job]| {
            let found = plan(jobs, Calendar::builtin(), at("2025-09-29T08:45:00"), at("2025-10-09T20:30:00"));
            assert_eq!(found.unknown_from, None);
            found.occurrences.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let expected = [
            "2025-09-29 Mon 08:45:00 day_ops_morning for 2025-09-26",
            "2025-09-29 Mon 20:30:00 night_ops_full for 2025-09-29",
            "2025-09-30 Tue 08:45:00 day_ops_morning for 2025-09-29",
            "2025-09-30 Tue 20:30:00 night_ops_full for 2025-09-30",
            "2025-10-09 Thu 08:45:00 day_ops_morning for 2025-09-30",
        ];
        assert_eq!(week(&jobs), expected);
        for job in &mut jobs {
            job.enabled = true;
        }
        assert!(week(&jobs).contains(&"2025-10-04 Sat 03:00:00 nightly_regression for 2025-09-30".to_owned()));
    }

    #[test]
    fn night_ops_that_the_settings_switch_off_is_not_planned() {
        let mut config = config::shipped().expect("sound");
        config.loaded.settings.ops.night_ops.enabled = false;
        let found = plan_of_day(&jobs_in_force(&config), Calendar::builtin(), date(2025, 9, 30));
        let names: Vec<_> = found.occurrences.iter().map(|occurrence| occurrence.job.as_str()).collect();
        assert_eq!(names, ["day_ops_morning"]);
    }

    #[test]
    fn plan_beyond_the_calendar_says_from_when_it_is_blind() {
        let jobs = jobs_in_force(&config::shipped().expect("sound"));
        let found = plan(&jobs, Calendar::builtin(), at("2026-12-31T12:00:00"), at("2027-01-08T00:00:00"));
        assert_eq!(found.unknown_from, Some(date(2027, 1, 1)));
        let (known, assumed): (Vec<_>, Vec<_>) = found.occurrences.iter().partition(|found| !found.assumed);
        assert_eq!(known.len(), 1, "the night of the last known session");
        assert_eq!(assumed.len(), 10, "five weekdays from Friday to Thursday");
        let shown = assumed[0].to_string();
        assert!(shown.starts_with("2027-01-01 Fri 08:45:00") && shown.contains("assumed: weekdays only"), "{shown}");
    }

    #[test]
    fn empty_span_has_no_starts() {
        let jobs = jobs_in_force(&config::shipped().expect("sound"));
        for (from, to) in
            [("2025-09-29T20:30:00", "2025-09-29T20:30:00"), ("2025-09-30T00:00:00", "2025-09-29T00:00:00")]
        {
            assert!(plan(&jobs, Calendar::builtin(), at(from), at(to)).occurrences.is_empty());
        }
        assert_eq!(
            plan(&jobs, Calendar::builtin(), at("2025-09-29T20:30:00"), at("2025-09-29T20:30:01")).occurrences.len(),
            1
        );
    }
}
