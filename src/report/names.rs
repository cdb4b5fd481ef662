//! Names of verdicts, outcomes, signals and phases in a person's language, as the report says them, for whoever else
//! prints them.

use super::words;
use crate::{
    record::{Outcome, Phase, SignalKind, Verdict},
    text::Language,
};

/// Returns the words of a verdict.
#[must_use]
pub const fn verdict_said(verdict: Verdict, language: Language) -> &'static str {
    words::verdict(verdict).say(language)
}

/// Returns the words of a signal's kind.
#[must_use]
pub const fn signal_said(kind: SignalKind, language: Language) -> &'static str {
    words::signal(kind).say(language)
}

/// Returns the words of a phase.
#[must_use]
pub const fn phase_said(phase: Phase, language: Language) -> &'static str {
    words::phase(phase).say(language)
}

/// Returns the words of an outcome that the history names; an unknown name stays as it is.
#[must_use]
pub fn outcome_named(name: &str, language: Language) -> String {
    let reason = String::new;
    let all = [
        Outcome::Passed,
        Outcome::Failed { reason: reason() },
        Outcome::NotStarted { reason: reason() },
        Outcome::NotInjected { reason: reason() },
        Outcome::NotDetected { reason: reason() },
        Outcome::NotRecovered { reason: reason() },
        Outcome::Skipped { reason: reason() },
        Outcome::KnownFail { reason: reason() },
        Outcome::UnexpectedPass,
    ];
    let known = all.iter().find(|known| known.name() == name);
    known.map_or_else(|| name.to_owned(), |known| words::outcome(known).say(language).to_owned())
}
