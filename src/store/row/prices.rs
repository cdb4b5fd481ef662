//! The four prices that every bar has.

use std::path::Path;

use arrow::record_batch::RecordBatch;

use crate::store::{StoreError, columnar::FloatColumn};

/// The four prices of a bar.
pub struct Prices([FloatColumn; 4]);

impl Prices {
    pub(super) fn of(origin: &Path, batch: &RecordBatch) -> Result<Self, StoreError> {
        let column = |name| FloatColumn::of(origin, batch, name);
        Ok(Self([column("open")?, column("high")?, column("low")?, column("close")?]))
    }

    pub(super) fn read(&self, row: usize) -> Result<[f64; 4], String> {
        let [open, high, low, close] = &self.0;
        Ok([open.required(row)?, high.required(row)?, low.required(row)?, close.required(row)?])
    }
}
