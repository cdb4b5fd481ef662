//! Judges weights and cuts them to a strategy's limits. Pure: the same weights give the same answer.

use std::{cmp::Ordering, collections::BTreeMap};

use super::{AccountRule, Adjustment, Allocation, PortfolioError, StrategyRule, error::hint};
use crate::market::Symbol;

/// Sums such as 0.1 + 0.2 + 0.7 may miss a limit by this much; people may not.
const SUM_TOLERANCE: f64 = 1e-9;

/// Returns the weight of each strategy, in the order of `strategies`.
///
/// # Errors
/// The first of: an unknown name, a missing one, an illegal weight, an account whose weights exceed its
/// leverage, by themselves or with the leverage that its strategies may take.
pub(super) fn judge_allocation(
    accounts: &[AccountRule],
    strategies: &[StrategyRule],
    allocation: &Allocation,
) -> Result<Vec<f64>, PortfolioError> {
    judge_names(strategies, allocation)?;
    let mut weights = Vec::with_capacity(strategies.len());
    for rule in strategies {
        let weight = allocation.weights.get(&*rule.id).copied().unwrap_or(f64::NAN);
        judge_weight(weight, || (allocation.place(&rule.id), rule.id.to_string()))?;
        weights.push(weight);
    }
    for account in accounts {
        let own = || strategies.iter().zip(&weights).filter(|(rule, _)| rule.account_id == account.id);
        let sum_error = |of: String, sum: f64| PortfolioError::Sum {
            place: allocation.origin.clone(),
            of,
            sum,
            allowed: account.max_leverage,
            key: "risk.max_leverage".into(),
        };
        let sum: f64 = own().map(|(_, weight)| weight).sum();
        if exceeds(sum, account.max_leverage) {
            return Err(sum_error(format!("the weights of account {}", account.id), sum));
        }
        let gross: f64 = own().map(|(rule, weight)| weight * rule.max_gross_leverage).sum();
        if exceeds(gross, account.max_leverage) {
            return Err(sum_error(format!("weight x max_gross_leverage of account {}", account.id), gross));
        }
    }
    Ok(weights)
}

fn judge_names(strategies: &[StrategyRule], allocation: &Allocation) -> Result<(), PortfolioError> {
    let names = || strategies.iter().map(|rule| &*rule.id);
    if let Some(strategy) = allocation.weights.keys().find(|given| !names().any(|name| name == *given)) {
        return Err(PortfolioError::UnknownStrategy {
            place: allocation.place(strategy),
            strategy: strategy.clone(),
            hint: hint(strategy, names()),
        });
    }
    if let Some(strategy) = names().find(|name| !allocation.weights.contains_key(*name)) {
        return Err(PortfolioError::MissingWeight {
            place: allocation.origin.clone(),
            strategy: strategy.to_owned(),
            hint: match allocation.weights.keys().map(String::as_str).collect::<Vec<_>>().join(", ") {
                names if names.is_empty() => String::new(),
                names => format!(" (it has {names})"),
            },
        });
    }
    Ok(())
}

/// Judges all targets of a strategy: each weight, then their sum.
pub(super) fn judge_targets(rule: &StrategyRule, targets: &BTreeMap<Symbol, f64>) -> Result<(), PortfolioError> {
    for (symbol, weight) in targets {
        judge_target(rule, *symbol, *weight)?;
    }
    let sum: f64 = targets.values().sum();
    if exceeds(sum, rule.max_gross_leverage) {
        return Err(PortfolioError::Sum {
            place: format!("strategy {}", rule.id),
            of: format!("its {} target weights", targets.len()),
            sum,
            allowed: rule.max_gross_leverage,
            key: format!("portfolio.strategies.{}.max_gross_leverage", rule.id),
        });
    }
    Ok(())
}

/// Judges one target of a strategy by itself.
pub(super) fn judge_target(rule: &StrategyRule, symbol: Symbol, weight: f64) -> Result<(), PortfolioError> {
    judge_weight(weight, || (format!("strategy {}", rule.id), symbol.to_string()))
}

fn judge_weight(weight: f64, place_and_name: impl FnOnce() -> (String, String)) -> Result<(), PortfolioError> {
    if (0.0..=1.0).contains(&weight) {
        return Ok(());
    }
    let (place, of) = place_and_name();
    Err(PortfolioError::Weight { place, of, weight })
}

fn exceeds(sum: f64, allowed: f64) -> bool {
    sum > allowed + SUM_TOLERANCE
}

/// Cuts judged targets to the limits per position and number of positions. The largest weights stay, of
/// equal ones the first by symbol. What is cut is not given to others: that would undo the limit.
pub(super) fn limit(rule: &StrategyRule, wanted: &BTreeMap<Symbol, f64>) -> (BTreeMap<Symbol, f64>, Vec<Adjustment>) {
    let positive = || wanted.iter().filter(|(_, weight)| **weight > 0.0).map(|(symbol, weight)| (*symbol, *weight));
    // Mostly nothing is cut, and then nothing need be ranked.
    if positive().count() <= rule.max_positions && positive().all(|(_, of)| of <= rule.max_single_position_pct) {
        return (positive().collect(), Vec::new());
    }
    let mut ranked: Vec<(Symbol, f64)> = positive().collect();
    ranked.sort_by(|a, b| by_weight(*a, *b));
    let mut kept = BTreeMap::new();
    let mut adjustments = Vec::new();
    for (rank, (symbol, wanted)) in ranked.into_iter().enumerate() {
        let (got, why) = if rank >= rule.max_positions {
            (0.0, Some("max_positions"))
        } else if wanted > rule.max_single_position_pct {
            (rule.max_single_position_pct, Some("max_single_position_pct"))
        } else {
            (wanted, None)
        };
        if got > 0.0 {
            kept.insert(symbol, got);
        }
        if let Some(why) = why {
            adjustments.push(Adjustment { strategy: rule.id.clone(), symbol: Some(symbol), wanted, got, why });
        }
    }
    (kept, adjustments)
}

/// Cuts one judged wish to what a strategy's limits and its `others` targets leave.
pub(super) fn limit_signal(
    rule: &StrategyRule,
    others: &BTreeMap<Symbol, f64>,
    symbol: Symbol,
    wanted: f64,
) -> (f64, Option<Adjustment>) {
    let room = (rule.max_gross_leverage - others.values().sum::<f64>()).max(0.0);
    let (got, why) = if wanted > 0.0 && others.len() >= rule.max_positions {
        (0.0, "max_positions")
    } else if exceeds(wanted.min(rule.max_single_position_pct), room) {
        // What is left after rounding only is no position.
        (if exceeds(room, 0.0) { room } else { 0.0 }, "max_gross_leverage")
    } else if wanted > rule.max_single_position_pct {
        (rule.max_single_position_pct, "max_single_position_pct")
    } else {
        return (wanted, None);
    };
    (got, Some(Adjustment { strategy: rule.id.clone(), symbol: Some(symbol), wanted, got, why }))
}

/// Orders by weight, the largest first, then by symbol.
pub(super) fn by_weight((a, one): (Symbol, f64), (b, other): (Symbol, f64)) -> Ordering {
    other.total_cmp(&one).then(a.cmp(&b))
}
