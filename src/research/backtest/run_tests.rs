//! The loop on small made-up markets, on random ones, and on real bars.

use std::sync::Arc;

use jiff::civil::{Date, date};
use rand::RngExt;

use super::{BacktestInput, run};
use crate::{
    exit::{Exit, Failure},
    market::{
        Commission, CorporateAction, DailyBar, DailyPanel, SecurityEvent, SecurityHistory, SecurityStatus, Side,
        Symbol, tick,
    },
    research::{
        backtest::{BacktestError, BacktestParams, BacktestResult},
        testing::{top_k_core, top_k_core_every},
    },
    seed::Seed,
    trading::{TradeCore, TradeTerms, broker::Venue},
};

fn bar(code: u32, date: Date, close: f64, preclose: Option<f64>) -> DailyBar {
    DailyBar {
        date,
        symbol: Symbol::new(code, crate::market::Exchange::Sh).expect("a symbol"),
        open: close,
        high: close,
        low: close,
        close,
        volume: Some(10_000_000),
        amount: None,
        preclose,
        adj_factor: 1.0,
        suspended: false,
        source: Arc::from("test"),
    }
}

/// A market whose prices are given: one row a symbol, one column a session from 2020-06-01 on.
fn market(prices: &[&[f64]]) -> Vec<DailyBar> {
    let mut bars = Vec::new();
    for (code, prices) in (600_000..).zip(prices) {
        let mut preclose = None;
        for (day, close) in (1..).zip(*prices) {
            bars.push(bar(code, date(2020, 6, day), *close, preclose));
            preclose = Some(*close);
        }
    }
    bars
}

/// No commission and no slippage; a buy is cut to the cash, as a workspace's broker does it.
const FREE: TradeTerms = TradeTerms {
    commission: Commission { rate: 0.0, minimum: 0.0 },
    slippage_bps: 0.0,
    participation: 0.25,
    trim_to_cash: true,
};

/// What a workspace's account pays.
fn costs() -> TradeTerms {
    TradeTerms { trim_to_cash: true, ..TradeTerms::default() }
}

/// Trades with `core` from the first session to the last.
fn traded(bars: &[DailyBar], scores: &[f64], actions: &[CorporateAction], core: TradeCore) -> BacktestResult {
    let (panel, params) = (DailyPanel::from_bars(bars), BacktestParams::default());
    run(&BacktestInput { panel: &panel, scores, actions, params: &params }, core).expect("a result")
}

/// Trades the best name with all of 100,000 CNY in the closing call.
fn backtest(bars: &[DailyBar], scores: &[f64], actions: &[CorporateAction]) -> BacktestResult {
    traded(bars, scores, actions, top_k_core(1e5, 1, FREE, Venue::ClosingCall))
}

fn counts(of: &std::collections::BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    of.iter().map(|(reason, count)| (reason.as_str(), *count)).collect()
}

const NAN: f64 = f64::NAN;

#[test]
fn score_of_a_day_trades_on_the_next() {
    // Bought on day 2 at 10.00, held at 11.00, sold on day 4 at 12.00 for the other name.
    let bars = market(&[&[10.0, 10.0, 11.0, 12.0], &[20.0, 20.0, 20.0, 20.0]]);
    let result = backtest(&bars, &[1.0, 1.0, 0.0, NAN, 0.0, 0.0, 1.0, NAN], &[]);
    let trades: Vec<(Date, Side, u32, i64)> =
        result.trades.iter().map(|fill| (fill.date, fill.side, fill.symbol.code(), fill.shares)).collect();
    assert_eq!(
        trades,
        [
            (date(2020, 6, 2), Side::Buy, 600_000, 9_900),
            (date(2020, 6, 4), Side::Sell, 600_000, 9_900),
            (date(2020, 6, 4), Side::Buy, 600_001, 5_400),
        ],
        "the transfer fee costs the last lot; the new name is sized by the value before the open"
    );
    let [first, second, third] = result.equity[..] else { panic!("{:?}", result.equity) };
    assert_eq!((first.date, first.nav), (date(2020, 6, 2), 10_000_000 - 198));
    assert!((first.ret + 1.98e-5).abs() < 1e-12, "the first session counts from the initial cash");
    assert_eq!(second.nav, first.nav + 9_900 * 100);
    assert!((first.turnover - 0.495).abs() < 1e-12 && second.turnover == 0.0 && third.turnover > 0.9);
    assert_eq!((result.cut.len(), result.rejects.len(), result.limited.len()), (0, 0, 0), "planned to fit");
}

