//! Tests of labels over several symbols.

use super::compute;
use crate::{
    config::Family,
    exit::{Exit, Failure},
    market::{DailyBar, DailyPanel},
    research::{
        label::{Entry, LabelFrame},
        testing::{NEXT_RETURN, bar, label_spec, panel_before, random_bars, real_bars, sessions},
    },
};

fn families() -> Vec<(&'static str, usize, Family)> {
    vec![
        NEXT_RETURN,
        ("R3", 3, Family::Return { log: true, clip: Some(0.3) }),
        ("D1", 1, Family::Direction { base: "R1".into(), neg: -0.02, pos: 0.02 }),
        ("TP", 1, Family::BarrierTp { pct: 0.03 }),
        ("SL", 1, Family::BarrierSl { pct: 0.03 }),
        ("UP", 3, Family::MaxRunup),
        ("DD", 3, Family::MaxDrawdown),
        ("OUT", 3, Family::Outcome { big_up: 0.06, up: 0.03, down: -0.03, big_down: -0.06 }),
        ("VOL", 1, Family::Copy { column: "volume".into() }),
    ]
}

fn frame(bars: &[DailyBar], labels: &[(&'static str, usize, Family)]) -> LabelFrame {
    compute(&label_spec(labels), &DailyPanel::from_bars(bars)).expect("computed")
}

fn week(closes: [f64; 6]) -> Vec<DailyBar> {
    let days = sessions("2020-03-02", 6).into_iter().zip(closes);
    days.map(|(date, close)| bar("600000.SH", date, close)).collect()
}

#[test]
fn values_by_hand_over_a_weekend_and_a_split() {
    // 2020-03-06 is a Friday: its next session is Monday 2020-03-09, a split of 2 for 1.
    let mut bars = week([10.0, 9.8, 9.8, 10.0, 10.0, 5.1]);
    bars[5].adj_factor = 2.0;
    let frame = frame(&bars, &families());
    let of = |id: &str| frame.label(id).expect(id).values.clone();
    let near = |id: &str, day: usize, expected: f64| {
        let got = of(id)[day];
        assert!((got - expected).abs() < 1e-12, "{id} of day {day}: {got}, expected {expected}");
    };
    near("R1", 0, -0.02);
    near("R1", 4, 0.02);
    near("D1", 0, -1.0);
    near("D1", 1, 0.0);
    near("D1", 4, 1.0);
    near("R3", 2, (10.2_f64 / 9.8).ln());
    near("UP", 2, 10.2 / 9.8 - 1.0);
    near("DD", 0, -0.02);
    near("OUT", 2, 1.0);
    near("VOL", 5, 1000.0);
    assert!(of("R1")[5].is_nan() && of("D1")[5].is_nan() && of("TP")[5].is_nan(), "the future is unknown");
    assert!(of("R3")[3..].iter().chain(&of("OUT")[3..]).all(|value| value.is_nan()));
}

#[test]
fn suspended_future_is_missing_not_zero() {
    let mut bars = week([10.0; 6]);
    bars[2].suspended = true;
    let frame = frame(&bars, &families());
    let missing = |id: &str| {
        let values = &frame.label(id).expect(id).values;
        values.iter().map(|value| value.is_nan()).collect::<Vec<bool>>()
    };
    assert_eq!(missing("R1"), [false, true, true, false, false, true]);
    assert_eq!(missing("R3"), [false, false, true, true, true, true], "reads the first and last close only");
    assert_eq!(missing("OUT"), [true, true, true, true, true, true], "reads every session");
    assert_eq!(frame.entry[1], Entry::Suspended);
}

#[test]
fn labels_change_only_where_the_future_was_unknown() {
    let bars = random_bars(3, 60);
    let panel = DailyPanel::from_bars(&bars);
    let spec = label_spec(&families());
    let whole = compute(&spec, &panel).expect("computed");
    let part = compute(&spec, &panel_before(&bars, panel.dates()[40])).expect("computed");
    for (long, short) in whole.labels.iter().zip(&part.labels) {
        for symbol in 0..3 {
            for day in 0..40 {
                let (long, short) = (long.values[symbol * 60 + day], short.values[symbol * 40 + day]);
                let known = day + 3 < 40;
                assert!(long.to_bits() == short.to_bits() || (!known && short.is_nan()), "{long} {short}");
            }
        }
    }
}

#[test]
fn entry_at_the_limit_is_marked() {
    let mut bars = week([10.0, 11.0, 11.0, 11.0, 11.0, 11.0]);
    bars[1].preclose = Some(10.0);
    bars[2].preclose = None;
    let frame = frame(&bars, &[NEXT_RETURN]);
    assert_eq!(frame.entry, [Entry::LimitUp, Entry::Unknown, Entry::Open, Entry::Open, Entry::Open, Entry::Unknown]);
}

#[test]
fn nothing_is_labelled_across_a_hole() {
    let mut bars = week([10.0; 6]);
    bars[3..].iter_mut().zip(sessions("2021-03-02", 3)).for_each(|(bar, date)| bar.date = date);
    let frame = frame(&bars, &families());
    let returns = &frame.label("R1").expect("there").values;
    assert_eq!(
        returns.iter().map(|value| value.is_nan()).collect::<Vec<bool>>(),
        [false, false, true, false, false, true]
    );
    assert!(frame.label("OUT").expect("there").reason.is_some(), "no session has three after it");
}

#[test]
fn copy_of_an_absent_column_says_why() {
    let frame = frame(&week([10.0; 6]), &[("EMO", 1, Family::Copy { column: "emo_phase".into() })]);
    let label = frame.label("EMO").expect("there");
    assert_eq!(label.reason.as_deref(), Some("the daily panel has no column 'emo_phase'"));
    assert!(label.values.iter().all(|value| value.is_nan()));
}

#[test]
fn wrong_specs_are_refused() {
    let panel = DailyPanel::from_bars(&week([10.0; 6]));
    let direction = |base: &str, neg, pos| Family::Direction { base: base.into(), neg, pos };
    let cases = [
        ("R2 twice", vec![("R2", 1, Family::MaxRunup), ("R2", 1, Family::MaxRunup)]),
        ("horizon", vec![("L", 0, Family::MaxRunup)]),
        ("clip", vec![("L", 1, Family::Return { log: false, clip: Some(f64::NAN) })]),
        ("tp_pct", vec![("L", 1, Family::BarrierTp { pct: -0.03 })]),
        ("sl_pct", vec![("L", 1, Family::BarrierSl { pct: 1.0 })]),
        ("neg", vec![NEXT_RETURN, ("L", 1, direction("R1", 0.02, 0.02))]),
        ("pos", vec![NEXT_RETURN, ("L", 1, direction("R1", -0.02, f64::NAN))]),
        ("params.up", vec![("L", 1, Family::Outcome { big_up: 0.01, up: 0.03, down: -0.03, big_down: -0.06 })]),
        ("params.down", vec![("L", 1, Family::Outcome { big_up: 0.06, up: 0.03, down: -0.07, big_down: -0.06 })]),
        ("nearest is 'R1'", vec![NEXT_RETURN, ("L", 1, direction("R11", -0.02, 0.02))]),
        ("id of a return label", vec![("U", 1, Family::MaxRunup), ("L", 1, direction("U", -0.02, 0.02))]),
    ];
    for (text, labels) in cases {
        let error = compute(&label_spec(&labels), &panel).expect_err(text);
        assert_eq!(error.exit(), Exit::Config, "{text}");
        assert!(error.to_string().contains(text), "{text}: {error}");
    }
    let error = frame(&week([10.0; 6]), &[NEXT_RETURN]).label("R11").expect_err("unknown").to_string();
    assert_eq!(error, "unknown label 'R11', nearest is 'R1'");
}

#[test]
fn real_labels_lie_within_the_price_limits() {
    let Some(bars) = real_bars("daily_2017_2020.parquet") else { return };
    let frame = frame(&bars, &families());
    let returns = &frame.label("R1").expect("there").values;
    let known = returns.iter().filter(|value| !value.is_nan()).count();
    assert!(known > 110_000, "{known}");
    let beyond = returns.iter().filter(|value| value.abs() > 0.22).count();
    assert!(beyond < 20, "{beyond} daily moves beyond 22 %: only listings have no limit");
    for (limit, word) in [(Entry::LimitUp, "limit-up"), (Entry::Suspended, "suspended")] {
        let count = frame.entry.iter().filter(|entry| **entry == limit).count();
        assert!(count > 100, "{count} {word} entries");
    }
}
