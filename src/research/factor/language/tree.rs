//! The syntax tree: what was written, with its place. No name in it has been looked up yet.

use std::ops::Range;

/// Bytes of an expression's text.
pub(in crate::research::factor) type Span = Range<usize>;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::research::factor) struct Tree {
    /// What it is.
    pub(in crate::research::factor) kind: TreeKind,
    /// Where it was written.
    pub(in crate::research::factor) span: Span,
    /// How many parts lie above each other, itself included.
    pub(in crate::research::factor) height: usize,
}

impl Tree {
    /// Returns what stands for an expression that could not be read.
    pub(in crate::research::factor) fn unknown() -> Self {
        Self::new(TreeKind::Number(f64::NAN), 0..0)
    }

    pub(super) fn new(kind: TreeKind, span: Span) -> Self {
        let below = match &kind {
            TreeKind::Negated(inner) => inner.height,
            TreeKind::Call { arguments, .. } => arguments.iter().map(|inner| inner.height).max().unwrap_or(0),
            _ => 0,
        };
        Self { kind, span, height: below + 1 }
    }
}

/// What a part of an expression is.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::research::factor) enum TreeKind {
    /// `1e-12`.
    Number(f64),
    /// `$close`, without the `$`.
    Field(String),
    /// Another expression of the set.
    Name(String),
    /// `-x`.
    Negated(Box<Tree>),
    /// `Mean($close, 5)`, and `a + b` as `Add(a, b)`; the span of the operator itself.
    Call { operator: String, at: Span, arguments: Vec<Tree> },
}
