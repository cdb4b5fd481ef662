//! The stores and the bars of the newest sessions.

use std::{collections::BTreeMap, fs, io::Write as _};

use jiff::{SignedDuration, civil::date};

use super::room::{EVENING, MORNING, Room, SESSION, assert_only, clock, not_ok};
use crate::{
    market::{DailyBar, MarketData, SourceBar},
    net::{BreakerState, SiteCounters},
    ops::day_ops::{CheckName, DayOpsOptions, Grade},
    store::{FetchedPage, Query},
};

#[test]
fn damaged_and_missing_stores_are_seen() {
    let room = Room::nighted();
    let partition = room.root.join(format!("data/parquet/daily/trade_date={SESSION}"));
    let mut parts = fs::read_dir(&partition).expect("listed").flatten().map(|entry| entry.path());
    let part = parts.find(|path| path.extension().is_some_and(|kind| kind == "parquet")).expect("a file");
    let mut bytes = fs::read(&part).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::File::create(&part).and_then(|mut file| file.write_all(&bytes)).expect("damaged");
    assert_only(&room.morning(&[]), &[(CheckName::Stores, Grade::Warning)], "had to mend");
    assert_eq!(not_ok(&room.morning(&[])), BTreeMap::new(), "what was mended stays mended");
    let nowhere = [("storage.ts.duckdb_path", "data/__invalid_path__/x.duckdb")];
    let unseen = [
        (CheckName::Stores, Grade::Fail),
        (CheckName::DataSessions, Grade::Warning),
        (CheckName::DataVolume, Grade::Warning),
        (CheckName::DataFindings, Grade::Warning),
        (CheckName::ModelQuality, Grade::Warning),
    ];
    assert_only(&room.morning(&nowhere), &unseen, "storage.ts.duckdb_path");
}

#[test]
fn session_without_bars_and_a_gap_are_seen() {
    let gap = Room::nighted_on(|market| market.daily.retain(|bar| bar.date != date(2025, 6, 20)));
    assert_only(
        &gap.morning(&[]),
        &[(CheckName::DataSessions, Grade::Warning)],
        "1 sessions have no daily bar: 2025-06-20",
    );
    let room = Room::nighted();
    let dead = [("data_sources.market.kind", "directory")];
    let report = room.day_ops("2025-07-02T08:30:00+08:00", &dead, &DayOpsOptions::default()).report;
    let expected = [
        (CheckName::DataSessions, Grade::Fail),
        (CheckName::NightOps, Grade::Warning),
        (CheckName::DataVolume, Grade::Warning),
        (CheckName::DataFindings, Grade::Warning),
    ];
    assert_only(&report, &expected, "end on 2025-06-30, 1 sessions before 2025-07-01");
}

#[test]
fn thin_session_is_seen() {
    // A night refuses a session that is far thinner than the one before; DayOps looks further back.
    let before = date(2025, 6, 27);
    for (kept, from, grade, words) in
        [(15, SESSION, Grade::Warning, "93.8 %"), (7, before, Grade::Fail, "43.8 % of the median 16")]
    {
        let room = Room::nighted_on(|market| {
            let mut symbols: Vec<_> = market.daily.iter().map(|bar| bar.symbol).collect();
            symbols.sort_unstable();
            symbols.dedup();
            let last = symbols.split_off(kept);
            market.daily.retain(|bar| bar.date < from || !last.contains(&bar.symbol));
        });
        assert_only(&room.morning(&[]), &[(CheckName::DataVolume, grade)], words);
    }
}

