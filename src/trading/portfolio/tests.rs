//! Each rule with a planted violation, then orders from targets.

use std::collections::BTreeMap;

use jiff::civil::date;

use super::{AccountRule, Allocation, OrderPlan, PlanView, PortfolioError, PortfolioManager, StrategyRule};
use crate::{
    exit::Failure,
    market::{Side, Symbol},
    trading::{Account, Fen, Position, TradeTerms, broker::Venue},
};

const CASH: Fen = 100_000_000;

pub(super) fn symbol(text: &str) -> Symbol {
    text.parse().expect("a symbol")
}

pub(super) fn account_rule(max_leverage: f64) -> AccountRule {
    AccountRule { id: "main".into(), starting_cash: CASH, max_leverage }
}

pub(super) fn strategy(id: &str, max_single_position_pct: f64, max_positions: usize) -> StrategyRule {
    StrategyRule {
        id: id.into(),
        account_id: "main".into(),
        max_gross_leverage: 1.0,
        max_single_position_pct,
        max_positions,
        target_holding_days: 1,
        venue: Venue::ClosingCall,
    }
}

pub(super) fn allocation(weights: &[(&str, f64)]) -> Allocation {
    Allocation {
        origin: "strategy/portfolio.luau".into(),
        weights: weights.iter().map(|(id, weight)| ((*id).to_owned(), *weight)).collect(),
        lines: weights.iter().zip(6..).map(|((id, _), line)| ((*id).to_owned(), line)).collect(),
    }
}

fn two() -> PortfolioManager {
    let strategies = vec![strategy("u1", 0.3, 5), strategy("u2", 0.15, 12)];
    PortfolioManager::new(vec![account_rule(1.0)], strategies, &allocation(&[("u1", 0.4), ("u2", 0.6)])).expect("legal")
}

fn targets(pairs: &[(&str, f64)]) -> BTreeMap<Symbol, f64> {
    pairs.iter().map(|(code, weight)| (symbol(code), *weight)).collect()
}

/// Plans with one price for every symbol and no open orders.
fn plan(manager: &PortfolioManager, account: &Account, price: Fen) -> Vec<OrderPlan> {
    let nav = account.value_at(|_| price);
    let view = PlanView {
        nav,
        account,
        price: &|_| Some(price),
        pending: &|_| 0,
        buying: &[].into(),
        date: date(2024, 3, 1),
        terms: &TradeTerms::default(),
    };
    manager.plan("main", &view)
}

fn short(plans: &[OrderPlan]) -> Vec<(String, Side, i64, String)> {
    plans.iter().map(|plan| (plan.symbol.to_string(), plan.side, plan.shares, plan.strategy_id.to_string())).collect()
}

#[test]
fn illegal_allocations_are_refused_with_file_and_line() {
    let cases: [(&[(&str, f64)], &str); 9] = [
        (
            &[("u1", f64::NAN), ("u2", 0.6)],
            "strategy/portfolio.luau:6: the weight of u1 is NaN, allowed: a number from 0 to 1",
        ),
        (
            &[("u1", 0.4), ("u2", f64::INFINITY)],
            "strategy/portfolio.luau:7: the weight of u2 is inf, allowed: a number from 0 to 1",
        ),
        (
            &[("u1", -0.1), ("u2", 0.6)],
            "strategy/portfolio.luau:6: the weight of u1 is -0.1, allowed: a number from 0 to 1",
        ),
        (
            &[("u1", 1.5), ("u2", 0.0)],
            "strategy/portfolio.luau:6: the weight of u1 is 1.5, allowed: a number from 0 to 1",
        ),
        (
            &[("u1", 0.7), ("u2", 0.7)],
            "strategy/portfolio.luau: the weights of account main sum to 1.400000, allowed: at most 1 (risk.max_leverage)",
        ),
        (
            &[("u1", 0.4), ("u2", 0.6), ("u22", 0.0)],
            "strategy/portfolio.luau:8: weights.u22: portfolio.strategies has no u22, did you mean u2?",
        ),
        (
            &[("u1", 0.4), ("momentum", 0.6)],
            "strategy/portfolio.luau:7: weights.momentum: portfolio.strategies has no momentum, allowed: u1, u2",
        ),
        (&[("u1", 0.4)], "strategy/portfolio.luau: weights has no u2, which portfolio.strategies has (it has u1)"),
        (&[], "strategy/portfolio.luau: weights has no u1, which portfolio.strategies has"),
    ];
    for (weights, expected) in cases {
        let strategies = vec![strategy("u1", 0.3, 5), strategy("u2", 0.15, 12)];
        let error = PortfolioManager::new(vec![account_rule(1.0)], strategies, &allocation(weights))
            .expect_err("an illegal allocation");
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.exit().code(), 17);
        assert!(error.remedy().is_some());
    }
}

