//! `lighthunter drill report`: a drill's report rendered again from its record.

use std::path::PathBuf;

use clap::Args;

use super::{
    drill_records::{drills_directory, history, newest},
    session::Session,
};
use crate::{
    exit::{AnyFailure, Exit},
    report,
};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The drill, or `latest` [default: the newest that broke something]
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Where reports are [default: the workspace's reports, or ./reports]
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

/// Writes everything but the record, which stays as it was, in the language of `--lang`.
pub(super) fn run(session: &Session, args: ReportArgs) -> Result<Exit, AnyFailure> {
    let drills = drills_directory(session, args.reports)?;
    let id = match args.id {
        Some(id) => id,
        None => newest(&history(session, &drills)?, &drills, false)?.id,
    };
    let directory = report::directory_of(&drills, &id)?;
    let record = report::read_record(&directory)?;
    let paths = report::write_again(&record, &directory, session.global.lang)?;
    session.console.line(paths.html.display().to_string());
    session.console.document(&record);
    Ok(Exit::Done)
}
