//! A list of trading days among the input: compared with the built-in calendar, never used in its place.

use std::{collections::BTreeSet, path::Path};

use jiff::civil::Date;

use super::{field::FieldParser, listing::Form};
use crate::{
    market::Calendar,
    source::SourceError,
    store::{DelimitedLimits, DelimitedReader, Frame, FrameColumn},
};

/// The only column of the file.
const COLUMN: &str = "trade_date";
/// The most dates that a warning names.
const DATES_NAMED_MAX: usize = 10;

/// Compares the file with the built-in calendar over the days that both know. Returns the number of rows
/// and the differences as sentences.
pub(super) fn compare(path: &Path, form: Form) -> Result<(u64, Vec<String>), SourceError> {
    let (rows, days, unreadable) = read(path, form)?;
    let calendar = Calendar::builtin();
    let mut warnings = Vec::new();
    warn(&mut warnings, path, "has rows that are no date", &unreadable);
    let known = |day: &&Date| (calendar.first()..=calendar.last()).contains(*day);
    let outside: Vec<String> = days.iter().filter(|day| !known(day)).map(Date::to_string).collect();
    warn(&mut warnings, path, "has days that the built-in calendar does not reach", &outside);
    let listed: BTreeSet<Date> = days.iter().filter(known).copied().collect();
    let (Some(first), Some(last)) = (listed.first(), listed.last()) else {
        warnings.push(format!("{}: holds no trading day", path.display()));
        return Ok((rows, warnings));
    };
    let sessions: BTreeSet<Date> = calendar.sessions(*first..=*last).unwrap_or_default().iter().copied().collect();
    let named = |days: Vec<&Date>| days.into_iter().map(Date::to_string).collect::<Vec<_>>();
    let extra = named(listed.difference(&sessions).collect());
    warn(&mut warnings, path, "lists days that are no sessions of the built-in calendar", &extra);
    let missing = named(sessions.difference(&listed).collect());
    warn(&mut warnings, path, "lacks sessions of the built-in calendar", &missing);
    Ok((rows, warnings))
}

fn warn(warnings: &mut Vec<String>, path: &Path, what: &str, named: &[String]) {
    if named.is_empty() {
        return;
    }
    let shown: Vec<&str> = named.iter().take(DATES_NAMED_MAX).map(String::as_str).collect();
    let rest = if named.len() > shown.len() { ", ..." } else { "" };
    warnings.push(format!("{}: {what} ({}): {}{rest}", path.display(), named.len(), shown.join(", ")));
}

fn read(path: &Path, form: Form) -> Result<(u64, BTreeSet<Date>, Vec<String>), SourceError> {
    let columns = |names: Vec<&str>| super::table::check_columns(path, "calendar", &[COLUMN], &names);
    let (mut days, mut unreadable, mut rows) = (BTreeSet::new(), Vec::new(), 0);
    let mut parser = FieldParser::new();
    if form != Form::Parquet {
        let mut reader = DelimitedReader::open(path, DelimitedLimits::default())?;
        columns(reader.header().iter().map(String::as_str).collect())?;
        while let Some(record) = reader.next_record()? {
            rows += 1;
            match parser.date(COLUMN, record.field(0)) {
                Ok(day) => drop(days.insert(day)),
                Err(reason) => unreadable.push(format!("line {}: {reason}", record.line())),
            }
        }
        return Ok((rows, days, unreadable));
    }
    let frame = Frame::read(path)?;
    columns(frame.names().collect())?;
    match frame.column(COLUMN) {
        Some(FrameColumn::Date(dates)) => days.extend(dates.iter().copied()),
        Some(FrameColumn::Utf8(texts)) => {
            for (row, text) in texts.iter().enumerate() {
                match parser.date(COLUMN, text.as_bytes()) {
                    Ok(day) => drop(days.insert(day)),
                    Err(reason) => unreadable.push(format!("row {}: {reason}", row + 1)),
                }
            }
        }
        _ => unreadable.push("the column holds numbers".to_owned()),
    }
    Ok((frame.rows() as u64, days, unreadable))
}

#[cfg(test)]
mod tests {
    use super::{Form, compare};
    use crate::{durable, source::SourceError};

    fn warnings(text: &str) -> Result<Vec<String>, SourceError> {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("calendar.csv");
        durable::replace(&path, text).expect("written");
        compare(&path, Form::Csv).map(|(_, warnings)| warnings)
    }

    #[test]
    fn equal_days_give_no_warning() {
        assert!(warnings("trade_date\n2025-09-30\n2025-10-09\n2025-10-10\n").expect("read").is_empty());
    }

    #[test]
    fn differences_are_named_by_date() {
        let found = warnings("trade_date\n2025-09-30\n2025-10-08\n2025-10-10\n2031-01-06\nsoon\n").expect("read");
        assert_eq!(found.len(), 4, "{found:?}");
        for (warning, text) in found.iter().zip(["'soon'", "2031-01-06", "2025-10-08", "2025-10-09"]) {
            assert!(warning.contains(text), "{warning}");
        }
        assert!(warnings("day\n2025-09-30\n").is_err(), "another column");
    }
}
