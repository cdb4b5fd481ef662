//! The paper broker's rules one by one: where an order fills, what refuses it, and what a restart keeps.

use jiff::civil::{Date, DateTime, date};

use super::PaperBroker;
use crate::{
    market::{Commission, PriceBand, Side, Symbol},
    trading::{
        Bar, Fen, Reject, SymbolDay, TradeTerms,
        broker::{
            Broker, ClientOrderId, Execution, OrderKind, OrderRequest, OrderStatus, Refusal, Submission, TimeInForce,
            Venue,
        },
    },
};

const DAY: Date = date(2025, 1, 2);
const CODE: &str = "600000.SH";

fn symbol(code: &str) -> Symbol {
    code.parse().expect("a symbol")
}

/// 3 bp, at least 5 CNY, half of the volume.
fn terms() -> TradeTerms {
    TradeTerms {
        commission: Commission { rate: 3e-4, minimum: 5.0 },
        slippage_bps: 0.0,
        participation: 0.5,
        ..TradeTerms::default()
    }
}

/// A broker in its session with 1,000,000.00 CNY each for a and b.
fn broker() -> PaperBroker {
    let mut broker = PaperBroker::new([("a".into(), 100_000_000), ("b".into(), 100_000_000)], terms());
    broker.open_session(DAY);
    broker
}

fn day() -> SymbolDay {
    SymbolDay { reference: Some(1000), band: Some(PriceBand { up: 11.0, down: 9.0 }), suspended: false }
}

fn at(hour: i8, minute: i8) -> DateTime {
    DAY.at(hour, minute, 0, 0)
}

/// A minute bar that ends then, with prices of open, high, low and close.
fn bar(end: DateTime, prices: [Fen; 4], volume: i64) -> Bar {
    let [open, high, low, close] = prices;
    let (opens, closes) = (end.time() == at(9, 31).time(), end.time() == at(15, 0).time());
    Bar { symbol: symbol(CODE), end, open, high, low, close, volume: Some(volume), amount: None, opens, closes }
}

fn order(id: &str, side: Side, shares: i64, kind: OrderKind, at: DateTime) -> OrderRequest {
    OrderRequest {
        client_order_id: ClientOrderId::new(id),
        account_id: "a".into(),
        strategy_id: "s".into(),
        symbol: symbol(CODE),
        side,
        shares,
        kind,
        time_in_force: TimeInForce::Day,
        venue: Venue::Any,
        at,
    }
}

fn step(broker: &mut PaperBroker, bar: &Bar) -> Vec<Execution> {
    let mut executions = Vec::new();
    broker.on_bar(bar, &day(), &mut executions);
    executions
}

fn close(broker: &mut PaperBroker) -> Vec<Execution> {
    let mut executions = Vec::new();
    broker.close_session(at(15, 0), &mut executions);
    executions
}

/// Shares and prices of the fills.
fn fills(executions: &[Execution]) -> Vec<(i64, Fen)> {
    executions.iter().filter(|change| change.shares > 0).map(|change| (change.shares, change.price)).collect()
}

/// A broker whose account a has held so many shares since the day before.
fn holder(shares: i64) -> PaperBroker {
    let mut broker = PaperBroker::new([("a".into(), 100_000_000), ("b".into(), 100_000_000)], terms());
    let before = date(2024, 12, 31);
    broker.open_session(before);
    broker.submit(order("held", Side::Buy, shares, OrderKind::Market, before.at(9, 0, 0, 0)));
    let held = step(&mut broker, &bar(before.at(9, 31, 0, 0), [1000; 4], 10_000_000));
    assert_eq!(fills(&held), [(shares, 1000)]);
    broker.open_session(DAY);
    broker
}

#[test]
fn a_market_order_fills_at_the_first_price_of_the_next_bar() {
    let mut broker = broker();
    broker.submit(order("1", Side::Buy, 300, OrderKind::Market, at(9, 0)));
    assert_eq!(fills(&step(&mut broker, &bar(at(9, 31), [1000, 1010, 990, 1005], 10_000))), [(300, 1000)]);
    broker.submit(order("2", Side::Buy, 300, OrderKind::Market, at(9, 32)));
    let same = step(&mut broker, &bar(at(9, 32), [1004, 1010, 990, 1005], 10_000));
    assert_eq!(fills(&same), [], "made of the bar's close, it cannot fill in it");
    assert_eq!(fills(&step(&mut broker, &bar(at(9, 33), [1003, 1010, 990, 1005], 10_000))), [(300, 1003)]);
}

#[test]
fn a_limit_is_never_passed() {
    // Side, limit, bar, fill.
    let cases = [
        (Side::Buy, 1000, [1005, 1010, 1001, 1002], None),
        (Side::Buy, 1000, [1005, 1010, 1000, 1002], Some(1000)),
        (Side::Buy, 1000, [998, 1010, 990, 1002], Some(998)),
        (Side::Sell, 1000, [995, 999, 990, 992], None),
        (Side::Sell, 1000, [995, 1000, 990, 992], Some(1000)),
        (Side::Sell, 1000, [1003, 1010, 990, 992], Some(1003)),
    ];
    for (side, limit, prices, fill) in cases {
        let mut broker = holder(1000);
        broker.submit(order("1", side, 500, OrderKind::Limit(limit), at(9, 0)));
        let seen = fills(&step(&mut broker, &bar(at(9, 31), prices, 10_000)));
        assert_eq!(seen.first().map(|(_, price)| *price), fill, "{side:?} {limit} {prices:?}");
    }
}

