//! The rows of trading as the ledger keeps them: orders, executions and marks. Money is in fen, times
//! and names are texts; what they mean is `trading`'s. Each row is put once: the same row again changes
//! nothing, another one of its id is refused.

use rusqlite::{OptionalExtension, Params, Row, Statement, params};

use super::{count, integer};

/// An order as it was given to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The owner's id of the order; unique in a run.
    pub client_order_id: String,
    /// The account.
    pub account_id: String,
    /// The strategy.
    pub strategy_id: String,
    /// The symbol.
    pub symbol: String,
    /// Buy or sell.
    pub side: String,
    /// Shares wanted.
    pub shares: i64,
    /// Market or limit.
    pub order_type: String,
    /// The limit in fen; absent for an order without one.
    pub limit_price: Option<i64>,
    /// How long it stands.
    pub time_in_force: String,
    /// When it was given, in the market's time.
    pub at: String,
}

/// What the broker reported on an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionRow {
    /// The report's number; unique in a run and growing.
    pub exec_id: u64,
    /// The broker's number of the order.
    pub order_id: u64,
    /// The owner's id of the order.
    pub client_order_id: String,
    /// The account.
    pub account_id: String,
    /// The strategy.
    pub strategy_id: String,
    /// The symbol.
    pub symbol: String,
    /// Buy or sell.
    pub side: String,
    /// Shares that changed hands; 0 where none did.
    pub shares: i64,
    /// Price of a share, fen; 0 where none changed hands.
    pub price: i64,
    /// The broker's commission, fen.
    pub commission: i64,
    /// Stamp duty, fen.
    pub stamp_duty: i64,
    /// Transfer fee, fen.
    pub transfer_fee: i64,
    /// Slippage as money, fen.
    pub slippage: i64,
    /// What became of the order by this report.
    pub status: String,
    /// Why it was refused or ended.
    pub reason: Option<String>,
    /// The account's cash after it, fen.
    pub cash_after: i64,
    /// The account's shares of the symbol after it.
    pub position_after: i64,
    /// When, in the market's time.
    pub at: String,
}

/// What an account was worth at one moment, in fen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkRow {
    /// The account.
    pub account_id: String,
    /// When, in the market's time; unique for an account in a run.
    pub at: String,
    /// Cash.
    pub cash: i64,
    /// All positions at market.
    pub positions_value: i64,
    /// Cash plus positions.
    pub nav: i64,
    /// The highest such sum so far.
    pub nav_peak: i64,
}

/// A kind of row that is put once.
pub(super) trait TradeRow: Sized + PartialEq {
    /// Puts the row where its id is free.
    const PUT: &str;
    /// Finds the row of an id; the run is the first parameter.
    const FIND: &str;
    /// Lists the rows of a run.
    const LIST: &str;

    fn put(&self, run: &str, statement: &mut Statement<'_>) -> rusqlite::Result<usize>;
    fn find(&self, run: &str, statement: &mut Statement<'_>) -> rusqlite::Result<Option<Self>>;
    fn of(row: &Row<'_>) -> rusqlite::Result<Self>;
    /// Returns the kind of row and its id.
    fn name(&self) -> String;
}

fn found<T: TradeRow>(statement: &mut Statement<'_>, id: impl Params) -> rusqlite::Result<Option<T>> {
    statement.query_row(id, T::of).optional()
}

impl TradeRow for OrderRow {
    const PUT: &str = "INSERT INTO orders (run_id, client_order_id, account_id, strategy_id, symbol, side, shares,
        order_type, limit_price, time_in_force, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT DO NOTHING";
    const FIND: &str = "SELECT client_order_id, account_id, strategy_id, symbol, side, shares, order_type,
        limit_price, time_in_force, at FROM orders WHERE run_id = ?1 AND client_order_id = ?2";
    const LIST: &str = "SELECT client_order_id, account_id, strategy_id, symbol, side, shares, order_type,
        limit_price, time_in_force, at FROM orders WHERE run_id = ?1 ORDER BY seq";

    fn put(&self, run: &str, statement: &mut Statement<'_>) -> rusqlite::Result<usize> {
        statement.execute(params![
            run,
            self.client_order_id,
            self.account_id,
            self.strategy_id,
            self.symbol,
            self.side,
            self.shares,
            self.order_type,
            self.limit_price,
            self.time_in_force,
            self.at
        ])
    }

    fn find(&self, run: &str, statement: &mut Statement<'_>) -> rusqlite::Result<Option<Self>> {
        found(statement, params![run, self.client_order_id])
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            client_order_id: row.get(0)?,
            account_id: row.get(1)?,
            strategy_id: row.get(2)?,
            symbol: row.get(3)?,
            side: row.get(4)?,
            shares: row.get(5)?,
            order_type: row.get(6)?,
            limit_price: row.get(7)?,
            time_in_force: row.get(8)?,
            at: row.get(9)?,
        })
    }

    fn name(&self) -> String {
        format!("order {}", self.client_order_id)
    }
}

impl TradeRow for ExecutionRow {
    const PUT: &str = "INSERT INTO executions (run_id, exec_id, order_id, client_order_id, account_id, strategy_id,
        symbol, side, shares, price, commission, stamp_duty, transfer_fee, slippage, status, reason, cash_after,
        position_after, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
        ON CONFLICT DO NOTHING";
    const FIND: &str = "SELECT exec_id, order_id, client_order_id, account_id, strategy_id, symbol, side, shares,
        price, commission, stamp_duty, transfer_fee, slippage, status, reason, cash_after, position_after, at
        FROM executions WHERE run_id = ?1 AND exec_id = ?2";
    const LIST: &str = "SELECT exec_id, order_id, client_order_id, account_id, strategy_id, symbol, side, shares,
        price, commission, stamp_duty, transfer_fee, slippage, status, reason, cash_after, position_after, at
        FROM executions WHERE run_id = ?1 ORDER BY exec_id";

