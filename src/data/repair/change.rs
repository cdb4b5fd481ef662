//! Changes of bars: made, and taken back exactly. Each is checked against what is there first, so that a
//! plan is applied whole or not at all.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{DataError, RepairPlan, Rule, SOURCE};
use crate::market::{DailyBar, Symbol};

/// A column that a repair may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairField {
    /// The reference price.
    Preclose,
    /// The adjustment factor.
    AdjFactor,
}

impl RepairField {
    pub(super) fn get(self, bar: &DailyBar) -> Option<f64> {
        match self {
            Self::Preclose => bar.preclose,
            Self::AdjFactor => Some(bar.adj_factor),
        }
    }

    pub(super) fn set(self, bar: &mut DailyBar, value: Option<f64>) {
        match (self, value) {
            (Self::Preclose, value) => bar.preclose = value,
            (Self::AdjFactor, Some(value)) => bar.adj_factor = value,
            // A factor is never missing; `check` has refused a plan that says so.
            (Self::AdjFactor, None) => {}
        }
    }
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A value is replaced.
    Value {
        /// The column.
        field: RepairField,
        /// The value before; none where it was missing.
        old: Option<f64>,
        /// The value after.
        new: Option<f64>,
    },
    /// The row of a suspended session is put in: volume and turnover 0, all prices the last close.
    Suspended {
        /// The last close, CNY; also the reference price.
        close: f64,
        /// The factor of the last session.
        adj_factor: f64,
    },
}

/// One change of one symbol's day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    /// The session.
    pub date: Date,
    /// The symbol.
    pub symbol: Symbol,
    /// The table.
    pub table: String,
    /// The rule that was broken.
    pub rule: Rule,
    /// What is changed.
    pub change: Change,
}

impl Repair {
    /// Returns what orders repairs.
    pub(super) fn key(&self) -> (Date, Symbol, Option<RepairField>) {
        let field = if let Change::Value { field, .. } = self.change { Some(field) } else { None };
        (self.date, self.symbol, field)
    }

    fn mismatch(&self, problem: &str) -> DataError {
        DataError::Mismatch { symbol: self.symbol, date: self.date, problem: problem.to_owned() }
    }
}

/// Returns the row of a suspended session.
pub(super) fn suspended_bar(symbol: Symbol, date: Date, close: f64, adj_factor: f64) -> DailyBar {
    DailyBar {
        date,
        symbol,
        open: close,
        high: close,
        low: close,
        close,
        volume: Some(0),
        amount: Some(0.0),
        preclose: Some(close),
        adj_factor,
        suspended: true,
        source: SOURCE.into(),
    }
}

/// Makes the changes of a plan; [`revert`] takes them back exactly.
///
/// # Errors
/// `Mismatch` when the bars are not those that the plan was made for, `Unordered` when they are not by
/// date, then symbol; nothing is changed then.
pub fn apply(bars: &mut Vec<DailyBar>, plan: &RepairPlan) -> Result<(), DataError> {
    turn(bars, plan, true)
}

/// Takes the changes of a plan back.
///
/// # Errors
/// As [`apply`].
pub fn revert(bars: &mut Vec<DailyBar>, plan: &RepairPlan) -> Result<(), DataError> {
    turn(bars, plan, false)
}

fn turn(bars: &mut Vec<DailyBar>, plan: &RepairPlan, forward: bool) -> Result<(), DataError> {
    check_order(bars)?;
    if let Some(twice) = plan
        .repairs
        .windows(2)
        .find_map(|pair| if let [a, b] = pair { (a.key() >= b.key()).then_some(b) } else { None })
    {
        return Err(twice.mismatch("the plan is out of order, or changes it twice"));
    }
    let places = plan.repairs.iter().map(|repair| place(bars, repair, forward)).collect::<Result<Vec<_>, _>>()?;
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for (repair, place) in plan.repairs.iter().zip(places) {
        match (repair.change, place.and_then(|place| bars.get_mut(place))) {
            (Change::Value { field, old, new }, Some(bar)) => field.set(bar, if forward { new } else { old }),
            (Change::Suspended { close, adj_factor }, None) => {
                added.push(suspended_bar(repair.symbol, repair.date, close, adj_factor));
            }
            (Change::Suspended { .. }, Some(_)) => removed.push((repair.date, repair.symbol)),
            (Change::Value { .. }, None) => return Err(repair.mismatch("there is no such row")),
        }
    }
    bars.retain(|bar| removed.binary_search(&(bar.date, bar.symbol)).is_err());
    bars.append(&mut added);
    bars.sort_by_key(|bar| (bar.date, bar.symbol));
    Ok(())
}

/// Returns where the row of a repair stands; none for a row that is to be put in.
fn place(bars: &[DailyBar], repair: &Repair, forward: bool) -> Result<Option<usize>, DataError> {
    let found = bars.binary_search_by_key(&(repair.date, repair.symbol), |bar| (bar.date, bar.symbol)).ok();
    let bar = found.and_then(|place| bars.get(place));
    match (repair.change, bar) {
        (Change::Value { .. }, None) => Err(repair.mismatch("there is no such row")),
        (
            Change::Value { field: RepairField::AdjFactor, old: None, .. }
            | Change::Value { field: RepairField::AdjFactor, new: None, .. },
            _,
        ) => Err(repair.mismatch("a factor cannot be missing")),
        (Change::Value { field, old, new }, Some(bar)) => {
            let expected = if forward { old } else { new };
            let there = field.get(bar);
            if there.map(f64::to_bits) == expected.map(f64::to_bits) {
                Ok(found)
            } else {
                Err(repair.mismatch(&format!("{field:?} is {there:?}, not {expected:?}")))
            }
        }
        (Change::Suspended { .. }, Some(_)) if forward => Err(repair.mismatch("there is a row already")),
        (Change::Suspended { .. }, None) if forward => Ok(None),
        (Change::Suspended { close, adj_factor }, Some(bar))
            if *bar == suspended_bar(repair.symbol, repair.date, close, adj_factor) =>
        {
            Ok(found)
        }
        (Change::Suspended { .. }, _) => Err(repair.mismatch("the row that was put in is not there as it was")),
    }
}

/// Refuses bars that are not by date, then symbol, one each.
pub(super) fn check_order(bars: &[DailyBar]) -> Result<(), DataError> {
    let out_of_place = |pair: &[DailyBar]| {
        let [a, b] = pair else { return None };
        ((a.date, a.symbol) >= (b.date, b.symbol)).then_some((b.symbol, b.date))
    };
    match bars.windows(2).find_map(out_of_place) {
        Some((symbol, date)) => Err(DataError::Unordered { symbol, date }),
        None => Ok(()),
    }
}
