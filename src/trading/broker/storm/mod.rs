//! A storm of random orders on a paper broker: accounts, symbols of all boards, sessions with suspended,
//! empty and limit-bound bars, corporate actions, cancellations, repeated ids. An independent ledger checks
//! every answer from the outside. The tests and the benchmarks share it; it must not use the broker's code.

mod audit;
mod ledger;
mod market;
mod rules;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::lighthunter::{
    market::{Commission, CorporateAction, Side},
    seed::Seed,
    trading::{
        Fen, Name, TradeTerms,
        broker::{Broker, ClientOrderId, Execution, OrderKind, OrderRequest, PaperBroker, TimeInForce, Venue},
    },
};
use ledger::Ledger;
use market::{Market, Stock};

/// The accounts; one is poor, so that it often cannot pay.
const ACCOUNTS: [(&str, Fen); 5] =
    [("a", 1_000_000_000), ("b", 100_000_000), ("c", 10_000_000), ("d", 200_000), ("e", 5_000_000_000)];

/// Orders sent before each bar.
const ORDERS_PER_BAR: usize = 100;

/// Orders after which everything begins anew, with other chances: 250 sessions are two years that pass both
/// changes of the fees, and bonus shares over more would make nobody's fortunes.
const ORDERS_PER_CHAPTER: usize = 100_000;

/// How a storm goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Storm {
    /// Orders sent, repeated ones not counted.
    pub(crate) orders: usize,
    /// What fixes every choice.
    pub(crate) seed: u64,
    /// Whether the broker is now and then put away and a new one is given its state.
    pub(crate) restarts: bool,
}

/// What a storm left behind.
#[derive(Debug)]
pub(crate) struct Aftermath {
    /// Orders sent.
    pub(crate) orders: usize,
    /// Fills seen.
    pub(crate) fills: usize,
    /// Orders refused for any reason.
    pub(crate) refused: usize,
    /// Rules broken and fen or shares lost.
    pub(crate) violations: usize,
    /// The first of them.
    pub(crate) first: Vec<String>,
    /// A number made of every execution in order.
    pub(crate) fingerprint: u64,
}

/// Returns the terms that the ledger computes with in its own way.
fn terms() -> TradeTerms {
    TradeTerms {
        commission: Commission { rate: 3e-4, minimum: 5.0 },
        slippage_bps: 0.0,
        participation: 0.25,
        ..TradeTerms::default()
    }
}

fn broker() -> PaperBroker {
    PaperBroker::new(ACCOUNTS.map(|(name, cash)| (Name::from(name), cash)), terms())
}

struct Run {
    storm: Storm,
    broker: PaperBroker,
    ledger: Ledger,
    market: Market,
    random: ChaCha8Rng,
    sent: usize,
    restarts: ChaCha8Rng,
}

impl Storm {
    /// Lets it rage, chapter by chapter.
    pub(crate) fn rage(self) -> Aftermath {
        let mut whole = Aftermath { orders: 0, fills: 0, refused: 0, violations: 0, first: Vec::new(), fingerprint: 0 };
        for chapter in 0.. {
            let orders = ORDERS_PER_CHAPTER.min(self.orders - whole.orders);
            if orders == 0 {
                break;
            }
            let mut run = Run::new(Self { orders, ..self }, chapter);
            while run.sent < orders {
                run.session();
            }
            let Ledger { fills, refused, violations, first, fingerprint, .. } = run.ledger;
            whole.orders += orders;
            whole.fills += fills;
            whole.refused += refused;
            whole.violations += violations;
            whole.first.extend(first);
            whole.fingerprint = whole.fingerprint.rotate_left(1) ^ fingerprint;
        }
        whole
    }
}

impl Run {
    fn new(storm: Storm, chapter: usize) -> Self {
        Self {
            storm,
            broker: broker(),
            ledger: Ledger::new(ACCOUNTS),
            market: Market::new(),
            random: Seed(storm.seed).stream(&format!("storm {chapter}")),
            sent: 0,
            restarts: Seed(storm.seed).stream(&format!("restarts {chapter}")),
        }
    }

    fn session(&mut self) {
        let date = self.market.next_session(&mut self.random);
        self.broker.open_session(date);
        self.ledger.open_session(date);
        for stock in self.market.stocks.clone() {
            self.corporate_action(&stock);
        }
        for place in 0..market::BAR_ENDS.len() {
            self.send(place);
            for stock in self.market.stocks.clone() {
                self.restart();
                let Some(bar) = self.market.bar(&stock, place, &mut self.random) else { continue };
                let mut executions = Vec::new();
                self.broker.on_bar(&bar, &stock.day, &mut executions);
                self.ledger.bar(&bar, &stock.day, &executions);
            }
        }
        let mut executions = Vec::new();
        self.broker.close_session(self.market.bar_end(market::BAR_ENDS.len() - 1), &mut executions);
        self.ledger.close(&executions);
        self.ledger.compare(&self.broker);
    }

