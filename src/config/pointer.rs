//! Replaces one value of a JSON file, named by a JSON pointer (RFC 6901), and keeps every other byte:
//! comments, spacing, order. Drills break configs with it, `init` fills in the template.

use std::path::{Path, PathBuf};

use super::{
    document::Document,
    json,
    mistake::Mistake,
    node::{Node, Value},
    pointer_span::{replace_in_toml, replace_in_yaml},
};
use crate::{
    durable::{self, DurableError},
    exit::{Exit, Failure},
};

/// A value that could not be replaced; the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum PointerError {
    /// The file is not a JSON file.
    #[error("{0}")]
    Invalid(Box<Mistake>),
    /// The pointer names nothing.
    #[error("{file} has nothing at {pointer}: {reason}", file = file.display())]
    Nothing {
        /// The file.
        file: PathBuf,
        /// The pointer.
        pointer: String,
        /// How far it went.
        reason: String,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Storage(#[from] DurableError),
}

impl Failure for PointerError {
    fn exit(&self) -> Exit {
        match self {
            Self::Invalid(_) | Self::Nothing { .. } => Exit::Config,
            Self::Storage(error) => error.exit(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Invalid(_) => Some("Correct the file, then run the command again.".into()),
            Self::Nothing { .. } => Some("Name a key that the file has, such as /storage/ts/duckdb_path.".into()),
            Self::Storage(error) => error.remedy(),
        }
    }
}

/// Replaces the value at `pointer` in the JSON file `file`.
///
/// # Errors
/// When the file is not JSON, the pointer names nothing, or the file cannot be written.
pub fn write_pointer(file: &Path, pointer: &str, value: &serde_json::Value) -> Result<(), PointerError> {
    let name = file.display().to_string();
    let document = Document::read(file, &name).map_err(PointerError::Invalid)?;
    let text = replaced(file, &document, pointer, value)?;
    Ok(durable::replace(file, text)?)
}

/// Returns `text`, the content of `file`, with the value at `pointer` replaced.
///
/// # Errors
/// When the text is not JSON or the pointer names nothing.
pub fn replace_pointer(
    file: &Path,
    text: &str,
    pointer: &str,
    value: &serde_json::Value,
) -> Result<String, PointerError> {
    let document =
        Document::of_bytes(&file.display().to_string(), text.as_bytes().to_vec()).map_err(PointerError::Invalid)?;
    replaced(file, &document, pointer, value)
}

/// Returns `text`, the content of `file`, with the value at `pointer` replaced; the file's ending says
/// whether it is YAML, TOML or, by default, JSON.
///
/// # Errors
/// When the text is not of its format, or the pointer names no value that can be replaced.
pub fn replace_pointer_by_format(
    file: &Path,
    text: &str,
    pointer: &str,
    value: &serde_json::Value,
) -> Result<String, PointerError> {
    let nothing = |reason| PointerError::Nothing { file: file.into(), pointer: pointer.to_owned(), reason };
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("yaml" | "yml") => replace_in_yaml(text, pointer, value).map_err(nothing),
        Some("toml") => replace_in_toml(text, pointer, value).map_err(nothing),
        _ => replace_pointer(file, text, pointer, value),
    }
}

fn replaced(
    file: &Path,
    document: &Document,
    pointer: &str,
    value: &serde_json::Value,
) -> Result<String, PointerError> {
    let nothing = |reason: String| PointerError::Nothing { file: file.into(), pointer: pointer.to_owned(), reason };
    let first = |mistakes: Vec<Mistake>| mistakes.into_iter().next();
    let tree = match json::parse(document).map_err(first) {
        Ok(tree) => tree,
        Err(mistake) => {
            return Err(mistake
                .map_or_else(|| nothing("it holds no value".into()), |mistake| PointerError::Invalid(mistake.into())));
        }
    };
    let (start, end) = find(&tree, pointer).map_err(nothing)?.place.bytes;
    let text = document.text();
    match (text.get(..start), text.get(end..)) {
        (Some(before), Some(after)) => Ok(format!("{before}{value}{after}")),
        _ => Err(nothing("its place is not known".into())),
    }
}

fn find<'n>(tree: &'n Node, pointer: &str) -> Result<&'n Node, String> {
    if pointer.is_empty() {
        return Ok(tree);
    }
    let steps = pointer.strip_prefix('/').ok_or("a pointer starts with /")?;
    steps.split('/').try_fold(tree, |node, step| {
        let key = step.replace("~1", "/").replace("~0", "~");
        let next = match &node.value {
            Value::List(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => node.get(&key),
        };
        next.ok_or_else(|| format!("{key} is not there"))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::{replace_pointer, write_pointer};
    use crate::config::template::SYSTEM_CONFIG;

    #[test]
    fn one_value_changes_and_no_other_byte() {
        let room = tempfile::tempdir().expect("a directory");
        let file = room.path().join("c.json");
        crate::durable::replace(&file, SYSTEM_CONFIG).expect("written");
        write_pointer(&file, "/storage/ts/duckdb_path", &json!("data/__invalid_path__/x.duckdb")).expect("replaced");
        let text = std::fs::read_to_string(&file).expect("readable");
        assert_ne!(text, SYSTEM_CONFIG);
        assert_eq!(text.replace("data/__invalid_path__/x.duckdb", "data/lighthunter.duckdb"), SYSTEM_CONFIG);
    }

    #[test]
    fn pointers_follow_the_standard() {
        let text = "{ \"a/b\": [1, /* é */ {\"~\": 2}] } // end\n";
        let put = |pointer| replace_pointer(Path::new("c.json"), text, pointer, &json!([true]));
        assert_eq!(put("/a~1b/1/~0").expect("found"), text.replace('2', "[true]"));
        assert_eq!(put("").expect("found"), "[true] // end\n");
        for pointer in ["/x", "/a~1b/2", "/a~1b/01x", "a", "/a~1b/1/~0/y"] {
            let message = put(pointer).expect_err("refused").to_string();
            assert!(message.starts_with("c.json has nothing at "), "{message}");
        }
    }
}
