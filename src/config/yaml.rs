//! Reads YAML into the same tree as JSON. Anchors, aliases, tags, several documents and keys that are
//! not plain scalars are refused: a config needs none of them, and they are how a small file grows large.

use std::{collections::BTreeMap, fmt::Write};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{
    document::{DEPTH_MAX, Document},
    mistake::Mistake,
    node::{Entry, Node, Place, Value},
};

/// A list or object that is still open.
struct Open {
    place: Place,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    /// `lines` says in which line each key was first given.
    Map {
        entries: Vec<Entry>,
        key: Option<(String, Place)>,
        lines: BTreeMap<String, usize>,
    },
}

/// Parses a document from events, without recursion; reports every duplicate key at once.
pub(super) fn parse(document: &Document) -> Result<Node, Vec<Mistake>> {
    let mut builder = Builder { document, open: Vec::new(), root: None, documents: 0, mistakes: Vec::new() };
    let mut parser = Parser::new_from_str(document.text());
    while let Some(event) = parser.next_event() {
        let step = match event {
            Ok((event, span)) => builder.on(event, span),
            Err(error) => {
                let place = document.line(error.marker().line());
                Err(Mistake::at(&place, builder.path(), format!("is not valid YAML: {}", error.info())).into())
            }
        };
        if let Err(mistake) = step {
            // What follows a broken structure is noise; what came before it is not.
            builder.mistakes.push(*mistake);
            return Err(builder.mistakes);
        }
    }
    match builder.root {
        _ if !builder.mistakes.is_empty() => Err(builder.mistakes),
        Some(root) => Ok(root),
        None => Err(vec![Mistake::at(&document.line(0), "", "holds no value, only comments")]),
    }
}

struct Builder<'d> {
    document: &'d Document,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    mistakes: Vec<Mistake>,
}

impl Builder<'_> {
    fn on(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Mistake>> {
        let place = self.document.line(span.start.line());
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                let refused = Mistake::at(&place, "", "holds more than one YAML document");
                if self.documents > 1 { Err(refused.into()) } else { Ok(()) }
            }
            Event::Alias(_) => Err(self.refused(&place, "an alias (*name)").into()),
            Event::Scalar(_, _, anchor, tag) if anchor > 0 || tag.is_some() => Err(self.anchored(&place).into()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) if anchor > 0 || tag.is_some() => {
                Err(self.anchored(&place).into())
            }
            Event::Scalar(text, style, ..) => {
                self.scalar(&text, style, place);
                Ok(())
            }
            Event::SequenceStart(..) => self.start(place, Content::List(Vec::new())),
            Event::MappingStart(..) => {
                self.start(place, Content::Map { entries: Vec::new(), key: None, lines: BTreeMap::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.end();
                Ok(())
            }
        }
    }

    fn anchored(&self, place: &Place) -> Mistake {
        self.refused(place, "an anchor (&name) or a tag (!name)")
    }

    fn refused(&self, place: &Place, what: &str) -> Mistake {
        Mistake::at(place, self.path(), format!("{what} is not supported; write the value out"))
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, place: Place) {
        if let Some(Open { content: Content::Map { key: key @ None, lines, .. }, .. }) = self.open.last_mut() {
            let first = lines.get(text).copied();
            lines.entry(text.to_owned()).or_insert(place.line);
            *key = Some((text.to_owned(), place.clone()));
            if let Some(line) = first {
                let what = format!("is given twice, first in line {line}");
                self.mistakes.push(Mistake::at(&place, self.path(), what));
            }
            return;
        }
        let value = if style == ScalarStyle::Plain { plain(text) } else { Value::Text(text.to_owned()) };
        self.add(Node { value, place });
    }

    fn start(&mut self, place: Place, content: Content) -> Result<(), Box<Mistake>> {
        if self.open.len() >= DEPTH_MAX {
            return Err(Mistake::at(&place, "", format!("is nested deeper than {DEPTH_MAX} levels")).into());
        }
        if matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. })) {
            return Err(Mistake::at(&place, self.path(), "a key must be a plain text, not a list or an object").into());
        }
        self.open.push(Open { place, content });
        Ok(())
    }

    fn end(&mut self) {
        let Some(Open { place, content }) = self.open.pop() else { return };
        let value = match content {
            Content::List(items) => Value::List(items),
            Content::Map { entries, .. } => Value::Map(entries),
        };
        self.add(Node { value, place });
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key, .. }) => {
                if let Some((key, place)) = key.take() {
                    entries.push(Entry { key, place, node });
                }
            }
        }
    }

    /// Returns the dotted key that is being read, for messages.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match &open.content {
                Content::List(items) => {
                    // Writing into a text cannot fail.
                    let _ = write!(path, "[{}]", items.len());
                }
                Content::Map { key: Some((key, _)), .. } => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
                Content::Map { key: None, .. } => {}
            }
        }
        path
    }
}

