//! What the stores hold, by the ledger's word, and what the guardian last found. The database itself is
//! not opened: a run may hold it.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Fact, Grade, accounts::percent, files, place::Place};
use crate::{
    net::BreakerState,
    ops::metrics::MonitorState,
    store::{Delivery, Engine, Ledger, StoreError, Table, WriteMode},
    text::{Note, Phrase},
};

const PREFIX: &str = "data_guardian_";
/// The kind that is of no session: it says what a security is today.
const BASIC: &str = "basic";

/// What the stores hold of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableFacts {
    /// The table.
    pub table: &'static str,
    /// Rows.
    pub rows: u64,
    /// Dates that have rows.
    pub partitions: usize,
    /// The first date.
    pub first: Option<Date>,
    /// The last date.
    pub last: Option<Date>,
    /// Rows of the last date.
    pub rows_last: u64,
}

/// What the stores hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct DataFacts {
    /// The tables that have rows.
    pub tables: Vec<TableFacts>,
    /// The newest session with daily bars.
    pub newest_session: Option<Date>,
    /// Sessions between it and the newest that there can be.
    pub sessions_behind: Option<i64>,
    /// The guardian's findings by rule, those that there are.
    pub findings: BTreeMap<String, u64>,
    /// Rows with a finding that counts against the gate.
    pub hard_rows: u64,
    /// Rows with one that does not.
    pub soft_rows: u64,
    /// Rows that the guardian examined.
    pub examined: u64,
    /// Rows put aside on their way in, by reason.
    pub quarantined: BTreeMap<String, u64>,
    /// The guardian's report.
    pub report: Option<String>,
    /// The enabled upstream sources.
    pub sources: Vec<SourceFacts>,
}

/// An upstream source that is enabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceFacts {
    /// The source.
    pub source: String,
    /// The newest session that it has delivered bars of.
    pub newest: Option<Date>,
    /// Sessions between it and the newest that there can be.
    pub sessions_behind: Option<i64>,
    /// When it last gave a whole answer.
    pub last_answer_at: Option<Timestamp>,
    /// Until when it is left alone, and why: its breaker is open.
    pub left_alone: Option<(Timestamp, String)>,
}

/// What is read of a guardian's report.
#[derive(Deserialize)]
struct Guardian {
    counts: BTreeMap<String, u64>,
    totals: Totals,
}

#[derive(Deserialize)]
struct Totals {
    rows: u64,
    hard_rows: u64,
    soft_rows: u64,
}

pub(super) fn look(place: &Place<'_>) -> Fact<DataFacts> {
    let source = place.ledger_source();
    let held = match &place.ledger {
        Ok(ledger) => held(ledger),
        Err(_) if place.has_no_ledger() => return missing_files(place, Fact::absent(source, Phrase::NoData)),
        Err(error) => return missing_files(place, Fact::unreadable(source, error)),
    };
    let mut facts = match held {
        Ok(facts) => facts,
        Err(error) => return missing_files(place, Fact::unreadable(source, &error)),
    };
    let behind = facts.newest_session.and_then(|session| place.sessions_behind(session));
    facts.sessions_behind = behind.map(|(sessions, _)| sessions);
    facts.sources = sources(place);
    let reports = files::newest_report::<Guardian>(&place.reports(), PREFIX);
    let mut broken = None;
    if let Ok(reports) = reports {
        broken = reports.broken.first().map(|(path, _)| place.shown(path));
        if let Some(report) = reports.newest {
            facts.report = Some(place.shown(&report.path));
            let Guardian { counts, totals } = report.content;
            facts.findings = counts.into_iter().filter(|(_, count)| *count > 0).collect();
            (facts.examined, facts.hard_rows, facts.soft_rows) = (totals.rows, totals.hard_rows, totals.soft_rows);
        }
    }
    let fact = judged(place, source, facts, behind);
    let fact = match broken {
        Some(path) => fact.marked(Grade::Warning, Note::new(Phrase::ReportBroken, [&path])),
        None => fact,
    };
    missing_files(place, fact)
}

