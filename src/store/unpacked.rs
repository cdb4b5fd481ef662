//! What packed files hold, for whoever searches files for something that no file may hold. Understands gzip, zlib
//! (git's loose objects), the pages of Parquet and the texts of a DuckDB database; gives back nothing of what it does
//! not understand, and changes nothing.

use std::{
    fs::File,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use duckdb::{AccessMode, Connection};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use parquet::{
    basic::Type,
    file::reader::{FileReader as _, SerializedFileReader},
};

use super::duck;

/// How much of one file is unpacked, bytes.
const UNPACKED_BYTES_MAX: u64 = 64 << 20;

/// Returns what `bytes`, those of the file `path`, hold when they are unpacked, up to 64 MiB; empty where they are not
/// packed, or damaged from the start on.
#[must_use]
pub fn unpacked(path: &Path, bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [0x1f, 0x8b, ..] => inflated(MultiGzDecoder::new(bytes)),
        // A zlib header: 32 KiB of window, and a checksum over both bytes.
        [0x78, second, ..] if (0x7800 + u32::from(*second)).is_multiple_of(31) => inflated(ZlibDecoder::new(bytes)),
        [b'P', b'A', b'R', b'1', ..] => {
            // The reader's panics on damaged files are a bug of its own, and no reason to end a search.
            catch_unwind(AssertUnwindSafe(|| pages(path))).ok().flatten().unwrap_or_default()
        }
        // With a log beside it the database is not opened: the log is plain, and replaying it is not for a search.
        _ if bytes.get(8..12) == Some(b"DUCK") && !path.with_added_extension("wal").exists() => {
            texts(path).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Returns the texts of all tables of a database, each once.
fn texts(path: &Path) -> duckdb::Result<Vec<u8>> {
    let database = duck::settings(AccessMode::ReadOnly).and_then(|with| Connection::open_with_flags(path, with))?;
    duck::lock(&database)?;
    let quoted = |name: String| format!("\"{}\"", name.replace('"', "\"\""));
    let mut asked = database
        .prepare("SELECT table_name, column_name FROM duckdb_columns() WHERE data_type = 'VARCHAR' AND NOT internal")?;
    let columns: Vec<(String, String)> =
        asked.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<duckdb::Result<_>>()?;
    let mut plain = Vec::new();
    for (table, column) in columns {
        let (table, column) = (quoted(table), quoted(column));
        let mut asked =
            database.prepare(&format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"))?;
        for text in asked.query_map([], |row| row.get::<_, String>(0))? {
            plain.extend_from_slice(text?.as_bytes());
            plain.push(b'\n');
            if plain.len() as u64 > UNPACKED_BYTES_MAX {
                return Ok(plain);
            }
        }
    }
    Ok(plain)
}

/// Unpacks up to the first damage.
fn inflated(packed: impl Read) -> Vec<u8> {
    let mut plain = Vec::new();
    // What comes before the damage is what can be searched.
    let _ = packed.take(UNPACKED_BYTES_MAX).read_to_end(&mut plain);
    plain
}

/// Returns the pages of all columns that hold text, one after the other; `None` where the file is none of Parquet.
fn pages(path: &Path) -> Option<Vec<u8>> {
    let reader = SerializedFileReader::new(File::open(path).ok()?).ok()?;
    let mut plain = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).ok()?;
        for column in 0..group.num_columns() {
            if group.metadata().column(column).column_type() != Type::BYTE_ARRAY {
                continue;
            }
            let mut pages = group.get_column_page_reader(column).ok()?;
            while let Ok(Some(page)) = pages.get_next_page() {
                plain.extend_from_slice(page.buffer());
                if plain.len() as u64 > UNPACKED_BYTES_MAX {
                    return Some(plain);
                }
            }
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, path::Path, sync::Arc};

    use arrow::{array::StringArray, record_batch::RecordBatch};
    use flate2::{
        Compression,
        write::{GzEncoder, ZlibEncoder},
    };

    use super::unpacked;
    use crate::store::write_parquet;

    #[test]
    fn gzip_zlib_and_parquet_give_back_what_they_hold() {
        let text = "a secret of some length ".repeat(40);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text.as_bytes()).expect("packed");
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(text.as_bytes()).expect("packed");
        for packed in [gzip.finish().expect("packed"), zlib.finish().expect("packed")] {
            assert_eq!(unpacked(Path::new("x"), &packed), text.as_bytes());
            // Of a damaged one, what comes before the damage.
            let half = unpacked(Path::new("x"), &packed[..packed.len() - 6]);
            assert!(text.as_bytes().starts_with(&half));
        }
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.parquet");
        let texts: Vec<String> = (0..200).map(|row| format!("row {row} of some text")).collect();
        let column = Arc::new(StringArray::from(texts)) as arrow::array::ArrayRef;
        write_parquet(&path, &[RecordBatch::try_from_iter([("note", column)]).expect("a batch")]).expect("written");
        let bytes = std::fs::read(&path).expect("bytes");
        let plain = unpacked(&path, &bytes);
        assert!(plain.windows(18).any(|window| window == b"row 150 of some te"));
        crate::durable::replace(&path, &bytes[..bytes.len() / 2]).expect("written");
        assert!(unpacked(&path, &bytes).is_empty());
    }

    #[test]
    fn what_is_not_packed_gives_nothing() {
        for bytes in [&b""[..], b"x", b"plain text", b"\x78", b"\x78\x01", b"PAR1"] {
            assert!(unpacked(Path::new("absent"), bytes).is_empty());
        }
    }
}
