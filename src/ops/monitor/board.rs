//! Where the monitor's loop leaves its last view for whoever asks, and what speaks against it.
//!
//! The lock is held for the time of a pointer's copy: a page that is asked for never waits for a disk.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::exposition::View;

/// A loop that has not come round for so long hangs, seconds: more than a wait for the state's lock.
const LOOP_AGE_MAX: f64 = 15.0;

/// Shares the last view between threads.
#[derive(Debug, Clone)]
pub(super) struct Board(Arc<Mutex<Arc<View>>>);

impl Board {
    pub(super) fn new(view: View) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(view))))
    }

    pub(super) fn show(&self, view: View) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }

    pub(super) fn last(&self) -> Arc<View> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl View {
    /// Returns why this view is not to be trusted, one line a reason; none if it is.
    #[must_use]
    pub fn ailments(&self, now: Timestamp) -> Vec<String> {
        let mut ailments: Vec<String> =
            self.state.monitor.episodes.iter().map(|episode| episode.reason.clone()).collect();
        let age = |then: Timestamp| now.duration_since(then).as_secs_f64();
        let turned = age(self.turned_at);
        if turned > LOOP_AGE_MAX {
            ailments.push(format!("the monitor hangs: its loop came round {turned:.0} s ago"));
        }
        let due = super::watch::INTERVALS_MISSED * self.state.monitor.interval_s;
        let written = age(self.written_at.or(self.state.monitor.started_at).unwrap_or(self.turned_at));
        if self.write_failures_total > 0 && written > due {
            ailments.push(format!("no metrics line could be written for {written:.0} s"));
        }
        ailments
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::View;
    use crate::ops::{
        metrics::MonitorState,
        monitor::{
            line::MonitorHealth,
            watch::{Episode, Unseen},
        },
    };

    #[test]
    fn a_view_says_why_it_is_not_to_be_trusted() {
        let then = Timestamp::UNIX_EPOCH;
        let fine = View {
            state: MonitorState {
                monitor: MonitorHealth { interval_s: 5.0, ..MonitorHealth::default() },
                ..MonitorState::default()
            },
            turned_at: then,
            written_at: Some(then),
            write_failures_total: 0,
        };
        let mut blind = fine.clone();
        blind.state.monitor.episodes =
            vec![Episode { unseen: Unseen::Bus, since: then, reason: "nothing is heard".into() }];
        let full = View { write_failures_total: 1, turned_at: then + SignedDuration::from_secs(16), ..fine.clone() };
        let cases = [
            (&fine, 9, ""),
            (&blind, 1, "nothing is heard"),
            (&fine, 16, "hangs"),
            (&full, 14, ""),
            (&full, 16, "no metrics line"),
        ];
        for (view, seconds, wanted) in cases {
            let ailments = view.ailments(then + SignedDuration::from_secs(seconds));
            assert_eq!(ailments.is_empty(), wanted.is_empty(), "{ailments:?}");
            assert!(ailments.concat().contains(wanted), "{wanted}: {ailments:?}");
        }
    }
}
