//! Recognises adjusted prices among raw volumes and turnovers: turnover / volume stays a raw price, so that an
//! adjusted day's range misses it by a constant between two ex dates: a constant difference where cash dividends
//! were subtracted (as the quote sites' forward adjustment does), a constant ratio where prices were multiplied.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::market::{DailyBar, Symbol};

/// What a price is rounded by at most, CNY.
const HALF_TICK: f64 = 0.005;

/// What a volume is rounded by at most, shares.
const LOT: f64 = 100.0;

/// Fewer days with turnover say nothing.
const DAYS_MIN: usize = 20;

/// This share of days may lie outside by other mistakes.
const OUTSIDE_MAX: f64 = 0.01;

/// A stretch of fewer days on average explains nothing: any three days have a constant.
const STRETCH_DAYS_MIN: usize = 10;

/// So many sessions of a stretch must each show by themselves that its prices were moved.
const EVIDENT_DAYS_MIN: usize = 3;

/// What was done to the prices of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// Nothing: turnover / volume lies within every day's range.
    Raw,
    /// Cash dividends were subtracted: never to be mixed with raw prices, and no return follows from them.
    Subtractive,
    /// Prices were multiplied.
    Multiplicative,
    /// Neither fits, or there is too little turnover to say.
    Unknown,
}

/// A stretch between two ex dates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stretch {
    /// The first session.
    pub from: Date,
    /// The last session.
    pub to: Date,
    /// Between what the raw prices are higher by (subtractive, CNY), or their ratio to these (multiplicative).
    pub constant: [f64; 2],
    /// Its sessions with turnover, and how many of them the constant of raw prices does not fit by themselves.
    pub sessions: [usize; 2],
}

impl Stretch {
    fn is_off(&self, neutral: f64) -> bool {
        neutral < self.constant[0] || neutral > self.constant[1]
    }

    /// Says whether its sessions bear each other out that its prices were moved: a faulty turnover stands alone.
    fn is_evident(&self, neutral: f64) -> bool {
        self.is_off(neutral) && self.sessions[0] >= STRETCH_DAYS_MIN && self.sessions[1] >= EVIDENT_DAYS_MIN
    }
}

/// What a series was recognised as, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recognition {
    /// What was done to it.
    pub adjustment: Adjustment,
    /// Sessions with turnover and volume.
    pub judged: usize,
    /// Of these, the ones whose turnover / volume lies outside low to high.
    pub outside: usize,
    /// Prices at or below zero, which only a subtraction gives.
    pub not_positive: usize,
    /// The stretches of what it was recognised as, oldest first.
    pub stretches: Vec<Stretch>,
}

impl Recognition {
    /// Says in words what shows it.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { judged, outside, not_positive, stretches, .. } = self;
        let neutral = if self.adjustment == Adjustment::Multiplicative { 1.0 } else { 0.0 };
        // The newest stretch of forward-adjusted prices is raw: nothing is to be said of it.
        let moved: Vec<&Stretch> = stretches.iter().filter(|stretch| stretch.is_off(neutral)).collect();
        let shown = moved.iter().take(3).map(|stretch| {
            let [low, high] = stretch.constant;
            format!("{:.2} from {} to {}", f64::midpoint(low, high), stretch.from, stretch.to)
        });
        let spans: Vec<String> = shown.collect();
        let more = if moved.len() > 3 { ", ..." } else { "" };
        let below =
            if *not_positive > 0 { format!("; {not_positive} prices are not above zero") } else { String::new() };
        let evidence = format!("amount / volume lies outside low to high on {outside} of {judged} sessions{below}");
        match self.adjustment {
            Adjustment::Raw => "raw prices".to_owned(),
            Adjustment::Subtractive => {
                format!(
                    "prices are forward-adjusted by SUBTRACTION (raw prices are higher by {}{more}): {evidence}",
                    spans.join(", ")
                )
            }
            Adjustment::Multiplicative => {
                format!(
                    "prices are adjusted by a factor (raw prices are these times {}{more}): {evidence}",
                    spans.join(", ")
                )
            }
            Adjustment::Unknown => format!("it cannot be said whether the prices are raw: {evidence}"),
        }
    }
}

