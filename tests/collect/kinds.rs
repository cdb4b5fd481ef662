//! What comes in when all is well, by kind and role.

use jiff::civil::Date;
use lighthunter::{
    drill::upstream::Disturbance,
    market::{DailyBar, Exchange, Interval, MarketData, Symbol},
    store::{Query, Table},
};

use super::{FAST, Scene};

#[test]
fn the_primary_source_fills_daily_and_every_source_its_own_rows() {
    let sources = format!(
        r#"{FAST}, "tx": {{"role": "verify", "enabled": true, "base_url": "URL", "max_qps": 5000}},
        "ths": {{"enabled": true, "base_url": "URL", "max_qps": 5000}},
        "off": {{"site": "sina", "kinds": ["snapshot"], "base_url": "URL"}}"#
    );
    let scene = Scene::new(6, 30, &sources);
    let report = scene.collect(0, &["--kind", "daily"]);
    assert_eq!(report["report"]["sources"].as_array().expect("sources").len(), 3, "{report}");
    scene.assert_whole("east");
    scene.assert_whole("tx");
    scene.assert_whole_where("ths", |symbol| symbol.exchange() != Exchange::Bj);
    let stores = scene.stores();
    let daily = stores.daily_as_delivered(&Query::up_to(Date::MAX)).expect("read");
    assert_eq!(daily.len(), scene.market.daily.iter().filter(|bar| !bar.suspended).count());
    assert!(daily.iter().all(|bar| &*bar.source == "east"));
    drop(stores);

    scene.upstream.clear_log();
    let again = scene.collect(0, &["--kind", "daily"]);
    assert!(scene.upstream.log().is_empty(), "all is in: {again}");
    let again = scene.collect(0, &["--kind", "daily", "--again"]);
    assert!(!scene.upstream.log().is_empty(), "{again}");
    scene.assert_whole("east");
}

#[test]
fn a_restated_day_becomes_a_version_and_the_newest_is_what_research_reads() {
    let scene = Scene::new(2, 10, FAST);
    scene.collect(0, &["--kind", "daily"]);
    let bar = scene.market.daily.iter().find(|bar| !bar.suspended).expect("a bar").clone();
    let restated = DailyBar { close: bar.low, ..bar.clone() };
    let daily = scene.market.daily.iter().map(|own| if *own == bar { restated.clone() } else { own.clone() });
    scene.upstream.replace_market(MarketData { daily: daily.collect(), ..scene.market.clone() });
    scene.collect(0, &["--kind", "daily", "--again"]);
    let versions: Vec<(u32, f64)> = scene
        .source_bars()
        .iter()
        .filter(|row| (row.bar.date, row.bar.symbol) == (bar.date, bar.symbol))
        .map(|row| (row.version, row.bar.close))
        .collect();
    assert_eq!(versions, [(1, bar.close), (2, bar.low)]);
    let query = Query { from: Some(bar.date), up_to: bar.date, symbols: Some(&[bar.symbol]) };
    assert_eq!(scene.stores().daily_as_delivered(&query).expect("read")[0].close, bar.low);
}

