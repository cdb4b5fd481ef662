//! A config file as a tree of values, each with the place it was written at. One shape for JSON and
//! YAML; knows no key and judges no value.

use std::{fmt, sync::Arc};

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The file as people read it, or `--set`, `default`, or the name of an environment variable.
    pub(super) file: Arc<str>,
    /// The line, from 1; 0 where the source has no lines.
    pub(super) line: usize,
    /// The first byte and the byte after the last, in JSON files only.
    pub(super) bytes: (usize, usize),
}

impl Place {
    /// Names a place that is not in a file.
    pub(super) fn outside(name: &str) -> Self {
        Self { file: name.into(), line: 0, bytes: (0, 0) }
    }

    /// Reads back what [`Place`] prints.
    pub(super) fn printed(text: &str) -> Self {
        let with_line = text.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
        let (file, line) = with_line.unwrap_or((text, 0));
        Self { file: file.into(), line, bytes: (0, 0) }
    }

    /// Returns whether the value came as bare text, from the command line or the environment.
    pub(super) fn is_bare_text(&self) -> bool {
        *self.file == *"--set" || self.file.starts_with("LIGHTHUNTER_")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.file) } else { write!(f, "{}:{}", self.file, self.line) }
    }
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// The value.
    pub(super) value: Value,
    /// Where it was written.
    pub(super) place: Place,
}

/// A value. A number keeps its text, so that nothing is lost before a reader knows what it wants.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value, in file order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: String,
    /// Where the key was written.
    pub(super) place: Place,
    /// The value.
    pub(super) node: Node,
}

impl Node {
    /// Returns an object without keys.
    pub(super) fn empty_map(place: Place) -> Self {
        Self { value: Value::Map(Vec::new()), place }
    }

    /// Returns the keys and values of an object; nothing for any other value.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the value of a key of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// Returns how many values the tree holds, itself included.
    pub(super) fn count(&self) -> usize {
        let inner: usize = match &self.value {
            Value::List(items) => items.iter().map(Self::count).sum(),
            Value::Map(entries) => entries.iter().map(|entry| entry.node.count()).sum(),
            _ => 0,
        };
        inner + 1
    }

    /// Returns the value at a dotted key.
    pub(super) fn find(&self, dotted: &str) -> Option<&Self> {
        dotted.split('.').try_fold(self, |node, key| node.get(key))
    }

    /// Takes the value at a dotted key out of the tree, with the place of its key.
    pub(super) fn remove(&mut self, dotted: &str) -> Option<Entry> {
        let Value::Map(entries) = &mut self.value else { return None };
        match dotted.split_once('.') {
            None => entries.iter().position(|entry| entry.key == dotted).map(|at| entries.remove(at)),
            Some((key, rest)) => {
                let at = entries.iter().position(|entry| entry.key == key)?;
                let taken = entries.get_mut(at)?.node.remove(rest);
                // An object that only held what was taken is gone too; it would be an unknown key.
                if taken.is_some() && entries.get(at).is_some_and(|entry| entry.node.is_empty_map()) {
                    entries.remove(at);
                }
                taken
            }
        }
    }

    /// Puts a value at a dotted key and makes the objects on the way; what is in the way is replaced.
    pub(super) fn put(&mut self, dotted: &str, key_place: &Place, node: Self) {
        if !matches!(self.value, Value::Map(_)) {
            *self = Self::empty_map(key_place.clone());
        }
        let Value::Map(entries) = &mut self.value else { return };
        let (key, rest) = dotted.split_once('.').map_or((dotted, None), |(key, rest)| (key, Some(rest)));
        let at = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
            let node = Self::empty_map(key_place.clone());
            entries.push(Entry { key: key.to_owned(), place: key_place.clone(), node });
            entries.len() - 1
        });
        let Some(entry) = entries.get_mut(at) else { return };
        match rest {
            Some(rest) => entry.node.put(rest, key_place, node),
            None => *entry = Entry { key: key.to_owned(), place: key_place.clone(), node },
        }
    }

    fn is_empty_map(&self) -> bool {
        matches!(&self.value, Value::Map(entries) if entries.is_empty())
    }

    /// Returns what kind of value it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }

    /// Returns the value as a message shows it: short, on one line.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            Value::Number(text) => shortened(text),
            Value::Text(text) => format!("\"{}\"", shortened(text)),
            Value::Bool(flag) => flag.to_string(),
            _ => self.kind().to_owned(),
        }
    }

    /// Returns the value as JSON; a number that JSON cannot hold becomes a text.
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(text) => text.parse().map_or_else(|_| Json::String(text.clone()), Json::Number),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect())
            }
        }
    }
}

/// Cuts a text to what fits into a message; control characters are escaped, so that it stays one line.
fn shortened(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 60;
    let mut short: String = text.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{Node, Place, Value};

    fn place() -> Place {
        Place::outside("test")
    }

    #[test]
    fn put_and_remove_are_inverse() {
        let mut tree = Node::empty_map(place());
        let value = Node { value: Value::Bool(true), place: place() };
        tree.put("a.b.c", &place(), value.clone());
        tree.put("a.d", &place(), value.clone());
        assert_eq!(tree.find("a.b.c"), Some(&value));
        assert!(tree.remove("a.b.c").is_some());
        assert_eq!(tree.to_json().to_string(), r#"{"a":{"d":true}}"#, "the emptied object is gone too");
        assert!(tree.remove("a.x.y").is_none());
    }

    #[test]
    fn shown_values_stay_on_one_short_line() {
        let shown = Node { value: Value::Text("line\n".repeat(50)), place: place() }.shown();
        assert!(!shown.contains('\n') && shown.chars().count() < 90, "{shown}");
    }
}