#[test]
fn sums_that_only_rounding_lifts_are_legal() {
    // 0.1 + 0.2 is 0.30000000000000004.
    let make = |b: f64| {
        let strategies = ["a", "b"].map(|id| strategy(id, 0.3, 5)).to_vec();
        PortfolioManager::new(vec![account_rule(0.3)], strategies, &allocation(&[("a", 0.1), ("b", b)]))
    };
    make(0.2).expect("legal");
    make(0.200_000_1).expect_err("too much");
}

#[test]
fn leverage_of_strategies_counts_against_that_of_the_account() {
    let levered = StrategyRule { max_gross_leverage: 1.5, ..strategy("u1", 0.3, 5) };
    let make = |rule: &StrategyRule, account: f64, weight: f64| {
        PortfolioManager::new(vec![account_rule(account)], vec![rule.clone()], &allocation(&[("u1", weight)]))
    };
    let error = make(&levered, 1.0, 1.0).expect_err("1.5 of the account");
    assert!(error.to_string().contains("weight x max_gross_leverage of account main sum to 1.5"), "{error}");
    make(&levered, 1.5, 1.0).expect("legal");
    make(&levered, 1.0, 0.6).expect("legal");
    let stray = StrategyRule { account_id: "other".into(), ..levered };
    let error = make(&stray, 1.0, 0.6).expect_err("no such account");
    assert_eq!(error.to_string(), "strategy u1: portfolio.accounts has no other");
}

#[test]
fn illegal_targets_are_refused_and_change_nothing() {
    let mut manager = two();
    manager.decide(0, &targets(&[("600000.SH", 0.2)])).expect("legal");
    let before = manager.clone();
    let cases: [(&[(&str, f64)], &str); 5] = [
        (&[("600001.SH", f64::NAN)], "strategy u1: the weight of 600001.SH is NaN, allowed: a number from 0 to 1"),
        (
            &[("600001.SH", f64::NEG_INFINITY)],
            "strategy u1: the weight of 600001.SH is -inf, allowed: a number from 0 to 1",
        ),
        (
            &[("600001.SH", -1e-12)],
            "strategy u1: the weight of 600001.SH is -0.000000000001, allowed: a number from 0 to 1",
        ),
        (
            &[("600001.SH", 0.1), ("600002.SH", 1.01)],
            "strategy u1: the weight of 600002.SH is 1.01, allowed: a number from 0 to 1",
        ),
        (
            &[("600001.SH", 0.6), ("600002.SH", 0.41)],
            "strategy u1: its 2 target weights sum to 1.010000, allowed: at most 1 (portfolio.strategies.u1.max_gross_leverage)",
        ),
    ];
    for (wished, expected) in cases {
        let error = manager.decide(0, &targets(wished)).expect_err("illegal");
        assert_eq!((error.to_string().as_str(), error.exit().code()), (expected, 17));
        assert_eq!(manager, before);
    }
    let error = manager.signal(0, symbol("600001.SH"), f64::NAN).expect_err("illegal");
    assert_eq!(error.exit().code(), 17);
    assert_eq!(manager.decide(2, &BTreeMap::new()), Err(PortfolioError::NoSuchStrategy(2)));
    assert_eq!(manager, before);
}

