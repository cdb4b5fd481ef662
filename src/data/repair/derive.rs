//! What can be derived for one symbol: suspended rows, reference prices, adjustment factors, in this order,
//! each step on the result of the one before.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Calendar, Change, Repair, RepairField, Rule, Severity, Thresholds, change::suspended_bar};
use crate::{
    data::{
        actions::{ActionIndex, is_moved},
        guardian::{Finding, TABLE},
    },
    market::{DailyBar, tick},
};

/// Derives repairs, one symbol after the other.
pub(super) struct Deriver<'a> {
    pub(super) actions: &'a ActionIndex,
    pub(super) calendar: &'a Calendar,
    pub(super) thresholds: &'a Thresholds,
}

/// One symbol's bars while they are repaired.
struct Series {
    bars: Vec<DailyBar>,
    repairs: Vec<Repair>,
}

impl Deriver<'_> {
    /// Returns the repairs of one symbol's bars, by date.
    pub(super) fn repairs(&self, bars: Vec<DailyBar>, findings: &[&Finding]) -> Vec<Repair> {
        let mut series = Series { bars, repairs: Vec::new() };
        // A bar with faulty prices gives nothing to derive from.
        let faulty: BTreeSet<Date> =
            findings.iter().filter(|finding| finding.distrusts_prices()).map(|finding| finding.date).collect();
        for finding in findings {
            if finding.rule == Rule::MissingSession && finding.severity == Severity::Soft {
                series.insert_suspended(finding.date);
            }
        }
        for finding in findings {
            if finding.field == "preclose" && !faulty.contains(&finding.date) {
                self.repair_preclose(&mut series, finding, &faulty);
            }
        }
        let of_factor = |finding: &&&Finding| finding.rule == Rule::UnadjustedExRights && finding.field != "close";
        if let Some(first) = findings.iter().filter(of_factor).map(|finding| finding.date).min() {
            self.rebuild_factors(&mut series, first, &faulty);
        }
        series.repairs
    }

    /// The reference follows from the previous close and the corporate actions; where the list of actions
    /// does not reach, only a factor that moved or did not says what the day was.
    fn repair_preclose(&self, series: &mut Series, finding: &Finding, faulty: &BTreeSet<Date>) {
        let Some((previous, bar)) = self.neighbours(series, finding.date, faulty) else { return };
        let reference = self.actions.reference(bar.symbol, previous.close, previous.date, bar.date);
        let step = bar.adj_factor / previous.adj_factor;
        let new = match (reference, finding.rule) {
            (Some(reference), _) => reference,
            (None, Rule::NullPreclose) => match tick::fen(previous.close / step) {
                Some(fen) => tick::cny(fen),
                None => return,
            },
            (None, Rule::PrecloseMismatch) if self.actions.reaches(bar.date) => previous.close,
            _ => return,
        };
        series.set(finding.date, RepairField::Preclose, Some(new), finding.rule);
    }

    /// From the first faulty day on the factor is the running product of previous close / reference; where
    /// a neighbour is missing its step is kept as delivered.
    fn rebuild_factors(&self, series: &mut Series, first: Date, faulty: &BTreeSet<Date>) {
        let Ok(start) = series.bars.binary_search_by_key(&first, |bar| bar.date) else { return };
        let delivered: Vec<f64> = series.bars.iter().map(|bar| bar.adj_factor).collect();
        let dates: Vec<Date> = series.bars.iter().map(|bar| bar.date).collect();
        for index in start.max(1)..dates.len() {
            let (Some(date), Some(old), Some(before)) =
                (dates.get(index), delivered.get(index), delivered.get(index - 1))
            else {
                return;
            };
            let Some(factor) = series.bars.get(index - 1).map(|bar| bar.adj_factor) else { return };
            let step = match self.neighbours(series, *date, faulty) {
                Some((previous, bar)) => match bar.preclose {
                    Some(preclose) if is_moved(previous.close, preclose) => previous.close / preclose,
                    Some(_) => 1.0,
                    None => old / before,
                },
                None => old / before,
            };
            // What agrees is left as it was delivered, to the last digit.
            let new = factor * step;
            if !new.is_finite() || !old.is_finite() || faulty.contains(date) {
                continue;
            }
            if (new / old - 1.0).abs() > self.thresholds.factor_tolerance {
                series.set(*date, RepairField::AdjFactor, Some(new), Rule::UnadjustedExRights);
            }
        }
    }

    /// Returns the bar of a date and the one of the session before it, where both are there and sound.
    fn neighbours<'b>(
        &self,
        series: &'b Series,
        date: Date,
        faulty: &BTreeSet<Date>,
    ) -> Option<(&'b DailyBar, &'b DailyBar)> {
        let index = series.bars.binary_search_by_key(&date, |bar| bar.date).ok()?;
        let (previous, bar) = (series.bars.get(index.checked_sub(1)?)?, series.bars.get(index)?);
        let is_next = self.calendar.next_session(previous.date).is_ok_and(|next| next == date);
        let is_sound = !faulty.contains(&previous.date) && !faulty.contains(&date);
        (is_next && is_sound).then_some((previous, bar))
    }
}

impl Series {
    fn insert_suspended(&mut self, date: Date) {
        let Err(index) = self.bars.binary_search_by_key(&date, |bar| bar.date) else { return };
        let Some(previous) = index.checked_sub(1).and_then(|index| self.bars.get(index)) else { return };
        let (symbol, close, adj_factor) = (previous.symbol, previous.close, previous.adj_factor);
        self.bars.insert(index, suspended_bar(symbol, date, close, adj_factor));
        let change = Change::Suspended { close, adj_factor };
        self.repairs.push(Repair { date, symbol, table: TABLE.into(), rule: Rule::MissingSession, change });
    }

    fn set(&mut self, date: Date, field: RepairField, new: Option<f64>, rule: Rule) {
        let Ok(index) = self.bars.binary_search_by_key(&date, |bar| bar.date) else { return };
        let Some(bar) = self.bars.get_mut(index) else { return };
        let old = field.get(bar);
        if old.map(f64::to_bits) == new.map(f64::to_bits) {
            return;
        }
        field.set(bar, new);
        // A row that is put in is put in as it should be, not changed afterwards.
        let added = self.repairs.iter_mut().find(|repair| repair.date == date);
        if let Some(Repair { change: change @ Change::Suspended { .. }, .. }) = added {
            *change = Change::Suspended { close: bar.close, adj_factor: bar.adj_factor };
            return;
        }
        let change = Change::Value { field, old, new };
        self.repairs.push(Repair { date, symbol: bar.symbol, table: TABLE.into(), rule, change });
    }
}