#[test]
fn a_buy_that_became_dearer_than_the_cash_is_cut_to_it() {
    // Planned as 9,900 shares at 10.00; the open asks 10.50, which the cash pays 9,500 of.
    let bars = market(&[&[10.0, 10.5, 10.5]]);
    let result = traded(&bars, &[1.0; 3], &[], top_k_core(1e5, 1, FREE, Venue::Any));
    let fills: Vec<(i64, i64)> = result.trades.iter().map(|fill| (fill.wanted, fill.shares)).collect();
    assert_eq!(fills, [(9_900, 9_500)]);
    assert_eq!((counts(&result.cut), counts(&result.rejects)), (vec![("not_enough_cash", 1)], vec![]));
    let refused = top_k_core(1e5, 1, TradeTerms { trim_to_cash: false, ..FREE }, Venue::Any);
    let result = traded(&bars, &[1.0; 3], &[], refused);
    assert_eq!(counts(&result.rejects), [("not_enough_cash", 1)], "all or nothing where it may not be cut");
}

#[test]
fn limits_and_suspensions_refuse_orders() {
    // One name goes up by its limit on the day of the purchase; it is bought on the next.
    let up = market(&[&[10.0, 11.0, 11.0, 9.9]]);
    let result = backtest(&up, &[1.0, 1.0, 1.0, NAN], &[]);
    assert_eq!((counts(&result.rejects), counts(&result.cut)), (vec![("limit_up", 1)], vec![]));
    assert_eq!(result.trades.len(), 1);
    let mut halted = market(&[&[10.0, 10.0, 10.0]]);
    halted[1].suspended = true;
    halted[1].volume = Some(0);
    let result = backtest(&halted, &[1.0; 3], &[]);
    assert_eq!(counts(&result.rejects), [("suspended", 1)]);
    assert_eq!(result.trades[0].date, date(2020, 6, 3));
    let down = market(&[&[10.0, 10.0, 9.0, 9.0], &[5.0; 4]]);
    let result = backtest(&down, &[1.0, 0.0, 0.0, NAN, 0.0, 1.0, 1.0, NAN], &[]);
    assert_eq!(counts(&result.rejects), [("limit_down", 1)]);
    assert_eq!(result.trades[1].shares, 100, "nothing sold: only the cash that was left buys");
    assert_eq!(counts(&result.cut), [("not_enough_cash", 1)]);
    let sold = result.trades.iter().find(|fill| fill.side == Side::Sell).expect("sold on the day after");
    assert_eq!((sold.date, sold.shares), (date(2020, 6, 4), 9_900));
}

#[test]
fn what_the_result_cannot_stand_for_is_said() {
    let bars = market(&[&[10.0; 4], &[20.0; 4]]);
    let few = traded(&bars, &[1.0; 8], &[], top_k_core(1e5, 20, FREE, Venue::ClosingCall));
    let told = "3 of 3 decision days had no scored name that was not wished (fewest scored: 2)";
    assert!(few.notes.iter().any(|note| note.starts_with(told)), "{:?}", few.notes);
    assert!(few.equity.iter().all(|day| day.cash * 10 > day.nav * 8), "two names of twenty: a tenth is invested");
    let mut gone = market(&[&[10.0; 4], &[20.0; 4]]);
    gone.retain(|bar| bar.symbol.code() != 600_000 || bar.date < date(2020, 6, 4));
    let stale = backtest(&gone, &[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], &[]);
    assert!(stale.notes.iter().any(|note| note.contains("600000.SH is valued at its close of 2020-06-03")));
    let silent = backtest(&bars, &[1.0, NAN, NAN, NAN, 0.0, NAN, NAN, NAN], &[]);
    assert!(silent.notes.iter().any(|note| note.starts_with("2 of 3 decision days had no score")));
    assert_eq!(silent.trades.len(), 1, "positions are kept");
}