/// W26: the original renormalised after the cap, so that two signals of it became 50 % each, one 100 %.
#[test]
fn a_limit_is_never_undone_by_renormalising() {
    let rule = strategy("u1", 0.1, 20);
    let mut manager =
        PortfolioManager::new(vec![account_rule(1.0)], vec![rule], &allocation(&[("u1", 1.0)])).expect("legal");
    for wished in [&[("600000.SH", 0.5), ("600001.SH", 0.5)][..], &[("600000.SH", 1.0)]] {
        let adjustments = manager.decide(0, &targets(wished)).expect("legal");
        assert_eq!(adjustments.len(), wished.len(), "every cut is told");
        for (adjustment, (code, wanted)) in adjustments.iter().zip(wished) {
            assert_eq!(manager.target("main", symbol(code)), 0.1);
            assert_eq!((adjustment.wanted, adjustment.got, adjustment.why), (*wanted, 0.1, "max_single_position_pct"));
        }
        let plans = plan(&manager, &Account::with_cash(CASH), 1000);
        let value: Fen = plans.iter().map(|plan| plan.shares * 1000).sum();
        assert_eq!(value, CASH / 10 * wished.len() as Fen, "the rest stays cash");
    }
}

#[test]
fn the_largest_weights_stay_and_equal_ones_by_symbol() {
    let rule = strategy("u1", 0.5, 2);
    let mut manager =
        PortfolioManager::new(vec![account_rule(1.0)], vec![rule], &allocation(&[("u1", 1.0)])).expect("legal");
    let wished = targets(&[("600003.SH", 0.2), ("600001.SH", 0.2), ("600002.SH", 0.3), ("600009.SH", 0.0)]);
    let adjustments = manager.decide(0, &wished).expect("legal");
    assert_eq!(adjustments.len(), 1);
    assert_eq!((adjustments[0].symbol, adjustments[0].why), (Some(symbol("600003.SH")), "max_positions"));
    assert_eq!(manager.target("main", symbol("600001.SH")), 0.2);
}

#[test]
fn a_signal_gets_what_the_other_targets_leave() {
    let rule = strategy("u1", 0.3, 4);
    let mut manager =
        PortfolioManager::new(vec![account_rule(1.0)], vec![rule], &allocation(&[("u1", 1.0)])).expect("legal");
    manager.decide(0, &targets(&[("600001.SH", 0.3), ("600002.SH", 0.3), ("600003.SH", 0.2)])).expect("legal");
    let cases = [
        ("600004.SH", 0.1, 0.1, None),
        ("600005.SH", 0.3, 0.0, Some("max_positions")),
        ("600004.SH", 0.3, 0.2, Some("max_gross_leverage")),
        ("600003.SH", 0.0, 0.0, None),
        ("600005.SH", 0.1, 0.1, None),
        ("600005.SH", 0.9, 0.2, Some("max_gross_leverage")),
        ("600001.SH", 0.1, 0.1, None),
        ("600005.SH", 0.9, 0.3, Some("max_single_position_pct")),
    ];
    for (code, wanted, got, why) in cases {
        let adjustments = manager.signal(0, symbol(code), wanted).expect("legal");
        assert_eq!(
            adjustments.iter().map(|told| (told.wanted, told.why)).next(),
            why.map(|why| (wanted, why)),
            "{code}"
        );
        assert!((manager.target("main", symbol(code)) - got).abs() < 1e-12, "{code}");
    }
}

