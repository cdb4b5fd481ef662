//! A set of expressions, read once: names, graph, plan, and how far each looks back and ahead.

use super::{
    AlignedPanel, ExpressionError,
    engine::{self, Job},
    frame,
    graph::{self, Definition, Graph, Node, Reach, lower},
    language::nearest,
    plan::{Step, steps},
};
use crate::{config::FactorSet, research::ResearchError};

/// The columns that a panel of daily bars has; prices and volume are adjusted.
pub const FIELDS: [&str; 8] = ["open", "high", "low", "close", "volume", "vwap", "amount", "factor"];

/// An expression of a set.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// It is a label, which may look forward.
    pub is_label: bool,
    /// How many sessions before its own a value needs; none where it needs all of them.
    pub lookback: Option<usize>,
    /// How many sessions after its own a value needs.
    pub lookahead: usize,
    origin: String,
    root: usize,
}

/// The expressions of a set, ready to be computed.
#[derive(Debug, Clone)]
pub struct ExpressionSet {
    columns: Vec<Column>,
    graph: Graph,
    plan: Vec<Step>,
}

/// Values of a set over a panel.
#[derive(Debug, Clone)]
pub struct Computed {
    /// The expressions, in order.
    pub names: Vec<String>,
    /// Symbol and session of each row, as places in the panel's lists.
    pub keys: Vec<(usize, usize)>,
    /// One number a row for each expression; NaN where missing.
    pub columns: Vec<Vec<f64>>,
}

fn definitions(set: &FactorSet) -> Vec<Definition> {
    [&set.expressions, &set.labels, &set.definitions].into_iter().flatten().map(Definition::of).collect()
}

/// Says whether a field is one of [`FIELDS`] or of `extra`, else the nearest of them.
fn check_field(name: &str, extra: &[&str]) -> Result<(), Option<String>> {
    let mut known = FIELDS.iter().chain(extra).copied();
    if known.clone().any(|known| known == name) {
        Ok(())
    } else {
        Err(nearest(name, &mut known).map(|near| format!("${near}")))
    }
}

/// Returns every mistake of a set over daily bars: expressions, built-in factors that are none, factors that
/// look forward. Nothing is computed.
#[must_use]
pub fn mistakes(set: &FactorSet) -> Vec<ResearchError> {
    let built_in = if set.factors.is_empty() { None } else { frame::check(set).err() };
    let written = graph::mistakes(&definitions(set), |name| check_field(name, &[]));
    let mut found: Vec<ResearchError> = built_in.into_iter().chain(written.into_iter().map(Into::into)).collect();
    if let Ok(read) = ExpressionSet::read(set, &[]) {
        found.extend(read.columns().iter().filter_map(|column| column.check_forward().err()).map(ResearchError::from));
    }
    found
}

impl ExpressionSet {
    /// Reads the expressions and labels of a set. `extra` are fields beside [`FIELDS`].
    ///
    /// # Errors
    /// At the first mistake, with its place in the expression.
    pub fn read(set: &FactorSet, extra: &[&str]) -> Result<Self, ExpressionError> {
        let definitions = definitions(set);
        let (graph, roots) = lower(&definitions, |name| check_field(name, extra))?;
        let reaches = Reach::of(&graph);
        let shown = set.expressions.len() + set.labels.len();
        let columns: Vec<Column> = definitions
            .into_iter()
            .zip(roots)
            .take(shown)
            .enumerate()
            .map(|(at, (definition, root))| {
                let reach = reaches.get(root).copied().unwrap_or(Reach { back: None, ahead: 0 });
                Column {
                    name: definition.name,
                    text: definition.text,
                    is_label: at >= set.expressions.len(),
                    lookback: reach.back,
                    lookahead: reach.ahead,
                    origin: definition.origin,
                    root,
                }
            })
            .collect();
        Ok(Self::of(columns, graph))
    }

    fn of(columns: Vec<Column>, graph: Graph) -> Self {
        let roots: Vec<usize> = columns.iter().map(|column| column.root).collect();
        let plan = steps(&graph, &roots);
        Self { columns, graph, plan }
    }

