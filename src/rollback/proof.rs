//! The fingerprint proof: two states compared layer by layer.

use std::collections::BTreeMap;

use super::{Fingerprint, LayerPrint};
use crate::{
    digest::Digest,
    record::{Layer, LayerProof, ProofRecord},
};

/// How many differences of a layer are named; the rest is counted.
const DIFFERENCES_NAMED: usize = 40;

/// Compares two states; the proof holds when every layer is equal.
#[must_use]
pub fn compare(before: &Fingerprint, after: &Fingerprint, seconds: f64) -> ProofRecord {
    let empty = LayerPrint::default();
    let mut names: Vec<Layer> = before.layers.keys().chain(after.layers.keys()).copied().collect();
    names.sort();
    names.dedup();
    let layers: Vec<LayerProof> = names
        .into_iter()
        .map(|layer| {
            let was = before.layers.get(&layer).unwrap_or(&empty);
            let is = after.layers.get(&layer).unwrap_or(&empty);
            layer_proof(layer, was, is)
        })
        .collect();
    // A proof of nothing proves nothing.
    let holds = !layers.is_empty() && layers.iter().all(|layer| layer.before == layer.after);
    ProofRecord { kind: "fingerprint".into(), holds, layers, seconds }
}

/// Compares two states of one layer.
pub(super) fn layer_proof(layer: Layer, was: &LayerPrint, is: &LayerPrint) -> LayerProof {
    let differences = differences(&was.entries, &is.entries);
    LayerProof { layer, before: was.digest(), after: is.digest(), differences, rollback_seconds: None }
}

fn differences(before: &BTreeMap<String, Digest>, after: &BTreeMap<String, Digest>) -> Vec<String> {
    let mut lines: Vec<String> = before
        .iter()
        .filter_map(|(name, was)| match after.get(name) {
            None => Some(format!("missing {name}")),
            Some(is) if is != was => Some(format!("changed {name}: {} is now {}", was.short(), is.short())),
            Some(_) => None,
        })
        .collect();
    lines.extend(after.keys().filter(|name| !before.contains_key(*name)).map(|name| format!("added {name}")));
    if lines.len() > DIFFERENCES_NAMED {
        let more = lines.len() - DIFFERENCES_NAMED;
        lines.truncate(DIFFERENCES_NAMED);
        lines.push(format!("and {more} more"));
    }
    lines
}
