//! DataGuardian: examines daily bars against the market's rules and against themselves. Judges only;
//! changes nothing and reads no file.

mod finding;
mod report;
mod series;
mod table;

#[cfg(test)]
mod tests;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{DataError, actions::ActionIndex};
use crate::market::{Calendar, CorporateAction, DailyBar, SecurityHistory};

pub use finding::{Finding, Rule, Severity};
pub use report::{GuardianReport, Scores, Totals};

/// The table that is examined.
pub(super) const TABLE: &str = "daily";

/// Where the rules draw their lines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// The share of rows with a hard finding above which the table is refused, 0..1.
    pub hard_share_max: f64,
    /// A price this far beyond the limit, as a share of the reference, is soft: references that are
    /// derived from corporate actions are a few ticks off now and then.
    pub limit_tolerance: f64,
    /// Sessions with the same four prices from which on a trading series is stale.
    pub stale_sessions: usize,
    /// By how much a step of the factor may differ from previous close / reference, as a share.
    pub factor_tolerance: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { hard_share_max: 0.01, limit_tolerance: 0.005, stale_sessions: 5, factor_tolerance: 1e-4 }
    }
}

/// What bars are judged by: what was known on the date that they reach.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Corporate actions, in any order.
    pub actions: &'a [CorporateAction],
    /// Listings, special treatment and delistings.
    pub history: &'a SecurityHistory,
}

/// Examines daily bars, in any order. The same rows give the same report.
///
/// # Errors
/// `Empty` when there are no bars; `Calendar` when one lies outside the trading calendar.
pub fn examine(
    bars: &[DailyBar],
    known: Known<'_>,
    calendar: &Calendar,
    thresholds: &Thresholds,
) -> Result<GuardianReport, DataError> {
    let mut dates: Vec<Date> =
        bars.chunk_by(|a, b| a.date == b.date).filter_map(|day| Some(day.first()?.date)).collect();
    dates.sort_unstable();
    dates.dedup();
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else {
        return Err(DataError::Empty { table: TABLE });
    };
    let sessions = calendar.sessions(*first..=*last)?;
    let segments = table::Segments::of(&dates, sessions);
    let (actions, history) = (ActionIndex::of(known.actions), known.history.held_against(bars));
    let mut findings = segments.findings();
    for series in table::by_symbol(bars) {
        let unique = table::without_duplicates(&series, &mut findings);
        let examiner = series::SeriesExaminer { segments: &segments, actions: &actions, history: &history, thresholds };
        examiner.examine(&unique, &mut findings);
    }
    findings.sort_by(|a, b| (a.date, a.symbol, a.rule, a.field).cmp(&(b.date, b.symbol, b.rule, b.field)));
    Ok(GuardianReport::of(bars, findings))
}