/// Reads a plain scalar by YAML 1.2's JSON-like rules: `no`, `08` and `1_000` are texts, so that a
/// reader that wants a number or a boolean refuses them instead of guessing.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if text.parse::<serde_json::Number>().is_ok() => Value::Number(text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, parse};
    use crate::clock::Stopwatch;

    fn outcome(text: &str) -> String {
        let document = Document::of_bytes("j.yaml", text.as_bytes().to_vec()).expect("text");
        match parse(&document) {
            Ok(node) => node.to_json().to_string(),
            Err(mistakes) => mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
        }
    }

    #[test]
    fn scalars_are_never_guessed() {
        let text = "a: no\nb: 08\nc: 1_000\nd: 03:00\ne: '7'\nf: -2.5\ng:\nh: [1, x]\ni: .nan\nj: 0x1F";
        let expected = r#"{"a":"no","b":"08","c":"1_000","d":"03:00","e":"7","f":-2.5,"g":null,"h":[1,"x"],"i":".nan","j":"0x1F"}"#;
        assert_eq!(outcome(text), expected);
    }

    #[test]
    fn what_a_config_does_not_need_is_refused() {
        let cases = [
            (
                "a: 1\nb:\n  c: 1\n  c: 2\na: 3",
                "j.yaml:4: b.c: is given twice, first in line 3 | j.yaml:5: a: is given twice, first in line 1",
            ),
            ("a: &x 1\nb: *x", "j.yaml:1: a: an anchor (&name) or a tag (!name) is not supported; write the value out"),
            ("a: !!str 1", "j.yaml:1: a: an anchor (&name) or a tag (!name) is not supported; write the value out"),
            ("a: 1\n---\nb: 1", "j.yaml:2: holds more than one YAML document"),
            ("[a]: 1", "j.yaml:1: a key must be a plain text, not a list or an object"),
            ("# nothing", "j.yaml: holds no value, only comments"),
        ];
        for (text, expected) in cases {
            assert_eq!(outcome(text), expected, "{text}");
        }
    }

    #[test]
    fn hostile_nesting_is_refused_at_once() {
        let watch = Stopwatch::start();
        for unit in ["[", "{a: ", "- ", "? ", "[\n", "- [", "{a: [", "a: ", "\"a\": {", "&a [", "!a [", "*a ", "% "] {
            let text = unit.repeat(400_000 / unit.len());
            let message = outcome(&text);
            assert!(message.starts_with("j.yaml"), "{unit:?} was read: {message:.80}");
        }
        let indented = (0..800).map(|level| " ".repeat(level) + "a:\n").collect::<String>();
        assert!(outcome(&indented).contains("nested deeper"));
        assert!(watch.seconds() < 5.0, "{} s for 14 files", watch.seconds());
    }

    #[test]
    fn depth_of_64_is_read() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(outcome(&nested(64)).starts_with("[["));
        assert!(outcome(&nested(65)).contains("nested deeper than 64"));
    }
}
