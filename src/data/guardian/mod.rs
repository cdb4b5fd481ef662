//! DataGuardian: examines daily bars against the market's rules and against themselves. Judges only;
//! changes nothing and reads no file.

mod bar;
mod completeness;
mod finding;
pub mod omega;
mod report;
mod series;
mod shift;
mod table;
mod thresholds;
mod volume;

#[cfg(test)]
mod planted_tests;
#[cfg(test)]
mod tests;

use jiff::civil::Date;

use super::{DataError, actions::ActionIndex};
use crate::market::{Calendar, CorporateAction, DailyBar, SecurityHistory};

pub use completeness::{require_whole_session, vanished};
pub use finding::{Finding, Rule, Severity};
pub use report::{GuardianReport, Scores, Totals};
pub use thresholds::{FieldBounds, Thresholds};

/// The table that is examined.
pub(super) const TABLE: &str = "daily";

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
    let all = dates.len();
    dates.retain(|date| sessions.binary_search(date).is_ok());
    let is_off = |date: Date| dates.len() < all && dates.binary_search(&date).is_err();
    let segments = table::Segments::of(&dates, sessions);
    let (actions, history) = (ActionIndex::of(known.actions), known.history.held_against(bars));
    let mut findings = segments.findings();
    let mut market = shift::Market::of(&dates);
    for mut series in table::by_symbol(bars) {
        series.retain(|bar| !is_off(bar.date) || table::off_calendar(bar, &mut findings));
        let unique = table::without_duplicates(&series, &mut findings);
        let examiner = series::SeriesExaminer { segments: &segments, actions: &actions, history: &history, thresholds };
        examiner.examine(&unique, &mut findings);
        table::late_listing(&unique, known.history, &history, &mut findings);
        // While its bars are at hand: a second walk over all of them costs as much as the first.
        market.add(&unique);
    }
    market.examine(&mut findings);
    findings.sort_by(|a, b| (a.date, a.symbol, a.rule, a.field).cmp(&(b.date, b.symbol, b.rule, b.field)));
    Ok(GuardianReport::of(bars, findings))
}