#[test]
fn the_closing_call_has_its_own_orders_and_one_price() {
    let mut broker = broker();
    let closing = |id, kind| OrderRequest { venue: Venue::ClosingCall, ..order(id, Side::Buy, 100, kind, at(9, 0)) };
    broker.submit(closing("1", OrderKind::Market));
    broker.submit(closing("2", OrderKind::Limit(1001)));
    assert_eq!(fills(&step(&mut broker, &bar(at(9, 31), [1000; 4], 10_000))), []);
    let last = step(&mut broker, &bar(at(15, 0), [1000, 1010, 990, 1002], 10_000));
    assert_eq!(fills(&last), [(100, 1002)], "the limit is above no other price of the bar but the call's");
    assert_eq!(close(&mut broker)[0].reason, Some(Refusal::SessionEnded));
}

#[test]
fn what_may_pass_keeps_an_order_open_and_is_its_reason_in_the_end() {
    // Opening price, volume, suspended; the reason.
    let cases = [
        (1100, 10_000, false, Reject::LimitUp),
        (1000, 0, false, Reject::NoVolume),
        (1000, 10_000, true, Reject::Suspended),
        (0, 10_000, false, Reject::NoPrice),
    ];
    for (open, volume, suspended, reason) in cases {
        let mut broker = broker();
        broker.submit(order("1", Side::Buy, 300, OrderKind::Market, at(9, 0)));
        let mut executions = Vec::new();
        let bar = bar(at(9, 31), [open, 1100, 990, 1005], volume);
        broker.on_bar(&bar, &SymbolDay { suspended, ..day() }, &mut executions);
        assert_eq!(executions, [], "{reason}");
        let closed = close(&mut broker);
        assert_eq!((closed[0].status, closed[0].reason), (OrderStatus::Cancelled, Some(Refusal::Rule(reason))));
    }
}

#[test]
fn what_never_passes_ends_an_order() {
    let cases = [
        (Side::Buy, 99, OrderKind::Market, Refusal::Rule(Reject::BelowLot)),
        (Side::Sell, 1100, OrderKind::Market, Refusal::Rule(Reject::NotSellable)),
        (Side::Buy, 200_000, OrderKind::Market, Refusal::Rule(Reject::NotEnoughCash)),
        (Side::Buy, 100, OrderKind::Limit(1101), Refusal::InvalidPrice),
        (Side::Buy, 100, OrderKind::Limit(899), Refusal::InvalidPrice),
    ];
    for (side, shares, kind, reason) in cases {
        let mut broker = holder(1000);
        assert_eq!(broker.submit(order("1", side, shares, kind, at(9, 0))), Submission::Accepted(2));
        let seen = step(&mut broker, &bar(at(9, 31), [1000; 4], 10_000_000));
        assert_eq!((seen[0].status, seen[0].reason), (OrderStatus::Rejected, Some(reason)), "{side:?} {shares}");
        assert_eq!(broker.pending_shares("a", symbol(CODE)), 0);
    }
    let nobody = OrderRequest { account_id: "c".into(), ..order("1", Side::Buy, 100, OrderKind::Market, at(9, 0)) };
    let at_once = [
        (nobody, Refusal::NoAccount),
        (order("2", Side::Buy, 0, OrderKind::Market, at(9, 0)), Refusal::Rule(Reject::NotPositive)),
        (order("3", Side::Sell, i64::MIN, OrderKind::Market, at(9, 0)), Refusal::Rule(Reject::NotPositive)),
        (order("4", Side::Buy, 100, OrderKind::Limit(0), at(9, 0)), Refusal::InvalidPrice),
    ];
    for (order, reason) in at_once {
        let Submission::Rejected(change) = broker().submit(order) else { panic!("{reason} is said at once") };
        assert_eq!((change.order_id, change.exec_id, change.reason), (0, 1, Some(reason)));
    }
    assert_eq!(broker().account("c"), None, "nobody opened it");
}

#[test]
fn what_is_bought_today_is_sold_tomorrow() {
    let mut broker = broker();
    broker.submit(order("1", Side::Buy, 300, OrderKind::Market, at(9, 0)));
    step(&mut broker, &bar(at(9, 31), [1000; 4], 10_000));
    broker.open_session(DAY);
    broker.submit(order("2", Side::Sell, 300, OrderKind::Market, at(9, 31)));
    let seen = step(&mut broker, &bar(at(9, 32), [1000; 4], 10_000));
    assert_eq!(seen[0].reason, Some(Refusal::Rule(Reject::NotSellable)), "also when the session is opened again");
    close(&mut broker);
    let next = date(2025, 1, 3);
    broker.open_session(next);
    broker.submit(order("3", Side::Sell, 300, OrderKind::Market, next.at(9, 0, 0, 0)));
    assert_eq!(fills(&step(&mut broker, &bar(next.at(9, 31, 0, 0), [1000; 4], 10_000))), [(300, 1000)]);
}