#[test]
fn names_that_no_order_can_be_made_of_are_not_ordered() {
    // The second name is listed on the third day and had no price before; a lot of the third costs more
    // than there is.
    let mut bars = market(&[&[10.0; 4], &[20.0; 4], &[1_500.0; 4]]);
    bars.retain(|bar| bar.symbol.code() != 600_001 || bar.date >= date(2020, 6, 3));
    bars.iter_mut().filter(|bar| bar.symbol.code() == 600_001).for_each(|bar| bar.preclose = None);
    let scores = [0.0, 0.0, NAN, NAN, NAN, 1.0, NAN, NAN, 2.0, NAN, NAN, NAN];
    let result = backtest(&bars, &scores, &[]);
    assert!(result.trades.is_empty() && result.rejects.is_empty(), "{:?}", result.rejects);
    assert!(result.notes.iter().any(|note| note.starts_with("nothing was traded")), "{:?}", result.notes);
    assert!(result.equity.iter().all(|day| day.nav == 10_000_000 && day.cash == day.nav));
}

#[test]
fn nothing_to_trade_is_an_error() {
    let panel = DailyPanel::from_bars(&market(&[&[10.0; 3]]));
    let with = |scores: &[f64], params: &BacktestParams| {
        let core = top_k_core(1e5, 1, FREE, Venue::ClosingCall);
        let input = BacktestInput { panel: &panel, scores, actions: &[], params };
        run(&input, core).expect_err("an error")
    };
    let all = BacktestParams::default();
    // The score of the last session could only trade after the end.
    let error = with(&[NAN, NAN, 1.0], &all);
    let BacktestError::NothingToTrade { days: 2, last } = error else { panic!("{error}") };
    assert_eq!((last, error.exit()), (date(2020, 6, 2), Exit::NothingRan));
    assert!(matches!(with(&[], &all), BacktestError::Layout { what: "scores", got: 0, expected: 3 }));
    let later = BacktestParams { from: Some(date(2021, 1, 1)), ..all };
    assert!(matches!(with(&[1.0; 3], &later), BacktestError::NoSessions { .. }));
}

#[test]
fn ex_dates_conserve_wealth_with_and_without_known_actions() {
    // 10.00 goes ex 1.00 cash and 5 for 10 on the third day: reference and price 6.00.
    let mut bars = market(&[&[10.0, 10.0, 6.0, 6.0]]);
    bars[2].preclose = Some(6.0);
    let action = CorporateAction {
        symbol: bars[0].symbol,
        ex_date: date(2020, 6, 3),
        cash_per_10: 10.0,
        bonus_per_10: 5.0,
        rights_per_10: 0.0,
        rights_price: 0.0,
    };
    // Only one decision, so that the cash is not invested again.
    let scores = [1.0, NAN, NAN, NAN];
    let known = backtest(&bars, &scores, std::slice::from_ref(&action));
    assert!(known.equity[1].ret.abs() < 1e-12, "{:?}", known.equity);
    assert_eq!(known.dividends, 990_000);
    let unknown = backtest(&bars, &scores, &[]);
    assert!(unknown.equity[1].ret.abs() < 1e-12);
    assert!(unknown.notes.iter().any(|note| note.starts_with("1 falls of the reference price")));
    // Without a bar on the ex date the last close is lowered in its stead.
    bars.remove(2);
    bars[2].preclose = Some(6.0);
    bars.push(bar(600_001, date(2020, 6, 3), 5.0, None));
    let scores = [1.0, NAN, NAN, NAN, 0.0, NAN, NAN, NAN];
    let absent = backtest(&bars, &scores, &[action]);
    assert!(absent.equity.iter().skip(1).all(|day| day.ret.abs() < 1e-12), "{:?}", absent.equity);
}

/// A random market on ticks within the limits: 12 names, 60 sessions.
fn random_market(seed: u64) -> (Vec<DailyBar>, Vec<f64>) {
    let mut random = Seed(seed).stream("backtest test market");
    let mut bars = Vec::new();
    for code in 600_000..600_012 {
        let mut close: f64 = random.random_range(5.0..50.0);
        close = (close * 100.0).round() / 100.0;
        for day in 0..60 {
            let preclose = close;
            let mut step = |price: f64| (price * random.random_range(0.93..1.07_f64) * 100.0).round() / 100.0;
            let open = step(preclose);
            close = step(preclose);
            let date = date(2020, 6, 1).checked_add(jiff::Span::new().days(day)).expect("a date");
            let volume = Some(random.random_range(1_000..500_000));
            let suspended = random.random_bool(0.03);
            bars.push(DailyBar { open, volume, suspended, ..bar(code, date, close, Some(preclose)) });
        }
    }
    let scores = (0..12 * 60).map(|_| random.random_range(-1.0..1.0)).collect();
    (bars, scores)
}

