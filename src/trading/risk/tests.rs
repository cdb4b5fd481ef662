//! Each rule with a planted violation, and what marks make of a falling account.

use jiff::civil::{Date, DateTime, date};

use super::{AlertKind, KillSwitch, RiskAlert, RiskBrain, RiskLevel, RiskLimits, RiskRefusal, RiskView, ScoreWeights};
use crate::{
    market::{Side, Symbol},
    trading::{
        Account, Charges, Fen, Position,
        broker::{ClientOrderId, Execution, OrderKind, OrderRequest, OrderStatus, TimeInForce, Venue},
    },
};

/// 1,000,000.00 CNY.
pub(super) const NAV: Fen = 100_000_000;
pub(super) const DAY: Date = date(2024, 3, 1);

fn symbol(text: &str) -> Symbol {
    text.parse().expect("a symbol")
}

pub(super) fn limits() -> RiskLimits {
    RiskLimits {
        blacklist: [symbol("600666.SH")].into(),
        whitelist: [].into(),
        max_leverage: 1.0,
        concentration_limit: 0.3,
        max_dd_intraday: 0.05,
        max_dd_total: 0.2,
        max_order_value: 25_000_000,
        price_collar: 0.1,
        max_turnover: 2.0,
        weights: ScoreWeights { dd_intraday: 0.4, dd_total: 0.3, leverage: 0.2, concentration: 0.1 },
    }
}

pub(super) fn brain() -> RiskBrain {
    let mut brain = RiskBrain::new("main".into(), limits());
    brain.open_session(DAY, NAV);
    brain
}

pub(super) fn at(minute: i8) -> DateTime {
    DAY.at(10, minute, 0, 0)
}

fn order(code: &str, side: Side, shares: i64, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        client_order_id: ClientOrderId::new("u1_1"),
        account_id: "main".into(),
        strategy_id: "u1".into(),
        symbol: symbol(code),
        side,
        shares,
        kind,
        time_in_force: TimeInForce::Day,
        venue: Venue::Any,
        at: at(0),
    }
}

pub(super) fn buy(shares: i64) -> OrderRequest {
    order("600000.SH", Side::Buy, shares, OrderKind::Market)
}

/// An account without positions, all at 10.00 CNY.
pub(super) fn view(account: &Account) -> RiskView<'_> {
    RiskView {
        nav: NAV,
        account,
        price: 1000,
        reference: Some(1000),
        gross: 0,
        position_value: 0,
        pending_buy_value: 0,
    }
}

fn fill(account: &str, shares: i64) -> Execution {
    Execution {
        order_id: 1,
        exec_id: 1,
        client_order_id: ClientOrderId::new("u1_1"),
        account_id: account.into(),
        strategy_id: "u1".into(),
        symbol: symbol("600000.SH"),
        side: Side::Sell,
        shares,
        price: 1000,
        charges: Charges::default(),
        status: OrderStatus::Filled,
        reason: None,
        cash_after: 0,
        position_after: 0,
        at: at(0),
    }
}

