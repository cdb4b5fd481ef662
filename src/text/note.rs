//! A sentence with its values, to be said in any language.

use std::fmt::Display;

use serde::{Serialize, Serializer};

use super::{Language, Phrase};

/// A phrase and what stands in its `{}`, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    phrase: Phrase,
    values: Vec<String>,
}

impl Note {
    /// Makes a note; it takes as many values as the phrase has `{}`.
    #[must_use]
    pub fn new<const N: usize>(phrase: Phrase, values: [&dyn Display; N]) -> Self {
        Self { phrase, values: values.iter().map(ToString::to_string).collect() }
    }

    /// Makes a note without values.
    #[must_use]
    pub const fn plain(phrase: Phrase) -> Self {
        Self { phrase, values: Vec::new() }
    }

    /// Returns the phrase.
    #[must_use]
    pub const fn phrase(&self) -> Phrase {
        self.phrase
    }

    /// Returns the sentence; a value that the phrase has no place for stands at the end.
    #[must_use]
    pub fn say(&self, language: Language) -> String {
        let mut said = String::new();
        let mut values = self.values.iter();
        let mut parts = self.phrase.say(language).split("{}");
        said.push_str(parts.next().unwrap_or_default());
        for part in parts {
            said.push_str(values.next().map_or("", String::as_str));
            said.push_str(part);
        }
        for value in values {
            said.push(' ');
            said.push_str(value);
        }
        said
    }
}

/// Programs read English.
impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.say(Language::English))
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Note, Phrase};

    #[test]
    fn values_stand_in_order_and_none_is_lost() {
        let note = Note::new(Phrase::SessionsBehind, [&3, &"2025-06-30"]);
        assert_eq!(note.say(Language::English), "3 sessions behind 2025-06-30");
        assert_eq!(note.say(Language::Chinese), "落后 3 个交易日（最新为 2025-06-30）");
        let more = Note::new(Phrase::Stale, [&"x"]);
        assert_eq!(more.say(Language::English), "stale x");
    }
}
