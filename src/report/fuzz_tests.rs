//! Damaged records of drills: refused, or rendered without a word of markup from outside.

use std::{fs::File, io::Write as _};

use super::{Comparison, Report, html, json, junit, markdown, read_record, samples};
use crate::{seed::fuzz::fuzz, text::Language};

#[test]
fn damaged_records_are_refused_or_rendered() {
    let room = tempfile::tempdir().expect("a directory");
    let inputs = vec![json(&samples::small()).into_bytes(), json(&samples::red()).into_bytes()];
    fuzz("record", 0.02, inputs, |input| {
        let path = room.path().join("record.json");
        File::create(&path).and_then(|mut file| file.write_all(input)).expect("written");
        let Ok(record) = read_record(room.path()) else { return };
        let comparison = Comparison::default();
        let report = Report { record: &record, comparison: &comparison, language: Language::English };
        let _ = (markdown(&report), junit(&record), html(&report));
    });
}
