//! For each rule: a clean series has no finding, and one planted fault gives exactly one of that rule.

use std::{collections::BTreeMap, path::Path};

use jiff::civil::{Date, date};

use super::{GuardianReport, Known, Rule, Severity, Thresholds, examine};
use crate::{
    data::{
        DataError,
        sample::{action, clean_bars},
    },
    exit::{Exit, Failure},
    market::{Calendar, CorporateAction, DailyBar, SecurityEvent, SecurityHistory, SecurityStatus},
    source::{
        SimulatedSpec,
        files::{IntakeOptions, read_daily_parquet, read_directory},
        simulated,
    },
    store::write_market,
};

fn report(bars: &[DailyBar], actions: &[CorporateAction]) -> GuardianReport {
    let history = SecurityHistory::default();
    examine(bars, Known { actions, history: &history }, Calendar::builtin(), &Thresholds::default()).expect("examined")
}

/// What a report says, as rule, date, column and severity.
fn said(report: &GuardianReport) -> Vec<(Rule, Date, &'static str, Severity)> {
    report.findings.iter().map(|found| (found.rule, found.date, found.field, found.severity)).collect()
}

#[test]
fn clean_series_have_no_finding() {
    let bars = clean_bars(&["600000.SH", "300750.SZ", "688001.SH"], 30);
    let report = report(&bars, &[]);
    assert_eq!(said(&report), []);
    assert_eq!(report.totals.rows, 90);
    assert_eq!(report.scores.tables["daily"], 100.0);
    assert!(report.counts.len() == Rule::ALL.len() && report.counts.values().all(|count| *count == 0));
    report.gate(&Thresholds::default()).expect("passes");
}

/// A fault: its name, how it is planted into thirty clean sessions of two symbols, and what must be found.
type Fault = (&'static str, fn(&mut Vec<DailyBar>), Rule, &'static str, Severity);

/// The row that faults are planted into: the fifteenth session of the first of two symbols.
const AT: usize = 28;

fn half(price: f64) -> f64 {
    (price * 50.0).round() / 100.0
}

const FAULTS: &[Fault] = &[
    (
        "the bar of a suspended session is dropped",
        |bars| {
            let close = bars[AT - 2].close;
            bars[AT + 2].preclose = Some(close);
            bars.remove(AT);
        },
        Rule::MissingSession,
        "date",
        Severity::Soft,
    ),
    (
        "the bar of a trading session is lost",
        |bars| drop(bars.remove(AT)),
        Rule::MissingSession,
        "date",
        Severity::Hard,
    ),
    ("a bar is there twice", |bars| bars.insert(AT, bars[AT].clone()), Rule::Duplicate, "date", Severity::Hard),
    ("the open is not a number", |bars| bars[AT].open = f64::NAN, Rule::InvalidNumber, "open", Severity::Hard),
    (
        "the turnover is infinite",
        |bars| bars[AT].amount = Some(f64::INFINITY),
        Rule::InvalidNumber,
        "amount",
        Severity::Hard,
    ),
    ("the low is above the open", |bars| bars[AT].low = bars[AT].open + 0.01, Rule::OhlcOrder, "open", Severity::Hard),
    ("the high is far above the limit", |bars| bars[AT].high *= 1.2, Rule::BeyondLimit, "high", Severity::Hard),
    (
        "the prices of one session are in fen",
        |bars| {
            let bar = &mut bars[AT];
            bar.amount = None;
            for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                *price *= 100.0;
            }
        },
        Rule::BeyondLimit,
        "high",
        Severity::Hard,
    ),
    (
        "the high is a tick above the limit",
        |bars| {
            bars[AT].high = (bars[AT].preclose.unwrap_or(0.0) * 110.0).round() / 100.0 + 0.01;
        },
        Rule::BeyondLimit,
        "high",
        Severity::Soft,
    ),
    ("no share traded", |bars| bars[AT].volume = Some(0), Rule::Volume, "volume", Severity::Hard),
    ("the volume is missing", |bars| bars[AT].volume = None, Rule::Volume, "volume", Severity::Hard),
    ("a suspended session traded", |bars| bars[AT].suspended = true, Rule::Volume, "volume", Severity::Hard),
    ("the reference is missing", |bars| bars[AT].preclose = None, Rule::NullPreclose, "preclose", Severity::Soft),
    (
        "the reference is another price",
        |bars| {
            bars[AT].preclose = bars[AT].preclose.map(|preclose| preclose + 0.03);
        },
        Rule::PrecloseMismatch,
        "preclose",
        Severity::Hard,
    ),
    (
        "the prices are halved from here on",
        |bars| {
            for index in (AT..bars.len()).step_by(2) {
                let bar = &mut bars[index];
                for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                    *price = half(*price);
                }
                bar.amount = None;
                if index > AT {
                    bar.preclose = bar.preclose.map(half);
                }
            }
        },
        Rule::UnadjustedExRights,
        "close",
        Severity::Hard,
    ),
    (
        "the factor moves without an ex date, for good",
        |bars| {
            bars[AT..].iter_mut().step_by(2).for_each(|bar| bar.adj_factor *= 1.1);
        },
        Rule::UnadjustedExRights,
        "adj_factor",
        Severity::Hard,
    ),
];

