//! What keeps a simulation from running.

use jiff::civil::Date;

use crate::exit::{Exit, Failure};

/// Why there is nothing to replay, or it may not be.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The day has no intraday bars.
    #[error("there are no intraday bars of {date}{}", newest.map_or_else(String::new, |date| format!("; the newest are of {date}")))]
    NoBars {
        /// The session asked for.
        date: Date,
        /// The newest session that has some.
        newest: Option<Date>,
    },
    /// A symbol asked for has none.
    #[error("there are no intraday bars of {symbols} on {date}")]
    NoBarsOf {
        /// The session asked for.
        date: Date,
        /// The symbols without bars.
        symbols: String,
    },
    /// A saved run whose rows are not what the same bars give again.
    #[error("the run cannot be resumed: its ledger has step {saved}, the day has {steps}")]
    Resume {
        /// The step saved.
        saved: u64,
        /// The day's steps.
        steps: usize,
    },
    /// Cash plus positions is not what the flows say.
    #[error(
        "the books of account {account} do not balance at {at}: it is worth {worth} fen, its flows say {flows} fen"
    )]
    Books {
        /// The account.
        account: String,
        /// The market time.
        at: String,
        /// Cash plus positions, fen.
        worth: i64,
        /// What the flows sum to, fen.
        flows: i64,
    },
}

impl Failure for SimulationError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoBars { .. } | Self::NoBarsOf { .. } => Exit::NothingRan,
            Self::Resume { .. } => Exit::Corrupt,
            Self::Books { .. } => Exit::Internal,
        }
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NoBars { newest: Some(newest), .. } => {
                format!("Ask for a session that has some, such as `--date {newest}`, or import its bars.")
            }
            Self::NoBars { newest: None, .. } => {
                "Import intraday bars first: `lighthunter data import DIR`, then `night-ops --mode data`.".into()
            }
            Self::NoBarsOf { .. } => "Leave --symbols out to replay every symbol that has bars.".into(),
            Self::Resume { .. } => "The bars have changed since: run `lighthunter simulate` without --resume.".into(),
            Self::Books { .. } => "Report this: it is a defect of LightHunter.".into(),
        })
    }
}
