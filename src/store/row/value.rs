//! Values of rows, gathered into arrays and added to digests. What is missing is a value of its own.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};

use crate::{digest::Hasher, market::Symbol};

pub(super) fn times(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(values))
}

pub(super) fn texts<T: AsRef<str>>(values: impl Iterator<Item = T>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub(super) fn floats<R>(rows: &[R], value: impl Fn(&R) -> f64) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(rows.iter().map(value)))
}

pub(super) fn maybe_floats<R>(rows: &[R], value: impl Fn(&R) -> Option<f64>) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<Float64Array>())
}

pub(super) fn maybe_ints<R>(rows: &[R], value: impl Fn(&R) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<Int64Array>())
}

pub(super) fn hash_key(hasher: &mut Hasher, (micros, symbol): (i64, Symbol)) {
    hasher.int(micros).int(i64::from(symbol.code())).int(symbol.exchange() as i64);
}

fn hash_maybe<T>(hasher: &mut Hasher, value: Option<T>, add: impl FnOnce(&mut Hasher, T)) {
    hasher.int(i64::from(value.is_some()));
    if let Some(value) = value {
        add(hasher, value);
    }
}

pub(super) fn hash_maybe_float(hasher: &mut Hasher, value: Option<f64>) {
    hash_maybe(hasher, value, |hasher, value| {
        hasher.float(value);
    });
}

pub(super) fn hash_maybe_int(hasher: &mut Hasher, value: Option<i64>) {
    hash_maybe(hasher, value, |hasher, value| {
        hasher.int(value);
    });
}