#[test]
fn what_comes_after_a_day_does_not_change_its_trades() {
    for venue in [Venue::Any, Venue::ClosingCall] {
        let traded =
            |bars: &[DailyBar], scores: &[f64]| traded(bars, scores, &[], top_k_core_every(2, 1e6, 4, costs(), venue));
        let (bars, scores) = random_market(7);
        let original = traded(&bars, &scores);
        for day in [5_usize, 17, 40] {
            let last = original.equity[day].date;
            let mut changed = bars.clone();
            for bar in changed.iter_mut().filter(|bar| bar.date > last) {
                bar.open = 1.23;
                bar.close = 4.56;
                bar.preclose = Some(3.21);
                bar.volume = Some(777_700);
                bar.suspended = !bar.suspended;
            }
            // The panel's first session is not on the curve, so the curve's session `day` is the panel's
            // `day + 1`; its own score may only trade later.
            let mut other = scores.clone();
            other.iter_mut().enumerate().filter(|(cell, _)| cell % 60 > day).for_each(|(_, score)| *score = -*score);
            let twisted = traded(&changed, &other);
            let upto = |result: &BacktestResult| {
                let trades: Vec<_> = result.trades.iter().copied().filter(|fill| fill.date <= last).collect();
                (result.equity[..=day].to_vec(), trades)
            };
            assert_eq!(upto(&original), upto(&twisted), "{venue:?} day {day}");
            assert_ne!(original.trades, twisted.trades, "the change is seen later");
        }
    }
}

#[test]
fn same_input_gives_the_same_digest() {
    let traded =
        |bars: &[DailyBar], scores: &[f64], k| traded(bars, scores, &[], top_k_core(1e7, k, costs(), Venue::Any));
    let (mut bars, scores) = random_market(11);
    let first = traded(&bars, &scores, 3);
    bars.reverse();
    assert_eq!(traded(&bars, &scores, 3).digest, first.digest);
    assert_ne!(traded(&bars, &scores, 4).digest, first.digest);
    assert!(first.trades.len() > 100 && first.equity.iter().all(|day| day.cash >= 0), "{}", first.trades.len());
    assert!(first.cut["no_volume"] > 0 && first.rejects["suspended"] > 0, "{:?} {:?}", first.cut, first.rejects);
}

/// Reads the real daily bars, as CONTRACT's input layout has them.
fn visible_bars() -> Option<Vec<DailyBar>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/visible/daily_2017_2020.csv.gz");
    let Ok(file) = std::fs::File::open(path) else {
        eprintln!("skipped: {path} not present");
        return None;
    };
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let header = reader.headers().expect("a header").clone();
    let source: Arc<str> = Arc::from("visible");
    let bars = reader.records().map(|row| {
        let row = row.expect("a row");
        let text = |name: &str| {
            let column = header.iter().position(|column| column == name).expect(name);
            row.get(column).expect("a cell").to_owned()
        };
        let number = |name: &str| text(name).parse::<f64>().ok();
        let price = |name: &str| number(name).expect(name);
        DailyBar {
            date: text("date")[..10].parse().expect("a date"),
            symbol: text("symbol").parse().expect("a symbol"),
            open: price("open"),
            high: price("high"),
            low: price("low"),
            close: price("close"),
            volume: number("volume").map(|volume| volume as i64),
            amount: None,
            preclose: number("preclose"),
            adj_factor: price("adj_factor"),
            suspended: text("suspended").eq_ignore_ascii_case("true"),
            source: Arc::clone(&source),
        }
    });
    Some(bars.collect())
}

fn event(code: u32, day: i8, status: SecurityStatus) -> SecurityEvent {
    let symbol = Symbol::new(code, crate::market::Exchange::Sh).expect("a symbol");
    SecurityEvent { date: date(2020, 6, day), symbol, status, name: "".into() }
}

/// As [`backtest`], on a panel that knows these events.
fn with_events(bars: &[DailyBar], scores: &[f64], events: &[SecurityEvent]) -> BacktestResult {
    let panel = DailyPanel::from_bars(bars).with_history(&SecurityHistory::of(events));
    let input = BacktestInput { panel: &panel, scores, actions: &[], params: &BacktestParams::default() };
    run(&input, top_k_core(1e5, 1, FREE, Venue::ClosingCall)).expect("a result")
}

