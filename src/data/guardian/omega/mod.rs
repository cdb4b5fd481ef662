//! DataGuardian Omega: what the guardian found, as one score by table, field, date, symbol and source, with the
//! worst of each, and the verdict of the gate. Judges only; the report is written elsewhere.

mod agreement;
mod tally;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::{GuardianReport, Known, Rule, Severity, TABLE, Thresholds, examine};
use crate::{
    data::DataError,
    market::{Calendar, DailyBar, SourceBar, Symbol, adjust::derive_factors},
};

pub(in crate::data) use agreement::value_in;
pub use agreement::{Agreement, AgreementRules, Anomaly, FIELDS, FieldAgreement, SourceScore, newest, value_of};

/// So many of the worst are listed.
pub const WORST_MAX: usize = 30;

/// What the parts of the score count for; only their proportions matter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Weights {
    /// Rows that should be there.
    pub coverage: f64,
    /// Sources that agree.
    pub source: f64,
    /// Values that can be.
    pub value: f64,
    /// Rows that do not contradict each other.
    pub consistency: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { coverage: 0.35, source: 0.25, value: 0.20, consistency: 0.20 }
    }
}

/// Scores from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Rows that are there / sessions by calendar and listing.
    pub coverage: f64,
    /// Symbol-sessions whose sources agree / those with two sources or more; none where there is no such.
    pub source: Option<f64>,
    /// Rows whose values can be.
    pub value: f64,
    /// Rows that do not contradict others.
    pub consistency: f64,
    /// The weighted mean; where sources were not compared, of the other three.
    pub total: f64,
}

/// The score of everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GlobalScore {
    /// The score.
    #[serde(flatten)]
    pub score: Score,
    /// How many symbols.
    pub symbols_count: usize,
}

/// What was judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Meta {
    /// The first session.
    pub start: Date,
    /// The last session.
    pub end: Date,
    /// Rows of the table.
    pub rows: usize,
    /// Rows that should be there, by calendar and listing.
    pub expected: usize,
    /// Rows with a hard finding.
    pub hard_rows: usize,
    /// Rows with soft findings only.
    pub soft_rows: usize,
    /// The largest share of rows with a hard finding that passes.
    pub hard_share_max: f64,
    /// What counts for how much.
    pub weights: Weights,
    /// What sources are held against: a source, or `median`.
    pub reference: String,
    /// The share by which a volume or turnover may differ from it.
    pub diff_threshold: f64,
}

/// One of the worst.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worst<K> {
    /// What it is.
    pub of: K,
    /// Its score.
    pub score: f64,
    /// The rules that it breaks, with how often, most often first.
    pub why: Vec<(&'static str, usize)>,
}

/// The worst of each kind, worst first, [`WORST_MAX`] at most.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopWorst {
    /// Symbols by their whole score.
    pub by_score: Vec<Worst<Symbol>>,
    /// Sessions by their whole score.
    pub by_date: Vec<Worst<Date>>,
    /// Columns.
    pub by_field: Vec<Worst<&'static str>>,
    /// Fields of sources, as `source.field`.
    pub by_source: Vec<Worst<String>>,
}

/// The guardian's whole judgement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Omega {
    /// What was judged.
    pub meta: Meta,
    /// Whether the gate lets the table pass.
    pub passed: bool,
    /// Why not.
    pub refusal: Option<String>,
    /// The score of everything.
    pub global: GlobalScore,
    /// Scores by table.
    pub tables: BTreeMap<&'static str, f64>,
    /// Scores by column, of those with a finding.
    pub fields: BTreeMap<&'static str, f64>,
    /// Scores by session, of those that lost anything; all others have 100.
    pub dates: BTreeMap<Date, Score>,
    /// Scores by symbol.
    pub symbols: BTreeMap<Symbol, Score>,
    /// The sources beside each other.
    pub agreement: Agreement,
    /// Findings by rule, of those that there are.
    pub counts: BTreeMap<Rule, usize>,
    /// The worst.
    pub top_worst: TopWorst,
}

/// How bars are judged.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OmegaRules {
    /// Where the rules draw their lines.
    pub thresholds: Thresholds,
    /// What counts for how much.
    pub weights: Weights,
    /// How sources are compared.
    pub agreement: AgreementRules,
}

