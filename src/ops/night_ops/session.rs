//! The trading date of a run: the session asked for, or the newest one that has ended. Opens no store.

use jiff::{Zoned, civil::Date};

use super::refusal::Refusal;
use crate::{exit::AnyFailure, market::Calendar, ops::Station};

/// Returns the session that a person asked for, which must have ended. A date without a session is worked
/// for as the session before it.
///
/// # Errors
/// When the session has not ended, or the date is outside the calendar.
pub(in crate::ops) fn session_asked_for(station: &Station, asked: Option<Date>) -> Result<Option<Date>, AnyFailure> {
    let asked = asked.map(|date| Calendar::builtin().session_on_or_before(date)).transpose()?;
    let reach = last_completed_session(station);
    match asked {
        Some(asked) if asked > reach => Err(Refusal::NotEnded { asked, reach }.into()),
        asked => Ok(asked),
    }
}

/// Returns the newest session that has ended in Shanghai.
pub(in crate::ops) fn last_completed_session(station: &Station) -> Date {
    completed_session(&station.clock.shanghai())
}

/// Returns the newest session that has ended at a time in Shanghai.
pub(in crate::ops) fn completed_session(now: &Zoned) -> Date {
    // The closing call ends at 15:00; a session still under way is not complete.
    let today_is_over = now.hour() >= 15;
    let reach = if today_is_over { now.date() } else { now.date().yesterday().unwrap_or(now.date()) };
    let calendar = Calendar::builtin();
    calendar.session_on_or_before(reach.min(calendar.last())).unwrap_or(calendar.last())
}
