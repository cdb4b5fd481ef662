//! How far into the past and the future an expression looks, in sessions.

use super::{Graph, Node};

/// The rows around its own that a value depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::research::factor) struct Reach {
    /// Rows before; none where it is every row so far.
    pub(in crate::research::factor) back: Option<usize>,
    /// Rows after.
    pub(in crate::research::factor) ahead: usize,
}

impl Reach {
    /// Returns the reach of every node of a graph.
    pub(in crate::research::factor) fn of(graph: &Graph) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            let mut reach = Self { back: Some(0), ahead: 0 };
            for input in node.inputs() {
                if let Some(input) = all.get(input) {
                    reach.back = reach.back.zip(input.back).map(|(one, other)| one.max(other));
                    reach.ahead = reach.ahead.max(input.ahead);
                }
            }
            all.push(reach.through(*node));
        }
        all
    }

    fn through(self, node: Node) -> Self {
        let further = |rows: usize| self.back.map(|back| back + rows);
        match node {
            Node::Shift { rows, .. } => {
                let (past, future) = (rows.max(0).unsigned_abs() as usize, rows.min(0).unsigned_abs() as usize);
                // A value of a later session needs fewer past ones, and one of an earlier fewer later ones.
                let back = self.back.map(|back| (back + past).saturating_sub(future));
                Self { back, ahead: (self.ahead + future).saturating_sub(past) }
            }
            Node::Rolling { rows, .. } | Node::Pair { rows, .. } => {
                Self { back: further(rows.saturating_sub(1)), ..self }
            }
            Node::Ema { .. } => Self { back: None, ..self },
            _ => self,
        }
    }
}
