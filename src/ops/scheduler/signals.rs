//! Signals as flags that the loop sees: SIGTERM and SIGINT end it, SIGHUP makes it read its jobs again.
//!
//! The signals are blocked in every thread and one thread waits for them, so no code runs in a handler.
//! A child inherits that; `launch` lets all signals through again.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread,
};

use nix::sys::signal::{SigSet, Signal};

/// What the system has asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Signals {
    stop: Arc<AtomicU8>,
    reload: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on. Must come before the process starts other threads, which inherit the mask.
    pub(super) fn listen() -> io::Result<Self> {
        let set: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect();
        set.thread_block()?;
        let signals = Self::default();
        let seen = signals.clone();
        let wait = move || {
            loop {
                match set.wait() {
                    Ok(Signal::SIGHUP) => seen.reload.store(true, Ordering::SeqCst),
                    Ok(signal) => seen.stop.store(u8::try_from(signal as i32).unwrap_or(u8::MAX), Ordering::SeqCst),
                    Err(_) => return,
                }
            }
        };
        thread::Builder::new().name("scheduler-signals".into()).spawn(wait)?;
        Ok(signals)
    }

    /// Returns the signal that asked for the end.
    pub(super) fn stop(&self) -> Option<u8> {
        Some(self.stop.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    /// Says, once, whether the jobs are to be read again.
    pub(super) fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::SeqCst)
    }
}
