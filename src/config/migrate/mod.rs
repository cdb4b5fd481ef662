//! Translates the original's `system_config.json` (Mk4) into this system's, and names by key and line whatever does
//! not come over as it stands. The translation holds only what the file says, so that the template's values stay in
//! force for the rest; it passes the same checks as any config. Reads one file and writes none.

mod keys;
mod shape;
mod tree;
mod value;

#[cfg(test)]
mod tests;

use std::{
    fmt::{self, Write as _},
    path::Path,
};

use serde::Serialize;

use super::{
    difference::{Difference, differences},
    document::Document,
    layer,
    mistake::{ConfigErrors, Mistake},
    node::{Node, Place, Value},
    section::Findings,
    settings,
};

/// What is the matter with a key of the original's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DefectKind {
    /// It has another name here.
    Renamed,
    /// It is said in another way here.
    Shape,
    /// No code of the original read it.
    Dead,
    /// The original read it; nothing here answers to it.
    Dropped,
    /// It is there twice, under one name or under two.
    Twice,
    /// Its number is in another unit than its key says.
    Unit,
    /// It is a path of the author's machine.
    Path,
    /// It is a secret in plain text.
    Secret,
    /// Its value is not allowed here.
    Refused,
    /// Neither the original nor this system knows it.
    Unknown,
}

impl DefectKind {
    /// Says whether a person has to decide something before the translation can be relied on.
    #[must_use]
    pub fn needs_decision(self) -> bool {
        !matches!(self, Self::Renamed | Self::Shape | Self::Dead | Self::Dropped)
    }

    /// Returns its name as `--json` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Renamed => "renamed",
            Self::Shape => "shape",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
            Self::Twice => "twice",
            Self::Unit => "unit",
            Self::Path => "path",
            Self::Secret => "secret",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// One defect, by place and key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Defect {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The dotted key as the file has it.
    pub key: String,
    /// What kind of defect it is.
    pub kind: DefectKind,
    /// Whether a person has to decide something.
    pub needs_decision: bool,
    /// What is the matter, and what was made of it.
    pub what: String,
}

impl Defect {
    fn at(place: &Place, key: &str, kind: DefectKind, what: impl Into<String>) -> Self {
        Self {
            file: place.file.to_string(),
            line: place.line,
            key: key.to_owned(),
            kind,
            needs_decision: kind.needs_decision(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.key, self.what)
    }
}

/// A file of the original, translated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Migration {
    /// The file as it was named.
    pub file: String,
    /// How many values it says.
    pub values: usize,
    /// How many of them the translation holds.
    pub carried: usize,
    /// What does not come over as it stands, by line.
    pub defects: Vec<Defect>,
    /// What the translation changes of the template's values.
    pub changes: Vec<Difference>,
    /// The translation: JSON with comments; what was not understood stands at its end as a comment.
    pub text: String,
}

impl Migration {
    /// Returns the defects that a person has to decide on.
    pub fn undecided(&self) -> impl Iterator<Item = &Defect> {
        self.defects.iter().filter(|defect| defect.needs_decision)
    }
}

/// Translates a file of the original; `name` is how messages call it.
///
/// # Errors
/// When it cannot be read, is no JSON or no object; nothing is translated then.
pub fn migrate(path: &Path, name: &str) -> Result<Migration, ConfigErrors> {
    let refused = |mistakes: Vec<Mistake>| ConfigErrors::of(mistakes).unwrap_or_else(ConfigErrors::unexplained);
    let document = Document::read(path, name).map_err(|mistake| refused(vec![*mistake]))?;
    let root = document.parse_keeping().map_err(refused)?;
    if !matches!(root.value, Value::Map(_)) {
        let mistake = Mistake::at(&root.place, "", "wrong type").allowed("an object of keys and values").got(&root);
        return Err(refused(vec![mistake]));
    }
    translated(root, name).map_err(refused)
}

fn translated(mut root: Node, name: &str) -> Result<Migration, Vec<Mistake>> {
    let values = layer::origins(&root).len();
    let mut defects = Vec::new();
    shape::keep_last(&mut root, &mut defects);
    value::take_secrets(&mut root, &mut defects);
    value::mend_paths(&mut root, &mut defects);
    shape::rename(&mut root, &mut defects);
    keys::leave(&mut root, &mut defects);
    value::mend_units(&mut root, &mut defects);
    shape::translate(&mut root, &mut defects);
    shape::name_strategies(&mut root, &layer::defaults()?, &mut defects);
    let left = settle(&mut root, name, &mut defects)?;
    defects.sort_by(|a, b| (a.line, &a.key, a.kind).cmp(&(b.line, &b.key, b.kind)));
    defects.dedup();
    let defaults = layer::defaults()?;
    let changes = differences(&defaults, &layer::over_defaults(defaults.clone(), &root));
    let carried = if root.entries().is_empty() { 0 } else { layer::origins(&root).len() };
    let text = text_of(&root, name, &left);
    Ok(Migration { file: name.to_owned(), values, carried, defects, changes, text })
}

