//! The checks of the workspace as a place: what is in force is committed, and its ports can be had.

use super::{
    check::Findings,
    morning::Morning,
    words::{Found, Remedy},
};
use crate::{bus::Holder, net, text::Note, vault::Vault};

/// What decides how the system trades; everything else in the repository is for people.
const IN_FORCE: [&str; 2] = ["config/", "strategy/"];
/// Overrides of places only: they change where something listens and nothing that is traded.
const PLACES: [&str; 4] = ["event_bus.", "hud.host", "hud.port", "monitor.port"];
/// So many files are named.
const SHOWN_MAX: usize = 5;

const COMMIT: Remedy = Remedy::Commit;

/// Config and strategies in force are what the repository has committed, with nothing on top.
pub(super) fn config(morning: &Morning<'_>, findings: &mut Findings) {
    let station = morning.station;
    let state = Vault::open(station.workspace.root()).and_then(|vault| {
        let tracked: Vec<String> = vault.index_entries()?.into_iter().map(|entry| entry.path).collect();
        Ok((vault.head()?, vault.status()?, tracked))
    });
    let (head, status, tracked) = match state {
        Ok(state) => state,
        Err(error) => {
            return findings.failure(&error, Remedy::MakeRepository);
        }
    };
    let in_force = |path: &&String| IN_FORCE.iter().any(|place| path.starts_with(place));
    let mut open: Vec<String> = status.changed.iter().chain(&status.untracked).filter(in_force).cloned().collect();
    // What git ignores it does not list, and it may be in force all the same.
    let read = station.config.files.iter().map(|(name, _)| name);
    open.extend(read.filter(|name| !tracked.contains(name)).cloned());
    open.sort();
    open.dedup();
    if !open.is_empty() {
        let shown = open.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
        findings.warn(Note::new(Found::Uncommitted, [&open.len(), &shown]), COMMIT);
    }
    let sets = &morning.options.overrides;
    let other: Vec<&str> =
        sets.iter().map(String::as_str).filter(|set| !PLACES.iter().any(|place| set.starts_with(place))).collect();
    if !other.is_empty() {
        findings.warn(Note::new(Found::Overridden, [&other.join(", ")]), Remedy::WithoutSets);
    }
    let digest = station.config.digest.short();
    findings.ok(Note::new(Found::Committed, [&head.get(..12).unwrap_or(&head), &digest]));
}

/// The ports are free, or held by a process of this workspace.
pub(super) fn ports(morning: &Morning<'_>, findings: &mut Findings) {
    let addresses = morning.station.settings().addresses();
    let own = own_processes(morning);
    let (mut free, mut ours) = (0, Vec::new());
    for (key, address) in &addresses {
        if net::is_free(address) {
            free += 1;
            continue;
        }
        let port = address.rsplit(':').next().unwrap_or_default();
        let holder = Holder::of(&format!("tcp://127.0.0.1:{port}"));
        match &holder.process {
            Some((pid, _)) if own.contains(pid) || is_of(morning, *pid) => ours.push(*key),
            _ => findings
                .warn(Note::new(Found::PortTaken, [key, address, &holder]), Note::new(Remedy::FreePort, [&port, key])),
        }
    }
    let held = Note::new(Found::PortsHeld, [&ours.join(", ")]);
    let held = if ours.is_empty() { Note::foreign("") } else { held };
    findings.ok(Note::new(Found::PortsFree, [&free, &addresses.len(), &held]));
}

/// Returns the processes that say of themselves that they serve this workspace.
fn own_processes(morning: &Morning<'_>) -> Vec<u32> {
    let state = morning.station.metrics().read();
    state.map(|state| vec![state.monitor.pid]).unwrap_or_default().into_iter().filter(|pid| *pid > 0).collect()
}

/// Says whether a process is LightHunter's and works in this workspace, by its command line or directory.
fn is_of(morning: &Morning<'_>, pid: u32) -> bool {
    let root = morning.station.workspace.root();
    let process = std::path::Path::new("/proc").join(pid.to_string());
    let command = std::fs::read(process.join("cmdline")).unwrap_or_default();
    let words: Vec<String> =
        command.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    let is_program = words.first().is_some_and(|program| program.rsplit('/').next() == Some("lighthunter"));
    let is_here = std::fs::read_link(process.join("cwd")).is_ok_and(|directory| directory.starts_with(root));
    is_program && (is_here || words.iter().any(|word| word == &root.to_string_lossy()))
}
