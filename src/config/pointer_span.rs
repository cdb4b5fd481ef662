//! Replaces one value of a YAML or TOML file, named by a JSON pointer, and keeps every other byte. Only
//! values whose place in the text is one span can be replaced: scalars, and lists and maps in brackets.

use saphyr_parser::{Event, Parser, Span};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A list or map that is still open.
enum Open {
    List { start: usize, items: usize },
    Map { start: usize, key: Option<String> },
}

/// Returns `text`, YAML, with the value at `pointer` replaced.
///
/// # Errors
/// When the text is not YAML, the pointer names nothing, or the value is no single span.
pub(super) fn replace_in_yaml(text: &str, pointer: &str, value: &serde_json::Value) -> Result<String, String> {
    let wanted = steps(pointer)?;
    let mut open: Vec<Open> = Vec::new();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| format!("it is not valid YAML: {}", error.info()))?;
        if let Some((start, end)) = ended_value(&event, span, &mut open, &wanted) {
            return spliced(text, byte_of(text, start)?, byte_of(text, end)?, &value.to_string());
        }
    }
    Err("the pointer names nothing there".into())
}

/// Follows the events; returns the span in characters of a value that ends here and is the wanted one.
fn ended_value(event: &Event<'_>, span: Span, open: &mut Vec<Open>, wanted: &[String]) -> Option<(usize, usize)> {
    let (start, end) = (span.start.index(), span.end.index());
    match event {
        Event::Scalar(word, ..) => {
            if let Some(Open::Map { key: key @ None, .. }) = open.last_mut() {
                *key = Some(word.to_string());
                return None;
            }
        }
        Event::SequenceStart(..) => {
            open.push(Open::List { start, items: 0 });
            return None;
        }
        Event::MappingStart(..) => {
            open.push(Open::Map { start, key: None });
            return None;
        }
        Event::SequenceEnd | Event::MappingEnd | Event::Alias(_) => {}
        _ => return None,
    }
    let start = match event {
        Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
            Open::List { start, .. } | Open::Map { start, .. } => start,
        },
        _ => start,
    };
    let found = is_at(open, wanted);
    match open.last_mut() {
        Some(Open::List { items, .. }) => *items += 1,
        Some(Open::Map { key, .. }) => *key = None,
        None => {}
    }
    found.then_some((start, end))
}

fn is_at(open: &[Open], wanted: &[String]) -> bool {
    let is_step = |(open, step): (&Open, &String)| match open {
        Open::List { items, .. } => step.parse() == Ok(*items),
        Open::Map { key, .. } => key.as_ref() == Some(step),
    };
    open.len() == wanted.len() && open.iter().zip(wanted).all(is_step)
}

/// Returns `text`, TOML, with the value at `pointer` replaced.
///
/// # Errors
/// When the text is not TOML, the pointer names nothing, or the value has no form in TOML.
pub(super) fn replace_in_toml(text: &str, pointer: &str, value: &serde_json::Value) -> Result<String, String> {
    let wanted = steps(pointer)?;
    let parsed = DeTable::parse(text).map_err(|error| format!("it is not valid TOML: {}", error.message()))?;
    let written = toml_of(value)?;
    let (first, rest) = wanted.split_first().ok_or("a TOML file cannot be replaced as a whole")?;
    let nothing = "the pointer names nothing there";
    let start = parsed.get_ref().get(first.as_str()).ok_or(nothing)?;
    let found = rest.iter().try_fold(start, |value: &Spanned<DeValue<'_>>, step| match value.get_ref() {
        DeValue::Array(items) => items.get(step.parse::<usize>().ok()?),
        DeValue::Table(table) => table.get(step.as_str()),
        _ => None,
    });
    let span = found.ok_or(nothing)?.span();
    spliced(text, span.start, span.end, &written)
}

