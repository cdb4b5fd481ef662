//! Planted errors: what sources get wrong, put into bars by seed, and which of them the guardian finds. All of
//! them, on the simulated market always and on real bars where they are there; and nothing much on clean ones.

use std::{collections::BTreeSet, path::Path};

use jiff::{ToSpan, civil::Date};
use rand::{RngExt, seq::SliceRandom};

use super::{Finding, GuardianReport, Known, Rule, Thresholds, examine};
use crate::{
    market::{Calendar, CorporateAction, DailyBar, SecurityHistory, Symbol},
    seed::Seed,
    source::{
        SimulatedSpec,
        files::{IntakeOptions, read_daily_parquet, read_directory},
        simulated,
    },
};

/// Bars of one symbol by date.
type Series = Vec<DailyBar>;

/// One kind of error.
struct Plant {
    name: &'static str,
    /// The first session that it may be planted at, and how many must follow.
    room: [usize; 2],
    /// Says whether the error changes anything when it is planted at a session.
    can: fn(&Series, usize) -> bool,
    /// Plants it.
    break_at: fn(&mut Series, usize),
    /// The rules that name it, and on how many sessions they may stand, from the one before the planted one on:
    /// of two rows that contradict each other either may be the wrong one.
    rules: &'static [Rule],
    reach: usize,
    /// Needs turnover to be seen at all.
    needs_amount: bool,
}

fn prices(bar: &mut DailyBar) -> [&mut f64; 4] {
    [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close]
}

fn scale(bar: &mut DailyBar, factor: f64) {
    let scaled = |price: f64| (price * factor * 100.0).round() / 100.0;
    for price in prices(bar) {
        *price = scaled(*price);
    }
}

fn scale_reference(bar: &mut DailyBar, factor: f64) {
    bar.preclose = bar.preclose.map(|price| (price * factor * 100.0).round() / 100.0);
}

fn lots(bar: &mut DailyBar) {
    bar.volume = bar.volume.map(|volume| volume / 100);
}

fn trades(series: &Series, at: usize) -> bool {
    let bar = &series[at];
    !bar.suspended && bar.high > bar.low && bar.preclose.is_some() && bar.volume.is_some_and(|volume| volume > 10_000)
}

/// Says whether the session and its neighbours trade.
fn trades_on(series: &Series, at: usize) -> bool {
    (at - 1..=at + 1).all(|at| trades(series, at))
}

fn swaps(series: &Series, at: usize) -> bool {
    trades_on(series, at) && (series[at].open - series[at].close).abs() > 0.015
}

fn goes_ex(series: &Series, at: usize) -> bool {
    let (before, bar) = (&series[at - 1], &series[at]);
    trades_on(series, at) && bar.preclose.is_some_and(|preclose| (preclose - before.close).abs() > 0.015)
}

const MANY: usize = 10_000;

