//! The checks of the machine: room on the disk, and a clock that can be right.

use jiff::{Timestamp, civil::time, tz::TimeZone};
use nix::sys::statvfs::statvfs;

use super::{
    CheckName,
    check::Findings,
    morning::Morning,
    words::{Found, Remedy},
};
use crate::{
    clock,
    market::Calendar,
    store::{Ledger, StoreError},
    text::Note,
};

/// Below this multiple of what a night needs the disk is nearly full.
const ROOM_FACTOR: u64 = 2;
/// The ledger's newest times are looked for among so many runs.
const RUNS_MAX: usize = 100;
/// So far may the clock be behind the ledger: two machines that share a disk are not closer.
const BEHIND_SECONDS_MAX: i64 = 5;
/// The exchanges' distance from UTC, seconds; China has had no summer time since 1991.
const SHANGHAI_OFFSET_SECONDS: i32 = 8 * 3_600;
/// With fewer sessions left in the calendar an update is due.
const CALENDAR_SESSIONS_MIN: i64 = 10;

/// There is room for a day and a night.
pub(super) fn disk(morning: &Morning<'_>, findings: &mut Findings) {
    let root = morning.station.workspace.root();
    let needed = morning.station.settings().ops.min_free_disk_bytes;
    let free = match statvfs(root) {
        Ok(disk) => disk.blocks_available() * disk.fragment_size(),
        Err(error) => {
            let what = Note::new(Found::DiskUnmeasured, [&root.display(), &error]);
            return findings.fail(what, Remedy::Mount);
        }
    };
    let found = Note::new(Found::DiskFree, [&mib(free), &mib(needed)]);
    let make_room = Remedy::MakeRoom;
    if free < needed {
        findings.fail(found, make_room);
    } else if free < needed.saturating_mul(ROOM_FACTOR) {
        findings.warn(found, make_room);
    } else {
        findings.ok(found);
    }
}

fn mib(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The clock is not behind what the ledger has seen, its time zone is Shanghai's, the market is not open.
pub(super) fn clock(morning: &Morning<'_>, findings: &mut Findings) {
    let now = &morning.now;
    let shown = now.strftime("%Y-%m-%d %H:%M:%S Asia/Shanghai").to_string();
    match morning.ledger().map(newest_time) {
        None => findings.not_made(Found::LedgerClosed, CheckName::Stores),
        Some(Err(error)) => findings.failure(&error, Remedy::DataStatus),
        Some(Ok(newest)) => {
            if let Some((seen, behind)) = newest.and_then(|newest| Some((newest, behind(now.timestamp(), newest)?))) {
                findings.fail(Note::new(Found::ClockBehind, [&shown, &seen, &behind]), Remedy::SetClock);
            }
        }
    }
    if let Some(fault) = zone_fault(&clock::shanghai_zone(), now.timestamp()) {
        findings.fail(fault, Remedy::InstallAnew);
    }
    calendar(morning, findings);
    // A market that was simulated once is never open.
    if !morning.is_simulated && now.date() == morning.date && now.time() >= time(9, 15, 0, 0) {
        findings.warn(Note::new(Found::MarketOpen, [&shown]), Remedy::ComeEarlier);
    }
    findings.ok(Note::new(Found::TimeIs, [&shown]));
}

fn calendar(morning: &Morning<'_>, findings: &mut Findings) {
    let calendar = Calendar::builtin();
    let left = calendar.count_between(morning.date, calendar.last()).unwrap_or(0);
    if left < CALENDAR_SESSIONS_MIN {
        findings.warn(Note::new(Found::CalendarEnds, [&calendar.last(), &left, &morning.date]), Remedy::Calendar);
    }
}

/// Returns the newest time that the ledger has of a run.
fn newest_time(ledger: &Ledger) -> Result<Option<Timestamp>, StoreError> {
    let runs = ledger.runs(RUNS_MAX)?;
    Ok(runs.iter().flat_map(|run| [Some(run.started_at), run.finished_at]).flatten().max())
}

/// Returns by how many seconds `now` is behind what was seen, where that is more than may be.
fn behind(now: Timestamp, seen: Timestamp) -> Option<i64> {
    let seconds = seen.duration_since(now).as_secs();
    (seconds > BEHIND_SECONDS_MAX).then_some(seconds)
}

/// Returns what is wrong with the time zone of the exchanges.
fn zone_fault(zone: &TimeZone, now: Timestamp) -> Option<Note> {
    let name = zone.iana_name().unwrap_or("no name");
    let offset = zone.to_offset(now).seconds();
    let is_right = name == "Asia/Shanghai" && offset == SHANGHAI_OFFSET_SECONDS;
    let hours = format!("{:+}", f64::from(offset) / 3_600.0);
    (!is_right).then(|| Note::new(Found::ZoneWrong, [&name, &hours]))
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::{behind, zone_fault};
    use crate::text::Language;

    #[test]
    fn zone_other_than_shanghais_is_seen() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(zone_fault(&crate::clock::shanghai_zone(), now), None);
        let unnamed = zone_fault(&TimeZone::fixed(jiff::tz::offset(8)), now);
        assert!(unnamed.is_some_and(|fault| fault.say(Language::English).contains("no name")));
        assert!(zone_fault(&TimeZone::UTC, now).is_some_and(|fault| fault.say(Language::English).contains("UTC+0 h")));
    }

    #[test]
    fn clock_behind_what_was_seen_is_told_from_one_that_lags_a_moment() {
        let now: Timestamp = "2025-01-02T00:00:00Z".parse().expect("a timestamp");
        let seen = |seconds| now + jiff::SignedDuration::from_secs(seconds);
        assert_eq!([-60, 0, 5, 6, 90].map(|seconds| behind(now, seen(seconds))), [None, None, None, Some(6), Some(90)]);
    }
}
