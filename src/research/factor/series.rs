//! One symbol's sessions as factors see them: the sessions it traded, back to back, adjusted.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::limit::UpperLimit;
use crate::market::{Calendar, DailyPanel, Field};

/// Where the calendar does not reach: a pause longer than this many natural days is no holiday. The
/// longest closure since 2000 is 11 days (2020-01-23 to 02-03).
const LONGEST_CLOSURE_DAYS: i32 = 16;

/// How wide the rolling factors look and what they count as a big fall.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Sessions of a rolling window; at least 2.
    pub lookback: usize,
    /// A return at or below this is a big fall.
    pub big_down: f64,
}

/// The sessions that a symbol traded, ascending, without those it was suspended or absent: so a
/// window of n covers n sessions in which the symbol traded. A traded session with an unknown value
/// stays, as NaN: the windows that hold it are incomplete. The numbers are equally long.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// The panel's session number of each.
    pub days: Vec<usize>,
    /// Open x adjustment factor, CNY.
    pub open: Vec<f64>,
    /// High x adjustment factor, CNY.
    pub high: Vec<f64>,
    /// Low x adjustment factor, CNY.
    pub low: Vec<f64>,
    /// Close x adjustment factor, CNY.
    pub close: Vec<f64>,
    /// Shares / adjustment factor, so that a split does not look like a burst of trading.
    pub volume: Vec<f64>,
    /// CNY as traded: a split does not change it.
    pub amount: Vec<f64>,
    /// 1 where the raw close is the day's upper price limit, 0 where it is not, NaN where unknown.
    pub limit_up: Vec<f64>,
}

impl Series {
    /// Collects a symbol's series, one for each stretch of the panel without a hole, in order.
    #[must_use]
    pub fn of(panel: &DailyPanel, symbol: usize) -> Vec<Self> {
        let mut all = vec![Self::default()];
        let limits = UpperLimit::of_sessions(panel, symbol);
        let mut last: Option<Date> = None;
        for (day, (date, limit)) in panel.dates().iter().zip(limits).enumerate() {
            if last.is_some_and(|last| is_hole(last, *date)) {
                all.push(Self::default());
            }
            last = Some(*date);
            if panel.trades(symbol, day)
                && let Some(series) = all.last_mut()
            {
                series.push(panel, symbol, day, limit);
            }
        }
        all.retain(|series| !series.days.is_empty());
        all
    }

    fn push(&mut self, panel: &DailyPanel, symbol: usize, day: usize, limit: UpperLimit) {
        let at = |field: Field| panel.at(field, symbol, day);
        let factor = positive(at(Field::AdjFactor));
        self.days.push(day);
        self.open.push(positive(at(Field::Open)) * factor);
        self.high.push(positive(at(Field::High)) * factor);
        self.low.push(positive(at(Field::Low)) * factor);
        self.close.push(positive(at(Field::Close)) * factor);
        self.volume.push(at(Field::Volume) / factor);
        self.amount.push(at(Field::Amount));
        let at_limit = limit.is_reached(at(Field::Close));
        self.limit_up.push(at_limit.map_or(f64::NAN, |at_limit| f64::from(u8::from(at_limit))));
    }
}

/// Says whether sessions of the exchanges are missing between two neighbouring dates of a panel.
/// Nothing is computed across such a hole: the session before it is not the previous session.
pub(crate) fn is_hole(before: Date, after: Date) -> bool {
    match Calendar::builtin().count_between(before, after) {
        Ok(sessions) => sessions != 1,
        Err(_) => (after - before).get_days() > LONGEST_CLOSURE_DAYS,
    }
}

/// Returns the number where it is a price or factor, else NaN.
fn positive(value: f64) -> f64 {
    if value.is_finite() && value > 0.0 { value } else { f64::NAN }
}
