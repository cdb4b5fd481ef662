//! Market data out of files: CSV, packed or not, and Parquet of the documented layout. Bad rows are
//! counted and kept with their reason, and never stop the good ones; columns or units that do not fit
//! refuse the whole input before anything is imported. Writes nothing but the quarantine.

mod calendar_file;
mod field;
mod gate;
mod intake;
mod listing;
mod original;
mod original_defects;
mod row;
mod table;
mod units;

#[cfg(test)]
mod tests;

use std::path::Path;

use crate::{
    digest::Digest,
    market::{DailyBar, MarketData},
    source::SourceError,
    store::Table,
};

use intake::{digest_of, printable};
use listing::{Form, Listed, Role, list};
use row::InputRow;
use table::{TableReader, TableRows};

pub use intake::{FileReport, Intake, IntakeOptions, Rejected, write_quarantine};
pub use original::{OriginalDaily, is_original, read_original};

/// Reads every table of a directory. Files are recognised by name (`daily*`, `index_daily*`,
/// `corporate_actions*`, `securities*`, `bars_1m`, `bars_5m`, `bars_15m`, `bars_60m`, `calendar`; `.parquet`,
/// `.csv` or `.csv.gz`); all others are listed with the reason why they were not read.
///
/// # Errors
/// `NoTable` when there is nothing to read, `Columns` and `Units` when a file is not what its name says,
/// `Unreadable` and `Store` when a file cannot be read at all.
pub fn read_directory(directory: &Path, options: &IntakeOptions) -> Result<Intake, SourceError> {
    let listed = list(directory)?;
    let mut files: Vec<FileReport> = listed.iter().map(report_of).collect();
    let mut pass = Pass { listed: &listed, files: &mut files, rejected: Vec::new(), options };
    let mut data = MarketData {
        daily: pass.table(Table::Daily)?,
        index: pass.table(Table::Index)?,
        actions: pass.table(Table::Actions)?,
        securities: pass.table(Table::Securities)?,
        ..MarketData::default()
    };
    for interval in crate::market::Interval::ALL {
        let bars = pass.table(Table::Minute(interval))?;
        if !bars.is_empty() {
            data.minute.insert(interval, bars);
        }
    }
    let mut rejected = pass.rejected;
    let mut warnings = compare_calendars(&listed, &mut files)?;
    rejected.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    count(&mut files, &rejected);
    for file in files.iter().filter(|file| file.rows_early > 0) {
        let first = rejected.iter().find(|row| row.is_early && row.file == file.file);
        let reason = first.map_or("", |row| row.reason.as_str());
        warnings.push(format!(
            "{}: {} rows are not taken yet, the next import reads the file again: {reason}",
            file.file, file.rows_early
        ));
    }
    let digest = digest_of(&files);
    Ok(Intake { data, rejected, files, warnings, digest })
}

/// Lists a directory as [`read_directory`] would, with the digest of every file that it would read, and
/// opens none of them as a table: for asking whether anything is new.
///
/// # Errors
/// `NoTable` when there is nothing to read, `Unreadable` when a file cannot be read.
pub fn scan_directory(directory: &Path) -> Result<Vec<FileReport>, SourceError> {
    let mut files = Vec::new();
    for file in list(directory)? {
        let mut report = report_of(&file);
        if report.skipped.is_none() {
            report.digest = Some(digest(&file.path)?);
        }
        files.push(report);
    }
    Ok(files)
}

/// Reads daily bars out of one CSV file (`.gz` where the name says so), ordered by date and symbol.
///
/// # Errors
/// As [`read_directory`].
pub fn read_daily_csv(path: &Path) -> Result<(Vec<DailyBar>, Vec<Rejected>), SourceError> {
    read_daily(path, Form::Csv)
}

/// Reads daily bars out of one Parquet file, ordered by date and symbol.
///
/// # Errors
/// As [`read_directory`].
pub fn read_daily_parquet(path: &Path) -> Result<(Vec<DailyBar>, Vec<Rejected>), SourceError> {
    read_daily(path, Form::Parquet)
}

fn read_daily(path: &Path, form: Form) -> Result<(Vec<DailyBar>, Vec<Rejected>), SourceError> {
    let mut reader = TableReader::new(Table::Daily, None);
    reader.read(path, form)?;
    let TableRows { rows, rejected } = reader.finish()?;
    Ok((rows, rejected))
}

/// One pass over the listed files.
struct Pass<'a> {
    listed: &'a [Listed],
    files: &'a mut [FileReport],
    rejected: Vec<Rejected>,
    options: &'a IntakeOptions,
}

impl Pass<'_> {
    fn table<R: InputRow>(&mut self, table: Table) -> Result<Vec<R>, SourceError> {
        let mut reader = TableReader::new(table, self.options.as_of);
        for (file, report) in self.listed.iter().zip(self.files.iter_mut()) {
            if let Role::Rows(of, form) = file.role
                && of == table
            {
                let digest = digest(&file.path)?;
                if self.options.known.contains(&digest) {
                    report.skipped = Some("its bytes are imported already".into());
                } else {
                    report.digest = Some(digest);
                    report.rows_read = reader.read(&file.path, form)?;
                }
            }
        }
        let TableRows { rows, rejected } = reader.finish()?;
        self.rejected.extend(rejected);
        Ok(rows)
    }
}

fn report_of(file: &Listed) -> FileReport {
    let (table, skipped) = match &file.role {
        Role::Rows(table, _) => (Some(table.name()), None),
        Role::Calendar(_) => (Some("calendar"), None),
        Role::Skipped(table, reason) => (*table, Some(reason.clone())),
    };
    let file = file.name.clone();
    FileReport { file, table, rows_read: 0, rows_good: 0, rows_rejected: 0, rows_early: 0, digest: None, skipped }
}

fn compare_calendars(listed: &[Listed], files: &mut [FileReport]) -> Result<Vec<String>, SourceError> {
    let mut warnings = Vec::new();
    for (file, report) in listed.iter().zip(files) {
        if let Role::Calendar(form) = file.role {
            report.digest = Some(digest(&file.path)?);
            let (rows, found) = calendar_file::compare(&file.path, form)?;
            report.rows_read = rows;
            warnings.extend(found);
        }
    }
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    Ok(warnings)
}

fn count(files: &mut [FileReport], rejected: &[Rejected]) {
    for file in files {
        let own = rejected.iter().filter(|row| row.file == file.file);
        file.rows_early = own.clone().filter(|row| row.is_early).count() as u64;
        file.rows_rejected = own.count() as u64;
        file.rows_good = file.rows_read - file.rows_rejected;
    }
}

fn digest(path: &Path) -> Result<Digest, SourceError> {
    Digest::of_file(path).map_err(|source| SourceError::Unreadable { path: path.into(), source })
}
