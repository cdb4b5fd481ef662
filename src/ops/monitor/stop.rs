//! Ends the daemon when the system asks it to: SIGTERM and SIGINT become a flag that the loop sees.
//!
//! The signals are blocked in every thread and one thread waits for them, so no code runs in a handler.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
};

use nix::sys::signal::{SigSet, Signal};

/// Says whether the daemon is to end, and by which signal.
#[derive(Debug, Clone)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Listens from now on. Must come before the process starts other threads, which inherit the mask.
    ///
    /// # Errors
    /// When the system does not let signals be blocked, or gives no thread to wait for them.
    pub fn listen() -> io::Result<Self> {
        let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
        signals.thread_block()?;
        let stop = Self(Arc::new(AtomicU8::new(0)));
        let flag = stop.clone();
        let wait = move || {
            if let Ok(signal) = signals.wait() {
                flag.0.store(u8::try_from(signal as i32).unwrap_or(u8::MAX), Ordering::SeqCst);
            }
            // A second signal ends the process at once: whoever sends it will not wait any longer.
            let _ = signals.thread_unblock();
            loop {
                thread::park();
            }
        };
        thread::Builder::new().name("stop".into()).spawn(wait)?;
        Ok(stop)
    }

    /// Returns the signal that asked for the end.
    #[must_use]
    pub fn signal(&self) -> Option<u8> {
        Some(self.0.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }
}
