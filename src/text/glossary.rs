//! The other languages of a report whose sentences programs read in English.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Language, Note};

/// Chinese sentences by their English ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glossary(BTreeMap<String, String>);

impl Glossary {
    /// Notes the sentences that differ between the languages.
    #[must_use]
    pub fn of<'n>(notes: impl IntoIterator<Item = &'n Note>) -> Self {
        let both = |note: &Note| (note.say(Language::English), note.say(Language::Chinese));
        Self(notes.into_iter().map(both).filter(|(english, chinese)| english != chinese).collect())
    }

    /// Returns the Chinese of an English sentence.
    #[must_use]
    pub(super) fn chinese(&self, english: &str) -> Option<&str> {
        self.0.get(english).map(String::as_str)
    }
}
