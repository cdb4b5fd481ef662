//! Layers of settings, from low to high: the template's defaults, the file, the overlay of the
//! environment, `LIGHTHUNTER_*` variables, `--set`. Objects merge key by key; all else is replaced whole.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    document::Document,
    json,
    mistake::Mistake,
    node::{Node, Place, Value},
    template,
};
use crate::digest::{Digest, Hasher};

/// Objects whose keys the user chooses: the template's are examples, not defaults, so a file that has
/// its own gets none of the template's.
const CHOSEN: [&str; 4] = ["portfolio.accounts", "portfolio.strategies", "research.jobs", "jobs"];

/// A value in force and where it is from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Origin {
    /// The value.
    pub value: serde_json::Value,
    /// `FILE:LINE`, `--set`, the name of an environment variable, or `default`.
    pub origin: String,
}

/// Returns the template's defaults as the lowest layer.
pub(super) fn defaults() -> Result<Node, Vec<Mistake>> {
    let document = Document::of_bytes("default", template::SYSTEM_CONFIG.into()).map_err(|mistake| vec![*mistake])?;
    let mut tree = json::parse(&document)?;
    relocate(&mut tree, &Place::outside("default"));
    Ok(tree)
}

fn relocate(node: &mut Node, place: &Place) {
    node.place = place.clone();
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| relocate(item, place)),
        Value::Map(entries) => {
            for entry in entries {
                entry.place = place.clone();
                relocate(&mut entry.node, place);
            }
        }
        _ => {}
    }
}

/// Makes a layer of one value given as text: JSON where it is JSON, else a text.
pub(super) fn of_text(name: &str, key: &str, text: &str, layer: &mut Node) -> Result<(), Box<Mistake>> {
    let place = Place::outside(name);
    if key.split('.').any(str::is_empty) {
        return Err(Mistake::at(&place, key, "is not a dotted key, such as hud.port").into());
    }
    let value = serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.to_owned()));
    put_json(name, key, value, layer);
    Ok(())
}

/// Puts a value at a dotted key of a layer that is no file.
pub(super) fn put_json(name: &str, key: &str, value: serde_json::Value, layer: &mut Node) {
    let place = Place::outside(name);
    layer.put(key, &place, of_json(value, &place));
}

fn of_json(json: serde_json::Value, place: &Place) -> Node {
    use serde_json::Value as Json;
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(flag),
        Json::Number(number) => Value::Number(number.to_string()),
        Json::String(text) => Value::Text(text),
        Json::Array(items) => Value::List(items.into_iter().map(|item| of_json(item, place)).collect()),
        Json::Object(map) => {
            let mut object = Node::empty_map(place.clone());
            let Value::Map(entries) = &mut object.value else { return object };
            entries.extend(map.into_iter().map(|(key, item)| super::node::Entry {
                key,
                place: place.clone(),
                node: of_json(item, place),
            }));
            return object;
        }
    };
    Node { value, place: place.clone() }
}

/// Puts the file over the defaults.
pub(super) fn over_defaults(mut defaults: Node, file: &Node) -> Node {
    for key in CHOSEN {
        if file.find(key).is_some_and(|node| matches!(node.value, Value::Map(_))) {
            defaults.remove(key);
        }
    }
    merge(&mut defaults, file);
    defaults
}

/// Puts a layer over what is below it.
pub(super) fn merge(below: &mut Node, above: &Node) {
    let (Value::Map(entries), Value::Map(higher)) = (&mut below.value, &above.value) else {
        *below = above.clone();
        return;
    };
    below.place = above.place.clone();
    for entry in higher {
        match entries.iter_mut().find(|own| own.key == entry.key) {
            Some(own) => {
                own.place = entry.place.clone();
                merge(&mut own.node, &entry.node);
            }
            None => entries.push(entry.clone()),
        }
    }
}

/// Returns every value in force by its dotted key, with its origin. Lists and empty objects are values.
pub(super) fn origins(tree: &Node) -> BTreeMap<String, Origin> {
    let mut all = BTreeMap::new();
    collect(tree, "", &mut all);
    all
}

fn collect(node: &Node, path: &str, all: &mut BTreeMap<String, Origin>) {
    let entries = node.entries();
    if entries.is_empty() {
        all.insert(path.to_owned(), Origin { value: node.to_json(), origin: node.place.to_string() });
    }
    for entry in entries {
        let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
        collect(&entry.node, &path, all);
    }
}

/// Returns the digest of what a tree says; order of keys, comments and spelling of numbers do not count.
pub(super) fn digest(domain: &str, tree: &Node) -> Digest {
    let mut hasher = Hasher::new(domain);
    for (key, value) in origins(tree) {
        hasher.text(&key);
        hash(&value.value, &mut hasher);
    }
    hasher.finish()
}

fn hash(value: &serde_json::Value, hasher: &mut Hasher) {
    use serde_json::Value as Json;
    match value {
        Json::Null => hasher.text("null"),
        Json::Bool(flag) => hasher.text("bool").int(i64::from(*flag)),
        Json::Number(number) => match (number.as_u64(), number.as_f64()) {
            // Beyond 2^53 a whole number is not a double; a seed is one.
            (Some(whole), _) if whole > 1 << 53 => hasher.text("whole").text(&whole.to_string()),
            (_, float) => hasher.text("number").float(float.unwrap_or(f64::NAN)),
        },
        Json::String(text) => hasher.text("text").text(text),
        Json::Array(items) => {
            hasher.text("list").int(items.len() as i64);
            for item in items {
                hash(item, hasher);
            }
            hasher
        }
        Json::Object(map) => {
            hasher.text("object").int(map.len() as i64);
            let sorted: BTreeMap<_, _> = map.iter().collect();
            for (key, item) in sorted {
                hasher.text(key);
                hash(item, hasher);
            }
            hasher
        }
    };
}
