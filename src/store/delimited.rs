//! Delimited text, plain or gzip: a header and byte records with their line numbers. Knows no table and
//! no type; the caller reads the fields. A damaged line never swallows its neighbours: quotes do not span
//! fields or lines, because no column of the input tables holds a comma or a line break.

use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use arrow::{record_batch::RecordBatch, util::display::array_value_to_string};
use csv::{ByteRecord, ReaderBuilder};
use flate2::read::MultiGzDecoder;

use super::StoreError;

/// How much of a file is read at most; a small gzip file may hold terabytes of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelimitedLimits {
    /// Bytes of text after decompression.
    pub text_bytes_max: u64,
    /// Bytes of one line.
    pub line_bytes_max: u64,
}

impl Default for DelimitedLimits {
    fn default() -> Self {
        Self { text_bytes_max: 4 << 30, line_bytes_max: 64 << 10 }
    }
}

/// A delimited file, open and past its header.
pub struct DelimitedReader {
    path: PathBuf,
    header: Vec<String>,
    reader: csv::Reader<Box<dyn Read>>,
    record: ByteRecord,
}

impl DelimitedReader {
    /// Opens `path` and reads its header; a name that ends in `.gz` is decompressed, all members of it.
    ///
    /// # Errors
    /// `Io` when it cannot be opened, `Delimited` when there is no header or the gzip data is damaged,
    /// `Limit` when a line or the text is too large.
    pub fn open(path: &Path, limits: DelimitedLimits) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let source: Box<dyn Read> = if packed {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file)))
        } else {
            Box::new(file)
        };
        let metered: Box<dyn Read> = Box::new(MeteredReader { source, limits, text_bytes: 0, line_bytes: 0 });
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .quoting(false)
            .terminator(csv::Terminator::Any(b'\n'))
            .buffer_capacity(1 << 18)
            .from_reader(metered);
        let mut opened = Self { path: path.into(), header: Vec::new(), reader, record: ByteRecord::new() };
        opened.header = match opened.next_record()? {
            Some(record) => record.fields.iter().map(|name| String::from_utf8_lossy(unquoted(name)).into()).collect(),
            None => return Err(opened.damaged(1, "the file is empty: a header line is expected")),
        };
        Ok(opened)
    }

    /// Returns the names in the header, in file order.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Reads the next record; `None` at the end. Empty lines are passed over. A record may have more or
    /// fewer fields than the header.
    ///
    /// # Errors
    /// `Delimited` when the gzip data ends early or is damaged, `Limit` when a line or the text is too
    /// large, `Io` when the file cannot be read on.
    pub fn next_record(&mut self) -> Result<Option<DelimitedRecord<'_>>, StoreError> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => return Err(self.failure(error)),
            }
            // The carriage return of an empty line reads as one field.
            if self.record.len() > 1 || !self.record.as_slice().trim_ascii().is_empty() {
                break;
            }
        }
        // The reader stands behind the line break, which every line has by way of `MeteredReader`.
        let line = self.reader.position().line().saturating_sub(1);
        Ok(Some(DelimitedRecord { line, fields: &self.record }))
    }

    fn failure(&self, error: csv::Error) -> StoreError {
        let line = self.reader.position().line();
        let source = match error.into_kind() {
            csv::ErrorKind::Io(source) => source,
            other => return self.damaged(line, &format!("{other:?}")),
        };
        if let Some(excess) = source.get_ref().and_then(|inner| inner.downcast_ref::<Excess>()) {
            let Excess { what, allowed } = *excess;
            return StoreError::Limit { path: self.path.clone(), what, found: allowed + 1, allowed };
        }
        match source.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                self.damaged(line, &source.to_string())
            }
            _ => StoreError::io("read", &self.path)(source),
        }
    }

    fn damaged(&self, line: u64, reason: &str) -> StoreError {
        StoreError::Delimited { path: self.path.clone(), line, reason: reason.to_owned() }
    }
}

/// One record of a delimited file.
#[derive(Debug, Clone, Copy)]
pub struct DelimitedRecord<'a> {
    line: u64,
    fields: &'a ByteRecord,
}

impl<'a> DelimitedRecord<'a> {
    /// Returns the number of its line, counted from 1 with the header.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Returns the number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Says whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Returns a field by its position; empty where the record has none.
    #[must_use]
    pub fn field(&self, position: usize) -> &'a [u8] {
        self.fields.get(position).unwrap_or_default()
    }

    /// Returns the record as it stands in the file.
    #[must_use]
    pub fn text(&self) -> String {
        let fields: Vec<_> = self.fields.iter().map(String::from_utf8_lossy).collect();
        fields.join(",")
    }
}

/// Returns a row of a batch as comma-separated text, for people; missing values are empty.
#[must_use]
pub fn row_text(batch: &RecordBatch, row: usize) -> String {
    let columns = batch.columns().iter();
    let fields: Vec<String> = columns.map(|column| array_value_to_string(column, row).unwrap_or_default()).collect();
    fields.join(",")
}

