//! `config/factor_spec.json`: named sets of factors.

use std::collections::BTreeMap;

use super::{
    node::Node,
    section::{Bounds, Findings, Section},
};

/// The factor sets of a workspace, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FactorSpec {
    /// Sets by name, such as `ultrashort_core`.
    pub sets: BTreeMap<String, FactorSet>,
}

/// One set of factors.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorSet {
    /// The window of the rolling factors, sessions.
    pub lookback: usize,
    /// A day counts as a big fall at or below this return, such as -0.05.
    pub big_down: f64,
    /// Factor names, in column order.
    pub factors: Vec<String>,
}

impl FactorSpec {
    pub(super) fn read(tree: &Node, findings: &mut Findings) -> Self {
        Section::root(tree, findings, |s| {
            let sets = s.named("sets", |_, s| FactorSet {
                lookback: s.size("lookback", 1, 1000),
                big_down: s.number("big_down", Bounds::between(-1.0, 0.0)),
                factors: read_factors(s),
            });
            if sets.is_empty() {
                s.mistake("sets", "is empty, allowed: at least one set");
            }
            Self { sets: sets.into_iter().collect() }
        })
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