#[test]
fn planted_fault_gives_exactly_its_finding() {
    let clean = clean_bars(&["600000.SH", "600004.SH"], 30);
    let date = clean[AT].date;
    for (name, plant, rule, field, severity) in FAULTS {
        let mut bars = clean.clone();
        plant(&mut bars);
        let report = report(&bars, &[]);
        assert_eq!(said(&report), [(*rule, date, *field, *severity)], "{name}: {:?}", report.findings);
        assert_eq!(report.count(*rule), 1, "{name}");
        assert!(report.scores.tables["daily"] < 100.0 && report.scores.fields[field] < 100.0, "{name}");
        assert_eq!(report.scores.days.keys().collect::<Vec<_>>(), [&date], "{name}");
    }
}

#[test]
fn rules_without_a_single_row_are_seen() {
    let clean = clean_bars(&["600000.SH", "600004.SH"], 30);
    let mut gap = clean.clone();
    let (first, last) = (clean[AT].date, clean[AT + 2].date);
    gap.retain(|bar| bar.date != first && bar.date != last);
    let found = report(&gap, &[]);
    assert_eq!(said(&found), [(Rule::TableGap, first, "date", Severity::Soft)]);
    assert_eq!(found.findings[0].value, Some(2.0));

    let mut stale = clean;
    let (frozen, close) = (stale[AT].clone(), stale[AT].close);
    for index in (AT + 2..AT + 10).step_by(2) {
        let date = stale[index].date;
        let volume = frozen.volume.map(|volume| volume + index as i64);
        stale[index] = DailyBar { date, volume, amount: None, preclose: Some(close), ..frozen.clone() };
    }
    stale[AT + 10].preclose = Some(close);
    let date = stale[AT + 8].date;
    assert_eq!(said(&report(&stale, &[])), [(Rule::Stale, date, "close", Severity::Hard)], "the fifth session");
}

#[test]
fn ex_date_must_move_reference_and_factor() {
    let ex = |plant: fn(&mut DailyBar, f64)| {
        let mut bars = clean_bars(&["600000.SH"], 30);
        let close = bars[14].close;
        let action = action("600000.SH", bars[15].date, 2.0);
        // Two CNY per ten shares: the reference falls by 0.20 and the factor grows for good.
        let reference = ((close - 0.2) * 100.0).round() / 100.0;
        bars[15].preclose = Some(reference);
        bars[15..].iter_mut().for_each(|bar| bar.adj_factor = close / reference);
        bars[15..].iter_mut().for_each(|bar| plant(bar, close));
        let date = bars[15].date;
        let report = report(&bars, &[action]);
        assert!(report.findings.iter().all(|found| found.date == date), "{:?}", report.findings);
        report.findings.iter().map(|found| (found.rule, found.field)).collect::<Vec<_>>()
    };
    assert_eq!(ex(|_, _| {}), [], "as the exchange does it");
    assert_eq!(ex(|bar, _| bar.adj_factor = 1.0), [(Rule::UnadjustedExRights, "adj_factor")]);
    assert_eq!(ex(|bar, _| bar.adj_factor *= 1.01), [(Rule::UnadjustedExRights, "adj_factor")]);
    let whole = ex(|bar, close| {
        bar.adj_factor = 1.0;
        if bar.preclose.is_some_and(|preclose| (close - 0.2 - preclose).abs() < 0.005) {
            bar.preclose = Some(close);
        }
    });
    assert_eq!(whole, [(Rule::UnadjustedExRights, "preclose")], "nothing moved");
}

#[test]
fn order_of_the_rows_does_not_matter() {
    let mut bars = clean_bars(&["600000.SH", "600004.SH"], 30);
    bars[AT].high *= 1.3;
    bars[AT + 3].volume = None;
    let expected = report(&bars, &[]);
    bars.reverse();
    assert_eq!(report(&bars, &[]), expected);
}

#[test]
fn gate_refuses_above_the_threshold() {
    let mut bars = clean_bars(&["600000.SH", "600004.SH"], 30);
    bars[AT].high *= 1.3;
    let report = report(&bars, &[]);
    let thresholds = |hard_share_max| Thresholds { hard_share_max, ..Thresholds::default() };
    report.gate(&thresholds(1.0 / 60.0)).expect("at the threshold");
    let error = report.gate(&thresholds(0.01)).expect_err("above it");
    assert_eq!(error.exit(), Exit::DataRefused);
    assert!(error.to_string().contains("1 of 60 rows") && error.to_string().contains("beyond_limit 1"), "{error}");
    let nothing = examine(
        &[],
        Known { actions: &[], history: &SecurityHistory::default() },
        Calendar::builtin(),
        &Thresholds::default(),
    );
    assert_eq!(nothing.expect_err("nothing to judge"), DataError::Empty { table: "daily" });
}