#[test]
fn targets_of_an_account_add_up_over_its_strategies() {
    let mut manager = two();
    manager.decide(0, &targets(&[("600000.SH", 0.3), ("600001.SH", 0.2)])).expect("legal");
    manager.decide(1, &targets(&[("600000.SH", 0.1)])).expect("legal");
    assert_eq!(manager.target("main", symbol("600000.SH")), 0.4 * 0.3 + 0.6 * 0.1);
    assert_eq!(manager.target("other", symbol("600000.SH")), 0.0);
    let plans = plan(&manager, &Account::with_cash(CASH), 1000);
    let expected = [
        ("600000.SH".to_owned(), Side::Buy, 18_000, "u1+u2".to_owned()),
        ("600001.SH".to_owned(), Side::Buy, 8_000, "u1".to_owned()),
    ];
    assert_eq!(short(&plans), expected);
    assert!(plans.iter().all(|plan| plan.venue == Venue::ClosingCall));
}

#[test]
fn sells_come_first_and_pay_for_the_buys() {
    let mut manager = two();
    let mut account = Account::with_cash(9_000_000);
    // An odd remainder of a position that is no longer wanted goes whole.
    account.hold(symbol("600009.SH"), Position { shares: 31_050, sellable: 31_050, cost: 0 });
    manager.decide(0, &targets(&[("600009.SH", 0.3)])).expect("legal");
    manager.decide(0, &targets(&[("600000.SH", 0.3), ("600001.SH", 0.29)])).expect("legal");
    let plans = plan(&manager, &account, 1000);
    // NAV is 400,500.00 CNY: the first may be 48,060.00, the second 46,458.00; the cash is 90,000.00.
    let expected = [
        ("600009.SH".to_owned(), Side::Sell, 31_050, "u1".to_owned()),
        ("600000.SH".to_owned(), Side::Buy, 4_800, "u1".to_owned()),
        ("600001.SH".to_owned(), Side::Buy, 4_600, "u1".to_owned()),
    ];
    assert_eq!(short(&plans), expected);
    // What may not be sold today pays for nothing.
    account.hold(symbol("600009.SH"), Position { shares: 31_050, sellable: 0, cost: 0 });
    let bought: Vec<i64> = plan(&manager, &account, 1000).iter().map(|plan| plan.shares).collect();
    assert_eq!(bought, [4_800, 4_100]);
}

#[test]
fn a_sale_keeps_to_lots_and_to_what_may_be_sold_today() {
    let mut manager = two();
    manager.decide(0, &targets(&[("600000.SH", 0.25)])).expect("legal");
    let mut account = Account::with_cash(80_000_000);
    let hold = |account: &mut Account, shares, sellable| {
        account.hold(symbol("600000.SH"), Position { shares, sellable, cost: 0 });
    };
    // Target: 10 % of 1,000,000.00 CNY at 10.00, 10,000 shares.
    for (shares, sellable, expected) in [(20_000, 20_000, 10_000), (20_000, 150, 100), (20_000, 0, 0)] {
        hold(&mut account, shares, sellable);
        let sold: i64 = plan(&manager, &account, 1000).iter().map(|plan| plan.shares).sum();
        assert_eq!(sold, expected, "{shares} held, {sellable} sellable");
    }
    hold(&mut account, 20_000, 20_000);
    for (pending, expected) in [(-10_000, None), (-9_950, None), (-5_000, Some(5_000)), (1_000, Some(11_000))] {
        let view = PlanView {
            nav: CASH,
            account: &account,
            price: &|_| Some(1000),
            pending: &|_| pending,
            buying: &[symbol("600000.SH")].into(),
            date: date(2024, 3, 1),
            terms: &TradeTerms::default(),
        };
        let planned = manager.plan_symbol("main", symbol("600000.SH"), &view).map(|plan| plan.shares);
        assert_eq!(planned, expected, "{pending} pending");
    }
}

