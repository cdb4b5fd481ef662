//! The check of the day's schedule: is it a session, and does the plan of the day work on it and after it?

use super::{check::Findings, morning::Morning};
use crate::{
    clock::shanghai_zone,
    config::own_command,
    market::Calendar,
    ops::scheduler::{self, Occurrence},
};

const EDIT: &str = "Enable the job in config/jobs.yaml, run `lighthunter config check`, commit it, and see `lighthunter scheduler next`.";
pub(super) fn check(morning: &Morning<'_>, findings: &mut Findings) {
    let date = morning.date;
    if let Some(asked) = morning.options.date.filter(|asked| *asked != date) {
        let what = format!("{asked} is no session; what is checked is {date}, the next one");
        findings.warn(what, format!("Ask for `lighthunter day-ops --as-of {date}`."));
    }
    let jobs = scheduler::jobs_in_force(&morning.station.config);
    let plan = scheduler::plan_of_day(&jobs, Calendar::builtin(), date);
    if let Some(unknown) = plan.unknown_from {
        findings.warn(
            format!("the trading calendar does not know {unknown}, so jobs of trading days are not planned"),
            "Update LightHunter: the exchanges publish the next year's calendar each December.",
        );
    }
    let begin = date.to_zoned(shanghai_zone()).map_or(morning.now.timestamp(), |begin| begin.timestamp());
    if !scheduler::night_ops_gaps(&jobs, Calendar::builtin(), begin, 1).is_empty() {
        findings.warn(format!("no enabled job runs night-ops between the close of {date} and the next open"), EDIT);
    }
    let checks = |occurrence: &Occurrence| {
        jobs.iter().any(|job| job.id == occurrence.job && own_command(&job.command) == Some("day-ops"))
    };
    if !plan.occurrences.iter().any(checks) {
        findings.warn(format!("no enabled job runs day-ops on {date}"), EDIT);
    }
    let planned: Vec<String> = plan.occurrences.iter().map(ToString::to_string).collect();
    let planned = if planned.is_empty() { "nothing is planned".to_owned() } else { planned.join(", ") };
    findings.ok(format!("{date} is a session ({}); planned: {planned}", when(morning)));
}

fn when(morning: &Morning<'_>) -> String {
    let today = morning.now.date();
    match (today == morning.date, morning.is_simulated) {
        (true, _) => "today".to_owned(),
        (false, true) => "the one after the simulated market's newest".to_owned(),
        (false, false) => format!("not today, {today}"),
    }
}
