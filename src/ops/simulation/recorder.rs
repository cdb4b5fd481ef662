//! What a simulation keeps: rows for the ledger, the worth at every step, and a check of the books that
//! uses nothing but the flows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{entry::Saved, error::SimulationError, refusals::Refusals, wire::Wire};
use crate::{
    digest::{Digest, Hasher},
    market::{Side, Symbol, tick::cny},
    research::experiment::csv_table,
    store::{ExecutionRow, MarkRow, OrderRow, TradeBatch},
    trading::{
        Event, EventSink, Fen, Mark, SymbolDay, TradeCore,
        broker::{Execution, OrderKind, OrderRequest},
    },
};

/// Counts of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Bars played.
    pub bars: u64,
    /// Signals of strategies.
    pub signals: u64,
    /// Orders sent to the broker.
    pub orders: u64,
    /// Fills.
    pub fills: u64,
    /// Orders that risk refused.
    pub refused_by_risk: u64,
    /// Orders that the broker refused or that ended unfilled, by the word of the reason.
    pub unfilled: BTreeMap<String, u64>,
    /// Wishes that a limit of the portfolio cut, by the limit's name.
    pub limited: BTreeMap<String, u64>,
    /// Alerts of risk.
    pub alerts: u64,
}

/// Cash and shares of one account, summed from its flows alone.
#[derive(Debug, Clone, Default)]
struct Books {
    cash: Fen,
    shares: BTreeMap<Symbol, i64>,
}

/// What a run has written down so far: the rows of the ledger.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) orders: Vec<OrderRow>,
    pub(super) executions: Vec<ExecutionRow>,
    pub(super) marks: Vec<MarkRow>,
}

/// A listener that writes down, and hands on to the bus.
pub(super) struct Recorder {
    run_id: String,
    /// The way onto the bus, once it is open.
    pub(super) wire: Option<Wire>,
    /// Why there is no bus.
    pub(super) bus_error: Option<String>,
    /// Rows that the ledger has already.
    committed: [usize; 3],
    books: BTreeMap<String, Books>,
    prices: BTreeMap<Symbol, Fen>,
    imbalance: Option<SimulationError>,
    pub(super) rows: Rows,
    pub(super) counts: Counts,
    pub(super) alerts: Vec<String>,
    pub(super) refusals: Refusals,
}

impl Recorder {
    /// Starts with the prices that the day starts from; the books follow once the session is open.
    pub(super) fn new(run_id: &str, days: &[(Symbol, SymbolDay)]) -> Self {
        Self {
            run_id: run_id.to_owned(),
            wire: None,
            bus_error: None,
            committed: [0; 3],
            books: BTreeMap::new(),
            prices: days.iter().filter_map(|(symbol, day)| Some((*symbol, day.reference?))).collect(),
            imbalance: None,
            rows: Rows::default(),
            counts: Counts::default(),
            alerts: Vec::new(),
            refusals: Refusals::default(),
        }
    }

    /// Starts the books from the accounts as they stand: corporate actions are credited by then. From here
    /// on the flows alone must explain every worth.
    pub(super) fn open_books(&mut self, core: &TradeCore) {
        for id in core.accounts() {
            let Some(account) = core.account(id) else { continue };
            let shares = account.positions().iter().map(|(symbol, position)| (*symbol, position.shares)).collect();
            self.books.insert(id.to_string(), Books { cash: account.cash(), shares });
            let held = account.positions().keys();
            self.prices.extend(held.filter_map(|symbol| Some((*symbol, core.price(*symbol)?))));
        }
    }

    /// Goes on from the rows that the ledger has of an interrupted run.
    pub(super) fn take_up(&mut self, rows: Rows, saved: Saved, core: &TradeCore) {
        self.open_books(core);
        self.committed = [rows.orders.len(), rows.executions.len(), rows.marks.len()];
        (self.rows, self.counts, self.alerts) = (rows, saved.counts, saved.alerts);
        self.refusals = saved.refusals;
    }

