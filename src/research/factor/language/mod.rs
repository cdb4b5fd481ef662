//! The expression language of factors: Qlib's operator names over `$field` columns. Text becomes a
//! syntax tree here; `graph` gives it meaning. Knows no data.

mod error;
mod operator;
mod parser;
mod token;
mod tree;

pub use error::ExpressionError;
pub use operator::{Form, OPERATORS, Operator};

pub(super) use {
    error::nearest,
    parser::parse,
    tree::{Span, Tree, TreeKind},
};
