//! What holds for the machine whatever the workspace: libraries, git, the bus, the clock.

use std::{process::Command, time::Duration};

use super::Check;
use crate::{bus, clock::Clock, market::Calendar, store, vault};

/// How long the bus may take for one message and back.
const BUS_PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn checks(clock: &Clock) -> Vec<Check> {
    vec![executable(), libraries(), git(), message_bus(), time(clock)]
}

fn executable() -> Check {
    let place = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    Check::ok("executable", format!("lighthunter {} at {place}", env!("CARGO_PKG_VERSION")))
}

fn libraries() -> Check {
    let [duckdb, sqlite] = store::versions();
    let edges = [duckdb, sqlite, ("libgit2", vault::version()), ("libzmq", bus::version())];
    let shown = edges.map(|(name, version)| format!("{name} {version}"));
    Check::ok("libraries", shown.join(", "))
}

/// The git command is the user's; LightHunter itself uses libgit2.
fn git() -> Check {
    match Command::new("git").arg("--version").output() {
        Ok(output) if output.status.success() => Check::ok("git", String::from_utf8_lossy(&output.stdout).trim()),
        _ => Check::warn("git", "the git command does not run", "Install git; the manual's own steps use it."),
    }
}

fn message_bus() -> Check {
    match bus::round_trip(BUS_PATIENCE) {
        Ok(seconds) => Check::ok("bus", format!("a ZeroMQ message came back in {:.1} ms", seconds * 1e3)),
        Err(error) => Check::fail("bus", error.to_string(), "Allow connections of this machine to itself (127.0.0.1)."),
    }
}

fn time(clock: &Clock) -> Check {
    let (now, last) = (clock.shanghai(), Calendar::builtin().last());
    let shown = now.strftime("%Y-%m-%d %H:%M Asia/Shanghai").to_string();
    if now.date() < jiff::civil::date(2025, 1, 1) {
        return Check::fail(
            "clock",
            format!("it says {shown}, which is before this program was written"),
            "Set the clock.",
        );
    }
    if now.date() > last {
        let remedy = "Update LightHunter: the exchanges publish the next year's calendar each December.";
        return Check::warn("clock", format!("{shown}; the trading calendar ends on {last}"), remedy);
    }
    Check::ok("clock", format!("{shown}; the trading calendar reaches {last}"))
}
