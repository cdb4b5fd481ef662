//! May a trading command start? The last DayOps of the trading date decides, as the ledger has it.
//!
//! A DayOps speaks for the session that it opens and for the one whose data it looked at: a replay of
//! that newest session is today's trading. A date of which no DayOps speaks is not a trading day but
//! research on the past: its command starts, and its report says that nobody checked.

use jiff::civil::Date;

use super::{COMPONENT, DayOpsReport, words::Word};
use crate::{
    digest::Digest,
    exit::{AnyFailure, Exit, Failure},
    market::Calendar,
    store::{Ledger, RunRecord},
    text::Note,
};

/// The stage of a DayOps in the ledger whose digest is that of the strategies that it looked at.
pub(super) const STRATEGIES: &str = "strategies";

/// So many of the newest DayOps are looked through.
const RUNS_MAX: usize = 500;

/// What the last DayOps of a trading date says of trading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// It found nothing against it.
    Granted {
        /// Its run.
        run_id: String,
    },
    /// It found something against it, and a person trades all the same.
    Forced {
        /// Its run.
        run_id: String,
        /// What it found.
        what: String,
    },
    /// There is none.
    Unasked,
}

impl Permission {
    /// Returns what the report of a trading command must say about it.
    #[must_use]
    pub fn note(&self, date: Date) -> Option<Note> {
        match self {
            Self::Granted { .. } => None,
            Self::Forced { run_id, what } => Some(Note::new(Word::ForcedAgainst, [run_id, what])),
            Self::Unasked => Some(Note::new(Word::Unasked, [&date])),
        }
    }

    /// Returns the run of the DayOps that was overruled.
    #[must_use]
    pub fn forced_against(&self) -> Option<String> {
        match self {
            Self::Forced { run_id, .. } => Some(run_id.clone()),
            Self::Granted { .. } | Self::Unasked => None,
        }
    }
}

/// The last DayOps says that the day is not fit to trade.
#[derive(Debug, thiserror::Error)]
#[error("trading on {date} is refused by the last DayOps, {run_id}: {what}")]
pub struct TradingRefused {
    date: Date,
    run_id: String,
    what: String,
    remedy: String,
}

impl Failure for TradingRefused {
    fn exit(&self) -> Exit {
        Exit::Refused
    }

    fn remedy(&self) -> Option<String> {
        Some(self.remedy.clone())
    }
}

/// Asks whether trading on `date` may start with the strategies of digest `strategies`; `force` lets it start
/// against a DayOps that failed, or that looked at other strategies.
///
/// # Errors
/// [`TradingRefused`] where the last DayOps failed or `strategy/` has changed since; what the ledger says.
pub fn ask(ledger: &Ledger, date: Date, strategies: &Digest, force: bool) -> Result<Permission, AnyFailure> {
    let next = Calendar::builtin().next_session(date).unwrap_or(date);
    let speaks = |run: &RunRecord| (run.as_of == date || run.as_of == next) && run.exit.is_some();
    let Some(last) = ledger.runs_of(COMPONENT, RUNS_MAX)?.into_iter().find(speaks) else {
        return Ok(Permission::Unasked);
    };
    let run_id = last.id;
    let (what, first) = if last.exit == Some(Exit::Done.code()) {
        // What was checked is what may run: its digest, not its name.
        let checked = ledger.stages(&run_id)?.into_iter().find(|stage| stage.name == STRATEGIES);
        let Some(checked) = checked.and_then(|stage| stage.digest).filter(|checked| checked != strategies) else {
            return Ok(Permission::Granted { run_id });
        };
        let (checked, found) = (checked.short(), strategies.short());
        let what = format!("strategy/ has changed since it looked (digest {checked} then, {found} now)");
        (what, "Look at the change (`git diff strategy`)".to_owned())
    } else {
        let report = format!("reports/{}.md", DayOpsReport::stem(last.as_of));
        (last.error.unwrap_or_else(|| "it failed".to_owned()), format!("Do what {report} asks for"))
    };
    if force {
        return Ok(Permission::Forced { run_id, what });
    }
    let remedy = format!("{first} and run `lighthunter day-ops` again, or add --force, which is recorded.");
    Err(TradingRefused { date, run_id, what, remedy }.into())
}
