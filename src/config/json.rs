//! Reads JSON with comments into a tree with places. Everything else that lenient parsers accept
//! (trailing commas, bare words, single quotes, hexadecimal) is a mistake.

use std::collections::BTreeMap;

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{ObjectPropName, Value as Ast},
    common::Ranged,
    parse_to_ast,
};

use super::{
    document::{DEPTH_MAX, Document},
    mistake::Mistake,
    node::{Entry, Node, Value},
};

const STRICT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Parses a document; reports every duplicate key and number out of range at once.
pub(super) fn parse(document: &Document) -> Result<Node, Vec<Mistake>> {
    let (node, mistakes) = parse_keeping(document)?;
    if mistakes.is_empty() { Ok(node) } else { Err(mistakes) }
}

/// Parses a document whose keys may be there twice; returns every one of them, in file order, with what [`parse`]
/// would refuse.
pub(super) fn parse_keeping(document: &Document) -> Result<(Node, Vec<Mistake>), Vec<Mistake>> {
    if let Some(offset) = depth_exceeded_at(document.text()) {
        let place = document.place(offset, offset);
        return Err(vec![Mistake::at(&place, "", format!("is nested deeper than {DEPTH_MAX} levels"))]);
    }
    let parsed = parse_to_ast(document.text(), &CollectOptions::default(), &STRICT).map_err(|error| {
        let place = document.place(error.range().start, error.range().end);
        let what = error.kind().to_string().to_lowercase();
        vec![Mistake::at(&place, "", format!("is not valid JSON: {what}"))]
    })?;
    let Some(root) = parsed.value else {
        return Err(vec![Mistake::at(&document.line(0), "", "holds no value, only comments")]);
    };
    let mut mistakes = Vec::new();
    let node = convert(document, &root, "", &mut mistakes);
    Ok((node, mistakes))
}

/// Recursion is bounded: [`depth_exceeded_at`] has refused deeper text.
fn convert(document: &Document, ast: &Ast<'_>, path: &str, mistakes: &mut Vec<Mistake>) -> Node {
    let range = ast.range();
    let place = document.place(range.start, range.end);
    let value = match ast {
        Ast::NullKeyword(_) => Value::Null,
        Ast::BooleanLit(literal) => Value::Bool(literal.value),
        Ast::StringLit(literal) => Value::Text(literal.value.to_string()),
        Ast::NumberLit(literal) => {
            if literal.value.parse::<serde_json::Number>().is_err() {
                mistakes.push(Mistake::at(&place, path, format!("{} is not a finite JSON number", literal.value)));
            }
            Value::Number(literal.value.to_owned())
        }
        Ast::Array(array) => {
            let items = array.elements.iter().enumerate();
            Value::List(
                items.map(|(index, item)| convert(document, item, &format!("{path}[{index}]"), mistakes)).collect(),
            )
        }
        Ast::Object(object) => {
            let mut entries: Vec<Entry> = Vec::with_capacity(object.properties.len());
            let mut lines: BTreeMap<String, usize> = BTreeMap::new();
            for property in &object.properties {
                let key = match &property.name {
                    ObjectPropName::String(literal) => literal.value.to_string(),
                    ObjectPropName::Word(literal) => literal.value.to_owned(),
                };
                let dotted = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let name = property.name.range();
                let key_place = document.place(name.start, name.end);
                if let Some(first) = lines.get(&key) {
                    let what = format!("is given twice, first in line {first}");
                    mistakes.push(Mistake::at(&key_place, dotted.as_str(), what));
                } else {
                    lines.insert(key.clone(), key_place.line);
                }
                let node = convert(document, &property.value, &dotted, mistakes);
                entries.push(Entry { key, place: key_place, node });
            }
            Value::Map(entries)
        }
    };
    Node { value, place }
}

/// Returns the offset of the first bracket that nests too deep, without parsing: strings and comments
/// are skipped, so that only real brackets count.
fn depth_exceeded_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'"', _) => {
                at += 1;
                while let Some(inner) = bytes.get(at).filter(|inner| **inner != b'"') {
                    at += if *inner == b'\\' { 2 } else { 1 };
                }
            }
            (b'/', Some(b'/')) => at += text.get(at..)?.find('\n').unwrap_or(bytes.len()),
            (b'/', Some(b'*')) => at += text.get(at + 2..)?.find("*/").map_or(bytes.len(), |end| end + 3),
            (b'{' | b'[', _) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Some(at);
                }
            }
            (b'}' | b']', _) => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Document, parse};

    fn outcome(text: &str) -> String {
        let document = Document::of_bytes("c.json", text.as_bytes().to_vec()).expect("text");
        match parse(&document) {
            Ok(node) => node.to_json().to_string(),
            Err(mistakes) => mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
        }
    }

    #[test]
    fn comments_are_read_over_and_all_else_is_strict() {
        let cases = [
            ("{ /* a */ \"a\": [1, 2.50], // b\n \"b\": null }", r#"{"a":[1,2.5],"b":null}"#),
            ("// only this", "c.json: holds no value, only comments"),
            ("{\"a\":\n1,}", "c.json:2: is not valid JSON: trailing commas are not allowed"),
            ("{\"a\": 1", "c.json:1: is not valid JSON: unterminated object"),
            ("{\"a\": 1} x", "c.json:1: is not valid JSON: text cannot contain more than one json value"),
            ("{a: 1}", "c.json:1: is not valid JSON: expected string for object property"),
            ("{\"a\": NaN}", "c.json:1: is not valid JSON: unexpected token"),
            ("{\"a\": {\"b\": 1e999}}", "c.json:1: a.b: 1e999 is not a finite JSON number"),
            ("{\"a\": 1,\n\"a\": 2}", "c.json:2: a: is given twice, first in line 1"),
        ];
        for (text, expected) in cases {
            assert_eq!(outcome(text), expected, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded_before_parsing() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(outcome(&nested(64)).starts_with("[["));
        assert_eq!(outcome(&nested(65)), "c.json:1: is nested deeper than 64 levels");
        assert!(outcome(&"[{\"a\":".repeat(50_000)).contains("nested deeper"), "no recursion on hostile text");
        assert_eq!(outcome(&format!("[\"{}\\\"\"] // {{{{", "[".repeat(99))).len(), 105, "brackets in texts are texts");
    }
}
