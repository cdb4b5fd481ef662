//! `lighthunter data`: what the stores hold, whether it is good, and bringing more in.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    data_collect::{self, CollectArgs},
    progress::Progress,
    session::Session,
};
use crate::{
    data::guardian::{Rule, require_whole_session},
    exit::{AnyFailure, Exit},
    ops::{Station, collect, data_state, guardian_report, night_ops, original, source_repair},
    store::{Depth, RepairRecord, Stores, Table},
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
    /// Mend rows that break a hard rule from other sources, field by field; or take a repair back
    Repair {
        /// Say what would be changed, and change nothing
        #[arg(long, conflicts_with = "undo")]
        dry_run: bool,
        /// Take this repair back, byte for byte
        #[arg(long, value_name = "ID")]
        undo: Option<String>,
    },
    /// Name the defects of a daily file of the original system; refuse it where its prices are adjusted
    Inspect {
        /// The file: trade_date, code, name, open, high, low, close, volume, amount
        file: PathBuf,
        /// Where its prices are raw, write them there in the layout that `data import` takes
        #[arg(long, value_name = "DIR")]
        convert: Option<PathBuf>,
    },
    /// Make the database anew from Parquet and the ledger; the old one and its log go to quarantine
    Rebuild,
    /// Import a directory of bars, actions and calendar: CSV, CSV.gz or Parquet
    Import {
        /// The directory
        directory: PathBuf,
    },
    Collect(CollectArgs),
}

