//! A frame: named columns of one length, for factor and dataset files. Knows no table and no ledger.

use std::{ops::Range, path::Path, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray},
    compute::{cast, concat_batches},
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType},
    error::ArrowError,
    record_batch::RecordBatch,
};
use jiff::civil::Date;

use super::{
    StoreError,
    columnar::{date_micros, datetime_of, is_text, is_time},
    parquet_file::{read_parquet, write_parquet_parts},
};
use crate::digest::{Digest, Hasher};

/// The rows of one row group of a frame's file.
const GROUP_ROWS: usize = 16_384;

/// One column of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum FrameColumn {
    /// Numbers; NaN where missing (a null in the file).
    F64(Vec<f64>),
    /// Whole numbers.
    I64(Vec<i64>),
    /// Texts.
    Utf8(Vec<Arc<str>>),
    /// Dates.
    Date(Vec<Date>),
}

impl FrameColumn {
    /// Returns the number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F64(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::Utf8(values) => values.len(),
            Self::Date(values) => values.len(),
        }
    }

    /// Says whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn kind(&self) -> DataType {
        match self {
            Self::F64(_) => DataType::Float64,
            Self::I64(_) => DataType::Int64,
            Self::Utf8(_) => DataType::Utf8,
            Self::Date(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
        }
    }

    fn array(&self, rows: Range<usize>) -> ArrayRef {
        match self {
            Self::F64(values) => {
                let known = part(values, rows).iter().map(|value| (!value.is_nan()).then_some(*value));
                Arc::new(known.collect::<Float64Array>())
            }
            Self::I64(values) => Arc::new(Int64Array::from_iter_values(part(values, rows).iter().copied())),
            Self::Utf8(values) => Arc::new(StringArray::from_iter_values(part(values, rows))),
            Self::Date(values) => {
                let times = part(values, rows).iter().map(|date| date_micros(*date));
                Arc::new(TimestampMicrosecondArray::from_iter_values(times))
            }
        }
    }

    fn hash(&self, hasher: &mut Hasher) {
        match self {
            Self::F64(values) => values.iter().fold(hasher.int(0), |hasher, value| hasher.float(*value)),
            Self::I64(values) => values.iter().fold(hasher.int(1), |hasher, value| hasher.int(*value)),
            Self::Utf8(values) => values.iter().fold(hasher.int(2), |hasher, value| hasher.text(value)),
            Self::Date(values) => values.iter().fold(hasher.int(3), |hasher, date| hasher.int(date_micros(*date))),
        };
    }
}

fn part<T>(values: &[T], rows: Range<usize>) -> &[T] {
    values.get(rows).unwrap_or_default()
}

/// Named columns of one length, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    columns: Vec<(String, FrameColumn)>,
}

impl Frame {
    /// Starts a frame without columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column.
    ///
    /// # Errors
    /// `Schema` when the name is taken or the length differs from the other columns'.
    pub fn push(&mut self, name: &str, column: FrameColumn) -> Result<(), StoreError> {
        let wrong = |problem: String| StoreError::Schema { path: "frame".into(), column: name.into(), problem };
        if self.column(name).is_some() {
            return Err(wrong("is there twice".into()));
        }
        if !self.columns.is_empty() && self.rows() != column.len() {
            return Err(wrong(format!("has {} values, the others have {}", column.len(), self.rows())));
        }
        self.columns.push((name.to_owned(), column));
        Ok(())
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Returns the names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the columns in order.
    #[must_use]
    pub fn columns(&self) -> &[(String, FrameColumn)] {
        &self.columns
    }

    /// Returns a column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&FrameColumn> {
        self.columns.iter().find(|(other, _)| other == name).map(|(_, column)| column)
    }

    /// Returns a column of numbers; whole numbers are not converted.
    #[must_use]
    pub fn f64(&self, name: &str) -> Option<&[f64]> {
        if let Some(FrameColumn::F64(values)) = self.column(name) { Some(values) } else { None }
    }

    /// Returns a column of whole numbers.
    #[must_use]
    pub fn i64(&self, name: &str) -> Option<&[i64]> {
        if let Some(FrameColumn::I64(values)) = self.column(name) { Some(values) } else { None }
    }

    /// Returns a column of texts.
    #[must_use]
    pub fn utf8(&self, name: &str) -> Option<&[Arc<str>]> {
        if let Some(FrameColumn::Utf8(values)) = self.column(name) { Some(values) } else { None }
    }

    /// Returns a column of dates.
    #[must_use]
    pub fn dates(&self, name: &str) -> Option<&[Date]> {
        if let Some(FrameColumn::Date(values)) = self.column(name) { Some(values) } else { None }
    }