    /// Returns the rows since the last call, as one batch; none where nothing happened.
    pub(super) fn batch(&mut self, step: u64, state: String) -> Option<TradeBatch> {
        let [orders, executions, marks] = self.committed;
        let batch = TradeBatch {
            run_id: self.run_id.clone(),
            step,
            orders: self.rows.orders.get(orders..).unwrap_or_default().to_vec(),
            executions: self.rows.executions.get(executions..).unwrap_or_default().to_vec(),
            marks: self.rows.marks.get(marks..).unwrap_or_default().to_vec(),
            state,
        };
        self.committed = [self.rows.orders.len(), self.rows.executions.len(), self.rows.marks.len()];
        let empty = batch.orders.is_empty() && batch.executions.is_empty() && batch.marks.is_empty();
        (!empty).then_some(batch)
    }

    /// Returns the first instant at which the books did not balance.
    pub(super) fn take_imbalance(&mut self) -> Option<SimulationError> {
        self.imbalance.take()
    }

    /// Returns the digest of every execution and every mark: equal days give an equal one.
    pub(super) fn digest(&self) -> Digest {
        let mut hasher = Hasher::new("simulation");
        hasher.int(self.rows.executions.len() as i64);
        for row in &self.rows.executions {
            hasher.text(&row.client_order_id).text(&row.status).int(row.shares).int(row.price);
            hasher.int(row.commission).int(row.stamp_duty).int(row.transfer_fee).int(row.slippage);
            hasher.int(row.cash_after).int(row.position_after).text(&row.at);
            hasher.text(row.reason.as_deref().unwrap_or_default());
        }
        // The ledger gives marks back by time and account, so that is their order here too.
        let mut marks: Vec<&MarkRow> = self.rows.marks.iter().collect();
        marks.sort_by(|a, b| (&a.at, &a.account_id).cmp(&(&b.at, &b.account_id)));
        hasher.int(marks.len() as i64);
        for row in marks {
            hasher.text(&row.account_id).text(&row.at).int(row.cash).int(row.positions_value).int(row.nav_peak);
        }
        hasher.finish()
    }

    fn order(&mut self, order: &OrderRequest) {
        self.counts.orders += 1;
        let (order_type, limit_price) = match order.kind {
            OrderKind::Market => ("MKT", None),
            OrderKind::Limit(price) => ("LMT", Some(price)),
        };
        self.rows.orders.push(OrderRow {
            client_order_id: order.client_order_id.to_string(),
            account_id: order.account_id.to_string(),
            strategy_id: order.strategy_id.to_string(),
            symbol: order.symbol.to_string(),
            side: order.side.word().into(),
            shares: order.shares,
            order_type: order_type.into(),
            limit_price,
            time_in_force: order.time_in_force.word().into(),
            at: order.at.to_string(),
        });
    }

    fn execution(&mut self, execution: &Execution) {
        if execution.shares > 0 {
            self.counts.fills += 1;
            let books = self.books.entry(execution.account_id.to_string()).or_default();
            let signed = if execution.side == Side::Buy { execution.shares } else { -execution.shares };
            books.cash -= signed * execution.price + execution.charges.total();
            *books.shares.entry(execution.symbol).or_default() += signed;
        } else if let Some(reason) = execution.reason {
            *self.counts.unfilled.entry(reason.name().to_owned()).or_default() += 1;
        }
        self.rows.executions.push(execution_row(execution));
    }

    fn mark(&mut self, mark: &Mark) {
        self.rows.marks.push(MarkRow {
            account_id: mark.account_id.to_string(),
            at: mark.at.to_string(),
            cash: mark.cash,
            positions_value: mark.positions_value,
            nav: mark.nav(),
            nav_peak: mark.nav_peak,
        });
        self.balance(mark);
    }

