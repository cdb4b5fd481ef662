//! Where a harm happens: a place in a file, and the file that a path with `*` stands for.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de::Error as _};

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    /// The number of a byte.
    Byte(u64),
    /// A part of the length, from 0 to 1.
    Part(f64),
}

impl Default for Place {
    fn default() -> Self {
        Self::Part(0.5)
    }
}

impl Place {
    /// Returns the number of the byte in a file of `length` bytes.
    #[must_use]
    pub fn of(self, length: usize) -> usize {
        match self {
            Self::Byte(byte) => usize::try_from(byte).unwrap_or(usize::MAX),
            Self::Part(part) => (length as f64 * part) as usize,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(byte) => write!(f, "byte {byte}"),
            Self::Part(part) => write!(f, "{part} of its length"),
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Number {
            Whole(u64),
            Part(f64),
        }
        match Number::deserialize(from)? {
            Number::Whole(byte) => Ok(Self::Byte(byte)),
            Number::Part(part) if (0.0..=1.0).contains(&part) => Ok(Self::Part(part)),
            Number::Part(part) => Err(D::Error::custom(format!("{part} is no part of a length: 0 to 1"))),
        }
    }
}

/// Returns the paths below `root` that fit `pattern`, in which `*` stands for any part of a name; sorted. A
/// pattern without `*` is its own path, there or not.
#[must_use]
pub(super) fn fitting(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.to_path_buf()];
    for name in pattern.split('/') {
        found = if name.contains('*') {
            let mut next: Vec<PathBuf> = found.iter().flat_map(|path| children(path, name)).collect();
            next.sort();
            next
        } else {
            found.into_iter().map(|path| path.join(name)).filter(|_| !name.is_empty()).collect()
        };
    }
    if pattern.contains('*') {
        found.retain(|path| path.symlink_metadata().is_ok());
    }
    found
}

fn children(path: &Path, pattern: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter(|entry| fits(&entry.file_name().to_string_lossy(), pattern)).map(|entry| entry.path()).collect()
}

fn fits(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            (0..=left.len()).filter(|at| left.is_char_boundary(*at)).any(|at| fits(left.get(at..).unwrap_or(""), rest))
        }),
    }
}

/// Returns the last path that fits.
///
/// # Errors
/// When none does.
pub(super) fn last(root: &Path, pattern: &str) -> Result<PathBuf, String> {
    fitting(root, pattern).pop().ok_or_else(|| format!("nothing fits {pattern}"))
}

/// Returns the first path that fits.
///
/// # Errors
/// When none does.
pub(super) fn first(root: &Path, pattern: &str) -> Result<PathBuf, String> {
    fitting(root, pattern).into_iter().next().ok_or_else(|| format!("nothing fits {pattern}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Place, first, fits, last};
    use crate::durable;

    #[test]
    fn star_stands_for_any_part_of_a_name() {
        let cases =
            [("a*c", "abc", true), ("*", "x", true), ("a*", "ba", false), ("*b*", "abc", true), ("a", "a", true)];
        for (pattern, name, expected) in cases {
            assert_eq!(fits(name, pattern), expected, "{pattern} {name}");
        }
        let room = tempfile::tempdir().expect("a directory");
        for name in ["d=1/p", "d=2/p", "d=3/q"] {
            durable::make_directory(room.path().join(name).parent().unwrap_or(Path::new(""))).expect("made");
            durable::replace(&room.path().join(name), "x").expect("written");
        }
        assert!(last(room.path(), "d=*/p").expect("fits").ends_with("d=2/p"));
        assert!(first(room.path(), "d=*/p").expect("fits").ends_with("d=1/p"));
        assert!(last(room.path(), "e=*/p").is_err());
    }

    #[test]
    fn place_is_a_byte_or_a_part() {
        assert_eq!((Place::Byte(3).of(9), Place::default().of(9), Place::Part(1.0).of(9)), (3, 4, 9));
    }
}
