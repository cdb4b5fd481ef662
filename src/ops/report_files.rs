//! A report in two forms under one name: JSON to compute with, and one to read.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    durable::{self, DurableError},
    store::replace_sealed,
};

/// Writes `STEM.json` and `STEM.EXTENSION` under `reports` and returns their paths.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write_pair(
    reports: &Path,
    stem: &str,
    record: &impl Serialize,
    (extension, text): (&str, String),
) -> Result<[PathBuf; 2], DurableError> {
    let [json, readable] = ["json", extension].map(|form| reports.join(format!("{stem}.{form}")));
    durable::make_directory(reports)?;
    replace_sealed(&json, serde_json::to_string_pretty(record).unwrap_or_default() + "\n")?;
    replace_sealed(&readable, text)?;
    Ok([json, readable])
}
