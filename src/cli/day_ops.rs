//! `lighthunter day-ops`: the check before the exchange opens.

use clap::Args;

use super::session::Session;
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
    let options =
        DayOpsOptions { date: session.global.as_of, strict: args.strict, overrides: session.global.sets.clone() };
    let run = day_ops::run(&station, &options)?;
    let (console, report) = (session.console, &run.report);
    for check in &report.checks {
        console.line(format!("{:<8} {:<18} {}", check.grade, check.name, check.reason));
        if let Some(remedy) = &check.remedy {
            console.line(format!("{:>30}{remedy}", "-> "));
        }
    }
    for path in &run.files {
        console.line(format!("report: {}", station.workspace.shown(path)));
    }
    let counts = &report.counts;
    console.line(format!(
        "DayOps {}: {} ({} OK, {} WARNING, {} FAIL).",
        report.date, report.grade, counts.ok, counts.warning, counts.fail
    ));
    console.document(report);
    Ok(run.exit)
}
