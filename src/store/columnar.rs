//! Columns of Arrow batches, read with the type that a table asks for. Accepts what writers commonly
//! make of that type (large or dictionary text, dates, other time units) and names the column otherwise.

use std::{cell::RefCell, path::Path, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType},
    record_batch::RecordBatch,
};
use jiff::{
    SignedDuration,
    civil::{Date, DateTime},
};

use super::StoreError;
use crate::market::Symbol;

const EPOCH: Date = Date::constant(1970, 1, 1);
const DAY_MICROS: i64 = 86_400_000_000;

/// Returns a date as microseconds from 1970-01-01.
pub(crate) fn date_micros(date: Date) -> i64 {
    date.duration_since(EPOCH).as_secs() * 1_000_000
}

/// Returns a date and time as microseconds from 1970-01-01.
pub(crate) fn datetime_micros(time: DateTime) -> i64 {
    time.duration_since(EPOCH.to_datetime(jiff::civil::Time::midnight())).as_micros() as i64
}

/// Returns the date and time of microseconds from 1970-01-01, where the calendar reaches.
pub(crate) fn datetime_of(micros: i64) -> Option<DateTime> {
    EPOCH.to_datetime(jiff::civil::Time::midnight()).checked_add(SignedDuration::from_micros(micros)).ok()
}

fn problem(origin: &Path, column: &str, problem: impl Into<String>) -> StoreError {
    StoreError::Schema { path: origin.into(), column: column.into(), problem: problem.into() }
}

fn find<'a>(origin: &Path, batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, StoreError> {
    batch.column_by_name(name).ok_or_else(|| {
        let names: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
        problem(origin, name, format!("is missing; the file has {}", names.join(", ")))
    })
}

fn convert(origin: &Path, name: &str, array: &ArrayRef, kind: &DataType) -> Result<ArrayRef, StoreError> {
    if array.data_type() == kind {
        return Ok(Arc::clone(array));
    }
    cast(array, kind).map_err(|error| problem(origin, name, error.to_string()))
}

fn refused(origin: &Path, name: &str, array: &ArrayRef, wanted: &str) -> StoreError {
    problem(origin, name, format!("has type {}, {wanted} is expected", array.data_type()))
}

/// Points in time without an offset.
pub(crate) struct TimeColumn {
    name: &'static str,
    values: TimestampMicrosecondArray,
    // Neighbouring rows mostly share their date.
    last: RefCell<Option<(i64, Date)>>,
}

impl TimeColumn {
    pub(crate) fn of(origin: &Path, batch: &RecordBatch, name: &'static str) -> Result<Self, StoreError> {
        let array = find(origin, batch, name)?;
        if !is_time(array.data_type()) {
            return Err(refused(origin, name, array, "a timestamp without time zone or a date"));
        }
        let array = convert(origin, name, array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
        let values = array.as_primitive::<TimestampMicrosecondType>().clone();
        Ok(Self { name, values, last: RefCell::new(None) })
    }

    pub(crate) fn datetime(&self, row: usize) -> Result<DateTime, String> {
        if self.values.is_null(row) {
            return Err(format!("{} is missing", self.name));
        }
        datetime_of(self.values.value(row)).ok_or_else(|| format!("{} is outside the calendar", self.name))
    }

    pub(crate) fn date(&self, row: usize) -> Result<Date, String> {
        if !self.values.is_null(row)
            && let Some((micros, date)) = *self.last.borrow()
            && micros == self.values.value(row)
        {
            return Ok(date);
        }
        let date = self.datetime(row)?.date();
        let micros = self.values.value(row);
        if micros.rem_euclid(DAY_MICROS) != 0 {
            return Err(format!("{} has a time of day", self.name));
        }
        *self.last.borrow_mut() = Some((micros, date));
        Ok(date)
    }
}

/// Says whether a column of this type can hold dates or times without an offset.
pub(crate) fn is_time(kind: &DataType) -> bool {
    matches!(kind, DataType::Timestamp(_, None) | DataType::Date32 | DataType::Date64)
}

/// Says whether a column of this type holds text, plain or by dictionary.
pub(crate) fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// Text.
pub(crate) struct TextColumn {
    name: &'static str,
    values: StringArray,
    // One file mostly has one source: its text is shared, not copied.
    last: RefCell<Arc<str>>,
}

impl TextColumn {
    pub(crate) fn of(origin: &Path, batch: &RecordBatch, name: &'static str) -> Result<Self, StoreError> {
        let array = find(origin, batch, name)?;
        if !is_text(array.data_type()) {
            return Err(refused(origin, name, array, "text"));
        }
        let array = convert(origin, name, array, &DataType::Utf8)?;
        Ok(Self { name, values: array.as_string::<i32>().clone(), last: RefCell::new(Arc::from("")) })
    }

