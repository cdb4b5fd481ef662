//! Regression trees in a form of our own: a list of nodes, a parent before its children, so that a
//! damaged file can neither loop nor point outside.

use serde::{Deserialize, Serialize};

use super::ModelError;

/// One tree; its root is node 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<TreeNode>,
}

/// One node, a number or `[feature, threshold, left, right, missing]` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TreeNode {
    /// What the tree adds to the prediction, in the label's unit.
    Leaf(f64),
    /// Feature by column number, threshold, and the nodes for below it, not below it, and missing.
    Split(usize, f64, usize, usize, usize),
}

impl Tree {
    /// Returns what the tree says of a row; NaN where the tree is damaged, which [`Tree::check`] finds.
    #[must_use]
    pub fn predict(&self, row: &[f64]) -> f64 {
        let mut at = 0;
        // Children come after their parent, so that a walk ends within as many steps as there are nodes.
        for _ in 0..self.nodes.len() {
            match self.nodes.get(at) {
                Some(TreeNode::Leaf(value)) => return *value,
                Some(TreeNode::Split(feature, threshold, left, right, missing)) => {
                    let value = row.get(*feature).copied().unwrap_or(f64::NAN);
                    at = match value.partial_cmp(threshold) {
                        Some(order) if order.is_lt() => *left,
                        Some(_) => *right,
                        None => *missing,
                    };
                }
                None => break,
            }
        }
        f64::NAN
    }

    /// Says whether the tree says the same of every row.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        matches!(self.nodes.first(), Some(TreeNode::Leaf(_)) | None)
    }

    /// Checks that every node leads to a leaf by features that there are.
    pub(super) fn check(&self, columns: usize) -> Result<(), ModelError> {
        let count = self.nodes.len();
        let sound = |(at, node): (usize, &TreeNode)| match node {
            TreeNode::Leaf(value) => value.is_finite(),
            TreeNode::Split(feature, threshold, left, right, missing) => {
                let inside = [left, right, missing].into_iter().all(|child| *child > at && *child < count);
                *feature < columns && threshold.is_finite() && inside
            }
        };
        match self.nodes.iter().enumerate().position(|node| !sound(node)) {
            Some(at) => Err(ModelError::Invalid(format!("node {at} of a tree is out of range"))),
            None if count == 0 => Err(ModelError::Invalid("a tree has no nodes".into())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Tree,
        TreeNode::{Leaf, Split},
    };

    #[test]
    fn row_walks_to_its_leaf() {
        let tree = Tree { nodes: vec![Split(1, 0.5, 1, 2, 3), Leaf(-1.0), Leaf(1.0), Leaf(7.0)] };
        assert_eq!([0.4, 0.5, 0.6, f64::NAN].map(|value| tree.predict(&[9.0, value])), [-1.0, 1.0, 1.0, 7.0]);
        tree.check(2).expect("sound");
        assert!(tree.check(1).is_err(), "feature 1 of one column");
    }

    #[test]
    fn damaged_trees_are_refused_and_end() {
        let loops = vec![Split(0, 0.5, 0, 0, 0)];
        let outside = vec![Split(0, 0.5, 1, 9, 1), Leaf(0.0)];
        for nodes in [vec![], loops, outside, vec![Leaf(f64::NAN)], vec![Split(0, f64::INFINITY, 1, 1, 1), Leaf(0.0)]] {
            let tree = Tree { nodes };
            assert!(tree.check(1).is_err(), "{tree:?}");
            let _ = tree.predict(&[1.0]);
        }
    }
}
