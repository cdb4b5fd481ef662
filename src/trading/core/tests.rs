//! TradeCore as a whole: who is matched first, what never reaches the broker, restarts at any step, books.

mod kit;
mod random;

use std::collections::BTreeMap;

use kit::{CASH, Rules, Scenario, Wisher, bar, core, day, open_limits, symbol};

use crate::{
    market::Side,
    trading::{TradingError, portfolio::PortfolioError, risk::RiskLimits},
};

#[test]
fn sells_are_matched_before_the_buys_of_the_same_moment() {
    // The name that is bought comes first in every order but this one.
    let mut scenario = Scenario::of(Wisher::new("s", [vec![(5, 1.0)], vec![(1, 1.0)]]));
    scenario.session(
        day(1),
        &[(1, 2000), (5, 1000)],
        &[vec![bar(day(1), "15:00", 1, 2000), bar(day(1), "15:00", 5, 1000)]],
    );
    scenario.session(
        day(2),
        &[(1, 2000), (5, 1000)],
        &[vec![bar(day(2), "15:00", 1, 2000), bar(day(2), "15:00", 5, 1000)]],
    );
    let fills: Vec<(Side, u32, i64)> =
        scenario.heard.fills.iter().map(|fill| (fill.side, fill.symbol.code() - 600_000, fill.shares)).collect();
    assert_eq!(fills, [(Side::Buy, 5, 9_900), (Side::Sell, 5, 9_900), (Side::Buy, 1, 4_900)]);
    assert!(scenario.heard.fills.iter().all(|fill| fill.cash_after >= 0));
}

#[test]
fn an_order_that_risk_refuses_never_reaches_the_broker() {
    let limits = RiskLimits { blacklist: [symbol(1)].into(), ..open_limits() };
    let rules = Rules { limits, ..Rules::default() };
    let wisher = Wisher::new("s", [vec![(1, 0.5), (2, 0.4)]]);
    let mut scenario = Scenario::with(core(vec![(wisher, "a")], &rules));
    scenario.open(day(1), &[(1, 1000), (2, 1000)]);
    let before = scenario.core.state()["broker"].clone();
    scenario.decide();
    assert_eq!(
        scenario.heard.kinds(),
        ["mark a", "positions a", "signal 1", "signal 2", "refused 1 blacklisted", "alert", "order 2"]
    );
    let after = scenario.core.state()["broker"].clone();
    assert_ne!(before, after, "the other order is there");
    assert!(!after.to_string().contains("600001"), "{after}");
    // A second refusal of the same kind on the same day is an event, but no second alert.
    scenario.decide();
    assert_eq!(scenario.heard.kinds().iter().filter(|kind| *kind == "alert").count(), 1);
}

#[test]
fn a_loss_beyond_the_limit_of_the_day_stops_buys_until_the_next_session_and_sells_never() {
    let limits = RiskLimits { max_dd_intraday: 0.02, ..open_limits() };
    // Holds 1; on the crash it wishes to leave it and to take 2 instead.
    let wisher = Wisher::new("s", [vec![(1, 0.8)], vec![(1, 0.8)], vec![(2, 0.4)]]).on_crash(&[(1, 0.0), (2, 0.5)]);
    let mut scenario = Scenario::with(core(vec![(wisher, "a")], &Rules { limits, ..Rules::default() }));
    let both = |date, time, one, two| vec![bar(date, time, 1, one), bar(date, time, 2, two)];
    scenario.session(day(1), &[(1, 1000), (2, 1000)], &[both(day(1), "15:00", 1000, 1000)]);
    let steps = [
        both(day(2), "10:00", 950, 1000),
        both(day(2), "10:30", 949, 1000),
        both(day(2), "11:00", 949, 1000),
        both(day(2), "15:00", 949, 1000),
    ];
    scenario.session(day(2), &[(1, 1000), (2, 1000)], &steps);
    assert_eq!(scenario.heard.refusals("day_loss"), [2], "the buy of 2");
    let sold: Vec<i64> =
        scenario.heard.fills.iter().filter(|fill| fill.side == Side::Sell).map(|fill| fill.shares).collect();
    assert_eq!(sold, [8_000], "a holder is never trapped");
    assert_eq!(scenario.core.kill_switches().count(), 0);
    scenario.session(day(3), &[(1, 949), (2, 1000)], &[both(day(3), "15:00", 949, 1000)]);
    let last = scenario.heard.fills.last().expect("a fill");
    assert_eq!((last.side, last.symbol, last.at.date()), (Side::Buy, symbol(2), day(3)), "the next session buys again");
}