    /// Holds a mark against the flows: cash to the fen, and positions at the last bar's close.
    fn balance(&mut self, mark: &Mark) {
        let Some(books) = self.books.get(&*mark.account_id) else { return };
        let price = |symbol: &Symbol| self.prices.get(symbol).copied().unwrap_or(0);
        let held: Fen = books.shares.iter().map(|(symbol, shares)| shares * price(symbol)).sum();
        if (books.cash != mark.cash || held != mark.positions_value) && self.imbalance.is_none() {
            self.imbalance = Some(SimulationError::Books {
                account: mark.account_id.to_string(),
                at: mark.at.to_string(),
                worth: mark.nav(),
                flows: books.cash + held,
            });
        }
    }
}

impl EventSink for Recorder {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Bar(bar) => {
                self.counts.bars += 1;
                self.prices.insert(bar.symbol, bar.close);
            }
            Event::Signal(_) => self.counts.signals += 1,
            Event::Adjusted(cut) => *self.counts.limited.entry(cut.why.to_owned()).or_default() += 1,
            Event::Order(order, _) => self.order(order),
            Event::Refused(order, refusal) => {
                self.counts.refused_by_risk += 1;
                self.refusals.note(order, refusal);
            }
            Event::Execution(execution) => self.execution(execution),
            Event::Alert(alert) => {
                self.counts.alerts += 1;
                self.alerts.push(format!("{} {}: {}", alert.at, alert.level.word(), alert.message));
            }
            Event::Mark(mark) => self.mark(mark),
            Event::Positions(..) => {}
        }
        if let Some(wire) = &mut self.wire {
            wire.event(event);
        }
    }
}

fn execution_row(execution: &Execution) -> ExecutionRow {
    ExecutionRow {
        exec_id: execution.exec_id,
        order_id: execution.order_id,
        client_order_id: execution.client_order_id.to_string(),
        account_id: execution.account_id.to_string(),
        strategy_id: execution.strategy_id.to_string(),
        symbol: execution.symbol.to_string(),
        side: execution.side.word().into(),
        shares: execution.shares,
        price: execution.price,
        commission: execution.charges.commission,
        stamp_duty: execution.charges.stamp_duty,
        transfer_fee: execution.charges.transfer_fee,
        slippage: execution.charges.slippage,
        status: execution.status.word().into(),
        reason: execution.reason.map(|reason| reason.name().to_owned()),
        cash_after: execution.cash_after,
        position_after: execution.position_after,
        at: execution.at.to_string(),
    }
}

/// Returns `trades.csv` of a replayed day: one row a change of an order.
pub(super) fn trades_csv(executions: &[ExecutionRow]) -> String {
    let header = [
        "at",
        "client_order_id",
        "account",
        "strategy",
        "symbol",
        "side",
        "status",
        "shares",
        "price",
        "fee",
        "reason",
    ];
    let rows = executions.iter().map(|row| {
        let fee = row.commission + row.stamp_duty + row.transfer_fee + row.slippage;
        let [price, fee] = [row.price, fee].map(|fen| format!("{:.2}", cny(fen)));
        [
            row.at.clone(),
            row.client_order_id.clone(),
            row.account_id.clone(),
            row.strategy_id.clone(),
            row.symbol.clone(),
            row.side.clone(),
            row.status.clone(),
            row.shares.to_string(),
            price,
            fee,
            row.reason.clone().unwrap_or_default(),
        ]
    });
    csv_table(header, rows)
}

/// Returns `equity.csv` of a replayed day: one row an account and step.
pub(super) fn equity_csv(marks: &[MarkRow]) -> String {
    let rows = marks.iter().map(|row| {
        let money = |fen| format!("{:.2}", cny(fen));
        let [nav, cash, positions, peak] = [row.nav, row.cash, row.positions_value, row.nav_peak].map(money);
        [row.at.clone(), row.account_id.clone(), nav, cash, positions, peak]
    });
    csv_table(["at", "account", "nav", "cash", "positions", "nav_peak"], rows)
}
