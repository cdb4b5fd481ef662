//! Each repair by a planted fault: what is derived, what is excluded, and that it can be taken back.

use std::path::Path;

use super::{Change, Repair, RepairField, RepairPlan, apply, plan, revert};
use crate::{
    data::{
        DataError,
        guardian::{GuardianReport, Known, Rule, Thresholds, examine},
        sample::{action, clean_bars},
    },
    market::{Calendar, CorporateAction, DailyBar, SecurityHistory},
    source::files::{IntakeOptions, read_directory},
};

/// The row that faults are planted into: the fifteenth session of the first of two symbols.
const AT: usize = 28;

const fn known<'a>(actions: &'a [CorporateAction], history: &'a SecurityHistory) -> Known<'a> {
    Known { actions, history }
}

fn examined(bars: &[DailyBar], actions: &[CorporateAction]) -> GuardianReport {
    examine(bars, known(actions, &SecurityHistory::default()), Calendar::builtin(), &Thresholds::default())
        .expect("examined")
}

/// Plans, applies, takes back and applies again; returns the plan and the repaired bars.
fn repaired(bars: &[DailyBar], actions: &[CorporateAction]) -> (RepairPlan, Vec<DailyBar>) {
    let report = examined(bars, actions);
    let plan =
        plan(bars, &report, known(actions, &SecurityHistory::default()), Calendar::builtin(), &Thresholds::default())
            .expect("planned");
    let mut changed = bars.to_vec();
    apply(&mut changed, &plan).expect("applied");
    let mut back = changed.clone();
    revert(&mut back, &plan).expect("taken back");
    assert_eq!(back, bars, "the exact inverse");
    let json = serde_json::to_string(&plan).expect("JSON");
    assert_eq!(serde_json::from_str::<RepairPlan>(&json).expect("read back"), plan, "a plan can be kept");
    (plan, changed)
}

fn clean() -> Vec<DailyBar> {
    clean_bars(&["600000.SH", "600004.SH"], 30)
}

#[test]
fn clean_bars_need_no_repair() {
    let (plan, changed) = repaired(&clean(), &[]);
    assert_eq!((plan, changed), (RepairPlan::default(), clean()));
}

#[test]
fn missing_reference_is_the_previous_close() {
    let mut bars = clean();
    let expected = bars[AT].preclose;
    bars[AT].preclose = None;
    let (plan, changed) = repaired(&bars, &[]);
    assert_eq!(changed, clean());
    let change = Change::Value { field: RepairField::Preclose, old: None, new: expected };
    assert_eq!(plan.repairs[0].change, change);
    assert_eq!((plan.repairs.len(), plan.repairs[0].rule, plan.excluded.len()), (1, Rule::NullPreclose, 0));
}

#[test]
fn first_reference_cannot_be_derived_and_excludes_nothing() {
    let mut bars = clean();
    bars[0].preclose = None;
    let (plan, _) = repaired(&bars, &[]);
    assert_eq!(plan, RepairPlan::default());
}

#[test]
fn wrong_reference_is_derived_only_where_the_actions_reach() {
    let mut bars = clean();
    bars[AT].preclose = Some(bars[AT].close + 0.05);
    let later = action("600004.SH", jiff::civil::date(2025, 6, 30), 1.0);
    let (plan, changed) = repaired(&bars, &[later]);
    assert_eq!((changed, plan.excluded.len()), (clean(), 0));

    let (plan, changed) = repaired(&bars, &[]);
    assert_eq!(changed, bars, "an ex date that is not known would look the same");
    assert_eq!((plan.repairs.len(), plan.excluded.len()), (0, 1));
    assert_eq!((plan.excluded[0].date, plan.excluded[0].symbol), (bars[AT].date, bars[AT].symbol));
    assert!(plan.excluded[0].reason.contains("is not the previous close"), "{:?}", plan.excluded);
    assert_eq!(plan.excluded_days().len(), 1);
}

#[test]
fn suspended_sessions_are_put_in_and_lost_bars_are_excluded() {
    let mut bars = clean();
    let (last, next) = (bars[AT - 2].clone(), AT + 4);
    bars[next].preclose = Some(last.close);
    let gone = [bars[AT].date, bars[AT + 2].date];
    bars.retain(|bar| bar.symbol != last.symbol || !gone.contains(&bar.date));
    let (plan, changed) = repaired(&bars, &[]);
    assert_eq!((plan.repairs.len(), plan.excluded.len(), changed.len()), (2, 0, 60));
    for date in gone {
        let bar = changed.iter().find(|bar| bar.date == date && bar.symbol == last.symbol).expect("put in");
        assert_eq!([bar.open, bar.high, bar.low, bar.close], [last.close; 4]);
        assert_eq!((bar.volume, bar.suspended, &*bar.source), (Some(0), true, "repair"));
    }
    assert!(examined(&changed, &[]).findings.is_empty());
    let record = plan.records("run-1").remove(0);
    assert_eq!((record.field.as_str(), record.rule.as_str(), record.old), ("row", "missing_session", None));
    assert_eq!((record.trade_date, record.run_id.as_str()), (gone[0], "run-1"));

    let mut lost = clean();
    let date = lost.remove(AT).date;
    let (plan, changed) = repaired(&lost, &[]);
    assert_eq!((changed, plan.repairs.len()), (lost, 0), "no price is invented");
    assert_eq!(plan.excluded[0].date, date);
    assert!(plan.excluded[0].reason.contains("lost"), "{:?}", plan.excluded);
}

