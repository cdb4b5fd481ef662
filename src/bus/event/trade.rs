//! Events of trading: signals, orders, executions, risk and accounts.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AlertLevel, Extra, finite};
use crate::market::Side;

/// What a signal says to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    /// Hold the symbol.
    Buy,
    /// Give it up.
    Sell,
    /// No opinion.
    Flat,
}

/// How an order is priced; the only spelling there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderType {
    /// At the market.
    #[serde(rename = "MKT")]
    Market,
    /// At the limit or better.
    #[serde(rename = "LMT")]
    Limit,
}

/// How long an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeInForce {
    /// To the end of the session.
    #[serde(rename = "DAY")]
    Day,
    /// What fills at once, the rest is cancelled.
    #[serde(rename = "IOC")]
    ImmediateOrCancel,
    /// All at once or nothing.
    #[serde(rename = "FOK")]
    FillOrKill,
}

/// A strategy's signal, on topic `alpha.signal`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalEvent<'a> {
    /// The symbol.
    pub symbol: Cow<'a, str>,
    /// When.
    pub ts: Timestamp,
    /// What to do.
    pub direction: Direction,
    /// The score.
    #[serde(serialize_with = "finite::number")]
    pub score: f64,
    /// The weight; 1.0 unless the strategy says otherwise.
    #[serde(serialize_with = "finite::number")]
    pub weight: f64,
    /// The strategy, `default_ultrashort` in the original.
    pub strategy_id: Cow<'a, str>,
    /// The model or rule.
    pub model_id: Cow<'a, str>,
    /// The training job, if a model gave the signal.
    pub job_id: Option<Cow<'a, str>>,
    /// The horizon, such as `intraday`.
    pub horizon: Cow<'a, str>,
    /// What else there is to say.
    #[serde(default)]
    pub extra: Extra,
}

/// An order, on topic `trade.order`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderEvent<'a> {
    /// The symbol.
    pub symbol: Cow<'a, str>,
    /// The side.
    pub side: Side,
    /// Shares.
    pub quantity: u64,
    /// How it is priced.
    pub order_type: OrderType,
    /// The limit, CNY; null for MKT.
    #[serde(serialize_with = "finite::optional")]
    pub limit_price: Option<f64>,
    /// How long it stands.
    pub time_in_force: TimeInForce,
    /// The account.
    pub account_id: Cow<'a, str>,
    /// The strategy.
    pub strategy_id: Cow<'a, str>,
    /// The client's idempotent id.
    pub client_order_id: Cow<'a, str>,
    /// When.
    pub ts: Timestamp,
    /// What else there is to say.
    #[serde(default)]
    pub extra: Extra,
}

/// What became of an order, on topic `trade.execution`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecutionEvent<'a> {
    /// The broker's id of the order.
    pub order_id: Cow<'a, str>,
    /// The client's id of the order.
    pub client_order_id: Cow<'a, str>,
    /// The id of this execution.
    pub exec_id: Cow<'a, str>,
    /// The symbol.
    pub symbol: Cow<'a, str>,
    /// The side.
    pub side: Side,
    /// Shares filled.
    pub filled_qty: u64,
    /// Average price of what was filled, CNY; 0 when nothing was.
    #[serde(serialize_with = "finite::number")]
    pub avg_price: f64,
    /// NEW, PARTIALLY_FILLED, FILLED, REJECTED or CANCELLED.
    pub status: Cow<'a, str>,
    /// The account.
    pub account_id: Cow<'a, str>,
    /// The strategy.
    pub strategy_id: Cow<'a, str>,
    /// When.
    pub ts: Timestamp,
    /// What the broker said: fees, reasons.
    #[serde(default)]
    pub raw: Extra,
}

/// A risk rule's alert, on topic `risk.alert`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskAlertEvent<'a> {
    /// `risk.account_alert` or `risk.symbol_alert`.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// The account.
    pub account_id: Cow<'a, str>,
    /// The symbol, if it is one symbol's alert.
    pub symbol: Option<Cow<'a, str>>,
    /// How bad it is.
    pub level: AlertLevel,
    /// The score, 0 is calm.
    #[serde(serialize_with = "finite::number")]
    pub score: f64,
    /// In words.
    pub message: Cow<'a, str>,
    /// When.
    pub ts: Timestamp,
}

/// An account's value, on topic `account.nav`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountNavEvent<'a> {
    /// The account.
    pub account_id: Cow<'a, str>,
    /// When.
    pub ts: Timestamp,
    /// Cash plus positions at market, CNY.
    #[serde(serialize_with = "finite::number")]
    pub nav: f64,
    /// The highest value so far, CNY.
    #[serde(serialize_with = "finite::number")]
    pub nav_peak: f64,
    /// Drawdown from the peak, a share of it.
    #[serde(serialize_with = "finite::number")]
    pub dd_total: f64,
    /// Drawdown of this session, a share.
    #[serde(serialize_with = "finite::number")]
    pub dd_intraday: f64,
    /// Positions at market over value.
    #[serde(serialize_with = "finite::number")]
    pub gross_exposure: f64,
    /// The largest position over value.
    #[serde(serialize_with = "finite::number")]
    pub max_single_weight: f64,
}

/// An account's weights, on topic `account.position`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountPositionEvent<'a> {
    /// The account.
    pub account_id: Cow<'a, str>,
    /// When.
    pub ts: Timestamp,
    /// Weight by symbol.
    #[serde(serialize_with = "finite::values")]
    pub positions: BTreeMap<Cow<'a, str>, f64>,
}
