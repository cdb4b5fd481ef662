//! What becomes of the starts of one job that are due: which one runs, and which are passed over.

use jiff::{SignedDuration, Timestamp};

use super::slots::{Timetable, just_before};
use crate::{
    config::{CatchUp, Job},
    market::Calendar,
    store::{Ledger, SkippedSlots, StoreError},
};

/// So far back a missed start is caught up, days; what is older is passed over, whatever the job says.
pub const CATCH_UP_DAYS_MAX: i64 = 31;

/// What was decided of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// The slot that runs now.
    pub(super) start: Option<Timestamp>,
    /// What is passed over.
    pub(super) skipped: Vec<SkippedSlots>,
    /// Every slot up to and with this one is decided by it.
    pub(super) through: Timestamp,
}

/// The starts of one job, with what the ledger knows of them.
pub(super) struct Due<'a> {
    pub(super) job: &'a Job,
    pub(super) calendar: &'a Calendar,
    pub(super) ledger: &'a Ledger,
    pub(super) now: Timestamp,
}

impl Due<'_> {
    /// Decides what becomes of the starts after `through` that are due; nothing where none is.
    pub(super) fn decide(&self, through: Timestamp) -> Result<Option<Decision>, StoreError> {
        match self.job.catch_up {
            CatchUp::All => self.oldest(through),
            CatchUp::Once => self.newest(through, true),
            CatchUp::Skip => self.newest(through, false),
        }
    }

    /// The newest start runs, if it may however late it is, or is not later than the job's grace.
    fn newest(&self, through: Timestamp, however_late: bool) -> Result<Option<Decision>, StoreError> {
        let Some(pending) = self.table().pending(through, self.now) else { return Ok(None) };
        let newest = pending.last;
        let late = self.now.duration_since(newest).as_secs();
        let may = however_late || late <= self.job.grace_sec as i64;
        let runs = may && !self.ledger.is_slot_served(&self.job.id, newest)?;
        let reason = if however_late {
            "missed: only the newest start is caught up".to_owned()
        } else {
            format!("missed: no start runs that is later than {} s", self.job.grace_sec)
        };
        let passed = if may { just_before(newest) } else { newest };
        let skipped = self.passed_over(through, passed, reason)?;
        Ok(Some(Decision { start: runs.then_some(newest), skipped, through: newest }))
    }

    /// The oldest start that is not served runs; the others wait for it.
    fn oldest(&self, through: Timestamp) -> Result<Option<Decision>, StoreError> {
        let horizon = self.now - SignedDuration::from_hours(24 * CATCH_UP_DAYS_MAX);
        let mut skipped = Vec::new();
        let mut reached = through;
        if through < horizon {
            skipped = self.passed_over(through, horizon, format!("missed more than {CATCH_UP_DAYS_MAX} days ago"))?;
            reached = horizon;
        }
        while let Some(slot) = self.table().next(reached, self.now) {
            reached = slot;
            if !self.ledger.is_slot_served(&self.job.id, slot)? {
                return Ok(Some(Decision { start: Some(slot), skipped, through: slot }));
            }
        }
        Ok((reached > through).then_some(Decision { start: None, skipped, through: reached }))
    }

    fn passed_over(&self, after: Timestamp, until: Timestamp, reason: String) -> Result<Vec<SkippedSlots>, StoreError> {
        let Some(pending) = self.table().pending(after, until) else { return Ok(Vec::new()) };
        let slots = pending.count.saturating_sub(self.ledger.served_slots(&self.job.id, after, until)?);
        let skipped = SkippedSlots {
            job: self.job.id.clone(),
            first: pending.first,
            last: pending.last,
            slots,
            reason,
            decided_at: self.now,
        };
        Ok(if slots > 0 { vec![skipped] } else { Vec::new() })
    }

    const fn table(&self) -> Timetable<'_> {
        Timetable::new(&self.job.schedule, self.calendar)
    }
}
