//! How far a long stage has come: a line on a terminal, nothing anywhere else.

use std::io::{self, IsTerminal};

use super::console::Console;
use crate::clock::Stopwatch;

/// The progress of one stage; may be told from several threads.
pub(super) struct Progress {
    console: Option<Console>,
    what: &'static str,
    watch: Stopwatch,
}

impl Progress {
    /// Starts the clock of a stage that counts `what`, such as folds.
    pub(super) fn of(console: Console, what: &'static str) -> Self {
        let shown = !console.is_json() && io::stderr().is_terminal();
        Self { console: shown.then_some(console), what, watch: Stopwatch::start() }
    }

    /// Says that `done` of `total` are done, and how long the rest may take.
    pub(super) fn tell(&self, done: usize, total: usize) {
        if let Some(console) = self.console {
            console.note(line(self.what, (done, total), self.watch.seconds()));
        }
    }
}

fn line(what: &str, (done, total): (usize, usize), seconds: f64) -> String {
    let left = seconds / done.max(1) as f64 * total.saturating_sub(done) as f64;
    format!("{done} of {total} {what}, {seconds:.1} s, about {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn time_left_is_what_the_rest_takes_at_the_pace_so_far() {
        assert_eq!(line("folds", (3, 12), 6.0), "3 of 12 folds, 6.0 s, about 18 s left");
        assert_eq!(line("folds", (12, 12), 24.0), "12 of 12 folds, 24.0 s, about 0 s left");
    }
}
