//! The event path: minute bars through strategies, portfolio, risk and paper broker, in processor seconds,
//! on the bars and with the rules of `shared/peers/nautilus_minute.py`. What that peer did on this kind of
//! machine sets the targets: 30 times its 38,000 bars a second without orders and its 4,800 with 8,892.

use std::{collections::BTreeMap, hint::black_box};

use jiff::civil::time;
use lighthunter::{
    market::{Exchange, Symbol},
    script::{BarView, Script, ScriptLimits},
    trading::{
        Bar, Event, EventSink, SessionOpen, TradeCore, TradeTerms, TradingError,
        broker::{PaperBroker, Venue},
        portfolio::{AccountRule, Allocation, PortfolioManager, StrategyRule},
        risk::RiskBrain,
        strategy::{Strategy, Wish},
    },
};

use crate::{
    board::{Board, Target},
    ema_cross::{self, EmaCross},
    minute_bars::{Minutes, Session},
    watch::ProcessorWatch,
    wide_limits::wide_limits,
};

/// What the peers were measured on.
const SYMBOLS: u32 = 50;
const SESSIONS: usize = 20;

/// The peer sent 8,892 orders on its bars. A few less are due here: no strategy sees a bar that closes a
/// session, as no order could follow from it.
const ORDERS_LEAST: f64 = 8_800.0;

/// Calls of a script that only computes.
const SCRIPT_CALLS: usize = 1_000_000;

/// Measures the modes, what they are on more bars, and calls of a script.
pub(crate) fn bench(board: &mut Board) {
    script_calls(board);
    let modes: Vec<&Mode> = MODES.iter().filter(|mode| board.wants(mode.name)).collect();
    if modes.is_empty() {
        return;
    }
    let sessions = if board.judges() { SESSIONS } else { 2 };
    let (minutes, origin) = Minutes::from_file_or_seed(SYMBOLS, sessions);
    println!("event path: {} bars of {} symbols, {origin}", minutes.count(), minutes.symbols);
    for mode in &modes {
        let (rates, orders) = mode.measure(board, &minutes);
        board.put(mode.name, rates.iter().map(|rate| rate / 1e6), "M bars/s", mode.target);
        if mode.trades && board.judges() {
            let name = format!("{}: orders", mode.name);
            board.put(&name, [orders as f64], "", Target::AtLeast(ORDERS_LEAST));
        }
    }
    if board.judges() {
        grown(board, &modes);
    }
}

/// Runs the modes on more bars: the rate stays over more days, as what one bar costs does not grow with
/// those before. Over more symbols at once it falls somewhat and is only watched: an order counts what the
/// others of its minute will cost, and their targets.
fn grown(board: &mut Board, modes: &[&Mode]) {
    let base = Minutes::from_seed(SYMBOLS, SESSIONS);
    for (symbols, days, what) in [(1, 4, "4 x the days"), (1, 16, "16 x the days"), (16, 1, "16 x the symbols")] {
        let minutes = Minutes::from_seed(SYMBOLS * symbols, SESSIONS * days);
        let target = if symbols == 1 { Target::AtLeast(0.8) } else { Target::None };
        for mode in modes {
            let name = format!("{}: {what}", mode.name);
            // Both by turns: what else the machine does slows both.
            let ratios = board.repeat(|| {
                let before = mode.seconds_per_bar(&base);
                let grown = mode.seconds_per_bar(&minutes);
                f64::midpoint(before, mode.seconds_per_bar(&base)) / grown
            });
            board.put(&name, ratios, "of 1 x", target);
        }
    }
}

/// What trades, if anything.
struct Mode {
    name: &'static str,
    strategy: fn() -> Option<Box<dyn Strategy>>,
    trades: bool,
    target: Target,
}

const MODES: [Mode; 4] = [
    Mode { name: "event path, no strategy", strategy: || None, trades: false, target: Target::AtLeast(1.14) },
    Mode {
        name: "event path, each bar seen",
        strategy: || Some(Box::<Watcher>::default()),
        trades: false,
        target: Target::AtLeast(1.14),
    },
    Mode {
        name: "event path, crosses traded",
        strategy: || Some(Box::<EmaCross>::default()),
        trades: true,
        target: Target::AtLeast(0.144),
    },
    Mode {
        name: "event path, the same as a script",
        strategy: || Some(Box::new(ema_cross::script())),
        trades: true,
        target: Target::AtLeast(0.144),
    },
];

/// A run: bars a processor second, and what happened.
struct Run {
    rate: f64,
    counted: Counted,
}

impl Mode {
    /// Runs it a few times. Returns bars a processor second, and the orders, which are the same each time.
    fn measure(&self, board: &Board, minutes: &Minutes) -> (Vec<f64>, usize) {
        let runs = board.repeat(|| self.run(minutes));
        let orders = runs.first().map_or(0, |run| {
            println!("  {}: {:?}", self.name, run.counted);
            assert!(runs.iter().all(|other| other.counted == run.counted), "equal runs");
            run.counted.orders
        });
        (runs.into_iter().map(|run| run.rate).collect(), orders)
    }

    fn seconds_per_bar(&self, minutes: &Minutes) -> f64 {
        self.run(minutes).rate.recip()
    }