#[test]
fn all_accounts_share_a_bars_volume_and_commission_is_paid_once_an_order() {
    let mut broker = broker();
    broker.submit(order("1", Side::Buy, 300, OrderKind::Market, at(9, 0)));
    let other = order("2", Side::Buy, 500, OrderKind::Market, at(9, 0));
    broker.submit(OrderRequest { account_id: "b".into(), ..other });
    let first = step(&mut broker, &bar(at(9, 31), [1000; 4], 1_100));
    assert_eq!(fills(&first), [(300, 1000), (200, 1000)], "550 shares in whole lots, to the first come first");
    assert_eq!(first[1].status, OrderStatus::PartiallyFilled);
    assert_eq!((first[1].charges.commission, broker.pending_shares("b", symbol(CODE))), (500, 300));
    let second = step(&mut broker, &bar(at(9, 32), [1010; 4], 1_000));
    assert_eq!((fills(&second), second[0].status), (vec![(300, 1010)], OrderStatus::Filled));
    assert_eq!(second[0].charges.commission, 0, "5,030.00 at 3 bp is below the 5.00 that were paid");
    assert_eq!(second[0].cash_after, 100_000_000 - 200_000 - 303_000 - 500 - 5, "and 0.001 % transfer fee");
}

#[test]
fn ioc_and_fok_end_at_their_match() {
    let once = |time_in_force| {
        let mut broker = broker();
        broker.submit(OrderRequest { time_in_force, ..order("1", Side::Buy, 300, OrderKind::Market, at(9, 0)) });
        step(&mut broker, &bar(at(9, 31), [1000; 4], 400))
    };
    let ioc = once(TimeInForce::Ioc);
    assert_eq!(fills(&ioc), [(200, 1000)]);
    assert_eq!((ioc[1].status, ioc[1].reason), (OrderStatus::Cancelled, Some(Refusal::NotAtOnce)));
    let fok = once(TimeInForce::Fok);
    assert_eq!((fills(&fok), fok[0].reason), (vec![], Some(Refusal::NotAtOnce)));
}

#[test]
fn an_id_is_one_order_also_in_later_sessions_and_after_a_restart() {
    let mut broker = broker();
    let one = || order("1", Side::Buy, 300, OrderKind::Market, at(9, 0));
    assert_eq!(broker.submit(one()), Submission::Accepted(1));
    assert_eq!(broker.submit(one()), Submission::Duplicate(1));
    close(&mut broker);
    assert_eq!(broker.submit(one()), Submission::Duplicate(1));
    let mut restarted = PaperBroker::new([], terms());
    restarted.restore(&broker.state()).expect("a state");
    assert_eq!(restarted.submit(one()), Submission::Duplicate(1));
    assert_eq!(restarted.submit(order("2", Side::Buy, 300, OrderKind::Market, at(9, 0))), Submission::Accepted(2));
    assert_eq!(restarted.state()["ids"]["past"].as_str().map(str::len), Some(32));
}

#[test]
fn a_cancelled_order_is_gone() {
    let mut broker = broker();
    broker.submit(order("1", Side::Buy, 300, OrderKind::Market, at(9, 0)));
    let id = ClientOrderId::new("1");
    assert_eq!(broker.cancel(&id, at(9, 10)).expect("open").reason, Some(Refusal::BySender));
    assert_eq!(broker.cancel(&id, at(9, 10)), None);
    assert_eq!(step(&mut broker, &bar(at(9, 31), [1000; 4], 10_000)), []);
}

#[test]
fn a_state_that_cannot_be_is_refused_and_changes_nothing() {
    let mut broker = holder(1000);
    broker.submit(order("1", Side::Buy, 300, OrderKind::Market, at(9, 0)));
    let state = broker.state();
    let broken = [
        ("/accounts/a/cash", serde_json::json!(-1)),
        ("/accounts/a/positions/600000.SH/sellable", serde_json::json!(1001)),
        ("/accounts/a/positions/600000.SH/shares", serde_json::json!(0)),
        ("/open/0/filled", serde_json::json!(300)),
        ("/open/0/number", serde_json::json!(7)),
        ("/open/0/request/account_id", serde_json::json!("c")),
        ("/ids/past", serde_json::json!("xy")),
        ("/session", serde_json::json!("never")),
    ];
    for (place, value) in broken {
        let mut other = state.clone();
        *other.pointer_mut(place).unwrap_or_else(|| panic!("{place} is in {state}")) = value;
        assert!(broker.restore(&other).is_err(), "{place}");
        assert_eq!(broker.state(), state, "{place}");
    }
    broker.restore(&state).expect("its own state");
}
