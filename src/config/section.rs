//! Reads one object key by key into typed values and collects every mistake on the way. A value that is
//! wrong is replaced by a harmless one, which no caller sees: mistakes always end the load.

use std::fmt::Display;

pub(super) use super::bounds::Bounds;
use super::{
    mistake::{Mistake, Warning},
    node::{Entry, Node, Place, Value},
};

/// What the readers of all files of one load have to say.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What is wrong.
    pub(super) mistakes: Vec<Mistake>,
    /// What is accepted but should be changed.
    pub(super) warnings: Vec<Warning>,
}

/// One object that is being read.
pub(super) struct Section<'a> {
    /// Nothing where the object itself is missing or no object; that has been reported, its keys are not.
    node: Option<&'a Node>,
    path: String,
    known: Vec<String>,
    findings: &'a mut Findings,
}

impl<'a> Section<'a> {
    /// Reads a whole tree with `read`, then reports the keys that `read` did not ask for.
    pub(super) fn root<T>(tree: &'a Node, findings: &'a mut Findings, read: impl FnOnce(&mut Section<'a>) -> T) -> T {
        let mut section = Section { node: Some(tree), path: String::new(), known: Vec::new(), findings };
        if !matches!(tree.value, Value::Map(_)) {
            section.wrong::<()>("", "wrong type", "an object of keys and values", tree);
            section.node = None;
        }
        let value = read(&mut section);
        section.report_unknown();
        value
    }

    /// Reads an object at `key`.
    pub(super) fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let node = self.require(key, "an object of keys and values");
        self.inner(key, node, read)
    }

    fn inner<T>(&mut self, key: &str, node: Option<&Node>, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let path = self.dotted(key);
        let object = node.filter(|node| matches!(node.value, Value::Map(_)));
        if let (Some(node), None) = (node, object) {
            self.wrong::<()>(key, "wrong type", "an object of keys and values", node);
        }
        let mut section = Section { node: object, path, known: Vec::new(), findings: &mut *self.findings };
        let value = read(&mut section);
        section.report_unknown();
        value
    }

