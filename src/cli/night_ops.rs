//! `lighthunter night-ops`: the nightly research pipeline.

use clap::Args;
use jiff::civil::Date;

use super::{
    arguments::Threads,
    progress::Progress,
    session::Session,
    words::{Word, saved},
};
use crate::{
    exit::{AnyFailure, Exit},
    ops::night_ops::{self, Mode, NightOpsOptions, Stage},
    text::Note,
};

/// Run the nightly research pipeline
#[derive(Debug, Args)]
pub(super) struct NightOpsArgs {
    /// `full`, `data`, `train` or `backtest` [default: ops.night_ops.default_mode]
    #[arg(long)]
    mode: Option<Mode>,
    /// Run only these stages, by name
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    tasks: Vec<Stage>,
    /// The first date that research uses
    #[arg(long, value_name = "YYYY-MM-DD")]
    start_date: Option<Date>,
    /// The last date that research uses; the same as --as-of
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "as_of")]
    end_date: Option<Date>,
    /// Go on from the last good stage of an interrupted or failed run with the same input
    #[arg(long)]
    resume: bool,
    /// Compute only what the night before did not: the same result for the work of one day. Where that
    /// cannot be, everything is computed and the report says why [default: ops.night_ops.incremental]
    #[arg(long, conflicts_with = "resume")]
    incremental: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn run(session: &Session, args: NightOpsArgs) -> Result<Exit, AnyFailure> {
    let station = session.station("night_ops")?;
    let progress = Progress::of(&session.screen, "stages");
    let language = session.global.lang;
    let options = NightOpsOptions {
        mode: args.mode,
        tasks: args.tasks,
        start: args.start_date,
        as_of: session.global.as_of.or(args.end_date),
        backtest_from: None,
        resume: args.resume,
        incremental: args.incremental,
        threads: args.threads.asked(),
        listener: progress.listener(),
        overrides: session.global.sets.clone(),
        language,
    };
    let run = night_ops::run(&station, &options)?;
    drop((progress, options));
    let console = session.console;
    for path in &run.files {
        console.line(saved(language, &station.workspace.shown(path)));
    }
    let report = &run.report;
    if let Some(digest) = &report.result_digest {
        console.line(Note::new(Word::ResultDigest, [digest]).say(language));
    }
    console.line(report.verdict().say(language));
    if let Some(failure) = run.failure {
        console.failure_with(failure.as_ref(), Some(("report", serde_json::json!(report))));
    } else {
        console.document(report);
    }
    Ok(run.exit)
}
