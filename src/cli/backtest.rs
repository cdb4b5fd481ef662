//! `lighthunter backtest`: the model in force, traded end to end.

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
    ops::backtest::{self, BacktestOptions},
    text::Note,
};

/// Trade the model in force on the sessions that it has not seen
#[derive(Debug, Args)]
pub(super) struct BacktestArgs {
    /// The job; the same as --set alpha.default_job=ID
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// A model of the job instead of the one in force; the same as --set alpha.model_id=ID
    #[arg(long, value_name = "ID", conflicts_with = "retrain")]
    model: Option<String>,
    /// Train a model first, and trade that one
    #[arg(long)]
    retrain: bool,
    /// The first session to trade
    #[arg(long, value_name = "YYYY-MM-DD")]
    start_date: Option<Date>,
    /// The last session; the same as --as-of
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "as_of")]
    end_date: Option<Date>,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn run(mut session: Session, args: &BacktestArgs) -> Result<Exit, AnyFailure> {
    session.set("alpha.default_job", args.job.as_deref());
    session.set("alpha.model_id", args.model.as_deref());
    let station = session.station(backtest::COMPONENT)?;
    let progress = Progress::of(&session.screen, "stages");
    let language = session.global.lang;
    let options = BacktestOptions {
        retrain: args.retrain,
        from: args.start_date,
        to: session.global.as_of.or(args.end_date),
        threads: args.threads.asked(),
        listener: progress.listener(),
        overrides: session.global.sets.clone(),
        language,
    };
    let run = backtest::run(&station, &options)?;
    drop((progress, options));
    let (console, report) = (session.console, &run.report);
    for path in &run.files {
        console.line(saved(language, &station.workspace.shown(path)));
    }
    if let Some(id) = &report.experiment_id {
        console.line(Note::new(Word::Experiment, [id]).say(language));
    }
    for note in &report.notes {
        console.line(Note::new(Word::Note, [note]).say(language));
    }
    if let (Some(digest), Some(line)) = (&report.digest, report.line()) {
        console.line(Note::new(Word::ResultDigest, [digest]).say(language));
        console.line(line.say(language));
    }
    if let Some(failure) = run.failure {
        console.failure_with(failure.as_ref(), Some(("report", serde_json::json!(report))));
    } else {
        console.document(report);
    }
    Ok(run.exit)
}
