//! Why a portfolio refuses: an illegal weight, or an allocation that does not fit the configured strategies.

use thiserror::Error;

use crate::exit::{Exit, Failure};

/// A refusal; whatever was asked, nothing of it was done.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PortfolioError {
    /// A weight that is no share of anything.
    #[error("{place}: the weight of {of} is {weight}, allowed: a number from 0 to 1")]
    Weight {
        /// `FILE:LINE` of an allocation, `strategy ID` of a target.
        place: String,
        /// The strategy or symbol.
        of: String,
        /// What was given; NaN or infinite among others.
        weight: f64,
    },
    /// Weights that together ask for more than there is.
    #[error("{place}: {of} sum to {sum:.6}, allowed: at most {allowed} ({key})")]
    Sum {
        /// `FILE` of an allocation, `strategy ID` of targets.
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

impl Failure for PortfolioError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoSuchStrategy(_) => Exit::Internal,
            _ => Exit::Refused,
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Weight { place, .. } if place.starts_with("strategy ") => {
                "Correct the strategy's script so that every target weight is a number from 0 to 1."
            }
            Self::Sum { place, .. } if place.starts_with("strategy ") => {
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
