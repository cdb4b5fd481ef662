//! Parquet partitions: `<tables>/<table>/trade_date=YYYY-MM-DD/part.parquet`, with `_manifest.json`
//! beside the dates of a table. The manifest is for other programs; here the ledger's digests count.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
};

use jiff::civil::Date;
use serde::Serialize;

use super::{
    PartitionRecord, StoreError, Table,
    content::{Partition, partitions_in},
    parquet_file::{parquet_bytes, read_parquet_checked},
};
use crate::{digest::Digest, durable};

/// The manifest's name; the underscore hides it from readers of Parquet directories.
pub(crate) const MANIFEST: &str = "_manifest.json";

/// Returns a partition's file relative to the directory of the tables.
pub(crate) fn relative_path(table: Table, date: Date) -> String {
    format!("{table}/trade_date={date}/part.parquet")
}

/// A partition as the bytes of its file.
#[derive(Debug)]
pub(crate) struct EncodedPartition {
    pub(crate) record: PartitionRecord,
    pub(crate) bytes: Vec<u8>,
}

/// Returns a partition's record where no Parquet is written.
pub(crate) fn plain_record(partition: &Partition) -> PartitionRecord {
    PartitionRecord {
        table: partition.table,
        trade_date: partition.trade_date,
        rows: partition.rows,
        digest: partition.digest,
        sha256: None,
        bytes: 0,
        path: String::new(),
        engine_sum: None,
    }
}

/// Makes the files of partitions, on all cores.
pub(crate) fn encode(partitions: &[Partition]) -> Result<Vec<EncodedPartition>, StoreError> {
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8);
    let share = partitions.len().div_ceil(threads).max(1);
    let parts: Vec<Result<Vec<EncodedPartition>, StoreError>> = thread::scope(|scope| {
        let workers: Vec<_> = partitions
            .chunks(share)
            .map(|chunk| scope.spawn(|| chunk.iter().map(encode_one).collect::<Result<Vec<_>, _>>()))
            .collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().map(join).collect()
    });
    let mut encoded = Vec::with_capacity(partitions.len());
    for part in parts {
        encoded.extend(part?);
    }
    Ok(encoded)
}

fn encode_one(partition: &Partition) -> Result<EncodedPartition, StoreError> {
    let path = relative_path(partition.table, partition.trade_date);
    let bytes = parquet_bytes(Path::new(&path), std::slice::from_ref(&partition.batch))?;
    let record = PartitionRecord {
        sha256: Some(Digest::of(&bytes)),
        bytes: bytes.len() as u64,
        path,
        ..plain_record(partition)
    };
    Ok(EncodedPartition { record, bytes })
}

/// Reads a partition and checks its bytes and its rows against the ledger.
///
/// # Errors
/// `Damaged` names the file.
pub(crate) fn read_partition(root: &Path, record: &PartitionRecord) -> Result<Partition, StoreError> {
    let path = root.join(&record.path);
    let batches = match &record.sha256 {
        Some(sha256) => read_parquet_checked(&path, sha256)?,
        None => return Err(StoreError::Lost { what: format!("{} {}", record.table, record.trade_date) }),
    };
    let found = partitions_in(record.table, &path, &batches)?.remove(&record.trade_date);
    match found {
        Some(partition) if partition.digest == record.digest => Ok(partition),
        other => Err(StoreError::Damaged {
            path,
            expected: record.digest.short(),
            found: other.map_or_else(|| "no row of the date".into(), |partition| partition.digest.short()),
        }),
    }
}

/// Returns every file and link below a table's directory, sorted.
pub(crate) fn files_below(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut files = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(directory) = open.pop() {
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            read => read.map_err(StoreError::io("list", &directory))?,
        };
        for entry in entries {
            let entry = entry.map_err(StoreError::io("list", &directory))?;
            let kind = entry.file_type().map_err(StoreError::io("look at", &entry.path()))?;
            if kind.is_dir() { open.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[derive(Debug, Serialize)]
struct Manifest<'a> {
    version: u32,
    table: &'a str,
    partitions: BTreeMap<String, Entry<'a>>,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    path: &'a str,
    rows: u64,
    bytes: u64,
    sha256: Option<Digest>,
    digest: Digest,
}

fn entry_of<'a>(record: &'a PartitionRecord, prefix: &str) -> Entry<'a> {
    let path = record.path.strip_prefix(prefix).unwrap_or(&record.path);
    Entry { path, rows: record.rows, bytes: record.bytes, sha256: record.sha256, digest: record.digest }
}

/// Writes a table's manifest where it is not what the ledger says. Returns whether it was written.
pub(crate) fn write_manifest(
    root: &Path,
    table: Table,
    records: &BTreeMap<Date, PartitionRecord>,
) -> Result<bool, StoreError> {
    let path = root.join(table.name()).join(MANIFEST);
    let text = manifest_text(root, table, records)?;
    let unchanged = fs::read(&path).is_ok_and(|bytes| bytes == text.as_bytes());
    if unchanged || (records.is_empty() && !path.exists()) {
        return Ok(false);
    }
    durable::make_directory(&root.join(table.name()))?;
    durable::replace(&path, text)?;
    Ok(true)
}

/// Returns a table's manifest as the ledger has it.
pub(crate) fn manifest_text(
    root: &Path,
    table: Table,
    records: &BTreeMap<Date, PartitionRecord>,
) -> Result<String, StoreError> {
    let prefix = format!("{table}/");
    let partitions =
        records.values().map(|record| (record.trade_date.to_string(), entry_of(record, &prefix))).collect();
    let manifest = Manifest { version: 1, table: table.name(), partitions };
    let path = || root.join(table.name()).join(MANIFEST);
    let mut text =
        serde_json::to_string_pretty(&manifest).map_err(|source| StoreError::Json { path: path(), source })?;
    text.push('\n');
    Ok(text)
}