/// JSON's strings, numbers, truth values and lists of them are TOML's.
fn toml_of(value: &serde_json::Value) -> Result<String, String> {
    match value {
        serde_json::Value::Null => Err("TOML has no null".into()),
        serde_json::Value::Object(_) => Err("a table is no single value".into()),
        serde_json::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(toml_of).collect::<Result<_, _>>()?;
            Ok(format!("[{}]", items.join(", ")))
        }
        _ => Ok(value.to_string()),
    }
}

fn steps(pointer: &str) -> Result<Vec<String>, String> {
    let rest = pointer.strip_prefix('/').ok_or("a pointer starts with /")?;
    Ok(rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

/// Puts `value` in the place of one span; a list or map without brackets has none.
fn spliced(text: &str, start: usize, end: usize, value: &str) -> Result<String, String> {
    let old = text.get(start..end).unwrap_or_default();
    let is_block = old.contains('\n') && !old.starts_with(['[', '{', '"', '\'']);
    match (text.get(..start), text.get(end..)) {
        (Some(before), Some(after)) if !is_block && !old.is_empty() => Ok(format!("{before}{value}{after}")),
        _ => Err("what is there is no value in one span: name a key within it".into()),
    }
}

fn byte_of(text: &str, character: usize) -> Result<usize, String> {
    let ends = std::iter::once(text.len());
    let mut places = text.char_indices().map(|(at, _)| at).chain(ends);
    places.nth(character).ok_or_else(|| "its place is not known".into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{replace_in_toml, replace_in_yaml};

    const YAML: &str = "# 任务\njobs:\n  night:   # the night\n    enabled: true\n    schedule: { mode: daily, days: [1, 2] }\n    command:\n      - a\n      - 'b c'   # said\n";
    const TOML: &str =
        "# limits\ntop = 1 # here\n[risk]\nmax = 0.3   # a share\nnames = [\"a\", \"b\"]\n[[job]]\nid = 'x'\n";

    #[test]
    fn yaml_keeps_every_other_byte() {
        let cases = [
            ("/jobs/night/enabled", json!(false), "enabled: true", "enabled: false"),
            ("/jobs/night/schedule/days", json!([6, 7]), "days: [1, 2]", "days: [6,7]"),
            ("/jobs/night/schedule/days/1", json!(7), "[1, 2]", "[1, 7]"),
            ("/jobs/night/command/1", json!("z"), "'b c'", "\"z\""),
        ];
        for (pointer, value, old, new) in cases {
            assert_eq!(replace_in_yaml(YAML, pointer, &value), Ok(YAML.replacen(old, new, 1)), "{pointer}");
        }
    }

    #[test]
    fn toml_keeps_every_other_byte() {
        let cases = [
            ("/top", json!("x"), "top = 1", "top = \"x\""),
            ("/risk/max", json!(1.7), "max = 0.3", "max = 1.7"),
            ("/risk/names/1", json!("z"), "\"b\"]", "\"z\"]"),
            ("/job/0/id", json!(true), "'x'", "true"),
        ];
        for (pointer, value, old, new) in cases {
            assert_eq!(replace_in_toml(TOML, pointer, &value), Ok(TOML.replacen(old, new, 1)), "{pointer}");
        }
    }

    #[test]
    fn what_has_no_place_is_refused() {
        for pointer in ["/jobs/day", "/jobs/night/command/9", "jobs", "/jobs/night"] {
            assert!(replace_in_yaml(YAML, pointer, &json!(1)).is_err(), "{pointer}");
        }
        for (pointer, value) in [("/none", json!(1)), ("/risk/max/0", json!(1)), ("/top", json!(null)), ("", json!(1))]
        {
            assert!(replace_in_toml(TOML, pointer, &value).is_err(), "{pointer}");
        }
        assert!(replace_in_yaml("a: [1", "/a", &json!(1)).is_err());
        assert!(replace_in_toml("a = ", "/a", &json!(1)).is_err());
    }
}