/// Checks with a changed view and brain; returns the refusal's word and sentence.
fn refusal(
    order: &OrderRequest,
    change: impl FnOnce(&mut RiskView<'_>),
    before: impl FnOnce(&mut RiskBrain),
) -> Option<(&'static str, String)> {
    let account = Account::with_cash(NAV);
    let mut view = view(&account);
    change(&mut view);
    let mut brain = brain();
    before(&mut brain);
    brain.check(order, &view).err().map(|refusal| (refusal.name(), refusal.to_string()))
}

fn assert_refused(got: impl Into<Option<(&'static str, String)>>, name: &'static str, sentence: &str) {
    assert_eq!(got.into(), Some((name, sentence.to_owned())));
}

#[test]
fn lists_forbid_buys_only() {
    let listed = order("600666.SH", Side::Buy, 100, OrderKind::Market);
    assert_refused(refusal(&listed, |_| (), |_| ()), "blacklisted", "the symbol is on the blacklist");
    let white = |brain: &mut RiskBrain| brain.limits.whitelist = [symbol("600001.SH")].into();
    assert_refused(refusal(&buy(100), |_| (), white), "not_whitelisted", "the symbol is not on the whitelist");
    let other = order("600001.SH", Side::Buy, 100, OrderKind::Market);
    assert_eq!(refusal(&other, |_| (), white), None);
}

#[test]
fn sizes_are_measured_at_the_price_that_would_be_paid() {
    assert_eq!(refusal(&buy(25_000), |_| (), |_| ()), None, "at the limit");
    let sentence = "its value of 251000.00 CNY exceeds 250000.00 CNY";
    assert_refused(refusal(&buy(25_100), |_| (), |_| ()), "order_value", sentence);
    let limit = order("600000.SH", Side::Buy, 25_000, OrderKind::Limit(1004));
    assert_refused(refusal(&limit, |_| (), |_| ()), "order_value", "its value of 251000.00 CNY exceeds 250000.00 CNY");
    let vast = buy(i64::MAX);
    assert_eq!(refusal(&vast, |_| (), |_| ()).map(|refused| refused.0), Some("order_value"), "no overflow");
}

#[test]
fn a_limit_price_far_from_the_reference_is_refused() {
    let at_price = |price| order("600000.SH", Side::Buy, 100, OrderKind::Limit(price));
    for (price, refused) in [(900, false), (1100, false), (899, true), (1101, true), (1, true)] {
        let got = refusal(&at_price(price), |_| (), |_| ()).map(|refused| refused.0);
        assert_eq!(got, refused.then_some("price_collar"), "{price}");
    }
    let sentence = "its price of 11.01 CNY is 10.10 % from the reference of 10.00 CNY, allowed: 10.00 %";
    assert_refused(refusal(&at_price(1101), |_| (), |_| ()), "price_collar", sentence);
    let no_reference = |view: &mut RiskView<'_>| (view.reference, view.price) = (None, 1200);
    assert_eq!(refusal(&at_price(1101), no_reference, |_| ()), None, "8 % from the price now");
    assert_eq!(refusal(&buy(100), |view| view.price = 2000, |_| ()), None, "a market order has no price");
}

#[test]
fn positions_and_open_buys_count_against_concentration_and_leverage() {
    let held = |view: &mut RiskView<'_>| (view.gross, view.position_value) = (20_000_000, 20_000_000);
    assert_eq!(refusal(&buy(10_000), held, |_| ()), None, "at the limit");
    let sentence = "the position would be 30.10 % of net asset value, allowed: 30.00 %";
    assert_refused(refusal(&buy(10_100), held, |_| ()), "concentration", sentence);
    let invested = |view: &mut RiskView<'_>| (view.gross, view.pending_buy_value) = (60_000_000, 30_000_000);
    assert_eq!(refusal(&buy(10_000), invested, |_| ()), None, "at the limit");
    let sentence = "the positions would be 1.0010 of net asset value, allowed: 1.0000";
    assert_refused(refusal(&buy(10_100), invested, |_| ()), "leverage", sentence);
}

#[test]
fn turnover_counts_both_sides_of_this_account() {
    let traded = |brain: &mut RiskBrain| {
        brain.executed(&fill("main", 190_000));
        brain.executed(&fill("other", 190_000));
    };
    assert_eq!(refusal(&buy(10_000), |_| (), traded), None, "at the limit");
    let sentence = "the session's turnover would be 2.0010 of its first net asset value, allowed: 2.0000";
    assert_refused(refusal(&buy(10_100), |_| (), traded), "turnover", sentence);
    let next_day = |brain: &mut RiskBrain| {
        traded(brain);
        brain.open_session(date(2024, 3, 4), NAV);
    };
    assert_eq!(refusal(&buy(20_000), |_| (), next_day), None);
    let restart = |brain: &mut RiskBrain| {
        traded(brain);
        brain.open_session(DAY, NAV);
    };
    assert!(refusal(&buy(20_000), |_| (), restart).is_some(), "the same session keeps its turnover");
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let sentence = "cannot be judged: price 0 fen, net asset value 1000000.00 CNY";
    assert_refused(refusal(&buy(100), |view| view.price = 0, |_| ()), "not_judged", sentence);
    for nav in [0, -5] {
        let got = refusal(&buy(100), |view| view.nav = nav, |_| ());
        assert_eq!(got.map(|refused| refused.0), Some("not_judged"));
    }
    let no_price = |view: &mut RiskView<'_>| (view.reference, view.price) = (Some(0), 0);
    let limit = order("600000.SH", Side::Buy, 100, OrderKind::Limit(1000));
    assert_eq!(refusal(&limit, no_price, |_| ()).map(|refused| refused.0), Some("not_judged"));
}

#[test]
fn a_holder_can_always_leave() {
    let mut brain = brain();
    brain.trip(at(1), "a test".into());
    brain.mark(at(2), NAV / 2, NAV / 2, None);
    brain.executed(&fill("main", 1_000_000));
    let mut account = Account::with_cash(0);
    account.hold(symbol("600666.SH"), Position { shares: 50_050, sellable: 0, cost: 0 });
    let broken = RiskView { nav: 0, price: 0, reference: None, ..view(&account) };
    let all = order("600666.SH", Side::Sell, 50_050, OrderKind::Limit(1));
    assert_eq!(brain.check(&all, &broken), Ok(()));
    let more = order("600666.SH", Side::Sell, 50_051, OrderKind::Market);
    assert_eq!(brain.check(&more, &broken), Err(RiskRefusal::ShortSale { shares: 50_051, held: 50_050 }));
    assert_eq!(brain.check(&buy(100), &view(&account)).map_err(|refused| refused.name()), Err("kill_switch"));
}

fn levels(alerts: &[RiskAlert]) -> Vec<(RiskLevel, &str)> {
    alerts.iter().map(|alert| (alert.level, alert.message.as_str())).collect()
}

#[test]
fn a_days_loss_halts_buys_until_the_next_session() {
    let (mut brain, account) = (brain(), Account::with_cash(NAV));
    assert_eq!(brain.mark(at(1), NAV + NAV / 10, 0, None), []);
    // 4 % below the session's peak of 1.1 million.
    let alerts = brain.mark(at(2), 105_000_000, 0, None);
    let sentence = "1050000.00 CNY is 4.55 % below the session's peak of 1100000.00, limit 5.00 %";
    assert_eq!(levels(&alerts), [(RiskLevel::Warning, sentence)]);
    assert_eq!(brain.check(&buy(100), &view(&account)), Ok(()));
    let alerts = brain.mark(at(3), 104_400_000, 0, None);
    let sentence = "1044000.00 CNY is 5.09 % below the session's peak of 1100000.00, limit 5.00 %; \
                    buys are halted until the next session";
    assert_eq!(levels(&alerts), [(RiskLevel::Critical, sentence)]);
    assert_eq!((alerts[0].kind, alerts[0].at, &*alerts[0].account_id), (AlertKind::AccountAlert, at(3), "main"));
    brain.mark(at(4), 110_000_000, 0, None);
    let refused = brain.check(&buy(100), &view(&account)).expect_err("halted, although it came back");
    assert_eq!(refused.to_string(), "buys are halted until the next session: the day's loss exceeded 5.00 %");
    brain.open_session(date(2024, 3, 4), 104_000_000);
    assert_eq!(brain.check(&buy(100), &view(&account)), Ok(()));
    // The peak of yesterday is not today's.
    assert_eq!(brain.mark(at(5), 100_000_000, 0, None), []);
    assert!((brain.dd_intraday() - 4.0 / 104.0).abs() < 1e-12 && brain.nav_peak() == 110_000_000);
}

#[test]
fn a_halt_of_yesterday_that_ends_is_told_and_one_of_today_again() {
    let mut brain = brain();
    brain.mark(at(1), 94_000_000, 0, None);
    brain.open_session(date(2024, 3, 4), 94_000_000);
    let alerts = brain.mark(at(1), 94_000_000, 0, None);
    assert_eq!(alerts.iter().map(|alert| alert.level).collect::<Vec<_>>(), [RiskLevel::Info]);
    brain.mark(at(2), 89_000_000, 0, None);
    brain.open_session(date(2024, 3, 5), 89_000_000);
    let alerts = brain.mark(at(1), 84_000_000, 0, None);
    assert!(alerts.iter().any(|alert| alert.message.ends_with("buys are halted until the next session")), "{alerts:?}");
}

#[test]
fn a_figure_on_the_edge_does_not_alert_with_every_bar() {
    let mut brain = brain();
    let largest = |value: Fen| Some((symbol("600000.SH"), value));
    let marks =
        [23_000_000, 25_000_000, 23_900_000, 24_100_000, 23_000_000, 31_000_000, 29_000_000, 31_000_000, 20_000_000];
    let told: Vec<(usize, RiskLevel)> = marks
        .into_iter()
        .enumerate()
        .flat_map(|(index, value)| {
            let alerts = brain.mark(at(1), NAV, value, largest(value));
            alerts.into_iter().map(move |alert| {
                assert_eq!((alert.kind, alert.symbol), (AlertKind::SymbolAlert, Some(symbol("600000.SH"))));
                (index, alert.level)
            })
        })
        .collect();
    assert_eq!(told, [(1, RiskLevel::Warning), (5, RiskLevel::Critical), (8, RiskLevel::Info)]);
}

#[test]
fn a_total_fall_trips_the_kill_switch_until_a_person_releases_it() {
    let (mut brain, account) = (brain(), Account::with_cash(NAV));
    for (day, nav) in [(4, 96_000_000), (5, 92_000_000), (6, 88_000_000), (7, 84_000_000), (8, 80_000_000)] {
        brain.open_session(date(2024, 3, day), nav);
        brain.mark(date(2024, 3, day).at(15, 0, 0, 0), nav, 0, None);
    }
    assert_eq!(brain.kill_switch(), None, "20 % is the limit");
    let alerts = brain.mark(at(1), 79_999_999, 0, None);
    let critical: Vec<_> = alerts.iter().filter(|alert| alert.level == RiskLevel::Critical).collect();
    assert_eq!(critical.len(), 1);
    let reason = "799999.99 CNY is 20.00 % below the peak of 1000000.00, limit 20.00 %";
    assert_eq!(critical[0].message, format!("{reason}; the kill switch is tripped"));
    let tripped = KillSwitch { account_id: "main".into(), at: at(1), reason: reason.into() };
    assert_eq!(brain.kill_switch(), Some(&tripped));
    brain.trip(at(2), "later".into());
    brain.open_session(date(2024, 3, 11), NAV);
    assert_eq!(brain.kill_switch(), Some(&tripped), "the first reason stays, also in the next session");
    assert_eq!(brain.score().level, RiskLevel::Critical);

    let mut restarted = RiskBrain::new("main".into(), limits());
    let kept = serde_json::to_string(&tripped).expect("JSON");
    restarted.restore_kill_switch(serde_json::from_str(&kept).expect("a kill switch"));
    let refused = restarted.check(&buy(100), &view(&account)).expect_err("tripped");
    assert_eq!(refused.to_string(), format!("the kill switch is tripped: {reason}"));

    brain.mark(at(3), 80_000_000, 0, None);
    brain.release_kill_switch();
    brain.mark(at(4), 79_000_000, 0, None);
    assert_eq!(brain.kill_switch(), None, "the fall that was released does not trip it again");
    assert_eq!(brain.nav_peak(), 80_000_000);
}

/// W29: the original divided a sum of weights by net asset value in CNY, so 3 x leverage scored 3e-6.
#[test]
fn leverage_has_one_unit() {
    let mut brain = brain();
    let alerts = brain.mark(at(1), NAV, 3 * NAV, None);
    let score = brain.score();
    assert_eq!(score.leverage, 3.0);
    assert!((score.score - 0.2 * 3.0_f64.tanh()).abs() < 1e-15, "{}", score.score);
    let sentence = "positions of 3000000.00 CNY are 3.0000 of 1000000.00, limit 1.0000";
    assert_eq!(levels(&alerts), [(RiskLevel::Critical, sentence)]);
    brain.mark(at(2), 0, NAV, None);
    assert!(brain.score().score <= 1.0 && brain.score().score.is_finite());
}

#[test]
fn the_score_is_0_76_where_every_measure_is_at_its_limit() {
    let mut brain = brain();
    brain.limits.max_dd_total = 0.05;
    brain.mark(at(1), 95_000_000, 95_000_000, Some((symbol("600000.SH"), 28_500_000)));
    let score = brain.score();
    assert!((score.score - 1.0_f64.tanh()).abs() < 1e-12, "{score:?}");
    assert_eq!((score.dd_intraday, score.dd_total, score.leverage, score.concentration), (0.05, 0.05, 1.0, 0.3));
    assert_eq!(score.level, RiskLevel::Critical, "above 0.7");
    assert_eq!(brain.kill_switch(), None, "at a limit is not beyond it");
}

#[test]
fn the_same_refusal_is_told_once_a_session() {
    let mut brain = brain();
    let refused = RiskRefusal::Blacklisted;
    let alert = brain.refusal_alert(&buy(100), &refused).expect("the first");
    assert_eq!(alert.message, "buy of 100 600000.SH refused: the symbol is on the blacklist");
    assert_eq!((alert.kind, alert.level, alert.at), (AlertKind::SymbolAlert, RiskLevel::Warning, at(0)));
    assert_eq!(brain.refusal_alert(&buy(200), &refused), None);
    assert!(brain.refusal_alert(&buy(100), &RiskRefusal::NotWhitelisted).is_some());
    brain.open_session(date(2024, 3, 4), NAV);
    assert!(brain.refusal_alert(&buy(200), &refused).is_some());
}

#[test]
fn a_state_comes_back_whole_or_not_at_all() {
    let mut brain = brain();
    brain.mark(at(1), 79_000_000, 50_000_000, Some((symbol("600000.SH"), 30_000_000)));
    brain.executed(&fill("main", 100));
    brain.refusal_alert(&buy(100), &RiskRefusal::Blacklisted);
    let text = brain.state().to_string();
    let mut other = RiskBrain::new("main".into(), limits());
    other.restore(&serde_json::from_str(&text).expect("JSON")).expect("a state");
    assert_eq!(other.state().to_string(), text);
    assert_eq!((other.score(), other.kill_switch()), (brain.score(), brain.kill_switch()));
    assert_eq!(other.mark(at(2), 79_000_000, 50_000_000, Some((symbol("600000.SH"), 30_000_000))), [], "told before");
    for (from, to, expected) in [
        ("\"main\"", "\"other\"", "its kill switch is of other"),
        ("traded", "trade", "unknown field `trade`"),
        ("\"is_halted\":true", "\"is_halted\":1", "expected a boolean"),
    ] {
        let damaged = serde_json::from_str(&text.replace(from, to)).expect("JSON");
        let error = other.restore(&damaged).expect_err("damaged");
        assert!(error.contains(expected), "{error}");
        assert_eq!(other.state().to_string(), text);
    }
}
