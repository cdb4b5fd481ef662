//! The hand on the disk: a witness that records every change, kills its thread at one, or lets one fail. What the
//! writer acknowledges goes into the same log, so that the checker knows what was promised when.

use std::{
    cell::RefCell,
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    rc::Rc,
};

use lighthunter::{
    durable::{self, Fate, Witness},
    exit::{Exit, Failure},
};

use crate::change::Change;

/// What happens at a change, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Nothing: all are recorded.
    Record,
    /// The thread dies before this one.
    Kill(usize),
    /// This one fails with the error of this number; all later ones too where it is sticky.
    Fail { at: usize, errno: i32, sticky: bool },
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) changes: Vec<Change>,
    /// The errors that the writer was given, by their class.
    pub(crate) errors: Vec<(Exit, String)>,
    /// The plan came true.
    pub(crate) fired: bool,
    dead: bool,
    count: usize,
}

/// The writer's link to the log.
#[derive(Clone)]
pub(crate) struct Hand {
    log: Rc<RefCell<Log>>,
}

struct Killed;

struct Recorder {
    root: PathBuf,
    plan: Plan,
    log: Rc<RefCell<Log>>,
}

impl Hand {
    /// Does one step; acknowledges it under `name` when it returns well, and notes its error when not.
    /// Says whether it did.
    pub(crate) fn step<E: Failure>(&mut self, name: impl Into<String>, step: impl FnOnce() -> Result<(), E>) -> bool {
        let ended = step();
        let mut log = self.log.borrow_mut();
        match &ended {
            Ok(()) => log.changes.push(Change::Acknowledged(name.into())),
            Err(error) => log.errors.push((error.exit(), error.to_string())),
        }
        ended.is_ok()
    }
}

/// Runs `work` below `root` under a plan. A panic that is not the plan's goes on.
pub(crate) fn run(root: &Path, plan: Plan, work: impl FnOnce(&mut Hand)) -> Log {
    let log = Rc::new(RefCell::new(Log::default()));
    let recorder = Recorder { root: root.into(), plan, log: log.clone() };
    let watch = durable::watch(Rc::new(RefCell::new(recorder)));
    let mut hand = Hand { log: log.clone() };
    let ended = catch_unwind(AssertUnwindSafe(|| work(&mut hand)));
    drop(watch);
    drop(hand);
    if let Err(cause) = ended
        && !cause.is::<Killed>()
    {
        resume_unwind(cause);
    }
    log.take()
}

impl Witness for Recorder {
    fn about_to(&mut self, change: &durable::Change<'_>) -> Fate {
        if let durable::Change::Sync(path) = change
            && !path.starts_with(&self.root)
        {
            // The directory that holds the sweep's own is none of the writer's.
            return Fate::Happens;
        }
        let mut log = self.log.borrow_mut();
        if log.dead {
            // What runs while the stack unwinds would not run in a process that is killed.
            return Fate::Fails(io::Error::other("killed"));
        }
        let at = log.count;
        log.count += 1;
        match self.plan {
            Plan::Kill(kill) if kill == at => {
                log.dead = true;
                log.fired = true;
                drop(log);
                resume_unwind(Box::new(Killed));
            }
            Plan::Fail { at: first, errno, sticky } if at == first || (sticky && at > first) => {
                log.fired = true;
                // Removing frees space: it never fails because the disk is full.
                let removes = matches!(change, durable::Change::Remove(_) | durable::Change::RemoveTree(_));
                if errno == nix::libc::ENOSPC && removes {
                    return Fate::Happens;
                }
                let error = io::Error::from_raw_os_error(errno);
                match change {
                    durable::Change::Write { bytes, .. } => Fate::Partly(bytes.len() / 2, error),
                    _ => Fate::Fails(error),
                }
            }
            _ => {
                log.changes.push(own(&self.root, change));
                Fate::Happens
            }
        }
    }
}

/// Returns a change with its paths below the root.
fn own(root: &Path, change: &durable::Change<'_>) -> Change {
    use durable::Change as Seen;
    let below = |path: &Path| {
        path.strip_prefix(root).unwrap_or_else(|_| panic!("{} is outside of the sweep", path.display())).to_path_buf()
    };
    match *change {
        Seen::Create(path) => Change::Create(below(path)),
        Seen::Write { path, offset, bytes } => Change::Write { path: below(path), offset, bytes: bytes.to_vec() },
        Seen::Truncate { path, length } => Change::Truncate { path: below(path), length },
        Seen::Sync(path) => Change::Sync(below(path)),
        Seen::SyncBelow(path) => Change::SyncBelow(below(path)),
        Seen::Rename { from, to } => Change::Rename { from: below(from), to: below(to) },
        Seen::Link { from, to } => Change::Link { from: below(from), to: below(to) },
        Seen::Symlink { target, link } => Change::Symlink { target: target.into(), link: below(link) },
        Seen::Remove(path) => Change::Remove(below(path)),
        Seen::RemoveTree(path) => Change::RemoveTree(below(path)),
        Seen::MakeDirectory(path) => Change::MakeDirectory(below(path)),
    }
}