    fn corporate_action(&mut self, stock: &Stock) {
        let (symbol, ex_date) = (stock.symbol, self.market.session);
        match self.random.random_range(0..40) {
            0 => {
                // A tenth of a CNY for ten shares is one fen a share, so that the ledger needs no rounding.
                let (fen, bonus) = (self.random.random_range(0..30_i64), self.random.random_range(0..6_i64));
                let (cash_per_10, bonus_per_10) = (fen as f64 / 10.0, bonus as f64);
                let action = CorporateAction {
                    symbol,
                    ex_date,
                    cash_per_10,
                    bonus_per_10,
                    rights_per_10: 0.0,
                    rights_price: 0.0,
                };
                let credits = self.broker.entitle(&[action]);
                self.ledger.entitle(symbol, fen, bonus, &credits);
            }
            1 => {
                let fen = self.random.random_range(0..50);
                let credits = self.broker.credit_fall(symbol, fen);
                self.ledger.entitle(symbol, fen, 0, &credits);
            }
            _ => {}
        }
    }

    /// Sends what is sent before a bar, some of it twice, and takes some back.
    fn send(&mut self, place: usize) {
        let orders = ORDERS_PER_BAR.min(self.storm.orders - self.sent);
        for _ in 0..orders {
            self.sent += 1;
            let order = self.order(place);
            self.submit(order);
            match self.random.random_range(0..40) {
                0 => {
                    let again = self.random.random_range(1..=self.sent);
                    let order = self.order(place);
                    self.submit(OrderRequest { client_order_id: id(again), ..order });
                }
                1 => {
                    let id = id(self.random.random_range(self.sent.saturating_sub(50)..=self.sent));
                    let change = self.broker.cancel(&id, self.market.bar_began(place));
                    self.ledger.cancelled(&id, change.as_ref());
                }
                _ => {}
            }
        }
    }

    fn submit(&mut self, order: OrderRequest) {
        let copy = order.clone();
        let submission = self.broker.submit(order);
        self.ledger.submitted(copy, &submission);
    }

    fn order(&mut self, place: usize) -> OrderRequest {
        let random = &mut self.random;
        let stock = self.market.stocks[random.random_range(0..self.market.stocks.len())];
        let account = if random.random_bool(0.01) { "nobody" } else { ACCOUNTS[random.random_range(0..5)].0 };
        let side = if random.random_bool(0.5) { Side::Buy } else { Side::Sell };
        let (held, sellable) = self.ledger.held(account, stock.symbol);
        let shares = match random.random_range(0..20) {
            0 => random.random_range(-5..=0),
            1 => random.random_range(1..300),
            2 if random.random_bool(0.1) => random.random_range(1..1_000_000),
            3 if random.random_bool(0.2) => i64::MAX,
            4..=8 if sellable > 0 => sellable,
            9 => held,
            10 => sellable / 2,
            _ => random.random_range(1..40) * 100,
        };
        let limit = match random.random_range(0..10) {
            0 => stock.up(),
            1 => stock.down(),
            2 => random.random_range(-1..=5_000),
            _ => stock.reference + random.random_range(-80..=80),
        };
        let kind = if random.random_bool(0.5) { OrderKind::Market } else { OrderKind::Limit(limit) };
        let time_in_force = match random.random_range(0..10) {
            0 => TimeInForce::Ioc,
            1 => TimeInForce::Fok,
            _ => TimeInForce::Day,
        };
        let venue = if random.random_bool(0.1) { Venue::ClosingCall } else { Venue::Any };
        // One in fifty is stamped with the end of the bar that comes next, which it must not meet.
        let late = random.random_bool(0.02);
        let at = if late { self.market.bar_end(place) } else { self.market.bar_began(place) };
        OrderRequest {
            client_order_id: id(self.sent),
            account_id: account.into(),
            strategy_id: "storm".into(),
            symbol: stock.symbol,
            side,
            shares,
            kind,
            time_in_force,
            venue,
            at,
        }
    }

    /// Now and then gives a new broker the state of the old one.
    fn restart(&mut self) {
        if self.storm.restarts && self.restarts.random_bool(0.05) {
            let state = self.broker.state();
            self.broker = PaperBroker::new([], terms());
            if let Err(error) = self.broker.restore(&state) {
                self.ledger.violation(|| format!("a restart: {error}"));
            }
            if self.broker.state() != state {
                self.ledger.violation(|| "a restart changed the state".to_owned());
            }
        }
    }
}

fn id(number: usize) -> ClientOrderId {
    ClientOrderId::new(&format!("storm_{number:08x}"))
}

/// Mixes an execution into a fingerprint of all before it.
fn mix(fingerprint: u64, change: &Execution) -> u64 {
    let numbers = [
        change.order_id,
        change.exec_id,
        change.shares as u64,
        change.price as u64,
        change.charges.total() as u64,
        change.status as u64,
        change.reason.map_or(0, |reason| reason.name().len() as u64 + u64::from(reason.name().as_bytes()[0]) * 64),
        change.cash_after as u64,
        change.position_after as u64,
    ];
    // FNV-1a over words: equal runs give equal numbers, and a single changed one shows.
    numbers.iter().fold(fingerprint, |mixed, number| (mixed ^ number).wrapping_mul(0x0000_0100_0000_01b3))
}