/// One symbol that pays a dividend of 0.20 CNY on its sixteenth session, as the exchange does it.
fn dividend_bars() -> (Vec<DailyBar>, CorporateAction) {
    let mut bars = clean_bars(&["600000.SH"], 30);
    let close = bars[14].close;
    let reference = ((close - 0.2) * 100.0).round() / 100.0;
    bars[15].preclose = Some(reference);
    bars[15..].iter_mut().for_each(|bar| bar.adj_factor = close / reference);
    let action = action("600000.SH", bars[15].date, 2.0);
    (bars, action)
}

#[test]
fn ex_date_is_rebuilt_from_the_corporate_action() {
    let (whole, action) = dividend_bars();
    let actions = [action];
    assert!(examined(&whole, &actions).findings.is_empty());
    let mut unmoved = whole.clone();
    unmoved[15].preclose = Some(unmoved[14].close);
    unmoved[15..].iter_mut().for_each(|bar| bar.adj_factor = 1.0);
    let mut factor_only = whole.clone();
    factor_only[15..].iter_mut().for_each(|bar| bar.adj_factor = 1.0);
    let mut one_day = whole.clone();
    one_day[20].adj_factor *= 2.0;
    for (name, bars, repairs) in [("nothing moved", unmoved, 16), ("no factor", factor_only, 15), ("a day", one_day, 1)]
    {
        let (plan, changed) = repaired(&bars, &actions);
        assert_eq!(changed, whole, "{name}");
        assert_eq!((plan.repairs.len(), plan.excluded.len()), (repairs, 0), "{name}");
    }
}

#[test]
fn prices_and_volumes_are_excluded_and_never_changed() {
    let plants: [fn(&mut DailyBar); 5] = [
        |bar| bar.high *= 1.5,
        |bar| bar.low = bar.high + 1.0,
        |bar| bar.volume = None,
        |bar| bar.open = f64::NAN,
        |bar| bar.open = -1.0,
    ];
    for (number, plant) in plants.iter().enumerate() {
        let mut bars = clean();
        plant(&mut bars[AT]);
        let report = examined(&bars, &[]);
        let plan =
            plan(&bars, &report, known(&[], &SecurityHistory::default()), Calendar::builtin(), &Thresholds::default())
                .expect("planned");
        assert!(plan.repairs.is_empty(), "{number}: {:?}", plan.repairs);
        let excluded: Vec<_> = plan.excluded_days().into_iter().collect();
        assert_eq!(excluded, [(bars[AT].date, bars[AT].symbol)], "{number}");
    }
}

#[test]
fn nothing_is_derived_from_a_faulty_close() {
    let mut bars = clean();
    let later = action("600004.SH", jiff::civil::date(2025, 6, 30), 1.0);
    (bars[AT].high, bars[AT].close) = (bars[AT].high * 100.0, bars[AT].close * 100.0);
    bars[AT + 2].preclose = None;
    let (plan, changed) = repaired(&bars, &[later]);
    assert_eq!(changed, bars, "the day after keeps its missing reference");
    assert_eq!(plan.excluded_days().into_iter().collect::<Vec<_>>(), [(bars[AT].date, bars[AT].symbol)]);
}

#[test]
fn plan_that_does_not_fit_changes_nothing() {
    let mut bars = clean();
    bars[AT].preclose = None;
    bars[AT + 4].preclose = None;
    let (plan, _) = repaired(&bars, &[]);
    let mut others = bars.clone();
    others[AT + 4].preclose = Some(9.99);
    let before = others.clone();
    let error = apply(&mut others, &plan).expect_err("another row");
    assert!(matches!(error, DataError::Mismatch { .. }), "{error}");
    assert_eq!(others, before, "not even the first change");
    assert!(revert(&mut others, &plan).is_err(), "never applied");
    assert_eq!(others, before);

    let mut twice = plan.clone();
    twice.repairs.push(Repair { ..plan.repairs[0].clone() });
    assert!(apply(&mut bars.clone(), &twice).is_err(), "a value changed twice");
    bars.swap(0, 1);
    assert!(matches!(apply(&mut bars, &plan), Err(DataError::Unordered { .. })));
}

#[test]
fn visible_data_gets_its_twelve_suspended_rows() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible");
    if !directory.is_dir() {
        eprintln!("skipped: {} not present", directory.display());
        return;
    }
    let data = read_directory(&directory, &IntakeOptions::default()).expect("read").data;
    let (plan, changed) = repaired(&data.daily, &data.actions);
    assert_eq!((plan.repairs.len(), plan.excluded.len()), (12, 0), "{plan:?}");
    assert!(plan.repairs.iter().all(|repair| repair.rule == Rule::MissingSession));
    assert_eq!(changed.len(), data.daily.len() + 12);
    let after = examined(&changed, &data.actions);
    assert_eq!((after.count(Rule::MissingSession), after.totals.hard_rows), (0, 0));
}
