//! Whole Parquet files: written through `durable`, read within limits. Knows no tables and no ledger.
//!
//! The reader's library may panic on malformed bytes, which its authors count as a bug and not as a
//! danger; a panic is therefore caught here and becomes an error like any other.

use std::{
    fs::{self, File},
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use arrow::{
    datatypes::{DataType, SchemaRef},
    error::ArrowError,
    record_batch::RecordBatch,
};
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
        arrow_writer::ArrowWriterOptions,
    },
    basic::{Compression, Type, ZstdLevel},
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData},
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder},
    },
    schema::types::ColumnPath,
};

use super::StoreError;
use crate::{digest::Digest, durable};

/// The largest file that is read, bytes.
const FILE_BYTES_MAX: u64 = 2 << 30;
/// The most rows that are read from one file.
const FILE_ROWS_MAX: u64 = 100_000_000;
/// The most memory that the columns of one file may take, bytes.
const MEMORY_BYTES_MAX: u64 = 4 << 30;
/// What any file may unfold to, however short it is, bytes.
const MEMORY_BYTES_MIN: u64 = 256 << 20;
/// How many times its length a longer file may unfold to: bars take three to fifty times theirs.
const UNFOLDING_MAX: u64 = 200;
/// The most memory that one batch may take when every text is as long as its column chunk allows.
const BATCH_BYTES_MAX: u64 = 128 << 20;
/// The most rows of one batch.
const BATCH_ROWS_MAX: u64 = 65_536;

/// Writes batches of one schema as a Parquet file; the same batches give the same bytes.
///
/// # Errors
/// Names the step that failed; the old file is then still there.
pub fn write_parquet(path: &Path, batches: &[RecordBatch]) -> Result<(), StoreError> {
    let Some(first) = batches.first() else {
        return Err(StoreError::Parquet { path: path.into(), reason: "nothing to write, not even columns".into() });
    };
    let zstd = ZstdLevel::try_new(1).map_err(|error| malformed(path, &error))?;
    durable::replace_with(path, |file| encode(file, &first.schema(), batches, Compression::ZSTD(zstd)))?;
    Ok(())
}

/// Writes parts of one table as the row groups of a Parquet file, each made only when the one before is
/// written; the same parts give the same bytes.
///
/// # Errors
/// Names the step that failed; the old file is then still there.
pub(crate) fn write_parquet_parts(
    path: &Path,
    schema: &SchemaRef,
    parts: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<(), StoreError> {
    let zstd = ZstdLevel::try_new(1).map_err(|error| malformed(path, &error))?;
    durable::replace_with(path, |file| {
        // Numbers of research hardly ever repeat: a dictionary of them costs memory and saves nothing.
        let floats = schema.fields().iter().filter(|field| *field.data_type() == DataType::Float64);
        let properties = floats.fold(properties(Compression::ZSTD(zstd)), |properties, field| {
            properties.set_column_dictionary_enabled(ColumnPath::new(vec![field.name().clone()]), false)
        });
        let mut writer = writer(file, schema, properties)?;
        for part in parts {
            writer.write(&part.map_err(io::Error::other)?).map_err(io::Error::other)?;
            writer.flush().map_err(io::Error::other)?;
        }
        writer.close().map_err(io::Error::other)?;
        Ok(())
    })?;
    Ok(())
}

/// Returns batches of one schema as the bytes of a Parquet file; `path` names it in errors.
pub(crate) fn parquet_bytes(path: &Path, batches: &[RecordBatch]) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    if let Some(first) = batches.first() {
        // A compressor of Zstandard takes longer to set up than a partition's hundred rows to write.
        encode(&mut bytes, &first.schema(), batches, Compression::SNAPPY).map_err(StoreError::io("encode", path))?;
    }
    Ok(bytes)
}

fn encode(
    sink: impl io::Write + Send,
    schema: &SchemaRef,
    batches: &[RecordBatch],
    compression: Compression,
) -> io::Result<()> {
    let mut writer = writer(sink, schema, properties(compression))?;
    for batch in batches {
        writer.write(batch).map_err(io::Error::other)?;
    }
    writer.close().map_err(io::Error::other)?;
    Ok(())
}

fn properties(compression: Compression) -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_compression(compression)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by("lighthunter".into())
}

fn writer<W: io::Write + Send>(
    sink: W,
    schema: &SchemaRef,
    properties: WriterPropertiesBuilder,
) -> io::Result<ArrowWriter<W>> {
    // Plain Parquet types say all there is; without a second schema the files are smaller.
    let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(sink, schema.clone(), options).map_err(io::Error::other)
}

