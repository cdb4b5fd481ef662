//! The look-ahead checker: computes a set again on data cut at a session and compares. A value that changes
//! when later data is taken away has used it.

use jiff::civil::Date;
use serde::Serialize;

use super::{FactorInput, FactorPlan, FactorTable};
use crate::research::ResearchError;

/// A value that used later data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Peek {
    /// The column.
    pub name: String,
    /// It is a label, which may.
    pub is_label: bool,
    /// The symbol.
    pub code: String,
    /// The session of the value.
    pub date: Date,
    /// The last session of the data when it was computed again.
    pub cut: Date,
    /// The value with all data; none where missing.
    pub whole: Option<f64>,
    /// The value with the data up to the cut; none where missing.
    pub known: Option<f64>,
    /// How many values of the column differ, over all cuts.
    pub count: usize,
}

/// Computes the set again on data cut at `cuts` sessions, spread over the input, and returns the first
/// differing value of every column that has one, in the order of the columns.
///
/// # Errors
/// As [`FactorPlan::compute`].
pub fn peeks(plan: &FactorPlan, input: &FactorInput, cuts: usize, threads: usize) -> Result<Vec<Peek>, ResearchError> {
    let sessions = input.aligned.sessions();
    let whole = plan.compute(input, None, threads)?;
    let labels: Vec<&str> = plan
        .expressions()
        .columns()
        .iter()
        .filter(|column| column.is_label)
        .map(|column| column.name.as_str())
        .collect();
    let mut found: Vec<Option<Peek>> = vec![None; whole.names.len()];
    for number in 1..=cuts {
        // Never the last session: nothing would be cut.
        let Some(cut) = sessions.get(sessions.len().saturating_sub(1) * number / (cuts + 1)).copied() else { break };
        let known = plan.compute(&input.until(cut), None, threads)?;
        let rows = matching(&whole, &known);
        for ((found, name), (all, part)) in
            found.iter_mut().zip(&whole.names).zip(whole.columns.iter().zip(&known.columns))
        {
            for (known_row, row) in rows.iter().enumerate() {
                let value = |column: &[f64], row: usize| column.get(row).copied().filter(|value| !value.is_nan());
                let (whole_value, known_value) = (value(all, *row), value(part, known_row));
                if whole_value.map(f64::to_bits) == known_value.map(f64::to_bits) {
                    continue;
                }
                let code = whole.codes.get(*row).map(ToString::to_string).unwrap_or_default();
                let peek = found.get_or_insert_with(|| Peek {
                    name: name.clone(),
                    is_label: labels.contains(&name.as_str()),
                    code,
                    date: whole.dates.get(*row).copied().unwrap_or_default(),
                    cut,
                    whole: whole_value,
                    known: known_value,
                    count: 0,
                });
                peek.count += 1;
            }
        }
    }
    Ok(found.into_iter().flatten().collect())
}

/// Returns the row of `whole` for every row of `part`; both are by code, then date.
fn matching(whole: &FactorTable, part: &FactorTable) -> Vec<usize> {
    let mut row = 0;
    let mut rows = Vec::with_capacity(part.codes.len());
    for key in part.codes.iter().zip(&part.dates) {
        while whole.codes.get(row).zip(whole.dates.get(row)).is_some_and(|own| own < key) {
            row += 1;
        }
        rows.push(row);
    }
    rows
}

#[cfg(test)]
#[path = "look_ahead_tests.rs"]
mod tests;
