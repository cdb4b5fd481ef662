//! What an input directory brought: rows, what was refused and why, and what became of every file.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde::Serialize;

use crate::{
    digest::{Digest, Hasher},
    durable,
    market::MarketData,
    source::SourceError,
};

/// The most characters of a rejected row that are kept.
const RAW_CHARS_MAX: usize = 200;

/// How an input directory is read.
#[derive(Debug, Clone, Default)]
pub struct IntakeOptions {
    /// The last date that a row may have, mostly today: a later one is a future date and is rejected.
    /// `None` leaves only the end of the trading calendar.
    pub as_of: Option<Date>,
    /// Digests of files that are not read again: their rows are in the stores already.
    pub known: BTreeSet<Digest>,
}

/// A row that was not brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The file's name.
    pub file: String,
    /// The line of a text file, its header being 1; the row of a Parquet file, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
    /// The row's first 200 characters as comma-separated text, control characters escaped.
    pub raw: String,
    /// Whether it may pass later: its day is in the future, or beyond the end of the trading calendar.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_early: bool,
}

impl Rejected {
    pub(super) fn new(file: &str, line: u64, reason: String, raw: &str) -> Self {
        Self { file: file.to_owned(), line, reason, raw: printable(raw, RAW_CHARS_MAX), is_early: false }
    }
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file's name.
    pub file: String,
    /// The table that its name stands for.
    pub table: Option<&'static str>,
    /// Rows found.
    pub rows_read: u64,
    /// Rows brought in.
    pub rows_good: u64,
    /// Rows rejected.
    pub rows_rejected: u64,
    /// Of these, the ones whose day is in the future or beyond the calendar's end: the file is read again.
    pub rows_early: u64,
    /// The digest of its bytes; none where it was not read.
    pub digest: Option<Digest>,
    /// Why it was not read.
    pub skipped: Option<String>,
}

/// What an input directory brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Intake {
    /// The good rows, in the order that [`MarketData`] states.
    pub data: MarketData,
    /// The bad rows, by file and line.
    pub rejected: Vec<Rejected>,
    /// Every entry of the directory, by name.
    pub files: Vec<FileReport>,
    /// What deserves a look but stops nothing, as sentences: a calendar that differs, say.
    pub warnings: Vec<String>,
    /// The digest of the names and bytes of all files that were read.
    pub digest: Digest,
}

/// Writes the rejected rows as `<digest of the intake>.jsonl` under `directory` (a workspace's
/// `data/quarantine`), one JSON object a line; the same intake gives the same bytes. Returns the file,
/// or none when no row was rejected.
///
/// # Errors
/// `Durable` names the step that failed; an older file of the same name is then still there.
pub fn write_quarantine(directory: &Path, intake: &Intake) -> Result<Option<PathBuf>, SourceError> {
    if intake.rejected.is_empty() {
        return Ok(None);
    }
    let path = directory.join(format!("{}.jsonl", intake.digest));
    durable::make_directory(directory)?;
    durable::replace_with(&path, |file| {
        let mut lines = std::io::BufWriter::new(file);
        for row in &intake.rejected {
            serde_json::to_writer(&mut lines, row)?;
            std::io::Write::write_all(&mut lines, b"\n")?;
        }
        std::io::Write::flush(&mut lines)
    })?;
    Ok(Some(path))
}

/// Returns the digest of the names and bytes of all files that were read.
pub(super) fn digest_of(files: &[FileReport]) -> Digest {
    let mut hasher = Hasher::new("intake");
    for file in files {
        if let Some(digest) = &file.digest {
            hasher.text(&file.file).digest(digest);
        }
    }
    hasher.finish()
}

/// Returns the first characters of a text, with control characters escaped.
pub(super) fn printable(text: &str, chars_max: usize) -> String {
    let mut shown = String::new();
    for char in text.chars().take(chars_max) {
        if char.is_control() {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Rejected, printable};

    #[test]
    fn raw_text_cannot_steer_a_terminal() {
        assert_eq!(printable("a\x1b[2J\u{85}\n", 10), "a\\u{1b}[2J\\u{85}\\n");
        let row = Rejected::new("daily.csv", 7, "why".into(), &"价".repeat(500));
        assert_eq!(row.raw.chars().count(), 200);
    }
}
