//! Random wishes, accounts and prices: no plan exceeds a limit, the account's leverage or its cash, and
//! what is refused changes nothing.

use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;

use super::{
    OrderPlan, PlanView, PortfolioManager, StrategyRule,
    tests::{account_rule, allocation, strategy, symbol},
};
use crate::{
    market::{Commission, LotRule, Side, Symbol},
    trading::{Account, Fen, Position, TradeTerms, broker::Venue},
};

/// Main board, ChiNext, STAR and Beijing: all lot rules.
const CODES: [&str; 8] =
    ["600000.SH", "600001.SH", "000001.SZ", "300001.SZ", "300002.SZ", "688001.SH", "688002.SH", "830001.BJ"];

/// A wish: legal for the most part, else one of the illegal kinds.
fn weight() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => 0.0..0.3_f64,
        4 => 0.0..=1.0_f64,
        1 => prop::sample::select(vec![0.0, 1.0, -0.0, f64::MIN_POSITIVE, 0.1 + 0.2]),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 1.0 + 1e-12, 7.0]),
    ]
}

fn wishes() -> impl Strategy<Value = BTreeMap<usize, f64>> {
    prop::collection::btree_map(0..CODES.len(), weight(), 0..CODES.len())
}

#[derive(Debug, Clone)]
enum Step {
    Decide(usize, BTreeMap<usize, f64>),
    Signal(usize, usize, f64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..2_usize, wishes()).prop_map(|(strategy, wishes)| Step::Decide(strategy, wishes)),
        (0..2_usize, 0..CODES.len(), weight())
            .prop_map(|(strategy, code, weight)| Step::Signal(strategy, code, weight)),
    ];
    prop::collection::vec(step, 1..12)
}

/// The caps, the numbers of positions and the weights of two strategies.
fn rules() -> impl Strategy<Value = [(f64, usize, f64); 2]> {
    let one = (0.05..=1.0_f64, 1..6_usize, 0.0..=0.5_f64);
    [one.clone(), one]
}

/// A price, shares held, of which sellable, and a pending change of each symbol.
fn market() -> impl Strategy<Value = Vec<(Option<Fen>, i64, i64, i64)>> {
    let one = (prop::option::weighted(0.9, 50..200_000_i64), 0..20_000_i64, 0.0..=1.0_f64, -0.5..0.5_f64).prop_map(
        |(price, shares, sellable, pending)| {
            let sellable = (shares as f64 * sellable) as i64;
            // Open sells are of what may be sold.
            let pending = if pending < 0.0 { (sellable as f64 * pending) as i64 } else { (pending * 5000.0) as i64 };
            (price, shares, sellable, pending)
        },
    );
    prop::collection::vec(one, CODES.len())
}

fn manager(rules: [(f64, usize, f64); 2]) -> PortfolioManager {
    let [a, b] = rules;
    let make = |id: &str, (cap, positions, _): (f64, usize, f64)| StrategyRule {
        venue: if id == "a" { Venue::Any } else { Venue::ClosingCall },
        ..strategy(id, cap, positions)
    };
    let weights = allocation(&[("a", a.2), ("b", b.2)]);
    PortfolioManager::new(vec![account_rule(1.0)], vec![make("a", a), make("b", b)], &weights).expect("legal")
}

/// Takes a step; a refused one must change nothing. Every symbol whose target falls short of the wish
/// must have been told.
fn take(manager: &mut PortfolioManager, step: &Step) -> Result<(), TestCaseError> {
    let before = manager.clone();
    let index = match step {
        Step::Decide(index, _) | Step::Signal(index, ..) => *index,
    };
    let (wished, result) = match step {
        Step::Decide(index, wishes) => {
            let wished: BTreeMap<Symbol, f64> =
                wishes.iter().map(|(code, weight)| (symbol(CODES[*code]), *weight)).collect();
            let result = manager.decide(*index, &wished);
            (wished, result)
        }
        Step::Signal(index, code, weight) => {
            let mut wished = before.wishes[*index].targets.clone();
            wished.insert(symbol(CODES[*code]), *weight);
            (wished, manager.signal(*index, symbol(CODES[*code]), *weight))
        }
    };
    // A signal sees one symbol: its sum is limited and told, that of a decision is refused.
    let fits = matches!(step, Step::Signal(..)) || wished.values().sum::<f64>() <= 1.0 + 1e-9;
    let legal = fits && wished.values().all(|weight| (0.0..=1.0).contains(weight));
    prop_assert_eq!(result.is_ok(), legal, "{:?}", result);
    let Ok(adjustments) = result else {
        prop_assert_eq!(&*manager, &before);
        return Ok(());
    };
    let rule = &manager.strategies()[index];
    let targets = &manager.wishes[index].targets;
    prop_assert!(targets.len() <= rule.max_positions);
    prop_assert!(targets.values().sum::<f64>() <= rule.max_gross_leverage + 1e-9);
    prop_assert!(targets.values().all(|weight| *weight > 0.0 && *weight <= rule.max_single_position_pct));
    for (symbol, wanted) in &wished {
        let got = targets.get(symbol).copied().unwrap_or(0.0);
        let told = adjustments.iter().find(|adjustment| adjustment.symbol == Some(*symbol));
        prop_assert_eq!(told.map(|told| (told.wanted, told.got)), (got != *wanted).then_some((*wanted, got)));
    }
    Ok(())
}

