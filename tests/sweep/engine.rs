//! The sweeps: each takes one writer through every point of its work and asks the checker after the recovery.
//!
//! A kill loses no page of the kernel's cache, so the state that a kill leaves is the log of changes up to it. That
//! the log is right is shown by real deaths, whose trees are compared with it.

use std::{collections::BTreeMap, path::Path, path::PathBuf};

use lighthunter::{exit::Exit, seed::Seed};
use nix::errno::Errno;

use crate::{
    change::Change,
    disk::{Cut, Disk},
    hand::{Log, Plan, run},
    tally::Tally,
    writers::{Promise, Writer, whole},
};

/// How much is done of each sweep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// Steps of the work that is killed and cut.
    pub(crate) steps: usize,
    /// Steps of the work that meets errors.
    pub(crate) error_steps: usize,
    /// Every so many kill points the recovery is killed at each of its changes.
    pub(crate) recovery_every: usize,
    /// Every so many changes the power is cut.
    pub(crate) cut_every: usize,
    /// Real deaths.
    pub(crate) deaths: usize,
}

/// Returns an empty directory, in memory where the machine has one there.
pub(crate) fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a directory")
}

/// Runs all sweeps of a writer.
pub(crate) fn sweep(writer: &Writer, extent: Extent) -> Tally {
    let mut tally = Tally::default();
    let room = scratch();
    let log = run(room.path(), Plan::Record, |hand| (writer.work)(room.path(), hand, extent.steps));
    if let Some((_, error)) = log.errors.first() {
        tally.broken.push(format!("{}: with nothing broken: {error}", writer.name));
        return tally;
    }
    kills(writer, &log, extent, &mut tally);
    cuts(writer, &log, extent, &mut tally);
    deaths(writer, extent, &mut tally);
    errors(writer, extent, &mut tally);
    tally
}

pub(crate) fn promise(changes: &[Change]) -> Promise {
    let acknowledged = changes.iter().filter_map(|change| match change {
        Change::Acknowledged(name) => Some(name.clone()),
        _ => None,
    });
    Promise { acknowledged: acknowledged.collect(), power_cut: false }
}

/// Plants a disk, recovers, and checks; returns what the recovery did.
fn recovered(writer: &Writer, disk: &Disk, promise: &Promise) -> Result<Vec<Change>, String> {
    let room = scratch();
    disk.write_to(room.path());
    let log = run(room.path(), Plan::Record, |hand| (writer.recover)(room.path(), hand));
    if let Some((exit, error)) = log.errors.first() {
        return Err(format!("recovery: {exit:?}: {error}"));
    }
    let mut promise = promise.clone();
    promise.acknowledged.extend(self::promise(&log.changes).acknowledged);
    (writer.check)(room.path(), &promise)?;
    whole(room.path())?;
    Ok(log.changes)
}

/// Returns the states that a kill at this change may leave: before it, and in the middle of a write.
pub(crate) fn killed(disk: &Disk, change: &Change) -> Vec<Disk> {
    let mut states = vec![disk.clone().buried()];
    if let Change::Write { path, offset, bytes } = change
        && bytes.len() > 1
    {
        let mut torn = disk.clone();
        let half = Change::Write { path: path.clone(), offset: *offset, bytes: bytes[..bytes.len() / 2].to_vec() };
        torn.apply(&half).expect("a file to write");
        states.push(torn.buried());
    }
    states
}

fn kills(writer: &Writer, log: &Log, extent: Extent, tally: &mut Tally) {
    let mut disk = Disk::empty();
    for (at, change) in log.changes.iter().enumerate() {
        if matches!(change, Change::Acknowledged(_)) {
            continue;
        }
        let promise = promise(&log.changes[..at]);
        for state in killed(&disk, change) {
            tally.kills += 1;
            match recovered(writer, &state, &promise) {
                Err(why) => tally.broken.push(format!("{} killed at {at} {change:?}: {why}", writer.name)),
                Ok(done) if tally.kills.is_multiple_of(extent.recovery_every) => {
                    recovery_kills(writer, &state, &promise, &done, tally);
                }
                Ok(_) => {}
            }
        }
        disk.apply(change).unwrap_or_else(|| panic!("the log has a gap before {change:?}"));
    }
}

fn replayed(changes: &[Change]) -> Disk {
    let mut disk = Disk::empty();
    for change in changes {
        disk.apply(change).unwrap_or_else(|| panic!("the log has a gap before {change:?}"));
    }
    disk
}

fn recovery_kills(writer: &Writer, state: &Disk, promise: &Promise, done: &[Change], tally: &mut Tally) {
    let mut disk = state.clone();
    let mut promise = promise.clone();
    for change in done {
        if let Change::Acknowledged(name) = change {
            promise.acknowledged.push(name.clone());
            continue;
        }
        for state in killed(&disk, change) {
            tally.in_recovery += 1;
            if let Err(why) = recovered(writer, &state, &promise) {
                tally.broken.push(format!("{} killed in its recovery at {change:?}: {why}", writer.name));
            }
        }
        disk.apply(change).expect("a change of the recovery");
    }
}

