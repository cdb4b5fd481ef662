//! The settings of a backtest, and what can be wrong with them or with its input.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    exit::{Exit, Failure},
    market::{Commission, tick::fen},
    trading::{Fen, TradeTerms},
};

/// The price at which a decision is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// The next session's open.
    NextOpen,
    /// The next session's close.
    NextClose,
}

/// How to trade the scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestParams {
    /// Cash at the start, CNY.
    pub initial_cash: f64,
    /// How many of the best names are held.
    pub top_k: usize,
    /// Sessions from one rebalance to the next; refused orders wait for the next one.
    pub rebalance_every: usize,
    /// Greatest weight of one name, 0 to 1; what it leaves stays in cash.
    pub max_weight: f64,
    /// Commission of both sides, hundredths of a percent.
    pub commission_bps: f64,
    /// Least commission of an order, CNY.
    pub commission_min: f64,
    /// Slippage of both sides, hundredths of a percent.
    pub slippage_bps: f64,
    /// Greatest share of a session's volume, 0 to 1.
    pub participation: f64,
    /// The price of the fills.
    pub execution: Execution,
    /// First session that may trade; the panel's second when none.
    pub from: Option<Date>,
    /// Last session; the panel's last when none.
    pub to: Option<Date>,
}

impl Default for BacktestParams {
    fn default() -> Self {
        Self {
            initial_cash: 1_000_000.0,
            top_k: 20,
            rebalance_every: 1,
            max_weight: 0.1,
            commission_bps: 2.5,
            commission_min: 5.0,
            slippage_bps: 0.0,
            participation: 0.25,
            execution: Execution::NextOpen,
            from: None,
            to: None,
        }
    }
}

impl BacktestParams {
    pub(super) fn terms(&self) -> TradeTerms {
        TradeTerms {
            commission: Commission { rate: self.commission_bps / 1e4, minimum: self.commission_min },
            slippage_bps: self.slippage_bps,
            participation: self.participation,
            trim_to_cash: false,
        }
    }

    /// Returns the initial cash in fen, when every setting is in its range.
    pub(super) fn checked_cash(&self) -> Result<Fen, BacktestError> {
        let ranges = [
            ("max_weight", self.max_weight, 1e-9..=1.0, "more than 0, at most 1"),
            ("participation", self.participation, 1e-9..=1.0, "more than 0, at most 1"),
            ("commission_bps", self.commission_bps, 0.0..=1e3, "0 to 1000"),
            ("commission_min", self.commission_min, 0.0..=1e6, "0 to 1000000"),
            ("slippage_bps", self.slippage_bps, 0.0..=1e3, "0 to 1000"),
            ("initial_cash", self.initial_cash, 1.0..=1e12, "1 to 1e12"),
            ("top_k", self.top_k as f64, 1.0..=1e9, "at least 1"),
            ("rebalance_every", self.rebalance_every as f64, 1.0..=1e9, "at least 1"),
        ];
        for (key, got, range, allowed) in ranges {
            if !range.contains(&got) {
                return Err(BacktestError::Setting { key, got, allowed });
            }
        }
        fen(self.initial_cash).ok_or(BacktestError::Setting {
            key: "initial_cash",
            got: self.initial_cash,
            allowed: "1 to 1e12",
        })
    }
}

/// A backtest that could not run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
    #[error("no session to trade between {from:?} and {to:?}: the panel has {have} sessions")]
    NoSessions {
        /// First session asked for.
        from: Option<Date>,
        /// Last session asked for.
        to: Option<Date>,
        /// Sessions of the panel.
        have: usize,
    },
    /// A setting outside its range.
    #[error("backtest: {key} is {got}, allowed is {allowed}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// Its value.
        got: f64,
        /// What is allowed, in words.
        allowed: &'static str,
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

impl Failure for BacktestError {
    fn exit(&self) -> Exit {
        match self {
            Self::NothingToTrade { .. } | Self::NoSessions { .. } => Exit::NothingRan,
            Self::Setting { .. } => Exit::Config,
            Self::Layout { .. } => Exit::Internal,
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::NothingToTrade { .. } => {
                "Check that the model was trained and scored for this period, then run again."
            }
            Self::NoSessions { .. } => "Widen --start-date and --end-date, or import the bars of that period.",
            Self::Setting { .. } => "Correct the setting and run again.",
            Self::Layout { .. } => "Report this: it is a defect of LightHunter.",
        };
        Some(remedy.into())
    }
}
