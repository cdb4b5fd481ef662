//! One table out of its files: rows read, checked, ordered, doubles taken out. The good rows of a file
//! never depend on its bad ones.

use std::{collections::BTreeSet, path::Path};

use jiff::civil::Date;

use super::{
    Rejected,
    field::FieldParser,
    gate::DayGate,
    listing::Form,
    row::{Fields, InputRow, UnitSample},
    units::check_units,
};
use crate::{
    source::SourceError,
    store::{DelimitedLimits, DelimitedReader, StoreError, Table, read_parquet, row_text},
};

/// The most rejected rows that are kept in memory: more is no table with a few bad rows.
const REJECTED_ROWS_MAX: usize = 1_000_000;

/// The rows of one table, from one file or several.
pub(super) struct TableReader<R> {
    table: Table,
    columns: Vec<String>,
    gate: DayGate,
    rows: Vec<R>,
    /// File and line of each row.
    places: Vec<(u32, u64)>,
    files: Vec<String>,
    rejected: Vec<Rejected>,
}

/// The rows of a table in order, and what was rejected of its files.
pub(super) struct TableRows<R> {
    pub(super) rows: Vec<R>,
    pub(super) rejected: Vec<Rejected>,
}

impl<R: InputRow> TableReader<R> {
    pub(super) fn new(table: Table, as_of: Option<Date>) -> Self {
        Self {
            table,
            columns: R::schema().fields().iter().map(|field| field.name().clone()).collect(),
            gate: DayGate::new(as_of, R::needs_session()),
            rows: Vec::new(),
            places: Vec::new(),
            files: Vec::new(),
            rejected: Vec::new(),
        }
    }

