//! `config/jobs.yaml`: what the scheduler runs and when. Times are of Asia/Shanghai.

use jiff::civil::Time;

use super::{
    mistake::Mistake,
    node::{Node, Place},
    section::{Findings, Section},
};

/// Jobs that every workspace has (the manual, 1.3).
pub const REQUIRED_JOBS: [&str; 3] = ["night_ops_full", "day_ops_morning", "nightly_regression"];

/// The jobs of a workspace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Jobs {
    /// Jobs in file order; ids are unique.
    pub jobs: Vec<Job>,
}

/// One job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub description: String,
    /// Whether the scheduler runs it.
    pub enabled: bool,
    /// The program and its arguments; `{trade_date}` stands for the newest completed session.
    pub command: Vec<String>,
    /// When it runs.
    pub schedule: Schedule,
    /// How long it may take, seconds; without an end where nothing is given.
    pub timeout_sec: Option<u64>,
}

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
    },
    /// Again and again.
    Interval {
        /// From start to start, seconds.
        interval_sec: u64,
        /// Only between these times of day.
        active: Option<(Time, Time)>,
        /// On which days, ascending.
        days_of_week: Vec<u8>,
        /// Only on days on which the exchange is open.
        trading_days_only: bool,
    },
    /// Only when a person asks for it.
    Manual,
}

#[derive(Clone, Copy)]
enum Mode {
    Daily,
    Weekly,
    Interval,
    Manual,
}

impl Jobs {
    /// Returns the job `id`.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// Puts jobs of the settings below those of the file: the same id in the file wins.
    #[must_use]
    pub(super) fn over(self, settings: &[Job]) -> Self {
        let others = settings.iter().filter(|job| self.job(&job.id).is_none()).cloned().collect::<Vec<_>>();
        Self { jobs: self.jobs.into_iter().chain(others).collect() }
    }

    pub(super) fn read(tree: &Node, findings: &mut Findings) -> Self {
        Section::root(tree, findings, |s| {
            let jobs: Vec<Job> = s.named("jobs", read).into_iter().map(|(_, job)| job).collect();
            Self { jobs }
        })
    }

    /// Reports the jobs that every workspace has and this one lacks.
    pub(super) fn check_required(&self, file: &str, findings: &mut Findings) {
        for id in REQUIRED_JOBS.into_iter().filter(|id| self.job(id).is_none()) {
            let mistake =
                Mistake::at(&Place::outside(file), format!("jobs.{id}"), "is missing; every workspace has it");
            findings.mistakes.push(mistake);
        }
    }
}

/// Reads one job. What a job may leave out is the original's: enabled, daily at 03:00 on working days.
pub(super) fn read(id: &str, s: &mut Section<'_>) -> Job {
    Job {
        id: id.to_owned(),
        description: s.optional("description", Section::text).unwrap_or_default(),
        enabled: s.optional("enabled", Section::flag).unwrap_or(true),
        schedule: if s.has("schedule") { s.section("schedule", read_schedule) } else { Schedule::night() },
        timeout_sec: s.optional("timeout_sec", |s, key| s.count(key, 1, 7 * 86_400)),
        command: read_command(s),
    }
}

impl Schedule {
    fn night() -> Self {
        Self::Daily { time: Time::constant(3, 0, 0, 0), days_of_week: (1..=5).collect(), trading_days_only: false }
    }
}

fn read_command(s: &mut Section<'_>) -> Vec<String> {
    let command = s.texts("command");
    if command.is_empty() && s.has("command") {
        s.mistake("command", "is empty, allowed: a program and its arguments");
    }
    for argument in &command {
        let rest = argument.replace("{trade_date}", "");
        if rest.contains('{') || rest.contains('}') {
            s.mistake("command", format!("holds {argument:?}; the only placeholder is {{trade_date}}"));
        }
    }
    command
}

fn read_schedule(s: &mut Section<'_>) -> Schedule {
    let modes =
        [("daily", Mode::Daily), ("weekly", Mode::Weekly), ("interval", Mode::Interval), ("manual", Mode::Manual)];
    let mode = s.optional("mode", |s, key| s.choice(key, &modes, Mode::Manual)).unwrap_or(Mode::Daily);
    match mode {
        Mode::Daily => Schedule::Daily {
            time: s.optional("time", Section::time).unwrap_or(Time::constant(3, 0, 0, 0)),
            days_of_week: read_days(s, 5),
            trading_days_only: s.optional("trading_days_only", Section::flag).unwrap_or(false),
        },
        Mode::Weekly => {
            Schedule::Weekly { weekday: u8::try_from(s.count("weekday", 1, 7)).unwrap_or(1), time: s.time("time") }
        }
        Mode::Interval => Schedule::Interval {
            interval_sec: s.count("interval_sec", 1, 86_400),
            active: if s.has("active_time_range") { Some(s.section("active_time_range", read_range)) } else { None },
            days_of_week: read_days(s, 7),
            trading_days_only: s.optional("trading_days_only", Section::flag).unwrap_or(false),
        },
        Mode::Manual => Schedule::Manual,
    }
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
