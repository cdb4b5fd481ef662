//! Every shipped label against an independent reference: naive code that walks the calendar from bar to
//! bar, and decides on thresholds in whole fen where no corporate action lies between.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Entry, LabelFrame, compute};
use crate::{
    config,
    market::{Calendar, DailyBar, DailyPanel, Symbol},
    research::testing::real_bars,
    source::simulated::{SimulatedSpec, generate},
};

/// The labels of the template, by hand: id and sessions that they read.
const SHIPPED: [(&str, usize); 8] = [
    ("ULTRA_T1_RET_C2C", 1),
    ("ULTRA_T1_DIR_3C", 1),
    ("ULTRA_T1_HIT_TP", 1),
    ("ULTRA_T1_HIT_SL", 1),
    ("ULTRA_T3_MAX_UP", 3),
    ("ULTRA_T3_MAX_DD", 3),
    ("ULTRA_T3_OUTCOME_5C", 3),
    ("ULTRA_EMO_PHASE_5C", 0),
];

/// The bars of a market by symbol and date, and the dates that the market has at all.
struct Market<'a> {
    bars: BTreeMap<(Symbol, Date), &'a DailyBar>,
    dates: BTreeSet<Date>,
}

impl<'a> Market<'a> {
    fn of(bars: &'a [DailyBar]) -> Self {
        Self {
            bars: bars.iter().map(|bar| ((bar.symbol, bar.date), bar)).collect(),
            dates: bars.iter().map(|bar| bar.date).collect(),
        }
    }

    /// Returns today's bar and those of the next `count` sessions of the calendar; none where one of them
    /// is absent, suspended or not in the data.
    fn stretch(&self, symbol: Symbol, date: Date, count: usize) -> Option<Vec<&'a DailyBar>> {
        let mut bars = Vec::new();
        let mut day = date;
        for ahead in 0..=count {
            if ahead > 0 {
                day = Calendar::builtin().next_session(day).ok()?;
            }
            bars.push(*self.bars.get(&(symbol, day)).filter(|bar| !bar.suspended)?);
        }
        Some(bars)
    }

    fn value(&self, label: &str, symbol: Symbol, date: Date) -> Option<f64> {
        match label {
            "ULTRA_T1_RET_C2C" => {
                let bars = self.stretch(symbol, date, 1)?;
                let [today, next] = bars[..] else { unreachable!() };
                let growth = (next.close * next.adj_factor) / (today.close * today.adj_factor);
                Some(growth.ln().clamp(-0.3, 0.3))
            }
            "ULTRA_T1_DIR_3C" => match self.value("ULTRA_T1_RET_C2C", symbol, date)? {
                fall if fall <= -0.02 => Some(-1.0),
                rise if rise >= 0.02 => Some(1.0),
                _ => Some(0.0),
            },
            "ULTRA_T1_HIT_TP" => {
                let bars = self.stretch(symbol, date, 1)?;
                Some(f64::from(u8::from(is_up(bars[0], bars[1], 3))))
            }
            "ULTRA_T1_HIT_SL" => {
                let bars = self.stretch(symbol, date, 1)?;
                Some(f64::from(u8::from(is_down(bars[0], bars[1], 3))))
            }
            "ULTRA_T3_MAX_UP" => self.extreme(symbol, date, |bar| bar.high, f64::max),
            "ULTRA_T3_MAX_DD" => self.extreme(symbol, date, |bar| bar.low, f64::min),
            "ULTRA_T3_OUTCOME_5C" => self.outcome(symbol, date),
            _ => None,
        }
    }

    fn extreme(
        &self,
        symbol: Symbol,
        date: Date,
        price: fn(&DailyBar) -> f64,
        pick: fn(f64, f64) -> f64,
    ) -> Option<f64> {
        let bars = self.stretch(symbol, date, 3)?;
        let today = bars[0].close * bars[0].adj_factor;
        bars[1..].iter().map(|bar| price(bar) * bar.adj_factor / today - 1.0).reduce(pick)
    }

    /// The larger class that each side reaches, and of the two sides the one that comes first; the loss
    /// where both come on one session.
    fn outcome(&self, symbol: Symbol, date: Date) -> Option<f64> {
        let bars = self.stretch(symbol, date, 3)?;
        let first = |reached: fn(&DailyBar, &DailyBar, i64) -> bool| {
            let on = |percent: i64| (1..=3).find(|day| reached(bars[0], bars[*day], percent));
            on(6).map(|day| (2.0, day)).or_else(|| on(3).map(|day| (1.0, day)))
        };
        match (first(is_up), first(is_down)) {
            (None, None) => Some(0.0),
            (Some((class, up)), Some((_, down))) if up < down => Some(class),
            (_, Some((class, _))) => Some(-class),
            (Some((class, _)), None) => Some(class),
        }
    }

    fn entry(&self, symbol: Symbol, date: Date) -> Option<Entry> {
        let next = Calendar::builtin().next_session(date).ok().filter(|next| self.dates.contains(next));
        let Some(next) = next else { return Some(Entry::Unknown) };
        match self.bars.get(&(symbol, next)).filter(|bar| !bar.suspended) {
            None => Some(Entry::Suspended),
            Some(bar) => (fen(bar.open) >= ten_percent_up(bar.preclose?)).then_some(Entry::LimitUp),
        }
    }
}

/// Says whether a later high lies `percent` above today's close.
fn is_up(today: &DailyBar, later: &DailyBar, percent: i64) -> bool {
    if today.adj_factor == later.adj_factor {
        return fen(later.high) * 100 >= fen(today.close) * (100 + percent);
    }
    later.high * later.adj_factor / (today.close * today.adj_factor) >= 1.0 + percent as f64 / 100.0
}

