//! When a job runs, and what becomes of a start that was missed. Computes no time.

use std::fmt;

use jiff::{civil::Time, tz::TimeZone};
use serde::Serialize;

use super::super::section::Section;

/// The one time zone that schedules are in: the exchanges'.
const ZONE: &str = "Asia/Shanghai";

/// When a job runs. Days of the week count from Monday, 1, to Sunday, 7.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// Once a day.
    Daily {
        /// The time of day.
        time: Time,
        /// On which days, ascending.
        days_of_week: Vec<u8>,
        /// Only on days on which the exchange is open.
        trading_days_only: bool,
    },
    /// Once a week.
    Weekly {
        /// The day.
        weekday: u8,
        /// The time of day.
        time: Time,
        /// Only on days on which the exchange is open.
        trading_days_only: bool,
    },
    /// Again and again.
    Interval {
        /// From start to start, seconds, counted from the begin of the day or of the active range.
        interval_sec: u64,
        /// Only between these times of day, both included.
        active: Option<(Time, Time)>,
        /// On which days, ascending.
        days_of_week: Vec<u8>,
        /// Only on days on which the exchange is open.
        trading_days_only: bool,
    },
    /// Only when a person asks for it.
    Manual,
}

/// What becomes of starts that were missed: nobody ran the scheduler, the machine slept, or the job's
/// last run was still under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// The newest missed start runs, the others do not.
    Once,
    /// None runs; only a start that is not later than the job's grace.
    Skip,
    /// Each runs, one after the other, oldest first.
    All,
}

impl fmt::Display for CatchUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Once => "once",
            Self::Skip => "skip",
            Self::All => "all",
        })
    }
}

#[derive(Clone, Copy)]
enum Mode {
    Daily,
    Weekly,
    Interval,
    Manual,
}

impl Schedule {
    /// The original's schedule of a job that gives none.
    pub(super) fn night() -> Self {
        Self::Daily { time: Time::constant(3, 0, 0, 0), days_of_week: (1..=5).collect(), trading_days_only: false }
    }

    /// Returns the mode as the file has it.
    #[must_use]
    pub const fn mode(&self) -> &'static str {
        match self {
            Self::Daily { .. } => "daily",
            Self::Weekly { .. } => "weekly",
            Self::Interval { .. } => "interval",
            Self::Manual => "manual",
        }
    }

    /// Says whether the job runs only on days on which the exchange is open.
    #[must_use]
    pub const fn trading_days_only(&self) -> bool {
        match self {
            Self::Daily { trading_days_only, .. }
            | Self::Weekly { trading_days_only, .. }
            | Self::Interval { trading_days_only, .. } => *trading_days_only,
            Self::Manual => false,
        }
    }

    /// What a job catches up that does not say: work of a day is done once, a missed tick is gone.
    pub(super) const fn catch_up_default(&self) -> CatchUp {
        match self {
            Self::Daily { .. } | Self::Weekly { .. } => CatchUp::Once,
            Self::Interval { .. } | Self::Manual => CatchUp::Skip,
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: &Time| time.strftime("%H:%M").to_string();
        match self {
            Self::Daily { time, days_of_week, .. } => write!(f, "{} {}", days(days_of_week), clock(time))?,
            Self::Weekly { weekday, time, .. } => write!(f, "{} {}", days(&[*weekday]), clock(time))?,
            Self::Interval { interval_sec, active, days_of_week, .. } => {
                write!(f, "{} every {interval_sec} s", days(days_of_week))?;
                if let Some((start, end)) = active {
                    write!(f, " {}-{}", clock(start), clock(end))?;
                }
            }
            Self::Manual => f.write_str("only by hand")?,
        }
        if self.trading_days_only() { f.write_str(", trading days") } else { Ok(()) }
    }
}

