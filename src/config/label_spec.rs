//! `config/label_spec.json`: the labels that a model may learn, and the tasks made of them.
//!
//! Horizons count trading sessions. A label whose future is unknown is missing, never zero.

/// The labels and tasks of a workspace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LabelSpec {
    /// Labels in file order; ids are unique.
    pub labels: Vec<Label>,
    /// Tasks in file order; ids are unique.
    pub tasks: Vec<Task>,
}

/// One label.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Its id, such as `ULTRA_T1_RET_C2C`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What kind of number it is.
    pub kind: LabelKind,
    /// Sessions from today to the end of the window, at least 1.
    pub horizon: usize,
    /// How it is computed.
    pub family: Family,
}

/// What kind of number a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// A number to predict.
    Regression,
    /// A class, coded as a small integer.
    Classification,
}

/// How a label is computed, on adjusted prices: c close, h high, l low, t today, n the horizon.
#[derive(Debug, Clone, PartialEq)]
pub enum Family {
    /// c\[t+n\] / c\[t\] - 1, or its logarithm; clipped to +-`clip` where given.
    Return {
        /// Logarithmic return.
        log: bool,
        /// Largest magnitude kept.
        clip: Option<f64>,
    },
    /// -1 where the base label <= `neg`, 1 where >= `pos`, else 0.
    Direction {
        /// The id of the return label it classifies.
        base: String,
        /// Lower threshold, below 0.
        neg: f64,
        /// Upper threshold, above 0.
        pos: f64,
    },
    /// 1 where a high of t+1..t+n >= c\[t\] x (1 + `pct`), else 0.
    BarrierTp {
        /// Take-profit distance.
        pct: f64,
    },
    /// 1 where a low of t+1..t+n <= c\[t\] x (1 - `pct`), else 0.
    BarrierSl {
        /// Stop-loss distance.
        pct: f64,
    },
    /// max(h\[t+1..t+n\]) / c\[t\] - 1.
    MaxRunup,
    /// min(l\[t+1..t+n\]) / c\[t\] - 1.
    MaxDrawdown,
    /// 2 or 1 by the largest run-up (`big_up`, `up`), -2 or -1 by the largest drawdown (`big_down`,
    /// `down`), else 0. Where both sides are reached, the side whose larger threshold is reached first in
    /// time wins; on the same session the loss does.
    Outcome {
        /// Run-up of class 2.
        big_up: f64,
        /// Run-up of class 1.
        up: f64,
        /// Drawdown of class -1, below 0.
        down: f64,
        /// Drawdown of class -2, below 0.
        big_down: f64,
    },
    /// Copies a column of the panel; missing where the panel has none.
    Copy {
        /// The column.
        column: String,
    },
}

/// A task: the label a job learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id, such as `ultrashort_t1_regression`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The label to learn.
    pub primary_label: String,
    /// Labels kept beside it.
    pub aux_labels: Vec<String>,
}
