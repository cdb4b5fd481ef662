//! `lighthunter walk-forward`: models made as time went by, traded as one series.

use clap::Args;
use jiff::civil::Date;

use super::{arguments::Threads, progress::Progress, session::Session};
use crate::{
    exit::{AnyFailure, Exit},
    ops::walk_forward::{self, WalkForwardOptions},
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
    };
    let console = session.console;
    let progress = Progress::of(&session.screen, "folds");
    let run = walk_forward::run(&station, &options, &|done, total| progress.tell(done, total))?;
    drop(progress);
    let report = &run.report;
    let shown = |value: Option<f64>| value.map_or_else(|| "   n/a".to_owned(), |value| format!("{value:6.3}"));
    for fold in &report.folds {
        let (ic, rank_ic) = (shown(fold.ic), shown(fold.rank_ic));
        console.line(format!(
            "fold {:>3}  trained {} to {}  tested {} to {}  {:>7} rows  IC {ic}  rank IC {rank_ic}",
            fold.number, fold.train_from, fold.train_to, fold.test_from, fold.test_to, fold.train_rows
        ));
    }
    for year in &report.years {
        let total = year.total.map_or_else(|| "n/a".to_owned(), |total| format!("{:.2} %", total * 100.0));
        let sharpe = shown(year.sharpe);
        console.line(format!("{}  {:>3} sessions  return {total:>9}  Sharpe {}", year.year, year.days, sharpe.trim()));
    }
    if let Some(champion) = &report.champion {
        console.line(champion.verdict());
    }
    for path in &run.files {
        console.line(format!("report: {}", station.workspace.shown(path)));
    }
    console.line(format!("experiment: {}", report.experiment_id));
    console.line(format!("result digest: {}", report.result_digest));
    console.document(report);
    let degraded = report.champion.as_ref().is_some_and(|champion| champion.degraded);
    Ok(if degraded { Exit::Negative } else { Exit::Done })
}
