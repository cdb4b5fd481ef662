//! `lighthunter data`: what the stores hold, whether it is good, and bringing more in.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{progress::Progress, session::Session};
use crate::{
    data::guardian::Rule,
    exit::{AnyFailure, Exit},
    ops::{Station, collect, data_state, night_ops},
    store::{Depth, Stores, Table},
    workspace::Lock,
};

/// Look at the stored market data, or import more
#[derive(Debug, Args)]
pub(super) struct DataArgs {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// Say what the stores hold, table by table
    Status,
    /// Examine the daily bars as NightOps does; refuse them where too many are faulty
    Check,
    /// Make the database anew from Parquet and the ledger; the old one and its log go to quarantine
    Rebuild,
    /// Import a directory of bars, actions and calendar: CSV, CSV.gz or Parquet
    Import {
        /// The directory
        directory: PathBuf,
    },
}

pub(super) fn run(session: &Session, args: &DataArgs) -> Result<Exit, AnyFailure> {
    let station = session.station("data")?;
    match &args.command {
        DataCommand::Status => status(session, &station),
        DataCommand::Check => check(session, &station),
        DataCommand::Rebuild => rebuild(session, &station),
        DataCommand::Import { directory } => import(session, &station, directory),
    }
}

fn status(session: &Session, station: &Station) -> Result<Exit, AnyFailure> {
    let (console, (stores, _)) = (session.console, station.open_stores()?);
    let state = data_state::data_state(&stores)?;
    if state.tables.is_empty() {
        console.line("The stores hold no rows yet: run `lighthunter night-ops` or `lighthunter data import DIR`.");
    } else {
        let heads = ["table", "rows", "first", "last", "dates"];
        console.line(format!("{:<18}{:>10}  {:<11} {:<11}{:>7}", heads[0], heads[1], heads[2], heads[3], heads[4]));
    }
    for table in &state.tables {
        let shown = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
        let (first, last) = (shown(table.first), shown(table.last));
        console.line(format!("{:<18}{:>10}  {first:<11} {last:<11}{:>7}", table.table, table.rows, table.partitions));
    }
    for quarantined in &state.quarantined {
        console.line(format!("{:<18}{:>10}  {}", "quarantined", quarantined.rows, quarantined.reason));
    }
    console.document(&state);
    Ok(Exit::Done)
}

fn check(session: &Session, station: &Station) -> Result<Exit, AnyFailure> {
    let (console, (stores, _)) = (session.console, station.open_stores_checked(Depth::Full)?);
    let last = stores.last_date(Table::Daily)?;
    let as_of = session.global.as_of.or(last).unwrap_or_else(|| station.clock.today());
    let report = data_state::examine(station, &stores, as_of)?;
    let totals = &report.totals;
    let (rows, symbols, sessions) = (totals.rows, totals.symbols, totals.sessions);
    console.line(format!("{rows} daily bars of {symbols} symbols on {sessions} sessions up to {as_of}"));
    for (rule, count) in report.counts.iter().filter(|(_, count)| **count > 0) {
        console.line(format!("{:<22}{count:>8}", rule.name()));
    }
    for (table, score) in &report.scores.tables {
        console.line(format!("score of {table}: {score:.2} of 100; {} rows with a hard finding", totals.hard_rows));
    }
    let counts: serde_json::Map<String, serde_json::Value> =
        Rule::ALL.iter().map(|rule| (rule.name().to_owned(), report.count(*rule).into())).collect();
    let refusal = report.gate(&data_state::thresholds(station)).err();
    let document = json!({
        "as_of": as_of,
        "passed": refusal.is_none(),
        "totals": totals,
        "counts": counts,
        "scores": report.scores.tables,
    });
    if let Some(refusal) = refusal {
        console.failure_with(&refusal, Some(("check", document)));
        return Ok(crate::exit::Failure::exit(&refusal));
    }
    console.line("The daily bars may be used.");
    console.document(&document);
    Ok(Exit::Done)
}

fn rebuild(session: &Session, station: &Station) -> Result<Exit, AnyFailure> {
    let console = session.console;
    let _lock = Lock::take(&station.workspace, night_ops::COMPONENT, "data rebuild")?;
    let (stores, report) = Stores::rebuild(&station.store_settings(), &session.clock)?;
    for line in report.lines() {
        console.line(line);
    }
    let rows: u64 = stores.counts()?.values().sum();
    console.line(format!("The database holds the {rows} rows that the ledger acknowledges."));
    console.document(&json!({ "rows": rows, "rebuilt": report.rebuilt, "quarantined": report.quarantined }));
    Ok(Exit::Done)
}

fn import(session: &Session, station: &Station, directory: &std::path::Path) -> Result<Exit, AnyFailure> {
    let console = session.console;
    // A night and an import write the same stores, so they share a lock.
    let _lock = Lock::take(&station.workspace, night_ops::COMPONENT, "data import")?;
    let (mut stores, _) = station.open_stores()?;
    let progress = Progress::of(&session.screen, "steps");
    let collected = collect::collect(station, &mut stores, directory, &progress.listener())?;
    drop(progress);
    for (file, reason) in &collected.plan.skipped {
        console.line(format!("{file} left out: {reason}"));
    }
    for file in collected.files.iter().filter(|file| file.skipped.is_none()) {
        let (name, read, good) = (&file.file, file.rows_read, file.rows_good);
        console.line(format!("{name}: {read} rows read, {good} good, {} rejected", file.rows_rejected));
    }
    for rejected in &collected.rejected {
        console.line(format!("  rejected {} of {}: {}", rejected.rows, rejected.file, rejected.reason));
    }
    if let Some(quarantine) = &collected.quarantine {
        console.line(format!("rejected rows are kept in {}", station.workspace.shown(quarantine)));
    }
    for warning in &collected.warnings {
        console.note(format!("warning: {warning}"));
    }
    console.line(format!("{}.", collected.remark().say(session.global.lang)));
    console.document(&collected);
    Ok(Exit::Done)
}