#[test]
fn open_buys_keep_their_cash() {
    let mut manager = two();
    manager.decide(1, &targets(&[("600000.SH", 0.15), ("600001.SH", 0.15)])).expect("legal");
    let account = Account::with_cash(10_000_000);
    let view = PlanView {
        nav: CASH,
        account: &account,
        price: &|_| Some(1000),
        pending: &|of| if of == symbol("600000.SH") { 9_000 } else { 0 },
        buying: &[symbol("600000.SH")].into(),
        date: date(2024, 3, 1),
        terms: &TradeTerms::default(),
    };
    let plans = manager.plan("main", &view);
    assert_eq!(short(&plans), [("600001.SH".to_owned(), Side::Buy, 900, "u2".to_owned())]);
    assert_eq!(manager.plan_symbol("main", symbol("600001.SH"), &view), plans.into_iter().next());
    let unpriced = PlanView { price: &|_| None, ..view };
    assert_eq!(manager.plan("main", &unpriced), [], "nothing without a price");
}

#[test]
fn sales_belong_to_the_strategy_that_left() {
    let mut manager = two();
    let mut account = Account::with_cash(CASH);
    account.hold(symbol("600000.SH"), Position { shares: 1000, sellable: 1000, cost: 0 });
    account.hold(symbol("600007.SH"), Position { shares: 1000, sellable: 1000, cost: 0 });
    manager.decide(1, &targets(&[("600000.SH", 0.1)])).expect("legal");
    manager.decide(1, &BTreeMap::new()).expect("legal");
    let asked = |manager: &PortfolioManager| short(&plan(manager, &account, 1000)).into_iter().map(|plan| plan.3);
    assert_eq!(asked(&manager).collect::<Vec<_>>(), ["u2", "u1+u2"], "nobody ever asked for the second");
    manager.close_session(|_| Some(&account));
    assert_eq!(asked(&manager).next().as_deref(), Some("u2"), "still to be sold");
    let sold = Account::with_cash(CASH);
    manager.close_session(|_| Some(&sold));
    assert_eq!(asked(&manager).next().as_deref(), Some("u1+u2"), "forgotten once sold");
}

#[test]
fn an_account_without_strategies_is_left_alone() {
    let manager = PortfolioManager::new(vec![account_rule(1.0)], Vec::new(), &allocation(&[])).expect("legal");
    let mut account = Account::with_cash(CASH);
    account.hold(symbol("600000.SH"), Position { shares: 1000, sellable: 1000, cost: 0 });
    assert_eq!(plan(&manager, &account, 1000), []);
}

#[test]
fn a_strategy_decides_every_target_holding_days() {
    let rule = StrategyRule { target_holding_days: 3, ..strategy("u1", 0.3, 5) };
    let manager =
        PortfolioManager::new(vec![account_rule(1.0)], vec![rule], &allocation(&[("u1", 1.0)])).expect("legal");
    let due: Vec<u64> = (0..8).filter(|session| manager.due(0, *session)).collect();
    assert_eq!(due, [0, 3, 6]);
    assert!(!manager.due(1, 0), "there is no second strategy");
}

#[test]
fn a_state_comes_back_whole_or_not_at_all() {
    let mut manager = two();
    manager.decide(0, &targets(&[("600000.SH", 0.1 + 0.2), ("600001.SH", 1.0 / 7.0)])).expect("legal");
    manager.decide(0, &targets(&[("600000.SH", 0.3)])).expect("legal");
    let text = manager.state().to_string();
    let state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut other = two();
    other.restore(&state).expect("a state");
    assert_eq!(other, manager);
    assert_eq!(other.state().to_string(), text);
    for (from, to, expected) in [
        ("\"u1\"", "\"u9\"", "there is no strategy u9"),
        ("0.3", "0.31", "600000.SH exceeds max_single_position_pct"),
        ("0.3", "1.5", "the weight of 600000.SH is 1.5"),
        ("\"left\"", "\"lost\"", "unknown field `lost`"),
    ] {
        let damaged = serde_json::from_str(&text.replace(from, to)).expect("JSON");
        let error = other.restore(&damaged).expect_err("damaged");
        assert!(error.contains(expected), "{error}");
        assert_eq!(other, manager);
    }
}