#[test]
fn a_tripped_kill_switch_outlives_the_session_and_still_lets_sells_through() {
    let limits = RiskLimits { max_dd_total: 0.02, ..open_limits() };
    let wisher = Wisher::new("s", [vec![(1, 0.8)], vec![(1, 0.8)], vec![(2, 0.4)]]);
    let mut scenario = Scenario::with(core(vec![(wisher, "a")], &Rules { limits, ..Rules::default() }));
    let both = |date, one| vec![bar(date, "15:00", 1, one), bar(date, "15:00", 2, 1000)];
    scenario.session(day(1), &[(1, 1000), (2, 1000)], &[both(day(1), 1000)]);
    scenario.session(day(2), &[(1, 1000), (2, 1000)], &[both(day(2), 950)]);
    let tripped: Vec<String> = scenario.core.kill_switches().map(|tripped| tripped.reason.clone()).collect();
    assert!(tripped.len() == 1 && tripped[0].contains("below the peak"), "{tripped:?}");
    scenario.session(day(3), &[(1, 950), (2, 1000)], &[both(day(3), 950)]);
    assert_eq!(scenario.heard.refusals("kill_switch"), [2]);
    let last = scenario.heard.fills.last().expect("a fill");
    assert_eq!((last.side, last.symbol, last.at.date()), (Side::Sell, symbol(1), day(3)));
    // It is part of the state: a restart does not release it.
    let mut fresh = core(vec![(Wisher::new("s", []), "a")], &Rules::default());
    fresh.restore(&scenario.core.state()).expect("restored");
    assert_eq!(fresh.kill_switches().count(), 1);
}

#[test]
fn a_weight_that_is_no_number_sends_nothing_at_all() {
    let refused = |error: &TradingError| matches!(error, TradingError::Portfolio(PortfolioError::Weight { .. }));
    for weight in [f64::NAN, f64::INFINITY, -0.1, 1.5] {
        // The first strategy's wishes are legal and must not be traded either.
        let wishers = vec![(Wisher::new("s", [vec![(1, 0.5)]]), "a"), (Wisher::new("t", [vec![(2, weight)]]), "a")];
        let mut scenario = Scenario::with(core(wishers, &Rules::default()));
        scenario.open(day(1), &[(1, 1000), (2, 1000)]);
        let error = scenario.try_decide().expect_err("no weight");
        assert!(refused(&error) && error.to_string().contains("600002.SH"), "{error}");
        assert!(scenario.heard.kinds().iter().all(|kind| !kind.starts_with("order")), "{:?}", scenario.heard.kinds());
        // The same from a bar.
        let wisher = Wisher::new("s", [vec![(1, 0.5)]]).on_crash(&[(1, weight)]);
        let mut scenario = Scenario::with(core(vec![(wisher, "a")], &Rules::default()));
        scenario.open(day(1), &[(1, 1000)]);
        let error = scenario.core.step(&[bar(day(1), "10:00", 1, 900)], &mut scenario.heard).expect_err("no weight");
        assert!(refused(&error), "{error}");
        assert!(scenario.heard.kinds().iter().all(|kind| !kind.starts_with("order")));
    }
}

#[test]
fn events_of_a_step_come_in_a_fixed_order() {
    let wishers = vec![
        (Wisher::new("s", [vec![(1, 0.5)]]).on_crash(&[(2, 0.3)]), "a"),
        (Wisher::new("t", [vec![(3, 0.5)]]), "b"),
    ];
    let mut scenario = Scenario::with(core(wishers, &Rules::default()));
    scenario.open(day(1), &[(1, 1000), (2, 1000), (3, 1000)]);
    scenario.decide();
    let opening = ["mark a", "positions a", "mark b", "positions b", "signal 1", "signal 3", "order 1", "order 3"];
    assert_eq!(scenario.heard.take_kinds(), opening);
    scenario.step(&[bar(day(1), "10:00", 1, 1000), bar(day(1), "10:00", 2, 900), bar(day(1), "10:00", 3, 1000)]);
    let first = [
        "bar 1",
        "bar 2",
        "bar 3",
        "execution 1 FILLED",
        "execution 3 FILLED",
        "mark a",
        "positions a",
        "mark b",
        "positions b",
        "signal 2",
        "order 2",
    ];
    assert_eq!(scenario.heard.take_kinds(), first);
    // Nothing trades: the positions are not told again.
    scenario.step(&[bar(day(1), "10:30", 1, 1000)]);
    assert_eq!(scenario.heard.take_kinds(), ["bar 1", "mark a", "mark b"]);
    // A bar that closes the session is shown to no strategy, and what is left is cancelled.
    scenario.step(&[bar(day(1), "15:00", 1, 800)]);
    scenario.close();
    assert_eq!(scenario.heard.take_kinds(), ["bar 1", "mark a", "mark b", "execution 2 CANCELLED"]);
}

