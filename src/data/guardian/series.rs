//! One symbol's bars, each by itself and against the one before.

use jiff::civil::Date;

use super::{Finding, Rule, Severity, TABLE, Thresholds, bar::BarCase, table::Segments, volume};
use crate::{
    data::actions::{ActionIndex, is_moved},
    market::{DailyBar, LimitCase, PriceBand, SecurityHistory},
};

/// By this share a reference may differ from what the corporate actions make of the close: the list has terms
/// before tax and no treasury shares.
const REFERENCE_TOLERANCE: f64 = 0.01;

/// So many sessions in a row with whole prices only are in cents.
const WHOLE_SESSIONS: usize = 20;

/// From this close on whole prices are looked at: below it, cents would be a penny stock.
const WHOLE_PRICE_MIN: f64 = 100.0;

/// Examines series, one after the other.
pub(super) struct SeriesExaminer<'a> {
    pub(super) segments: &'a Segments,
    pub(super) actions: &'a ActionIndex,
    pub(super) history: &'a SecurityHistory,
    pub(super) thresholds: &'a Thresholds,
}

impl SeriesExaminer<'_> {
    /// Examines the bars of one symbol, by date, one a session.
    pub(super) fn examine(&self, series: &[&DailyBar], findings: &mut Vec<Finding>) {
        let is_known = series.first().is_some_and(|bar| self.history.tells_listing(bar.symbol));
        // Where no listing is told, a first row without a reference price says that this is one.
        let listed_here = !is_known && series.first().is_some_and(|bar| bar.preclose.is_none());
        let mut last: Option<&DailyBar> = None;
        let mut last_is_trusted = false;
        let mut same_sessions = 1;
        for (index, bar) in series.iter().copied().enumerate() {
            let mut case = BarCase { bar, findings: Vec::new(), of_previous: Vec::new() };
            let is_valid = case.numbers();
            let before = last.and_then(|last| Some((last, self.segments.between(last.date, bar.date)?)));
            if let Some((last, missing)) = before {
                let was_suspended = last_is_trusted && is_valid && is_continuous(last, bar);
                findings.extend(missing.iter().map(|date| missing_session(bar, *date, was_suspended)));
            }
            // What a faulty bar says about its neighbours is nothing.
            let before = before.filter(|_| last_is_trusted);
            if !self.history.is_listed(bar.symbol, bar.date) {
                let message = "a bar before the listing of its symbol, or from its delisting on".to_owned();
                case.hard(Rule::Unlisted, "date", None, message);
            }
            if is_valid {
                case.ohlc_order();
                case.volume();
                let told = || self.history.sessions_since_listing(bar.symbol, bar.date);
                let age = told().or_else(|| listed_here.then_some(index as u32));
                self.against_previous(&mut case, before.map(|(last, missing)| (last, missing.len())), age);
                let same = before.is_some_and(|(last, _)| is_same(last, bar));
                same_sessions = if same { same_sessions + 1 } else { 1 };
                case.stale(same_sessions, self.thresholds.stale_sessions);
                case.bounds(&self.thresholds.bounds);
                case.average_price();
                case.repeated(last.filter(|_| before.is_some()));
                case.off_tick();
            }
            let is_trusted = !case.findings.iter().any(Finding::distrusts_prices);
            (last, last_is_trusted) = (Some(bar), is_trusted);
            findings.append(&mut case.of_previous);
            findings.append(&mut case.findings);
        }
        volume::examine(series, findings);
        price_units(series, findings);
    }

    fn against_previous(&self, case: &mut BarCase<'_>, before: Option<(&DailyBar, usize)>, age: Option<u32>) {
        let bar = case.bar;
        let Some(preclose) = bar.preclose else {
            let message = if before.is_none() {
                "the reference price is missing, and no bar before it can give it"
            } else {
                "the reference price is missing"
            };
            case.soft(Rule::NullPreclose, "preclose", None, message.into());
            return;
        };
        let adjusted = match before {
            // What happened on sessions that are missing cannot be judged from the other side of them.
            Some((previous, 0)) => self.adjustment(case, previous, preclose),
            _ => true,
        };
        if adjusted && !bar.suspended {
            self.limit(case, preclose, age, before.map(|(previous, _)| previous));
        }
    }

    /// Says whether reference and factor agree with the previous close and the corporate actions.
    fn adjustment(&self, case: &mut BarCase<'_>, previous: &DailyBar, preclose: f64) -> bool {
        let bar = case.bar;
        let (step, expected) = (bar.adj_factor / previous.adj_factor, previous.close / preclose);
        let has_stepped = (step - 1.0).abs() > self.thresholds.factor_tolerance * 0.01;
        let has_moved = is_moved(previous.close, preclose);
        let reference = self.actions.reference(bar.symbol, previous.close, previous.date, bar.date);
        let factor = Some(bar.adj_factor);
        match (reference, has_moved, has_stepped) {
            (None, false, false) => true,
            (None, true, false) if !is_moved(previous.open, preclose) => {
                // The reference of the day is right; it is the row before that is not.
                case.swapped_before(previous, preclose);
                true
            }
            (None, true, false) => {
                let message = format!(
                    "the reference {preclose} is not the previous close {}, and nothing went ex",
                    previous.close
                );
                case.hard(Rule::PrecloseMismatch, "preclose", Some(preclose), message);
                false
            }
            (Some(reference), false, _) => {
                let message = format!(
                    "ex date: the reference stays at {preclose} where {reference} follows from the corporate action"
                );
                case.hard(Rule::UnadjustedExRights, "preclose", Some(preclose), message);
                false
            }
            (Some(_), true, false) => {
                let message = format!(
                    "ex date: the factor does not move where a step of {expected:.6} follows from the reference"
                );
                case.hard(Rule::UnadjustedExRights, "adj_factor", factor, message);
                false
            }
            (_, _, true) => {
                // A move below a tick leaves the reference where it is and still counts as no move.
                let agrees = (step / expected - 1.0).abs() <= self.thresholds.factor_tolerance;
                if !agrees {
                    let message =
                        format!("the factor moves by {step:.6} where {expected:.6} follows from the reference");
                    case.hard(Rule::UnadjustedExRights, "adj_factor", factor, message);
                } else if has_moved {
                    self.against_actions(case, reference, preclose);
                }
                agrees
            }
        }
    }

    /// Holds a reference that moved against the list of corporate actions, where that reaches the day.
    fn against_actions(&self, case: &mut BarCase<'_>, reference: Option<f64>, preclose: f64) {
        let bar = case.bar;
        match reference {
            Some(reference) if is_moved(reference, preclose) => {
                let message =
                    format!("ex date: the reference is {preclose} where {reference} follows from the corporate action");
                let is_far = (reference / preclose - 1.0).abs() > REFERENCE_TOLERANCE;
                let severity = if is_far { Severity::Hard } else { Severity::Soft };
                case.add(Rule::PrecloseMismatch, "preclose", Some(preclose), message, severity);
            }
            None if self.actions.reaches(bar.date) && self.actions.knows(bar.symbol) => {
                let message = "reference and factor move, and no corporate action says so".to_owned();
                case.soft(Rule::UnadjustedExRights, "preclose", Some(preclose), message);
            }
            _ => {}
        }
    }

    fn limit(&self, case: &mut BarCase<'_>, preclose: f64, age: Option<u32>, previous: Option<&DailyBar>) {
        let bar = case.bar;
        let limit_case = LimitCase {
            symbol: bar.symbol,
            date: bar.date,
            reference: preclose,
            is_st: self.history.is_st(bar.symbol, bar.date),
            sessions_since_listing: age,
        };
        let Some(band) = PriceBand::of(&limit_case) else { return };
        let is_continued = previous.is_some_and(|previous| !is_moved(previous.close, preclose));
        if is_continued && bar.close < band.down * (1.0 - self.thresholds.limit_tolerance) {
            // Ex-rights only ever lower a price, and no bar may fall this far without them.
            let fall = (1.0 - bar.close / preclose) * 100.0;
            let message = format!(
                "closes {fall:.1} % below the reference, beyond the limit {}, with no ex date known",
                band.down
            );
            case.hard(Rule::UnadjustedExRights, "close", Some(bar.close), message);
            return;
        }
        let prices = [("open", bar.open), ("high", bar.high), ("low", bar.low), ("close", bar.close)];
        let worst = prices.into_iter().filter(|(_, price)| !band.contains(*price)).max_by(|a, b| {
            let excess = |price: f64| (price - band.up).max(band.down - price);
            excess(a.1).total_cmp(&excess(b.1))
        });
        if let Some((field, price)) = worst {
            let excess = (price - band.up).max(band.down - price) / preclose;
            let severity = if excess > self.thresholds.limit_tolerance { Severity::Hard } else { Severity::Soft };
            let message = format!("{field} {price} is outside the day's limits {} to {}", band.down, band.up);
            case.add(Rule::BeyondLimit, field, Some(price), message, severity);
        }
    }
}

