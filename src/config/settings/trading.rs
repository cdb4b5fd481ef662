//! Sections `broker`, `trade_core`, `portfolio`, `risk`: from a score to an order.

use std::path::PathBuf;

use super::Section;
use crate::{config::section::Bounds, market::Symbol};

/// The broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Broker {
    /// Which broker.
    pub kind: BrokerKind,
    /// Costs of the paper broker, and of backtests.
    pub paper: PaperCosts,
}

/// A broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerKind {
    /// Fills at market prices without sending anything.
    Paper,
}

/// Costs of a fill, beside stamp duty and transfer fee, which are rules of the exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct PaperCosts {
    /// Commission, basis points of the amount.
    pub commission_bps: f64,
    /// The least commission of an order, CNY.
    pub commission_min: f64,
    /// Slippage against the order, basis points of the price.
    pub slippage_bps: f64,
    /// The largest share of a bar's volume that one order takes, above 0 up to 1.
    pub max_volume_share: f64,
}

/// Orders and cash.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeCore {
    /// Cash of a backtest, CNY.
    pub starting_cash: f64,
    /// The currency.
    pub base_currency: String,
    /// How long an order may wait for its broker, seconds.
    pub order_timeout_sec: f64,
}

/// Accounts and strategies.
#[derive(Debug, Clone, PartialEq)]
pub struct Portfolio {
    /// The script that shares the account among the strategies.
    pub script: PathBuf,
    /// Accounts, in file order.
    pub accounts: Vec<Account>,
    /// Strategies, in file order.
    pub strategies: Vec<Strategy>,
}

/// An account.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Cash at the start, CNY.
    pub starting_cash: f64,
    /// The currency.
    pub base_currency: String,
}

/// A strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Strategy {
    /// Its id.
    pub id: String,
    /// The account it trades for.
    pub account_id: String,
    /// Its script.
    pub script: Option<PathBuf>,
    /// Its share of the account, 0 to 1.
    pub weight: f64,
    /// Largest sum of position values over its capital.
    pub max_gross_leverage: f64,
    /// Largest share of its capital in one symbol, above 0 up to 1.
    pub max_single_position_pct: f64,
    /// Largest number of positions.
    pub max_positions: usize,
    /// Sessions that a position is meant to be held.
    pub target_holding_days: usize,
    /// When it trades.
    pub rebalance_mode: RebalanceMode,
    /// What it does, for people.
    pub description: Option<String>,
}

/// When a strategy trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebalanceMode {
    /// At the open.
    Open,
    /// At the close.
    Close,
}

/// Limits that refuse orders.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// Never bought.
    pub blacklist_symbols: Vec<Symbol>,
    /// Where it is not empty, nothing else is bought.
    pub whitelist_symbols: Vec<Symbol>,
    /// Largest sum of position values over net asset value.
    pub max_leverage: f64,
    /// Largest share of net asset value in one symbol.
    pub concentration_limit: f64,
    /// Largest loss within a day, a share of the day's first net asset value.
    pub max_dd_intraday: f64,
    /// Largest loss from the peak, a share.
    pub max_dd_total: f64,
    /// Largest amount of one order, CNY.
    pub max_order_value: f64,
}

impl Broker {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            kind: s.choice("type", &[("paper", BrokerKind::Paper)], BrokerKind::Paper),
            paper: s.section("paper", |s| PaperCosts {
                commission_bps: s.number("commission_bps", Bounds::between(0.0, 1000.0)),
                commission_min: s.number("commission_min", Bounds::NOT_NEGATIVE),
                slippage_bps: s.number("slippage_bps", Bounds::between(0.0, 1000.0)),
                max_volume_share: s.number("max_volume_share", Bounds::above(0.0, 1.0)),
            }),
        }
    }
}

impl TradeCore {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            starting_cash: s.number("starting_cash", Bounds::POSITIVE),
            base_currency: currency(s),
            order_timeout_sec: s.number("order_timeout_sec", Bounds::above(0.0, 3600.0)),
        }
    }
}

