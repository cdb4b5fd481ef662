//! The split by time. Between the parts lies a purge, so that no training label reads a price of
//! the next part, and an embargo, so that no window of the next part reads a training price.

use std::ops::Range;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::research::ResearchError;

/// Where the parts end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub enum Bounds {
    /// Shares of the sessions, their number rounded down to a multiple of the step; the rest is the test part.
    Fractions {
        /// Share of the training part, such as 0.7.
        train: f64,
        /// Share of the validation part, such as 0.15.
        valid: f64,
    },
    /// The last session of each part; what comes after is the test part.
    Dates {
        /// The last session of the training part.
        train_end: Date,
        /// The last session of the validation part.
        valid_end: Date,
    },
}

/// How a dataset is split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SplitSpec {
    /// Where the parts end.
    pub bounds: Bounds,
    /// Sessions left out at the end of the training and validation parts; the label's horizon where
    /// not given, and never less.
    pub purge_sessions: Option<usize>,
    /// Sessions left out at the start of the validation and test parts.
    pub embargo_sessions: usize,
    /// Shares move on when so many sessions have been added, at least 1: in between the training and
    /// validation parts stay as they are, and the test part grows.
    pub step_sessions: usize,
}

impl Default for SplitSpec {
    fn default() -> Self {
        let bounds = Bounds::Fractions { train: 0.7, valid: 0.15 };
        Self { bounds, purge_sessions: None, embargo_sessions: 0, step_sessions: 1 }
    }
}

/// The three parts, as ranges of session numbers or of row numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// What the model learns from.
    pub train: Range<usize>,
    /// What it is judged by.
    pub valid: Range<usize>,
    /// What nobody looks at before the end.
    pub test: Range<usize>,
}

impl Parts {
    /// Returns the parts with their names.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Range<usize>); 3] {
        [("train", self.train.clone()), ("valid", self.valid.clone()), ("test", self.test.clone())]
    }

    /// Returns the name of the part that holds a number.
    #[must_use]
    pub fn part_of(&self, number: usize) -> Option<&'static str> {
        self.named().into_iter().find(|(_, range)| range.contains(&number)).map(|(name, _)| name)
    }
}