#[test]
fn index_minute_and_basic_rows_go_to_their_tables() {
    let scene = Scene::new(3, 12, FAST);
    let index = scene.market.index[0].symbol.to_string();
    let mut arguments = scene.arguments(&["--kind", "index"]);
    let place = arguments.iter().position(|text| text == "--symbols").expect("there") + 1;
    arguments[place] = index;
    scene.room.run_to(0, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let report = scene.collect(0, &["--kind", "minute,basic"]);
    assert!(report["report"]["sources"][0]["reaches_back_to"].is_string(), "one session of minutes: {report}");
    let stores = scene.stores();
    let stored = stores.index(&Query::up_to(Date::MAX)).expect("read");
    let first = stored[0].symbol;
    let expected: Vec<_> = scene.market.index.iter().filter(|bar| bar.symbol == first).collect();
    assert_eq!(stored.len(), expected.len());
    let day = scene.market.minute[&Interval::M1][0].ts.date();
    let minutes = stores.minute(Interval::M1, day).expect("read");
    let traded = scene.market.minute[&Interval::M1].iter().filter(|bar| bar.ts.date() == day).count();
    assert_eq!(minutes.len(), traded);
    assert!(stores.partitions(Table::Securities).expect("listed").values().map(|part| part.rows).sum::<u64>() >= 3);
    drop(stores);
    scene.upstream.clear_log();
    scene.collect(0, &["--kind", "minute,basic"]);
    assert!(scene.upstream.log().is_empty(), "all is in");
}

#[test]
fn quotes_are_polled_by_name_from_the_page_that_the_site_wants() {
    let sources = r#""sina": {"role": "primary", "kinds": ["snapshot"], "enabled": true, "base_url": "URL"}"#;
    let scene = Scene::new(6, 10, sources);
    let report = scene.collect(0, &["--kind", "snapshot", "--rounds", "2", "--every", "0"]);
    assert_eq!(report["report"]["sources"][0]["pages_in"], 2, "{report}");
    let log = scene.upstream.log();
    assert!(log.len() == 2 && log.iter().all(|asked| asked.target.starts_with("/list=") && asked.status == 200));
    assert!(log.iter().all(|asked| asked.referer == "https://finance.sina.com.cn"), "{log:?}");
    assert!(scene.stores().counts().expect("read").is_empty(), "two quotes after the close make no bar");
}

#[test]
fn a_session_that_a_symbol_misses_is_asked_for_again() {
    let scene = Scene::new(3, 20, FAST);
    let symbol = scene.symbols()[1];
    let traded: Vec<Date> =
        scene.market.daily.iter().filter(|bar| bar.symbol == symbol && !bar.suspended).map(|bar| bar.date).collect();
    let lost = traded[traded.len() / 2];
    let daily = scene.market.daily.iter().filter(|bar| (bar.symbol, bar.date) != (symbol, lost)).cloned();
    scene.upstream.replace_market(MarketData { daily: daily.collect(), ..scene.market.clone() });
    scene.collect(0, &["--kind", "daily"]);
    scene.upstream.replace_market(scene.market.clone());
    scene.collect(0, &["--kind", "daily"]);
    scene.upstream.clear_log();
    scene.collect(0, &["--kind", "daily", "--gaps"]);
    let digits = lost.strftime("%Y%m%d").to_string();
    let log = scene.upstream.log();
    assert!(log.iter().any(|asked| asked.target.contains(&format!("beg={digits}"))), "{log:?}");
    scene.assert_whole("east");
}

#[test]
fn adjusted_prices_are_refused_and_never_stored() {
    let scene = Scene::new(30, 10, FAST);
    // A loss of 0.23 CNY is seen where the day's range is smaller than that.
    let is_narrow = |symbol: &Symbol| {
        let bars = scene.market.daily.iter().filter(|bar| bar.symbol == *symbol && !bar.suspended);
        bars.clone().count() >= 3 && bars.clone().filter(|bar| bar.high - bar.low < 0.15).count() * 2 > bars.count()
    };
    let symbol = scene.symbols().into_iter().find(is_narrow).expect("a cheap share in this market");
    scene.upstream.disturb(&format!(".{:06}", symbol.code()), Some(1), Disturbance::SubtractiveAdjustment);
    let report = scene.collect(12, &["--kind", "daily"]);
    assert!(report.to_string().contains("adjusted"), "{report}");
    assert!(scene.source_bars().iter().all(|row| row.bar.symbol != symbol), "nothing of it is stored");
    scene.collect(0, &["--kind", "daily"]);
    scene.assert_whole("east");
}

#[test]
fn without_a_source_nothing_runs_and_the_message_says_what_to_do() {
    let room = crate::room::Room::fresh();
    room.refused(10, &["data", "collect"], &["data_sources", "docs/collect.md"]);
    room.refused(10, &["data", "collect", "--source", "nobody"], &["nobody"]);
}