/// Returns days of the week in words, ranges folded: `Mon-Fri`.
fn days(days: &[u8]) -> String {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let name = |day: u8| NAMES.get(usize::from(day).wrapping_sub(1)).copied().unwrap_or("?");
    match days {
        [first, .., last] if days.len() > 2 && usize::from(last - first) + 1 == days.len() => {
            format!("{}-{}", name(*first), name(*last))
        }
        _ => days.iter().map(|day| name(*day)).collect::<Vec<_>>().join(","),
    }
}

pub(super) fn read(s: &mut Section<'_>) -> Schedule {
    let modes =
        [("daily", Mode::Daily), ("weekly", Mode::Weekly), ("interval", Mode::Interval), ("manual", Mode::Manual)];
    let mode = s.optional("mode", |s, key| s.choice(key, &modes, Mode::Manual)).unwrap_or(Mode::Daily);
    match mode {
        Mode::Daily => Schedule::Daily {
            time: s.optional("time", Section::time).unwrap_or(Time::constant(3, 0, 0, 0)),
            days_of_week: read_days(s, 5),
            trading_days_only: read_trading_days_only(s),
        },
        Mode::Weekly => Schedule::Weekly {
            weekday: u8::try_from(s.count("weekday", 1, 7)).unwrap_or(1),
            time: s.time("time"),
            trading_days_only: read_trading_days_only(s),
        },
        Mode::Interval => Schedule::Interval {
            interval_sec: s.count("interval_sec", 1, 86_400),
            active: if s.has("active_time_range") { Some(s.section("active_time_range", read_range)) } else { None },
            days_of_week: read_days(s, 7),
            trading_days_only: read_trading_days_only(s),
        },
        Mode::Manual => Schedule::Manual,
    }
}

pub(super) fn read_catch_up(s: &mut Section<'_>, key: &str) -> CatchUp {
    s.choice(key, &[("once", CatchUp::Once), ("skip", CatchUp::Skip), ("all", CatchUp::All)], CatchUp::Skip)
}

/// Checks the time zone of the file, where it names one.
pub(super) fn check_zone(s: &mut Section<'_>) {
    const KEY: &str = "timezone";
    let Some(zone) = s.optional(KEY, Section::text).filter(|zone| !zone.is_empty() && zone != ZONE) else { return };
    let is_known = TimeZone::get(&zone).is_ok();
    let what = if is_known { "is not the zone of the exchanges" } else { "does not exist" };
    s.mistake_near(KEY, format!("{zone} {what}, allowed: {ZONE}"), &zone, []);
}

fn read_trading_days_only(s: &mut Section<'_>) -> bool {
    s.optional("trading_days_only", Section::flag).unwrap_or(false)
}

fn read_range(s: &mut Section<'_>) -> (Time, Time) {
    let (start, end) = (s.time("start"), s.time("end"));
    if start > end {
        s.mistake("start", "is after end");
    }
    (start, end)
}

fn read_days(s: &mut Section<'_>, default_last: u8) -> Vec<u8> {
    let Some(given) = s.optional("days_of_week", |s, key| s.counts(key, 1, 7)) else {
        return (1..=default_last).collect();
    };
    let mut days: Vec<u8> = given.iter().filter_map(|day| u8::try_from(*day).ok()).collect();
    days.sort_unstable();
    days.dedup();
    if days.len() != given.len() {
        s.mistake("days_of_week", "names a day twice");
    }
    if days.is_empty() {
        s.mistake("days_of_week", "is empty, allowed: whole numbers from 1 (Monday) to 7 (Sunday)");
    }
    days
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn days_are_folded_into_ranges() {
        let cases: [(&[u8], &str); 5] = [
            (&[1, 2, 3, 4, 5], "Mon-Fri"),
            (&[6], "Sat"),
            (&[1, 2], "Mon,Tue"),
            (&[1, 3, 5], "Mon,Wed,Fri"),
            (&[], ""),
        ];
        for (given, expected) in cases {
            assert_eq!(days(given), expected);
        }
    }
}