fn check_plan(
    manager: &PortfolioManager,
    cash: Fen,
    market: &[(Option<Fen>, i64, i64, i64)],
) -> Result<(), TestCaseError> {
    let mut account = Account::with_cash(cash);
    let known: BTreeMap<Symbol, _> = CODES.iter().map(|code| symbol(code)).zip(market.iter().copied()).collect();
    for (symbol, (_, shares, sellable, _)) in known.iter().filter(|(_, (_, shares, ..))| *shares > 0) {
        account.hold(*symbol, Position { shares: *shares, sellable: *sellable, cost: 0 });
    }
    let nav = account.value_at(|symbol| known[&symbol].0.unwrap_or(0));
    let terms =
        TradeTerms { commission: Commission { rate: 3e-4, minimum: 5.0 }, slippage_bps: 5.0, ..TradeTerms::default() };
    let view = PlanView {
        nav,
        account: &account,
        price: &|symbol| known[&symbol].0,
        pending: &|symbol| known[&symbol].3,
        buying: &known.keys().copied().collect(),
        date: date(2024, 3, 1),
        terms: &terms,
    };
    let plans = manager.plan("main", &view);
    let rank = |plan: &OrderPlan| (u8::from(plan.side == Side::Buy), -plan.weight, plan.symbol);
    let sorted = plans.is_sorted_by(|a, b| rank(a) < rank(b));
    prop_assert!(sorted, "{:?}", plans);
    let (mut spent, mut proceeds, mut target_value) = (0, 0, 0.0);
    for (symbol, (price, shares, sellable, pending)) in &known {
        let weight = manager.target("main", *symbol);
        target_value += weight * nav as f64;
        let plan = plans.iter().find(|plan| plan.symbol == *symbol);
        let Some(price) = price else {
            prop_assert!(plan.is_none(), "an order without a price");
            continue;
        };
        let lots = LotRule::of(symbol.board());
        let change = plan.map_or(0, |plan| if plan.side == Side::Buy { plan.shares } else { -plan.shares });
        let value = ((shares + pending + change) * price) as f64;
        let wanted = weight * nav as f64;
        match plan {
            Some(plan) if plan.side == Side::Buy => {
                prop_assert!(lots.may_buy(plan.shares));
                prop_assert!(value <= wanted + 1e-3, "{value} is more than {wanted}");
                spent += change * price;
            }
            Some(plan) => {
                prop_assert!(plan.shares <= sellable + pending.min(&0), "sold twice or before it may be");
                prop_assert!(weight == 0.0 || lots.may_buy(plan.shares), "an odd part of a position that stays");
                prop_assert!(value >= wanted - *price as f64 - 1e-3, "sold below the target");
                proceeds += plan.shares * price;
            }
            None => {}
        }
        // What is left above the target is less than a lot, or less than a lot of it may be sold today.
        let lot_value = (lots.minimum * price) as f64;
        let still_sellable = sellable + pending.min(&0) + change.min(0);
        prop_assert!(value < wanted + lot_value || still_sellable < lots.minimum, "{value} of {wanted}");
    }
    prop_assert!(target_value <= nav as f64 * (1.0 + 1e-9), "targets exceed the leverage");
    let open_buys = view.pending_buy_value();
    prop_assert!(spent == 0 || spent + open_buys <= cash + proceeds, "more than the cash and what is sold for it");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_keep_to_every_limit(rules in rules(), steps in steps(), cash in 0..500_000_000_i64, market in market()) {
        let mut manager = self::manager(rules);
        for step in &steps {
            take(&mut manager, step)?;
            check_plan(&manager, cash, &market)?;
        }
        let mut restored = self::manager(rules);
        restored.restore(&manager.state()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(restored, manager);
    }
}