fn judged(place: &Place<'_>, source: String, facts: DataFacts, behind: Option<(i64, Date)>) -> Fact<DataFacts> {
    let stores = place.station.store_settings();
    let at = files::modified(&stores.parquet.path.join("daily")).max(files::modified(&stores.duckdb.path));
    let share = facts.hard_rows as f64 / facts.examined.max(1) as f64;
    let limit = place.settings().data_guardian.max_bad_row_share;
    let allowed = place.settings().ops.day_ops.max_night_ops_age_sessions as i64;
    let sources = facts.sources.clone();
    let (hard, empty, unchecked) = (facts.hard_rows, facts.tables.is_empty(), facts.report.is_none());
    let fact = Fact::of(source, facts)
        .dated(at, place.now)
        .marked_if(empty, Grade::Unknown, || Note::plain(Phrase::NoData))
        .marked_if(!empty && unchecked, Grade::Unknown, || Note::plain(Phrase::NotExamined))
        .marked_if(share > limit, Grade::Fail, || {
            Note::new(Phrase::BadRowsBeyondGate, [&percent(share), &percent(limit)])
        })
        .marked_if(hard > 0 && share <= limit, Grade::Warning, || Note::new(Phrase::BadRows, [&hard]));
    let fact = sources.iter().fold(fact, |fact, source| marked(place, fact, source));
    match behind {
        Some((sessions, due)) if sessions > allowed => {
            fact.marked(Grade::Stale, Note::new(Phrase::SessionsBehind, [&sessions, &due]))
        }
        None if !empty => fact.marked(Grade::Unknown, Note::plain(Phrase::AgeUnknown)),
        _ => fact,
    }
}

/// Marks what came from a source that has fallen behind, or that is not asked any more.
fn marked(place: &Place<'_>, fact: Fact<DataFacts>, facts: &SourceFacts) -> Fact<DataFacts> {
    let SourceFacts { source, newest, sessions_behind, left_alone, .. } = facts;
    let fact = match left_alone {
        Some((until, reason)) => {
            fact.marked(Grade::Warning, Note::new(Phrase::SourceLeftAlone, [source, until, reason]))
        }
        None => fact,
    };
    match (newest, sessions_behind, place.session_due()) {
        (Some(newest), Some(behind), Some(due)) if *behind > 0 => {
            fact.marked(Grade::Stale, Note::new(Phrase::SourceBehind, [source, newest, behind, &due]))
        }
        _ => fact,
    }
}

/// Returns what is known of the enabled sources; what cannot be read says nothing here and is said elsewhere.
fn sources(place: &Place<'_>) -> Vec<SourceFacts> {
    let path = place.station.workspace.path(&place.settings().monitor.state_file);
    let network = files::read_json::<MonitorState>(&path).map(|state| state.network).unwrap_or_default();
    let delivered = place.ledger.as_ref().ok().and_then(|ledger| ledger.deliveries().ok()).unwrap_or_default();
    let enabled = place.settings().data_sources.iter().filter(|source| source.enabled);
    let facts = enabled.map(|source| {
        let of_sessions = |own: &&Delivery| own.source == source.id && own.kind != BASIC;
        let newest = delivered.iter().filter(of_sessions).map(|own| own.newest).min();
        let counters = network.get(&source.id).cloned().unwrap_or_default();
        let is_open = counters.breaker_at(place.now) == BreakerState::Open;
        SourceFacts {
            source: source.id.clone(),
            newest,
            sessions_behind: newest.and_then(|newest| place.sessions_behind(newest)).map(|(behind, _)| behind),
            last_answer_at: counters.last_answer_at,
            left_alone: counters
                .breaker_open_until
                .filter(|_| is_open)
                .map(|until| (until, counters.breaker_reason.unwrap_or_default())),
        }
    });
    facts.collect()
}

/// Marks a store that the config names and that is not there.
fn missing_files(place: &Place<'_>, fact: Fact<DataFacts>) -> Fact<DataFacts> {
    let stores = place.station.store_settings();
    let database = match stores.engine {
        Engine::DuckDb => &stores.duckdb,
        Engine::Sqlite => &stores.sqlite,
    };
    let mut fact = fact;
    // Before the first run there is nothing, and that is said once.
    if fact.summary.grade == Grade::Unknown && fact.value.tables.is_empty() && database.check_parent().is_ok() {
        return fact;
    }
    if !database.path.is_file() {
        fact = fact.marked(Grade::Fail, Note::new(Phrase::FileMissing, [&place.shown(&database.path), &database.key]));
    }
    if stores.write_mode == WriteMode::Dual && !stores.parquet.path.is_dir() {
        let shown = place.shown(&stores.parquet.path);
        fact = fact.marked(Grade::Fail, Note::new(Phrase::FileMissing, [&shown, &stores.parquet.key]));
    }
    fact
}

fn held(ledger: &Ledger) -> Result<DataFacts, StoreError> {
    let mut facts = DataFacts::default();
    for table in Table::ALL {
        let partitions = ledger.partitions(table)?;
        let last = partitions.last_key_value();
        if table == Table::Daily {
            facts.newest_session = last.map(|(date, _)| *date);
        }
        if partitions.is_empty() {
            continue;
        }
        facts.tables.push(TableFacts {
            table: table.name(),
            rows: partitions.values().map(|partition| partition.rows).sum(),
            partitions: partitions.len(),
            first: partitions.keys().next().copied(),
            last: last.map(|(date, _)| *date),
            rows_last: last.map_or(0, |(_, partition)| partition.rows),
        });
    }
    facts.quarantined = ledger.quarantine_counts()?.into_iter().collect();
    Ok(facts)
}
