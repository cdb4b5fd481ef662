//! Random days: a restart at any step changes nothing that follows, and every mark is cash plus positions
//! by a sum of its own.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::kit::{CASH, Rules, day, days, open_limits, symbol, wired};
use crate::{
    market::{CorporateAction, Side, Symbol},
    script::{Script, ScriptLimits},
    seed::Seed,
    trading::{
        Bar, Event, EventSink, Fen, SessionOpen, Silent, SymbolDay, TradeCore,
        broker::{Broker, PaperBroker, ShadowBroker, ShadowTerms},
        risk::RiskLimits,
        strategy::{ScriptStrategy, Strategy},
    },
};

const NAMES: usize = 6;
const TIMES: [&str; 16] = [
    "09:45", "10:00", "10:15", "10:30", "10:45", "11:00", "11:15", "11:30", "13:15", "13:30", "13:45", "14:00",
    "14:15", "14:30", "14:45", "15:00",
];

/// Remembers every bar of the day: what it wishes depends on all that it saw.
const MEMORY: &str = r"
local seen, last, memory = 0, {}, 0.5
local function targets(scores)
    local chosen = {}
    for rank = 1, #scores do
        seen += 1
        if scores[rank].score > 0 then chosen[scores[rank].symbol] = 0.9 / #scores end
    end
    return chosen
end
local function on_bar(bar)
    seen += 1
    memory = (memory * 7 + bar.close / bar.open + seen / 100) % 1
    local before = last[bar.symbol]
    last[bar.symbol] = memory
    if before and memory > 0.6 then return math.floor(memory * 40) / 100, memory end
    if memory < 0.3 then return 0, memory end
    return nil
end
return { targets = targets, on_bar = on_bar }
";

/// A random session: what is known before it, and its bars in steps.
struct Session {
    days: Vec<(Symbol, SymbolDay)>,
    scores: Vec<(Symbol, f64)>,
    steps: Vec<Vec<Bar>>,
}

fn session(number: i8, closes: &mut [Fen; NAMES], random: &mut ChaCha8Rng) -> Session {
    let date = day(number);
    let references: Vec<(usize, Fen)> = closes.iter().copied().enumerate().collect();
    let mut days = days(date, &references);
    for (_, day) in &mut days {
        day.suspended = random.random_bool(0.05);
    }
    let scores = (0..NAMES).map(|name| (symbol(name), random.random_range(-1.0..1.0))).collect();
    let mut steps = Vec::new();
    for (at, time) in TIMES.iter().enumerate() {
        let mut bars = Vec::new();
        for (name, close) in closes.iter_mut().enumerate() {
            if days[name].1.suspended || random.random_bool(0.1) {
                continue;
            }
            let mut walk = |price: Fen| (price as f64 * random.random_range(0.985..1.015)).round() as Fen;
            let open = walk(*close);
            *close = walk(open);
            let (high, low) = (open.max(*close) + 1, open.min(*close) - 1);
            bars.push(Bar {
                symbol: symbol(name),
                end: format!("{date}T{time}").parse().expect("a time"),
                open,
                high,
                low,
                close: *close,
                volume: Some(random.random_range(0..40_000)),
                amount: None,
                opens: at == 0,
                closes: at + 1 == TIMES.len(),
            });
        }
        if !bars.is_empty() {
            steps.push(bars);
        }
    }
    Session { days, scores, steps }
}

