//! The wish to end a drill early: SIGTERM, SIGINT and SIGHUP become a flag that the drill sees between its acts
//! and while a command runs. A second signal ends the process at once, and the journal knows the rest.

use std::{
    fs, io,
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
    /// Listens for SIGTERM, SIGINT and SIGHUP from now on. A handler, not a blocked signal: what the drill starts
    /// would inherit the latter. Under `nohup` SIGHUP ends nothing, but is handled all the same: what the drill starts
    /// would inherit that it is ignored, and a target that is to die of it would live.
    ///
    /// # Errors
    /// When the system does not let a signal be handled.
    pub fn listen() -> io::Result<Self> {
        let (number, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let mut ending = vec![Signal::SIGTERM as i32, Signal::SIGINT as i32];
        if is_ignored(Signal::SIGHUP) {
            flag::register(Signal::SIGHUP as i32, Arc::default())?;
        } else {
            ending.push(Signal::SIGHUP as i32);
        }
        for signal in ending {
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

/// Says whether this process was started with the signal ignored; where the system does not tell, it was not.
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal as i32 - 1) & 1 == 1)
}

/// Returns a signal's name.
#[must_use]
pub(super) fn name(signal: u8) -> String {
    Signal::try_from(i32::from(signal)).map_or_else(|_| format!("signal {signal}"), |signal| signal.as_str().to_owned())
}