pub(super) fn run(session: &Session, args: &DataArgs) -> Result<Exit, AnyFailure> {
    let station = || session.station("data");
    match &args.command {
        DataCommand::Inspect { file, convert } => inspect(session, file, convert.as_deref()),
        DataCommand::Status => status(session, &station()?),
        DataCommand::Check => check(session, &station()?),
        DataCommand::Repair { undo: Some(id), .. } => undo(session, &station()?, id),
        DataCommand::Repair { dry_run, undo: None } => repair(session, &station()?, *dry_run),
        DataCommand::Rebuild => rebuild(session, &station()?),
        DataCommand::Import { directory } => import(session, &station()?, directory),
        DataCommand::Collect(args) => data_collect::run(session, &station()?, args),
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
    let judged = data_state::judge(station, &stores, as_of)?;
    let report = &judged.report;
    let files = guardian_report::write(station, &judged.omega, session.global.lang)?;
    let quarantined = guardian_report::quarantine(station, judged.examined())?;
    let totals = &report.totals;
    let (rows, symbols, sessions) = (totals.rows, totals.symbols, totals.sessions);
    console.line(format!("{rows} daily bars of {symbols} symbols on {sessions} sessions up to {as_of}"));
    for (rule, count) in report.counts.iter().filter(|(_, count)| **count > 0) {
        console.line(format!("{:<22}{count:>8}", rule.name()));
    }
    for (table, score) in &report.scores.tables {
        console.line(format!("score of {table}: {score:.2} of 100; {} rows with a hard finding", totals.hard_rows));
    }
    let score = &judged.omega.global.score;
    // Cut as in the report: only a whole score is 100.
    let cut = |score: f64| format!("{:.2}", (score * 100.0).floor() / 100.0);
    let sources = score.source.map_or_else(|| "not compared".to_owned(), cut);
    let [total, coverage, value, consistency] = [score.total, score.coverage, score.value, score.consistency].map(cut);
    console.line(format!(
        "whole score: {total} of 100 (coverage {coverage}, sources {sources}, values {value}, consistency {consistency})"
    ));
    if let Some((path, rows)) = &quarantined {
        console.line(format!("{rows} rows break a hard rule; copied to {}", station.workspace.shown(path)));
    }
    console.line(format!("report: {}", station.workspace.shown(&files[2])));
    let counts: serde_json::Map<String, serde_json::Value> =
        Rule::ALL.iter().map(|rule| (rule.name().to_owned(), report.count(*rule).into())).collect();
    let refusal = report.gate(&data_state::thresholds(station)).err();
    let refusal = refusal.or_else(|| require_whole_session(&judged.bars).err());
    let document = json!({
        "as_of": as_of,
        "passed": refusal.is_none(),
        "totals": totals,
        "counts": counts,
        "scores": report.scores.tables,
        "global": judged.omega.global,
        "reports": files.each_ref().map(|file| station.workspace.shown(file)),
        "quarantined": quarantined.map_or(0, |(_, rows)| rows),
    });
    if let Some(refusal) = refusal {
        console.failure_with(&refusal, Some(("check", document)));
        return Ok(crate::exit::Failure::exit(&refusal));
    }
    console.line("The daily bars may be used.");
    console.document(&document);
    Ok(Exit::Done)
}

fn inspect(session: &Session, file: &std::path::Path, convert: Option<&std::path::Path>) -> Result<Exit, AnyFailure> {
    let console = session.console;
    let found = original::inspect(file, convert)?;
    console.line(format!(
        "{} bars of {} symbols, {} lines are no bars",
        found.rows,
        found.symbols.len(),
        found.rejected
    ));
    for defect in &found.defects {
        console.line(format!("  {defect}"));
    }
    if let Err(refusal) = found.gate() {
        console.failure_with(&refusal, Some(("inspection", json!(found))));
        return Ok(crate::exit::Failure::exit(&refusal));
    }
    match &found.converted {
        Some(path) => console.line(format!("written to {}", path.display())),
        None => console.line("The prices are raw."),
    }
    console.document(&found);
    Ok(Exit::Done)
}

/// So many changes are shown; `--json` has all.
const SHOWN_MAX: usize = 20;

fn repair(session: &Session, station: &Station, is_dry: bool) -> Result<Exit, AnyFailure> {
    let console = session.console;
    let _lock = Lock::take(&station.workspace, night_ops::COMPONENT, "data repair")?;
    let (mut stores, _) = station.open_stores_checked(Depth::Full)?;
    let last = stores.last_date(Table::Daily)?;
    let as_of = session.global.as_of.or(last).unwrap_or_else(|| station.clock.today());
    let done = source_repair::repair(station, &mut stores, as_of, is_dry)?;
    for change in done.changes.iter().take(SHOWN_MAX) {
        let RepairRecord { trade_date, symbol, field, old, new, rule, .. } = change;
        let (old, new) = (old.as_deref().unwrap_or("nothing"), new.as_deref().unwrap_or("nothing"));
        console.line(format!("{trade_date} {symbol} {field}: {old} -> {new} ({rule})"));
    }
    let more = done.changes.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        console.line(format!("and {more} more"));
    }
    match &done.id {
        Some(id) => console
            .line(format!("{} values repaired; take it back: lighthunter data repair --undo {id}", done.changes.len())),
        None if is_dry && !done.changes.is_empty() => {
            console.line(format!("{} values would be repaired; nothing is changed.", done.changes.len()));
        }
        None => console.line(format!(
            "Nothing is repaired: {} rows have a hard finding, and no other source mends one.",
            done.hard_rows
        )),
    }
    let change = |change: &RepairRecord| {
        let RepairRecord { trade_date, symbol, field, old, new, rule, .. } = change;
        json!({ "date": trade_date, "symbol": symbol, "field": field, "old": old, "new": new, "provenance": rule })
    };
    let changes: Vec<serde_json::Value> = done.changes.iter().map(change).collect();
    console.document(&json!({ "id": done.id, "hard_rows": done.hard_rows, "changes": changes }));
    Ok(Exit::Done)
}

fn undo(session: &Session, station: &Station, id: &str) -> Result<Exit, AnyFailure> {
    let console = session.console;
    let _lock = Lock::take(&station.workspace, night_ops::COMPONENT, "data repair --undo")?;
    let (mut stores, _) = station.open_stores_checked(Depth::Full)?;
    let undone = source_repair::undo(station, &mut stores, id)?;
    console.document(&json!({ "id": id, "undone": undone }));
    if undone == 0 {
        console.line(format!("There is no repair {id} in force: nothing is taken back."));
        return Ok(Exit::NothingRan);
    }
    console.line(format!("{undone} values are as they were before {id}."));
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