fn make(seed: u64, shadow: bool) -> TradeCore {
    let script = |id: &str| -> Box<dyn Strategy> {
        let script = Script::load("test.luau", MEMORY, ScriptLimits::default()).expect("it loads");
        Box::new(ScriptStrategy::new(id, script).expect("a strategy"))
    };
    // Tight enough that refusals and alerts are part of the day.
    let limits = RiskLimits { max_dd_intraday: 0.01, concentration_limit: 0.35, max_turnover: 3.0, ..open_limits() };
    let strategies = vec![(script("s"), "a"), (script("t"), "a"), (script("u"), "b")];
    wired(strategies, &Rules { limits, ..Rules::default() }, |accounts, terms| -> Box<dyn Broker> {
        if !shadow {
            return Box::new(PaperBroker::new(accounts, terms));
        }
        let line = ShadowTerms {
            latency_ms: 0..=1_200_000,
            reject_prob: 0.1,
            partial_fill_prob: 0.4,
            partial_fill_ratio: 0.2..=0.8,
        };
        Box::new(ShadowBroker::new(accounts, terms, line, Seed(seed)))
    })
}

/// Keeps every event as text, by step.
#[derive(Default)]
struct Transcript(Vec<String>);

impl EventSink for Transcript {
    fn event(&mut self, event: Event<'_>) {
        self.0.push(format!("{event:?}"));
    }
}

fn open_of<'a>(session: &'a Session, none: &'a BTreeMap<Symbol, Vec<CorporateAction>>) -> SessionOpen<'a> {
    SessionOpen { at: day(1).at(9, 15, 0, 0), days: &session.days, actions: none, falls: &[] }
}

/// Plays from step `from` to the end of the session; returns what was heard and, before each step, the
/// state as the ledger would keep it.
fn play(core: &mut TradeCore, session: &Session, from: usize) -> (Vec<Vec<String>>, Vec<String>) {
    let (mut heard, mut states) = (Vec::new(), Vec::new());
    for step in session.steps.iter().skip(from) {
        states.push(core.state().to_string());
        let mut transcript = Transcript::default();
        core.step(step, &mut transcript).expect("played");
        heard.push(transcript.0);
    }
    let mut transcript = Transcript::default();
    core.close_session(day(1).at(15, 0, 0, 0), &mut transcript);
    heard.push(transcript.0);
    states.push(core.state().to_string());
    (heard, states)
}

#[test]
fn a_restart_at_any_step_changes_nothing_that_follows() {
    let (mut orders, mut refusals, mut rejections, mut partial) = (0, 0, 0, 0);
    for (seed, shadow) in (0..12).flat_map(|seed| [(seed, false), (seed, true)]) {
        let none = BTreeMap::new();
        let session = session(1, &mut [1000, 2500, 700, 5000, 333, 1800], &mut Seed(seed).stream("core day"));
        let mut whole = make(seed, shadow);
        whole.open_session(&open_of(&session, &none), &mut Silent).expect("opened");
        let mut opening = Transcript::default();
        whole.decide(day(1).at(9, 15, 0, 0), &session.scores, &mut opening).expect("decided");
        let (heard, states) = play(&mut whole, &session, 0);
        let all: Vec<&String> = opening.0.iter().chain(heard.iter().flatten()).collect();
        let count = |word: &str| all.iter().filter(|event| event.contains(word)).count();
        orders += count("Order(OrderRequest");
        refusals += count("Refused(");
        rejections += count("status: Rejected");
        partial += count("status: PartiallyFilled");
        for cut in 0..session.steps.len() {
            let mut again = make(seed, shadow);
            again.open_session(&open_of(&session, &none), &mut Silent).expect("opened");
            again.rehearse_decision(&session.scores).expect("rehearsed");
            for step in session.steps.iter().take(cut) {
                again.rehearse(step).expect("rehearsed");
            }
            let state = serde_json::from_str(&states[cut]).expect("JSON");
            again.restore(&state).expect("restored");
            assert_eq!(again.state().to_string(), states[cut], "seed {seed}, step {cut}: what was put back");
            let (rest, ends) = play(&mut again, &session, cut);
            for (at, (now, before)) in rest.iter().zip(&heard[cut..]).enumerate() {
                assert_eq!(now, before, "seed {seed}, shadow {shadow}, restart at {cut}, step {}", cut + at);
            }
            assert_eq!(ends.last(), states.last());
        }
    }
    // The days were worth it.
    assert!(
        orders > 300 && refusals > 50 && rejections > 20 && partial > 100,
        "{orders} {refusals} {rejections} {partial}"
    );
}

