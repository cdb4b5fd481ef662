//! A collection that is killed goes on where it was: what is in is not asked for again.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    time::Duration,
};

use lighthunter::{
    clock::pause,
    market::{DailyBar, Exchange, MarketData, Symbol},
    store::Ledger,
};

use super::{FAST, NOW, Scene};

/// How many symbols are collected; `make collect-scale` asks for 5,000.
const SYMBOLS: &str = "COLLECT_SYMBOLS";

#[test]
fn a_killed_collection_goes_on_where_it_was() {
    let symbols = std::env::var(SYMBOLS).ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    killed_and_resumed(symbols, symbols / 2);
}

/// Kills the collection once the site was asked for `until` pages, and collects again.
#[expect(clippy::print_stderr, reason = "make collect-scale prints what it measured")]
fn killed_and_resumed(symbols: usize, until: usize) {
    let mut scene = Scene::new(100, 5, FAST);
    scene.market = copied(&scene.market, symbols);
    scene.upstream.replace_market(scene.market.clone());
    let watch = lighthunter::clock::Stopwatch::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lighthunter"))
        .env("LIGHTHUNTER_WORKSPACE", scene.room.root())
        .env(NOW, scene.now())
        .args(scene.arguments(&["--kind", "daily"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    while scene.upstream.log().len() < until {
        assert!(child.try_wait().expect("asked").is_none(), "it ended before it could be killed");
        pause(Duration::from_millis(1));
    }
    child.kill().expect("killed with signal 9");
    child.wait().expect("ended");
    let killed = watch.seconds();

    let asked_before = scene.upstream.log().len();
    let ledger = Ledger::open(&scene.station().store_settings().ledger).expect("opened");
    let covered: BTreeSet<String> = ledger.covered("east", "daily").expect("listed").into_keys().collect();
    drop(ledger);
    assert!(!covered.is_empty() && covered.len() < symbols, "{} of {symbols} pages were in", covered.len());

    scene.upstream.clear_log();
    scene.collect(0, &["--kind", "daily"]);
    let again: Vec<String> = scene.upstream.log().into_iter().map(|asked| asked.target).collect();
    for symbol in &covered {
        let (digits, _) = symbol.split_once('.').expect("a symbol");
        let found = again.iter().find(|target| target.contains(&format!(".{digits}&")));
        assert!(found.is_none(), "{symbol} is in and was asked for again: {found:?}");
    }
    assert_eq!(again.len(), symbols - covered.len(), "what was not in, each once");
    scene.assert_whole("east");
    eprintln!(
        "{symbols} symbols: killed after {asked_before} requests in {killed:.1} s with {} pages in; the rest, {}, and all \
         rows written in {:.1} s",
        covered.len(),
        again.len(),
        watch.seconds() - killed
    );
}

/// Returns the daily bars of a market under as many codes as are wanted.
fn copied(market: &MarketData, symbols: usize) -> MarketData {
    let known: BTreeSet<Symbol> = market.daily.iter().map(|bar| bar.symbol).collect();
    let copies = known.iter().cycle().zip(0..symbols as u32).map(|(own, number)| {
        let exchange = if number % 2 == 0 { Exchange::Sh } else { Exchange::Sz };
        let first = if exchange == Exchange::Sh { 600_000 } else { 1 };
        (*own, Symbol::new(first + number / 2, exchange).expect("six digits"))
    });
    let mut daily: Vec<DailyBar> = copies
        .flat_map(|(own, copy)| {
            let bars = market.daily.iter().filter(move |bar| bar.symbol == own);
            bars.map(move |bar| DailyBar { symbol: copy, ..bar.clone() })
        })
        .collect();
    daily.sort_by_key(|bar| (bar.date, bar.symbol));
    MarketData { daily, ..MarketData::default() }
}
