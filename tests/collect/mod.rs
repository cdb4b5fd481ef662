//! `data collect` against a quote site of our own: what comes, what is asked for again, and what becomes of
//! every way in which a site breaks.

mod kinds;
mod quotes;
mod resume;
mod trouble;

use std::collections::BTreeMap;

use jiff::civil::Date;
use lighthunter::{
    drill::upstream::Upstream,
    market::{DailyBar, MarketData, SourceBar, Symbol},
    seed::Seed,
    source::simulated::{SimulatedSpec, generate},
    store::{Query, Stores},
};
use serde_json::Value;

use crate::room::Room;

/// What a command takes for the time.
pub(crate) const NOW: &str = "LIGHTHUNTER_NOW";

/// A site, the market that it answers from, and a workspace that collects from it.
pub(crate) struct Scene {
    pub(crate) room: Room,
    pub(crate) upstream: Upstream,
    pub(crate) market: MarketData,
}

impl Scene {
    /// A market of so many symbols and sessions; `sources` is the config's `data_sources`, with `URL` for the site.
    pub(crate) fn new(symbols: usize, days: usize, sources: &str) -> Self {
        let spec = SimulatedSpec { seed: Seed(3), symbols, days, minute_days: 1, ..SimulatedSpec::default() };
        let market = generate(&spec).expect("a market");
        let upstream = Upstream::start(market.clone()).expect("a port");
        let room = Room::fresh();
        let scene = Self { room, upstream, market };
        scene.configure(sources, "");
        scene
    }

    pub(crate) fn configure(&self, sources: &str, more: &str) {
        let sources = sources.replace("URL", &self.upstream.base_url());
        self.room.write("config/system_config.dev.json", format!("{{\"data_sources\": {{{sources}}}{more}}}"));
    }

    pub(crate) fn symbols(&self) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = self.market.daily.iter().map(|bar| bar.symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// Returns the arguments that collect daily bars of every symbol over all sessions, and `more`.
    pub(crate) fn arguments(&self, more: &[&str]) -> Vec<String> {
        let dates = self.market.daily.iter().map(|bar| bar.date);
        let (first, last) = (dates.clone().min().expect("bars"), dates.max().expect("bars"));
        let symbols: Vec<String> = self.symbols().iter().map(ToString::to_string).collect();
        let own = ["data", "collect", "--json", "--start-date", &first.to_string(), "--end-date", &last.to_string()];
        let mut arguments: Vec<String> = own.iter().map(ToString::to_string).collect();
        arguments.extend(["--symbols".to_owned(), symbols.join(",")]);
        arguments.extend(more.iter().map(ToString::to_string));
        arguments
    }

    pub(crate) fn collect(&self, code: i32, more: &[&str]) -> Value {
        let arguments = self.arguments(more);
        let done = self.room.command().env(NOW, self.now()).args(&arguments).output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(done.status.code(), Some(code), "{}\n{}", text(&done.stdout), text(&done.stderr));
        serde_json::from_slice(&done.stdout).expect("one document")
    }

    /// Returns an hour after the close of the market's last session.
    pub(crate) fn now(&self) -> String {
        let last = self.market.daily.iter().map(|bar| bar.date).max().expect("bars");
        format!("{last}T08:00:00Z")
    }

    pub(crate) fn stores(&self) -> Stores {
        self.station().open_stores().expect("opened").0
    }

    fn station(&self) -> lighthunter::ops::Station {
        let workspace = lighthunter::workspace::Workspace::open(&self.room.root()).expect("a workspace");
        let config =
            lighthunter::config::load_all(&workspace, &lighthunter::config::LoadOptions::default()).expect("a config");
        lighthunter::ops::Station { workspace, config, clock: lighthunter::clock::Clock::system() }
    }

    pub(crate) fn source_bars(&self) -> Vec<SourceBar> {
        self.stores().source_bars(&Query::up_to(Date::MAX)).expect("read")
    }

    /// Checks that the stores hold each traded bar of the market once for `source`, as it was delivered.
    pub(crate) fn assert_whole(&self, source: &str) {
        self.assert_whole_where(source, |_| true);
    }

    /// As [`Scene::assert_whole`], of the symbols that the source delivers.
    pub(crate) fn assert_whole_where(&self, source: &str, delivers: impl Fn(Symbol) -> bool) {
        let rows = self.source_bars();
        let mut found = BTreeMap::new();
        for row in rows.iter().filter(|row| &*row.bar.source == source) {
            let before = found.insert((row.bar.date, row.bar.symbol), row);
            assert!(before.is_none() && row.version == 1, "{row:?} is there twice");
        }
        let is_there = |bar: &&DailyBar| !bar.suspended && delivers(bar.symbol);
        let traded: Vec<&DailyBar> = self.market.daily.iter().filter(is_there).collect();
        assert_eq!(found.len(), traded.len(), "no loss, nothing else");
        for bar in traded {
            let row = &found[&(bar.date, bar.symbol)].bar;
            let prices = |bar: &DailyBar| [bar.open, bar.high, bar.low, bar.close];
            assert_eq!(prices(row), prices(bar), "{} {}", bar.symbol, bar.date);
            let (volume, delivered) = (bar.volume.expect("traded"), row.volume.expect("delivered"));
            assert!((volume - delivered).abs() <= 50, "{} {}: {volume} {delivered}", bar.symbol, bar.date);
        }
    }
}

/// A primary source that may be asked as fast as it answers.
pub(crate) const FAST: &str = r#""east": {"site": "eastmoney", "role": "primary", "enabled": true,
    "base_url": "URL", "max_qps": 5000, "max_concurrent": 4, "timeout_sec": 2}"#;
