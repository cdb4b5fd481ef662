//! JSON lines: appended whole, rotated by size, read without trusting any line.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{StoreError, quarantine::Quarantine};
use crate::durable;

/// A file of JSON lines that is moved aside when it is full: `x.jsonl`, `x.jsonl.1`, ...
#[derive(Debug, Clone)]
pub struct RotatingJsonl {
    path: PathBuf,
    bytes_max: u64,
    kept: usize,
}

impl RotatingJsonl {
    /// Names the file; `kept` is the number of full files kept beside it.
    #[must_use]
    pub fn new(path: PathBuf, bytes_max: u64, kept: usize) -> Self {
        Self { path, bytes_max, kept }
    }

    /// Appends a value as one durable line.
    ///
    /// # Errors
    /// When the value cannot be written as JSON or the file not appended to.
    pub fn append(&self, value: &impl Serialize) -> Result<(), StoreError> {
        let line =
            serde_json::to_string(value).map_err(|source| StoreError::Json { path: self.path.clone(), source })?;
        self.make_room(line.len() as u64 + 1)?;
        append_line(&self.path, &line)
    }

    /// Moves the file aside where so many bytes more would make it larger than it may be; the oldest
    /// of those kept is dropped.
    ///
    /// # Errors
    /// When a file cannot be moved.
    pub fn make_room(&self, bytes: u64) -> Result<(), StoreError> {
        let length = fs::metadata(&self.path).map_or(0, |found| found.len());
        if length == 0 || length + bytes <= self.bytes_max {
            return Ok(());
        }
        for number in (0..self.kept).rev() {
            let from = self.numbered(number);
            if from.exists() {
                durable::publish_file(&from, &self.numbered(number + 1))?;
            }
        }
        if self.kept == 0 {
            durable::replace(&self.path, "")?;
        }
        Ok(())
    }

    /// Says whether the file ends within a line, as a writer leaves it that was killed.
    ///
    /// # Errors
    /// When the file cannot be read; one that is not there does not.
    pub fn ends_torn(&self) -> Result<bool, StoreError> {
        ends_torn(&self.path)
    }

    fn numbered(&self, number: usize) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

/// Appends a line; a torn line that a dead process left at the end is closed first, so that the two
/// are never glued together.
///
/// # Errors
/// When the file cannot be read or appended to.
pub(crate) fn append_line(path: &Path, line: &str) -> Result<(), StoreError> {
    let gap = if ends_torn(path)? { "\n" } else { "" };
    durable::append(path, &format!("{gap}{line}\n"))?;
    Ok(())
}

fn ends_torn(path: &Path) -> Result<bool, StoreError> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = match fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(StoreError::io("open", path))?,
    };
    if file.seek(SeekFrom::End(0)).map_err(StoreError::io("measure", path))? == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))
        .and_then(|_| file.read_exact(&mut last))
        .map_err(StoreError::io("read the end of", path))?;
    Ok(last != *b"\n")
}

/// The lines of a file: good ones in order, and the bytes of those that are not.
#[derive(Debug, Default, PartialEq)]
pub struct JsonlContent<T> {
    /// The lines that are what they should be.
    pub good: Vec<T>,
    /// The others, with their number from 1.
    pub bad: Vec<(usize, Vec<u8>)>,
}

/// Reads a file of JSON lines; a missing file has no lines.
///
/// # Errors
/// When the file cannot be read; a bad line is no error.
pub fn read_jsonl<T: serde::de::DeserializeOwned>(path: &Path) -> Result<JsonlContent<T>, StoreError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(StoreError::io("read", path))?,
    };
    let mut content = JsonlContent { good: Vec::new(), bad: Vec::new() };
    let mut rest = bytes.as_slice();
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let (line, after) = end.map_or((rest, &rest[..0]), |at| (&rest[..at], &rest[at + 1..]));
        // A last line without its newline was torn, even if what is left happens to parse.
        match end.and_then(|_| serde_json::from_slice(line).ok()) {
            Some(value) => content.good.push(value),
            None if end.is_some() && line.iter().all(u8::is_ascii_whitespace) => {}
            None => content.bad.push((number, line.to_vec())),
        }
        rest = after;
    }
    Ok(content)
}

/// Copies bad lines of a file to the quarantine, each on its own line.
pub(crate) fn quarantine_lines(
    quarantine: &Quarantine,
    path: &Path,
    lines: &[Vec<u8>],
    reason: &str,
) -> Result<PathBuf, StoreError> {
    let mut bytes = lines.join(&b'\n');
    bytes.push(b'\n');
    quarantine.keep(path, &bytes, reason)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{RotatingJsonl, append_line, read_jsonl};

    #[test]
    fn full_file_is_moved_aside_and_the_oldest_is_dropped() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("metrics.jsonl");
        let log = RotatingJsonl::new(path.clone(), 16, 2);
        for number in 0..5 {
            log.append(&json!({"number": number})).expect("written");
        }
        let numbers = |name: &str| -> Vec<i64> {
            let read = read_jsonl::<Value>(&room.path().join(name)).expect("readable").good;
            read.iter().filter_map(|line| line["number"].as_i64()).collect()
        };
        assert_eq!(numbers("metrics.jsonl"), [4]);
        assert_eq!(numbers("metrics.jsonl.1"), [3]);
        assert_eq!(numbers("metrics.jsonl.2"), [2]);
        assert_eq!(std::fs::read_dir(room.path()).expect("listed").count(), 3);
    }

    #[test]
    fn torn_and_garbage_lines_hide_no_others() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.jsonl");
        crate::durable::replace(&path, b"{\"a\":1}\n\xff garbage\n\n{\"a\":2}\n{\"a\":3").expect("written");
        append_line(&path, "{\"a\":4}").expect("appended");
        let read = read_jsonl::<Value>(&path).expect("readable");
        assert_eq!(read.good, [json!({"a": 1}), json!({"a": 2}), json!({"a": 4})]);
        assert_eq!(read.bad.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 5]);
    }
}
