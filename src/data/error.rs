//! What can go wrong in data work, with its exit class.

use jiff::civil::Date;

use crate::{
    exit::{Exit, Failure},
    market::{CalendarError, Symbol},
};

/// A failure of data work.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DataError {
    /// Too many rows are hard-faulty.
    #[error(
        "the guardian refuses table {table}: {faulty} of {rows} rows ({share:.3} %) have a hard finding, \
         at most {allowed:.3} % is allowed; most frequent: {worst}"
    )]
    Refused {
        /// The table.
        table: &'static str,
        /// Rows with a hard finding.
        faulty: usize,
        /// All rows.
        rows: usize,
        /// Their share, percent.
        share: f64,
        /// The threshold, percent.
        allowed: f64,
        /// The rules with the most hard findings, with counts.
        worst: String,
    },
    /// The newest session is there in part only.
    #[error(
        "the guardian refuses table {table}: {date} has {rows} of the {expected} bars of the session before \
         (missing_session), at least {least:.0} % are expected"
    )]
    Partial {
        /// The table.
        table: &'static str,
        /// The session.
        date: Date,
        /// Its bars.
        rows: usize,
        /// Those of the session before.
        expected: usize,
        /// The share that is required, percent.
        least: f64,
    },
    /// There is nothing to judge.
    #[error("table {table} has no rows in the period asked for")]
    Empty {
        /// The table.
        table: &'static str,
    },
    /// A date lies outside the trading calendar.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// Bars are not ordered by date and symbol, or one is there twice.
    #[error("the bars are not in order: {symbol} on {date} is out of place or there twice")]
    Unordered {
        /// The symbol.
        symbol: Symbol,
        /// The date.
        date: Date,
    },
    /// A repair does not fit the bars: they have changed since it was planned.
    #[error("the repair of {symbol} on {date} does not fit: {problem}")]
    Mismatch {
        /// The symbol.
        symbol: Symbol,
        /// The date.
        date: Date,
        /// What is there instead.
        problem: String,
    },
}

impl Failure for DataError {
    fn exit(&self) -> Exit {
        Exit::DataRefused
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Partial { .. } => "Deliver the session whole, or work for an earlier one with --as-of.".into(),
            Self::Refused { .. } => "Look at the findings in the report, and deliver the faulty files again.".into(),
            Self::Empty { .. } => {
                "Ask for a later date (`lighthunter data status` shows what there is), or import data first.".into()
            }
            Self::Calendar(error) => return error.remedy(),
            Self::Unordered { .. } => "Import the table again, so that it is ordered and free of doubles.".into(),
            Self::Mismatch { .. } => "Run the check and the repair again on the present data.".into(),
        })
    }
}
