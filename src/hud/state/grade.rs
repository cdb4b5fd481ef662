//! How good a fact is. The order is that of alarm: the worst of several is the largest.

use serde::Serialize;

use crate::text::{Language, Phrase};

/// Returns the word for people of how a run stands; a word that is not known is left as it is.
#[must_use]
pub fn status_words(status: &'static str, language: Language) -> &'static str {
    let phrase = match status {
        "running" => Phrase::Running,
        "success" => Phrase::Succeeded,
        "failed" => Phrase::Failed,
        "interrupted" => Phrase::Interrupted,
        "degraded" => Phrase::Degraded,
        "ended" => Phrase::Stopped,
        "silent" => Phrase::Silent,
        "never started" => Phrase::NeverStarted,
        "done" => Phrase::Done,
        "skipped" => Phrase::Skipped,
        _ => return status,
    };
    phrase.say(language)
}

/// The grade of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As it should be.
    #[default]
    Ok,
    /// Nothing is there yet to be judged.
    Unknown,
    /// It was good, and is too old to say anything of today.
    Stale,
    /// Someone should look.
    Warning,
    /// Something is broken, or cannot be read.
    Fail,
}

impl Grade {
    /// Every grade, best first.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Unknown, Self::Stale, Self::Warning, Self::Fail];

    /// Returns the word in JSON and in classes of style.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Stale => "stale",
            Self::Warning => "warning",
            Self::Fail => "fail",
        }
    }

    /// Returns the word for people.
    #[must_use]
    pub const fn phrase(self) -> Phrase {
        match self {
            Self::Ok => Phrase::Ok,
            Self::Unknown => Phrase::Unknown,
            Self::Stale => Phrase::Stale,
            Self::Warning => Phrase::Warning,
            Self::Fail => Phrase::Fail,
        }
    }

    /// Returns the sentence of a workspace whose worst fact has this grade.
    #[must_use]
    pub const fn sentence(self) -> Phrase {
        match self {
            Self::Ok => Phrase::AllInOrder,
            Self::Unknown => Phrase::NotAllKnown,
            Self::Stale => Phrase::SomethingIsStale,
            Self::Warning => Phrase::SomeoneShouldLook,
            Self::Fail => Phrase::SomethingIsBroken,
        }
    }

    /// Returns a sign of its own shape, so that the grade is seen without colour.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Ok => "●",
            Self::Unknown => "○",
            Self::Stale => "◌",
            Self::Warning => "▲",
            Self::Fail => "■",
        }
    }
}
