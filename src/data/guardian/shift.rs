//! Dates that are off by one session: a share moves with the market of its own day. Within one series a shift is
//! invisible, since each reference still is the close before it; beside all others it is not.

use jiff::civil::Date;

use super::{Finding, Rule, Severity, TABLE};
use crate::{market::DailyBar, metric::upper_median};

/// Fewer symbols than these are no market.
const SYMBOLS_MIN: usize = 10;

/// Sessions of a window, and how far the next one begins.
const WINDOW: usize = 240;
const STEP: usize = 120;

/// Fewer returns than these say nothing about a window.
const RETURNS_MIN: usize = 120;

/// By this the correlation with the market of the day beside must be above that of the day itself; twice as much
/// below a full window. On real data the largest difference of a true series is 0.16 over 240 sessions and 0.28
/// over 120.
const DIFFERENCE: f64 = 0.2;
const DIFFERENCE_SHORT: f64 = 0.4;

/// A return beyond this is a fault, or a first day: no price limit lets it be.
const CHANGE_MAX: f64 = 0.31;

/// The returns of every series, and those of the market that they make together.
pub(super) struct Market<'a> {
    /// The sessions of the table, ascending.
    dates: &'a [Date],
    /// The returns of each session.
    of_day: Vec<Vec<f64>>,
    /// The first bar of each series, and its return on each session, NaN where there is none.
    series: Vec<(&'a DailyBar, Vec<f64>)>,
}

impl<'a> Market<'a> {
    pub(super) fn of(dates: &'a [Date]) -> Self {
        Self { dates, of_day: vec![Vec::new(); dates.len()], series: Vec::new() }
    }

    /// Adds a series, by date, one bar a session.
    pub(super) fn add(&mut self, series: &[&'a DailyBar]) {
        let Some(first) = series.first() else { return };
        let mut own = vec![f64::NAN; self.dates.len()];
        let mut places = self.dates.iter().zip(own.iter_mut().zip(&mut self.of_day)).peekable();
        for bar in series {
            while places.next_if(|(date, _)| **date < bar.date).is_some() {}
            let Some((_, (place, day))) = places.next_if(|(date, _)| **date == bar.date) else { continue };
            let change = bar.preclose.map_or(f64::NAN, |preclose| bar.close / preclose - 1.0);
            if !bar.suspended && change.abs() <= CHANGE_MAX {
                *place = change;
                day.push(change);
            }
        }
        self.series.push((first, own));
    }

    /// Examines the series that were added. At most one finding a symbol.
    pub(super) fn examine(self, findings: &mut Vec<Finding>) {
        if self.series.len() < SYMBOLS_MIN || self.dates.len() < RETURNS_MIN {
            return;
        }
        let market: Vec<f64> = self.of_day.into_iter().map(|day| upper_median(day).unwrap_or(f64::NAN)).collect();
        for (first, own) in &self.series {
            let Some((start, lag)) = worst(own, &market) else { continue };
            let side = if lag < 0 { "before" } else { "after" };
            findings.push(Finding {
                date: self.dates.get(start).copied().unwrap_or(first.date),
                symbol: Some(first.symbol),
                rule: Rule::ShiftedDates,
                field: "date",
                table: TABLE,
                value: Some(lag as f64),
                message: format!(
                    "from about here it moves with the market of the session {side}: its dates are off by one"
                ),
                severity: Severity::Soft,
            });
        }
    }
}

/// Returns the first window that moves with the day beside, and which: -1 the one before, 1 the one after.
fn worst(own: &[f64], market: &[f64]) -> Option<(usize, i64)> {
    let length = WINDOW.min(own.len());
    let mut start = 0;
    loop {
        let end = (start + length).min(own.len());
        let same = correlation(own, market, start..end, 0);
        for lag in [-1, 1] {
            let (Some((same, count)), Some((beside, _))) = (same, correlation(own, market, start..end, lag)) else {
                continue;
            };
            let needed = if count * 5 >= WINDOW * 4 { DIFFERENCE } else { DIFFERENCE_SHORT };
            if beside - same > needed {
                return Some((start, lag));
            }
        }
        if end >= own.len() {
            return None;
        }
        start = (start + STEP).min(own.len() - length);
    }
}

/// Returns the correlation of a series with the market `lag` sessions later, and over how many returns.
fn correlation(own: &[f64], market: &[f64], range: std::ops::Range<usize>, lag: i64) -> Option<(f64, usize)> {
    let pairs = range.filter_map(|day| {
        let beside = usize::try_from(day as i64 + lag).ok()?;
        let (x, y) = (*own.get(day)?, *market.get(beside)?);
        (x.is_finite() && y.is_finite()).then_some((x, y))
    });
    let (mut count, mut sums) = (0_usize, [0.0; 5]);
    for (x, y) in pairs {
        count += 1;
        for (sum, value) in sums.iter_mut().zip([x, y, x * x, y * y, x * y]) {
            *sum += value;
        }
    }
    let [x, y, xx, yy, xy] = sums.map(|sum| sum / count.max(1) as f64);
    let (variance_x, variance_y) = (xx - x * x, yy - y * y);
    (count >= RETURNS_MIN && variance_x > 0.0 && variance_y > 0.0)
        .then(|| ((xy - x * y) / (variance_x * variance_y).sqrt(), count))
}
