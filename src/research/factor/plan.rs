//! The order in which the parts of a graph are computed: parts that share a window are one step, and a
//! buffer is used again when nothing needs it any more.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, Node, PairStatistic, Statistic};

/// Windows that one pass over the rows gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Sums,
    Moments,
    Highest,
    Lowest,
    Lines,
    Orders,
}

impl Family {
    fn of(statistic: Statistic) -> Self {
        match statistic {
            Statistic::Sum | Statistic::Mean | Statistic::Count => Self::Sums,
            Statistic::Std | Statistic::Var => Self::Moments,
            Statistic::Max | Statistic::IdxMax => Self::Highest,
            Statistic::Min | Statistic::IdxMin => Self::Lowest,
            Statistic::Slope | Statistic::Rsquare | Statistic::Resi | Statistic::Wma => Self::Lines,
            Statistic::Rank | Statistic::Quantile(_) => Self::Orders,
        }
    }
}

/// One pass over the rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Work {
    /// An element-wise node, a shift, or an exponential mean.
    Node(Node),
    /// Statistics of one window of one input.
    Windows { family: Family, of: usize, rows: usize, statistics: Vec<Statistic> },
    /// A statistic of two windows.
    Pair { statistic: PairStatistic, left: usize, right: usize, rows: usize },
}

/// One step: what is done, the nodes that it gives, and the nodes that nothing needs afterwards.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) work: Work,
    pub(super) gives: Vec<usize>,
    pub(super) frees: Vec<usize>,
}

/// Returns the steps that give `roots`. Numbers and input columns need none.
pub(super) fn steps(graph: &Graph, roots: &[usize]) -> Vec<Step> {
    let needed = graph.parts_of(roots);
    let mut families: BTreeMap<(Family, usize, usize), Vec<usize>> = BTreeMap::new();
    for (at, node) in graph.nodes().iter().enumerate().filter(|(at, _)| needed.contains(at)) {
        if let Node::Rolling { statistic, of, rows } = node {
            families.entry((Family::of(*statistic), *of, *rows)).or_default().push(at);
        }
    }
    let mut steps = Vec::new();
    for at in &needed {
        let (work, gives) = match graph.node(*at) {
            Node::Number(_) | Node::Field(_) => continue,
            Node::Pair { statistic, left, right, rows } => (Work::Pair { statistic, left, right, rows }, vec![*at]),
            Node::Rolling { statistic, of, rows } => {
                let family = Family::of(statistic);
                // The first of a family brings the others with it.
                let Some(gives) = families.remove(&(family, of, rows)) else { continue };
                let statistics = gives.iter().filter_map(|at| match graph.node(*at) {
                    Node::Rolling { statistic, .. } => Some(statistic),
                    _ => None,
                });
                (Work::Windows { family, of, rows, statistics: statistics.collect() }, gives)
            }
            node => (Work::Node(node), vec![*at]),
        };
        steps.push(Step { work, gives, frees: Vec::new() });
    }
    free(graph, &mut steps);
    steps
}

/// Notes at each step which nodes are used there for the last time.
fn free(graph: &Graph, steps: &mut [Step]) {
    let mut seen = BTreeSet::new();
    for step in steps.iter_mut().rev() {
        let own: Vec<usize> =
            step.gives.iter().flat_map(|at| graph.node(*at).inputs()).chain(step.gives.clone()).collect();
        for at in own {
            if seen.insert(at) {
                step.frees.push(at);
            }
        }
    }
}
