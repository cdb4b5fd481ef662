//! Tests of factor frames over several symbols.

use super::{FactorFrame, compute};
use crate::{
    clock::Stopwatch,
    exit::{Exit, Failure},
    market::DailyPanel,
    research::testing::{bar, core_set, panel_before, random_bars, real_bars, sessions},
};

fn core(panel: &DailyPanel) -> FactorFrame {
    compute(&core_set(), panel).expect("computed")
}

#[test]
fn nothing_newer_than_the_session_is_used() {
    let bars = random_bars(3, 120);
    let panel = DailyPanel::from_bars(&bars);
    let whole = core(&panel);
    for cut in [20, 60, 119] {
        let part = core(&panel_before(&bars, panel.dates()[cut]));
        assert_eq!(part.dates.len(), cut);
        for (long, short) in whole.columns.iter().zip(&part.columns) {
            for symbol in 0..3 {
                let (long, short) = (&long[symbol * 120..][..cut], &short[symbol * cut..][..cut]);
                let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<u64>>();
                assert_eq!(bits(long), bits(short));
            }
        }
    }
}

#[test]
fn order_of_the_bars_does_not_matter() {
    let mut bars = random_bars(3, 60);
    let digest = core(&DailyPanel::from_bars(&bars)).digest();
    bars.reverse();
    assert_eq!(core(&DailyPanel::from_bars(&bars)).digest(), digest);
}

#[test]
fn suspended_days_have_no_factor_and_take_no_place_in_a_window() {
    let dates = sessions("2020-03-02", 9);
    let mut bars: Vec<_> =
        dates.iter().zip(1..).map(|(date, day)| bar("600000.SH", *date, 10.0 + f64::from(day))).collect();
    bars[6].suspended = true;
    let frame = core(&DailyPanel::from_bars(&bars));
    let returns = frame.column("F_ret_5d").expect("there");
    assert!(returns[..5].iter().all(|value| value.is_nan()) && returns[6].is_nan());
    assert!((returns[8] - (19.0 / 13.0 - 1.0)).abs() < 1e-12, "five traded sessions back is the third day");
}

#[test]
fn nothing_is_computed_across_a_hole_in_the_panel() {
    let mut dates = sessions("2020-03-02", 6);
    dates.extend(sessions("2021-03-02", 6));
    let bars: Vec<_> = dates.iter().map(|date| bar("600000.SH", *date, 10.0)).collect();
    let frame = core(&DailyPanel::from_bars(&bars));
    let gaps = frame.column("F_gap_open").expect("there");
    assert!(gaps[6].is_nan() && gaps[5] == 0.0 && gaps[7] == 0.0);
    assert!(frame.column("F_ret_5d").expect("there")[6..11].iter().all(|value| value.is_nan()));
}

#[test]
fn factors_without_data_are_reported_with_the_reason() {
    let mut set = core_set();
    set.factors.push("SENT_market_phase".into());
    let mut bars = random_bars(2, 40);
    for bar in &mut bars {
        bar.amount = None;
    }
    let frame = compute(&set, &DailyPanel::from_bars(&bars)).expect("computed");
    let of = |name: &str| frame.availability.iter().find(|entry| entry.name == name).expect(name);
    assert!(of("F_amt_ratio_5d").reason.as_deref().is_some_and(|reason| reason.contains("amount is null")));
    assert!(of("SENT_market_phase").reason.as_deref().is_some_and(|reason| reason.contains("posts")));
    assert!(frame.column("SENT_market_phase").is_none(), "no silent column of nulls");
    assert!(of("F_ret_5d").is_usable() && of("F_ret_5d").null_share < 0.2);
    assert_eq!(frame.availability.len(), 14);
}

#[test]
fn wrong_sets_are_refused() {
    let panel = DailyPanel::from_bars(&random_bars(1, 10));
    let refused = |change: fn(&mut crate::config::FactorSet)| {
        let mut set = core_set();
        change(&mut set);
        let error = compute(&set, &panel).expect_err("refused");
        assert_eq!(error.exit(), Exit::Config);
        error.to_string()
    };
    assert_eq!(
        refused(|set| set.factors[0] = "F_gap_opne".into()),
        "unknown factor 'F_gap_opne', nearest is 'F_gap_open'"
    );
    assert!(refused(|set| set.factors[0] = "F_ret_5d".into()).contains("F_ret_5d twice"));
    assert!(refused(|set| set.factors.clear()).contains("empty"));
    assert!(refused(|set| set.lookback = 1).contains("lookback"));
    assert!(refused(|set| set.big_down = 0.05).contains("big_down"));
    assert!(refused(|set| set.big_down = f64::NAN).contains("big_down"));
}

#[test]
fn real_panel_gives_every_factor_but_the_amount_in_time() {
    let Some(bars) = real_bars("daily_2017_2020.parquet") else { return };
    let panel = DailyPanel::from_bars(&bars);
    assert_eq!((panel.symbols().len(), panel.dates().len()), (133, 974));
    let watch = Stopwatch::start();
    let frame = core(&panel);
    let seconds = watch.seconds();
    eprintln!("13 factors over 133 x 974 cells: {seconds:.3} s");
    for entry in &frame.availability {
        if entry.name == "F_amt_ratio_5d" {
            assert!(entry.reason.is_some() && entry.null_share == 1.0, "{entry:?}");
        } else {
            assert!(entry.is_usable() && entry.null_share < 0.02, "{entry:?}");
        }
    }
    // The data's own count: 882 closes at the upper limit, listings aside.
    let limit = compute(&crate::config::FactorSet { lookback: 2, ..core_set() }, &panel).expect("computed");
    let closes: f64 = limit.column("F_limit_up_freq_5d").expect("there").iter().filter(|v| !v.is_nan()).sum();
    assert!((closes - 882.0).abs() < 20.0, "{closes} closes at the upper limit");
    assert!(seconds < 5.0, "{seconds} s");
}