/// Cash and shares from flows alone, held against every mark.
struct Auditor {
    cash: BTreeMap<String, Fen>,
    shares: BTreeMap<(String, Symbol), i64>,
    prices: BTreeMap<Symbol, Fen>,
    marks: usize,
    fills: usize,
}

impl EventSink for Auditor {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Bar(bar) => {
                self.prices.insert(bar.symbol, bar.close);
            }
            Event::Execution(execution) => {
                let account = execution.account_id.to_string();
                let signed = if execution.side == Side::Buy { execution.shares } else { -execution.shares };
                let cash = self.cash.entry(account.clone()).or_insert(CASH);
                *cash -= signed * execution.price + execution.charges.total();
                let shares = self.shares.entry((account, execution.symbol)).or_default();
                *shares += signed;
                assert_eq!((*cash, *shares), (execution.cash_after, execution.position_after), "{execution:?}");
                assert!(*cash >= 0 && *shares >= 0, "{execution:?}");
                self.fills += usize::from(execution.shares > 0);
            }
            Event::Mark(mark) => {
                let of = |account: &str| account == &*mark.account_id;
                let held = self.shares.iter().filter(|((account, _), _)| of(account));
                let value: Fen =
                    held.map(|((_, symbol), shares)| shares * self.prices.get(symbol).copied().unwrap_or(0)).sum();
                let cash = self.cash.get(&*mark.account_id).copied().unwrap_or(CASH);
                assert_eq!((mark.cash, mark.positions_value, mark.nav()), (cash, value, cash + value), "{mark:?}");
                self.marks += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn every_mark_is_cash_plus_positions_by_a_sum_of_its_own() {
    for (seed, shadow) in (0..10).flat_map(|seed| [(seed, false), (seed, true)]) {
        let mut random = Seed(100 + seed).stream("core days");
        let mut closes: [Fen; NAMES] = [1000, 2500, 700, 5000, 333, 1800];
        let mut core = make(seed, shadow);
        let mut auditor =
            Auditor { cash: BTreeMap::new(), shares: BTreeMap::new(), prices: BTreeMap::new(), marks: 0, fills: 0 };
        for number in 1..=4 {
            // One name goes ex dividend before each session but the first: its reference falls by 0.10.
            let ex = number as usize % NAMES;
            let falls = if number > 1 { vec![(symbol(ex), 10)] } else { Vec::new() };
            for (symbol, fall) in &falls {
                let name = symbol.code() as usize - 600_000;
                closes[name] -= fall;
                for ((account, of), shares) in &auditor.shares {
                    if of == symbol {
                        *auditor.cash.entry(account.clone()).or_insert(CASH) += shares * fall;
                    }
                }
            }
            let session = session(number, &mut closes.clone(), &mut random);
            for (symbol, day) in &session.days {
                auditor.prices.insert(*symbol, day.reference.expect("a reference"));
            }
            let at = day(number).at(9, 15, 0, 0);
            let open = SessionOpen { at, days: &session.days, actions: &BTreeMap::new(), falls: &falls };
            core.open_session(&open, &mut auditor).expect("opened");
            core.decide(at, &session.scores, &mut auditor).expect("decided");
            for step in &session.steps {
                core.step(step, &mut auditor).expect("played");
                for bar in step {
                    closes[bar.symbol.code() as usize - 600_000] = bar.close;
                }
            }
            core.close_session(day(number).at(15, 0, 0, 0), &mut auditor);
            let cash: Fen = ["a", "b"].iter().map(|id| auditor.cash.get(*id).copied().unwrap_or(CASH)).sum();
            assert_eq!(core.cash(), cash);
        }
        assert!(auditor.marks > 100 && auditor.fills > 20, "{} marks, {} fills", auditor.marks, auditor.fills);
    }
}
