//! What the stores hold and whether research may use it: `data status` and `data check`. Changes nothing.

use jiff::civil::Date;
use serde::Serialize;

use super::{
    guardian_report::{self, Examined},
    station::Station,
};
use crate::{
    data::guardian::{self, GuardianReport, Known, Thresholds, omega::Omega},
    digest::Digest,
    exit::AnyFailure,
    market::{Calendar, CorporateAction, DailyBar, SecurityHistory},
    store::{Query, StoreError, Stores, Table},
};

/// What the stores hold of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableState {
    /// The table.
    pub table: &'static str,
    /// Rows.
    pub rows: u64,
    /// The first date.
    pub first: Option<Date>,
    /// The last date.
    pub last: Option<Date>,
    /// Dates that have rows.
    pub partitions: usize,
    /// Bytes of the Parquet files; 0 where only the database is written.
    pub parquet_bytes: u64,
}

/// Rows that were put aside for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantinedRows {
    /// Why.
    pub reason: String,
    /// How many.
    pub rows: u64,
}

/// What the stores hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataState {
    /// Every table that has rows.
    pub tables: Vec<TableState>,
    /// Rows that were put aside, by reason.
    pub quarantined: Vec<QuarantinedRows>,
    /// The digest of all rows.
    pub digest: Digest,
}

/// Returns what the ledger acknowledges of every table; reads no rows.
///
/// # Errors
/// What the ledger says.
pub fn data_state(stores: &Stores) -> Result<DataState, StoreError> {
    let mut tables = Vec::new();
    for table in Table::ALL {
        let partitions = stores.partitions(table)?;
        if partitions.is_empty() {
            continue;
        }
        tables.push(TableState {
            table: table.name(),
            rows: partitions.values().map(|partition| partition.rows).sum(),
            first: partitions.keys().next().copied(),
            last: partitions.keys().next_back().copied(),
            partitions: partitions.len(),
            parquet_bytes: partitions.values().map(|partition| partition.bytes).sum(),
        });
    }
    let quarantined = stores.ledger().quarantine_counts()?;
    let quarantined = quarantined.into_iter().map(|(reason, rows)| QuarantinedRows { reason, rows }).collect();
    Ok(DataState { tables, quarantined, digest: stores.data_digest(Date::MAX)? })
}

/// The guardian's judgement of the stored bars, and what it judged.
#[derive(Debug)]
pub struct Judged {
    /// The bars.
    pub bars: Vec<DailyBar>,
    /// Their examination; the verdict is its gate, with [`thresholds`].
    pub report: GuardianReport,
    /// The whole judgement.
    pub omega: Omega,
    actions: Vec<CorporateAction>,
    history: SecurityHistory,
}

impl Judged {
    /// Returns what was examined, and what is known of it.
    #[must_use]
    pub fn examined(&self) -> Examined<'_> {
        Examined { bars: &self.bars, report: &self.report, actions: &self.actions, history: &self.history }
    }
}

/// Judges the stored daily bars up to `as_of` as NightOps does, by the config.
///
/// # Errors
/// When there are no bars, or the stores cannot be read.
pub fn judge(station: &Station, stores: &Stores, as_of: Date) -> Result<Judged, AnyFailure> {
    let bars = stores.daily(&Query::up_to(as_of))?;
    let (actions, history) = (stores.actions(as_of)?, stores.security_history(as_of)?);
    let rules = guardian_report::rules(station);
    let known = Known { actions: &actions, history: &history };
    let report = guardian::examine(&bars, known, Calendar::builtin(), &rules.thresholds)?;
    let examined = Examined { bars: &bars, report: &report, actions: &actions, history: &history };
    let omega = guardian_report::judge(station, stores, examined, &rules)?;
    Ok(Judged { bars, report, omega, actions, history })
}

/// Returns what was known of the securities on a date; warns, in the name of `component`, where that is nothing.
///
/// # Errors
/// What the database says.
pub(super) fn security_history(
    stores: &Stores,
    as_of: Date,
    component: &'static str,
) -> Result<SecurityHistory, StoreError> {
    let history = stores.security_history(as_of)?;
    if history.is_empty() {
        tracing::warn!(
            component,
            "the input has no table 'securities': listing, delisting and ST are unknown, so every share counts as listed \
             long ago and without special treatment"
        );
    }
    Ok(history)
}

/// Returns where the guardian draws its lines, as the config has it.
#[must_use]
pub fn thresholds(station: &Station) -> Thresholds {
    let gate = &station.settings().data_guardian;
    Thresholds {
        hard_share_max: gate.max_bad_row_share,
        stale_sessions: gate.stale_sessions,
        bounds: guardian_report::bounds(&station.config.schema),
        ..Thresholds::default()
    }
}
