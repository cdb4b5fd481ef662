//! The paper broker: 100,000 orders sent and matched in memory, and a million random ones that break no rule.

use jiff::civil::{Date, date};
use lighthunter::{
    clock::Stopwatch,
    market::{Exchange, PriceBand, Side, Symbol},
    trading::{
        Bar, SymbolDay, TradeTerms,
        broker::{Broker, ClientOrderId, OrderKind, OrderRequest, PaperBroker, Submission, TimeInForce, Venue},
    },
};

use crate::board::{Board, Target};

// The storm names the library through its parent, so that the library's own tests can include it too.
extern crate lighthunter;

#[path = "../src/trading/broker/storm/mod.rs"]
mod storm;

/// Orders of the measured session, over so many symbols.
const ORDERS: u32 = 100_000;
const SYMBOLS: u32 = 100;

/// Random orders of the storm.
const STORM_ORDERS: usize = 1_000_000;

const DAY: Date = date(2025, 1, 2);

/// Measures both.
pub(crate) fn bench(board: &mut Board) {
    let matching = "match 100,000 paper orders";
    let seconds = board.sample(matching, Some(u64::from(ORDERS)), seconds_to_match);
    board.put(matching, seconds, "s", Target::AtMost(0.2));
    let name = "violations in a million random orders";
    if board.wants(name) {
        let watch = Stopwatch::start();
        let after = storm::Storm { orders: STORM_ORDERS, seed: 1, restarts: false }.rage();
        let rate = after.orders as f64 / watch.seconds();
        after.first.iter().for_each(|violation| println!("  {violation}"));
        println!("  {} fills, {} refused, fingerprint {:016x}", after.fills, after.refused, after.fingerprint);
        board.put("random orders, sent, matched and checked", [rate / 1e3], "k/s", Target::None);
        board.put(name, [after.violations as f64], "", Target::AtMost(0.0));
    }
}

/// Sends a session's orders, one in two a sale of what was bought the session before, one in two limited,
/// and matches them over two bars a symbol. Returns the seconds from the first order to the last fill.
pub(crate) fn seconds_to_match() -> f64 {
    let symbols: Vec<Symbol> = (0..SYMBOLS).map(|code| symbol(600_000 + code)).collect();
    let mut broker = PaperBroker::new([("a".into(), 1_000_000_000_000)], TradeTerms::default());
    let before = date(2024, 12, 31);
    let hold: Vec<OrderRequest> = symbols.iter().zip(0..).map(|(symbol, number)| hold(*symbol, number)).collect();
    trade(&mut broker, before, &symbols, hold, 1);
    let orders: Vec<OrderRequest> = (0..ORDERS).map(|number| order(&symbols, number)).collect();
    let watch = Stopwatch::start();
    let fills = trade(&mut broker, DAY, &symbols, orders, 2);
    let seconds = watch.seconds();
    assert_eq!(fills, ORDERS as usize, "every order fills");
    seconds
}

/// Returns how many fills a session has.
fn trade(broker: &mut PaperBroker, date: Date, symbols: &[Symbol], orders: Vec<OrderRequest>, bars: i8) -> usize {
    broker.open_session(date);
    for order in orders {
        assert!(matches!(broker.submit(order), Submission::Accepted(_)), "taken");
    }
    let day = SymbolDay { reference: Some(1000), band: Some(PriceBand { up: 11.0, down: 9.0 }), suspended: false };
    let mut executions = Vec::new();
    for minute in 0..bars {
        for symbol in symbols {
            let end = date.at(9, 31 + minute, 0, 0);
            let (symbol, volume) = (*symbol, Some(10_000_000));
            let (open, high, low, close) = (1000, 1010, 990, 1005);
            let (opens, closes) = (minute == 0, false);
            let bar = Bar { symbol, end, open, high, low, close, volume, amount: None, opens, closes };
            broker.on_bar(&bar, &day, &mut executions);
        }
    }
    executions.iter().filter(|change| change.shares > 0).count()
}

fn symbol(code: u32) -> Symbol {
    Symbol::new(code, Exchange::Sh).expect("six digits")
}

fn hold(symbol: Symbol, number: u32) -> OrderRequest {
    let at = date(2024, 12, 31).at(9, 0, 0, 0);
    OrderRequest {
        client_order_id: ClientOrderId::numbered("hold", symbol, at, number),
        account_id: "a".into(),
        strategy_id: "bench".into(),
        symbol,
        side: Side::Buy,
        shares: 100_000,
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        venue: Venue::Any,
        at,
    }
}

fn order(symbols: &[Symbol], number: u32) -> OrderRequest {
    let symbol = symbols[(number % SYMBOLS) as usize];
    let at = DAY.at(9, 0, 0, 0);
    let side = if (number / SYMBOLS).is_multiple_of(2) { Side::Buy } else { Side::Sell };
    // Half of all are limited, so that the opening price fills a part of them and the range the others.
    let limit = if side == Side::Buy { 995 } else { 1005 };
    let kind = if number / SYMBOLS % 4 < 2 { OrderKind::Market } else { OrderKind::Limit(limit) };
    OrderRequest {
        client_order_id: ClientOrderId::numbered("bench", symbol, at, number),
        shares: 100,
        side,
        kind,
        at,
        ..hold(symbol, number)
    }
}
