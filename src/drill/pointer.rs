//! One value of a JSON file replaced in place: every other byte stays as it was, comments too.

use jsonc_parser::{CollectOptions, ParseOptions, ast::Value, common::Ranged, parse_to_ast};

/// Returns `text` with the value at `pointer` (`/a/b`) replaced by `value`, and the value it had.
///
/// # Errors
/// Why it cannot be replaced: the text does not parse or has no such key.
pub(super) fn replaced(text: &str, pointer: &str, value: &serde_json::Value) -> Result<(String, String), String> {
    let (start, end) = find(text, pointer)?;
    let (before, rest) = text.split_at(start);
    let (old, after) = rest.split_at(end - start);
    Ok((format!("{before}{value}{after}"), old.to_owned()))
}

/// Returns the text of the value at `pointer`.
///
/// # Errors
/// When the text does not parse or has no such key.
pub(super) fn read(text: &str, pointer: &str) -> Result<String, String> {
    let (start, end) = find(text, pointer)?;
    Ok(text.get(start..end).unwrap_or_default().to_owned())
}

fn find(text: &str, pointer: &str) -> Result<(usize, usize), String> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default())
        .map_err(|error| format!("it does not parse: {error}"))?;
    let root = parsed.value.ok_or("it is empty")?;
    let mut value = &root;
    for key in pointer.split('/').skip(1) {
        value = match value {
            Value::Object(object) => object.get(key).map(|property| &property.value),
            Value::Array(array) => key.parse::<usize>().ok().and_then(|index| array.elements.get(index)),
            _ => None,
        }
        .ok_or_else(|| format!("it has no key '{key}' of {pointer}"))?;
    }
    Ok((value.start(), value.end()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{read, replaced};

    #[test]
    fn only_the_value_changes() {
        let text = "{ // note\n  \"a\": {\"b\" : [1,\t2]},\n\"c\":\"é\"}\n";
        let (edited, old) = replaced(text, "/a/b/1", &json!("x")).expect("replaced");
        assert_eq!(
            (edited.as_str(), old.as_str()),
            ("{ // note\n  \"a\": {\"b\" : [1,\t\"x\"]},\n\"c\":\"é\"}\n", "2")
        );
        assert_eq!(read(&edited, "/c").as_deref(), Ok("\"é\""));
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(replaced("{}", "/a", &json!(1)).expect_err("missing").contains("no key 'a'"));
        assert!(replaced("{\"a\"", "/a", &json!(1)).expect_err("torn").contains("does not parse"));
    }
}
