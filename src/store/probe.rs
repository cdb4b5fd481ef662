//! The probe: a child process that opens a DuckDB file first. Replaying a damaged write-ahead log can end the
//! whole process with an assertion of the engine; then it ends the child. A file without a log was closed
//! cleanly and is opened directly. Nothing is changed: the child opens for reading.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Seek},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::OnceLock,
    time::Duration,
};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{StoreError, StorePath, Table, content::partitions_in, database::Slice, duck::DuckStore};
use crate::{
    clock::{Stopwatch, pause},
    digest::Digest,
    exit::Exit,
};

/// The hidden command of the executable.
pub const PROBE_COMMAND: &str = "probe-database";
/// The child's first line: whoever does not say it is no probe.
pub const PROBE_GREETING: &str = "lighthunter probe 1";
/// How long a child may take to replay a log or to read every row.
const PATIENCE_SECONDS: f64 = 300.0;
/// How much address space the child may take, bytes.
pub const PROBE_MEMORY_MAX: u64 = 8 << 30;
/// How much of the child's output is read.
const OUTPUT_BYTES_MAX: u64 = 64 << 20;

/// The executable that knows the hidden command; a test binary does not.
static EXECUTABLE: OnceLock<PathBuf> = OnceLock::new();

/// Names the executable whose hidden command is the probe; the first caller counts.
pub fn set_probe(executable: PathBuf) {
    // A second call names the same executable.
    let _ = EXECUTABLE.set(executable);
}

/// What a DuckDB file holds: the digest of the rows of each table and date.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProbedDatabase {
    /// By table, then by date; empty where only the opening was tried.
    pub tables: BTreeMap<String, BTreeMap<Date, Digest>>,
}

/// Opens a DuckDB file for reading, in this process, and digests its rows where asked to. The child's part.
///
/// # Errors
/// What the engine says.
pub fn probe_here(place: &StorePath, rows: bool) -> Result<ProbedDatabase, StoreError> {
    let database = DuckStore::open_unprobed(place)?;
    let mut probed = ProbedDatabase::default();
    if rows {
        for table in Table::ALL {
            let digests = read_digests(&database, table)?;
            probed.tables.insert(table.name().into(), digests);
        }
    }
    Ok(probed)
}

/// Returns the digest of the rows of each date of a table; a table that an older program did not make has none.
pub(super) fn read_digests(
    database: &dyn super::database::Database,
    table: Table,
) -> Result<BTreeMap<Date, Digest>, StoreError> {
    if !database.has_rows(table)? {
        return Ok(BTreeMap::new());
    }
    let batches = database.read(table, &Slice::default())?;
    let partitions = partitions_in(table, database.path(), &batches)?;
    Ok(partitions.into_iter().map(|(date, partition)| (date, partition.digest)).collect())
}

/// Returns the write-ahead log of a DuckDB file.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".wal");
    name.into()
}

/// Tries in a child whether a database can be opened, where a log shows that it was not closed cleanly.
///
/// # Errors
/// `NotADatabase` when the child died of it, did not end in time or says so.
pub(super) fn require_openable(place: &StorePath) -> Result<(), StoreError> {
    let has_log = fs::metadata(log_of(&place.path)).is_ok_and(|log| log.len() > 0);
    match EXECUTABLE.get() {
        Some(executable) if has_log => probe(executable, place, false).map(|_| ()),
        _ => Ok(()),
    }
}

/// Reads every row of a DuckDB file, in a child where there is one.
///
/// # Errors
/// As [`require_openable`]; `Busy` when another process has it.
pub(super) fn read_database(place: &StorePath) -> Result<ProbedDatabase, StoreError> {
    match EXECUTABLE.get() {
        Some(executable) => probe(executable, place, true),
        None => probe_here(place, true),
    }
}

/// Runs the probe of `executable`.
fn probe(executable: &Path, place: &StorePath, rows: bool) -> Result<ProbedDatabase, StoreError> {
    let refused = |reason: String| StoreError::NotADatabase {
        key: place.key.clone(),
        path: place.path.clone(),
        engine: "DuckDB",
        reason,
    };
    let failed = |step| StoreError::io(step, executable);
    let mut output = tempfile::tempfile().map_err(failed("make the output of"))?;
    let mut errors = tempfile::tempfile().map_err(failed("make the output of"))?;
    let [stdout, stderr] = [&output, &errors].map(|file| file.try_clone().map(Stdio::from));
    let mut command = Command::new(executable);
    command.arg(PROBE_COMMAND).arg(&place.path).args(rows.then_some("--rows"));
    command.stdin(Stdio::null()).stdout(stdout.map_err(failed("run"))?).stderr(stderr.map_err(failed("run"))?);
    let mut child = command.spawn().map_err(failed("run"))?;
    let watch = Stopwatch::start();
    let status = loop {
        match child.try_wait().map_err(failed("wait for"))? {
            Some(status) => break status,
            None if watch.seconds() > PATIENCE_SECONDS => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(refused(format!("it was not read within {PATIENCE_SECONDS} s")));
            }
            None => pause(Duration::from_millis(1)),
        }
    };
    let (said, why) = (text_of(&mut output), text_of(&mut errors));
    let why = why.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
    tracing::debug!(path = %place.path.display(), %status, seconds = watch.seconds(), "probed");
    let answer = said.strip_prefix(PROBE_GREETING);
    match (status.code(), answer) {
        (Some(0), Some(answer)) => serde_json::from_str(answer).map_err(|error| refused(error.to_string())),
        (Some(code), Some(_)) if code == i32::from(Exit::Busy.code()) => {
            Err(StoreError::Busy { path: place.path.clone(), reason: why })
        }
        (_, None) if status.code().is_some() => {
            Err(StoreError::Io { step: "probe with", path: executable.into(), source: std::io::Error::other(why) })
        }
        _ => Err(refused(format!("{} {why}", ended(status)))),
    }
}

fn ended(status: ExitStatus) -> String {
    match (std::os::unix::process::ExitStatusExt::signal(&status), status.code()) {
        (Some(signal), _) => format!("the process that opened it was ended by signal {signal}:"),
        (None, code) => format!("the process that opened it ended with {}:", code.unwrap_or_default()),
    }
}

fn text_of(file: &mut File) -> String {
    let mut bytes = Vec::new();
    // What cannot be read back counts as not said.
    let _ = file.rewind().and_then(|()| file.take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}