fn cuts(writer: &Writer, log: &Log, extent: Extent, tally: &mut Tally) {
    let mut disk = Disk::empty();
    let mut chance = Seed::DEFAULT.stream("power cuts");
    for (at, change) in log.changes.iter().enumerate() {
        if at.is_multiple_of(extent.cut_every) {
            let promise = Promise { power_cut: true, ..promise(&log.changes[..at]) };
            for cut in [Cut::Nothing, Cut::Names, Cut::Chance] {
                tally.cuts += 1;
                if let Err(why) = recovered(writer, &disk.cut(cut, &mut chance).buried(), &promise) {
                    tally.broken.push(format!("{} cut ({cut:?}) at {at} {change:?}: {why}", writer.name));
                }
            }
        }
        disk.apply(change).unwrap_or_else(|| panic!("the log has a gap before {change:?}"));
    }
}

/// Dies for good in this thread and compares the tree with the log's.
fn deaths(writer: &Writer, extent: Extent, tally: &mut Tally) {
    let work = |root: &Path, plan| run(root, plan, |hand| (writer.work)(root, hand, extent.error_steps));
    let room = scratch();
    let whole = work(room.path(), Plan::Record);
    let changes: Vec<usize> =
        (0..whole.changes.len()).filter(|at| !matches!(whole.changes[*at], Change::Acknowledged(_))).collect();
    for number in 0..extent.deaths.min(changes.len()) {
        let at = number * changes.len() / extent.deaths.min(changes.len());
        let room = scratch();
        let log = work(room.path(), Plan::Kill(at));
        tally.deaths += 1;
        if !log.fired {
            tally.broken.push(format!("{}: the kill at {at} did not fire", writer.name));
        }
        let (real, told) = (named(Disk::read(room.path()).tree()), named(replayed(&log.changes).tree()));
        let expected = named(replayed(&whole.changes[..changes[at]]).tree());
        // Times differ between two runs: of the run that was recorded only the names count.
        if real != told || told.keys().ne(expected.keys()) {
            let differ: Vec<_> =
                real.keys().chain(told.keys()).filter(|path| real.get(*path) != told.get(*path)).collect();
            tally.broken.push(format!("{}: a death at {at} leaves another tree than the log: {differ:?}", writer.name));
        }
    }
}

/// Names temporary files alike, since their numbers differ from run to run, and leaves out the empty lock files that
/// are no content.
fn named(tree: BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    let is_lock = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "lock");
    let plain = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(".lighthunter-") { path.with_file_name("temporary") } else { path }
    };
    let alike = tree.into_iter().filter(|(path, _)| !is_lock(path));
    alike.map(|(path, bytes)| (plain(path), bytes)).collect()
}

fn errors(writer: &Writer, extent: Extent, tally: &mut Tally) {
    let room = scratch();
    let work = |root: &Path, plan| run(root, plan, |hand| (writer.work)(root, hand, extent.error_steps));
    let whole = work(room.path(), Plan::Record);
    let count = whole.changes.iter().filter(|change| !matches!(change, Change::Acknowledged(_))).count();
    for at in 0..count {
        for (errno, sticky) in [(Errno::EIO, false), (Errno::EIO, true), (Errno::ENOSPC, false), (Errno::ENOSPC, true)]
        {
            tally.errors += 1;
            let room = scratch();
            let log = work(room.path(), Plan::Fail { at, errno: errno as i32, sticky });
            let found = judged(writer, room.path(), &log);
            if let Err(why) = found {
                let change = &whole.changes.iter().filter(|it| !matches!(it, Change::Acknowledged(_))).nth(at);
                tally.broken.push(format!("{} {errno} (sticky: {sticky}) at {at} {change:?}: {why}", writer.name));
            }
        }
    }
}

/// Checks what an error left: its class, and after a recovery what was promised.
fn judged(writer: &Writer, root: &Path, log: &Log) -> Result<(), String> {
    if !log.fired {
        return Err("it did not fire".into());
    }
    if let Some((exit, error)) = log.errors.iter().find(|(exit, _)| *exit != Exit::Storage) {
        return Err(format!("the class is {exit:?}, not Storage: {error}"));
    }
    let again = run(root, Plan::Record, |hand| (writer.recover)(root, hand));
    if let Some((exit, error)) = again.errors.first() {
        return Err(format!("recovery: {exit:?}: {error}"));
    }
    let mut promise = promise(&log.changes);
    promise.acknowledged.extend(self::promise(&again.changes).acknowledged);
    (writer.check)(root, &promise)
}
