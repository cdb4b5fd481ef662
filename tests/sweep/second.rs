//! The sweeps over the writers with a database: a second process is recorded once, and every state that a kill or a
//! power cut may leave is planted from the record; then it is killed and given errors for real.

use std::{fs, path::PathBuf};

use lighthunter::seed::Seed;
use nix::errno::Errno;
use tempfile::TempDir;

use crate::{
    change::Change,
    disk::{Cut, Disk},
    engine::{killed, promise, scratch},
    shim::{Ended, Meets, Shim},
    stores::{self, Part},
    tally::Tally,
    writers::Promise,
};

/// A way of breaking a writer that is a task of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// All of them.
    All,
    /// States that kills leave, also during the recovery.
    Kills,
    /// States that power cuts leave.
    Cuts,
    /// Processes that die for good.
    Deaths,
    /// Errors of the disk.
    Errors,
}

impl Way {
    /// Those that a writer with a database is broken in.
    pub(crate) const SINGLE: [Self; 4] = [Self::Kills, Self::Cuts, Self::Deaths, Self::Errors];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Kills => "kills",
            Self::Cuts => "cuts",
            Self::Deaths => "deaths",
            Self::Errors => "errors",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::SINGLE.into_iter().chain([Self::All]).find(|way| way.name() == name)
    }
}

/// How much is done of each sweep: every so many points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Every {
    pub(crate) kill: usize,
    pub(crate) recovery: usize,
    pub(crate) cut: usize,
    pub(crate) death: usize,
    pub(crate) error: usize,
}

/// What a C++ library says when it ends the process.
const TERMINATED: &str = "terminate called after throwing";

/// A directory for a second process.
struct Room {
    _directory: TempDir,
    root: PathBuf,
}

impl Room {
    fn holding(disk: &Disk) -> Self {
        let directory = scratch();
        let root = directory.path().join("root");
        fs::create_dir(&root).expect("made");
        disk.write_to(&root);
        Self { _directory: directory, root }
    }
}

/// Runs a sweep of a part.
pub(crate) fn sweep(shim: &Shim, part: Part, way: Way, every: Every) -> Tally {
    let mut tally = Tally::default();
    let room = Room::holding(&Disk::empty());
    let told = shim.play(&format!("work {}", part.name()), &room.root, Meets::Nothing).expect("played");
    let sound = stores::check(&room.root, part, &stores::acknowledged(&room.root));
    if told.code != Some(0) || sound.is_err() {
        tally.broken.push(format!("{}: with nothing broken: {told:?} {sound:?}", part.name()));
        return tally;
    }
    let mut same = Disk::empty();
    let gap = told.changes.iter().find(|change| same.apply(change).is_none());
    if let Some(gap) = gap {
        tally.broken.push(format!("{}: the record has a gap before {gap:?}", part.name()));
        return tally;
    }
    let is_asked = |one: Way| way == one || way == Way::All;
    if is_asked(Way::Kills) {
        kills(shim, part, &told.changes, every, &mut tally);
    }
    if is_asked(Way::Cuts) {
        cuts(part, &told.changes, every, &mut tally);
    }
    if is_asked(Way::Deaths) {
        deaths(shim, part, &told.changes, every, &mut tally);
    }
    if is_asked(Way::Errors) {
        errors(shim, part, &told.changes, every, &mut tally);
    }
    tally
}

fn recovered(part: Part, disk: &Disk, promise: &Promise) -> Result<(), String> {
    let room = Room::holding(disk);
    stores::recover(&room.root, part).map_err(|error| format!("OPEN: {error}"))?;
    stores::check(&room.root, part, promise)
}

fn kills(shim: &Shim, part: Part, changes: &[Change], every: Every, tally: &mut Tally) {
    let mut disk = Disk::empty();
    for (at, change) in changes.iter().enumerate() {
        if !matches!(change, Change::Acknowledged(_)) && at.is_multiple_of(every.kill) {
            let promise = promise(&changes[..at]);
            for state in killed(&disk, change) {
                tally.kills += 1;
                if let Err(why) = recovered(part, &state, &promise) {
                    tally.broken.push(format!("{} killed at {at} {change:?}: {why}", part.name()));
                }
                if tally.kills.is_multiple_of(every.recovery) {
                    recovery_kills(shim, part, &state, &promise, tally);
                }
            }
        }
        disk.apply(change).expect("no gap");
    }
}

