//! `config/factor_spec.json`: named sets of factors, built in or written as expressions. Says which
//! expressions there are; what they mean is research's business.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    node::Node,
    section::{Bounds, Findings, Section, is_name},
};

/// Stands for each of the set's `windows` in a name and its expression.
const WINDOW: &str = "{n}";
/// The most expressions of one set, after its windows are written out.
const EXPRESSIONS_MAX: usize = 5000;
/// The key columns of every table of factors.
const KEYS: [&str; 2] = ["code", "date"];

/// The factor sets of a workspace, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FactorSpec {
    /// Sets by name, such as `ultrashort_core`.
    pub sets: BTreeMap<String, FactorSet>,
}

/// One set of factors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactorSet {
    /// The window of the built-in rolling factors, sessions.
    pub lookback: usize,
    /// A day counts as a big fall at or below this return, such as -0.05.
    pub big_down: f64,
    /// Names of built-in factors, in column order.
    pub factors: Vec<String>,
    /// Factors written as expressions, in column order, after the built-in ones.
    pub expressions: Vec<FactorExpression>,
    /// Labels written as expressions; only they may look forward.
    pub labels: Vec<FactorExpression>,
    /// Expressions that only others use.
    pub definitions: Vec<FactorExpression>,
}

impl Default for FactorSet {
    fn default() -> Self {
        Self { lookback: 5, big_down: -0.05, factors: vec![], expressions: vec![], labels: vec![], definitions: vec![] }
    }
}

/// A named expression.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FactorExpression {
    /// The column's name.
    pub name: String,
    /// The expression.
    pub text: String,
    /// Where it is written: file, line and key; no part of what it means.
    #[serde(skip)]
    pub origin: String,
}

impl FactorSpec {
    pub(super) fn read(tree: &Node, findings: &mut Findings) -> Self {
        Section::root(tree, findings, |s| {
            let sets = s.named("sets", read_set);
            if sets.is_empty() {
                s.mistake("sets", "is empty, allowed: at least one set");
            }
            Self { sets: sets.into_iter().collect() }
        })
    }
}

fn read_set(name: &str, s: &mut Section<'_>) -> FactorSet {
    let mut set = FactorSet::default();
    let is_written = s.has("expressions");
    if !is_written || s.has("factors") {
        set.lookback = s.size("lookback", 1, 1000);
        set.big_down = s.number("big_down", Bounds::between(-1.0, 0.0));
        set.factors = read_factors(s);
    }
    let windows = s.optional("windows", |s, key| s.counts(key, 0, 2500)).unwrap_or_default();
    let read = |s: &mut Section<'_>, key: &str| {
        if s.has(key) {
            s.section(key, |s| read_expressions(&format!("sets.{name}.{key}"), s, &windows))
        } else {
            Vec::new()
        }
    };
    set.definitions = read(s, "definitions");
    set.expressions = read(s, "expressions");
    set.labels = read(s, "labels");
    if is_written && set.expressions.is_empty() && set.factors.is_empty() {
        s.mistake("expressions", "is empty, allowed: at least one factor");
    }
    check_names(s, &set);
    set
}

fn read_expressions(path: &str, s: &mut Section<'_>, windows: &[u64]) -> Vec<FactorExpression> {
    let mut all = Vec::new();
    for entry in s.own_entries() {
        let key = entry.key.as_str();
        let text = s.text(key);
        let many = key.contains(WINDOW);
        if many && windows.is_empty() {
            s.mistake(key, format!("has {WINDOW} in its name, but the set has no `windows`"));
        } else if !many && text.contains(WINDOW) {
            s.mistake(key, format!("has {WINDOW} in its expression, but not in its name"));
        }
        let once = [0];
        for window in if many && !windows.is_empty() { windows } else { &once } {
            let written = |text: &str| if many { text.replace(WINDOW, &window.to_string()) } else { text.to_owned() };
            let name = written(key);
            if !is_name(&name) {
                s.mistake(key, "is not a name, allowed: letters, digits, _ and - only, at most 64");
            } else if KEYS.contains(&name.as_str()) {
                s.mistake(key, "is the name of a key column, allowed: any other name");
            }
            if all.len() >= EXPRESSIONS_MAX {
                s.mistake(key, format!("is too much: at most {EXPRESSIONS_MAX} expressions are read"));
                return all;
            }
            let origin = format!("{}: {path}.{name}", entry.place);
            all.push(FactorExpression { name, text: written(&text), origin });
        }
    }
    all
}

/// Reports a name that two columns or definitions of a set have.
fn check_names(s: &mut Section<'_>, set: &FactorSet) {
    let mut names: BTreeMap<&str, &str> = set.factors.iter().map(|name| (name.as_str(), "factors")).collect();
    let parts = [("definitions", &set.definitions), ("expressions", &set.expressions), ("labels", &set.labels)];
    for (key, expressions) in parts {
        for expression in expressions {
            if let Some(other) = names.insert(&expression.name, key) {
                s.mistake(key, format!("names {}, which is in {other} already", expression.name));
            }
        }
    }
}

fn read_factors(s: &mut Section<'_>) -> Vec<String> {
    let factors = s.texts("factors");
    if factors.is_empty() {
        s.mistake("factors", "is empty, allowed: at least one factor");
    }
    for (index, factor) in factors.iter().enumerate() {
        if factors.iter().take(index).any(|other| other == factor) {
            s.mistake("factors", format!("names {factor} twice"));
        }
    }
    factors
}
