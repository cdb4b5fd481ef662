//! The guardian's report: findings, counts, scores, and the gate that refuses a table.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::{Finding, Rule, Severity, TABLE, Thresholds};
use crate::{
    data::DataError,
    market::{DailyBar, Symbol},
};

/// What a finding takes from the score of its row.
const HARD_WEIGHT: f64 = 1.0;
const SOFT_WEIGHT: f64 = 0.25;

/// What was examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Bars.
    pub rows: usize,
    /// Symbols.
    pub symbols: usize,
    /// Sessions with a bar.
    pub sessions: usize,
    /// Bars of suspended sessions.
    pub suspended: usize,
    /// Symbol-sessions with a hard finding.
    pub hard_rows: usize,
    /// Symbol-sessions with soft findings only.
    pub soft_rows: usize,
}

/// Scores from 0 to 100: 100 x (1 - lost / rows), where a row with a hard finding is lost and one with
/// soft findings only is lost by a quarter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// By table.
    pub tables: BTreeMap<&'static str, f64>,
    /// By column, of those with a finding.
    pub fields: BTreeMap<&'static str, f64>,
    /// By session, of those with a finding; all others have 100.
    pub days: BTreeMap<Date, f64>,
}

/// What the guardian found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GuardianReport {
    /// By date, symbol, rule and field.
    pub findings: Vec<Finding>,
    /// Findings by rule; every rule is named.
    pub counts: BTreeMap<Rule, usize>,
    /// Scores.
    pub scores: Scores,
    /// What was examined.
    pub totals: Totals,
}

impl GuardianReport {
    pub(super) fn of(bars: &[DailyBar], findings: Vec<Finding>) -> Self {
        let mut rows_by_day: BTreeMap<Date, usize> = BTreeMap::new();
        // Bars of one day mostly stand together.
        for day in bars.chunk_by(|a, b| a.date == b.date) {
            if let Some(bar) = day.first() {
                *rows_by_day.entry(bar.date).or_default() += day.len();
            }
        }
        let mut counts: BTreeMap<Rule, usize> = Rule::ALL.into_iter().map(|rule| (rule, 0)).collect();
        for finding in &findings {
            *counts.entry(finding.rule).or_default() += 1;
        }
        let worst = worst_by_row(&findings, |_| true);
        let of_severity = |wanted| worst.values().filter(|severity| **severity == wanted).count();
        let totals = Totals {
            rows: bars.len(),
            symbols: bars.iter().map(|bar| bar.symbol).collect::<BTreeSet<_>>().len(),
            sessions: rows_by_day.len(),
            suspended: bars.iter().filter(|bar| bar.suspended).count(),
            hard_rows: of_severity(Severity::Hard),
            soft_rows: of_severity(Severity::Soft),
        };
        let scores = scores(&findings, &rows_by_day, bars.len());
        Self { findings, counts, scores, totals }
    }

    /// Returns how many findings a rule has.
    #[must_use]
    pub fn count(&self, rule: Rule) -> usize {
        self.counts.get(&rule).copied().unwrap_or(0)
    }

    /// Returns the share of rows with a hard finding, 0..1.
    #[must_use]
    pub fn hard_share(&self) -> f64 {
        if self.totals.rows == 0 { 0.0 } else { self.totals.hard_rows as f64 / self.totals.rows as f64 }
    }

    /// Lets the table pass, or refuses it.
    ///
    /// # Errors
    /// `Refused` when the share of rows with a hard finding is above the threshold.
    pub fn gate(&self, thresholds: &Thresholds) -> Result<(), DataError> {
        let share = self.hard_share();
        if share <= thresholds.hard_share_max {
            return Ok(());
        }
        let mut hard: BTreeMap<Rule, usize> = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| finding.severity == Severity::Hard) {
            *hard.entry(finding.rule).or_default() += 1;
        }
        let mut hard: Vec<(Rule, usize)> = hard.into_iter().collect();
        hard.sort_by_key(|(rule, count)| (std::cmp::Reverse(*count), *rule));
        let worst: Vec<String> = hard.iter().take(3).map(|(rule, count)| format!("{} {count}", rule.name())).collect();
        Err(DataError::Refused {
            table: TABLE,
            faulty: self.totals.hard_rows,
            rows: self.totals.rows,
            share: share * 100.0,
            allowed: thresholds.hard_share_max * 100.0,
            worst: worst.join(", "),
        })
    }
}

fn worst_by_row(findings: &[Finding], wanted: impl Fn(&Finding) -> bool) -> BTreeMap<(Date, Option<Symbol>), Severity> {
    let mut worst = BTreeMap::new();
    for finding in findings.iter().filter(|finding| wanted(finding)) {
        let severity = worst.entry((finding.date, finding.symbol)).or_insert(finding.severity);
        *severity = finding.severity.max(*severity);
    }
    worst
}

fn scores(findings: &[Finding], rows_by_day: &BTreeMap<Date, usize>, rows: usize) -> Scores {
    let weight = |severity: &Severity| if *severity == Severity::Hard { HARD_WEIGHT } else { SOFT_WEIGHT };
    let score = |lost: f64, rows: usize| 100.0 * (1.0 - lost / rows.max(1) as f64).clamp(0.0, 1.0);
    let all = worst_by_row(findings, |_| true);
    let lost = |worst: &BTreeMap<_, Severity>| worst.values().map(weight).sum::<f64>();
    let names: BTreeSet<&'static str> = findings.iter().map(|finding| finding.field).collect();
    let of_field = |name| (name, score(lost(&worst_by_row(findings, |finding| finding.field == name)), rows));
    // A session that a symbol lacks counts among the rows that the day should have.
    let mut days: BTreeMap<Date, (f64, usize)> = BTreeMap::new();
    for ((date, _), severity) in &all {
        days.entry(*date).or_default().0 += weight(severity);
    }
    for finding in findings.iter().filter(|finding| finding.rule == Rule::MissingSession) {
        days.entry(finding.date).or_default().1 += 1;
    }
    let of_day = |(date, (lost, missing)): (Date, (f64, usize))| {
        (date, score(lost, rows_by_day.get(&date).copied().unwrap_or(0) + missing))
    };
    Scores {
        tables: BTreeMap::from([(TABLE, score(lost(&all), rows))]),
        fields: names.into_iter().map(of_field).collect(),
        days: days.into_iter().map(of_day).collect(),
    }
}