    /// Reads an object of objects whose keys the user chooses, in file order.
    pub(super) fn named<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&str, &mut Section<'_>) -> T,
    ) -> Vec<(String, T)> {
        let Some(node) = self.require(key, "an object of named objects") else { return Vec::new() };
        let mut all = Vec::new();
        self.inner(key, Some(node), |section| {
            for entry in section.node.map(Node::entries).unwrap_or_default() {
                section.known.push(entry.key.clone());
                if !is_name(&entry.key) {
                    let mistake = Mistake::at(&entry.place, section.dotted(&entry.key), "is not a name")
                        .allowed("letters, digits, _ and - only, at most 64");
                    section.findings.mistakes.push(mistake);
                }
                all.push((
                    entry.key.clone(),
                    section.inner(&entry.key, Some(&entry.node), |one| read(&entry.key, one)),
                ));
            }
        });
        all
    }

    /// Reads the objects of this one that were not asked for so far, whose keys the user chooses, in file order.
    pub(super) fn others<T>(&mut self, mut read: impl FnMut(&str, &mut Section<'_>) -> T) -> Vec<(String, T)> {
        let mut all = Vec::new();
        for entry in self.own_entries() {
            if self.known.contains(&entry.key) {
                continue;
            }
            self.known.push(entry.key.clone());
            if !is_name(&entry.key) {
                let mistake = Mistake::at(&entry.place, self.dotted(&entry.key), "is not a name")
                    .allowed("letters, digits, _ and - only, at most 64");
                self.findings.mistakes.push(mistake);
            }
            let value = self.inner(&entry.key, Some(&entry.node), |one| read(&entry.key, one));
            all.push((entry.key.clone(), value));
        }
        all
    }

    /// Reads a list of objects.
    pub(super) fn objects<T>(&mut self, key: &str, mut read: impl FnMut(&mut Section<'_>) -> T) -> Vec<T> {
        let items = self.items(key, "a list of objects");
        items
            .iter()
            .enumerate()
            .map(|(index, item)| self.inner(&format!("{key}[{index}]"), Some(item), &mut read))
            .collect()
    }

    /// Says whether a key is given and not null.
    pub(super) fn has(&mut self, key: &str) -> bool {
        self.take(key).is_some_and(|node| node.value != Value::Null)
    }

    /// Reads a value with `read` where the key is given and not null.
    pub(super) fn optional<T>(&mut self, key: &str, read: impl FnOnce(&mut Self, &str) -> T) -> Option<T> {
        self.has(key).then(|| read(self, key))
    }

    /// Reads a boolean.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        let Some(node) = self.require(key, "true or false") else { return false };
        match &node.value {
            Value::Bool(flag) => *flag,
            _ => self.wrong(key, "wrong type", "true or false", node),
        }
    }

    /// Reads a number.
    pub(super) fn number(&mut self, key: &str, bounds: Bounds) -> f64 {
        let allowed = bounds.words();
        let Some(node) = self.require(key, &allowed) else { return 0.0 };
        match &node.value {
            Value::Number(text) => match text.parse::<f64>() {
                Ok(value) if bounds.holds(value) => value,
                _ => self.wrong(key, "out of range", &allowed, node),
            },
            _ => self.wrong(key, "wrong type", &allowed, node),
        }
    }

    /// Reads a whole number.
    pub(super) fn count(&mut self, key: &str, low: u64, high: u64) -> u64 {
        let allowed = whole_number(low, high);
        let Some(node) = self.require(key, &allowed) else { return 0 };
        self.count_of(key, node, low, high)
    }

    fn count_of(&mut self, key: &str, node: &Node, low: u64, high: u64) -> u64 {
        let allowed = whole_number(low, high);
        let Value::Number(text) = &node.value else { return self.wrong(key, "wrong type", &allowed, node) };
        match text.parse::<u64>() {
            Ok(value) if (low..=high).contains(&value) => value,
            Err(_) if text.contains(['.', 'e', 'E']) => self.wrong(key, "not a whole number", &allowed, node),
            _ => self.wrong(key, "out of range", &allowed, node),
        }
    }

    /// Reads a whole number as `usize`.
    pub(super) fn size(&mut self, key: &str, low: u64, high: u64) -> usize {
        usize::try_from(self.count(key, low, high)).unwrap_or(usize::MAX)
    }

    /// Reads a text that is not empty and holds no control characters.
    pub(super) fn text(&mut self, key: &str) -> String {
        let Some(node) = self.require(key, "a text") else { return String::new() };
        self.text_of(key, node, "a text")
    }

    fn text_of(&mut self, key: &str, node: &Node, allowed: &str) -> String {
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => self.wrong(key, "is empty", allowed, node),
            Value::Text(text) if text.chars().any(char::is_control) => {
                self.wrong(key, "holds a control character", allowed, node)
            }
            Value::Text(text) => text.clone(),
            // A bare word of the command line has no quotes to say that it is a text.
            Value::Number(text) if node.place.is_bare_text() => text.clone(),
            Value::Bool(flag) if node.place.is_bare_text() => flag.to_string(),
            _ => self.wrong(key, "wrong type", allowed, node),
        }
    }

    /// Reads a text and turns it into a value; `allowed` says in words what `parse` takes.
    pub(super) fn parsed<T: Default, E>(
        &mut self,
        key: &str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        let Some(node) = self.require(key, allowed) else { return T::default() };
        let text = self.text_of(key, node, allowed);
        if text.is_empty() {
            return T::default();
        }
        parse(&text).unwrap_or_else(|_| self.wrong(key, "not allowed", allowed, node))
    }

    /// Reads one of a fixed set of words.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, words: &[(&str, T)], fallback: T) -> T {
        let allowed = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let Some(node) = self.require(key, &allowed) else { return fallback };
        let text = self.text_of(key, node, &allowed);
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return *value;
        }
        if !text.is_empty() {
            let mistake = Mistake::at(&node.place, self.dotted(key), "not allowed").allowed(allowed).got(node);
            self.findings.mistakes.push(mistake.nearest(&text, words.iter().map(|(word, _)| *word)));
        }
        fallback
    }

    /// Reads a list of texts.
    pub(super) fn texts(&mut self, key: &str) -> Vec<String> {
        let items = self.items(key, "a list of texts");
        items.iter().enumerate().map(|(index, item)| self.text_of(&format!("{key}[{index}]"), item, "a text")).collect()
    }

    /// Reads a list of whole numbers.
    pub(super) fn counts(&mut self, key: &str, low: u64, high: u64) -> Vec<u64> {
        let items = self.items(key, "a list of whole numbers");
        items
            .iter()
            .enumerate()
            .map(|(index, item)| self.count_of(&format!("{key}[{index}]"), item, low, high))
            .collect()
    }

    fn items(&mut self, key: &str, allowed: &str) -> &'a [Node] {
        match self.require(key, allowed) {
            Some(Node { value: Value::List(items), .. }) => items,
            Some(node) => {
                self.wrong::<()>(key, "wrong type", allowed, node);
                &[]
            }
            None => &[],
        }
    }

    /// Returns the value of a key that must be there.
    pub(super) fn require(&mut self, key: &str, allowed: &str) -> Option<&'a Node> {
        let found = self.take(key);
        if let (None, Some(object)) = (found, self.node) {
            let mistake = Mistake::at(&object.place, self.dotted(key), "is missing").allowed(allowed);
            self.findings.mistakes.push(mistake);
        }
        found
    }

    /// Returns the value of a key; the key then counts as known.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a Node> {
        if !self.known.iter().any(|known| known == key) {
            self.known.push(key.to_owned());
        }
        self.node.and_then(|node| node.get(key))
    }

    /// Reports a value of this object that fails a rule of its own.
    pub(super) fn mistake(&mut self, key: &str, what: impl Display) {
        let Some(object) = self.node else { return };
        let place = object.get(key).map_or(&object.place, |node| &node.place).clone();
        self.findings.mistakes.push(Mistake::at(&place, self.dotted(key), what.to_string()));
    }

    /// As [`mistake`](Self::mistake), with the nearest of the names that are allowed.
    pub(super) fn mistake_near(
        &mut self,
        key: &str,
        what: impl Display,
        wrong: &str,
        names: impl IntoIterator<Item = &'static str>,
    ) {
        let place = self.place(key);
        let mistake = Mistake::at(&place, self.dotted(key), what.to_string());
        self.findings.mistakes.push(mistake.nearest(wrong, names));
    }

    /// Reports keys of this object that do not agree, at the first that is not a default.
    pub(super) fn disagreement(&mut self, keys: [&str; 2], what: impl Display) {
        let [key, other] = keys;
        let is_default = |key: &str| *self.place(key).file == *"default";
        let blamed = if is_default(key) && !is_default(other) { other } else { key };
        self.mistake(blamed, what);
    }

    /// Warns of a value of this object.
    pub(super) fn warning(&mut self, key: &str, what: impl Display) {
        let place = self.place(key);
        self.findings.warnings.push(Warning::at(&place, self.dotted(key), what.to_string()));
    }

    /// Returns the entries of this object.
    pub(super) fn own_entries(&self) -> &'a [Entry] {
        self.node.map(Node::entries).unwrap_or_default()
    }

    fn place(&self, key: &str) -> Place {
        let node = self.node.map(|object| object.get(key).unwrap_or(object));
        node.map_or_else(|| Place::outside(""), |node| node.place.clone())
    }

    fn wrong<T: Default>(&mut self, key: &str, what: &str, allowed: &str, node: &Node) -> T {
        let mistake = Mistake::at(&node.place, self.dotted(key), what).allowed(allowed).got(node);
        self.findings.mistakes.push(mistake);
        T::default()
    }

    fn dotted(&self, key: &str) -> String {
        match (self.path.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{key}", self.path),
        }
    }

    fn report_unknown(&mut self) {
        for entry in self.node.map(Node::entries).unwrap_or_default() {
            if !self.known.contains(&entry.key) {
                let mistake = Mistake::at(&entry.place, self.dotted(&entry.key), "unknown key");
                let nearest = mistake.nearest(&entry.key, self.known.iter().map(String::as_str));
                self.findings.mistakes.push(nearest);
            }
        }
    }
}

fn whole_number(low: u64, high: u64) -> String {
    if high == u64::MAX {
        format!("a whole number of {low} or more")
    } else {
        format!("a whole number from {low} to {high}")
    }
}

/// Says whether a text can name a thing that becomes a directory or a column.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-')
}