/// Reads a whole Parquet file.
///
/// # Errors
/// `Io` when it cannot be opened, `Limit` when it is too large, `Parquet` when it is malformed.
pub fn read_parquet(path: &Path) -> Result<Vec<RecordBatch>, StoreError> {
    let bytes = fs::metadata(path).map_err(StoreError::io("open", path))?.len();
    within(path, "its size in bytes", bytes, FILE_BYTES_MAX)?;
    let file = File::open(path).map_err(StoreError::io("open", path))?;
    caught(path, || decode(path, file))
}

/// Reads a whole Parquet file whose bytes must have this digest.
///
/// # Errors
/// `Damaged` when they have another, else as [`read_parquet`].
pub fn read_parquet_checked(path: &Path, expected: &Digest) -> Result<Vec<RecordBatch>, StoreError> {
    // Hashed and decoded through one handle: a file that is replaced in between is not mixed in.
    let mut file = File::open(path).map_err(StoreError::io("open", path))?;
    let length = file.metadata().map_err(StoreError::io("measure", path))?.len();
    within(path, "its size in bytes", length, FILE_BYTES_MAX)?;
    let mut bytes = Vec::with_capacity(length as usize);
    file.read_to_end(&mut bytes).map_err(StoreError::io("read", path))?;
    let found = Digest::of(&bytes);
    if found != *expected {
        return Err(StoreError::Damaged { path: path.into(), expected: expected.short(), found: found.short() });
    }
    caught(path, || decode(path, file))
}

fn caught<T>(path: &Path, read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let reason = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the reader gave up");
        Err(malformed(path, reason))
    })
}

fn decode(
    path: &Path,
    input: impl parquet::file::reader::ChunkReader + 'static,
) -> Result<Vec<RecordBatch>, StoreError> {
    let length = input.len();
    // Another writer's Arrow types are not needed, and are what the decoder trusts most.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(input, options).map_err(|error| unread(path, &error))?;
    let allowed = length.saturating_mul(UNFOLDING_MAX).clamp(MEMORY_BYTES_MIN, MEMORY_BYTES_MAX);
    let rows = batch_rows(path, builder.metadata())?;
    let reader = builder.with_batch_size(rows).build().map_err(|error| unread(path, &error))?;
    let mut batches = Vec::new();
    let mut memory = 0_u64;
    for batch in reader {
        let batch = batch.map_err(|error| unread(path, &error))?;
        memory = memory.saturating_add(batch.get_array_memory_size() as u64);
        within(path, "its size in memory", memory, allowed)?;
        batches.push(batch);
    }
    Ok(batches)
}

/// Returns how many rows may be read at once: thirty kilobytes of dictionary-coded text can unfold to
/// gigabytes, and the footer says how long the longest text can be.
fn batch_rows(path: &Path, metadata: &ParquetMetaData) -> Result<usize, StoreError> {
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(u64::MAX);
    within(path, "its number of rows", rows, FILE_ROWS_MAX)?;
    let chunks = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let negative = |chunk: &ColumnChunkMetaData| {
        chunk.data_page_offset() < 0
            || chunk.compressed_size() < 0
            || chunk.dictionary_page_offset().is_some_and(|offset| offset < 0)
    };
    if chunks.clone().any(negative) {
        return Err(malformed(path, "a column begins or ends before the file"));
    }
    let texts = chunks.filter(|chunk| matches!(chunk.column_type(), Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY));
    let longest = texts.map(|chunk| u64::try_from(chunk.uncompressed_size()).unwrap_or(u64::MAX)).max();
    Ok((BATCH_BYTES_MAX / longest.unwrap_or(1).max(1)).clamp(1, BATCH_ROWS_MAX) as usize)
}

fn within(path: &Path, what: &'static str, found: u64, allowed: u64) -> Result<(), StoreError> {
    if found <= allowed { Ok(()) } else { Err(StoreError::Limit { path: path.into(), what, found, allowed }) }
}

/// Returns what a reader's refusal means: a disk that fails says nothing of what the file holds.
fn unread(path: &Path, error: &(impl std::error::Error + 'static)) -> StoreError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(found) = cause {
        if let Some(code) = found.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error) {
            let source = std::io::Error::from_raw_os_error(code);
            return StoreError::Io { step: "read", path: path.into(), source };
        }
        cause = found.source();
    }
    // Some readers keep no more of a cause than its words.
    let words = error.to_string();
    let code = words.rsplit_once("(os error ").and_then(|(_, rest)| rest.split_once(')')?.0.parse().ok());
    match code.map(std::io::Error::from_raw_os_error) {
        Some(source) => StoreError::Io { step: "read", path: path.into(), source },
        None => malformed(path, error),
    }
}

