//! `lighthunter day-ops`: the check before the exchange opens.

use clap::Args;

use super::{
    session::Session,
    words::{cell, saved},
};
use crate::{
    exit::{AnyFailure, Exit},
    ops::day_ops::{self, DayOpsOptions},
};

/// Check before the exchange opens: last night, data, model, risk, schedule, machine
#[derive(Debug, Args)]
pub(super) struct DayOpsArgs {
    /// A WARNING counts as a failure, also where ops.day_ops.strict is false
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(session: &Session, args: &DayOpsArgs) -> Result<Exit, AnyFailure> {
    let station = session.station(day_ops::COMPONENT)?;
    let language = session.global.lang;
    let options = DayOpsOptions {
        date: session.global.as_of,
        strict: args.strict,
        overrides: session.global.sets.clone(),
        language,
    };
    let run = day_ops::run(&station, &options)?;
    let (console, report) = (session.console, &run.report);
    for check in &report.checks {
        let (grade, name, reason) = (check.grade.say(language), check.name.say(language), check.reason.say(language));
        console.line(format!("{} {} {reason}", cell(grade, 8), cell(name, 18)));
        if let Some(remedy) = &check.remedy {
            console.line(format!("{:>30}{}", "-> ", remedy.say(language)));
        }
    }
    for path in &run.files {
        console.line(saved(language, &station.workspace.shown(path)));
    }
    console.line(report.verdict().say(language));
    console.document(report);
    Ok(run.exit)
}
