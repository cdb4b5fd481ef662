//! The window of a backtest, and what can be wrong with them or with its input.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    exit::{Exit, Failure},
    trading::TradingError,
};

/// Which sessions a backtest trades. What it trades and by which rules is the TradeCore's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct BacktestParams {
    /// First session that may trade; the panel's second when none.
    pub from: Option<Date>,
    /// Last session; the panel's last when none.
    pub to: Option<Date>,
}

/// A backtest that could not run.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// No score on any decision day.
    #[error("nothing to trade: no finite score on any of the {days} decision days up to {last}")]
    NothingToTrade {
        /// Decision days looked at.
        days: usize,
        /// The last of them.
        last: Date,
    },
    /// No session in the window, or none before its first to decide on.
    #[error("no session to trade{}{}: the panel has {have} sessions", edge(" from ", *from), edge(" to ", *to))]
    NoSessions {
        /// First session asked for.
        from: Option<Date>,
        /// Last session asked for.
        to: Option<Date>,
        /// Sessions of the panel.
        have: usize,
    },
    /// Training and validation have seen every session.
    #[error("no session is left to test on: training and validation have seen them all")]
    NoTest,
    /// A strategy, the portfolio or risk ended it.
    #[error("backtest of {date}: {source}")]
    Trading {
        /// The session.
        date: Date,
        /// What ended it.
        source: TradingError,
    },
    /// Scores or flags that are not laid out as the panel.
    #[error("backtest: {what} has {got} cells, the panel has {expected}")]
    Layout {
        /// Which input.
        what: &'static str,
        /// Its cells.
        got: usize,
        /// The panel's cells.
        expected: usize,
    },
}

fn edge(word: &str, date: Option<Date>) -> String {
    date.map_or_else(String::new, |date| format!("{word}{date}"))
}

impl Failure for BacktestError {
    fn exit(&self) -> Exit {
        match self {
            Self::NothingToTrade { .. } | Self::NoSessions { .. } | Self::NoTest => Exit::NothingRan,
            Self::Trading { source, .. } => source.exit(),
            Self::Layout { .. } => Exit::Internal,
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::NothingToTrade { .. } => {
                "Check that the model was trained and scored for this period, then run again."
            }
            Self::NoTest => "Raise research.split.test_share, or use more sessions.",
            Self::NoSessions { .. } => "Widen --start-date and --end-date, or import the bars of that period.",
            Self::Trading { source, .. } => return source.remedy(),
            Self::Layout { .. } => "Report this: it is a defect of LightHunter.",
        };
        Some(remedy.into())
    }
}