const PLANTS: &[Plant] = &[
    Plant {
        name: "prices of a session in cents",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| {
            scale(&mut series[at], 100.0);
            scale_reference(&mut series[at], 100.0);
        },
        rules: &[Rule::BeyondLimit, Rule::PrecloseMismatch, Rule::AveragePrice],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "prices in cents, all of a series",
        room: [1, 40],
        can: trades_on,
        break_at: |series, _| {
            for bar in series.iter_mut() {
                scale(bar, 100.0);
                scale_reference(bar, 100.0);
            }
        },
        rules: &[Rule::PriceUnit],
        reach: MANY,
        needs_amount: false,
    },
    Plant {
        name: "prices a hundredth",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| {
            for price in prices(&mut series[at]) {
                *price /= 100.0;
            }
        },
        rules: &[Rule::BeyondLimit, Rule::UnadjustedExRights, Rule::OffTick, Rule::AveragePrice],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "unadjusted split, one for one",
        room: [1, 5],
        can: trades_on,
        break_at: |series, at| split(series, at, 0.5),
        rules: &[Rule::UnadjustedExRights, Rule::BeyondLimit],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "unadjusted split, one for two",
        room: [1, 5],
        can: trades_on,
        break_at: |series, at| split(series, at, 1.0 / 1.5),
        rules: &[Rule::UnadjustedExRights, Rule::BeyondLimit],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "an ex date that reference and factor do not know",
        room: [1, 1],
        can: goes_ex,
        break_at: |series, at| {
            let (close, before) = (series[at - 1].close, series[at - 1].adj_factor);
            let step = series[at].adj_factor / before;
            series[at].preclose = Some(close);
            series[at..].iter_mut().for_each(|bar| bar.adj_factor /= step);
        },
        rules: &[Rule::UnadjustedExRights],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "adjusted by a factor",
        room: [1, 20],
        can: trades_on,
        break_at: |series, at| {
            for bar in &mut series[at..] {
                for price in prices(bar) {
                    *price *= 0.987;
                }
                bar.preclose = bar.preclose.map(|preclose| preclose * 0.987);
            }
        },
        rules: &[Rule::PrecloseMismatch, Rule::OffTick, Rule::AveragePrice],
        reach: 2,
        needs_amount: false,
    },
    Plant {
        name: "adjusted by subtraction",
        room: [20, 20],
        can: |series, at| trades_on(series, at) && series[..at].iter().all(|bar| bar.low > 1.0),
        break_at: |series, at| {
            let shift = (series[at].close * 3.0).round() / 100.0;
            for bar in &mut series[..at] {
                for price in prices(bar) {
                    *price = ((*price - shift) * 100.0).round() / 100.0;
                }
                bar.preclose = bar.preclose.map(|preclose| ((preclose - shift) * 100.0).round() / 100.0);
            }
        },
        rules: &[Rule::PrecloseMismatch],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "the last session again and again",
        room: [1, 8],
        can: trades_on,
        break_at: |series, at| {
            for day in at + 1..at + 6 {
                series[day] = DailyBar { date: series[day].date, ..series[at].clone() };
            }
        },
        rules: &[Rule::Repeated, Rule::PrecloseMismatch],
        reach: 2,
        needs_amount: false,
    },
    Plant {
        name: "stale prices under new volumes",
        room: [1, 8],
        can: |series, at| (at..at + 7).all(|day| trades_on(series, day)),
        break_at: |series, at| {
            let frozen = series[at].clone();
            for bar in &mut series[at + 1..at + 6] {
                (bar.open, bar.high, bar.low, bar.close) = (frozen.open, frozen.high, frozen.low, frozen.close);
                bar.preclose = Some(frozen.close);
            }
        },
        rules: &[Rule::Stale, Rule::PrecloseMismatch, Rule::UnadjustedExRights],
        reach: 7,
        needs_amount: false,
    },
    Plant {
        name: "high and low swapped",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| (series[at].high, series[at].low) = (series[at].low, series[at].high),
        rules: &[Rule::OhlcOrder],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "open and close swapped",
        room: [1, 2],
        can: swaps,
        break_at: |series, at| (series[at].open, series[at].close) = (series[at].close, series[at].open),
        rules: &[Rule::SwappedColumns, Rule::UnadjustedExRights, Rule::PrecloseMismatch],
        reach: 2,
        needs_amount: false,
    },
    Plant {
        name: "volume and amount swapped",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| {
            let bar = &mut series[at];
            let volume = bar.volume.map(|volume| volume as f64);
            (bar.volume, bar.amount) = (bar.amount.map(|amount| amount as i64), volume);
        },
        rules: &[Rule::Volume, Rule::AveragePrice],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "the volume of a session in lots",
        room: [12, 12],
        can: |series, at| (at - 10..at + 10).all(|day| trades_on(series, day)),
        break_at: |series, at| lots(&mut series[at]),
        rules: &[Rule::VolumeUnit, Rule::AveragePrice],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "the volume in lots from a session on",
        room: [22, 12],
        can: |series, at| (at - 10..at + 10).all(|day| trades_on(series, day)),
        break_at: |series, at| series[at..].iter_mut().for_each(lots),
        rules: &[Rule::VolumeUnit, Rule::AveragePrice],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "all volumes of a series in lots",
        room: [1, 1],
        can: trades_on,
        break_at: |series, _| series.iter_mut().for_each(lots),
        rules: &[Rule::AveragePrice],
        reach: 1,
        needs_amount: true,
    },
    Plant {
        name: "the amount in thousands",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| series[at].amount = series[at].amount.map(|amount| amount / 1000.0),
        rules: &[Rule::AveragePrice],
        reach: 1,
        needs_amount: true,
    },
    Plant {
        name: "a session there twice",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| series.insert(at, series[at].clone()),
        rules: &[Rule::Duplicate],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "a session lost",
        room: [1, 2],
        can: |series, at| trades_on(series, at) && (series[at].close - series[at - 1].close).abs() > 0.015,
        break_at: |series, at| drop(series.remove(at)),
        rules: &[Rule::MissingSession],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "dates one session late",
        room: [1, 130],
        can: |series, at| at < 60 && series.len() > 180,
        break_at: |series, _| {
            let last = series.pop();
            let dates: Vec<Date> = series.iter().map(|bar| bar.date).skip(1).chain(last.map(|bar| bar.date)).collect();
            series.iter_mut().zip(dates).for_each(|(bar, date)| bar.date = date);
        },
        rules: &[Rule::ShiftedDates, Rule::UnadjustedExRights],
        reach: MANY,
        needs_amount: false,
    },
    Plant {
        name: "dates one day early, as in another time zone",
        room: [1, 8],
        can: trades_on,
        break_at: |series, _| series.iter_mut().for_each(|bar| bar.date = bar.date.saturating_sub(1.day())),
        rules: &[Rule::OffCalendar],
        reach: MANY,
        needs_amount: false,
    },
    Plant {
        name: "no volume on a session that traded",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| series[at].volume = Some(0),
        rules: &[Rule::Volume],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "a session that traded called suspended",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| (series[at].volume, series[at].suspended) = (Some(0), true),
        rules: &[Rule::Volume],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "a wrong reference price",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| {
            series[at].preclose = series[at].preclose.map(|price| ((price * 1.01) * 100.0).ceil() / 100.0);
        },
        rules: &[Rule::PrecloseMismatch, Rule::SwappedColumns, Rule::UnadjustedExRights],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "the open of before as reference",
        room: [2, 2],
        can: |series, at| swaps(series, at - 1),
        break_at: |series, at| series[at].preclose = Some(series[at - 1].open),
        rules: &[Rule::SwappedColumns, Rule::UnadjustedExRights],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "a price below zero",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| series[at].low = -series[at].low,
        rules: &[Rule::InvalidNumber],
        reach: 1,
        needs_amount: false,
    },
    Plant {
        name: "a price that is not a number",
        room: [1, 1],
        can: trades_on,
        break_at: |series, at| series[at].close = f64::NAN,
        rules: &[Rule::InvalidNumber],
        reach: 1,
        needs_amount: false,
    },
];

