//! libduckdb ends the process by itself where it cannot cut its log after a disk failed under it: C++ throws where
//! nothing may be thrown, and no code of this program can catch that. While a database is open for writing, the
//! abort ends the process with the exit code of a failed storage in place of a bare signal; the library's own words
//! are on stderr. Nothing that was acknowledged depends on what comes after.

use std::sync::{
    Arc, LazyLock, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use signal_hook::{consts::SIGABRT, flag::register_conditional_shutdown};

use crate::exit::Exit;

/// Whether an abort is taken for the library's; nothing where the signal could not be caught.
static ARMED: LazyLock<Option<Arc<AtomicBool>>> = LazyLock::new(|| {
    let armed = Arc::new(AtomicBool::new(false));
    let caught = register_conditional_shutdown(SIGABRT, Exit::Storage.code().into(), Arc::clone(&armed));
    caught
        .inspect_err(|error| tracing::warn!(%error, "an abort of the database's library will look like a signal"))
        .ok()
        .map(|_| armed)
});

/// How many databases are open for writing.
static OPEN: Mutex<usize> = Mutex::new(0);

/// A database is open for writing until this is dropped: it must be dropped after it.
#[derive(Debug)]
pub(super) struct AbortGuard(());

impl AbortGuard {
    pub(super) fn new() -> Self {
        count(|open| open + 1);
        Self(())
    }
}

impl Drop for AbortGuard {
    fn drop(&mut self) {
        count(|open| open.saturating_sub(1));
    }
}

fn count(change: impl FnOnce(usize) -> usize) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    *open = change(*open);
    if let Some(armed) = &*ARMED {
        armed.store(*open > 0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::AbortGuard;
    use crate::{exit::Exit, store::StorePath};

    const PART: &str = "LIGHTHUNTER_ABORT_PART";

    /// Plays the process that aborts; passes when it is not told to.
    #[test]
    fn part_that_aborts() {
        let Ok(part) = std::env::var(PART) else { return };
        let room = tempfile::tempdir().expect("a directory");
        let place = StorePath::new("k", room.path().join("a.duckdb"));
        let open = crate::store::duck::DuckStore::open(&place).expect("made");
        if part == "closed" {
            drop(open);
            std::process::abort();
        }
        let _second = AbortGuard::new();
        std::process::abort();
    }

    #[test]
    fn abort_while_a_database_is_open_is_a_storage_failure_and_else_an_abort() {
        use std::os::unix::process::ExitStatusExt as _;
        for part in ["open", "closed"] {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.args(["--exact", "store::abort::tests::part_that_aborts"]).env(PART, part);
            let status = command.output().expect("started").status;
            if part == "open" {
                assert_eq!(status.code(), Some(i32::from(Exit::Storage.code())), "{status}");
            } else {
                assert_eq!(status.signal(), Some(signal_hook::consts::SIGABRT), "{status}");
            }
        }
    }
}
