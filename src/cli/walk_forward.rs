//! `lighthunter walk-forward`: models made as time went by, traded as one series.

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
    ops::walk_forward::{self, WalkForwardOptions},
    text::Note,
};

/// Train and test again and again along time, and trade all tests as one series
#[derive(Debug, Args)]
pub(super) struct WalkForwardArgs {
    /// The job; the same as --set alpha.default_job=ID
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// The first session that research uses
    #[arg(long, value_name = "YYYY-MM-DD")]
    start_date: Option<Date>,
    /// The last session; the same as --as-of
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "as_of")]
    end_date: Option<Date>,
    /// Folds at work at a time; changes no result [default: the threads]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Hold the model in force against the folds too, on sessions that neither has seen; ends with 1 where it has
    /// degraded
    #[arg(long)]
    against_current: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn run(mut session: Session, args: &WalkForwardArgs) -> Result<Exit, AnyFailure> {
    session.set("alpha.default_job", args.job.as_deref());
    let station = session.station(walk_forward::COMPONENT)?;
    let options = WalkForwardOptions {
        from: args.start_date,
        to: session.global.as_of.or(args.end_date),
        jobs: args.threads.jobs(args.jobs),
        threads: args.threads.count(),
        against_current: args.against_current,
        overrides: session.global.sets.clone(),
        language: session.global.lang,
    };
    let (console, language) = (session.console, session.global.lang);
    let progress = Progress::of(&session.screen, "folds");
    let run = walk_forward::run(&station, &options, &|done, total| progress.tell(done, total))?;
    drop(progress);
    let report = &run.report;
    for line in report.lines() {
        console.line(line.say(language));
    }
    if let Some(champion) = &report.champion {
        console.line(champion.verdict().say(language));
    }
    for path in &run.files {
        console.line(saved(language, &station.workspace.shown(path)));
    }
    console.line(Note::new(Word::Experiment, [&report.experiment_id]).say(language));
    console.line(Note::new(Word::ResultDigest, [&report.result_digest]).say(language));
    console.document(report);
    let degraded = report.champion.as_ref().is_some_and(|champion| champion.degraded);
    Ok(if degraded { Exit::Negative } else { Exit::Done })
}