fn malformed(path: &Path, reason: &(impl ToString + ?Sized)) -> StoreError {
    StoreError::Parquet { path: path.into(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write, path::Path};

    use super::{caught, decode, read_parquet, read_parquet_checked, write_parquet};
    use crate::{
        market::DailyBar,
        store::{Row, StoreError},
    };

    fn bars() -> Vec<DailyBar> {
        let bar = |day, close, volume| DailyBar {
            date: jiff::civil::date(2020, 1, day),
            symbol: "600000.SH".parse().expect("a symbol"),
            open: 1.0,
            high: 2.0,
            low: 0.5,
            close,
            volume,
            amount: None,
            preclose: Some(1.0),
            adj_factor: 1.25,
            suspended: volume.is_none(),
            source: "test".into(),
        };
        vec![bar(2, 1.5, Some(100)), bar(3, 1.6, None)]
    }

    #[test]
    fn same_rows_give_the_same_bytes_and_come_back() {
        let room = tempfile::tempdir().expect("a directory");
        let (one, two) = (room.path().join("1.parquet"), room.path().join("2.parquet"));
        let batch = DailyBar::to_batch(&bars()).expect("a batch");
        write_parquet(&one, std::slice::from_ref(&batch)).expect("written");
        write_parquet(&two, &[batch]).expect("written");
        assert_eq!(fs::read(&one).expect("bytes"), fs::read(&two).expect("bytes"));
        let read = DailyBar::from_batches(&one, &read_parquet(&one).expect("readable")).expect("rows");
        assert_eq!(read, bars());
    }

    #[test]
    fn short_file_that_unfolds_to_gigabytes_is_refused_before_it_does() {
        use std::sync::Arc;

        use arrow::{
            array::{ArrayRef, DictionaryArray, Int32Array, StringArray},
            datatypes::Int32Type,
            record_batch::RecordBatch,
        };
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("bomb.parquet");
        let text = Arc::new(StringArray::from(vec!["x".repeat(100_000)]));
        let keys = Int32Array::from(vec![0; 40_000]);
        let column: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::try_new(keys, text).expect("a column"));
        write_parquet(&path, &[RecordBatch::try_from_iter([("symbol", column)]).expect("a batch")]).expect("written");
        assert!(fs::metadata(&path).expect("a file").len() < 100_000, "four gigabytes in a short file");
        let error = read_parquet(&path).expect_err("refused");
        assert!(matches!(error, StoreError::Limit { what: "its size in memory", .. }), "{error}");
    }

    #[test]
    fn no_damaged_file_panics() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.parquet");
        write_parquet(&path, &[DailyBar::to_batch(&bars()).expect("a batch")]).expect("written");
        let whole = fs::read(&path).expect("bytes");
        let mut refused = 0;
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x55;
            for bytes in [flipped, whole[..at].to_vec()] {
                let mut file = tempfile::tempfile().expect("a file");
                file.write_all(&bytes).expect("written");
                let read = caught(Path::new("damaged"), || decode(Path::new("damaged"), file));
                refused += usize::from(read.is_err());
            }
        }
        assert!(refused > whole.len(), "every cut and some flips are refused: {refused} of {}", 2 * whole.len());
    }

    #[test]
    fn every_damage_is_seen_by_the_digest() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.parquet");
        write_parquet(&path, &[DailyBar::to_batch(&bars()).expect("a batch")]).expect("written");
        let digest = crate::digest::Digest::of_file(&path).expect("readable");
        assert!(read_parquet_checked(&path, &digest).is_ok());
        let mut bytes = fs::read(&path).expect("bytes");
        bytes[40] ^= 1;
        crate::durable::replace(&path, bytes).expect("written");
        assert!(matches!(read_parquet_checked(&path, &digest), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn text_that_is_no_parquet_is_refused() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.parquet");
        crate::durable::replace(&path, "date,symbol\n").expect("written");
        assert!(matches!(read_parquet(&path), Err(StoreError::Parquet { .. })));
        assert!(matches!(read_parquet(&room.path().join("none")), Err(StoreError::Io { .. })));
    }
}