    pub(crate) fn symbol(&self, row: usize) -> Result<Symbol, String> {
        if self.values.is_null(row) {
            return Err(format!("{} is missing", self.name));
        }
        self.values.value(row).parse().map_err(|error| format!("{}: {error}", self.name))
    }

    /// Returns the text; missing text is empty.
    pub(crate) fn shared(&self, row: usize) -> Arc<str> {
        let text = if self.values.is_null(row) { "" } else { self.values.value(row) };
        let mut last = self.last.borrow_mut();
        if **last != *text {
            *last = Arc::from(text);
        }
        Arc::clone(&last)
    }
}

/// Numbers.
pub(crate) struct FloatColumn {
    name: &'static str,
    values: Float64Array,
}

impl FloatColumn {
    pub(crate) fn of(origin: &Path, batch: &RecordBatch, name: &'static str) -> Result<Self, StoreError> {
        let array = find(origin, batch, name)?;
        if !array.data_type().is_numeric() || array.data_type().is_nested() {
            // A column that is missing in every row has no type of its own in some writers.
            if *array.data_type() != DataType::Null {
                return Err(refused(origin, name, array, "a number"));
            }
        }
        let array = convert(origin, name, array, &DataType::Float64)?;
        Ok(Self { name, values: array.as_primitive::<Float64Type>().clone() })
    }

    /// Returns the number; NaN counts as missing.
    pub(crate) fn optional(&self, row: usize) -> Result<Option<f64>, String> {
        if self.values.is_null(row) {
            return Ok(None);
        }
        match self.values.value(row) {
            value if value.is_nan() => Ok(None),
            value if value.is_infinite() => Err(format!("{} is infinite", self.name)),
            value => Ok(Some(value)),
        }
    }

    pub(crate) fn required(&self, row: usize) -> Result<f64, String> {
        self.optional(row)?.ok_or_else(|| format!("{} is missing", self.name))
    }
}

/// Whole numbers; some writers make them floats because values are missing.
pub(crate) enum IntColumn {
    Whole(Int64Array),
    Float(FloatColumn),
}

impl IntColumn {
    pub(crate) fn of(origin: &Path, batch: &RecordBatch, name: &'static str) -> Result<Self, StoreError> {
        let array = find(origin, batch, name)?;
        if array.data_type().is_integer() {
            let array = convert(origin, name, array, &DataType::Int64)?;
            return Ok(Self::Whole(array.as_primitive::<Int64Type>().clone()));
        }
        FloatColumn::of(origin, batch, name).map(Self::Float)
    }

    pub(crate) fn optional(&self, row: usize) -> Result<Option<i64>, String> {
        match self {
            Self::Whole(values) => Ok((!values.is_null(row)).then(|| values.value(row))),
            Self::Float(column) => match column.optional(row)? {
                Some(value) if value.fract() != 0.0 || value.abs() > 9e15 => {
                    Err(format!("{} {value} is not a whole number", column.name))
                }
                value => Ok(value.map(|value| value as i64)),
            },
        }
    }
}

/// Yes or no.
pub(crate) struct FlagColumn {
    name: &'static str,
    values: BooleanArray,
}

impl FlagColumn {
    pub(crate) fn of(origin: &Path, batch: &RecordBatch, name: &'static str) -> Result<Self, StoreError> {
        let array = find(origin, batch, name)?;
        let values = array.as_boolean_opt().ok_or_else(|| refused(origin, name, array, "true or false"))?;
        Ok(Self { name, values: values.clone() })
    }

    pub(crate) fn required(&self, row: usize) -> Result<bool, String> {
        if self.values.is_null(row) { Err(format!("{} is missing", self.name)) } else { Ok(self.values.value(row)) }
    }
}