/// Judges examined bars, and beside them what each source delivered; `report` is the examination of `bars`.
///
/// # Errors
/// `Empty` when there are no bars; `Calendar` when one lies outside the trading calendar.
pub fn judge(
    bars: &[DailyBar],
    report: &GuardianReport,
    sources: &[SourceBar],
    (known, calendar): (Known<'_>, &Calendar),
    rules: &OmegaRules,
) -> Result<Omega, DataError> {
    let faults = faults_of(sources, (known, calendar), &rules.thresholds)?;
    let agreement = rules.agreement.compare(sources, faults);
    let mut board = tally::Board::of(bars, (known, calendar))?;
    board.lose(&report.findings);
    board.compare(&agreement);
    let scored = |tally: &tally::Tally| tally.score(&rules.weights);
    let refusal = report.gate(&rules.thresholds).err().map(|error| error.to_string());
    let symbols: BTreeMap<Symbol, Score> = board.symbols.iter().map(|(key, own)| (*key, scored(own))).collect();
    let dates: BTreeMap<Date, Score> = board.dates.iter().map(|(key, own)| (*key, scored(own))).collect();
    let top_worst = TopWorst {
        by_score: worst(symbols.iter().map(|(key, score)| (*key, score.total)), |key| {
            why(report, |finding| finding.symbol == Some(*key))
        }),
        by_date: worst(dates.iter().map(|(key, score)| (*key, score.total)), |key| {
            why(report, |finding| finding.date == *key)
        }),
        by_field: worst(report.scores.fields.iter().map(|(key, score)| (*key, *score)), |key| {
            why(report, |finding| finding.field == *key)
        }),
        by_source: worst_sources(&agreement),
    };
    Ok(Omega {
        meta: Meta {
            start: board.reach[0],
            end: board.reach[1],
            rows: bars.len(),
            expected: board.whole.expected,
            hard_rows: report.totals.hard_rows,
            soft_rows: report.totals.soft_rows,
            hard_share_max: rules.thresholds.hard_share_max,
            weights: rules.weights,
            reference: rules.agreement.reference.clone().unwrap_or_else(|| "median".to_owned()),
            diff_threshold: rules.agreement.diff_threshold,
        },
        passed: refusal.is_none(),
        refusal,
        global: GlobalScore { score: scored(&board.whole), symbols_count: symbols.len() },
        tables: BTreeMap::from([(TABLE, scored(&board.whole).total)]),
        fields: report.scores.fields.clone(),
        dates: dates.into_iter().filter(|(_, score)| score.total < 100.0).collect(),
        symbols,
        agreement,
        counts: report.counts.iter().filter(|(_, count)| **count > 0).map(|(rule, count)| (*rule, *count)).collect(),
        top_worst,
    })
}

/// Examines each source by itself and returns what breaks a hard rule, by source.
fn faults_of(
    sources: &[SourceBar],
    (known, calendar): (Known<'_>, &Calendar),
    thresholds: &Thresholds,
) -> Result<agreement::Faults, DataError> {
    let mut by_source: BTreeMap<&str, Vec<DailyBar>> = BTreeMap::new();
    for row in newest(sources) {
        by_source.entry(&row.bar.source).or_default().push(row.bar.clone());
    }
    let mut faults = agreement::Faults::new();
    for (source, mut bars) in by_source {
        derive_factors(&mut bars, known.actions);
        let report = examine(&bars, known, calendar, thresholds)?;
        let hard = report.findings.iter().filter(|finding| finding.severity == Severity::Hard);
        let own = hard.filter_map(|finding| {
            // A session that is not there has no value that could be wrong.
            let symbol = finding.symbol.filter(|_| finding.rule != Rule::MissingSession)?;
            Some((finding.date, symbol, finding.field))
        });
        faults.insert(source.to_owned(), own.collect::<BTreeSet<_>>());
    }
    Ok(faults)
}

fn worst<K: Clone + Ord>(
    scores: impl Iterator<Item = (K, f64)>,
    why: impl Fn(&K) -> Vec<(&'static str, usize)>,
) -> Vec<Worst<K>> {
    let mut scores: Vec<(K, f64)> = scores.filter(|(_, score)| *score < 100.0).collect();
    scores.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    scores.truncate(WORST_MAX);
    scores.into_iter().map(|(of, score)| Worst { why: why(&of), of, score }).collect()
}

fn worst_sources(agreement: &Agreement) -> Vec<Worst<String>> {
    let fields = agreement.sources.iter().flat_map(|(source, own)| {
        own.fields.iter().map(move |(field, agreement)| (format!("{source}.{field}"), agreement))
    });
    let fields: BTreeMap<String, &FieldAgreement> = fields.collect();
    worst(fields.iter().map(|(name, own)| (name.clone(), own.score)), |name| {
        let own = fields.get(name);
        let counts = own.map(|own| [("differ", own.differ), ("anomaly", own.anomalies), ("faulty", own.faulty)]);
        counts.into_iter().flatten().filter(|(_, count)| *count > 0).collect()
    })
}

fn why(report: &GuardianReport, wanted: impl Fn(&super::Finding) -> bool) -> Vec<(&'static str, usize)> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| wanted(finding)) {
        *counts.entry(finding.rule.name()).or_default() += 1;
    }
    let mut counts: Vec<(&'static str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    counts
}