#[test]
fn first_sessions_of_a_listing_have_no_limit() {
    let mut bars = clean_bars(&["688001.SH"], 30);
    bars[0].preclose = None;
    let doubled = |bar: &mut DailyBar| {
        for price in [&mut bar.high, &mut bar.close] {
            *price *= 2.0;
        }
    };
    doubled(&mut bars[2]);
    bars[3].preclose = Some(bars[2].close);
    bars[3].low /= 2.0;
    let found = said(&report(&bars, &[]));
    assert_eq!(found, [(Rule::NullPreclose, bars[0].date, "preclose", Severity::Soft)], "sessions 3 and 4 are free");
}

#[test]
fn visible_data_has_the_findings_of_its_readme() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible");
    if !directory.is_dir() {
        eprintln!("skipped: {} not present", directory.display());
        return;
    }
    let intake = read_directory(&directory, &IntakeOptions::default()).expect("read");
    let counts = |report: &GuardianReport| {
        report
            .counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(rule, count)| (*rule, *count))
            .collect::<BTreeMap<_, _>>()
    };
    let of_file = |name: &str| {
        let (bars, _) = read_daily_parquet(&directory.join(name)).expect("read");
        report(&bars, &intake.data.actions)
    };
    let old = of_file("daily_2017_2020.parquet");
    assert_eq!((old.totals.rows, old.totals.suspended), (120_809, 2_365));
    assert_eq!(counts(&old), BTreeMap::from([(Rule::BeyondLimit, 1), (Rule::NullPreclose, 24), (Rule::VolumeUnit, 5)]));
    let new = of_file("daily_2025.parquet");
    assert_eq!(counts(&new), BTreeMap::from([(Rule::MissingSession, 12)]));
    let both = report(&intake.data.daily, &intake.data.actions);
    assert_eq!(both.count(Rule::TableGap), 1, "2021 to 2024");
    assert_eq!(both.findings.len(), old.findings.len() + new.findings.len() + 1);
    assert!(both.findings.iter().all(|found| found.date != date(2025, 1, 2)), "nothing is compared across the gap");
    both.gate(&Thresholds::default()).expect("passes");
}

#[test]
fn rule_is_written_by_its_name() {
    for rule in Rule::ALL {
        assert_eq!(serde_json::to_value(rule).expect("JSON"), rule.name());
    }
}

#[test]
fn simulated_market_passes_through_files_without_a_hard_finding() {
    let spec = SimulatedSpec::default();
    let data = simulated::generate(&spec).expect("generated");
    let room = tempfile::tempdir().expect("a directory");
    write_market(room.path(), &data).expect("written");
    let intake = read_directory(room.path(), &IntakeOptions::default()).expect("read");
    assert_eq!(intake.rejected, []);
    assert!(intake.data == data, "what is written is read");
    let report = report(&intake.data.daily, &intake.data.actions);
    let hard: Vec<_> = report.findings.iter().filter(|found| found.severity == Severity::Hard).take(5).collect();
    assert!(hard.is_empty(), "{:?}: {hard:?}", report.counts);
}

#[test]
fn limits_and_listings_are_those_of_the_history() {
    let symbol = "600000.SH";
    let mut bars = clean_bars(&[symbol], 30);
    let at = AT.min(bars.len() - 2);
    bars[at].high = (bars[at].preclose.expect("known") * 1.07 * 100.0).round() / 100.0;
    let with = |events: &[(usize, SecurityStatus)]| {
        let event = |(day, status): &(usize, SecurityStatus)| SecurityEvent {
            date: bars[*day].date,
            symbol: symbol.parse().expect("a symbol"),
            status: *status,
            name: "".into(),
        };
        let events: Vec<SecurityEvent> = events.iter().map(event).collect();
        let history = SecurityHistory::of(&events);
        let known = Known { actions: &[], history: &history };
        said(&examine(&bars, known, Calendar::builtin(), &Thresholds::default()).expect("examined"))
    };
    assert_eq!(with(&[]), [], "7 % is within an ordinary limit");
    assert_eq!(with(&[(0, SecurityStatus::Normal)]), []);
    let beyond = [(Rule::BeyondLimit, bars[at].date, "high", Severity::Hard)];
    assert_eq!(with(&[(0, SecurityStatus::St)]), beyond);
    assert_eq!(with(&[(at, SecurityStatus::StarSt), (at + 1, SecurityStatus::Normal)]), beyond);
    assert_eq!(with(&[(at + 1, SecurityStatus::StarSt)]), [], "the day before it began");
    let recorded_late = [(Rule::LateListing, bars[0].date, "date", Severity::Soft)];
    assert_eq!(with(&[(1, SecurityStatus::Listed)]), recorded_late, "the bar before shows that the record is late");
    assert_eq!(with(&[(0, SecurityStatus::Listed)]), [], "a listing on the first bar is in time");
    let late = with(&[(29, SecurityStatus::Delisted)]);
    assert_eq!(late, [(Rule::Unlisted, bars[29].date, "date", Severity::Hard)]);
}