    /// Returns the set without its labels.
    #[must_use]
    pub fn without_labels(self) -> Self {
        let columns = self.columns.into_iter().filter(|column| !column.is_label).collect();
        Self::of(columns, self.graph)
    }

    /// Returns the expressions, the labels last.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns how many sessions before the first wanted one must be read; none where all must.
    #[must_use]
    pub fn lookback(&self) -> Option<usize> {
        self.columns.iter().try_fold(0, |most, column| column.lookback.map(|back| most.max(back)))
    }

    pub(super) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Returns name and node of every expression.
    pub(super) fn roots(&self) -> impl Iterator<Item = (&str, usize)> {
        self.columns.iter().map(|column| (column.name.as_str(), column.root))
    }

    /// Refuses factors that look forward.
    ///
    /// # Errors
    /// At the first of them.
    pub fn check_forward(&self) -> Result<(), ExpressionError> {
        self.columns.iter().try_for_each(Column::check_forward)
    }

    /// Computes the set over the last `wanted` sessions of a panel, over all where there is no number. The
    /// bytes do not depend on `wanted`, nor on `threads`.
    ///
    /// # Errors
    /// When the panel lacks a field.
    pub fn compute(
        &self,
        panel: &AlignedPanel,
        wanted: Option<usize>,
        threads: usize,
    ) -> Result<Computed, ExpressionError> {
        self.compute_telling(panel, wanted, threads, &|_, _| {})
    }

    /// As [`compute`](Self::compute); `progress` hears how many symbols of how many are done.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn compute_telling(
        &self,
        panel: &AlignedPanel,
        wanted: Option<usize>,
        threads: usize,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Computed, ExpressionError> {
        let mut fields = Vec::new();
        for name in self.graph.fields() {
            fields.push(panel.field(name).ok_or_else(|| self.lacks(name, panel))?);
        }
        let stretches = panel.stretches(wanted, self.lookback());
        let roots: Vec<usize> = self.columns.iter().map(|column| column.root).collect();
        let job = Job { graph: &self.graph, steps: &self.plan, roots: &roots, fields: &fields, progress };
        let columns = engine::run(&job, &stretches, threads);
        let names = self.columns.iter().map(|column| column.name.clone()).collect();
        Ok(Computed { names, keys: panel.keys(&stretches).collect(), columns })
    }

    /// Returns the error for a field that the input does not have, at the first expression that uses it.
    fn lacks(&self, name: &str, panel: &AlignedPanel) -> ExpressionError {
        let uses = |column: &&Column| self.uses(column.root, name);
        let there = panel.fields().map(|field| format!("${field}")).collect::<Vec<_>>().join(" ");
        let what = format!("the input has no column for ${name}, it has {there}");
        match self.columns.iter().find(uses) {
            Some(column) => column.wrong_at(&format!("${name}"), what).missing_column(),
            None => ExpressionError::at(name, &(0..name.len()), what).missing_column(),
        }
    }

    fn uses(&self, root: usize, field: &str) -> bool {
        let is_field = |at: &usize| {
            let Node::Field(own) = self.graph.node(*at) else { return false };
            self.graph.fields().get(own).is_some_and(|own| own == field)
        };
        self.graph.parts_of(&[root]).iter().any(is_field)
    }
}

impl Column {
    fn check_forward(&self) -> Result<(), ExpressionError> {
        if self.is_label || self.lookahead == 0 {
            return Ok(());
        }
        let sessions = if self.lookahead == 1 { "session" } else { "sessions" };
        Err(self.wrong(format!("looks {} {sessions} ahead, which only `labels` may", self.lookahead)))
    }

    fn wrong(&self, what: impl Into<String>) -> ExpressionError {
        ExpressionError::at(&self.text, &(0..self.text.len()), what).of(&self.origin)
    }

    fn wrong_at(&self, part: &str, what: impl Into<String>) -> ExpressionError {
        let span = self.text.find(part).map_or(0..self.text.len(), |start| start..start + part.len());
        ExpressionError::at(&self.text, &span, what).of(&self.origin)
    }
}

#[cfg(test)]
#[path = "oracle_tests.rs"]
mod oracle_tests;

#[cfg(test)]
#[path = "set_tests.rs"]
mod tests;