fn split(series: &mut Series, at: usize, factor: f64) {
    for (day, bar) in series.iter_mut().enumerate().skip(at) {
        scale(bar, factor);
        if day > at {
            scale_reference(bar, factor);
        }
        bar.amount = None;
    }
}

/// A market that errors are planted into.
struct Market {
    name: &'static str,
    series: Vec<Series>,
    actions: Vec<CorporateAction>,
    history: SecurityHistory,
}

impl Market {
    fn of(name: &'static str, bars: &[DailyBar], actions: &[CorporateAction], history: SecurityHistory) -> Self {
        let mut bars = bars.to_vec();
        bars.sort_by_key(|bar| (bar.symbol, bar.date));
        let series = bars.chunk_by(|a, b| a.symbol == b.symbol).map(<[DailyBar]>::to_vec).collect();
        Self { name, series, actions: actions.to_vec(), history }
    }

    fn simulated() -> Self {
        let data = simulated::generate(&SimulatedSpec { minute_days: 0, ..SimulatedSpec::default() }).expect("made");
        Self::of("simulated", &data.daily, &data.actions, SecurityHistory::of(&data.securities))
    }

    fn real() -> Vec<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible");
        if !directory.is_dir() {
            eprintln!("skipped: {} not present, planted on the simulated market only", directory.display());
            return Vec::new();
        }
        let actions = read_directory(&directory, &IntakeOptions::default()).expect("read").data.actions;
        let of_file = |name: &'static str| {
            let (bars, _) = read_daily_parquet(&directory.join(name)).expect("read");
            Self::of(name, &bars, &actions, SecurityHistory::default())
        };
        vec![of_file("daily_2017_2020.parquet"), of_file("daily_2025.parquet")]
    }

    /// Leaves a third of the symbols: enough to plant into, at a third of the time. `make planted` takes all.
    fn thinned(mut self) -> Self {
        self.series = self.series.into_iter().step_by(3).collect();
        self
    }

    fn examined(&self, series: &[Series]) -> GuardianReport {
        let bars: Vec<DailyBar> = series.iter().flatten().cloned().collect();
        let known = Known { actions: &self.actions, history: &self.history };
        examine(&bars, known, Calendar::builtin(), &Thresholds::default()).expect("examined")
    }

    /// Says whether the list of corporate actions reaches the last bar.
    fn knows_actions(&self) -> bool {
        let last = self.series.iter().flatten().map(|bar| bar.date).max();
        self.actions.iter().map(|action| action.ex_date).max() >= last.map(|last| last.saturating_sub(90.days()))
    }

    fn has_amount(&self) -> bool {
        self.series.iter().flatten().any(|bar| bar.amount.is_some())
    }
}

