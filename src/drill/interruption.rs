//! The wish to end a drill early: SIGTERM and SIGINT become a flag that the drill sees between its acts
//! and while a command runs. A second signal ends the process at once, and the journal knows the rest.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use nix::sys::signal::Signal;
use signal_hook::flag;

use super::DrillError;

/// Says whether the drill is to end, and by which signal. The default never does.
#[derive(Debug, Clone, Default)]
pub struct Interruption(Arc<AtomicUsize>);

impl Interruption {
    /// Listens for SIGTERM and SIGINT from now on. A handler, not a blocked signal: what the drill starts
    /// would inherit the latter.
    ///
    /// # Errors
    /// When the system does not let a signal be handled.
    pub fn listen() -> io::Result<Self> {
        let (number, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for signal in [Signal::SIGTERM as i32, Signal::SIGINT as i32] {
            flag::register_conditional_default(signal, Arc::clone(&again))?;
            flag::register(signal, Arc::clone(&again))?;
            flag::register_usize(signal, Arc::clone(&number), usize::try_from(signal).unwrap_or_default())?;
        }
        Ok(Self(number))
    }

    /// Returns the signal that asked for the end.
    #[must_use]
    pub fn signal(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
    }

    /// Goes on only where nobody asked for the end.
    pub(super) fn check(&self) -> Result<(), DrillError> {
        self.signal().map_or(Ok(()), |signal| Err(DrillError::Interrupted(signal)))
    }
}

/// Returns a signal's name.
#[must_use]
pub(super) fn name(signal: u8) -> String {
    Signal::try_from(i32::from(signal)).map_or_else(|_| format!("signal {signal}"), |signal| signal.as_str().to_owned())
}
