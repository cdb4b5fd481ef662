//! Knows a sentence again by its pattern: what was kept in English (in a report, in the ledger) is said in
//! another language without having been kept in it.

use super::{Glossary, Language, Note, Phrases};

impl Note {
    /// Reads a sentence back that was kept in English. Words that no sentence of the table fits stay as they
    /// are, and so do the values of one that fits, unless they are sentences of the table themselves.
    #[must_use]
    pub fn recalled<P: Phrases>(said: &str) -> Self {
        let [english, chinese] = [said.to_owned(), in_chinese::<P>(said)];
        Self::in_each(|language| match language {
            Language::English => english.clone(),
            Language::Chinese => chinese.clone(),
        })
    }
}

fn in_chinese<P: Phrases>(said: &str) -> String {
    recall(&P::TABLE.iter().map(|(_, both)| *both), said).unwrap_or_else(|| said.to_owned())
}

/// Says a sentence in Chinese; nothing where no pattern fits. Of several the one counts that begins with the most
/// words of its own, since one that begins with a value may take another sentence for it, then the one with the
/// most in all. A value may be another sentence: it is shorter than what it stands in, so this ends.
pub(crate) fn recall<'t>(table: &(impl Iterator<Item = [&'t str; 2]> + Clone), said: &str) -> Option<String> {
    let fitting = table.clone().filter_map(|both @ [english, _]| {
        let values = values(english, said)?;
        let own = said.len() - values.iter().map(|(_, value)| value.len()).sum::<usize>();
        let head = english.find('{').unwrap_or(english.len());
        Some(((head, own), both, values))
    });
    let (_, [_, chinese], values) = fitting.max_by_key(|(rank, ..)| *rank)?;
    let mut next = 0;
    let mut parts = chinese.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let place = place(name, &mut next);
        if let Some((_, value)) = values.iter().find(|(at, _)| *at == place) {
            let inner = if value.len() < said.len() { recall(table, value) } else { None };
            text.push_str(&inner.unwrap_or_else(|| (*value).to_owned()));
        }
        text.push_str(rest);
    }
    Some(text)
}

/// Returns what stands in each place of a pattern, the shortest that fits; the last takes the rest.
fn values<'a>(pattern: &str, said: &'a str) -> Option<Vec<(usize, &'a str)>> {
    let mut parts = pattern.split('{').peekable();
    let mut left = said.strip_prefix(parts.next()?)?;
    let (mut next, mut values) = (0, Vec::new());
    while let Some(part) = parts.next() {
        let (name, own) = part.split_once('}')?;
        let is_last = parts.peek().is_none();
        let (value, after) = if is_last { (left.strip_suffix(own)?, "") } else { left.split_once(own)? };
        if value.is_empty() {
            return None;
        }
        values.push((place(name, &mut next), value));
        left = after;
    }
    left.is_empty().then_some(values)
}

fn place(name: &str, next: &mut usize) -> usize {
    name.parse().unwrap_or_else(|_| {
        *next += 1;
        *next - 1
    })
}

impl Glossary {
    /// Gives a sentence that was written in English its other languages back.
    #[must_use]
    pub fn note(&self, english: &str) -> Note {
        let chinese = self.chinese(english).unwrap_or(english);
        Note::in_each(|language| match language {
            Language::English => english.to_owned(),
            Language::Chinese => chinese.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Note, recall};
    use crate::text::{Glossary, Phrase, Phrases as _};

    #[test]
    fn every_sentence_of_a_table_is_known_again() {
        for (code, both) in Phrase::TABLE {
            let fill = |words: &str| words.replace("{}", "x1").replace("{0}", "x1");
            let [english, chinese] = both.map(fill);
            if *code != "CheckFound" {
                let mut fitting = Phrase::TABLE.iter().filter(|(_, [other, _])| fill(other) == english);
                assert_eq!(fitting.next().map(|(code, _)| code), Some(code));
                assert_eq!(Note::recalled::<Phrase>(&english).say(Language::Chinese), chinese, "{code}");
            }
        }
    }

    #[test]
    fn values_may_be_sentences_and_what_does_not_fit_stays() {
        let table = [["no {}", "无{}"], ["{1} of {0}", "{0} 的 {1}"], ["disk", "磁盘"], ["no {} left", "没有剩余的{}"]];
        for (said, told) in [
            ("no disk", Some("无磁盘")),
            ("no disk left", Some("没有剩余的磁盘")),
            ("part of disk", Some("磁盘 的 part")),
            ("disk", Some("磁盘")),
            ("no ", None),
            ("", None),
            ("a disk", None),
        ] {
            assert_eq!(recall(&table.into_iter(), said).as_deref(), told, "{said}");
        }
    }

    #[test]
    fn a_glossary_says_again_what_was_written() {
        let notes = [Note::new(Phrase::SessionsBehind, [&3, &"2025-06-30"]), Note::foreign("as it is")];
        let written = serde_json::to_string(&Glossary::of(&notes)).expect("text");
        let glossary: Glossary = serde_json::from_str(&written).expect("read");
        for note in &notes {
            let read = glossary.note(note);
            assert_eq!(
                Language::ALL.map(|language| read.say(language)),
                Language::ALL.map(|language| note.say(language))
            );
        }
        assert!(!written.contains("as it is"), "what is the same in both is not kept twice");
    }
}
