//! The graph of a set's expressions: every distinct part once, whatever expression it stands in. One
//! shape, two readers: the kernels and the SQL printer.

mod lower;
mod node;
mod reach;

pub(super) use {
    lower::{Definition, lower, mistakes},
    node::{Binary, Graph, Node, PairStatistic, Statistic, Unary},
    reach::Reach,
};
