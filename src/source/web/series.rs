//! What all bars of an answer must be: in order, once, within the dates asked for, raw and in our units.

use super::{Page, RejectedRow, Request, Rows, Site, WebError, answer::shown};
use crate::market::{DailyBar, IndexBar, MinuteBar, Symbol, session::bar_index};
use jiff::civil::{Date, DateTime};

/// Fewer traded rows than this prove nothing about adjustment or units.
const ROWS_TO_JUDGE: usize = 3;
/// A lot is the smallest volume that sites round to, so that the mean price is off by at most half of one.
const ROUNDED_SHARES: f64 = 50.0;
/// Amounts are rounded as well, and prices have a tick.
const TOLERANCE: f64 = 0.002;
/// A mean price so many times too high or too low is a matter of units: lots are 100 shares.
const UNIT_FACTOR: f64 = 20.0;

/// A bar that has a time and four prices.
pub(super) trait Timed: Clone + PartialEq {
    type Time: Ord + Copy + std::fmt::Display;
    fn time(&self) -> Self::Time;
    fn date(&self) -> Date;
    fn prices(&self) -> [f64; 4];
}

impl Timed for DailyBar {
    type Time = Date;
    fn time(&self) -> Date {
        self.date
    }
    fn date(&self) -> Date {
        self.date
    }
    fn prices(&self) -> [f64; 4] {
        [self.open, self.high, self.low, self.close]
    }
}

impl Timed for IndexBar {
    type Time = Date;
    fn time(&self) -> Date {
        self.date
    }
    fn date(&self) -> Date {
        self.date
    }
    fn prices(&self) -> [f64; 4] {
        [self.open, self.high, self.low, self.close]
    }
}

impl Timed for MinuteBar {
    type Time = DateTime;
    fn time(&self) -> DateTime {
        self.ts
    }
    fn date(&self) -> Date {
        self.ts.date()
    }
    fn prices(&self) -> [f64; 4] {
        [self.open, self.high, self.low, self.close]
    }
}

/// The bars of one answer while they are read.
pub(super) struct Series<'a, B> {
    site: Site,
    symbol: Symbol,
    request: &'a Request,
    bars: Vec<B>,
    rejected: Vec<RejectedRow>,
}

impl<'a, B: Timed> Series<'a, B> {
    pub(super) const fn new(site: Site, symbol: Symbol, request: &'a Request) -> Self {
        Self { site, symbol, request, bars: Vec::new(), rejected: Vec::new() }
    }

    /// Takes a bar, or writes down why its row makes none. A negative price ends it: only subtraction makes one.
    pub(super) fn take(&mut self, text: &str, bar: B) -> Result<(), WebError> {
        let prices = bar.prices();
        if prices.iter().any(|price| *price < 0.0) {
            let evidence = format!("a price of {} is below zero", bar.time());
            return Err(WebError::Adjusted { site: self.site, symbol: self.symbol, evidence });
        }
        let [open, high, low, close] = prices;
        if prices.contains(&0.0) {
            self.reject(text, "a price is 0");
        } else if high < open.max(close).max(low) || low > open.min(close) {
            self.reject(text, "the prices do not lie between low and high");
        } else {
            self.bars.push(bar);
        }
        Ok(())
    }

    pub(super) fn reject(&mut self, text: &str, reason: &str) {
        self.rejected.push(RejectedRow { text: shown(text), reason: reason.to_owned() });
    }

    /// Returns the bars by time, each once, and the rejected rows.
    pub(super) fn finish(mut self) -> Result<(Vec<B>, Vec<RejectedRow>), WebError> {
        let (first, last) = (self.request.first, self.request.last);
        self.bars.retain(|bar| (first..=last).contains(&bar.date()));
        self.bars.sort_by_key(Timed::time);
        // The same row twice says nothing new; two that differ say that neither can be believed.
        self.bars.dedup();
        let double = self.bars.windows(2).find_map(|pair| match pair {
            [a, b] if a.time() == b.time() => Some(a.time().to_string()),
            _ => None,
        });
        match double {
            Some(at) => Err(WebError::Contradiction { site: self.site, symbol: self.symbol, at }),
            None => Ok((self.bars, self.rejected)),
        }
    }
}

/// Returns daily bars that have been seen to be raw and in our units.
pub(super) fn daily_page(series: Series<'_, DailyBar>) -> Result<Page, WebError> {
    let (site, symbol) = (series.site, series.symbol);
    let (bars, rejected) = series.finish()?;
    judge(site, symbol, bars.iter().map(|bar| (bar.low, bar.high, bar.volume, bar.amount)))?;
    Ok(Page { rows: Rows::Daily(bars.into_iter().map(missing_factor).collect()), rejected })
}

/// Returns intraday bars that have been seen to be raw and in our units; those whose time is not the end of a
/// bar are rejected.
pub(super) fn minute_page(series: Series<'_, MinuteBar>, interval: crate::market::Interval) -> Result<Page, WebError> {
    let (site, symbol) = (series.site, series.symbol);
    let (mut bars, mut rejected) = series.finish()?;
    bars.retain(|bar| {
        let placed = bar_index(interval, bar.ts.time()).is_some();
        if !placed {
            let reason = format!("{} is not the end of a bar", bar.ts.time());
            rejected.push(RejectedRow { text: bar.ts.to_string(), reason });
        }
        placed
    });
    judge(site, symbol, bars.iter().map(|bar| (bar.low, bar.high, bar.volume, bar.amount)))?;
    Ok(Page { rows: Rows::Minute(bars), rejected })
}

/// Until here a missing factor is 0, because NaN is not equal to itself.
fn missing_factor(bar: DailyBar) -> DailyBar {
    DailyBar { adj_factor: f64::NAN, ..bar }
}

/// Compares the mean price, amount over volume, with low and high: volume and amount are never adjusted, so that
/// under adjusted prices it leaves the band. Most of the rows must agree, as one row may just be wrong.
fn judge(
    site: Site,
    symbol: Symbol,
    rows: impl Iterator<Item = (f64, f64, Option<i64>, Option<f64>)>,
) -> Result<(), WebError> {
    let (mut judged, mut units, mut outside) = (0, 0, Vec::new());
    for (low, high, volume, amount) in rows {
        let (Some(volume), Some(amount)) = (volume.filter(|volume| *volume > 0), amount) else { continue };
        judged += 1;
        let mean = amount / volume as f64;
        if mean > high * UNIT_FACTOR || mean * UNIT_FACTOR < low {
            units += 1;
        }
        let slack = TOLERANCE + ROUNDED_SHARES / volume as f64;
        if mean < low * (1.0 - slack) || mean > high * (1.0 + slack) {
            outside.push(mean - f64::midpoint(low, high));
        }
    }
    if judged < ROWS_TO_JUDGE {
        return Ok(());
    }
    if 2 * units > judged {
        let evidence = format!("amount over volume is far from the price in {units} of {judged} rows");
        return Err(WebError::Units { site, symbol, evidence });
    }
    if 2 * outside.len() > judged {
        outside.sort_by(f64::total_cmp);
        let (count, median) = (outside.len(), outside.get(outside.len() / 2).copied().unwrap_or_default());
        let evidence = format!(
            "amount over volume lies outside of low and high in {count} of {judged} rows, off by {median:.2} CNY"
        );
        return Err(WebError::Adjusted { site, symbol, evidence });
    }
    Ok(())
}
