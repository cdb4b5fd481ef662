//! What the user sees: data on stdout, everything else on stderr, readable without colour.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use serde_json::json;

use crate::exit::Failure;

/// The two streams of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Console {
    json: bool,
    quiet: bool,
}

impl Console {
    pub(super) const fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// Says whether one JSON document is to be printed and nothing else.
    pub(super) const fn is_json(self) -> bool {
        self.json
    }

    /// Says whether less is to be said.
    pub(super) const fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Prints a line of data, unless one JSON document is to be printed instead.
    pub(super) fn line(self, text: impl AsRef<str>) {
        if !self.json {
            write(io::stdout(), text.as_ref());
        }
    }

    /// Prints the command's result as its one JSON document, when that was asked for.
    pub(super) fn document(self, document: &impl Serialize) {
        if self.json {
            write(io::stdout(), &serde_json::to_string_pretty(document).unwrap_or_default());
        }
    }

    /// Prints a line for a person that is not data.
    pub(super) fn note(self, text: impl AsRef<str>) {
        if !self.quiet {
            write(io::stderr(), text.as_ref());
        }
    }

    /// Prints a failure: what, where and why, then what to do.
    pub(super) fn failure(self, failure: &dyn Failure) {
        self.failure_with(failure, None);
    }

    /// Prints a failure; its JSON document has `details` under a name of their own.
    pub(super) fn failure_with(self, failure: &dyn Failure, details: Option<(&str, serde_json::Value)>) {
        let (message, remedy) = (failure.to_string(), failure.remedy());
        self.complain(failure);
        let exit = failure.exit();
        let mut error = json!({
            "class": exit.code(), "meaning": exit.meaning(), "message": message, "remedy": remedy
        });
        if let (Some((name, details)), Some(error)) = (details, error.as_object_mut()) {
            error.insert(name.to_owned(), details);
        }
        self.document(&json!({ "error": error }));
    }

    /// Prints a failure of work that has a result all the same, which is its document.
    #[expect(clippy::unused_self, reason = "printed by the console and nobody else")]
    pub(super) fn complain(self, failure: &dyn Failure) {
        write(io::stderr(), &format!("error: {}", harmless(&failure.to_string())));
        if let Some(remedy) = failure.remedy() {
            write(io::stderr(), &format!("hint: {}", harmless(&remedy)));
        }
    }

    /// Says whether stderr may be coloured.
    pub(super) fn has_colour(self) -> bool {
        !self.json && io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
    }
}

/// Writes out the control characters of a text that may hold foreign names: a terminal would obey them.
fn harmless(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character.to_string(),
        _ if character.is_control() => character.escape_default().to_string(),
        _ => character.to_string(),
    };
    text.chars().map(shown).collect::<Vec<_>>().concat()
}

/// Writes a line; a closed pipe is the reader's choice and no failure of ours.
fn write(mut stream: impl Write, text: &str) {
    let _ = writeln!(stream, "{text}");
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn control_characters_of_foreign_names_are_written_out() {
        assert_eq!(harmless("a\n\tb 贵州"), "a\n\tb 贵州");
        assert_eq!(harmless("\u{1b}[31m\u{7}\u{9b}2J\r"), "\\u{1b}[31m\\u{7}\\u{9b}2J\\r");
    }
}