    fn put(&self, run: &str, statement: &mut Statement<'_>) -> rusqlite::Result<usize> {
        statement.execute(params![
            run,
            integer(self.exec_id)?,
            integer(self.order_id)?,
            self.client_order_id,
            self.account_id,
            self.strategy_id,
            self.symbol,
            self.side,
            self.shares,
            self.price,
            self.commission,
            self.stamp_duty,
            self.transfer_fee,
            self.slippage,
            self.status,
            self.reason,
            self.cash_after,
            self.position_after,
            self.at
        ])
    }

    fn find(&self, run: &str, statement: &mut Statement<'_>) -> rusqlite::Result<Option<Self>> {
        found(statement, params![run, integer(self.exec_id)?])
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            exec_id: count(row, 0)?,
            order_id: count(row, 1)?,
            client_order_id: row.get(2)?,
            account_id: row.get(3)?,
            strategy_id: row.get(4)?,
            symbol: row.get(5)?,
            side: row.get(6)?,
            shares: row.get(7)?,
            price: row.get(8)?,
            commission: row.get(9)?,
            stamp_duty: row.get(10)?,
            transfer_fee: row.get(11)?,
            slippage: row.get(12)?,
            status: row.get(13)?,
            reason: row.get(14)?,
            cash_after: row.get(15)?,
            position_after: row.get(16)?,
            at: row.get(17)?,
        })
    }

    fn name(&self) -> String {
        format!("execution {}", self.exec_id)
    }
}

impl TradeRow for MarkRow {
    const PUT: &str = "INSERT INTO marks (run_id, account_id, at, cash, positions_value, nav, nav_peak)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    const FIND: &str = "SELECT account_id, at, cash, positions_value, nav, nav_peak FROM marks
        WHERE run_id = ?1 AND account_id = ?2 AND at = ?3";
    const LIST: &str = "SELECT account_id, at, cash, positions_value, nav, nav_peak FROM marks
        WHERE run_id = ?1 ORDER BY at, account_id";

    fn put(&self, run: &str, statement: &mut Statement<'_>) -> rusqlite::Result<usize> {
        let Self { account_id, at, cash, positions_value, nav, nav_peak } = self;
        statement.execute(params![run, account_id, at, cash, positions_value, nav, nav_peak])
    }

    fn find(&self, run: &str, statement: &mut Statement<'_>) -> rusqlite::Result<Option<Self>> {
        found(statement, params![run, self.account_id, self.at])
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            account_id: row.get(0)?,
            at: row.get(1)?,
            cash: row.get(2)?,
            positions_value: row.get(3)?,
            nav: row.get(4)?,
            nav_peak: row.get(5)?,
        })
    }

    fn name(&self) -> String {
        format!("mark of {} at {}", self.account_id, self.at)
    }
}
