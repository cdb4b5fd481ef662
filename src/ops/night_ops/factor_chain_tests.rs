//! Tests of factors that were not delivered: they grow as those that were, wherever research begins and whatever is
//! wrong with a bar.

use std::path::Path;

use jiff::civil::Date;

use crate::{
    clock::Clock,
    config::{self, LoadOptions},
    market::{DailyBar, DailyPanel, Field, MarketData},
    ops::{
        Station,
        bootstrap::{MarketRequest, init},
        night_ops::{Night, NightOpsOptions},
    },
    seed::Seed,
    source::simulated::{SimulatedSpec, generate},
    store::write_market,
    workspace::Workspace,
};

/// Sessions of the market.
const SESSIONS: usize = 120;

fn market() -> MarketData {
    let spec = SimulatedSpec { seed: Seed(23), symbols: 8, days: SESSIONS, minute_days: 0, ..SimulatedSpec::default() };
    generate(&spec).expect("a market")
}

/// Returns a station over a market whose stores are filled.
fn station(room: &Path, data: &MarketData) -> Station {
    write_market(&room.join("market"), data).expect("written");
    let choice = room.join("market").display().to_string();
    init(&room.join("w"), &MarketRequest { choice, symbols: None, days: None }, &Clock::system()).expect("made");
    let workspace = Workspace::open(&room.join("w")).expect("a workspace");
    let config = config::load_all(&workspace, &LoadOptions::default()).expect("sound");
    let station = Station { workspace, config, clock: Clock::system() };
    let (mut stores, _) = station.open_stores().expect("open");
    stores.import(data, station.clock.now()).expect("imported");
    station
}

fn panel(station: &Station, start: Option<Date>) -> DailyPanel {
    let options = NightOpsOptions { start, ..NightOpsOptions::default() };
    let mut night = Night::begin(station, &options, "night_ops");
    night.settle_as_of().expect("settled");
    (*night.panel().expect("a panel")).clone()
}

/// Returns the largest relative distance of the factors that follow from those delivered, up to one constant a symbol.
fn distance(panel: &DailyPanel, delivered: &[DailyBar]) -> f64 {
    let (mut scales, mut largest) = (vec![None; panel.symbols().len()], 0.0_f64);
    for bar in delivered {
        let symbol = panel.symbols().binary_search(&bar.symbol).expect("there");
        let Ok(day) = panel.dates().binary_search(&bar.date) else { continue };
        if panel.trades(symbol, day) {
            let ratio = panel.at(Field::AdjFactor, symbol, day) / bar.adj_factor;
            let scale: f64 = *scales[symbol].get_or_insert(ratio);
            largest = largest.max((ratio / scale - 1.0).abs());
        }
    }
    largest
}

#[test]
fn factors_are_the_same_wherever_research_begins_and_follow_from_no_bar_that_is_left_out() {
    let truth = market();
    let mut dates: Vec<Date> = truth.daily.iter().map(|bar| bar.date).collect();
    dates.sort_unstable();
    dates.dedup();
    let moved = |from: Date| {
        let symbols = truth.actions.iter().filter(move |action| action.ex_date >= from).map(|action| action.symbol);
        symbols.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert!(moved(dates[0]) > moved(dates[60]) && moved(dates[60]) > 0, "the control: some go ex, before and after");
    let mut data = market();
    for bar in &mut data.daily {
        bar.adj_factor = f64::NAN;
    }
    // A close far beyond the limit, with a high to match: sound by itself, and left out.
    let wrong = |bar: &&mut DailyBar| bar.date == dates[40] && !bar.suspended;
    let wrong = data.daily.iter_mut().find(wrong).expect("a bar");
    (wrong.close, wrong.high) = (wrong.close * 3.0, wrong.close * 3.0);
    let (symbol, on) = (wrong.symbol, wrong.date);
    let room = tempfile::tempdir().expect("a directory");
    let station = station(room.path(), &data);
    let whole = panel(&station, None);
    let place =
        (whole.symbols().binary_search(&symbol).expect("there"), whole.dates().binary_search(&on).expect("there"));
    assert!(!whole.has_bar(place.0, place.1), "the control: it is left out");
    // The step over the day that is left out follows from the rounded terms of actions, the others from prices.
    assert!(distance(&whole, &truth.daily) < 1e-3, "{}", distance(&whole, &truth.daily));
    for start in [20, 41, 60] {
        let part = panel(&station, Some(dates[start]));
        assert_eq!(part.dates(), &whole.dates()[start..]);
        for own in 0..whole.symbols().len() {
            let Ok(of_part) = part.symbols().binary_search(&whole.symbols()[own]) else { continue };
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            let (all, from) = (whole.series(Field::AdjFactor, own), part.series(Field::AdjFactor, of_part));
            assert_eq!(bits(from), bits(&all[start..]), "{} from {}", whole.symbols()[own], dates[start]);
        }
    }
}
