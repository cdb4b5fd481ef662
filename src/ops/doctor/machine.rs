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
    let (now, calendar) = (clock.shanghai(), Calendar::builtin());
    let last = calendar.last();
    let shown = now.strftime("%Y-%m-%d %H:%M Asia/Shanghai").to_string();
    if now.date() < jiff::civil::date(2025, 1, 1) {
        return Check::fail(
            "clock",
            format!("it says {shown}, which is before this program was written"),
            "Set the clock.",
        );
    }
    if let Some(left) = calendar.days_left_if_near(now.date()) {
        let remedy = "Add the year that the exchanges publish each December to data_sources.market.closures of \
                      config/system_config.json (docs/scheduler.md), or update LightHunter.";
        let found = match left {
            ..0 => format!("{shown}; the trading calendar ended on {last}: no job of trading days starts"),
            left => format!("{shown}; the trading calendar ends on {last}, in {left} days"),
        };
        return Check::warn("clock", found, remedy);
    }
    Check::ok("clock", format!("{shown}; the trading calendar reaches {last}"))
}