/// Says whether a later low lies `percent` below today's close.
fn is_down(today: &DailyBar, later: &DailyBar, percent: i64) -> bool {
    if today.adj_factor == later.adj_factor {
        return fen(later.low) * 100 <= fen(today.close) * (100 - percent);
    }
    later.low * later.adj_factor / (today.close * today.adj_factor) <= 1.0 - percent as f64 / 100.0
}

fn fen(price: f64) -> i64 {
    (price * 100.0).round() as i64
}

/// The upper limit of an ordinary share of a main board, rounded half up.
fn ten_percent_up(preclose: f64) -> i64 {
    (fen(preclose) * 110 + 50) / 100
}

/// Computes the shipped labels and holds every cell against the reference. Returns how many of each were
/// known.
fn check(bars: &[DailyBar]) -> BTreeMap<String, usize> {
    let shipped = config::shipped().expect("the template").labels;
    let panel = DailyPanel::from_bars(bars);
    let frame = compute(&shipped, &panel).expect("computed");
    let ids: Vec<(&str, usize)> = frame.labels.iter().map(|label| (label.id.as_str(), label.horizon)).collect();
    assert_eq!(ids, SHIPPED, "a shipped label has no reference here");
    let market = Market::of(bars);
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for label in &frame.labels {
        for (row, symbol) in frame.symbols.iter().enumerate() {
            for (day, date) in frame.dates.iter().enumerate() {
                let got = label.values[row * frame.dates.len() + day];
                let expected = market.value(&label.id, *symbol, *date);
                let equal = match expected {
                    None => got.is_nan(),
                    Some(expected) => (got - expected).abs() <= 1e-12 * expected.abs().max(1.0),
                };
                assert!(equal, "{} of {symbol} on {date}: {got}, the reference says {expected:?}", label.id);
                *known.entry(label.id.clone()).or_default() += usize::from(expected.is_some());
            }
        }
    }
    check_entries(&frame, &market);
    known
}

fn check_entries(frame: &LabelFrame, market: &Market<'_>) {
    let mut counts: BTreeMap<Entry, usize> = BTreeMap::new();
    for (row, symbol) in frame.symbols.iter().enumerate() {
        for (day, date) in frame.dates.iter().enumerate() {
            let got = frame.entry[row * frame.dates.len() + day];
            let expected = market.entry(*symbol, *date);
            match expected {
                Some(Entry::LimitUp) => {
                    // Other boards and new listings have a wider limit or none.
                    let ordinary = ["60", "00"].iter().any(|board| symbol.to_string().starts_with(board));
                    let is_old = market.stretch(*symbol, *date, 0).is_some() && day >= 30;
                    let listed = frame
                        .dates
                        .get(day.saturating_sub(30))
                        .is_some_and(|early| market.bars.contains_key(&(*symbol, *early)));
                    assert!(
                        !(ordinary && is_old && listed) || got == Entry::LimitUp,
                        "{symbol} after {date} opens 10 % up, and its entry is {got:?}"
                    );
                }
                Some(expected) => assert_eq!(got, expected, "entry of {symbol} after {date}"),
                None => assert!(!matches!(got, Entry::Suspended), "{symbol} trades after {date}"),
            }
            *counts.entry(got).or_default() += 1;
        }
    }
    assert!(counts.get(&Entry::Open).is_some_and(|open| *open > 1000), "{counts:?}");
    assert!(counts.contains_key(&Entry::LimitUp) && counts.contains_key(&Entry::Suspended), "{counts:?}");
}

#[test]
fn shipped_labels_equal_the_reference_on_the_simulated_market() {
    let spec = SimulatedSpec { minute_days: 0, ..SimulatedSpec::default() };
    let known = check(&generate(&spec).expect("made").daily);
    assert!(known["ULTRA_T1_RET_C2C"] > 20_000 && known["ULTRA_T3_OUTCOME_5C"] > 20_000, "{known:?}");
    assert_eq!(known["ULTRA_EMO_PHASE_5C"], 0, "the panel has no such column, and zero would be a class");
}

#[test]
fn shipped_labels_equal_the_reference_on_real_bars() {
    for (file, least) in [("daily_2017_2020.parquet", 110_000), ("daily_2025.parquet", 4_000)] {
        let Some(bars) = real_bars(file) else { return };
        let known = check(&bars);
        assert!(
            known["ULTRA_T1_RET_C2C"] > least && known["ULTRA_T3_OUTCOME_5C"] > least * 9 / 10,
            "{file}: {known:?}"
        );
    }
}

#[test]
fn classes_that_a_task_learns_are_ordered_and_higher_is_better() {
    let shipped = config::shipped().expect("the template").labels;
    let bars = generate(&SimulatedSpec { minute_days: 0, ..SimulatedSpec::default() }).expect("made").daily;
    let panel = DailyPanel::from_bars(&bars);
    let frame = compute(&shipped, &panel).expect("computed");
    for task in &shipped.tasks {
        let label = frame.label(&task.primary_label).expect("there");
        let returns = super::forward_returns(&panel, label.horizon);
        // The mean forward return of each class, or of the lower and the upper half of a number.
        let mut of_class: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
        let is_class = label.values.iter().all(|value| value.is_nan() || value.fract() == 0.0);
        for (value, ret) in
            label.values.iter().zip(&returns).filter(|(value, ret)| value.is_finite() && ret.is_finite())
        {
            let class = if is_class { *value as i64 } else { i64::from(*value > 0.0) };
            let (sum, count) = of_class.entry(class).or_default();
            (*sum, *count) = (*sum + ret, *count + 1.0);
        }
        let means: Vec<f64> = of_class.values().map(|(sum, count)| sum / count).collect();
        assert!(means.len() >= 2 && means.is_sorted_by(|low, high| low < high), "{}: {of_class:?}", task.id);
    }
}