/// Where an error was planted.
struct Planted {
    symbol: Symbol,
    from: Date,
    to: Date,
}

/// Errors of one kind planted by seed, one a symbol at most, into a part of the symbols.
fn planted(market: &Market, plant: &Plant, seed: Seed) -> (Vec<Series>, Vec<Planted>) {
    let mut stream = seed.stream(plant.name);
    let mut series = market.series.clone();
    let mut order: Vec<usize> = (0..series.len()).collect();
    order.shuffle(&mut stream);
    // A market of which a quarter is off is off itself.
    order.truncate(series.len().div_ceil(if plant.reach == MANY { 24 } else { 4 }));
    let mut all = Vec::new();
    for index in order {
        let own = &mut series[index];
        let [before, after] = plant.room;
        let (first, end) = (before.max(12), own.len().saturating_sub(after + 2));
        let places: Vec<usize> = (first..end.max(first)).filter(|at| (plant.can)(own, *at)).collect();
        if places.is_empty() {
            continue;
        }
        let at = places[stream.random_range(0..places.len())];
        let reaches_all = plant.reach == MANY;
        let from = if reaches_all { own[0].date.saturating_sub(7.days()) } else { own[at - 1].date };
        let to = own[(at + plant.reach.min(own.len())).min(own.len() - 1)].date;
        (plant.break_at)(own, at);
        all.push(Planted { symbol: own[0].symbol, from, to });
    }
    (series, all)
}

fn is_found(planted: &Planted, plant: &Plant, findings: &[Finding]) -> bool {
    findings.iter().any(|finding| {
        finding.symbol == Some(planted.symbol)
            && (planted.from..=planted.to).contains(&finding.date)
            && plant.rules.contains(&finding.rule)
    })
}

fn assert_recall(market: &Market) {
    let mut missed = Vec::new();
    let mut total = 0;
    for plant in PLANTS {
        if std::ptr::fn_addr_eq(plant.can, goes_ex as fn(&Series, usize) -> bool) && !market.knows_actions() {
            eprintln!(
                "skipped: {} has no corporate actions, without which '{}' cannot be seen",
                market.name, plant.name
            );
            continue;
        }
        if plant.needs_amount && !market.has_amount() {
            eprintln!("skipped: {} has no turnover, without which '{}' cannot be seen", market.name, plant.name);
            continue;
        }
        let (mut kinds, missed_before) = (0, missed.len());
        for seed in 1..=2 {
            let (series, planted) = planted(market, plant, Seed(seed));
            let report = market.examined(&series);
            kinds += planted.len();
            missed.extend(planted.iter().filter(|one| !is_found(one, plant, &report.findings)).map(|one| {
                let said: BTreeSet<&str> = report
                    .findings
                    .iter()
                    .filter(|finding| finding.symbol == Some(one.symbol) && finding.date >= one.from)
                    .map(|finding| finding.rule.name())
                    .collect();
                format!("{}: {} on {}, said {said:?}", plant.name, one.symbol, one.from)
            }));
        }
        let found = kinds - (missed.len() - missed_before);
        eprintln!("{:<24} {:<52} {kinds:>4} planted {found:>4} found", market.name, plant.name);
        total += kinds;
    }
    assert!(missed.is_empty(), "{} of {total} planted errors missed in {}: {missed:#?}", missed.len(), market.name);
    eprintln!("{}: all {total} planted errors are found", market.name);
    assert!(total >= 200, "{total} planted: too few to say anything");
}

