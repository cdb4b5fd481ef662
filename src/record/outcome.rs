//! Outcomes of scenarios and the verdict made of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a scenario ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Everything it says is true.
    Passed,
    /// A step failed.
    Failed {
        /// The step's own words.
        reason: String,
    },
    /// The baseline was red, so nothing was broken.
    NotStarted {
        /// What was red.
        reason: String,
    },
    /// The fault did not take.
    NotInjected {
        /// How that was seen.
        reason: String,
    },
    /// The fault took, and a signal that must show it did not.
    NotDetected {
        /// Which signal was silent.
        reason: String,
    },
    /// The rollback failed or its proof did not hold.
    NotRecovered {
        /// What differs.
        reason: String,
    },
    /// It could not run here, for a stated reason.
    Skipped {
        /// What is missing.
        reason: String,
    },
    /// It is known to fail, and did.
    KnownFail {
        /// Why it is known.
        reason: String,
    },
    /// It is listed as known to fail, and passed: the list is stale.
    UnexpectedPass,
}

impl Outcome {
    /// Returns the outcome's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Failed { .. } => "Failed",
            Self::NotStarted { .. } => "NotStarted",
            Self::NotInjected { .. } => "NotInjected",
            Self::NotDetected { .. } => "NotDetected",
            Self::NotRecovered { .. } => "NotRecovered",
            Self::Skipped { .. } => "Skipped",
            Self::KnownFail { .. } => "KnownFail",
            Self::UnexpectedPass => "UnexpectedPass",
        }
    }

    /// Returns the reason where there is one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Passed | Self::UnexpectedPass => None,
            Self::Failed { reason }
            | Self::NotStarted { reason }
            | Self::NotInjected { reason }
            | Self::NotDetected { reason }
            | Self::NotRecovered { reason }
            | Self::Skipped { reason }
            | Self::KnownFail { reason } => Some(reason),
        }
    }

    /// Says whether the outcome counts as success.
    #[must_use]
    pub const fn is_green(&self) -> bool {
        matches!(self, Self::Passed | Self::KnownFail { .. })
    }

    /// Says whether the outcome makes the drill NotReady.
    #[must_use]
    pub const fn is_red(&self, strict: bool) -> bool {
        match self {
            Self::Passed | Self::KnownFail { .. } => false,
            Self::Skipped { .. } => strict,
            _ => true,
        }
    }
}

/// What a drill says about its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It comes back.
    Ready,
    /// It does not, or nothing showed that it does.
    NotReady,
}

impl Verdict {
    /// Judges the outcomes: one red, or no green at all, is NotReady.
    #[must_use]
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome> + Clone, strict: bool) -> Self {
        let red = outcomes.clone().into_iter().any(|outcome| outcome.is_red(strict));
        let green = outcomes.into_iter().any(Outcome::is_green);
        if green && !red { Self::Ready } else { Self::NotReady }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "Ready",
            Self::NotReady => "NotReady",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Verdict};

    #[test]
    fn nothing_ran_is_not_ready() {
        let skipped = Outcome::Skipped { reason: "no data".into() };
        assert_eq!(Verdict::of([], false), Verdict::NotReady);
        assert_eq!(Verdict::of([&skipped], false), Verdict::NotReady);
        assert_eq!(Verdict::of([&Outcome::Passed, &skipped], false), Verdict::Ready);
        assert_eq!(Verdict::of([&Outcome::Passed, &skipped], true), Verdict::NotReady);
        assert_eq!(Verdict::of([&Outcome::Passed, &Outcome::UnexpectedPass], false), Verdict::NotReady);
    }
}