#[test]
fn two_accounts_with_strategies_of_their_own_do_not_mix() {
    let wisher = |id, symbols: [usize; 2]| {
        Wisher::new(id, [vec![(symbols[0], 0.5), (symbols[1], 0.5)], vec![(symbols[0], 0.9)], vec![(symbols[1], 0.4)]])
    };
    let references = [(1, 1000), (2, 2000), (3, 500), (4, 4000)];
    let play = |wishers| {
        let mut scenario = Scenario::with(core(wishers, &Rules::default()));
        for number in 1..=3 {
            let prices = references.map(|(of, price)| bar(day(number), "15:00", of, price + 10 * i64::from(number)));
            scenario.session(day(number), &references, &[prices.to_vec()]);
        }
        let mut books: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for fill in &scenario.heard.fills {
            let row = (fill.symbol, fill.side, fill.shares, fill.price, fill.cash_after, fill.position_after);
            books.entry(fill.account_id.to_string()).or_default().push(row);
        }
        let cash: BTreeMap<String, i64> = scenario
            .core
            .accounts()
            .filter_map(|id| Some((id.to_string(), scenario.core.account(id)?.cash())))
            .collect();
        (books, cash)
    };
    let (books, cash) = play(vec![(wisher("s", [1, 2]), "a"), (wisher("t", [4, 3]), "b")]);
    let (own, own_cash) = play(vec![(wisher("s", [1, 2]), "a")]);
    assert_eq!((&books["a"], cash["a"]), (&own["a"], own_cash["a"]), "the other account changes nothing");
    let (other, other_cash) = play(vec![(wisher("t", [4, 3]), "b")]);
    assert_eq!((&books["b"], cash["b"]), (&other["b"], other_cash["b"]));
    assert!(books["a"].iter().all(|row| [symbol(1), symbol(2)].contains(&row.0)));
    assert!(books["a"].len() >= 4 && books["b"].len() >= 4 && cash.values().all(|cash| (0..CASH).contains(cash)));
}

#[test]
fn a_strategy_that_wants_none_of_what_it_never_had_orders_nothing() {
    // The other strategy holds 1; its price fell, so that a balance now would buy more of it.
    let wishers = vec![(Wisher::new("s", []).on_crash(&[(1, 0.0)]), "a"), (Wisher::new("t", [vec![(1, 0.5)]]), "a")];
    let mut scenario = Scenario::with(core(wishers, &Rules::default()));
    scenario.open(day(1), &[(1, 1000)]);
    scenario.decide();
    scenario.step(&[bar(day(1), "10:00", 1, 1000)]);
    scenario.heard.take_kinds();
    scenario.step(&[bar(day(1), "10:30", 1, 920)]);
    assert_eq!(scenario.heard.take_kinds(), ["bar 1", "mark a", "signal 1"]);
}

#[test]
fn missing_parts_are_named() {
    let error = kit::without_risk().map(|_| ()).expect_err("no risk brain");
    assert!(error.to_string().contains("risk") && error.to_string().contains("'a' is missing"), "{error}");
    let mut one = core(vec![(Wisher::new("s", []), "a")], &Rules::default());
    let two = core(vec![(Wisher::new("s", []), "a"), (Wisher::new("t", []), "b")], &Rules::default());
    let error = one.restore(&two.state()).expect_err("another desk's state");
    assert!(matches!(error, TradingError::State { .. }), "{error}");
    assert!(one.restore(&serde_json::json!({ "broker": 1 })).is_err());
}
