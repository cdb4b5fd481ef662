//! Every change that this room makes to the disk is announced here before it is made. In production nobody
//! listens, which costs one relaxed load; a test installs a witness for its own thread and says of each change
//! whether it happens, fails or is half done, or ends the thread there as a kill would. Changes nothing itself.

use std::{
    cell::RefCell,
    fmt, io,
    path::Path,
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering},
};

/// One change of the disk, about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// A new, empty file.
    Create(&'a Path),
    /// Bytes written into a file.
    Write {
        /// The file.
        path: &'a Path,
        /// Where in the file, bytes from its start.
        offset: u64,
        /// What is written.
        bytes: &'a [u8],
    },
    /// A file cut or extended.
    Truncate {
        /// The file.
        path: &'a Path,
        /// Its new length, bytes.
        length: u64,
    },
    /// The bytes of a file, or the entries of a directory, made to survive a power cut.
    Sync(&'a Path),
    /// The same for everything below a directory.
    SyncBelow(&'a Path),
    /// Another name, over what has it now.
    Rename {
        /// The name before.
        from: &'a Path,
        /// The name after.
        to: &'a Path,
    },
    /// A second name for a file.
    Link {
        /// The file.
        from: &'a Path,
        /// Its second name.
        to: &'a Path,
    },
    /// A new symbolic link.
    Symlink {
        /// What it points at.
        target: &'a Path,
        /// The link.
        link: &'a Path,
    },
    /// A file or a link removed.
    Remove(&'a Path),
    /// A directory removed with all that is in it.
    RemoveTree(&'a Path),
    /// A new directory, or the missing ones of a path.
    MakeDirectory(&'a Path),
}

/// What becomes of a change.
#[derive(Debug)]
pub enum Fate {
    /// It is made.
    Happens,
    /// It is not made, and its maker is told why.
    Fails(io::Error),
    /// Of a write, only so many bytes are made, and its maker is told why.
    Partly(usize, io::Error),
}

/// Decides over the changes of one thread.
pub trait Witness {
    /// Says what becomes of a change. May unwind with [`std::panic::resume_unwind`]: the thread then ends as if it
    /// was killed before the change, provided that all later changes are told to fail.
    fn about_to(&mut self, change: &Change<'_>) -> Fate;
}

/// How many threads have a witness: none in production.
static WITNESSES: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static OWN: RefCell<Option<Rc<RefCell<dyn Witness>>>> = const { RefCell::new(None) };
}

/// A witness is at work on this thread until this is dropped.
#[must_use]
pub struct Watch(());

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watch")
    }
}

/// Puts a witness over the changes of this thread, in place of one that it has.
pub fn watch(witness: Rc<RefCell<dyn Witness>>) -> Watch {
    WITNESSES.fetch_add(1, Ordering::Relaxed);
    OWN.with(|own| *own.borrow_mut() = Some(witness));
    Watch(())
}

impl Drop for Watch {
    fn drop(&mut self) {
        WITNESSES.fetch_sub(1, Ordering::Relaxed);
        OWN.with(|own| *own.borrow_mut() = None);
    }
}

/// Announces a change; an error when it must not be made.
pub(super) fn announce(change: &Change<'_>) -> io::Result<()> {
    match decided(change) {
        Fate::Happens => Ok(()),
        Fate::Fails(error) | Fate::Partly(_, error) => Err(error),
    }
}

/// Announces a change and returns what becomes of it.
pub(super) fn decided(change: &Change<'_>) -> Fate {
    if WITNESSES.load(Ordering::Relaxed) == 0 {
        return Fate::Happens;
    }
    // A witness that changes the disk itself is not asked about its own changes.
    let own = OWN.with(|own| own.try_borrow().ok().and_then(|own| own.clone()));
    own.map_or(Fate::Happens, |own| own.try_borrow_mut().map_or(Fate::Happens, |mut own| own.about_to(change)))
}