/// Takes out what this system's reader refuses, until it refuses nothing; returns what was taken, with its line.
fn settle(
    root: &mut Node,
    name: &str,
    defects: &mut Vec<Defect>,
) -> Result<Vec<(usize, String, String)>, Vec<Mistake>> {
    let mut left = Vec::new();
    // Every round takes a key out, so there are at most as many rounds as keys.
    for _ in 0..=root.count() {
        let mut findings = Findings::default();
        let tree = layer::over_defaults(layer::defaults()?, root);
        settings::read(&tree, &mut findings);
        if findings.mistakes.is_empty() {
            for warning in findings.warnings.iter().filter(|warning| warning.file == name) {
                let place = Place { file: name.into(), line: warning.line, bytes: (0, 0) };
                defects.push(Defect::at(&place, &warning.key, DefectKind::Shape, warning.what.clone()));
            }
            return Ok(left);
        }
        let mut mistakes = findings.mistakes;
        // The last of a list first, so that the indices of the others stay right.
        mistakes.sort_by(|a, b| (b.line, &b.key).cmp(&(a.line, &a.key)));
        let Some((mistake, key)) = mistakes.iter().find_map(|mistake| Some((mistake, blamed(root, &mistake.key)?)))
        else {
            return Err(mistakes);
        };
        let kept = shown_at(root, &key);
        let Some(place) = tree::remove(root, &key) else { return Err(mistakes) };
        let is_unknown = mistake.what == "unknown key";
        let kind = if is_unknown { DefectKind::Unknown } else { DefectKind::Refused };
        let mut said = mistake.clone();
        (said.file, said.line, said.key) = (String::new(), 0, String::new());
        let said = said.to_string();
        let said = said.trim_start_matches([':', ' ']);
        let what = if is_unknown {
            format!("{said}; kept as a comment at the end of the translation")
        } else if key == mistake.key {
            format!("{said}; left out; where the template has a value, it holds")
        } else {
            format!("left out, because {}: {said}", mistake.key)
        };
        defects.push(Defect::at(&place, &key, kind, what));
        left.push((place.line, key, kept));
    }
    Err(vec![Mistake::at(&Place::outside(name), "", "cannot be translated: its values contradict each other")])
}

/// Returns the key of the file that a mistake is about: its own, or the nearest above it that the file has.
fn blamed(root: &Node, key: &str) -> Option<String> {
    let mut key = key.to_owned();
    loop {
        if !key.is_empty() && !shown_at(root, &key).is_empty() {
            return Some(key);
        }
        let end = key.rfind(['.', '['])?;
        key.truncate(end);
    }
}

/// Returns a value as one line of JSON; empty where there is none.
fn shown_at(root: &Node, key: &str) -> String {
    let mut node = root;
    for part in key.split('.') {
        let (name, indices) = part.split_once('[').map_or((part, ""), |(name, rest)| (name, rest));
        let Some(inner) = node.get(name) else { return String::new() };
        node = inner;
        for index in indices.split(['[', ']']).filter(|index| !index.is_empty()) {
            let (Value::List(items), Ok(index)) = (&node.value, index.parse::<usize>()) else { return String::new() };
            let Some(item) = items.get(index) else { return String::new() };
            node = item;
        }
    }
    node.to_json().to_string()
}

fn text_of(root: &Node, name: &str, left: &[(usize, String, String)]) -> String {
    let mut text = format!(
        "// Translated from {} by `lighthunter config migrate`. A key that is not here has the template's value;\n\
         // `lighthunter config show --origin` shows all.\n",
        name.escape_debug()
    );
    tree::write(root, 0, &mut text);
    text.push('\n');
    if !left.is_empty() {
        text.push_str("\n// What that file says and this system does not take:\n");
        let mut left: Vec<_> = left.iter().collect();
        left.sort();
        for (line, key, value) in left {
            let _ = writeln!(text, "//   line {line}: {}: {value}", key.escape_debug());
        }
    }
    text
}
