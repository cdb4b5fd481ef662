//! A factor frame as a table, for files.

use std::sync::Arc;

use super::FactorFrame;
use crate::store::{Frame, FrameColumn, StoreError};

impl FactorFrame {
    /// Returns the frame as a table with columns `code`, `date` and one a factor, by date, then code;
    /// a cell in which every factor is missing has no row.
    ///
    /// # Errors
    /// When a factor bears the name of a key column.
    pub fn to_frame(&self) -> Result<Frame, StoreError> {
        let days = self.dates.len();
        let cells: Vec<usize> = (0..days)
            .flat_map(|day| (0..self.symbols.len()).map(move |symbol| symbol * days + day))
            .filter(|cell| self.columns.iter().any(|column| column.get(*cell).is_some_and(|value| !value.is_nan())))
            .collect();
        let texts: Vec<Arc<str>> = self.symbols.iter().map(|symbol| Arc::from(symbol.to_string())).collect();
        let codes = cells.iter().filter_map(|cell| texts.get(cell / days).cloned()).collect();
        let dates = cells.iter().filter_map(|cell| self.dates.get(cell % days).copied()).collect();
        let mut frame = Frame::new();
        frame.push("code", FrameColumn::Utf8(codes))?;
        frame.push("date", FrameColumn::Date(dates))?;
        for (name, column) in self.names.iter().zip(&self.columns) {
            let values = cells.iter().map(|cell| column.get(*cell).copied().unwrap_or(f64::NAN)).collect();
            frame.push(name, FrameColumn::F64(values))?;
        }
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        market::DailyPanel,
        research::{
            factor::compute,
            testing::{core_set, random_bars},
        },
    };

    #[test]
    fn table_holds_every_known_value_once() {
        let factors = compute(&core_set(), &DailyPanel::from_bars(&random_bars(3, 40))).expect("computed");
        let table = factors.to_frame().expect("a table");
        assert_eq!(table.names().count(), 15);
        for (name, column) in factors.names.iter().zip(&factors.columns) {
            let known = |values: &[f64]| values.iter().filter(|value| !value.is_nan()).count();
            assert_eq!(known(table.f64(name).expect("a column")), known(column), "{name}");
        }
        let keys: Vec<_> = table.dates("date").expect("dates").iter().zip(table.utf8("code").expect("codes")).collect();
        assert!(keys.is_sorted_by(|left, right| left < right), "by date, then code, each once");
    }
}
