//! A factor set over an input as one table: built-in factors, expressions and labels side by side.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;

use super::{Availability, ExpressionSet, FactorInput, availability, frame};
use crate::{
    config::FactorSet,
    research::ResearchError,
    store::{Frame, FrameColumn, StoreError},
};

/// A set that has been read and checked.
#[derive(Debug, Clone)]
pub struct FactorPlan {
    set: FactorSet,
    expressions: ExpressionSet,
}

/// Values of a set: a row for every code and session from the code's first bar to its last, by code, then
/// date.
#[derive(Debug, Clone)]
pub struct FactorTable {
    /// The code of each row.
    pub codes: Vec<Arc<str>>,
    /// The date of each row.
    pub dates: Vec<Date>,
    /// The columns: built-in factors, expressions, labels.
    pub names: Vec<String>,
    /// One number a row for each column; NaN where missing.
    pub columns: Vec<Vec<f64>>,
    /// How much of each factor there is.
    pub availability: Vec<Availability>,
}

impl FactorPlan {
    /// Reads a set. `extra` are fields beside the usual ones.
    ///
    /// # Errors
    /// At the first mistake: an expression, with its place, or a built-in factor that is not one.
    pub fn read(set: &FactorSet, extra: &[&str]) -> Result<Self, ResearchError> {
        if !set.factors.is_empty() {
            frame::check(set)?;
        }
        Ok(Self { set: set.clone(), expressions: ExpressionSet::read(set, extra)? })
    }

    /// Returns the expressions.
    #[must_use]
    pub fn expressions(&self) -> &ExpressionSet {
        &self.expressions
    }

    /// Says whether the set has built-in factors, which are computed from bars.
    #[must_use]
    pub fn needs_bars(&self) -> bool {
        !self.set.factors.is_empty()
    }

    /// Computes the set over the last `last` sessions of an input, over all where there is no number.
    ///
    /// # Errors
    /// When the input lacks a column.
    pub fn compute(
        &self,
        input: &FactorInput,
        last: Option<usize>,
        threads: usize,
    ) -> Result<FactorTable, ResearchError> {
        self.compute_telling(input, last, threads, &|_, _| {})
    }

    /// As [`compute`](Self::compute); `progress` hears how many symbols of how many are done.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn compute_telling(
        &self,
        input: &FactorInput,
        last: Option<usize>,
        threads: usize,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<FactorTable, ResearchError> {
        let computed = self.expressions.compute_telling(&input.aligned, last, threads, progress)?;
        let code = |symbol: &usize| input.aligned.codes().get(*symbol).cloned().unwrap_or_else(|| "".into());
        let date = |session: &usize| input.aligned.sessions().get(*session).copied().unwrap_or_default();
        let codes: Vec<Arc<str>> = computed.keys.iter().map(|(symbol, _)| code(symbol)).collect();
        let dates: Vec<Date> = computed.keys.iter().map(|(_, session)| date(session)).collect();
        let mut table = FactorTable { codes, dates, names: vec![], columns: vec![], availability: vec![] };
        if self.needs_bars() {
            self.add_built_in(input, &mut table)?;
        }
        let traded = input.aligned.traded(last);
        let labels: Vec<&str> = self
            .expressions
            .columns()
            .iter()
            .filter(|column| column.is_label)
            .map(|column| column.name.as_str())
            .collect();
        let asked: Vec<String> =
            computed.names.iter().filter(|name| !labels.contains(&name.as_str())).cloned().collect();
        table.availability.extend(availability(&asked, &computed.names, &computed.columns, &traded));
        table.names.extend(computed.names);
        table.columns.extend(computed.columns);
        Ok(table)
    }

    fn add_built_in(&self, input: &FactorInput, table: &mut FactorTable) -> Result<(), ResearchError> {
        let built_in = FactorSet { expressions: vec![], labels: vec![], definitions: vec![], ..self.set.clone() };
        let frame = frame::compute(&built_in, &input.panel())?;
        let symbols: BTreeMap<String, usize> =
            frame.symbols.iter().enumerate().map(|(at, symbol)| (symbol.to_string(), at)).collect();
        let days = frame.dates.len();
        let cell = |(code, date): (&Arc<str>, &Date)| {
            let symbol = super::input::symbol(code).and_then(|symbol| symbols.get(&symbol.to_string()).copied())?;
            Some(symbol * days + frame.dates.binary_search(date).ok()?)
        };
        let cells: Vec<Option<usize>> = table.codes.iter().zip(&table.dates).map(cell).collect();
        for column in &frame.columns {
            let value = |cell: &Option<usize>| cell.and_then(|cell| column.get(cell).copied()).unwrap_or(f64::NAN);
            table.columns.push(cells.iter().map(value).collect());
        }
        table.names.extend(frame.names);
        table.availability.extend(frame.availability);
        Ok(())
    }
}

impl FactorTable {
    /// Returns the table for a file: `code`, `date` and a column a factor.
    ///
    /// # Errors
    /// When a factor bears the name of a key column.
    pub fn into_frame(self) -> Result<Frame, StoreError> {
        let mut frame = Frame::new();
        frame.push("code", FrameColumn::Utf8(self.codes))?;
        frame.push("date", FrameColumn::Date(self.dates))?;
        for (name, column) in self.names.iter().zip(self.columns) {
            frame.push(name, FrameColumn::F64(column))?;
        }
        Ok(frame)
    }
}
