//! The top 30 by score, every day, on the peers' panel and scores, with all A-share rules: T+1, price limits,
//! lots, fees, suspension, a cap on one's share of the volume, corporate actions. Every holding is brought
//! back to 1/30 of the account each day, as vectorbt's target percent does; Qlib and rqalpha only exchange
//! names. Timed: the whole backtest, from panel and scores in memory to the digested result, as the peers'
//! scripts time theirs; ranking the scores and wiring the accounts are part of it, reading files is not.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    path::Path,
    rc::Rc,
};

use jiff::civil::Date;
use lighthunter::{
    market::{
        Commission, CorporateAction, DailyBar, DailyPanel, Field, SecurityEvent, SecurityHistory, SecurityStatus, Side,
        Symbol, tick,
    },
    research::{
        backtest::{self, BacktestInput, BacktestParams, BacktestResult},
        factor::FactorInput,
    },
    store::Frame,
    trading::{
        Fill, TradeCore, TradeTerms, TradingError,
        broker::{PaperBroker, Venue},
        portfolio::{AccountRule, Allocation, PortfolioManager, StrategyRule},
        risk::RiskBrain,
        strategy::{Strategy, TopK},
    },
};

use crate::{repeated, watch::ProcessorWatch, wide_limits::wide_limits};

const HELD: usize = 30;
/// Fen.
const CASH: i64 = 1_000_000_000;

/// Measures, and checks that what was measured is right.
pub(crate) fn bench(panel: &Path, scores: &Path, repeats: usize) {
    let market = Market::read(panel, scores);
    let params = BacktestParams::default();
    let input =
        BacktestInput { panel: &market.panel, scores: &market.scores, actions: &market.actions, params: &params };
    let mut digests = Vec::new();
    // Ranked before the clock starts, as vectorbt's weights are: each session's targets are only handed out.
    let ranked = Rc::new(RefCell::new(Vec::new()));
    let told = Recorded { top: TopK::new("top", HELD), told: Rc::clone(&ranked) };
    let result = backtest::run(&input, core(Box::new(told))).expect("ran");
    digests.push(result.digest);
    let result = repeated("top_k_lighthunter", repeats, || {
        // In turn, so that both meet the same load.
        let (seconds, result) = timed(&input, Box::new(Ranked { targets: ranked.borrow().clone().into_iter() }));
        println!("run: cpu {seconds:.4}s ranked before digest={}", result.digest.short());
        digests.push(result.digest);
        let (seconds, result) = timed(&input, Box::new(TopK::new("top", HELD)));
        let last = result.equity.last().expect("a session");
        let said = format!(
            "days={} orders={} fills={} final_nav={:.2} digest={}",
            result.equity.len(),
            orders(&result),
            result.trades.len(),
            tick::cny(last.nav),
            result.digest.short()
        );
        digests.push(result.digest);
        (seconds, result, said)
    });
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "equal runs");
    check(&market, &result);
    println!("  rejects {:?} cut {:?} limited {:?}", result.rejects, result.cut, result.limited);
    println!("  notes {:?}", result.notes);
}

/// Runs the backtest; the accounts are wired within the time.
fn timed(input: &BacktestInput<'_>, strategy: Box<dyn Strategy>) -> (f64, BacktestResult) {
    let watch = ProcessorWatch::start();
    let result = backtest::run(input, core(strategy)).expect("ran");
    (watch.seconds(), result)
}

/// Orders that reached the broker or risk: all that filled, and all that did not.
fn orders(result: &BacktestResult) -> usize {
    result.trades.len() + result.rejects.values().sum::<usize>()
}

/// Holds the result against the panel: cash is the initial cash and every flow, to the fen; every fill is at
/// its day's open, on a day that traded, within the volume, in whole lots, never at a forbidden limit.
fn check(market: &Market, result: &BacktestResult) {
    let flows: i64 = result.trades.iter().map(Fill::cash_flow).sum();
    let last = result.equity.last().expect("a session");
    assert_eq!(last.cash, CASH + flows + result.dividends, "cash and its flows");
    let mut held: BTreeMap<Symbol, i64> = BTreeMap::new();
    for fill in &result.trades {
        let symbol = market.panel.symbols().binary_search(&fill.symbol).expect("in the panel");
        let day = market.panel.dates().binary_search(&fill.date).expect("a session");
        let at = |field| market.panel.at(field, symbol, day);
        assert!(market.panel.trades(symbol, day), "{fill}");
        assert_eq!(tick::fen(at(Field::Open)), Some(fill.price), "{fill}");
        assert!(fill.shares as f64 <= 0.25 * at(Field::Volume), "{fill}");
        assert!(fill.charges.commission >= 500, "{fill}");
        *held.entry(fill.symbol).or_default() += if fill.side == Side::Buy { fill.shares } else { 0 };
    }
    assert!(result.equity.iter().all(|day| day.cash >= 0 && day.nav >= day.cash));
    assert!(result.rejects.contains_key("suspended"), "suspensions were met: {:?}", result.rejects);
    assert!(result.rejects.contains_key("limit_up") && result.rejects.contains_key("limit_down"));
    assert!(held.len() > HELD && result.dividends > 0);
}

/// The peers' files as a backtest takes them.
struct Market {
    panel: DailyPanel,
    scores: Vec<f64>,
    actions: Vec<CorporateAction>,
}

impl Market {
    fn read(panel: &Path, scores: &Path) -> Self {
        let frame = Frame::read(panel).expect("the peers' panel");
        let mut bars = FactorInput::from_frame(panel, &frame, true).expect("a panel of bars").bars;
        let actions = actions(&bars);
        bars.extend(suspensions(&bars));
        let history = history(&bars, frame.f64("is_st").expect("flags"));
        let panel = DailyPanel::from_bars(&bars).with_history(&history);
        let scores = wide(scores, &panel);
        Self { panel, scores, actions }
    }
}

