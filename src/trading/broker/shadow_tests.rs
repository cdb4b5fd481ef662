//! Latency, refusals and partial fills, each alone, and that chances belong to an order.

use jiff::civil::{Date, DateTime, date};

use super::{ShadowBroker, ShadowTerms};
use crate::{
    market::{Side, Symbol},
    seed::Seed,
    trading::{
        Bar, SymbolDay, TradeTerms,
        broker::{Broker, ClientOrderId, Execution, OrderKind, OrderRequest, Refusal, Submission, TimeInForce, Venue},
    },
};

const DAY: Date = date(2025, 1, 2);

fn perfect() -> ShadowTerms {
    ShadowTerms { latency_ms: 0..=0, reject_prob: 0.0, partial_fill_prob: 0.0, partial_fill_ratio: 1.0..=1.0 }
}

fn broker(shadow: ShadowTerms, seed: u64) -> ShadowBroker {
    let accounts = [("a".into(), 10_000_000_000)];
    let mut broker = ShadowBroker::new(accounts, TradeTerms::default(), shadow, Seed(seed));
    broker.open_session(DAY);
    broker
}

fn at(hour: i8, minute: i8) -> DateTime {
    DAY.at(hour, minute, 0, 0)
}

fn order(id: &str, at: DateTime) -> OrderRequest {
    OrderRequest {
        client_order_id: ClientOrderId::new(id),
        account_id: "a".into(),
        strategy_id: "s".into(),
        symbol: symbol(),
        side: Side::Buy,
        shares: 1000,
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        venue: Venue::Any,
        at,
    }
}

fn symbol() -> Symbol {
    "600000.SH".parse().expect("a symbol")
}

fn step(broker: &mut ShadowBroker, end: DateTime) -> Vec<Execution> {
    let (opens, closes) = (end == at(9, 31), end == at(15, 0));
    let (symbol, volume) = (symbol(), Some(10_000_000));
    let bar = Bar { symbol, end, open: 1000, high: 1000, low: 1000, close: 1000, volume, amount: None, opens, closes };
    let mut executions = Vec::new();
    broker.on_bar(&bar, &SymbolDay::default(), &mut executions);
    executions
}

#[test]
fn an_order_on_its_way_misses_the_bars_that_began_before_it_arrived() {
    // Latency, sent at, the end of the bar that fills it.
    let cases = [
        (0, at(9, 31), at(9, 32)),
        (1, at(9, 0), at(9, 31)),
        (1, at(9, 25), at(9, 32)),
        (1, at(9, 31), at(9, 33)),
        (60_000, at(9, 31), at(9, 33)),
        (60_001, at(9, 31), at(9, 34)),
        (500, at(11, 30), at(13, 1)),
        (1, at(13, 0), at(13, 2)),
    ];
    for (latency, sent, filled) in cases {
        let mut broker = broker(ShadowTerms { latency_ms: latency..=latency, ..perfect() }, 1);
        let ends = [at(9, 31), at(9, 32), at(9, 33), at(9, 34), at(11, 30), at(13, 1), at(13, 2)];
        let mut seen = None;
        if sent < at(9, 31) {
            broker.submit(order("1", sent));
        }
        for end in ends {
            if let Some(fill) = step(&mut broker, end).first() {
                seen = Some(fill.at);
            }
            if end == sent || (sent == at(13, 0) && end == at(11, 30)) {
                broker.submit(order("1", sent));
            }
        }
        assert_eq!(seen, Some(filled), "{latency} ms from {sent}");
    }
}

#[test]
fn refusals_and_cuts_happen_as_often_as_they_are_asked_for() {
    let shadow = ShadowTerms { reject_prob: 0.3, partial_fill_prob: 0.5, partial_fill_ratio: 0.2..=0.6, ..perfect() };
    let mut broker = broker(shadow, 7);
    let rejected = (0..1000).filter(|number| {
        let submission = broker.submit(order(&number.to_string(), at(9, 0)));
        matches!(submission, Submission::Rejected(change) if change.reason == Some(Refusal::Shadow))
    });
    let rejected = rejected.count();
    assert!((250..350).contains(&rejected), "{rejected} of 1,000 at 0.3");
    let fills = step(&mut broker, at(9, 31));
    let cut: Vec<i64> = fills.iter().map(|fill| fill.shares).filter(|shares| *shares < 1000).collect();
    assert_eq!(fills.len(), 1000 - rejected);
    assert!((cut.len() as f64 / fills.len() as f64 - 0.5).abs() < 0.08, "{} of {}", cut.len(), fills.len());
    assert!(cut.iter().all(|shares| (200..=600).contains(shares) && shares % 100 == 0), "{cut:?}");
}

#[test]
fn chances_belong_to_the_order_and_the_seed() {
    let shadow =
        ShadowTerms { latency_ms: 1..=90_000, reject_prob: 0.2, partial_fill_prob: 0.5, partial_fill_ratio: 0.1..=0.9 };
    let fate = |seed: u64, ids: &[&str]| {
        let mut broker = broker(shadow.clone(), seed);
        let mut fills: Vec<(i64, DateTime)> = Vec::new();
        let mut rejected = false;
        for id in ids {
            let submission = broker.submit(order(id, at(9, 31)));
            rejected |= *id == "x" && matches!(submission, Submission::Rejected(_));
        }
        for end in [at(9, 32), at(9, 33), at(9, 34), at(9, 35)] {
            // A restart between two bars changes nothing.
            let state = broker.state();
            broker = self::broker(shadow.clone(), seed);
            broker.restore(&state).expect("a state");
            let mine = step(&mut broker, end).into_iter().filter(|fill| fill.client_order_id.as_str() == "x");
            fills.extend(mine.map(|fill| (fill.shares, fill.at)));
        }
        (rejected, fills)
    };
    for seed in 0..20 {
        assert_eq!(fate(seed, &["x"]), fate(seed, &["w", "x", "y", "z"]), "{seed}");
    }
    assert!((0..20).any(|seed| fate(seed, &["x"]) != fate(seed + 1, &["x"])), "seeds differ");
}
