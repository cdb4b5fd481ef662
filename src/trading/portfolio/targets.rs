//! What every strategy wants, after all limits, and its account's target weights. Decides no price and no
//! number of shares.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{AccountRule, Adjustment, Allocation, PortfolioError, StrategyRule, weights};
use crate::{
    market::Symbol,
    trading::{Account, Name},
};

/// The targets of all strategies of all accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct PortfolioManager {
    accounts: Vec<AccountRule>,
    strategies: Vec<StrategyRule>,
    /// Share of its account that each strategy gets, by its index.
    pub(super) weights: Vec<f64>,
    /// What each strategy wants, by its index.
    pub(super) wishes: Vec<Wishes>,
}

/// What one strategy wants.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wishes {
    /// Weights in the strategy's capital, within its limits; none is zero.
    pub(super) targets: BTreeMap<Symbol, f64>,
    /// What it wanted once and wants no more, until the account holds none: such sales are its own.
    pub(super) left: BTreeSet<Symbol>,
}

impl PortfolioManager {
    /// Starts with no targets.
    ///
    /// # Errors
    /// When a weight of the allocation is illegal, when the weights of an account exceed its leverage, or
    /// when the allocation does not name the configured strategies, all of them and no other.
    pub fn new(
        accounts: Vec<AccountRule>,
        strategies: Vec<StrategyRule>,
        allocation: &Allocation,
    ) -> Result<Self, PortfolioError> {
        if let Some(rule) = strategies.iter().find(|rule| !accounts.iter().any(|own| own.id == rule.account_id)) {
            let (strategy, account) = (rule.id.to_string(), rule.account_id.to_string());
            return Err(PortfolioError::UnknownAccount { strategy, account });
        }
        let weights = weights::judge_allocation(&accounts, &strategies, allocation)?;
        let wishes = vec![Wishes::default(); strategies.len()];
        Ok(Self { accounts, strategies, weights, wishes })
    }

    /// Returns the strategies, in config order; their index is their number.
    #[must_use]
    pub fn strategies(&self) -> &[StrategyRule] {
        &self.strategies
    }

    /// Returns the accounts, in config order.
    #[must_use]
    pub fn accounts(&self) -> &[AccountRule] {
        &self.accounts
    }

    /// Says whether a strategy decides in the session of that number: every `target_holding_days`
    /// sessions, the first (number 0) included. So a decision stands for that many sessions; only an
    /// intraday signal changes it earlier.
    #[must_use]
    pub fn due(&self, strategy: usize, session_number: u64) -> bool {
        self.strategies
            .get(strategy)
            .is_some_and(|rule| session_number.is_multiple_of(rule.target_holding_days.max(1) as u64))
    }

    /// Replaces all targets of a strategy, in shares of its capital, and tells what its limits cut.
    ///
    /// # Errors
    /// When a weight is illegal or the sum exceeds `max_gross_leverage`; the old targets stay.
    pub fn decide(
        &mut self,
        strategy: usize,
        targets: &BTreeMap<Symbol, f64>,
    ) -> Result<Vec<Adjustment>, PortfolioError> {
        let (Some(rule), Some(wishes)) = (self.strategies.get(strategy), self.wishes.get_mut(strategy)) else {
            return Err(PortfolioError::NoSuchStrategy(strategy));
        };
        weights::judge_targets(rule, targets)?;
        let (kept, adjustments) = weights::limit(rule, targets);
        wishes.replace(kept);
        Ok(adjustments)
    }

    /// Changes one target of a strategy, a share of its capital, and tells what its limits cut. A signal
    /// sees one symbol only, so it never pushes out another: beyond `max_positions` it gets nothing, beyond
    /// `max_gross_leverage` what the other targets leave.
    ///
    /// # Errors
    /// When the weight is illegal; the old targets stay.
    pub fn signal(&mut self, strategy: usize, symbol: Symbol, weight: f64) -> Result<Vec<Adjustment>, PortfolioError> {
        let (Some(rule), Some(wishes)) = (self.strategies.get(strategy), self.wishes.get_mut(strategy)) else {
            return Err(PortfolioError::NoSuchStrategy(strategy));
        };
        weights::judge_target(rule, symbol, weight)?;
        let was_wanted = wishes.targets.remove(&symbol).is_some();
        let (got, adjustment) = weights::limit_signal(rule, &wishes.targets, symbol, weight);
        if got > 0.0 {
            wishes.targets.insert(symbol, got);
            wishes.left.remove(&symbol);
        } else if was_wanted {
            wishes.left.insert(symbol);
        }
        Ok(adjustment.into_iter().collect())
    }

