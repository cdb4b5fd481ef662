//! The trading desk of a workspace: scripts, weights, accounts, risk limits and broker from config and
//! `strategy/`, wired into a TradeCore. Backtest and simulation both start here, so that what the one
//! refuses the other refuses too.

use std::{collections::BTreeMap, io::Read as _, path::Path};

use serde_json::{Value, json};

use super::station::Station;
use crate::{
    config::settings::{self, BrokerKind, RebalanceMode},
    exit::{AnyFailure, Exit, Failure},
    market::{Commission, tick::fen},
    script::{Script, ScriptLimits},
    trading::{
        Fen, Name, TradeCore, TradeTerms, TradingError,
        broker::{Broker, PaperBroker, ShadowBroker, ShadowTerms, Venue},
        portfolio::{AccountRule, Allocation, PortfolioManager, StrategyRule},
        risk::{RiskBrain, RiskLimits, ScoreWeights},
        strategy::{ScriptStrategy, Strategy},
    },
};

/// No more than this of a script is read; it is far above what a script may have.
const SCRIPT_BYTES_MAX: u64 = 1 << 20;

/// A script that the config names and that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeskError {
    /// The file.
    #[error("the script {path} of {key} cannot be read: {source}")]
    Script {
        /// The config's key.
        key: String,
        /// The file, as in the workspace.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A strategy without a script.
    #[error("portfolio.strategies.{0} names no script")]
    NoScript(String),
}

impl Failure for DeskError {
    fn exit(&self) -> Exit {
        Exit::Config
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Script { path, .. } => {
                format!("Restore the file (`git restore {path}`), or name another one in config/system_config.json.")
            }
            Self::NoScript(id) => {
                format!("Give it one, such as strategy/{id}.luau, in config/system_config.json.")
            }
        })
    }
}

/// A TradeCore and what it was made of.
pub(super) struct Desk {
    pub(super) core: TradeCore,
    /// For the record: each script's digest, the weights, the broker.
    pub(super) params: BTreeMap<String, Value>,
}

/// Opens the desk with fresh accounts.
///
/// # Errors
/// When a script is missing, does not load or wishes what is not allowed.
pub(super) fn open(station: &Station) -> Result<Desk, AnyFailure> {
    let portfolio = &station.settings().portfolio;
    let mut digests: BTreeMap<String, Value> = BTreeMap::new();
    let mut load = |key: &str, path: &Path| -> Result<Script, AnyFailure> {
        let (name, text) = read(station, key, path)?;
        let script = Script::load(&name, &text, ScriptLimits::default()).map_err(TradingError::from)?;
        digests.insert(name, json!(script.digest()));
        Ok(script)
    };
    let weights = load("portfolio.script", &portfolio.script)?;
    let mut strategies: Vec<Box<dyn Strategy>> = Vec::with_capacity(portfolio.strategies.len());
    for strategy in &portfolio.strategies {
        let path = strategy.script.as_ref().ok_or_else(|| DeskError::NoScript(strategy.id.clone()))?;
        let script = load(&format!("portfolio.strategies.{}.script", strategy.id), path)?;
        strategies.push(Box::new(ScriptStrategy::new(&strategy.id, script)?));
    }
    let allocation = allocation(&weights)?;
    let (accounts, rules) = (account_rules(station), strategy_rules(station));
    let manager = PortfolioManager::new(accounts, rules, &allocation).map_err(TradingError::from)?;
    let terms = terms(station);
    let broker = broker(station, terms);
    let risk = portfolio.accounts.iter().map(|account| RiskBrain::new(account.id.as_str().into(), limits(station)));
    let core = TradeCore::new(strategies, manager, risk.collect(), broker, terms)?;
    let params = BTreeMap::from([
        ("scripts".to_owned(), json!(digests)),
        ("weights".to_owned(), json!(allocation.weights)),
        ("broker".to_owned(), json!(broker_name(station))),
    ]);
    Ok(Desk { core, params })
}

fn read(station: &Station, key: &str, path: &Path) -> Result<(String, String), DeskError> {
    let file = station.workspace.path(path);
    let shown = path.display().to_string();
    let failed = |source| DeskError::Script { key: key.to_owned(), path: shown.clone(), source };
    let mut bytes = Vec::new();
    // A link that leads out of the workspace would run what no commit of it has.
    let root = station.workspace.root().canonicalize().map_err(failed)?;
    if !file.canonicalize().map_err(failed)?.starts_with(root) {
        return Err(failed(std::io::Error::other("it is a link that leads out of the workspace")));
    }
    let opened = std::fs::File::open(&file).map_err(failed)?;
    if !opened.metadata().map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("it is no file")));
    }
    // What is beyond is refused by the script's own limit, with the words of that limit.
    opened.take(SCRIPT_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    // A script that is not UTF-8 does not parse, and the mark shows where.
    Ok((shown, String::from_utf8_lossy(&bytes).into_owned()))
}

