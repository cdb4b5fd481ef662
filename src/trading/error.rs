//! What ends trading: a strategy that breaks its bounds or wishes what is not allowed, an account whose
//! kill switch is tripped. A refused order does not: it is an event.

use crate::{
    exit::{Exit, Failure},
    script::ScriptError,
};

use super::portfolio::PortfolioError;

/// Why trading ended.
#[derive(Debug, thiserror::Error)]
pub enum TradingError {
    /// A strategy's script.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// A weight that is not allowed.
    #[error(transparent)]
    Portfolio(#[from] PortfolioError),
    /// A signal's score that is no number.
    #[error("{}strategy {strategy}: the score of {symbol} is {score}, allowed: a finite number", place.as_ref().map_or_else(String::new, |place| format!("{place}: ")))]
    Score {
        /// `FILE:LINE` of the function, where it is known.
        place: Option<String>,
        /// The strategy.
        strategy: String,
        /// The symbol.
        symbol: String,
        /// What was given.
        score: f64,
    },
    /// The account may not trade.
    #[error("the kill switch of account {account} is tripped since {since}: {reason}")]
    KillSwitch {
        /// The account.
        account: String,
        /// Since when, Asia/Shanghai.
        since: String,
        /// Why.
        reason: String,
    },
    /// A saved state that is not one.
    #[error("the saved state of {part} cannot be taken up: {what}")]
    State {
        /// Whose.
        part: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

impl Failure for TradingError {
    fn exit(&self) -> Exit {
        match self {
            Self::Script(error) => error.exit(),
            Self::Portfolio(error) => error.exit(),
            Self::KillSwitch { .. } | Self::Score { .. } => Exit::Refused,
            Self::State { .. } => Exit::Corrupt,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Script(error) => error.remedy(),
            Self::Portfolio(error) => error.remedy(),
            Self::KillSwitch { account, .. } => Some(format!(
                "Find out why it tripped, then release it: `lighthunter risk release {account} --reason TEXT`."
            )),
            Self::Score { .. } => Some("Correct the script so that every score is a number.".into()),
            Self::State { .. } => Some("Run the command without --resume: it starts from the beginning.".into()),
        }
    }
}
