//! The time in which commands of the target run; what is left of a drill's time is its own.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Stopwatch;

/// Counts the seconds in which one command or more is running.
#[derive(Debug, Clone, Default)]
pub(super) struct Busy(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    running: usize,
    since: Option<Stopwatch>,
    seconds: f64,
}

/// A command that runs until this is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Running(Busy);

impl Busy {
    /// A command starts.
    pub(super) fn start(&self) -> Running {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.running == 0 {
            counted.since = Some(Stopwatch::start());
        }
        counted.running += 1;
        Running(self.clone())
    }

    /// Returns the seconds so far in which a command ran; those that overlap count once.
    pub(super) fn seconds(&self) -> f64 {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.seconds + counted.since.map_or(0.0, |since| since.seconds())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut counted = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.running = counted.running.saturating_sub(1);
        if counted.running == 0
            && let Some(since) = counted.since.take()
        {
            counted.seconds += since.seconds();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Busy;
    use crate::clock::pause;

    #[test]
    fn commands_that_overlap_count_once_and_pauses_do_not() {
        let busy = Busy::default();
        let (first, second) = (busy.start(), busy.start());
        pause(Duration::from_millis(30));
        drop(first);
        pause(Duration::from_millis(30));
        drop(second);
        let counted = busy.seconds();
        pause(Duration::from_millis(30));
        assert!(counted >= 0.058 && busy.seconds() == counted, "{counted}");
    }
}
