//! The record as JSON: fields in the record's order, so that equal records give equal bytes.

use crate::record::DrillRecord;

/// Returns `record.json`: indented, with a line break at the end.
#[must_use]
pub fn json(record: &DrillRecord) -> String {
    // Strings, numbers and lists only: serialising them cannot fail, and a renderer has no way to say so.
    let mut text = serde_json::to_string_pretty(record).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::json;
    use crate::{record::DrillRecord, report::samples};

    #[test]
    fn record_reads_back_equal() {
        for record in [samples::small(), samples::red(), samples::hostile()] {
            assert_eq!(serde_json::from_str::<DrillRecord>(&json(&record)).expect("parsed"), record);
        }
    }
}