fn allocation(script: &Script) -> Result<Allocation, TradingError> {
    let weights = script.weights()?;
    let again = script.twin()?.weights()?;
    // Compared as bits: a weight that is no number is the portfolio's to refuse.
    let bits = |of: &BTreeMap<String, f64>, name: &str| of.get(name).map(|weight| weight.to_bits());
    if let Some(name) = weights.keys().chain(again.keys()).find(|name| bits(&weights, name) != bits(&again, name)) {
        return Err(script.unsteady("weights", format!("the weight of {name} differs from load to load")).into());
    }
    let lines = weights.keys().filter_map(|name| Some((name.clone(), script.line_of(name)?))).collect();
    Ok(Allocation { origin: script.name().to_owned(), weights, lines })
}

fn account_rules(station: &Station) -> Vec<AccountRule> {
    let settings = station.settings();
    let rule = |account: &settings::Account| AccountRule {
        id: account.id.as_str().into(),
        starting_cash: cash(account.starting_cash),
        max_leverage: settings.risk.max_leverage,
    };
    settings.portfolio.accounts.iter().map(rule).collect()
}

fn strategy_rules(station: &Station) -> Vec<StrategyRule> {
    let rule = |strategy: &settings::Strategy| StrategyRule {
        id: strategy.id.as_str().into(),
        account_id: strategy.account_id.as_str().into(),
        max_gross_leverage: strategy.max_gross_leverage,
        max_single_position_pct: strategy.max_single_position_pct,
        max_positions: strategy.max_positions,
        target_holding_days: strategy.target_holding_days,
        venue: match strategy.rebalance_mode {
            RebalanceMode::Open => Venue::Any,
            RebalanceMode::Close => Venue::ClosingCall,
        },
    };
    station.settings().portfolio.strategies.iter().map(rule).collect()
}

/// Config money is checked to be a positive number, so it always is whole fen.
fn cash(cny: f64) -> Fen {
    fen(cny).unwrap_or(0)
}

/// Returns what trading costs.
pub(super) fn terms(station: &Station) -> TradeTerms {
    let costs = &station.settings().broker.paper;
    TradeTerms {
        commission: Commission { rate: costs.commission_bps / 1e4, minimum: costs.commission_min },
        slippage_bps: costs.slippage_bps,
        participation: costs.max_volume_share,
        trim_to_cash: true,
    }
}

fn broker(station: &Station, terms: TradeTerms) -> Box<dyn Broker> {
    let settings = station.settings();
    let accounts = settings.portfolio.accounts.iter();
    let cash = accounts.map(|account| (Name::from(account.id.as_str()), cash(account.starting_cash)));
    match settings.broker.kind {
        BrokerKind::Paper => Box::new(PaperBroker::new(cash, terms)),
        BrokerKind::Shadow => {
            let shadow = &settings.broker.shadow;
            let line = ShadowTerms {
                latency_ms: shadow.latency_ms_min..=shadow.latency_ms_max,
                reject_prob: shadow.reject_prob,
                partial_fill_prob: shadow.partial_fill_prob,
                partial_fill_ratio: shadow.partial_fill_min_ratio..=shadow.partial_fill_max_ratio,
            };
            Box::new(ShadowBroker::new(cash, terms, line, settings.seed))
        }
    }
}

fn broker_name(station: &Station) -> &'static str {
    match station.settings().broker.kind {
        BrokerKind::Paper => "paper",
        BrokerKind::Shadow => "shadow",
    }
}

fn limits(station: &Station) -> RiskLimits {
    let risk = &station.settings().risk;
    RiskLimits {
        blacklist: risk.blacklist_symbols.iter().copied().collect(),
        whitelist: risk.whitelist_symbols.iter().copied().collect(),
        max_leverage: risk.max_leverage,
        concentration_limit: risk.concentration_limit,
        max_dd_intraday: risk.max_dd_intraday,
        max_dd_total: risk.max_dd_total,
        max_order_value: cash(risk.max_order_value),
        price_collar: risk.price_collar_pct,
        max_turnover: risk.max_turnover,
        weights: ScoreWeights {
            dd_intraday: risk.w_dd_intraday,
            dd_total: risk.w_dd_total,
            leverage: risk.w_leverage,
            concentration: risk.w_concentration,
        },
    }
}