/// A session before `bar` on which others traded. A reference that is not the last close shows that this
/// symbol traded too, so that a bar is lost; else it was suspended.
fn missing_session(bar: &DailyBar, date: Date, was_suspended: bool) -> Finding {
    let (severity, why) = if was_suspended {
        (Severity::Soft, "no bar; the next reference is the last close, so it did not trade")
    } else {
        (Severity::Hard, "no bar; the next reference is not the last close, so a bar is lost")
    };
    Finding {
        date,
        symbol: Some(bar.symbol),
        rule: Rule::MissingSession,
        field: "date",
        table: TABLE,
        value: None,
        message: why.to_owned(),
        severity,
    }
}

/// Says whether the reference of a bar follows from the close of an earlier one, adjusted as the factor
/// was: nothing traded in between.
fn is_continuous(previous: &DailyBar, bar: &DailyBar) -> bool {
    let step = bar.adj_factor / previous.adj_factor;
    bar.preclose.is_some_and(|preclose| !is_moved(previous.close, preclose * step))
}

/// Says whether two sessions that traded have the same four prices.
pub(super) fn is_same(previous: &DailyBar, bar: &DailyBar) -> bool {
    let prices = |bar: &DailyBar| [bar.open, bar.high, bar.low, bar.close];
    !previous.suspended && !bar.suspended && prices(previous) == prices(bar)
}

/// Finds the runs of sessions whose four prices are all whole: no share trades so for long.
fn price_units(series: &[&DailyBar], findings: &mut Vec<Finding>) {
    let is_whole = |bar: &DailyBar| {
        bar.close >= WHOLE_PRICE_MIN
            && [bar.open, bar.high, bar.low, bar.close].iter().all(|price| price.fract() == 0.0)
    };
    for run in series.chunk_by(|a, b| is_whole(a) == is_whole(b)) {
        if run.len() < WHOLE_SESSIONS || !run.first().is_some_and(|bar| is_whole(bar)) {
            continue;
        }
        let message = format!("whole prices only for {} sessions: this looks like cents for CNY", run.len());
        findings.extend(run.iter().map(|bar| Finding {
            date: bar.date,
            symbol: Some(bar.symbol),
            rule: Rule::PriceUnit,
            field: "close",
            table: TABLE,
            value: Some(bar.close),
            message: message.clone(),
            severity: Severity::Hard,
        }));
    }
}
