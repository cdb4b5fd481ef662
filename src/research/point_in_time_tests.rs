//! The whole of research on data as known at a date against the same computed later: nothing up to the date
//! may differ, except labels whose future is not known yet.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    market::{DailyPanel, Field, MarketData, SecurityHistory, Symbol, UniverseRule, adjust::derive_factors},
    research::{
        factor, label,
        testing::{NEXT_RETURN, core_set, label_spec, real_bars},
    },
    source::{SimulatedSpec, simulated},
    store::{Row, read_parquet},
};

const RULE: UniverseRule = UniverseRule { exclude_st: true, min_listed_sessions: 60 };

/// What research knows of a symbol's session: prices, status, universe, factors and label, as bits.
type Known = BTreeMap<(Symbol, Date), Vec<u64>>;

/// Returns what is known on `as_of`; the label only of those sessions whose next is not after `label_until`.
fn known(data: &MarketData, as_of: Date, until: Date, label_until: Date) -> Known {
    let mut bars: Vec<_> = data.daily.iter().filter(|bar| bar.date <= as_of).cloned().collect();
    for bar in &mut bars {
        bar.adj_factor = f64::NAN;
    }
    let actions: Vec<_> = data.actions.iter().filter(|action| action.ex_date <= as_of).cloned().collect();
    derive_factors(&mut bars, &actions);
    let history = SecurityHistory::of(data.securities.iter().filter(|event| event.date <= as_of));
    let panel = DailyPanel::from_bars(&bars).with_history(&history);
    let universe = panel.universe(&RULE);
    let factors = factor::compute(&core_set(), &panel).expect("computed").within(&panel, &RULE);
    let labels = label::compute(&label_spec(&[NEXT_RETURN]), &panel).expect("computed").within(&panel, &RULE);
    let days = panel.dates().len();
    let mut known = Known::new();
    for (at, symbol) in panel.symbols().iter().enumerate() {
        for (day, date) in panel.dates().iter().enumerate().filter(|(_, date)| **date <= until) {
            let cell = at * days + day;
            if !panel.has_bar(at, day) {
                continue;
            }
            let price = |field| panel.at(field, at, day) * panel.at(Field::AdjFactor, at, day);
            let mut values = vec![price(Field::Open), price(Field::Close), panel.at(Field::AdjFactor, at, day)];
            values.extend(factors.columns.iter().map(|column| column[cell]));
            let age = panel.sessions_since_listing(at, day);
            let flags = [panel.is_st(at, day), panel.is_listed(at, day), universe[cell]];
            values.extend(flags.map(|flag| f64::from(u8::from(flag))));
            values.push(age.map_or(f64::NAN, f64::from));
            if *date < label_until {
                values.push(labels.labels[0].values[cell]);
                values.push(f64::from(labels.entry[cell] as u8));
            }
            known.insert((*symbol, *date), values.into_iter().map(f64::to_bits).collect());
        }
    }
    known
}

/// Compares what is known on each of `cuts` with what is known at the end.
fn assert_nothing_changes(data: &MarketData, cuts: &[Date]) {
    let last = data.daily.iter().map(|bar| bar.date).max().expect("bars");
    for cut in cuts {
        let (then, later) = (known(data, *cut, *cut, *cut), known(data, last, *cut, *cut));
        assert!(!then.is_empty(), "nothing is known on {cut}");
        for (cell, values) in &then {
            assert_eq!(Some(values), later.get(cell), "{} on {} as known on {cut}", cell.0, cell.1);
        }
        assert_eq!(then.len(), later.len(), "on {cut}");
    }
}

#[test]
fn nothing_known_of_a_simulated_session_changes_later() {
    let spec = SimulatedSpec { days: 300, minute_days: 0, ..SimulatedSpec::default() };
    let data = simulated::generate(&spec).expect("a market");
    let dates: Vec<Date> = data.index.iter().map(|bar| bar.date).collect();
    // The days before the events that a later view could leak: ex dates, ST, *ST, listings, the delisting.
    let before = |date: Date| dates[dates.partition_point(|own| *own < date).saturating_sub(1)];
    let delisted = data.securities.iter().rfind(|event| event.status.name() == "delisted").expect("one is delisted");
    let st = data.securities.iter().find(|event| event.status.name() == "ST").expect("ST shares");
    let action = &data.actions[data.actions.len() / 2];
    let cuts = [before(st.date), before(action.ex_date), before(delisted.date), delisted.date];
    assert!(cuts.iter().all(|cut| *cut < dates[dates.len() - 1]));
    assert_nothing_changes(&data, &cuts);
}

#[test]
fn nothing_known_of_a_real_session_changes_later() {
    let (Some(mut bars), Some(actions)) = (real_bars("daily_2017_2020.parquet"), real_actions()) else { return };
    // Two years of a third of the symbols hold some eighty ex dates.
    let (from, to) = (jiff::civil::date(2018, 7, 2), jiff::civil::date(2020, 6, 30));
    bars.retain(|bar| (from..=to).contains(&bar.date) && bar.symbol.code() % 3 == 0);
    let data = MarketData { daily: bars, actions, ..MarketData::default() };
    assert_nothing_changes(&data, &[jiff::civil::date(2019, 6, 13), jiff::civil::date(2020, 5, 29)]);
}

fn real_actions() -> Option<Vec<crate::market::CorporateAction>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/visible/corporate_actions_2005_2020.parquet");
    if !path.exists() {
        eprintln!("skipped: {} not present", path.display());
        return None;
    }
    Some(Row::from_batches(&path, &read_parquet(&path).expect("readable")).expect("rows"))
}

#[test]
fn a_history_of_today_s_names_is_seen() {
    let spec = SimulatedSpec { days: 120, minute_days: 0, ..SimulatedSpec::default() };
    let mut data = simulated::generate(&spec).expect("a market");
    let st = data.securities.iter().position(|event| event.status.is_st()).expect("an ST share");
    let from = data.securities[st].date;
    let cut = data.index.iter().map(|bar| bar.date).filter(|date| *date < from).max().expect("sessions before");
    let honest = known(&data, cut, cut, cut);
    // As a list of those that are ST shares today has it: since ever.
    data.securities[st].date = data.index[1].date;
    assert_ne!(known(&data, cut, cut, cut), honest);
}
