//! A sentence with its values, to be said in any language.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Language, Phrases};

/// What can stand in a sentence: a value that reads the same in every language, or another sentence.
pub trait Speak {
    /// Returns the words.
    fn speak(&self, language: Language) -> String;
}

impl<D: Display + ?Sized> Speak for D {
    fn speak(&self, _: Language) -> String {
        self.to_string()
    }
}

impl Speak for Note {
    fn speak(&self, language: Language) -> String {
        self.say(language)
    }
}

/// A sentence of a table and what stands in its places.
#[derive(Debug, Clone)]
pub struct Note {
    code: &'static str,
    // Boxed, so that an error that holds a note stays small.
    said: Box<[String; 2]>,
}

impl Note {
    /// Makes a note; it takes as many values as the sentence has places.
    #[must_use]
    pub fn new<P: Phrases, const N: usize>(phrase: P, values: [&dyn Speak; N]) -> Self {
        Self {
            code: phrase.code(),
            said: Box::new(Language::ALL.map(|language| fill(phrase.words(language), &values, language))),
        }
    }

    /// Makes a note without values.
    #[must_use]
    pub fn plain<P: Phrases>(phrase: P) -> Self {
        Self::new(phrase, [])
    }

    /// Makes a note of words that are not in any table: those of another program, or of an error.
    #[must_use]
    pub fn foreign(words: impl Into<String>) -> Self {
        let words = words.into();
        Self { code: "foreign", said: Box::new([words.clone(), words]) }
    }

    /// Makes a note of words that are said for each language.
    #[must_use]
    pub fn in_each(say: impl Fn(Language) -> String) -> Self {
        Self { code: "words", said: Box::new(Language::ALL.map(say)) }
    }

    /// Makes one note of several, in order.
    #[must_use]
    pub fn joined(notes: &[Self], separators: [&str; 2]) -> Self {
        let [english, chinese] = separators;
        Self::in_each(|language| {
            let words: Vec<String> = notes.iter().map(|note| note.say(language)).collect();
            words.join(match language {
                Language::English => english,
                Language::Chinese => chinese,
            })
        })
    }

    /// Returns the name of the sentence in its table, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Returns the sentence.
    #[must_use]
    pub fn say(&self, language: Language) -> String {
        let [english, chinese] = &*self.said;
        match language {
            Language::English => english.clone(),
            Language::Chinese => chinese.clone(),
        }
    }
}

impl<P: Phrases> From<P> for Note {
    fn from(phrase: P) -> Self {
        Self::plain(phrase)
    }
}

impl From<&str> for Note {
    fn from(words: &str) -> Self {
        Self::foreign(words)
    }
}

/// A note is what it says to programs, which read English.
impl PartialEq for Note {
    fn eq(&self, other: &Self) -> bool {
        self.say(Language::English) == other.say(Language::English)
    }
}

impl Eq for Note {}

/// What a program looks for in a note is its English.
impl std::ops::Deref for Note {
    type Target = str;

    fn deref(&self) -> &str {
        let [english, _] = &*self.said;
        english
    }
}

impl Default for Note {
    fn default() -> Self {
        Self::foreign("")
    }
}

/// Puts the values in their places: `{}` takes the next one, `{0}` the first. A value without a place stands
/// at the end, so that none is lost.
fn fill(words: &str, values: &[&dyn Speak], language: Language) -> String {
    let mut is_used = vec![false; values.len()];
    let mut next = 0;
    let mut parts = words.split('{');
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (place, rest) = part.split_once('}').unwrap_or((part, ""));
        let at = place.parse().unwrap_or_else(|_| {
            next += 1;
            next - 1
        });
        if let (Some(value), Some(is_used)) = (values.get(at), is_used.get_mut(at)) {
            *is_used = true;
            said.push_str(&value.speak(language));
        }
        said.push_str(rest);
    }
    for (value, _) in values.iter().zip(is_used).filter(|(_, is_used)| !is_used) {
        said.push(' ');
        said.push_str(&value.speak(language));
    }
    said
}

/// Programs read English.
impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.say(Language::English))
    }
}

/// What a program wrote is read back in English.
impl<'de> Deserialize<'de> for Note {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Note, fill};
    use crate::text::Phrase;

    #[test]
    fn values_stand_in_order_and_none_is_lost() {
        let note = Note::new(Phrase::SessionsBehind, [&3, &"2025-06-30"]);
        assert_eq!(note.say(Language::English), "3 sessions behind 2025-06-30");
        assert_eq!(note.say(Language::Chinese), "落后 3 个交易日（最新为 2025-06-30）");
        let more = Note::new(Phrase::Stale, [&"x"]);
        assert_eq!(more.say(Language::English), "stale x");
    }

    #[test]
    fn numbered_places_take_values_out_of_order() {
        assert_eq!(fill("{1} of {0}, {2}", &[&"a", &"b", &"c"], Language::English), "b of a, c");
        let inner = Note::plain(Phrase::Stale);
        let outer = Note::new(Phrase::CannotRead, [&inner]);
        assert_eq!(outer.say(Language::Chinese), "无法读取：过期");
        assert_eq!(Note::joined(&[inner.clone(), inner], ["; ", "；"]).say(Language::Chinese), "过期；过期");
    }
}
