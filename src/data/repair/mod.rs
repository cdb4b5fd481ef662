//! TSDataRepairer: repairs what can be derived from other rows and from corporate actions, records every
//! change so that it can be taken back, and names what must be left out of research. Never invents a
//! price or a volume, and writes no store.

mod by_source;
mod change;
mod derive;

#[cfg(test)]
mod by_source_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    DataError,
    actions::ActionIndex,
    guardian::{GuardianReport, Known, Rule, Severity, Thresholds, examine},
};
use crate::{
    market::{Calendar, DailyBar, Symbol},
    store::RepairRecord,
};

pub use by_source::{Provenance, RULE_HEAD, SourceChange, WayBack, changed_rows, plan_by_source, put, undo};
pub use change::{Change, Repair, RepairField, apply, revert};

/// Source of the rows that are put in.
pub const SOURCE: &str = "repair";

/// A symbol's day that research must not use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// The symbol.
    pub symbol: Symbol,
    /// The session.
    pub date: Date,
    /// What is wrong with it and cannot be derived.
    pub reason: String,
}

/// What to change and what to leave out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RepairPlan {
    /// Changes, by date, symbol and field; each value is changed once at most.
    pub repairs: Vec<Repair>,
    /// What research must leave out, by date, then symbol.
    pub excluded: Vec<Exclusion>,
}

impl RepairPlan {
    /// Returns the repairs as the ledger keeps them, for the run that makes them: a row that is put in has
    /// the field `row`.
    #[must_use]
    pub fn records(&self, run_id: &str) -> Vec<RepairRecord> {
        self.repairs.iter().map(|repair| repair.record(run_id)).collect()
    }

    /// Returns the symbol-days that research must leave out.
    #[must_use]
    pub fn excluded_days(&self) -> BTreeSet<(Date, Symbol)> {
        self.excluded.iter().map(|exclusion| (exclusion.date, exclusion.symbol)).collect()
    }
}

/// Plans the repairs of bars that were examined. What has a hard finding after them is excluded, whether
/// it had one before or not. `bars` are by date, then symbol; `calendar` and `thresholds` those of the
/// examination.
///
/// # Errors
/// `Unordered` when the bars are out of order or one is there twice; `Calendar` when one lies outside.
pub fn plan(
    bars: &[DailyBar],
    report: &GuardianReport,
    known: Known<'_>,
    calendar: &Calendar,
    thresholds: &Thresholds,
) -> Result<RepairPlan, DataError> {
    change::check_order(bars)?;
    let mut faults: BTreeMap<Symbol, Vec<_>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(symbol) = finding.symbol {
            faults.entry(symbol).or_default().push(finding);
        }
    }
    let index = ActionIndex::of(known.actions);
    let deriver = derive::Deriver { actions: &index, calendar, thresholds };
    let mut repairs = Vec::new();
    let mut ordered: Vec<&DailyBar> = bars.iter().filter(|bar| faults.contains_key(&bar.symbol)).collect();
    ordered.sort_by_key(|bar| (bar.symbol, bar.date));
    for series in ordered.chunk_by(|a, b| a.symbol == b.symbol) {
        let findings = series.first().and_then(|bar| faults.get(&bar.symbol)).map(Vec::as_slice);
        repairs.extend(deriver.repairs(series.iter().copied().cloned().collect(), findings.unwrap_or_default()));
    }
    repairs.sort_by_key(Repair::key);
    let mut plan = RepairPlan { repairs, excluded: Vec::new() };
    plan.excluded = if plan.repairs.is_empty() {
        exclusions(report)
    } else {
        let mut repaired = bars.to_vec();
        apply(&mut repaired, &plan)?;
        exclusions(&examine(&repaired, known, calendar, thresholds)?)
    };
    Ok(plan)
}

fn exclusions(report: &GuardianReport) -> Vec<Exclusion> {
    let mut reasons: BTreeMap<(Date, Symbol), Vec<String>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.severity == Severity::Hard) {
        if let Some(symbol) = finding.symbol {
            reasons.entry((finding.date, symbol)).or_default().push(finding.message.clone());
        }
    }
    let exclusion =
        |((date, symbol), reasons): (_, Vec<String>)| Exclusion { symbol, date, reason: reasons.join("; ") };
    reasons.into_iter().map(exclusion).collect()
}
