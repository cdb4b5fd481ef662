//! Quotes polled into 1-minute bars over many rounds, with a round that fails, quotes that come twice or late, and a
//! second process that goes on; what no poll saw is collected as bars afterwards. And what basic info tells.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use lighthunter::{
    drill::upstream::Disturbance,
    market::{Interval, MinuteBar, SecurityEvent, SecurityHistory, SecurityStatus, Symbol},
};
use serde_json::Value;

use super::{FAST, NOW, Scene};

const SINA: &str = r#""sina": {"role": "primary", "kinds": ["snapshot"], "enabled": true, "base_url": "URL"}"#;

impl Scene {
    fn day(&self) -> Date {
        self.market.minute[&Interval::M1][0].ts.date()
    }

    /// Polls quotes as of these times of the last day, a round each.
    fn poll(&self, code: i32, times: &[&str]) -> Value {
        let moments = times.iter().map(|time| self.day().to_datetime(time.parse().expect("a time")));
        self.upstream.play_quotes(moments);
        let symbols: Vec<String> = self.symbols().iter().map(ToString::to_string).collect();
        let (symbols, rounds) = (symbols.join(","), times.len().to_string());
        let own = ["data", "collect", "--json", "--kind", "snapshot", "--every", "0", "--rounds", &rounds];
        let mut command = self.room.command();
        command.env(NOW, format!("{}T01:30:00Z", self.day())).args(own).args(["--symbols", &symbols]);
        let done = command.output().expect("it starts");
        assert_eq!(done.status.code(), Some(code), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).expect("one document")
    }

    fn stored(&self) -> Vec<MinuteBar> {
        self.stores().minute(Interval::M1, self.day()).expect("read")
    }

    /// Returns the market's bars of these minutes that traded, by their end.
    fn traded(&self, ends: &[&str]) -> BTreeMap<(DateTime, Symbol), MinuteBar> {
        let ends: Vec<DateTime> = ends.iter().map(|end| self.day().to_datetime(end.parse().expect("a time"))).collect();
        let bars = self.market.minute[&Interval::M1].iter();
        let traded = bars.filter(|bar| ends.contains(&bar.ts) && bar.volume.is_some_and(|volume| volume > 0));
        traded.map(|bar| ((bar.ts, bar.symbol), bar.clone())).collect()
    }

    /// Checks that the stores hold the bars of these minutes, as their last quotes make them, and no others.
    fn assert_polled(&self, ends: &[&str]) {
        let (stored, expected) = (self.stored(), self.traded(ends));
        assert!(expected.len() >= ends.len(), "somebody trades in every minute");
        let keys: Vec<_> = stored.iter().map(|bar| (bar.ts, bar.symbol)).collect();
        assert_eq!(keys, expected.keys().copied().collect::<Vec<_>>());
        for (bar, of) in stored.iter().zip(expected.values()) {
            assert_eq!([bar.open, bar.high, bar.low, bar.close], [of.close; 4], "one price was seen: {bar:?}");
            assert_eq!((bar.volume, &*bar.source), (of.volume, "sina"), "{bar:?}");
            let (own, whole) = (bar.amount.expect("told"), of.amount.expect("told"));
            assert!((own - whole).abs() <= 0.02, "{own} {whole}");
        }
    }
}

#[test]
fn quotes_of_many_rounds_become_minute_bars_and_gaps_are_collected_afterwards() {
    let scene =
        Scene::new(4, 10, &format!("{SINA}, {}", FAST.replace("\"role\"", "\"kinds\": [\"minute\"], \"role\"")));
    // In two processes: the first of the second one's rounds is refused. Quotes come twice, and one too late.
    let times = [
        "09:30:30", "09:31:10", "09:31:40", "09:31:40", "09:32:20", "09:33:20", "09:34:20", "09:35:20", "09:36:20",
        "09:33:05",
    ];
    scene.poll(0, &times[..5]);
    scene.assert_polled(&["09:31", "09:32"]);
    scene.upstream.disturb("/list=", Some(1), Disturbance::Status(403));
    let failed = scene.poll(15, &times[4..]);
    let text = failed.to_string();
    assert!(text.contains("403") && text.contains(&scene.symbols()[0].to_string()), "{text}");
    let rounds = scene.upstream.log().iter().filter(|asked| asked.target.starts_with("/list=")).count();
    assert_eq!(rounds, times.len() + 1, "one request a round, and none is tried again after a 403");
    // Nobody saw what ended at 09:33, and nobody the beginning of what ended at 09:34.
    scene.assert_polled(&["09:31", "09:32", "09:35", "09:36"]);

    // A third one goes on after the hole: what 09:37 traded nobody knows, as its beginning was not seen.
    scene.poll(0, &["09:36:40", "09:36:50", "09:37:20", "09:38:20"]);
    scene.assert_polled(&["09:31", "09:32", "09:35", "09:36", "09:38"]);
    scene.poll(0, &["09:36:40", "09:37:20"]);
    scene.assert_polled(&["09:31", "09:32", "09:35", "09:36", "09:38"]);

    let report = scene.collect(0, &["--kind", "minute"]);
    let (stored, all) = (scene.stored(), &scene.market.minute[&Interval::M1]);
    let traded: Vec<&MinuteBar> = all.iter().filter(|bar| bar.ts.date() == scene.day()).collect();
    assert_eq!(stored.len(), traded.len(), "{report}");
    assert!(stored.iter().all(|bar| &*bar.source == "east"), "the bars of the site take the place of polled ones");
}

#[test]
fn listing_special_treatment_and_board_reach_the_table_of_securities() {
    let scene = Scene::new(60, 250, FAST);
    scene.collect(0, &["--kind", "basic"]);
    let stored = scene.stores().securities(Date::MAX).expect("read");
    let told = SecurityHistory::of(&scene.market.securities);
    let known = SecurityHistory::of(&stored);
    let last = scene.market.daily.iter().map(|bar| bar.date).max().expect("bars");
    let mut warned = 0;
    let is_told = |symbol: &Symbol| told.tells_listing(*symbol);
    assert!(scene.symbols().iter().any(is_told), "somebody is listed within this market's sessions");
    for symbol in scene.symbols().into_iter().filter(is_told) {
        assert_eq!(known.listed_on(symbol, last), told.listed_on(symbol, last), "{symbol}");
    }
    for symbol in scene.symbols() {
        assert_eq!(known.is_st(symbol, last), told.is_st(symbol, last), "{symbol}: {:?}", known.events_of(symbol));
        warned += usize::from(told.is_st(symbol, last));
        assert_eq!(symbol.board(), stored.iter().find(|event| event.symbol == symbol).expect("a row").symbol.board());
    }
    assert!(warned > 0, "somebody is under special treatment in this market");
    let name = |event: &SecurityEvent| event.name.to_string();
    let is_st = |event: &&SecurityEvent| matches!(event.status, SecurityStatus::St | SecurityStatus::StarSt);
    assert!(stored.iter().filter(is_st).all(|event| name(event).contains("ST")), "{stored:?}");
}