/// The share of clean rows that may have a finding.
const FALSE_ALARMS_MAX: f64 = 0.001;

/// Says why a clean row of real bars has a finding; nothing where nobody knows.
fn explained(market: &Market, finding: &Finding) -> Option<&'static str> {
    let series = market.series.iter().find(|own| Some(own[0].symbol) == finding.symbol)?;
    let first = market.series.iter().map(|own| own[0].date).min()?;
    let (age, is_new) = (series.partition_point(|bar| bar.date < finding.date), series[0].date > first);
    let code = series[0].symbol.to_string();
    match finding.rule {
        Rule::NullPreclose if age == 0 && is_new => Some("the first row of a share listed within the file's years"),
        Rule::VolumeUnit if age <= NEW_SESSIONS && is_new => Some("a new share, locked at its limit for weeks, opens"),
        Rule::BeyondLimit if code == "000977.SZ" && finding.date == Date::constant(2017, 7, 27) => {
            Some("the derived reference is wrong: named in the data set's README")
        }
        Rule::MissingSession if market.name.contains("2025") && ["601088.SH", "601211.SH"].contains(&&*code) => {
            Some("suspended: the 2025 files drop such rows, as the data set's README says")
        }
        _ => None,
    }
}

/// A share is new for so many sessions: it may be locked at its limit, without volume, as long.
const NEW_SESSIONS: usize = 40;

/// Counts the clean rows of real bars that have a finding; names each with its explanation, which it must have.
fn alarms(market: &Market) -> [usize; 2] {
    let report = market.examined(&market.series);
    let mut unexplained = Vec::new();
    for finding in &report.findings {
        let symbol = finding.symbol.map(|symbol| symbol.to_string()).unwrap_or_default();
        let reason = explained(market, finding);
        let (rule, said) = (finding.rule.name(), reason.unwrap_or("UNEXPLAINED"));
        eprintln!("{:<24} {rule:<16} {:?} {symbol} {}: {said}", market.name, finding.severity, finding.date);
        unexplained.extend(reason.is_none().then_some(finding));
    }
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    for (rule, count) in report.counts.iter().filter(|(_, count)| **count > 0) {
        eprintln!("{:<24} {:<16} {count:>4} false alarms", market.name, rule.name());
    }
    let totals = &report.totals;
    let rows = totals.hard_rows + totals.soft_rows;
    eprintln!("{:<24} {rows} of {} clean rows have a finding", market.name, totals.rows);
    [rows, totals.rows]
}

/// Says whether errors are planted into all symbols, as `make planted` asks for.
fn is_full() -> bool {
    std::env::var("LIGHTHUNTER_PLANTED").is_ok_and(|extent| extent == "full")
}

#[test]
fn planted_errors_are_found_in_the_simulated_market() {
    assert_recall(&Market::simulated());
}

#[test]
fn planted_errors_are_found_in_real_bars() {
    for market in Market::real() {
        let market = if market.series.len() > 100 && !is_full() { market.thinned() } else { market };
        assert_recall(&market);
    }
}

#[test]
fn clean_simulated_bars_raise_no_alarm() {
    let market = Market::simulated();
    let report = market.examined(&market.series);
    // Suspended sessions have no row there, and first sessions no reference: both by the market's own rules.
    let said: Vec<_> = report.counts.iter().filter(|(_, count)| **count > 0).map(|(rule, _)| *rule).collect();
    assert!(said.iter().all(|rule| matches!(rule, Rule::MissingSession | Rule::NullPreclose)), "{:?}", report.counts);
}

#[test]
fn clean_real_bars_raise_few_alarms() {
    let (mut rows, mut of) = (0, 0);
    for [own, all] in Market::real().iter().map(alarms) {
        (rows, of) = (rows + own, of + all);
    }
    let share = rows as f64 / of.max(1) as f64;
    eprintln!("{rows} of {of} clean rows have a finding ({:.4} %)", share * 100.0);
    assert!(share <= FALSE_ALARMS_MAX, "{share}");
}