/// Returns a field without the blanks around it and without quotes that wrap it whole.
#[must_use]
pub fn unquoted(field: &[u8]) -> &[u8] {
    match field.trim_ascii() {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        bare => bare,
    }
}

/// Counts what passes, stops at a limit, and ends the last line where the file does not.
struct MeteredReader {
    source: Box<dyn Read>,
    limits: DelimitedLimits,
    text_bytes: u64,
    line_bytes: u64,
}

impl Read for MeteredReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = self.source.read(buffer)?;
        if let (0, 1.., Some(first)) = (count, self.line_bytes, buffer.first_mut()) {
            *first = b'\n';
            count = 1;
        }
        let read = buffer.get(..count).unwrap_or_default();
        self.text_bytes += count as u64;
        self.line_bytes = match read.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => (count - end - 1) as u64,
            None => self.line_bytes + count as u64,
        };
        if self.text_bytes > self.limits.text_bytes_max {
            return Err(Excess { what: "the size of the text in bytes", allowed: self.limits.text_bytes_max }.into());
        }
        // One buffer may hold the whole of an overlong line, so the limit is held to within a buffer.
        if self.line_bytes > self.limits.line_bytes_max + buffer.len() as u64 {
            return Err(Excess { what: "the length of a line in bytes", allowed: self.limits.line_bytes_max }.into());
        }
        Ok(count)
    }
}

/// A limit that was passed.
#[derive(Debug)]
struct Excess {
    what: &'static str,
    allowed: u64,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is above {}", self.what, self.allowed)
    }
}

impl std::error::Error for Excess {}

impl From<Excess> for io::Error {
    fn from(excess: Excess) -> Self {
        Self::other(excess)
    }
}

#[cfg(test)]
mod tests {
    use super::{DelimitedLimits, DelimitedReader, unquoted};
    use crate::{
        durable,
        exit::{Exit, Failure},
        store::StoreError,
    };
    use flate2::{Compression, write::GzEncoder};
    use std::{io::Write, path::PathBuf};

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("packed");
        encoder.finish().expect("packed")
    }

    fn read(name: &str, bytes: &[u8], limits: DelimitedLimits) -> Result<Vec<(u64, Vec<String>)>, StoreError> {
        let room = tempfile::tempdir().expect("a directory");
        let path: PathBuf = room.path().join(name);
        durable::replace(&path, bytes).expect("written");
        let mut reader = DelimitedReader::open(&path, limits)?;
        let mut rows = vec![(0, reader.header().to_vec())];
        while let Some(record) = reader.next_record()? {
            rows.push((record.line(), record.text().split(',').map(str::to_owned).collect()));
        }
        Ok(rows)
    }

    #[test]
    fn records_carry_their_line_in_every_form() {
        let text = b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n3\r\n\"4,5\n6,7";
        let mut members = gzip(&text[..12]);
        members.extend(gzip(&text[12..]));
        for (name, bytes) in [("x.csv", text.to_vec()), ("x.csv.gz", members)] {
            let rows = read(name, &bytes, DelimitedLimits::default()).expect("readable");
            let lines: Vec<u64> = rows.iter().map(|row| row.0).collect();
            assert_eq!(lines, [0, 2, 4, 5, 6], "{name}");
            assert_eq!(rows[0].1, ["a", "b"], "{name}: without the byte order mark");
            assert_eq!(rows[3].1, ["\"4", "5"], "{name}: an open quote ends with its field");
        }
    }

    #[test]
    fn damaged_or_empty_file_is_corruption() {
        let whole = gzip(b"a,b\n1,2\n");
        let cut = &whole[..whole.len() - 9];
        for (name, bytes) in [("x.csv.gz", cut), ("x.csv.gz", b"no gzip at all"), ("x.csv", b"")] {
            let error = read(name, bytes, DelimitedLimits::default()).expect_err("damaged");
            assert_eq!(error.exit(), Exit::Corrupt, "{error}");
            assert!(error.to_string().contains(&format!("{name}:")), "{error}");
        }
    }

    #[test]
    fn limits_stop_a_bomb() {
        let bomb = gzip(&vec![b'0'; 2 << 20]);
        let limits = DelimitedLimits { text_bytes_max: 1 << 30, line_bytes_max: 1000 };
        let error = read("x.csv.gz", &bomb, limits).expect_err("one long line");
        assert!(error.to_string().contains("the length of a line"), "{error}");
        let limits = DelimitedLimits { text_bytes_max: 1000, line_bytes_max: 1 << 30 };
        let error = read("x.csv.gz", &bomb, limits).expect_err("too much text");
        assert_eq!(error.exit(), Exit::Limit, "{error}");
    }

    #[test]
    fn quotes_around_a_whole_field_go() {
        assert_eq!(unquoted(b" \"600000.SH\" "), b"600000.SH");
        assert_eq!(unquoted(b"\"open"), b"\"open");
        assert_eq!(unquoted(b""), b"");
    }
}
