//! Why a portfolio refuses: an illegal weight, or an allocation that does not fit the configured strategies.

use thiserror::Error;

use crate::exit::{Exit, Failure};

/// A refusal; whatever was asked, nothing of it was done.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PortfolioError {
    /// A weight that is no share of anything.
    #[error("{place}: the weight of {of} is {weight}, allowed: a number from 0 to 1")]
    Weight {
        /// `FILE:LINE` of an allocation, `strategy ID` of a target, after its script's `FILE:LINE: `.
        place: String,
        /// The strategy or symbol.
        of: String,
        /// What was given; NaN or infinite among others.
        weight: f64,
    },
    /// Weights that together ask for more than there is.
    #[error("{place}: {of} sum to {sum:.6}, allowed: at most {allowed} ({key})")]
    Sum {
        /// `FILE` of an allocation, `strategy ID` of targets, after their script's `FILE:LINE: `.
        place: String,
        /// What was summed.
        of: String,
        /// The sum.
        sum: f64,
        /// The leverage.
        allowed: f64,
        /// The config key that allows it.
        key: String,
    },
    /// A weight for a strategy that the config does not have.
    #[error("{place}: weights.{strategy}: portfolio.strategies has no {strategy}{hint}")]
    UnknownStrategy {
        /// `FILE:LINE`.
        place: String,
        /// The name given.
        strategy: String,
        /// `, did you mean u1?`, or the names there are.
        hint: String,
    },
    /// A configured strategy that the allocation forgot.
    #[error("{place}: weights has no {strategy}, which portfolio.strategies has{hint}")]
    MissingWeight {
        /// `FILE`.
        place: String,
        /// The strategy.
        strategy: String,
        /// ` (it has u1)`, the names that are there.
        hint: String,
    },
    /// A strategy of an account that does not exist.
    #[error("strategy {strategy}: portfolio.accounts has no {account}")]
    UnknownAccount {
        /// The strategy.
        strategy: String,
        /// The account that it names.
        account: String,
    },
    /// A number of a strategy that was never given out.
    #[error("there is no strategy number {0}")]
    NoSuchStrategy(usize),
}

impl PortfolioError {
    /// Puts the place in a script in front of a strategy's refusal: who corrects it starts there.
    #[must_use]
    pub(in crate::trading) fn in_script(mut self, script: Option<String>) -> Self {
        if let Self::Weight { place, .. } | Self::Sum { place, .. } = &mut self
            && let Some(script) = script
        {
            *place = format!("{script}: {place}");
        }
        self
    }
}

impl Failure for PortfolioError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoSuchStrategy(_) => Exit::Internal,
            _ => Exit::Refused,
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Weight { place, .. } if is_of_strategy(place) => {
                "Correct the strategy's script so that every target weight is a number from 0 to 1."
            }
            Self::Sum { place, .. } if is_of_strategy(place) => {
                "Correct the strategy's script so that its weights fit, or raise the limit that is named."
            }
            Self::Weight { .. } | Self::Sum { .. } => "Correct the weights in the file named above.",
            Self::UnknownStrategy { .. } | Self::MissingWeight { .. } => {
                "Give every strategy of portfolio.strategies one weight, and no other name, in the file named above."
            }
            Self::UnknownAccount { .. } => "Correct the strategy's account_id in config/system_config.json.",
            Self::NoSuchStrategy(_) => return None,
        };
        Some(remedy.into())
    }
}

/// Tells a strategy's own weights from those of the allocation.
fn is_of_strategy(place: &str) -> bool {
    place.rsplit(": ").next().is_some_and(|last| last.starts_with("strategy "))
}

/// Returns a hint of the nearest of `names`, or of all of them where none is near.
pub(super) fn hint<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> String {
    const NEAR: f64 = 0.6;
    const LISTED_MAX: usize = 12;
    let names: Vec<&str> = names.collect();
    let score =
        |name: &&str| strsim::normalized_damerau_levenshtein(wrong, name).max(strsim::jaro_winkler(wrong, name));
    match names.iter().map(|name| (score(name), *name)).max_by(|a, b| a.0.total_cmp(&b.0)) {
        None => String::new(),
        Some((near, name)) if near >= NEAR => format!(", did you mean {name}?"),
        Some(_) => format!(", allowed: {}", names[..names.len().min(LISTED_MAX)].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::PortfolioError;
    use crate::exit::Failure as _;

    #[test]
    fn strategys_refusal_begins_with_its_script() {
        let error = PortfolioError::Weight { place: "strategy u1".into(), of: "600001.SH".into(), weight: f64::NAN };
        let remedy = error.remedy();
        let error = error.in_script(Some("strategy/u1.luau:3".into()));
        assert!(error.to_string().starts_with("strategy/u1.luau:3: strategy u1: the weight of 600001.SH is NaN"));
        assert_eq!(error.remedy(), remedy);
        assert!(remedy.is_some_and(|words| words.contains("script")));
    }
}
