//! `lighthunter data collect`: rows from upstream sources.

use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use serde_json::json;

use super::{progress::Progress, session::Session};
use crate::{
    config::settings::SourceKind,
    exit::{AnyFailure, Exit},
    market::{Interval, Symbol},
    ops::{
        Station,
        collectors::{self, CollectOptions, CollectReport, Polling, SourceReport},
        night_ops,
    },
    workspace::Lock,
};

/// So many missing pages are shown; `--json` has all.
const SHOWN_MAX: usize = 10;

/// Collect rows from the upstream sources of the config; what is in is not asked for again
#[derive(Debug, Args)]
pub(super) struct CollectArgs {
    /// Only this source of `data_sources`, enabled or not
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// What to collect [default: what the config says of each source]
    #[arg(long, value_enum, value_delimiter = ',')]
    kind: Vec<Kind>,
    /// Only these symbols [default: those of the newest session that the stores hold]
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    symbols: Vec<Symbol>,
    /// The first date [default: a year before the last]
    #[arg(long, value_name = "YYYY-MM-DD")]
    start_date: Option<Date>,
    /// The last date [default: the newest session that is over]
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "as_of")]
    end_date: Option<Date>,
    /// The length of minute bars
    #[arg(long, value_enum, default_value_t = Length::M1)]
    interval: Length,
    /// Ask again for what is in: restated days become new versions
    #[arg(long)]
    again: bool,
    /// Ask only for sessions that a symbol misses between bars that it has
    #[arg(long, conflicts_with = "again")]
    gaps: bool,
    /// How often quotes are polled, with --kind snapshot
    #[arg(long, default_value_t = 1, value_name = "N")]
    rounds: usize,
    /// Seconds between two polls
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    every: u64,
}

/// What can be collected.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Daily bars of stocks
    Daily,
    /// Daily bars of indices
    Index,
    /// Intraday bars
    Minute,
    /// Quotes, aggregated to 1-minute bars
    Snapshot,
    /// Listing dates and special treatment
    Basic,
}

/// The length of a bar.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Length {
    /// One minute
    #[value(name = "1m")]
    M1,
    /// Five minutes
    #[value(name = "5m")]
    M5,
    /// Fifteen minutes
    #[value(name = "15m")]
    M15,
    /// One hour
    #[value(name = "60m")]
    M60,
}

pub(super) fn run(session: &Session, station: &Station, args: &CollectArgs) -> Result<Exit, AnyFailure> {
    let console = session.console;
    let progress = Progress::of(&session.screen, "pages");
    let (first, last) = collectors::dates(station, args.start_date, session.global.as_of.or(args.end_date))?;
    let options = CollectOptions {
        source: args.source.clone(),
        kinds: args.kind.iter().map(|kind| kind_of(*kind)).collect(),
        symbols: args.symbols.clone(),
        first,
        last,
        interval: interval_of(args.interval),
        again: args.again,
        gaps: args.gaps,
        polling: Polling { rounds: args.rounds.max(1), every: Duration::from_secs(args.every) },
        listener: progress.listener(),
    };
    collectors::check(station, &options)?;
    // A night and a collection write the same stores, so they share a lock.
    let _lock = Lock::take(&station.workspace, night_ops::COMPONENT, "data collect")?;
    let (mut stores, _) = station.open_stores()?;
    let report = collectors::collect(station, &mut stores, &options)?;
    drop(progress);
    if report.recovered_pages > 0 {
        console.line(format!("{} pages that an earlier run had kept are written", report.recovered_pages));
    }
    for source in &report.sources {
        console.line(line_of(source));
        if let Some(reach) = source.reaches_back_to {
            console.line(format!("  {} reaches back to {reach} only", source.site));
        }
        for (reason, rows) in &source.rejected {
            console.line(format!("  rejected {rows}: {reason}"));
        }
    }
    tell_missing(session, &report);
    if let Some(loss) = collectors::conclude(station, &report) {
        console.complain(&loss);
    }
    let exit = report.exit();
    console.document(&json!({
        "first": first,
        "last": last,
        "exit": exit.code(),
        "report": report,
    }));
    Ok(exit)
}

fn line_of(source: &SourceReport) -> String {
    let SourceReport { source: id, site, kind, symbols, pages_asked, pages_in, rows, .. } = source;
    let head = format!("{id} ({site}) {kind}: {symbols} symbols");
    match (pages_asked, source.missing.len()) {
        (0, _) => format!("{head}, all in already"),
        (_, 0) => format!("{head}, {pages_in} pages, {rows} rows"),
        (_, missing) => format!("{head}, {pages_in} of {pages_asked} pages, {rows} rows; {missing} are missing"),
    }
}

/// Says on stderr what did not come and why.
fn tell_missing(session: &Session, report: &CollectReport) {
    for page in report.missing().take(SHOWN_MAX) {
        let (symbol, first, last) = (&page.symbol, page.first, page.last);
        session.console.note(format!("missing: {symbol} {first} to {last}: {}", page.reason));
    }
    let more = report.missing().count().saturating_sub(SHOWN_MAX);
    if more > 0 {
        session.console.note(format!("missing: {more} more pages; --json lists all"));
    }
}

const fn kind_of(kind: Kind) -> SourceKind {
    match kind {
        Kind::Daily => SourceKind::Daily,
        Kind::Index => SourceKind::Index,
        Kind::Minute => SourceKind::Minute,
        Kind::Snapshot => SourceKind::Snapshot,
        Kind::Basic => SourceKind::Basic,
    }
}

const fn interval_of(length: Length) -> Interval {
    match length {
        Length::M1 => Interval::M1,
        Length::M5 => Interval::M5,
        Length::M15 => Interval::M15,
        Length::M60 => Interval::M60,
    }
}
