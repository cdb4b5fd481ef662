//! Files that carry the digest of what they say: a baseline, and the intent of a rollback under way. A
//! byte that changed, or a file that was cut short, is seen when it is read.

use std::{fs, path::Path};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{RollbackError, tree::unreadable};
use crate::{digest::Digest, durable};

/// Writes `value` with its digest; durable when this returns.
pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<(), RollbackError> {
    let damaged = |error: serde_json::Error| RollbackError::Damaged { path: path.into(), why: error.to_string() };
    let value = serde_json::to_value(value).map_err(damaged)?;
    let sealed = json!({ "digest": digest_of(&value), "content": value });
    let mut text = serde_json::to_string_pretty(&sealed).map_err(damaged)?;
    text.push('\n');
    durable::make_directory(path.parent().unwrap_or(path))?;
    Ok(durable::replace(path, text)?)
}

/// Reads what [`write`] wrote; nothing where there is no file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RollbackError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(unreadable(path)(source)),
    };
    let damaged = |why: String| RollbackError::Damaged { path: path.into(), why };
    let mut sealed: Value = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    let content = sealed.get_mut("content").map(Value::take).ok_or_else(|| damaged("it has no content".into()))?;
    let recorded = sealed.get("digest").and_then(Value::as_str).unwrap_or_default();
    let found = digest_of(&content).to_string();
    if recorded != found {
        return Err(damaged(format!("its digest is {found}, '{recorded}' is recorded")));
    }
    serde_json::from_value(content).map(Some).map_err(|error| damaged(error.to_string()))
}

/// Keys are written in their order, so that equal content has one digest.
fn digest_of(value: &Value) -> Digest {
    Digest::of(value.to_string())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use super::{read, write};
    use crate::{durable, exit::Exit, exit::Failure};

    #[test]
    fn every_changed_byte_and_every_cut_is_seen() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("deep/a.json");
        let value = BTreeMap::from([("to".to_owned(), "war-baseline-20250102".to_owned())]);
        assert_eq!(read::<BTreeMap<String, String>>(&path).expect("no file"), None);
        write(&path, &value).expect("written");
        assert_eq!(read(&path).expect("whole"), Some(value.clone()));
        let whole = fs::read(&path).expect("readable");
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            for bytes in [flipped, whole[..at].to_vec()] {
                durable::replace(&path, bytes).expect("planted");
                match read::<BTreeMap<String, String>>(&path) {
                    // White space between the words says nothing.
                    Ok(found) => assert_eq!(found.as_ref(), Some(&value), "{at}"),
                    Err(error) => assert_eq!(error.exit(), Exit::Corrupt, "{at}: {error}"),
                }
            }
        }
    }
}
