//! Panels for the tests of research: small ones made by hand, random ones, and the real ones that
//! lie beside the project.

use std::{collections::BTreeSet, path::Path};

use jiff::civil::Date;
use rand::RngExt as _;

use crate::{
    config::{FactorExpression, FactorSet, Family, Label, LabelKind, LabelSpec},
    market::{Calendar, DailyBar, DailyPanel, Symbol, tick::fen},
    seed::Seed,
    store::{Row, read_parquet},
    trading::{
        Name, TradeCore, TradeTerms,
        broker::{PaperBroker, Venue},
        portfolio::{AccountRule, Allocation, PortfolioManager, StrategyRule},
        risk::{RiskBrain, RiskLimits, ScoreWeights},
        strategy::TopK,
    },
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
    FactorSet { factors, ..FactorSet::default() }
}

/// Returns a set of these expressions, by name.
pub(crate) fn expression_set(expressions: &[(&str, &str)]) -> FactorSet {
    let expression = |(name, text): &(&str, &str)| FactorExpression {
        name: (*name).into(),
        text: (*text).into(),
        origin: String::new(),
    };
    FactorSet { expressions: expressions.iter().map(expression).collect(), ..FactorSet::default() }
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

/// Returns a fresh TradeCore with one account and one strategy, [`TopK`], that nothing throttles: costs as
/// given, no limit of portfolio or risk below the whole account.
pub(crate) fn top_k_core(cash_cny: f64, k: usize, terms: TradeTerms, venue: Venue) -> TradeCore {
    top_k_core_every(1, cash_cny, k, terms, venue)
}

/// As [`top_k_core`], with a decision every `sessions` sessions.
pub(crate) fn top_k_core_every(sessions: usize, cash_cny: f64, k: usize, terms: TradeTerms, venue: Venue) -> TradeCore {
    let cash = fen(cash_cny).expect("an amount");
    let accounts = vec![AccountRule { id: "test".into(), starting_cash: cash, max_leverage: 1.0 }];
    let rule = StrategyRule {
        id: "top".into(),
        account_id: "test".into(),
        max_gross_leverage: 1.0,
        max_single_position_pct: 1.0,
        max_positions: 10_000,
        target_holding_days: sessions,
        venue,
    };
    let allocation = Allocation { weights: [("top".to_owned(), 1.0)].into(), ..Allocation::default() };
    let portfolio = PortfolioManager::new(accounts, vec![rule], &allocation).expect("legal");
    let limits = RiskLimits {
        blacklist: BTreeSet::new(),
        whitelist: BTreeSet::new(),
        max_leverage: 2.0,
        concentration_limit: 1.5,
        max_dd_intraday: 1.0,
        max_dd_total: 1.0,
        max_order_value: i64::MAX,
        price_collar: 1.0,
        max_turnover: 1e9,
        weights: ScoreWeights { dd_intraday: 0.4, dd_total: 0.3, leverage: 0.2, concentration: 0.1 },
    };
    let broker = PaperBroker::new([(Name::from("test"), cash)], terms);
    let risk = vec![RiskBrain::new("test".into(), limits)];
    TradeCore::new(vec![Box::new(TopK::new("top", k))], portfolio, risk, Box::new(broker), terms).expect("wired")
}
