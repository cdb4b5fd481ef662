//! Where the rules draw their lines.

use crate::market::Field;

/// What a column may hold, CNY or shares; what is none bounds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FieldBounds {
    /// Values must be greater.
    pub gt: Option<f64>,
    /// Values must be greater or equal.
    pub ge: Option<f64>,
    /// Values must be less.
    pub lt: Option<f64>,
    /// Values must be less or equal.
    pub le: Option<f64>,
}

impl FieldBounds {
    /// Says which bound a value breaks, such as `> 0`; a value that is not a number breaks none of them.
    pub(super) fn broken_by(&self, value: f64) -> Option<String> {
        let said = |sign: &str, bound: f64| format!("{sign} {bound}");
        let low = self.gt.filter(|bound| value <= *bound).map(|bound| said(">", bound));
        let low = low.or_else(|| self.ge.filter(|bound| value < *bound).map(|bound| said(">=", bound)));
        let high = || self.lt.filter(|bound| value >= *bound).map(|bound| said("<", bound));
        low.or_else(high).or_else(|| self.le.filter(|bound| value > *bound).map(|bound| said("<=", bound)))
    }
}

/// Where the rules draw their lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// The share of rows with a hard finding above which the table is refused, 0..1.
    pub hard_share_max: f64,
    /// A price this far beyond the limit, as a share of the reference, is soft: references that are
    /// derived from corporate actions are a few ticks off now and then.
    pub limit_tolerance: f64,
    /// Sessions with the same four prices from which on a trading series is stale.
    pub stale_sessions: usize,
    /// By how much a step of the factor may differ from previous close / reference, as a share.
    pub factor_tolerance: f64,
    /// What the config allows each column, in the order of [`Field::ALL`].
    pub bounds: [FieldBounds; Field::ALL.len()],
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            hard_share_max: 0.01,
            limit_tolerance: 0.005,
            stale_sessions: 5,
            factor_tolerance: 1e-4,
            bounds: [FieldBounds::default(); Field::ALL.len()],
        }
    }
}