    fn run(&self, minutes: &Minutes) -> Run {
        let mut core = core((self.strategy)());
        let mut counted = Counted::default();
        play(&mut core, &minutes.eve, minutes.symbols, &mut counted);
        let mut counted = Counted::default();
        let watch = ProcessorWatch::start();
        for session in &minutes.sessions {
            play(&mut core, session, minutes.symbols, &mut counted);
        }
        let seconds = watch.seconds();
        assert_eq!((counted.bars, counted.nav), (minutes.count(), core.nav()));
        Run { rate: minutes.count() as f64 / seconds, counted }
    }
}

fn play(core: &mut TradeCore, session: &Session, symbols: usize, sink: &mut Counted) {
    let at = session.date.to_datetime(time(9, 0, 0, 0));
    let open = SessionOpen { at, days: &session.days, actions: &BTreeMap::new(), falls: &[] };
    core.open_session(&open, sink).expect("opened");
    for bars in session.bars.chunks(symbols) {
        core.step(bars, sink).expect("stepped");
    }
    core.close_session(session.date.to_datetime(time(15, 0, 0, 0)), sink);
}

/// Wires one account and at most one strategy, with limits that this rule never meets.
fn core(strategy: Option<Box<dyn Strategy>>) -> TradeCore {
    let account =
        AccountRule { id: "main".into(), starting_cash: (ema_cross::CAPITAL * 100.0) as i64, max_leverage: 1.0 };
    let limits = wide_limits(100_000_000);
    let rules: Vec<StrategyRule> = strategy.iter().map(|strategy| rule(strategy.id())).collect();
    let weights = rules.iter().map(|rule| (rule.id.to_string(), 1.0)).collect();
    let allocation = Allocation { weights, ..Allocation::default() };
    let terms = TradeTerms::default();
    let broker = PaperBroker::new([(account.id.clone(), account.starting_cash)], terms);
    let risk = vec![RiskBrain::new(account.id.clone(), limits)];
    let portfolio = PortfolioManager::new(vec![account], rules, &allocation).expect("legal");
    TradeCore::new(strategy.into_iter().collect(), portfolio, risk, Box::new(broker), terms).expect("wired")
}

fn rule(id: &str) -> StrategyRule {
    StrategyRule {
        id: id.into(),
        account_id: "main".into(),
        max_gross_leverage: 1.0,
        max_single_position_pct: 1.0,
        max_positions: 10_000,
        target_holding_days: 1,
        venue: Venue::Any,
    }
}

/// Sees every bar and wants nothing.
#[derive(Default)]
struct Watcher {
    seen: u64,
}

impl Strategy for Watcher {
    fn id(&self) -> &'static str {
        "watcher"
    }

    fn targets(&mut self, _: &[(Symbol, f64)]) -> Result<BTreeMap<Symbol, f64>, TradingError> {
        Ok(BTreeMap::new())
    }

    fn watches_bars(&self) -> bool {
        true
    }

    fn on_bar(&mut self, bar: &Bar) -> Result<Option<Wish>, TradingError> {
        self.seen = black_box(self.seen + u64::from(bar.close > 0));
        Ok(None)
    }
}

/// Counts what happens.
#[derive(Debug, Default, PartialEq)]
struct Counted {
    bars: usize,
    orders: usize,
    refused: usize,
    fills: usize,
    unfilled: usize,
    marks: usize,
    /// At the last mark, fen.
    nav: i64,
}

impl EventSink for Counted {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Bar(_) => self.bars += 1,
            Event::Order(..) => self.orders += 1,
            Event::Refused(..) => self.refused += 1,
            Event::Execution(execution) if execution.shares > 0 => self.fills += 1,
            Event::Execution(_) => self.unfilled += 1,
            Event::Mark(mark) => (self.marks, self.nav) = (self.marks + 1, mark.nav()),
            _ => {}
        }
    }
}

fn script_calls(board: &mut Board) {
    let name = "script on_bar, event by event";
    if !board.wants(name) {
        return;
    }
    let text = "return { on_bar = function(bar) return (bar.high + bar.low + bar.close) / 3e6 end }";
    let script = Script::load("strategy/mean.luau", text, ScriptLimits::default()).expect("loaded");
    let symbols: Vec<Symbol> =
        (0..SYMBOLS).map(|code| Symbol::new(600_000 + code, Exchange::Sh).expect("six digits")).collect();
    let calls = if board.judges() { SCRIPT_CALLS } else { 1000 };
    let rates = board.repeat(|| {
        let watch = ProcessorWatch::start();
        for (symbol, number) in symbols.iter().cycle().zip(0..calls) {
            let close = 10.0 + number as f64 * 1e-6;
            let (symbol, time, high, low) = (*symbol, "10:30", close + 0.01, close - 0.01);
            let bar = BarView { symbol, time, open: close, high, low, close, volume: 100.0, amount: f64::NAN };
            assert!(script.on_bar(&bar).expect("answered").is_some());
        }
        calls as f64 / watch.seconds() / 1e6
    });
    board.put(name, rates, "M calls/s", Target::AtLeast(2.0));
}