    /// Returns the digest of names and values, independent of how a file codes them.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new("lighthunter.frame.1");
        hasher.int(self.columns.len() as i64).int(self.rows() as i64);
        for (name, column) in &self.columns {
            column.hash(hasher.text(name));
        }
        hasher.finish()
    }

    /// Writes the frame as a Parquet file and returns its digest.
    ///
    /// # Errors
    /// Names the step that failed; the old file is then still there.
    pub fn write(&self, path: &Path) -> Result<Digest, StoreError> {
        // A table may be much of the memory: its Parquet form is made piece by piece.
        let starts = (0..self.rows().max(1)).step_by(GROUP_ROWS);
        let parts = starts.map(|start| self.batch(start..self.rows().min(start + GROUP_ROWS)));
        write_parquet_parts(path, &self.schema(), parts)?;
        Ok(self.digest())
    }

    /// Returns the frame as one batch.
    pub(super) fn to_batch(&self) -> Result<RecordBatch, StoreError> {
        self.batch(0..self.rows()).map_err(StoreError::arrow(Path::new("frame")))
    }

    fn schema(&self) -> SchemaRef {
        let field = |(name, column): &(String, FrameColumn)| Field::new(name, column.kind(), true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    fn batch(&self, rows: Range<usize>) -> Result<RecordBatch, ArrowError> {
        let arrays = self.columns.iter().map(|(_, column)| column.array(rows.clone())).collect();
        RecordBatch::try_new(self.schema(), arrays)
    }

    /// Reads a Parquet file of numbers, texts and dates. Whole numbers with missing values and `true` /
    /// `false` become numbers; missing text is empty.
    ///
    /// # Errors
    /// As [`read_parquet`]; `Schema` for a column of another type or a missing date.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let batches = read_parquet(path)?;
        let Some(first) = batches.first() else {
            return Ok(Self::new());
        };
        Self::from_batches(path, &first.schema(), &batches)
    }

    /// Takes the columns of batches that `path` names in errors.
    pub(super) fn from_batches(path: &Path, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Self, StoreError> {
        let mut frame = Self::new();
        let whole = concat_batches(schema, batches).map_err(StoreError::arrow(path))?;
        for (field, array) in whole.schema_ref().fields().iter().zip(whole.columns()) {
            let column = column_of(array).map_err(|problem| StoreError::Schema {
                path: path.into(),
                column: field.name().clone(),
                problem,
            })?;
            frame.push(field.name(), column)?;
        }
        Ok(frame)
    }
}

fn column_of(array: &ArrayRef) -> Result<FrameColumn, String> {
    let kind = array.data_type();
    let to = |kind: &DataType| cast(array, kind).map_err(|error| error.to_string());
    if is_text(kind) {
        let texts = to(&DataType::Utf8)?;
        let texts = texts.as_string::<i32>().iter();
        return Ok(FrameColumn::Utf8(texts.map(|text| Arc::from(text.unwrap_or(""))).collect()));
    }
    if is_time(kind) {
        let times = to(&DataType::Timestamp(TimeUnit::Microsecond, None))?;
        let dates = times.as_primitive::<TimestampMicrosecondType>().iter().map(date_of);
        return Ok(FrameColumn::Date(dates.collect::<Result<_, _>>()?));
    }
    if kind.is_integer() && array.null_count() == 0 {
        return Ok(FrameColumn::I64(to(&DataType::Int64)?.as_primitive::<Int64Type>().values().to_vec()));
    }
    if kind.is_numeric() || matches!(kind, DataType::Boolean | DataType::Null) {
        let numbers = to(&DataType::Float64)?;
        let numbers = numbers.as_primitive::<Float64Type>().iter();
        return Ok(FrameColumn::F64(numbers.map(|number| number.unwrap_or(f64::NAN)).collect()));
    }
    Err(format!("has type {kind}; numbers, text and dates are expected"))
}

fn date_of(micros: Option<i64>) -> Result<Date, String> {
    let micros = micros.ok_or("a date is missing")?;
    let time = datetime_of(micros).ok_or("a date is outside the calendar")?;
    if time.time() == jiff::civil::Time::midnight() {
        Ok(time.date())
    } else {
        Err(format!("{time} has a time of day"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, FrameColumn};

    fn frame() -> Frame {
        let mut frame = Frame::new();
        let columns = [
            ("date", FrameColumn::Date(vec![jiff::civil::date(2020, 1, 2), jiff::civil::date(1999, 12, 31)])),
            ("code", FrameColumn::Utf8(vec!["600000.SH".into(), "000001.SZ".into()])),
            ("x", FrameColumn::F64(vec![1.5, f64::NAN])),
            ("n", FrameColumn::I64(vec![-1, 7])),
        ];
        for (name, column) in columns {
            frame.push(name, column).expect("fits");
        }
        frame
    }

    #[test]
    fn frame_comes_back_with_the_same_digest() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("f.parquet");
        let digest = frame().write(&path).expect("written");
        let read = Frame::read(&path).expect("readable");
        assert_eq!(read.digest(), digest);
        assert_eq!(read.names().collect::<Vec<_>>(), ["date", "code", "x", "n"]);
        assert_eq!(read.dates("date"), frame().dates("date"));
        assert!(read.f64("x").expect("numbers")[1].is_nan());
    }

    #[test]
    fn columns_of_different_length_are_refused() {
        assert!(frame().push("y", FrameColumn::F64(vec![1.0])).is_err());
        assert!(frame().push("x", FrameColumn::F64(vec![1.0, 2.0])).is_err());
    }

    #[test]
    fn every_value_moves_the_digest() {
        let mut other = Frame::new();
        for (name, column) in frame().columns() {
            let column = if name == "n" { FrameColumn::I64(vec![-1, 8]) } else { column.clone() };
            other.push(name, column).expect("fits");
        }
        assert_ne!(other.digest(), frame().digest());
    }
}
