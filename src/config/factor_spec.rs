//! `config/factor_spec.json`: named sets of factors.

use std::collections::BTreeMap;

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