impl SplitSpec {
    /// Splits sessions for a label of `horizon` sessions.
    ///
    /// # Errors
    /// When a bound is out of range or the purge is shorter than the horizon.
    pub fn parts(&self, dates: &[Date], horizon: usize) -> Result<Parts, ResearchError> {
        let purge = self.purge_sessions.unwrap_or(horizon);
        if purge < horizon {
            return Err(ResearchError::setting("split.purge_sessions", purge, "the label's horizon or more"));
        }
        let sessions = dates.len();
        let (train_end, valid_end) = match self.bounds {
            Bounds::Fractions { train, valid } => {
                if !(train > 0.0 && valid > 0.0 && train + valid <= 1.0) {
                    let got = format!("{train} and {valid}");
                    return Err(ResearchError::setting("split.fractions", got, "above 0, together at most 1"));
                }
                let step = self.step_sessions.max(1);
                // A panel shorter than a step has no earlier step to keep to.
                let counted = if sessions < step { sessions } else { sessions - sessions % step };
                let end = |share: f64| (counted as f64 * share).round() as usize;
                (end(train), end(train + valid).min(counted))
            }
            Bounds::Dates { train_end, valid_end } => {
                if valid_end <= train_end {
                    return Err(ResearchError::setting("split.valid_end", valid_end, "a date after train_end"));
                }
                let after = |end: Date| dates.partition_point(|date| *date <= end);
                (after(train_end), after(valid_end))
            }
        };
        let part = |start: usize, end: usize| start.min(end)..end;
        Ok(Parts {
            train: part(0, train_end.saturating_sub(purge)),
            valid: part(train_end + self.embargo_sessions, valid_end.saturating_sub(purge)),
            test: part(valid_end + self.embargo_sessions, sessions),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Parts, SplitSpec};
    use jiff::{ToSpan, civil::date};

    fn parts(spec: SplitSpec, horizon: usize) -> Parts {
        let dates: Vec<_> = (0..100).map(|day| date(2020, 1, 1) + day.days()).collect();
        spec.parts(&dates, horizon).expect("a split")
    }

    #[test]
    fn labels_of_a_part_end_before_the_next_begins() {
        let parts = parts(SplitSpec { embargo_sessions: 5, ..SplitSpec::default() }, 3);
        assert_eq!(parts, Parts { train: 0..67, valid: 75..82, test: 90..100 });
        assert!(parts.train.end - 1 + 3 < 70, "the last training label reads session 69 at most");
    }

    #[test]
    fn shares_move_on_by_whole_steps_and_the_test_part_grows_in_between() {
        let dates: Vec<_> = (0..140).map(|day| date(2020, 1, 1) + day.days()).collect();
        let of = |step_sessions: usize, sessions: usize| {
            let spec = SplitSpec { step_sessions, ..SplitSpec::default() };
            spec.parts(&dates[..sessions], 1).expect("a split")
        };
        let at_100 = of(20, 100);
        assert_eq!(at_100, of(1, 100), "a multiple of the step is split as ever");
        for sessions in 101..120 {
            assert_eq!(of(20, sessions), Parts { test: 85..sessions, ..at_100.clone() }, "{sessions}");
        }
        assert_eq!(of(20, 120), of(1, 120));
        assert_eq!(of(50, 30), of(1, 30), "a panel shorter than a step");
    }

    #[test]
    fn dates_bound_the_parts() {
        let bounds = Bounds::Dates { train_end: date(2020, 2, 9), valid_end: date(2020, 2, 29) };
        let spec = SplitSpec { bounds, purge_sessions: Some(2), ..SplitSpec::default() };
        assert_eq!(parts(spec, 1), Parts { train: 0..38, valid: 40..58, test: 60..100 });
    }

    #[test]
    fn embargo_longer_than_a_part_leaves_it_empty() {
        let parts = parts(SplitSpec { embargo_sessions: 50, ..SplitSpec::default() }, 1);
        assert!(parts.valid.is_empty() && parts.test.is_empty(), "{parts:?}");
    }

    proptest::proptest! {
        /// A row of session t is decided by sessions t..=t + horizon: none of a part may lie in a later part,
        /// nor in the embargo before it.
        #[test]
        fn no_label_window_reaches_into_the_next_part(
            sessions in 0_usize..200,
            horizon in 0_usize..30,
            more_purge in 0_usize..10,
            embargo in 0_usize..20,
            step_sessions in 1_usize..50,
            train in 0.05..0.9_f64,
            valid in 0.05..0.9_f64,
            by_date in proptest::bool::ANY,
        ) {
            let dates: Vec<_> = (0..sessions).map(|day| date(2020, 1, 1) + i64::try_from(day).expect("few").days()).collect();
            let valid = valid.min(1.0 - train);
            let end = |share: f64| date(2020, 1, 1) + ((sessions as f64 * share) as i64).days();
            let bounds = if by_date {
                Bounds::Dates { train_end: end(train), valid_end: end(train + valid) + 1.day() }
            } else {
                Bounds::Fractions { train, valid }
            };
            let purge_sessions = (more_purge > 0).then_some(horizon + more_purge);
            let spec = SplitSpec { bounds, purge_sessions, embargo_sessions: embargo, step_sessions };
            let parts = spec.parts(&dates, horizon).expect("a split");
            let some: Vec<_> = parts.named().into_iter().map(|(_, part)| part).filter(|part| !part.is_empty()).collect();
            for pair in some.windows(2) {
                proptest::prop_assert!(pair[0].end - 1 + horizon + embargo < pair[1].start, "{parts:?}");
            }
            proptest::prop_assert!(some.iter().all(|part| part.end <= sessions), "{parts:?}");
        }
    }

    #[test]
    fn purge_shorter_than_the_horizon_is_refused() {
        let spec = SplitSpec { purge_sessions: Some(2), ..SplitSpec::default() };
        let error = spec.parts(&[], 3).expect_err("it leaks");
        assert!(error.to_string().contains("purge_sessions is 2"), "{error}");
    }
}
