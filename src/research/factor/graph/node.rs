//! Nodes and their table. Equal nodes are one; what is constant is a number already.

use std::collections::{BTreeSet, HashMap};

use crate::research::factor::element;

/// An element-wise operator of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::research::factor) enum Unary {
    Negate,
    Abs,
    Sign,
    Log,
    Not,
}

/// An element-wise operator of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::research::factor) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Power,
    Greater,
    Less,
    Gt,
    Ge,
    Lt,
    Le,
    Eq,
    Ne,
    And,
    Or,
}

/// A number of one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::research::factor) enum Statistic {
    Sum,
    Mean,
    Count,
    Std,
    Var,
    Max,
    IdxMax,
    Min,
    IdxMin,
    Slope,
    Rsquare,
    Resi,
    Wma,
    Rank,
    /// The bits of q.
    Quantile(u64),
}

/// A number of two windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::research::factor) enum PairStatistic {
    Corr,
    Cov,
}

/// One part; the parts below it have smaller numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::research::factor) enum Node {
    /// The bits of a number.
    Number(u64),
    /// A column of the input, by its place in [`Graph::fields`].
    Field(usize),
    /// The value of `rows` rows ago, of a later row where negative.
    Shift {
        of: usize,
        rows: i32,
    },
    Unary(Unary, usize),
    Binary(Binary, usize, usize),
    /// Condition, then, else.
    If(usize, usize, usize),
    Rolling {
        statistic: Statistic,
        of: usize,
        rows: usize,
    },
    Pair {
        statistic: PairStatistic,
        left: usize,
        right: usize,
        rows: usize,
    },
    Ema {
        of: usize,
        rows: usize,
    },
}

impl Node {
    /// Returns the parts that it is made of.
    pub(in crate::research::factor) fn inputs(self) -> impl Iterator<Item = usize> {
        let inputs = match self {
            Self::Number(_) | Self::Field(_) => [None; 3],
            Self::Shift { of, .. } | Self::Unary(_, of) | Self::Rolling { of, .. } | Self::Ema { of, .. } => {
                [Some(of), None, None]
            }
            Self::Binary(_, left, right) | Self::Pair { left, right, .. } => [Some(left), Some(right), None],
            Self::If(condition, then, other) => [Some(condition), Some(then), Some(other)],
        };
        inputs.into_iter().flatten()
    }
}

/// Every distinct part of some expressions, each after the parts that it is made of.
#[derive(Debug, Clone, Default)]
pub(in crate::research::factor) struct Graph {
    nodes: Vec<Node>,
    fields: Vec<String>,
    known: HashMap<Node, usize>,
}

impl Graph {
    /// Returns the parts.
    pub(in crate::research::factor) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the names of the input columns that are used.
    pub(in crate::research::factor) fn fields(&self) -> &[String] {
        &self.fields
    }

    pub(in crate::research::factor) fn node(&self, at: usize) -> Node {
        self.nodes.get(at).copied().unwrap_or(Node::Number(f64::NAN.to_bits()))
    }

    /// Returns the nodes that some are made of, themselves included.
    pub(in crate::research::factor) fn parts_of(&self, roots: &[usize]) -> BTreeSet<usize> {
        let mut parts = BTreeSet::new();
        let mut open = roots.to_vec();
        while let Some(at) = open.pop() {
            if parts.insert(at) {
                open.extend(self.node(at).inputs());
            }
        }
        parts
    }

    pub(super) fn field(&mut self, name: &str) -> usize {
        let at = self.fields.iter().position(|own| own == name).unwrap_or_else(|| {
            self.fields.push(name.to_owned());
            self.fields.len() - 1
        });
        self.put(Node::Field(at))
    }

    pub(super) fn number(&mut self, value: f64) -> usize {
        self.put(Node::Number(value.to_bits()))
    }

    /// Returns the number of a node; of its value where all its parts are numbers.
    pub(super) fn put(&mut self, node: Node) -> usize {
        let node = self.folded(node);
        if let Some(at) = self.known.get(&node) {
            return *at;
        }
        self.nodes.push(node);
        self.known.insert(node, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn folded(&self, node: Node) -> Node {
        let value = |at: usize| match self.node(at) {
            Node::Number(bits) => Some(f64::from_bits(bits)),
            _ => None,
        };
        let folded = match node {
            Node::Unary(operator, of) => value(of).map(|of| element::unary(operator, of)),
            Node::Binary(operator, left, right) => {
                value(left).zip(value(right)).map(|(left, right)| element::binary(operator, left, right))
            }
            _ => None,
        };
        folded.map_or(node, |value| Node::Number(value.to_bits()))
    }
}