/// Turns the panel's daily flags into events: what a share is from its first bar on, and each change of it.
fn history(bars: &[DailyBar], st: &[f64]) -> SecurityHistory {
    let mut by_symbol: BTreeMap<Symbol, BTreeMap<Date, bool>> = BTreeMap::new();
    for (bar, st) in bars.iter().zip(st) {
        by_symbol.entry(bar.symbol).or_default().insert(bar.date, *st != 0.0);
    }
    let mut events = Vec::new();
    for (symbol, days) in by_symbol {
        let mut last = None;
        for (date, is_st) in days.into_iter().filter(|(_, is_st)| last.replace(*is_st) != Some(*is_st)) {
            let status = if is_st { SecurityStatus::St } else { SecurityStatus::Normal };
            events.push(SecurityEvent { date, symbol, status, name: "".into() });
        }
    }
    SecurityHistory::of(&events)
}

/// Reads scores with a row a date and a column a symbol, under rqalpha's names.
fn wide(path: &Path, panel: &DailyPanel) -> Vec<f64> {
    let frame = Frame::read(path).expect("the peers' scores");
    let dates = frame.dates("date").expect("dates");
    assert_eq!(dates, panel.dates(), "scores and panel are of the same sessions");
    let score = |symbol: &Symbol| {
        let name = symbol.to_string().replace(".SH", ".XSHG").replace(".SZ", ".XSHE").replace(".BJ", ".BJSE");
        frame.f64(&name).expect("a column of scores").to_vec()
    };
    panel.symbols().iter().flat_map(score).collect()
}

/// Makes the bars of suspended days, which the panel does not have, as `make_rq_bundle.py` does: from a
/// symbol's first day to its last, at the close before and without volume.
fn suspensions(bars: &[DailyBar]) -> Vec<DailyBar> {
    let dates: BTreeSet<Date> = bars.iter().map(|bar| bar.date).collect();
    let mut made = Vec::new();
    for pair in bars.windows(2).filter(|pair| pair[0].symbol == pair[1].symbol) {
        let missing = dates.range((Bound::Excluded(pair[0].date), Bound::Excluded(pair[1].date)));
        let price = pair[0].close;
        made.extend(missing.map(|date| DailyBar {
            date: *date,
            open: price,
            high: price,
            low: price,
            preclose: Some(price),
            volume: Some(0),
            amount: Some(0.0),
            suspended: true,
            ..pair[0].clone()
        }));
    }
    made
}

/// Finds the corporate actions as `make_rq_bundle.py` does: where the reference price is not the close
/// before, a ratio above 1.2 is a split of 13 for 10, any other a cash dividend.
fn actions(bars: &[DailyBar]) -> Vec<CorporateAction> {
    let mut actions = Vec::new();
    for pair in bars.windows(2).filter(|pair| pair[0].symbol == pair[1].symbol) {
        let (close, reference) = (pair[0].close, pair[1].preclose.expect("known"));
        if (close - reference).abs() <= 1e-9 {
            continue;
        }
        let is_split = close / reference > 1.2;
        actions.push(CorporateAction {
            symbol: pair[1].symbol,
            ex_date: pair[1].date,
            cash_per_10: if is_split { 0.0 } else { 10.0 * (close - reference) },
            bonus_per_10: if is_split { 3.0 } else { 0.0 },
            rights_per_10: 0.0,
            rights_price: 0.0,
        });
    }
    actions
}

/// The targets of one session.
type Targets = BTreeMap<Symbol, f64>;

/// Writes down what the ranking says, session by session.
struct Recorded {
    top: TopK,
    told: Rc<RefCell<Vec<Targets>>>,
}

impl Strategy for Recorded {
    fn id(&self) -> &str {
        self.top.id()
    }

    fn targets(&mut self, scores: &[(Symbol, f64)]) -> Result<Targets, TradingError> {
        let targets = self.top.targets(scores)?;
        self.told.borrow_mut().push(targets.clone());
        Ok(targets)
    }
}

/// Says what was ranked before.
struct Ranked {
    targets: std::vec::IntoIter<Targets>,
}

impl Strategy for Ranked {
    fn id(&self) -> &'static str {
        "top"
    }

    fn targets(&mut self, _scores: &[(Symbol, f64)]) -> Result<Targets, TradingError> {
        Ok(self.targets.next().unwrap_or_default())
    }
}

/// Wires one account with one strategy; its limits are there and checked, and too wide to be met.
fn core(strategy: Box<dyn Strategy>) -> TradeCore {
    let account = AccountRule { id: "main".into(), starting_cash: CASH, max_leverage: 1.0 };
    let rule = StrategyRule {
        id: "top".into(),
        account_id: "main".into(),
        max_gross_leverage: 1.0,
        max_single_position_pct: 1.0,
        max_positions: 10_000,
        target_holding_days: 1,
        venue: Venue::Any,
    };
    let limits = wide_limits(100_000_000_000);
    // The commission of the peers' scripts.
    let commission = Commission { rate: 0.0003, minimum: 5.0 };
    let terms = TradeTerms { commission, slippage_bps: 0.0, participation: 0.25, trim_to_cash: true };
    let broker = PaperBroker::new([(account.id.clone(), account.starting_cash)], terms);
    let risk = vec![RiskBrain::new(account.id.clone(), limits)];
    let allocation = Allocation { weights: [("top".to_owned(), 1.0)].into(), ..Allocation::default() };
    let portfolio = PortfolioManager::new(vec![account], vec![rule], &allocation).expect("legal");
    TradeCore::new(vec![strategy], portfolio, risk, Box::new(broker), terms).expect("wired")
}
