//! `data repair`: mends stored rows from other sources, with a record of each change, and takes a repair back.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{data_state, guardian_report, station::Station};
use crate::{
    data::{guardian::Known, repair},
    digest::Digest,
    exit::AnyFailure,
    market::Calendar,
    store::{Query, RepairRecord, Stores},
};

/// A repair that was made, or would be.
#[derive(Debug)]
pub struct SourceRepair {
    /// What names it; nothing where there is nothing to repair.
    pub id: Option<String>,
    /// Its changes, by date and symbol.
    pub changes: Vec<RepairRecord>,
    /// Symbol-sessions with a hard finding before.
    pub hard_rows: usize,
}

/// Repairs the stored daily bars up to `as_of` from what the sources delivered; with `is_dry` says only what it would
/// do. The records reach the ledger before the rows change, so that a killed repair can be taken back too.
///
/// # Errors
/// When there are no bars, or a store cannot be read or written.
pub fn repair(station: &Station, stores: &mut Stores, as_of: Date, is_dry: bool) -> Result<SourceRepair, AnyFailure> {
    let judged = data_state::judge(station, stores, as_of)?;
    let stored = stores.daily_as_delivered(&Query::up_to(as_of))?;
    let sources = stores.source_bars(&Query::up_to(as_of))?;
    let known = Known { actions: judged.examined().actions, history: judged.examined().history };
    let thresholds = guardian_report::rules(station).thresholds;
    let beside = (&*sources, &judged.omega.agreement);
    let plan = repair::plan_by_source(&stored, &judged.report, beside, (known, Calendar::builtin()), &thresholds)?;
    let hard_rows = judged.report.totals.hard_rows;
    let now = station.clock.now();
    let mark = Digest::of(format!("{plan:?} {now}")).short();
    let id =
        format!("repair_{}_{}", station.clock.shanghai().strftime("%Y%m%d_%H%M%S"), mark.get(..6).unwrap_or(&mark));
    let changes: Vec<RepairRecord> = plan.iter().map(|change| change.record(&id)).collect();
    if plan.is_empty() || is_dry {
        return Ok(SourceRepair { id: None, changes, hard_rows });
    }
    stores.ledger().put_repairs(&changes)?;
    stores.amend_daily(&repair::changed_rows(&stored, &plan), &BTreeSet::new(), now)?;
    Ok(SourceRepair { id: Some(id), changes, hard_rows })
}

/// Takes a repair back: the stores then hold what they held before it, byte for byte, and no night makes the changes
/// again. A night's own repair changed no stored row: it is taken back by its run's id for the nights to come. Returns
/// how many changes were taken back; 0 where there is no such repair, or it was taken back already.
///
/// # Errors
/// When a row is not as the repair left it, or a store cannot be read or written.
pub fn undo(station: &Station, stores: &mut Stores, id: &str) -> Result<usize, AnyFailure> {
    let mut records = stores.ledger().repairs(Some(id))?;
    // What a night derives is no repair of stored rows, and is derived anew.
    records.retain(|record| record.rule.starts_with(repair::RULE_HEAD));
    let (first, last) =
        (records.iter().map(|record| record.trade_date).min(), records.iter().map(|record| record.trade_date).max());
    let (Some(first), Some(last)) = (first, last) else { return Ok(0) };
    let bars = stores.daily_as_delivered(&Query { from: Some(first), ..Query::up_to(last) })?;
    let (mut rows, added) = repair::undo(&bars, &records)?;
    rows.retain(|row| !bars.contains(row));
    if !rows.is_empty() || !added.is_empty() {
        stores.amend_daily(&rows, &added, station.clock.now())?;
    }
    stores.ledger().undo_repairs(id)?;
    Ok(records.len())
}
