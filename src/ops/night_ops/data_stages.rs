//! The data stages: selfcheck, collect, ts_check, repair.

use nix::sys::statvfs::statvfs;
use serde::Serialize;

use super::{
    last_completed_session,
    night::{Done, Night},
    words::Word,
};
use crate::{
    data::{
        guardian::{GuardianReport, require_whole_session, vanished},
        repair::{Change, Exclusion, Repair, RepairPlan},
    },
    digest::{Digest, Hasher},
    durable::DurableError,
    exit::AnyFailure,
    market::DailyBar,
    ops::{
        collect,
        collectors::{self, CollectOptions, CollectReport},
        guardian_report::{self, Examined},
        listener::{Listener, Told},
    },
    store::RepairRecord,
    text::Note,
    vault::Vault,
    workspace::DIRECTORIES,
};

/// So many exclusions are named in the log; the guardian's report has all.
const SHOWN_MAX: usize = 20;

/// Opens the stores and looks at what a night needs before it begins.
pub(super) fn selfcheck(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let workspace = &night.station.workspace;
    for name in DIRECTORIES {
        let path = workspace.path(name);
        std::fs::metadata(&path).map_err(DurableError::at("find the directory", &path))?;
    }
    let disk = statvfs(workspace.root())
        .map_err(std::io::Error::from)
        .map_err(DurableError::at("measure the disk of", workspace.root()))?;
    let free = disk.blocks_available() as u64 * disk.fragment_size() as u64;
    let needed = night.station.settings().ops.min_free_disk_bytes;
    if free < needed {
        let full = std::io::Error::other(format!("{free} bytes are free, ops.min_free_disk_bytes asks for {needed}"));
        return Err(DurableError::at("start a night on", workspace.root())(full).into());
    }
    Vault::open(workspace.root())?.head()?;
    night.stores()?;
    night.settle_as_of()?;
    let recovered = night.recovered.len();
    let remark = if recovered == 0 { Word::StoresWhole.into() } else { Note::new(Word::StoresMended, [&recovered]) };
    Ok(Done { remark, ..Done::default() })
}

/// Imports the input files whose bytes are new.
pub(super) fn collect(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let station = night.station;
    let directory = station.workspace.path(&station.settings().market.path);
    let outer = night.options.listener.clone();
    let listener = Listener::of(move |told| {
        if let Told::Stage { number, of, .. } = told {
            outer.part(number.saturating_sub(1), of, "steps of the import");
        }
    });
    let collected = collect::collect(station, night.stores()?, &directory, &listener)?;
    for warning in &collected.warnings {
        tracing::warn!(component = night.component, "{warning}");
    }
    let upstream = collect_upstream(night)?;
    night.settle_as_of()?;
    night.require_bars()?;
    let mut remark = collected.remark();
    if let Some(report) = &upstream {
        let missing = report.missing().count();
        let upstream = Note::new(Word::Upstream, [&report.rows(), &report.sources.len(), &missing]);
        remark = Note::joined(&[remark, upstream], ["; ", "；"]);
    }
    let upstream_rows = upstream.map_or(0, |report| report.rows() as usize);
    Ok(Done {
        rows_in: collected.rows_read() as usize + upstream_rows,
        rows_out: collected.rows_changed() as usize,
        digest: Some(night.data_digest()?),
        remark,
    })
}

/// Collects from the enabled upstream sources, where there are some. What a primary source did not deliver ends the
/// night; what another did not is only less to compare with.
fn collect_upstream(night: &mut Night<'_>) -> Result<Option<CollectReport>, AnyFailure> {
    let station = night.station;
    if station.settings().data_sources.iter().all(|source| !source.enabled) {
        return Ok(None);
    }
    let last = night.options.as_of.map(|asked| asked.min(last_completed_session(station)));
    let (first, last) = collectors::dates(station, None, last)?;
    let outer = night.options.listener.clone();
    let listener = Listener::of(move |told| {
        if let Told::Part { done, total, unit } = told {
            outer.part(done, total, unit);
        }
    });
    let options = CollectOptions { listener, ..CollectOptions::between(first, last) };
    let report = collectors::collect(station, night.stores()?, &options)?;
    match report.loss() {
        Some(loss) => Err(loss.into()),
        None => Ok(Some(report)),
    }
}