/// Recognises each symbol of a daily table; bars are in any order, volumes in shares, turnovers in CNY.
#[must_use]
pub fn recognise(bars: &[DailyBar]) -> BTreeMap<Symbol, Recognition> {
    let mut series: BTreeMap<Symbol, Vec<&DailyBar>> = BTreeMap::new();
    for bar in bars {
        series.entry(bar.symbol).or_default().push(bar);
    }
    let one = |(symbol, mut series): (Symbol, Vec<&DailyBar>)| {
        series.sort_by_key(|bar| bar.date);
        (symbol, recognise_series(&series))
    };
    series.into_iter().map(one).collect()
}

fn recognise_series(series: &[&DailyBar]) -> Recognition {
    let not_positive = series.iter().flat_map(|bar| [bar.open, bar.high, bar.low, bar.close]);
    let not_positive = not_positive.filter(|price| *price <= 0.0).count();
    let days: Vec<Day> = series.iter().filter_map(|bar| Day::of(bar)).collect();
    let outside = days.iter().filter(|day| day.difference[0] > 0.0 || day.difference[1] < 0.0).count();
    let judged = days.len();
    let found = |adjustment, stretches| Recognition { adjustment, judged, outside, not_positive, stretches };
    if judged < DAYS_MIN {
        // No raw or multiplied price is below zero.
        let adjustment = if not_positive > 0 { Adjustment::Subtractive } else { Adjustment::Unknown };
        return found(adjustment, Vec::new());
    }
    let subtracted = stretches(&days, 0.0, |day| Some(day.difference));
    let multiplied = stretches(&days, 1.0, |day| day.ratio);
    let is_evident = subtracted.iter().any(|stretch| stretch.is_evident(0.0))
        || multiplied.iter().any(|stretch| stretch.is_evident(1.0));
    if not_positive == 0 && !is_evident {
        let is_raw = outside as f64 <= judged as f64 * OUTSIDE_MAX;
        return found(if is_raw { Adjustment::Raw } else { Adjustment::Unknown }, Vec::new());
    }
    // The true one has a stretch an ex date; the other breaks whenever the price has moved.
    let best = subtracted.len().min(multiplied.len());
    if best * STRETCH_DAYS_MIN > judged {
        return found(Adjustment::Unknown, Vec::new());
    }
    // Where a price moves little both fit, and one stretch more or less says nothing. A multiplied price lies beside
    // the ticks, unless it was rounded; one that lies on them was most likely subtracted from, as the quote sites do it.
    let is_off_tick = series.iter().filter(|bar| !is_on_tick(bar.close)).count() * 10 > series.len();
    let (own, other) =
        if is_off_tick { (multiplied.len(), subtracted.len()) } else { (subtracted.len(), multiplied.len()) };
    let is_factor = if own <= other + 1 { is_off_tick } else { !is_off_tick };
    if not_positive > 0 || !is_factor {
        found(Adjustment::Subtractive, subtracted)
    } else {
        found(Adjustment::Multiplicative, multiplied)
    }
}

/// Says whether a price lies on a tick, with room for what a parsed decimal loses.
fn is_on_tick(price: f64) -> bool {
    (price * 100.0 - (price * 100.0).round()).abs() < 1e-4
}

/// What a day allows: by how much, and how many times, the raw prices are higher.
struct Day {
    date: Date,
    difference: [f64; 2],
    /// None where a price is not above zero.
    ratio: Option<[f64; 2]>,
}

impl Day {
    fn of(bar: &DailyBar) -> Option<Self> {
        let (volume, amount) = (bar.volume.filter(|volume| *volume > 0)? as f64, bar.amount?);
        let average = amount / volume;
        let rounding = HALF_TICK + average * LOT / volume;
        let usable = average.is_finite() && average > 0.0 && bar.high >= bar.low;
        let ratio = (bar.low > 0.0).then(|| [(average - rounding) / bar.high, (average + rounding) / bar.low]);
        let difference = [average - bar.high - rounding, average - bar.low + rounding];
        usable.then_some(Self { date: bar.date, difference, ratio })
    }
}