#[test]
fn hard_findings_and_series_that_stand_still_are_seen() {
    let room = Room::nighted();
    room.plant_bars(|bars| {
        let bar = bars.into_iter().find(|bar| bar.date == SESSION && !bar.suspended).expect("a bar");
        vec![DailyBar { high: bar.low - 0.01, ..bar }]
    });
    assert_only(&room.morning(&[]), &[(CheckName::DataFindings, Grade::Fail)], "1 of 16 rows of 2025-06-30");
    let lax = [("data_guardian.max_bad_row_share", "0.5")];
    assert_only(&room.morning(&lax), &[(CheckName::DataFindings, Grade::Warning)], "ohlc_order");

    let room = Room::nighted();
    room.plant_bars(|bars| {
        let newest = bars.iter().rfind(|bar| !bar.suspended).expect("a bar");
        let mut series: Vec<DailyBar> = bars.iter().filter(|bar| bar.symbol == newest.symbol).cloned().collect();
        let mut series = series.split_off(series.len() - 5);
        let price = series[0].close;
        for bar in &mut series {
            (bar.open, bar.high, bar.low, bar.close) = (price, price, price, price);
            bar.amount = None;
        }
        for bar in series.iter_mut().skip(1) {
            bar.preclose = Some(price);
        }
        series
    });
    assert_only(&room.morning(&[]), &[(CheckName::DataFindings, Grade::Warning)], "same four prices");
}

#[test]
fn stale_sources_are_seen_with_the_date_since_when() {
    let room = Room::nighted();
    let east = [("data_sources.east.site", "eastmoney"), ("data_sources.east.enabled", "true")];
    let seen = |words: &str| {
        assert_only(&room.morning(&east), &[(CheckName::DataSources, Grade::Warning)], words);
    };
    seen("east has delivered no daily yet; it has never answered");

    let bars = room.station(EVENING, &[]).open_stores().expect("opened").0;
    let bars = bars.daily(&Query { from: Some(SESSION), ..Query::up_to(SESSION) }).expect("read");
    let deliver = |last: jiff::civil::Date, symbols: usize| {
        let page = |bar: &DailyBar| FetchedPage {
            source: "east".into(),
            site: "eastmoney".into(),
            kind: "daily".into(),
            symbol: bar.symbol.to_string(),
            first: date(2025, 6, 2),
            last,
            rows: 1,
            received_at: clock(EVENING).now(),
            body: Vec::new(),
        };
        let ledger = room.ledger();
        ledger.put_pages(&bars.iter().take(symbols).map(page).collect::<Vec<_>>()).expect("kept");
        ledger.settle_pages(&ledger.waiting_pages(1000).expect("read")).expect("settled");
    };
    deliver(date(2025, 6, 26), 16);
    let answered = SiteCounters { last_answer_at: Some(clock(EVENING).now()), ..SiteCounters::default() };
    room.plant_state(|state| drop(state.network.insert("east".into(), answered.clone())));
    seen(
        "east is stale: its newest daily are of 2025-06-26, 2 sessions before 2025-06-30; it last answered at 2025-06-30",
    );
    deliver(SESSION, 12);
    seen("east is stale in part: of 16 symbols of daily, 4 end before 2025-06-30");
    deliver(SESSION, 16);
    seen("east answers, but has no daily row of 2025-06-30");

    let source_bars = bars.iter().map(|bar| SourceBar {
        bar: DailyBar { source: "east".into(), ..bar.clone() },
        version: 0,
        received_at: clock(EVENING).now(),
    });
    let data = MarketData { source_bars: source_bars.collect(), ..MarketData::default() };
    let station = room.station(EVENING, &[]);
    station.open_stores().expect("opened").0.import(&data, station.clock.now()).expect("imported");
    assert_eq!(not_ok(&room.morning(&east)), BTreeMap::new(), "all delivered");

    let open = SiteCounters {
        breaker_state: BreakerState::Open,
        breaker_open_until: Some(clock(MORNING).now() + SignedDuration::from_mins(2)),
        breaker_reason: Some("5 straight bans".into()),
        ..answered
    };
    room.plant_state(|state| drop(state.network.insert("east".into(), open)));
    seen("its circuit breaker is open: 5 straight bans");
}