fn currency(s: &mut Section<'_>) -> String {
    s.choice("base_currency", &[("CNY", "CNY")], "CNY").to_owned()
}

impl Portfolio {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        let script = s.path("script");
        let defaults = s.section("defaults", Defaults::read);
        let accounts = s.named("accounts", |id, s| Account {
            id: id.to_owned(),
            starting_cash: s.number("starting_cash", Bounds::POSITIVE),
            base_currency: currency(s),
        });
        let strategies = s.named("strategies", |id, s| defaults.strategy(id, s));
        Self {
            script,
            accounts: accounts.into_iter().map(|(_, account)| account).collect(),
            strategies: strategies.into_iter().map(|(_, strategy)| strategy).collect(),
        }
    }
}

/// What a strategy that does not say otherwise gets.
struct Defaults {
    weight: f64,
    max_gross_leverage: f64,
    max_single_position_pct: f64,
    max_positions: usize,
    target_holding_days: usize,
    rebalance_mode: RebalanceMode,
}

impl Defaults {
    fn read(s: &mut Section<'_>) -> Self {
        Self {
            weight: read_weight(s, "weight"),
            max_gross_leverage: read_leverage(s, "max_gross_leverage"),
            max_single_position_pct: read_position(s, "max_single_position_pct"),
            max_positions: read_positions(s, "max_positions"),
            target_holding_days: read_holding(s, "target_holding_days"),
            rebalance_mode: read_mode(s, "rebalance_mode"),
        }
    }

    fn strategy(&self, id: &str, s: &mut Section<'_>) -> Strategy {
        Strategy {
            id: id.to_owned(),
            account_id: s.name("account_id"),
            script: s.optional("script", Section::path),
            weight: s.optional("weight", read_weight).unwrap_or(self.weight),
            max_gross_leverage: s.optional("max_gross_leverage", read_leverage).unwrap_or(self.max_gross_leverage),
            max_single_position_pct: s
                .optional("max_single_position_pct", read_position)
                .unwrap_or(self.max_single_position_pct),
            max_positions: s.optional("max_positions", read_positions).unwrap_or(self.max_positions),
            target_holding_days: s.optional("target_holding_days", read_holding).unwrap_or(self.target_holding_days),
            rebalance_mode: s.optional("rebalance_mode", read_mode).unwrap_or(self.rebalance_mode),
            description: s.optional("description", Section::text),
        }
    }
}

fn read_weight(s: &mut Section<'_>, key: &str) -> f64 {
    s.number(key, Bounds::SHARE)
}

fn read_leverage(s: &mut Section<'_>, key: &str) -> f64 {
    s.number(key, Bounds::above(0.0, 10.0))
}

fn read_position(s: &mut Section<'_>, key: &str) -> f64 {
    s.number(key, Bounds::above(0.0, 1.0))
}

fn read_positions(s: &mut Section<'_>, key: &str) -> usize {
    s.size(key, 1, 10_000)
}

fn read_holding(s: &mut Section<'_>, key: &str) -> usize {
    s.size(key, 1, 1000)
}

fn read_mode(s: &mut Section<'_>, key: &str) -> RebalanceMode {
    s.choice(key, &[("open", RebalanceMode::Open), ("close", RebalanceMode::Close)], RebalanceMode::Close)
}

impl Risk {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            blacklist_symbols: s.symbols("blacklist_symbols"),
            whitelist_symbols: s.symbols("whitelist_symbols"),
            max_leverage: s.number("max_leverage", Bounds::above(0.0, 10.0)),
            concentration_limit: s.number("concentration_limit", Bounds::above(0.0, 1.0)),
            max_dd_intraday: s.number("max_dd_intraday", Bounds::above(0.0, 1.0)),
            max_dd_total: s.number("max_dd_total", Bounds::above(0.0, 1.0)),
            max_order_value: s.number("max_order_value", Bounds::POSITIVE),
        }
    }
}
