//! Panels for the tests of research: small ones made by hand, random ones, and the real ones that
//! lie beside the project.

use std::path::Path;

use jiff::civil::Date;
use rand::RngExt as _;

use crate::{
    config::{FactorSet, Family, Label, LabelKind, LabelSpec},
    market::{Calendar, DailyBar, DailyPanel, Symbol},
    seed::Seed,
    store::{Row, read_parquet},
};

/// Returns `count` sessions of the exchanges from `first` on.
pub(crate) fn sessions(first: &str, count: usize) -> Vec<Date> {
    let first: Date = first.parse().expect("a date");
    let all = Calendar::builtin().sessions(first..=Calendar::builtin().last()).expect("in the calendar");
    all[..count].to_vec()
}

/// Returns a bar whose four prices and reference price are `price`.
pub(crate) fn bar(symbol: &str, date: Date, price: f64) -> DailyBar {
    DailyBar {
        date,
        symbol: symbol.parse().expect("a symbol"),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Some(1000),
        amount: Some(1000.0 * price),
        preclose: Some(price),
        adj_factor: 1.0,
        suspended: false,
        source: "test".into(),
    }
}

/// Returns a random market: prices walk in fen, one day in twelve is suspended, some are absent, and
/// some go ex-rights.
pub(crate) fn random_bars(symbols: u32, days: usize) -> Vec<DailyBar> {
    let mut stream = Seed(11).stream("research testing");
    let mut bars = Vec::new();
    for code in 0..symbols {
        let symbol = Symbol::new(600_000 + code, crate::market::Exchange::Sh).expect("a symbol").to_string();
        let (mut close, mut factor) = (10.0 + f64::from(code), 1.0);
        for date in sessions("2018-01-02", days) {
            let mut bar = bar(&symbol, date, close);
            if stream.random_bool(0.02) {
                factor *= 1.25;
                bar.preclose = Some((close / 1.25 * 100.0_f64).round() / 100.0);
            }
            bar.adj_factor = factor;
            let reference = bar.preclose.expect("given");
            let mut price = |low: f64, high: f64| (reference * stream.random_range(low..high) * 100.0).round() / 100.0;
            (bar.open, bar.close) = (price(0.93, 1.07), price(0.92, 1.08));
            (bar.high, bar.low) = (bar.open.max(bar.close) + 0.01, bar.open.min(bar.close) - 0.01);
            bar.volume = Some(stream.random_range(1_000..1_000_000));
            bar.amount = bar.volume.map(|shares| shares as f64 * bar.close);
            match stream.random_range(0..24) {
                0 => {
                    bar.suspended = true;
                    bar.volume = Some(0);
                    (bar.open, bar.high, bar.low, bar.close) = (reference, reference, reference, reference);
                }
                1 => continue,
                _ => {}
            }
            close = bar.close;
            bars.push(bar);
        }
    }
    bars
}

/// Returns the bars of a real daily table, or none, said aloud, when it is not there.
pub(crate) fn real_bars(name: &str) -> Option<Vec<DailyBar>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible").join(name);
    if !path.exists() {
        eprintln!("skipped: {} not present", path.display());
        return None;
    }
    let mut bars = Vec::new();
    for batch in read_parquet(&path).expect("readable") {
        let columns = DailyBar::columns(&path, &batch).expect("a daily table");
        bars.extend((0..batch.num_rows()).map(|row| DailyBar::read(&columns, row).expect("a row")));
    }
    Some(bars)
}

/// Returns the set `ultrashort_core` as far as prices and volumes give it.
pub(crate) fn core_set() -> FactorSet {
    let factors = super::factor::KERNELS.iter().map(|kernel| kernel.name.to_owned()).collect();
    FactorSet { lookback: 5, big_down: -0.05, factors }
}

/// Returns a spec of the named labels.
pub(crate) fn label_spec(labels: &[(&str, usize, Family)]) -> LabelSpec {
    let label = |(id, horizon, family): &(&str, usize, Family)| Label {
        id: (*id).into(),
        name: (*id).into(),
        kind: LabelKind::Regression,
        horizon: *horizon,
        family: family.clone(),
    };
    LabelSpec { labels: labels.iter().map(label).collect(), tasks: vec![] }
}

/// The label of most tests: the simple return of the next session, close to close.
pub(crate) const NEXT_RETURN: (&str, usize, Family) = ("R1", 1, Family::Return { log: false, clip: None });

/// Returns the panel of those bars that lie before `cut`.
pub(crate) fn panel_before(bars: &[DailyBar], cut: Date) -> DailyPanel {
    DailyPanel::from_bars(bars.iter().filter(|bar| bar.date < cut))
}