    /// Adds the rows of a file. Returns how many it holds, good and bad.
    pub(super) fn read(&mut self, path: &Path, form: Form) -> Result<u64, SourceError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.files.push(name);
        let before = self.rows.len();
        let count = if form == Form::Parquet { self.read_parquet(path)? } else { self.read_text(path)? };
        let new = self.rows.get(before..).unwrap_or_default();
        let samples: Vec<UnitSample> = new.iter().filter_map(InputRow::unit_sample).collect();
        check_units(path, self.table.name(), &samples)?;
        Ok(count)
    }

    fn read_text(&mut self, path: &Path) -> Result<u64, SourceError> {
        let mut reader = DelimitedReader::open(path, DelimitedLimits::default())?;
        let header: Vec<String> = reader.header().to_vec();
        self.check_columns(path, &header)?;
        // A column that may be missing has a place that no record has, where every field is empty.
        let position = |column: &String| header.iter().position(|name| name == column).unwrap_or(usize::MAX);
        let positions: Vec<usize> = self.columns.iter().map(position).collect();
        let mut parser = FieldParser::new();
        let mut count = 0;
        while let Some(record) = reader.next_record()? {
            count += 1;
            let row = if record.len() == header.len() {
                R::parse_text(&mut parser, Fields { record, positions: &positions })
            } else {
                Err(format!("{} fields where the header has {}", record.len(), header.len()))
            };
            self.take(path, record.line(), row, || record.text())?;
        }
        Ok(count)
    }

    fn read_parquet(&mut self, path: &Path) -> Result<u64, SourceError> {
        let mut line = 0;
        for batch in read_parquet(path)? {
            let names: Vec<String> = batch.schema_ref().fields().iter().map(|field| field.name().clone()).collect();
            self.check_columns(path, &names)?;
            for (index, row) in R::parse(path, std::slice::from_ref(&batch))?.into_iter().enumerate() {
                line += 1;
                self.take(path, line, row, || row_text(&batch, index))?;
            }
        }
        Ok(line)
    }

    fn check_columns(&self, path: &Path, names: &[String]) -> Result<(), SourceError> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let may_lack = |column: &&str| R::optional_columns().contains(column) && !names.contains(column);
        let expected = self.columns.iter().map(String::as_str).filter(|column| !may_lack(column));
        let expected: Vec<&str> = expected.collect();
        check_columns(path, self.table.name(), &expected, &names)
    }

    fn take(
        &mut self,
        path: &Path,
        line: u64,
        row: Result<R, String>,
        raw: impl FnOnce() -> String,
    ) -> Result<(), SourceError> {
        let mut is_early = false;
        let checked = row.and_then(|row| {
            let of_day = self.gate.check(row.trade_date());
            is_early = of_day.is_err() && self.gate.is_early(row.trade_date());
            of_day?;
            row.check()?;
            Ok(row)
        });
        match checked {
            Ok(row) => {
                self.rows.push(row);
                self.places.push((self.files.len().saturating_sub(1) as u32, line));
            }
            Err(reason) if self.rejected.len() < REJECTED_ROWS_MAX => {
                let name = self.files.last().map_or("", String::as_str);
                self.rejected.push(Rejected { is_early, ..Rejected::new(name, line, reason, &raw()) });
            }
            Err(_) => {
                let (what, allowed) = ("the number of bad rows", REJECTED_ROWS_MAX as u64);
                return Err(StoreError::Limit { path: path.into(), what, found: allowed + 1, allowed }.into());
            }
        }
        Ok(())
    }

    /// Puts the rows in order and takes out every row whose day and symbol an earlier one has.
    pub(super) fn finish(mut self) -> Result<TableRows<R>, SourceError> {
        let keys: Vec<_> = self.rows.iter().map(R::key).collect();
        // Files are mostly written in order, and then there is nothing to sort and nothing twice.
        if keys.is_sorted_by(|a, b| a < b) {
            return Ok(TableRows { rows: self.rows, rejected: self.rejected });
        }
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|index| (keys.get(*index), *index));
        let mut rows: Vec<Option<R>> = self.rows.drain(..).map(Some).collect();
        let mut sorted: Vec<R> = Vec::with_capacity(rows.len());
        let mut last: Option<usize> = None;
        for index in order {
            let Some(row) = rows.get_mut(index).and_then(Option::take) else { continue };
            if let Some(first) = last.filter(|last| keys.get(*last) == keys.get(index)) {
                self.rejected.push(self.double(first, index, &row)?);
            } else {
                sorted.push(row);
                last = Some(index);
            }
        }
        Ok(TableRows { rows: sorted, rejected: self.rejected })
    }

    fn double(&self, first: usize, second: usize, row: &R) -> Result<Rejected, SourceError> {
        let place = |index: usize| {
            let (file, line) = self.places.get(index).copied().unwrap_or_default();
            (self.files.get(file as usize).map_or("", String::as_str), line)
        };
        let ((file, line), (earlier_file, earlier_line)) = (place(second), place(first));
        let (symbol, date) = (row.symbol(), row.trade_date());
        let reason = format!("duplicate of {earlier_file}:{earlier_line}: {symbol} on {date} is there already");
        let raw = row_text(&R::to_batch(std::slice::from_ref(row))?, 0);
        Ok(Rejected::new(file, line, reason, &raw))
    }
}

/// Refuses columns that are unknown, missing or there twice, all mistakes at once.
pub(super) fn check_columns(
    path: &Path,
    table: &'static str,
    expected: &[&str],
    got: &[&str],
) -> Result<(), SourceError> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for name in got {
        if !seen.insert(*name) {
            problems.push(format!("column '{name}' is there twice"));
        } else if !expected.contains(name) {
            problems.push(format!("column '{name}' is unknown"));
        }
    }
    let missing: Vec<&str> = expected.iter().copied().filter(|name| !seen.contains(*name)).collect();
    match missing.as_slice() {
        [] => {}
        [name] => problems.push(format!("column '{name}' is missing")),
        names => problems.push(format!("columns {} are missing", names.join(", "))),
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(SourceError::Columns {
        path: path.into(),
        table,
        problems: super::printable(&problems.join(", "), 600),
        expected: expected.join(", "),
        got: super::printable(&got.join(", "), 600),
    })
}