/// DataGuardian examines the bars that research will use.
pub(super) fn ts_check(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let report = night.examined()?;
    let text = serde_json::to_string(&*report).unwrap_or_default();
    let name = format!("data_guardian_{}.json", night.as_of().strftime("%Y%m%d"));
    crate::store::replace_sealed(&night.station.reports().join(name), &text)?;
    write_omega(night, &report)?;
    report.gate(&night.thresholds())?;
    let (bars, history) = (night.raw_bars()?, night.history()?);
    require_whole_session(&bars)?;
    let gone = vanished(&bars, &history);
    if let Some((symbol, date)) = gone.first() {
        let count = gone.len();
        tracing::warn!(
            component = night.component,
            "{symbol} has no bar since {date} and no word of its delisting; {count} such symbols"
        );
    }
    let counts: Vec<String> = report.counts.iter().map(|(rule, count)| format!("{} {count}", word(rule))).collect();
    let found = if counts.is_empty() { Word::NoFinding.into() } else { Note::foreign(counts.join(", ")) };
    Ok(Done {
        rows_in: report.totals.rows,
        rows_out: report.totals.rows,
        digest: Some(Digest::of(text)),
        remark: found,
    })
}

/// Writes the guardian's whole report, and the rows that break a hard rule into the quarantine.
fn write_omega(night: &mut Night<'_>, report: &GuardianReport) -> Result<(), AnyFailure> {
    let (bars, actions, history) = (night.raw_bars()?, night.actions()?, night.history()?);
    let examined = Examined { bars: &bars, report, actions: &actions, history: &history };
    let rules = guardian_report::rules(night.station);
    let station = night.station;
    let omega = guardian_report::judge(station, night.stores()?, examined, &rules)?;
    guardian_report::write(station, &omega, night.options.language)?;
    night.products.by_source.agreement = Some(omega.agreement);
    if let Some((path, rows)) = guardian_report::quarantine(station, examined)? {
        let path = station.workspace.shown(&path);
        tracing::warn!(component = night.component, "{rows} rows break a hard rule; they are copied to {path}");
    }
    Ok(())
}

/// TSDataRepairer records what it takes from other sources and what it derives; the stored rows stay as they came.
pub(super) fn repair(night: &mut Night<'_>) -> Result<Done, AnyFailure> {
    let (bars, plan, repaired) = (night.raw_bars()?, night.repair_plan()?, night.repaired_bars()?);
    let by_source = night.source_plan()?;
    let mut records: Vec<RepairRecord> = by_source.iter().map(|change| change.record(&night.run_id)).collect();
    records.extend(plan.repairs.iter().map(|repair| record_of(repair, &night.run_id)));
    night.stores()?.ledger().put_repairs(&records)?;
    for exclusion in plan.excluded.iter().take(SHOWN_MAX) {
        let Exclusion { symbol, date, reason } = exclusion;
        tracing::warn!(component = night.component, "{symbol} on {date} is left out of research: {reason}");
    }
    Ok(Done {
        rows_in: bars.len(),
        rows_out: repaired.len(),
        digest: Some(digest_of(&repaired, &plan)),
        remark: match by_source.len() {
            0 => Note::new(Word::Repairs, [&plan.repairs.len(), &plan.excluded.len()]),
            taken => Note::new(Word::RepairsBySource, [&taken, &plan.repairs.len(), &plan.excluded.len()]),
        },
    })
}

fn record_of(repair: &Repair, run_id: &str) -> RepairRecord {
    let (field, old, new) = match repair.change {
        Change::Value { field, old, new } => (word(&field), old, new),
        Change::Suspended { close, .. } => ("row".to_owned(), None, Some(close)),
    };
    RepairRecord {
        table: repair.table.clone(),
        trade_date: repair.date,
        symbol: repair.symbol,
        field,
        old: old.map(|value| value.to_string()),
        new: new.map(|value| value.to_string()),
        rule: word(&repair.rule),
        run_id: run_id.to_owned(),
    }
}

/// Returns the word that a unit variant serialises to.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn digest_of(bars: &[DailyBar], plan: &RepairPlan) -> Digest {
    let mut hasher = Hasher::new("repaired bars");
    for bar in bars {
        hasher.int(i64::from(bar.symbol.code())).text(bar.symbol.exchange().suffix());
        hasher.int(i64::from(bar.date.year()) * 10_000 + i64::from(bar.date.month()) * 100 + i64::from(bar.date.day()));
        for number in [bar.open, bar.high, bar.low, bar.close, bar.adj_factor] {
            hasher.float(number);
        }
        hasher.float(bar.preclose.unwrap_or(f64::NAN)).float(bar.amount.unwrap_or(f64::NAN));
        hasher.int(bar.volume.unwrap_or(-1)).int(i64::from(bar.suspended));
    }
    for (date, symbol) in plan.excluded_days() {
        hasher.text(&symbol.to_string()).text(&date.to_string());
    }
    hasher.finish()
}
