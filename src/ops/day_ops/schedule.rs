//! The check of the day's schedule: is it a session, what is planned, and can it start?

use std::path::Path;

use jiff::civil::{Date, Time};

use super::{check::Findings, morning::Morning};
use crate::{
    config::{Job, REQUIRED_JOBS, Schedule},
    market::Calendar,
};

const EDIT: &str = "Set it in config/jobs.yaml, run `lighthunter config check`, and commit it.";
/// Jobs without which a day is not looked at and a night not worked.
const DAILY: [&str; 2] = ["night_ops_full", "day_ops_morning"];

pub(super) fn check(morning: &Morning<'_>, findings: &mut Findings) {
    let date = morning.date;
    if let Some(asked) = morning.options.date.filter(|asked| *asked != date) {
        let what = format!("{asked} is no session; what is checked is {date}, the next one");
        findings.warn(what, format!("Ask for `lighthunter day-ops --as-of {date}`."));
    }
    let today = morning.now.date();
    let when = match (today == date, morning.is_simulated()) {
        (true, _) => "today".to_owned(),
        (false, true) => "the session after the simulated market's newest".to_owned(),
        (false, false) => format!("not today, {today}"),
    };
    let jobs = &morning.station.config.jobs;
    for id in REQUIRED_JOBS.into_iter().filter(|id| DAILY.contains(id)) {
        match jobs.job(id) {
            Some(job) if job.enabled => {}
            Some(_) => findings.warn(format!("job {id} is not enabled"), EDIT),
            None => findings.warn(format!("job {id} is missing"), EDIT),
        }
    }
    if !morning.station.settings().ops.night_ops.enabled {
        findings.warn("ops.night_ops.enabled is false: no night follows this day", EDIT);
    }
    for job in jobs.jobs.iter().filter(|job| job.enabled) {
        if let Some(program) = job.command.first().filter(|program| !can_start(morning, program)) {
            findings.warn(format!("job {} cannot start: there is no program {program}", job.id), EDIT);
        }
    }
    let mut planned: Vec<String> =
        jobs.jobs.iter().filter(|job| job.enabled).filter_map(|job| planned_on(job, date)).collect();
    planned.sort();
    let planned = if planned.is_empty() { "nothing is planned".to_owned() } else { planned.join(", ") };
    findings.ok(format!("{date} is a session ({when}); planned: {planned}"));
}

/// Says whether a program can be started: the executable itself, a file, or a name on the path.
fn can_start(morning: &Morning<'_>, program: &str) -> bool {
    if program == "lighthunter" {
        return true;
    }
    if program.contains('/') {
        return morning.station.workspace.path(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| Path::new(&directory).join(program).is_file())
}

/// Returns when a job first runs on a date, with its name.
fn planned_on(job: &Job, date: Date) -> Option<String> {
    let day = date.weekday().to_monday_one_offset();
    let is_session = Calendar::builtin().is_session(date).unwrap_or(false);
    let runs = |days: &[u8], trading_days_only: bool| {
        days.iter().any(|own| i8::try_from(*own) == Ok(day)) && (is_session || !trading_days_only)
    };
    let at = |time: Time, what: &str| Some(format!("{} {}{what}", time.strftime("%H:%M"), job.id));
    match &job.schedule {
        Schedule::Daily { time, days_of_week, trading_days_only } if runs(days_of_week, *trading_days_only) => {
            at(*time, "")
        }
        Schedule::Weekly { weekday, time } if i8::try_from(*weekday) == Ok(day) => at(*time, ""),
        Schedule::Interval { interval_sec, active, days_of_week, trading_days_only }
            if runs(days_of_week, *trading_days_only) =>
        {
            let start = active.map_or(Time::midnight(), |(start, _)| start);
            at(start, &format!(" every {interval_sec} s"))
        }
        _ => None,
    }
}
