//! What holds for the machine whatever the workspace: libraries, git, the bus, the clock.

use std::{process::Command, time::Duration};

use super::{Check, words::Word};
use crate::{
    bus,
    clock::Clock,
    market::Calendar,
    store,
    text::{Note, Speak},
    vault,
};

/// How long the bus may take for one message and back.
const BUS_PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn checks(clock: &Clock) -> Vec<Check> {
    vec![executable(), libraries(), git(), message_bus(), time(clock)]
}

fn executable() -> Check {
    let place = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    Check::ok("executable", Note::new(Word::Executable, [&env!("CARGO_PKG_VERSION"), &place]))
}

fn libraries() -> Check {
    let [duckdb, sqlite] = store::versions();
    let edges = [duckdb, sqlite, ("libgit2", vault::version()), ("libzmq", bus::version())];
    let shown = edges.map(|(name, version)| format!("{name} {version}"));
    Check::ok("libraries", Note::foreign(shown.join(", ")))
}

/// The git command is the user's; LightHunter itself uses libgit2.
fn git() -> Check {
    match Command::new("git").arg("--version").output() {
        Ok(output) if output.status.success() => {
            Check::ok("git", Note::foreign(String::from_utf8_lossy(&output.stdout).trim()))
        }
        _ => Check::warn("git", Word::NoGit, Word::InstallGit),
    }
}

fn message_bus() -> Check {
    match bus::round_trip(BUS_PATIENCE) {
        Ok(seconds) => Check::ok("bus", Note::new(Word::MessageBack, [&format!("{:.1}", seconds * 1e3)])),
        Err(error) => Check::fail("bus", Note::foreign(error.to_string()), Word::AllowLoopback),
    }
}

fn time(clock: &Clock) -> Check {
    let (now, calendar) = (clock.shanghai(), Calendar::builtin());
    let last = calendar.last();
    let shown = now.strftime("%Y-%m-%d %H:%M Asia/Shanghai").to_string();
    if now.date() < jiff::civil::date(2025, 1, 1) {
        return Check::fail("clock", Note::new(Word::ClockBefore, [&shown]), Word::SetClock);
    }
    if let Some(left) = calendar.days_left_if_near(now.date()) {
        let found = match left {
            ..0 => Note::new(Word::CalendarEnded, [&shown as &dyn Speak, &last]),
            left => Note::new(Word::CalendarEnds, [&shown as &dyn Speak, &last, &left]),
        };
        return Check::warn("clock", found, Word::AddClosures);
    }
    Check::ok("clock", Note::new(Word::CalendarReaches, [&shown as &dyn Speak, &last]))
}
