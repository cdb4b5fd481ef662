//! Reading what others write: the newest report of a kind, the last lines of a long file, and the stamp
//! that says whether anything has changed. Reads only, and never more than a limit.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::ops::Station;

/// The most that is read of one file, bytes: a page shows what is newest.
const READ_MAX: u64 = 4 << 20;
/// Reports looked at when the newest cannot be read.
const REPORTS_MAX: usize = 5;

/// Good lines, oldest first, and how many were none.
#[derive(Debug)]
pub(super) struct Lines<T> {
    pub(super) good: Vec<T>,
    pub(super) bad: usize,
}

/// Reads the JSON lines at the end of a file. A line that is being written has no end yet and is left
/// out; a line that does not parse is counted.
pub(super) fn last_lines<T: DeserializeOwned>(path: &Path) -> io::Result<Lines<T>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(READ_MAX);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(READ_MAX).read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    // Where the file is longer than what was read, the first line is a part of one.
    let first = if start == 0 { 0 } else { bytes.iter().position(|byte| *byte == b'\n').map_or(whole, |end| end + 1) };
    let mut lines = Lines { good: Vec::new(), bad: 0 };
    for line in bytes[first.min(whole)..whole].split(|byte| *byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(value) => lines.good.push(value),
            Err(_) if line.iter().all(u8::is_ascii_whitespace) => {}
            Err(_) => lines.bad += 1,
        }
    }
    Ok(lines)
}

/// A report of a workspace.
#[derive(Debug)]
pub(super) struct Report<T> {
    pub(super) path: PathBuf,
    pub(super) modified: Option<Timestamp>,
    pub(super) content: T,
}

/// The newest reports of a kind.
#[derive(Debug)]
pub(super) struct Reports<T> {
    /// The newest that can be read.
    pub(super) newest: Option<Report<T>>,
    /// The newer ones that cannot, with the reason.
    pub(super) broken: Vec<(PathBuf, io::Error)>,
}

/// Finds the newest `<prefix><date...>.json` of a directory, by the time of writing: a report of an older date
/// that was made later is the newer one.
pub(super) fn newest_report<T: DeserializeOwned>(directory: &Path, prefix: &str) -> io::Result<Reports<T>> {
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Reports { newest: None, broken: Vec::new() });
        }
        entries => entries?,
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // A longer prefix is another kind of report.
        let dated = name.strip_prefix(prefix).filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
        if dated.is_some_and(|rest| rest.strip_suffix(".json").is_some()) {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            found.push((modified.unwrap_or(SystemTime::UNIX_EPOCH), entry.path()));
        }
    }
    found.sort();
    let mut reports = Reports { newest: None, broken: Vec::new() };
    for (modified, path) in found.into_iter().rev().take(REPORTS_MAX) {
        match read_json(&path) {
            Ok(content) => {
                let modified = Timestamp::try_from(modified).ok();
                reports.newest = Some(Report { path, modified, content });
                break;
            }
            Err(error) => reports.broken.push((path, error)),
        }
    }
    Ok(reports)
}

/// Reads a file of JSON.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let mut bytes = Vec::new();
    File::open(path)?.take(READ_MAX).read_to_end(&mut bytes)?;
    serde_json::from_slice(&bytes).map_err(io::Error::from)
}

/// Returns when a file was last written.
pub(super) fn modified(path: &Path) -> Option<Timestamp> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok().and_then(|time| Timestamp::try_from(time).ok())
}

/// Returns what changes when the files of a workspace do: their times of writing and their sizes. Two
/// equal stamps mean that nothing has to be read again.
#[must_use]
pub fn stamp(station: &Station) -> Vec<(PathBuf, Option<(SystemTime, u64)>)> {
    let (workspace, settings) = (&station.workspace, station.settings());
    let stores = station.store_settings();
    let ledger = |ending: &str| {
        let mut path = stores.ledger.path.clone().into_os_string();
        path.push(ending);
        PathBuf::from(path)
    };
    let models = workspace.path(&settings.paths.models_dir);
    let mut paths = vec![
        workspace.path("config"),
        workspace.path("config/system_config.json"),
        workspace.path(&settings.paths.jobs_yaml),
        station.reports(),
        station.reports().join("drills/history.jsonl"),
        ledger(""),
        ledger("-wal"),
        stores.experiments.path.clone(),
        stores.duckdb.path.clone(),
        stores.parquet.path.clone(),
        workspace.path(&settings.monitor.state_file),
        models.clone(),
    ];
    let jobs = fs::read_dir(&models).into_iter().flatten().flatten().map(|entry| entry.path());
    let configs = fs::read_dir(workspace.path("config")).into_iter().flatten().flatten().map(|entry| entry.path());
    paths.extend(jobs.chain(configs));
    paths.sort();
    paths.dedup();
    let look = |path: PathBuf| {
        let found =
            fs::metadata(&path).ok().map(|found| (found.modified().unwrap_or(SystemTime::UNIX_EPOCH), found.len()));
        (path, found)
    };
    paths.into_iter().map(look).collect()
}

#[cfg(test)]
mod tests {
    use super::{last_lines, newest_report};
    use crate::durable;

    #[test]
    fn a_line_that_is_being_written_is_left_out_and_a_bad_one_counted() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("x.jsonl");
        durable::replace(&path, "1\n{\n\n2\n3").expect("written");
        let lines = last_lines::<u32>(&path).expect("read");
        assert_eq!((lines.good, lines.bad), (vec![1, 2], 1));
        assert!(last_lines::<u32>(&room.path().join("none")).is_err());
    }

    #[test]
    fn of_a_file_that_is_too_long_the_end_is_read() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("x.jsonl");
        let lines: String =
            (100_000_000_u64..101_000_000).map(|number| format!("{number}\n")).collect::<Vec<_>>().concat();
        durable::replace(&path, lines).expect("written");
        let read = last_lines::<u64>(&path).expect("read");
        assert_eq!((read.good.len(), read.bad), (super::READ_MAX as usize / 10, 0));
        assert_eq!(read.good.last(), Some(&100_999_999));
    }

    #[test]
    fn the_report_written_last_is_the_newest_and_a_broken_one_is_said() {
        let room = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            durable::replace(&room.path().join(name), text).expect("written");
            std::thread::sleep(std::time::Duration::from_millis(10));
        };
        write("n_20260101.json", "1");
        write("n_20250101.json", "2");
        write("n_20250102.json", "{");
        write("m_20270101.json", "9");
        write("n_other_20270101.json", "9");
        let reports = newest_report::<u32>(room.path(), "n_").expect("read");
        assert_eq!(reports.newest.map(|report| report.content), Some(2));
        assert_eq!(reports.broken.len(), 1);
        assert!(newest_report::<u32>(&room.path().join("none"), "n_").expect("read").newest.is_none());
    }
}
