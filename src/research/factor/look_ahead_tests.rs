//! Tests of the look-ahead checker: it finds what was planted, and nothing in what is shipped.

use super::peeks;
use crate::{
    config::{self, FactorExpression},
    market::SecurityHistory,
    research::{
        factor::{FactorInput, FactorPlan},
        testing::{expression_set, random_bars},
    },
};

fn input() -> FactorInput {
    FactorInput::from_bars(random_bars(3, 140), SecurityHistory::default())
}

#[test]
fn planted_peeks_are_found() {
    let mut set = expression_set(&[
        ("honest", "Mean($close, 5)"),
        ("bare", "Ref($close, -1)"),
        ("hidden", "Mean(Ref($close / Ref($close, 1), -3), 10)"),
        ("cancelled", "Ref(Ref($close, -3), 3)"),
    ]);
    set.labels = vec![FactorExpression { name: "L".into(), text: "Ref($close, -2)".into(), origin: String::new() }];
    let plan = FactorPlan::read(&set, &[]).expect("sound");
    let found = peeks(&plan, &input(), 5, 2).expect("computed");
    let names: Vec<(&str, bool)> = found.iter().map(|peek| (peek.name.as_str(), peek.is_label)).collect();
    assert_eq!(names, [("bare", false), ("hidden", false), ("L", true)]);
    assert!(found[0].date == found[0].cut && found[0].known.is_none() && found[0].whole.is_some(), "{:?}", found[0]);
    assert!(found.iter().all(|peek| peek.count >= 5), "every cut shows it: {found:?}");
}

#[test]
fn nothing_that_is_shipped_looks_ahead_but_labels() {
    let input = input();
    for (name, set) in config::shipped().expect("sound").factors.sets {
        let plan = FactorPlan::read(&set, &[]).expect("sound");
        plan.expressions().check_forward().expect("no factor looks forward");
        let found = peeks(&plan, &input, 3, 2).expect("computed");
        let factors: Vec<_> = found.iter().filter(|peek| !peek.is_label).collect();
        assert!(factors.is_empty(), "{name}: {factors:?}");
        assert_eq!(found.len(), set.labels.len(), "{name}: every label looks ahead");
    }
}