    /// Returns an account's target weight of a symbol, a share of its net asset value: the sum over its
    /// strategies of allocation x target.
    #[must_use]
    pub fn target(&self, account: &str, symbol: Symbol) -> f64 {
        let parts = self.of_account(account);
        let sum: f64 = parts.filter_map(|(_, weight, wishes)| Some(weight * wishes.targets.get(&symbol)?)).sum();
        // The sum of nothing is -0.0, which sorts before 0.0: adding zero makes them one weight.
        sum + 0.0
    }

    /// Says whether a strategy wants a symbol, or wanted it and the account still holds some.
    #[must_use]
    pub fn concerns(&self, strategy: usize, symbol: Symbol) -> bool {
        let wishes = self.wishes.get(strategy);
        wishes.is_some_and(|wishes| wishes.targets.contains_key(&symbol) || wishes.left.contains(&symbol))
    }

    /// Ends a session: forgets which strategy left a symbol once its account holds none of it, or holds it for
    /// another strategy. `account` gives an account by its id; where it gives none, nothing is forgotten.
    pub fn close_session<'a>(&mut self, account: impl Fn(&str) -> Option<&'a Account>) {
        for at in 0..self.wishes.len() {
            let (Some(rule), Some(wishes)) = (self.strategies.get(at), self.wishes.get(at)) else { continue };
            let Some(held) = account(&rule.account_id) else { continue };
            let stays = |symbol: &Symbol| held.position(*symbol).shares > 0 && !self.wants(&rule.account_id, *symbol);
            let left = wishes.left.iter().copied().filter(stays).collect();
            if let Some(wishes) = self.wishes.get_mut(at) {
                wishes.left = left;
            }
        }
    }

    /// Returns the targets of all strategies as JSON; equal targets give equal bytes.
    #[must_use]
    pub fn state(&self) -> serde_json::Value {
        let all: BTreeMap<&Name, &Wishes> = self.strategies.iter().map(|rule| &rule.id).zip(&self.wishes).collect();
        serde_json::to_value(all).unwrap_or_default()
    }

    /// Puts back targets that [`state`](Self::state) returned. A strategy that it does not know starts
    /// without targets.
    ///
    /// # Errors
    /// When the state names a strategy that there is not, or targets that the rules now in force forbid;
    /// the targets are left as they were.
    pub fn restore(&mut self, state: &serde_json::Value) -> Result<(), String> {
        let mut all: BTreeMap<String, Wishes> =
            Deserialize::deserialize(state).map_err(|error: serde_json::Error| format!("portfolio state: {error}"))?;
        let mut wishes = Vec::with_capacity(self.strategies.len());
        for rule in &self.strategies {
            let own = all.remove(&*rule.id).unwrap_or_default();
            weights::judge_targets(rule, &own.targets).map_err(|error| format!("portfolio state: {error}"))?;
            let (kept, cut) = weights::limit(rule, &own.targets);
            if let Some(cut) = cut.first() {
                let symbol = cut.symbol.map(|symbol| symbol.to_string()).unwrap_or_default();
                return Err(format!("portfolio state: strategy {}: {symbol} exceeds {}", rule.id, cut.why));
            }
            wishes.push(Wishes { targets: kept, left: own.left });
        }
        if let Some(unknown) = all.keys().next() {
            return Err(format!("portfolio state: there is no strategy {unknown}"));
        }
        self.wishes = wishes;
        Ok(())
    }

    /// Returns an account's strategies with their weights and wishes, in config order.
    pub(super) fn of_account(&self, account: &str) -> impl Iterator<Item = (&StrategyRule, f64, &Wishes)> {
        let all = self.strategies.iter().zip(self.weights.iter().copied()).zip(&self.wishes);
        all.filter(move |((rule, _), _)| *rule.account_id == *account)
            .map(|((rule, weight), wishes)| (rule, weight, wishes))
    }

    /// Says whether some strategy of an account wants a symbol.
    fn wants(&self, account: &str, symbol: Symbol) -> bool {
        self.of_account(account).any(|(_, _, wishes)| wishes.targets.contains_key(&symbol))
    }
}

impl Wishes {
    fn replace(&mut self, targets: BTreeMap<Symbol, f64>) {
        let old = std::mem::replace(&mut self.targets, targets);
        self.left.retain(|symbol| !self.targets.contains_key(symbol));
        self.left.extend(old.into_keys().filter(|symbol| !self.targets.contains_key(symbol)));
    }
}
