//! `config/label_spec.json`: the labels that a model may learn, and the tasks made of them.
//!
//! Horizons count trading sessions. A label whose future is unknown is missing, never zero.

use serde::Serialize;

use super::{
    mistake::Mistake,
    node::{Node, Place},
    section::{Bounds, Findings, Section},
};

/// The labels and tasks of a workspace.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct LabelSpec {
    /// Labels in file order; ids are unique.
    pub labels: Vec<Label>,
    /// Tasks in file order; ids are unique.
    pub tasks: Vec<Task>,
}

/// One label.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum LabelKind {
    /// A number to predict.
    Regression,
    /// A class, coded as a small integer.
    Classification,
}

/// How a label is computed, on adjusted prices: c close, h high, l low, t today, n the horizon.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

impl LabelSpec {
    /// Returns the label `id`.
    #[must_use]
    pub fn label(&self, id: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.id == id)
    }

    /// Returns the task `id`.
    #[must_use]
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    pub(super) fn read(tree: &Node, findings: &mut Findings) -> Self {
        let before = findings.mistakes.len();
        let spec = Section::root(tree, findings, |s| Self {
            labels: s.named("labels", read_label).into_iter().map(|(_, label)| label).collect(),
            tasks: s.named("tasks", read_task).into_iter().map(|(_, task)| task).collect(),
        });
        // Labels that were not understood cannot be looked up.
        if findings.mistakes.len() == before {
            spec.check_references(tree, findings);
        }
        spec
    }

    fn check_references(&self, tree: &Node, findings: &mut Findings) {
        let ids = || self.labels.iter().map(|label| label.id.as_str()).collect();
        let mut missing = |key: String, id: &str, what: &str, ids: Vec<&str>| {
            let place = tree.find(&key).map_or_else(|| Place::outside(""), |node| node.place.clone());
            findings.mistakes.push(Mistake::at(&place, key, format!("{id} is not {what}")).nearest(id, ids));
        };
        for label in &self.labels {
            let Family::Direction { base, .. } = &label.family else { continue };
            let is_base =
                |other: &Label| matches!(other.family, Family::Return { .. }) && other.horizon == label.horizon;
            if !self.label(base).is_some_and(is_base) {
                let fitting =
                    self.labels.iter().filter(|other| is_base(other)).map(|other| other.id.as_str()).collect();
                missing(format!("labels.{}.base_label", label.id), base, "a return label of the same horizon", fitting);
            }
        }
        for task in &self.tasks {
            if self.label(&task.primary_label).is_none() {
                missing(format!("tasks.{}.primary_label", task.id), &task.primary_label, "a label", ids());
            }
            for aux in task.aux_labels.iter().filter(|aux| self.label(aux).is_none()) {
                missing(format!("tasks.{}.aux_labels", task.id), aux, "a label", ids());
            }
        }
    }
}

fn read_label(id: &str, s: &mut Section<'_>) -> Label {
    let kinds = [("regression", LabelKind::Regression), ("classification", LabelKind::Classification)];
    for unread in ["description", "name_zh"] {
        s.optional(unread, Section::text);
    }
    let label = Label {
        id: id.to_owned(),
        name: s.text("name"),
        kind: s.choice("kind", &kinds, LabelKind::Regression),
        horizon: read_horizon(s),
        family: read_family(s),
    };
    let expected = match label.family {
        Family::Return { .. } | Family::MaxRunup | Family::MaxDrawdown => Some(LabelKind::Regression),
        Family::Direction { .. } | Family::BarrierTp { .. } | Family::BarrierSl { .. } | Family::Outcome { .. } => {
            Some(LabelKind::Classification)
        }
        Family::Copy { .. } => None,
    };
    if expected.is_some_and(|kind| kind != label.kind) {
        s.mistake("kind", "does not fit the family: directions, barriers and outcomes are classes, the rest numbers");
    }
    label
}

/// The original counts the sessions of some families in `window_days`.
fn read_horizon(s: &mut Section<'_>) -> usize {
    let is_old = s.has("window_days") && !s.has("horizon_days");
    if is_old {
        s.warning("window_days", "is an old name; write horizon_days");
    } else if s.has("window_days") {
        s.mistake("window_days", "is an old name of horizon_days, which is also given");
    }
    s.size(if is_old { "window_days" } else { "horizon_days" }, 1, 250)
}

#[derive(Clone, Copy)]
enum FamilyName {
    Return,
    Direction,
    BarrierTp,
    BarrierSl,
    MaxRunup,
    MaxDrawdown,
    Outcome,
    Copy,
}

const FAMILIES: [(&str, FamilyName); 10] = [
    ("return", FamilyName::Return),
    ("direction", FamilyName::Direction),
    ("barrier_tp", FamilyName::BarrierTp),
    ("barrier_sl", FamilyName::BarrierSl),
    ("max_runup", FamilyName::MaxRunup),
    ("max_drawdown", FamilyName::MaxDrawdown),
    ("outcome", FamilyName::Outcome),
    ("copy", FamilyName::Copy),
    // The original's names of the last two.
    ("outcome_3d", FamilyName::Outcome),
    ("emo_phase", FamilyName::Copy),
];

fn read_family(s: &mut Section<'_>) -> Family {
    match s.choice("family", &FAMILIES, FamilyName::MaxRunup) {
        FamilyName::Return => Family::Return {
            log: s.optional("log_return", Section::flag).unwrap_or(false),
            clip: s.optional("clip", |s, key| s.number(key, Bounds::POSITIVE)),
        },
        FamilyName::Direction => {
            let base = s.name("base_label");
            let (neg, pos) = s.section("thresholds", |s| {
                (s.number("neg", Bounds::between(-1.0, 0.0)), s.number("pos", Bounds::between(0.0, 1.0)))
            });
            if neg >= pos {
                s.mistake("thresholds", "neg is not below pos");
            }
            Family::Direction { base, neg, pos }
        }
        FamilyName::BarrierTp => Family::BarrierTp { pct: s.number("tp_pct", Bounds::above(0.0, 1.0)) },
        FamilyName::BarrierSl => Family::BarrierSl { pct: s.number("sl_pct", Bounds::above(0.0, 1.0)) },
        FamilyName::MaxRunup => Family::MaxRunup,
        FamilyName::MaxDrawdown => Family::MaxDrawdown,
        FamilyName::Outcome => s.section("thresholds", read_outcome),
        FamilyName::Copy => Family::Copy { column: s.name("source_column") },
    }
}

fn read_outcome(s: &mut Section<'_>) -> Family {
    let (big_up, up) = (s.number("big_up", Bounds::above(0.0, 1.0)), s.number("up", Bounds::above(0.0, 1.0)));
    let (down, big_down) =
        (s.number("down", Bounds::between(-1.0, 0.0)), s.number("big_down", Bounds::between(-1.0, 0.0)));
    if big_up < up {
        s.mistake("big_up", "is below up");
    }
    if big_down > down {
        s.mistake("big_down", "is above down");
    }
    Family::Outcome { big_up, up, down, big_down }
}

fn read_task(id: &str, s: &mut Section<'_>) -> Task {
    Task {
        id: id.to_owned(),
        name: s.text("name"),
        primary_label: s.name("primary_label"),
        aux_labels: s.texts("aux_labels"),
    }
}