/// Cuts days into as few stretches as possible that have a constant each.
fn stretches(days: &[Day], neutral: f64, range: impl Fn(&Day) -> Option<[f64; 2]>) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for day in days {
        let Some([low, high]) = range(day) else { continue };
        let off = usize::from(neutral < low || neutral > high);
        if let Some(last) = all.last_mut() {
            let common = [last.constant[0].max(low), last.constant[1].min(high)];
            if common[0] <= common[1] {
                (last.to, last.constant) = (day.date, common);
                last.sessions = [last.sessions[0] + 1, last.sessions[1] + off];
                continue;
            }
        }
        all.push(Stretch { from: day.date, to: day.date, constant: [low, high], sessions: [1, off] });
    }
    all
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Adjustment, recognise};
    use crate::{
        market::{DailyBar, MarketData, Symbol},
        source::{SimulatedSpec, files::read_daily_parquet, simulated},
    };

    fn market() -> MarketData {
        simulated::generate(&SimulatedSpec { symbols: 20, days: 500, minute_days: 0, ..SimulatedSpec::default() })
            .expect("made")
    }

    fn round(price: f64) -> f64 {
        (price * 100.0).round() / 100.0
    }

    /// The cash that a symbol pays after each bar, CNY a share.
    fn subtracted(bars: &[DailyBar]) -> Vec<DailyBar> {
        let mut bars = bars.to_vec();
        for index in 0..bars.len() {
            let (date, symbol) = (bars[index].date, bars[index].symbol);
            let mut series = bars.iter().filter(|bar| bar.symbol == symbol && bar.date >= date);
            let mut last = series.next().map_or((0.0, 1.0), |bar| (bar.close, bar.adj_factor));
            let mut cash = 0.0;
            for bar in series {
                if bar.adj_factor != last.1 {
                    cash += last.0 * (1.0 - last.1 / bar.adj_factor);
                }
                last = (bar.close, bar.adj_factor);
            }
            let bar = &mut bars[index];
            for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                *price = round(*price - round(cash));
            }
        }
        bars
    }

    fn paying(market: &MarketData) -> Vec<DailyBar> {
        let mut factors: std::collections::BTreeMap<Symbol, (f64, f64)> = std::collections::BTreeMap::new();
        for bar in &market.daily {
            factors.entry(bar.symbol).or_insert((bar.adj_factor, 0.0)).1 = bar.adj_factor;
        }
        let pays = |bar: &&DailyBar| factors.get(&bar.symbol).is_some_and(|(first, last)| last > &(first * 1.01));
        let bars: Vec<DailyBar> = market.daily.iter().filter(pays).cloned().collect();
        assert!(!bars.is_empty(), "somebody pays more than a percent");
        bars
    }

    #[test]
    fn adjustment_of_a_series_is_recognised() {
        let market = market();
        assert!(recognise(&market.daily).values().all(|own| own.adjustment == Adjustment::Raw));
        let paying = paying(&market);
        // A dividend early in the window moves too few days to be seen in any way.
        let is_seen = |own: &super::Recognition| own.outside * 100 > own.judged;
        let found = recognise(&subtracted(&paying));
        assert!(found.values().filter(|own| is_seen(own)).count() >= 3, "{found:?}");
        for (symbol, own) in found.iter().filter(|(_, own)| is_seen(own)) {
            assert_eq!(own.adjustment, Adjustment::Subtractive, "{symbol}: {own:?}");
            assert!(own.words().contains("SUBTRACTION"), "{}", own.words());
        }
        let mut multiplied = paying.clone();
        let mut newest = std::collections::BTreeMap::new();
        newest.extend(multiplied.iter().map(|bar| (bar.symbol, bar.adj_factor)));
        for bar in &mut multiplied {
            let factor = bar.adj_factor / newest[&bar.symbol];
            for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                *price *= factor;
            }
        }
        for (symbol, own) in recognise(&multiplied).iter().filter(|(_, own)| is_seen(own)) {
            assert_eq!(own.adjustment, Adjustment::Multiplicative, "{symbol}: {own:?}");
        }
    }

    #[test]
    fn prices_below_zero_were_subtracted_from() {
        let mut bars: Vec<DailyBar> = market().daily;
        let symbol = bars[0].symbol;
        bars.retain(|bar| bar.symbol == symbol);
        let shift = bars[0].close + 1.0;
        for bar in &mut bars {
            for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                *price = round(*price - shift);
            }
        }
        let own = &recognise(&bars)[&bars[0].symbol];
        assert_eq!((own.adjustment, own.stretches.len()), (Adjustment::Subtractive, 1), "{own:?}");
        let [low, high] = own.stretches[0].constant;
        assert!(low <= shift + 0.01 && shift - 0.01 <= high, "{own:?}");
        for bar in &mut bars {
            bar.amount = None;
        }
        assert_eq!(recognise(&bars)[&bars[0].symbol].adjustment, Adjustment::Subtractive, "even without turnover");
    }

    /// Multiplied by each day's factor over the newest one's, rounded to `digits`.
    fn multiplied(bars: &[DailyBar], digits: i32) -> Vec<DailyBar> {
        let mut newest = std::collections::BTreeMap::new();
        newest.extend(bars.iter().map(|bar| (bar.symbol, bar.adj_factor)));
        let mut bars = bars.to_vec();
        for bar in &mut bars {
            let factor = bar.adj_factor / newest[&bar.symbol];
            for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                let unit = 10_f64.powi(digits);
                *price = (*price * factor * unit).round() / unit;
            }
        }
        bars
    }

    /// Counts the symbols of each adjustment, in the order of its variants.
    fn counts(found: &std::collections::BTreeMap<Symbol, super::Recognition>) -> [usize; 4] {
        let kinds = [Adjustment::Raw, Adjustment::Subtractive, Adjustment::Multiplicative, Adjustment::Unknown];
        kinds.map(|kind| found.values().filter(|own| own.adjustment == kind).count())
    }

    #[test]
    fn adjustment_of_real_bars_is_recognised_and_raw_ones_are_left() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible/daily_2025.parquet");
        if !path.is_file() {
            eprintln!("skipped: {} not present", path.display());
            return;
        }
        let (bars, _) = read_daily_parquet(&path).expect("read");
        let raw = recognise(&bars);
        assert_eq!(counts(&raw), [raw.len(), 0, 0, 0], "no false alarm");
        let subtracted = recognise(&subtracted(&bars));
        let [by_factor, by_rounded] = [6, 2].map(|digits| recognise(&multiplied(&bars, digits)));
        for (name, found) in [("subtracted", &subtracted), ("multiplied", &by_factor), ("and rounded", &by_rounded)] {
            eprintln!("{name}: {:?} of {} are raw, subtractive, multiplicative, unknown", counts(found), found.len());
        }
        for (symbol, own) in &subtracted {
            eprintln!("{symbol}: {}", own.words());
            assert_ne!(own.adjustment, Adjustment::Multiplicative, "{symbol}: {own:?}");
            if own.adjustment == Adjustment::Subtractive {
                assert!(own.words().contains(" from 2025-01-0"), "from its first session on: {}", own.words());
            }
        }
        let pays = |symbol: &Symbol| {
            let factors = bars.iter().filter(|bar| bar.symbol == *symbol).map(|bar| bar.adj_factor);
            factors.clone().fold(0.0, f64::max) > factors.fold(f64::MAX, f64::min)
        };
        let paying = raw.keys().filter(|symbol| pays(symbol)).count();
        eprintln!("{paying} of {} symbols go ex", raw.len());
        assert_eq!(counts(&subtracted), [raw.len() - 20, 20, 0, 0]);
        assert_eq!(counts(&by_factor), [raw.len() - 20, 0, 20, 0]);
        // Rounded to ticks a factor cannot be told from subtraction where the price hardly moves; both are refused.
        assert_eq!(counts(&by_rounded)[0], raw.len() - 20, "{:?}", counts(&by_rounded));
    }

    #[test]
    fn single_faulty_turnovers_are_no_adjustment() {
        let mut bars = market().daily;
        for bar in bars.iter_mut().step_by(97) {
            bar.amount = bar.amount.map(|amount| amount * 1.1);
        }
        let found = recognise(&bars);
        assert!(found.values().all(|own| own.adjustment != Adjustment::Subtractive), "{found:?}");
    }
}
