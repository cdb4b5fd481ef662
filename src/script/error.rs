//! What can go wrong with a script. Each message starts with the file and, where it is known, the line.

use std::fmt;

use super::limits::STEP_BYTES;
use crate::exit::{Exit, Failure};

/// A bound that a script ran into.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Too many operations in one call.
    Operations(u64),
    /// More memory than allowed in all, in bytes; or one allocation too large.
    Memory(usize),
    /// A call took longer than this many seconds.
    Deadline(f64),
    /// Calls nested too deeply.
    Stack,
    /// A search whose text and pattern are too long together.
    Pattern,
    /// More values returned than this.
    Output(usize),
    /// The text is longer than this many bytes.
    Text(usize),
    /// The text has more operators and for-loops than this.
    Operators(usize),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operations(most) => write!(f, "the call did not end within {most} operations"),
            Self::Memory(most) => write!(f, "the script wants more than {most} bytes in all or {STEP_BYTES} at once"),
            Self::Deadline(seconds) => write!(f, "the call did not end within {seconds} s"),
            Self::Stack => f.write_str("functions call each other too deeply, or pass too many values"),
            Self::Pattern => f.write_str("a text and a pattern are too long together to be searched"),
            Self::Output(most) => write!(f, "the returned table has more than {most} entries"),
            Self::Text(most) => write!(f, "the text is longer than {most} bytes"),
            Self::Operators(most) => write!(f, "the text has more than {most} operators and for-loops"),
        }
    }
}

/// A failure of a strategy script.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScriptError {
    /// A limit was hit; the script stays refused from then on.
    #[error("{}: {limit}", place(script, *line))]
    Limit {
        /// The script's name.
        script: String,
        /// The line that ran, where it is known.
        line: Option<u32>,
        /// What was exceeded.
        limit: Limit,
    },
    /// The text is not Luau.
    #[error("{}: does not parse: {message}", place(script, *line))]
    Parse {
        /// The script's name.
        script: String,
        /// The line of the mistake.
        line: Option<u32>,
        /// The compiler's words.
        message: String,
    },
    /// The script raised an error.
    #[error("{}: failed: {message}", place(script, *line))]
    Runtime {
        /// The script's name.
        script: String,
        /// The line that raised it.
        line: Option<u32>,
        /// The error's text.
        message: String,
    },
    /// The script returned something of the wrong type, or lacks a function.
    #[error("{}: {message}", place(script, *line))]
    Shape {
        /// The script's name.
        script: String,
        /// The line that says so, where it is known.
        line: Option<u32>,
        /// What was found and what is expected.
        message: String,
    },
    /// The same question had two answers in two machines, so that no run could be repeated.
    #[error("{}: gives two answers to the same question: {message}", place(script, *line))]
    Unsteady {
        /// The script's name.
        script: String,
        /// The line at which the function begins, where it is known.
        line: Option<u32>,
        /// What differs.
        message: String,
    },
}

fn place(script: &str, line: Option<u32>) -> String {
    line.map_or_else(|| script.to_owned(), |line| format!("{script}:{line}"))
}

impl ScriptError {
    /// Returns the line of the script, where it is known.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Limit { line, .. }
            | Self::Parse { line, .. }
            | Self::Runtime { line, .. }
            | Self::Shape { line, .. }
            | Self::Unsteady { line, .. } => *line,
        }
    }
}

impl Failure for ScriptError {
    fn exit(&self) -> Exit {
        match self {
            Self::Limit { .. } => Exit::Limit,
            Self::Parse { .. } | Self::Runtime { .. } | Self::Shape { .. } | Self::Unsteady { .. } => Exit::Refused,
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Limit { limit: Limit::Text(_) | Limit::Operators(_), .. } => {
                "Shorten the script: a strategy is a rule, its data comes in as arguments."
            }
            Self::Limit { .. } => {
                "End the loop or keep less, or go back to the last good version of strategy/ (`git restore strategy/`)."
            }
            Self::Parse { .. } => {
                "Correct the line, or go back to the last good version of strategy/ (`git restore strategy/`)."
            }
            Self::Runtime { .. } => {
                "Correct the line; a script has math, string, table, bit32, buffer, utf8 and vector, \
                 and no file, clock, require, loadstring, coroutine or debug."
            }
            Self::Shape { .. } => {
                "Let the script return a table: `targets` and `on_bar` are functions that answer with numbers, \
                 `weights` is a table of numbers by strategy."
            }
            Self::Unsteady { .. } => {
                "Use texts or numbers as keys: a table whose keys are tables, functions or buffers is gone through \
                 in another order in every run."
            }
        };
        Some(text.to_owned())
    }
}
