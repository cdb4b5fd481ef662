//! Reads the real tables that lie beside the project, for the tests of this room only.

use std::{collections::BTreeMap, fs::File, path::Path};

use flate2::read::GzDecoder;
use jiff::civil::Date;

/// A row: column name to text.
pub(super) type Row = BTreeMap<String, String>;

/// Returns the rows of a CSV file of the visible data set, or none, said aloud, when it is not there.
pub(super) fn rows(name: &str) -> Option<Vec<Row>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible").join(name);
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: {} not present", path.display());
        return None;
    };
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    Some(reader.deserialize().map(|row| row.expect("a row")).collect())
}

/// Reads a date.
pub(super) fn date(text: &str) -> Date {
    text.get(..10).and_then(|text| text.parse().ok()).expect("a date")
}

/// Reads a number; an empty text is none.
pub(super) fn number(text: &str) -> Option<f64> {
    if text.is_empty() { None } else { Some(text.parse().expect("a number")) }
}
