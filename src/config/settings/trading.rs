//! Sections `broker`, `trade_core`, `portfolio`: from a score to an order.

use std::path::PathBuf;

use super::Section;
use crate::config::section::Bounds;

/// More cash than this, CNY, is no account: sums stay far below where fen are lost.
pub(super) const CASH_MAX: f64 = 1e11;

/// The broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Broker {
    /// Which broker.
    pub kind: BrokerKind,
    /// Costs of the paper broker, and of backtests.
    pub paper: PaperCosts,
    /// What goes wrong on the way to the shadow broker.
    pub shadow: ShadowBroker,
}

/// A broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerKind {
    /// Fills at market prices without sending anything.
    Paper,
    /// The paper broker behind a bad line: late, sometimes refused, sometimes filled in part.
    Shadow,
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

/// What goes wrong on the way to the shadow broker; every chance is drawn from the run's seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShadowBroker {
    /// The shortest way of an order, milliseconds.
    pub latency_ms_min: u64,
    /// The longest way of an order, milliseconds.
    pub latency_ms_max: u64,
    /// The chance that an order is refused.
    pub reject_prob: f64,
    /// The chance that a match fills only a part.
    pub partial_fill_prob: f64,
    /// The smallest such part, above 0.
    pub partial_fill_min_ratio: f64,
    /// The largest such part, up to 1.
    pub partial_fill_max_ratio: f64,
}

/// Orders and cash.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeCore {
    /// Cash of an account that does not say otherwise, CNY.
    pub starting_cash: f64,
    /// The currency.
    pub base_currency: String,
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
    /// Largest sum of position values over its capital.
    pub max_gross_leverage: f64,
    /// Largest share of its capital in one symbol, above 0 up to 1.
    pub max_single_position_pct: f64,
    /// Largest number of positions.
    pub max_positions: usize,
    /// Sessions from one daily decision to the next.
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

impl Broker {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self {
            kind: s.choice("type", &[("paper", BrokerKind::Paper), ("shadow", BrokerKind::Shadow)], BrokerKind::Paper),
            paper: s.section("paper", |s| PaperCosts {
                commission_bps: s.number("commission_bps", Bounds::between(0.0, 1000.0)),
                commission_min: s.number("commission_min", Bounds::between(0.0, 1e6)),
                slippage_bps: s.number("slippage_bps", Bounds::between(0.0, 1000.0)),
                max_volume_share: s.number("max_volume_share", Bounds::above(0.0, 1.0)),
            }),
            shadow: s.section("shadow", ShadowBroker::read),
        }
    }
}

impl ShadowBroker {
    fn read(s: &mut Section<'_>) -> Self {
        const LATENCY_MS_MAX: u64 = 3_600_000;
        let shadow = Self {
            latency_ms_min: s.count("latency_ms_min", 0, LATENCY_MS_MAX),
            latency_ms_max: s.count("latency_ms_max", 0, LATENCY_MS_MAX),
            reject_prob: s.number("reject_prob", Bounds::SHARE),
            partial_fill_prob: s.number("partial_fill_prob", Bounds::SHARE),
            partial_fill_min_ratio: s.number("partial_fill_min_ratio", Bounds::above(0.0, 1.0)),
            partial_fill_max_ratio: s.number("partial_fill_max_ratio", Bounds::above(0.0, 1.0)),
        };
        if shadow.latency_ms_min > shadow.latency_ms_max {
            s.disagreement(["latency_ms_min", "latency_ms_max"], "latency_ms_min is above latency_ms_max");
        }
        if shadow.partial_fill_min_ratio > shadow.partial_fill_max_ratio {
            s.disagreement(
                ["partial_fill_min_ratio", "partial_fill_max_ratio"],
                "partial_fill_min_ratio is above partial_fill_max_ratio",
            );
        }
        shadow
    }
}

impl TradeCore {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        Self { starting_cash: s.number("starting_cash", Bounds::above(0.0, CASH_MAX)), base_currency: currency(s) }
    }
}

fn currency(s: &mut Section<'_>) -> String {
    s.choice("base_currency", &[("CNY", "CNY")], "CNY").to_owned()
}

impl Portfolio {
    /// Reads the section; what an account does not say is TradeCore's.
    pub(super) fn read(s: &mut Section<'_>, core: &TradeCore) -> Self {
        let script = s.path("script");
        let defaults = s.section("defaults", Defaults::read);
        let accounts = s.named("accounts", |id, s| Account {
            id: id.to_owned(),
            starting_cash: s
                .optional("starting_cash", |s, key| s.number(key, Bounds::above(0.0, CASH_MAX)))
                .unwrap_or(core.starting_cash),
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
    max_gross_leverage: f64,
    max_single_position_pct: f64,
    max_positions: usize,
    target_holding_days: usize,
    rebalance_mode: RebalanceMode,
}

impl Defaults {
    fn read(s: &mut Section<'_>) -> Self {
        refuse_weight(s);
        Self {
            max_gross_leverage: read_leverage(s, "max_gross_leverage"),
            max_single_position_pct: read_position(s, "max_single_position_pct"),
            max_positions: read_positions(s, "max_positions"),
            target_holding_days: read_holding(s, "target_holding_days"),
            rebalance_mode: read_mode(s, "rebalance_mode"),
        }
    }

    fn strategy(&self, id: &str, s: &mut Section<'_>) -> Strategy {
        refuse_weight(s);
        Strategy {
            id: id.to_owned(),
            account_id: s.name("account_id"),
            script: s.optional("script", Section::path),
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

/// Says where the weights are now, where a file of an earlier version still has them here.
fn refuse_weight(s: &mut Section<'_>) {
    if s.own_entries().iter().any(|entry| entry.key == "weight") {
        s.take("weight");
        s.mistake("weight", "is no longer a key; the weights are in strategy/portfolio.luau");
    }
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