fn recovery_kills(shim: &Shim, part: Part, state: &Disk, promise: &Promise, tally: &mut Tally) {
    let room = Room::holding(state);
    let told = shim.play(&format!("recover {}", part.name()), &room.root, Meets::Nothing).expect("played");
    let mut disk = state.clone();
    for change in &told.changes {
        for state in killed(&disk, change) {
            tally.in_recovery += 1;
            if let Err(why) = recovered(part, &state, promise) {
                tally.broken.push(format!("{} killed in its recovery at {change:?}: {why}", part.name()));
            }
        }
        if disk.apply(change).is_none() {
            tally.broken.push(format!("{}: the record of a recovery has a gap before {change:?}", part.name()));
            return;
        }
    }
}

fn cuts(part: Part, changes: &[Change], every: Every, tally: &mut Tally) {
    let mut disk = Disk::empty();
    let mut chance = Seed::DEFAULT.stream("power cuts");
    for (at, change) in changes.iter().enumerate() {
        if at.is_multiple_of(every.cut) {
            let promise = Promise { power_cut: true, ..promise(&changes[..at]) };
            for cut in [Cut::Nothing, Cut::Names, Cut::Chance] {
                tally.cuts += 1;
                if let Err(why) = recovered(part, &disk.cut(cut, &mut chance), &promise) {
                    tally.broken.push(format!("{} cut ({cut:?}) at {at} {change:?}: {why}", part.name()));
                }
            }
        }
        disk.apply(change).expect("no gap");
    }
}

/// The numbers of the changes, from 0, every so many.
fn points(changes: &[Change], every: usize) -> impl Iterator<Item = usize> {
    let count = changes.iter().filter(|change| !matches!(change, Change::Acknowledged(_))).count();
    (0..count).step_by(every)
}

fn deaths(shim: &Shim, part: Part, changes: &[Change], every: Every, tally: &mut Tally) {
    for at in points(changes, every.death) {
        tally.deaths += 1;
        tally.duckdb_deaths += usize::from(part.has_duckdb());
        if let Err(why) = met(shim, part, Meets::Kill(at)) {
            tally.broken.push(format!("{} killed for good at {at}: {why}", part.name()));
        }
    }
}

fn errors(shim: &Shim, part: Part, changes: &[Change], every: Every, tally: &mut Tally) {
    for at in points(changes, every.error) {
        for (errno, sticky) in [(Errno::EIO, false), (Errno::EIO, true), (Errno::ENOSPC, false), (Errno::ENOSPC, true)]
        {
            tally.errors += 1;
            let point = format!("{} {errno} (sticky: {sticky}) at {at}", part.name());
            match met(shim, part, Meets::Error { at, errno: errno as i32, sticky }) {
                Ok(ended) if ended.said.contains(TERMINATED) => tally.aborted.push(point),
                Ok(_) => {}
                Err(why) => tally.broken.push(format!("{point}: {why}")),
            }
        }
    }
}

/// Plays the work in a second process that meets something, recovers and checks.
/// Returns how it ended.
fn met(shim: &Shim, part: Part, meets: Meets) -> Result<Ended, String> {
    let room = Room::holding(&Disk::empty());
    let ended = shim.play(&format!("work {}", part.name()), &room.root, meets).map_err(|error| error.to_string())?;
    ended_as_it_must(&ended, meets)?;
    let before = format!("{:?} {}", ended.code, ended.said.trim());
    stores::recover(&room.root, part).map_err(|error| format!("OPEN: {error} (after {before})"))?;
    let checked = stores::check(&room.root, part, &stores::acknowledged(&room.root));
    checked.map_err(|why| format!("{why} (after {before})"))?;
    Ok(ended)
}

fn ended_as_it_must(ended: &Ended, meets: Meets) -> Result<(), String> {
    let said = || format!("code {:?}, signal {:?}: {}", ended.code, ended.signal, ended.said.trim());
    let holds = match meets {
        Meets::Nothing => ended.code == Some(0),
        Meets::Kill(_) => ended.signal == Some(9),
        Meets::Error { .. } => {
            ended.fired && ended.code.is_some_and(stores::is_of_a_failing_disk) && !ended.said.contains("panicked")
        }
    };
    if holds { Ok(()) } else { Err(said()) }
}
