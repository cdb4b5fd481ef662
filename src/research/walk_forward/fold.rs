//! Where the folds lie. All lengths count sessions; calendar days never enter.

use std::ops::Range;

use super::WalkForwardError;
use crate::config::settings::{FoldMode, WalkForward};

/// How sessions are cut into folds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldRule {
    /// Mode and lengths, from the config.
    pub lengths: WalkForward,
    /// Sessions left out between a fold's window and its test.
    pub embargo_sessions: usize,
}

/// One fold, as ranges of session numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Its number, from 1.
    pub number: usize,
    /// What its model is made from: training, then validation.
    pub window: Range<usize>,
    /// What its model scores, and has never seen.
    pub test: Range<usize>,
}

impl FoldRule {
    /// Returns the folds over `sessions` sessions, oldest first. The last test may be shorter, so that
    /// the newest sessions are tested too.
    ///
    /// # Errors
    /// When not even one session is left to test.
    pub fn folds(&self, sessions: usize) -> Result<Vec<Fold>, WalkForwardError> {
        let lengths = &self.lengths;
        let step = lengths.step_days.max(1);
        let ends = (0..).map(|fold: usize| fold * step + lengths.train_days);
        let folds: Vec<Fold> = ends
            .map(|end| (end, end + self.embargo_sessions))
            .take_while(|(_, test)| *test < sessions)
            .enumerate()
            .map(|(at, (end, test))| Fold {
                number: at + 1,
                window: match lengths.mode {
                    FoldMode::Sliding => end - lengths.train_days..end,
                    FoldMode::Expanding => 0..end,
                },
                test: test..(test + lengths.test_days).min(sessions),
            })
            .collect();
        if folds.is_empty() {
            let needed = lengths.train_days + self.embargo_sessions + 1;
            return Err(WalkForwardError::TooShort { sessions, needed });
        }
        Ok(folds)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fold, FoldMode, FoldRule, WalkForward};
    use crate::exit::{Exit, Failure};

    fn rule(mode: FoldMode, embargo_sessions: usize) -> FoldRule {
        FoldRule { lengths: WalkForward { mode, train_days: 10, test_days: 4, step_days: 4 }, embargo_sessions }
    }

    #[test]
    fn tests_follow_each_other_and_the_last_may_be_short() {
        let folds = rule(FoldMode::Sliding, 1).folds(21).expect("folds");
        let expected = [(1, 0..10, 11..15), (2, 4..14, 15..19), (3, 8..18, 19..21)];
        assert_eq!(folds, expected.map(|(number, window, test)| Fold { number, window, test }));
    }

    #[test]
    fn expanding_keeps_its_start_and_sliding_its_length() {
        let sliding = rule(FoldMode::Sliding, 0).folds(40).expect("folds");
        let expanding = rule(FoldMode::Expanding, 0).folds(40).expect("folds");
        assert!(sliding.iter().all(|fold| fold.window.len() == 10));
        assert!(expanding.iter().all(|fold| fold.window.start == 0 && fold.window.end == fold.test.start));
        assert!(sliding.iter().zip(&expanding).all(|(left, right)| left.test == right.test));
        assert_eq!(expanding[1].window, 0..14);
    }

    #[test]
    fn one_session_to_test_is_enough_and_none_is_an_error() {
        assert_eq!(rule(FoldMode::Sliding, 2).folds(13).expect("one").len(), 1);
        let error = rule(FoldMode::Sliding, 2).folds(12).expect_err("none");
        assert_eq!(error.exit(), Exit::NothingRan);
        assert!(error.to_string().contains("13"), "{error}");
    }
}