#[test]
fn share_under_special_treatment_cannot_be_bought_at_five_percent() {
    let bars = market(&[&[10.0, 10.5, 10.5]]);
    let scores = [1.0, 1.0, NAN];
    let ordinary = with_events(&bars, &scores, &[event(600_000, 1, SecurityStatus::Normal)]);
    assert_eq!(ordinary.trades[0].date, date(2020, 6, 2));
    let st = with_events(&bars, &scores, &[event(600_000, 2, SecurityStatus::St)]);
    assert_eq!(counts(&st.rejects), [("limit_up", 1)]);
    assert_eq!(st.trades[0].date, date(2020, 6, 3), "bought when it no longer stands at its limit");
}

#[test]
fn delisted_share_is_no_candidate_and_keeps_its_last_price() {
    // The first is held when it is delisted; its last bar, of the day of the delisting, does not count.
    let bars = market(&[&[10.0, 10.0, 9.5, 9.0], &[10.0, 10.0, 10.0, 10.0]]);
    let scores = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5];
    let events = [event(600_000, 3, SecurityStatus::Delisted)];
    let result = with_events(&bars, &scores, &events);
    assert_eq!(result.trades.len(), 1, "{:?}", result.trades);
    assert_eq!((result.trades[0].date, result.trades[0].price), (date(2020, 6, 2), 1000));
    let worth: Vec<i64> = result.equity.iter().map(|day| day.nav).collect();
    assert_eq!(worth, [worth[0]; 3], "valued at 10.00, the close before");
    let note = "600000.SH is valued at its close of 2020-06-02: it was delisted on 2020-06-03 while held";
    assert!(result.notes.iter().any(|own| **own == *note), "{:?}", result.notes);
    // Known before the session opens: it is not bought on its last day for the day after.
    let none_before = with_events(&bars, &[NAN, 1.0, 1.0, 1.0, NAN, 0.5, NAN, NAN], &events);
    assert_eq!(none_before.trades[0].symbol.code(), 600_001, "{:?}", none_before.trades);
}

#[test]
fn real_bars_keep_the_books_straight() {
    let Some(bars) = visible_bars() else { return };
    let panel = DailyPanel::from_bars(&bars);
    let (symbols, days) = (panel.symbols().len(), panel.dates().len());
    assert_eq!(symbols, 133);
    // Five-day reversal on adjusted closes: known on the day.
    let mut scores = vec![f64::NAN; symbols * days];
    for symbol in 0..symbols {
        for day in 5..days {
            let at = |day| {
                panel.at(crate::market::Field::Close, symbol, day)
                    * panel.at(crate::market::Field::AdjFactor, symbol, day)
            };
            scores[symbol * days + day] =
                if panel.trades(symbol, day) { 1.0 - at(day) / at(day - 5) } else { f64::NAN };
        }
    }
    let result = traded(&bars, &scores, &[], top_k_core_every(5, 1e7, 20, costs(), Venue::Any));
    assert_eq!(result.equity.len(), days - 1);
    // Cash is the initial cash plus every flow, to the fen.
    let flows: i64 = result.trades.iter().map(crate::trading::Fill::cash_flow).sum();
    let last = result.equity.last().expect("a session");
    assert_eq!(last.cash, 1_000_000_000 + flows + result.dividends);
    assert!(result.equity.iter().all(|day| day.cash >= 0 && day.nav >= day.cash));
    for fill in &result.trades {
        let symbol = panel.symbols().binary_search(&fill.symbol).expect("in the panel");
        let day = panel.dates().binary_search(&fill.date).expect("a session");
        assert!(panel.trades(symbol, day), "{fill}");
        assert_eq!(tick::fen(panel.at(crate::market::Field::Open, symbol, day)), Some(fill.price), "{fill}");
        assert!(fill.shares as f64 <= 0.25 * panel.at(crate::market::Field::Volume, symbol, day), "{fill}");
    }
    assert!(result.rejects["suspended"] > 0 && result.rejects["limit_up"] > 0, "{:?}", result.rejects);
    let total = last.nav as f64 / 1e9 - 1.0;
    assert!((-0.9..3.0).contains(&total), "{total}");
    eprintln!("{} trades, total {total:.4}, rejects {:?}, {:?}", result.trades.len(), result.rejects, result.notes);
}
