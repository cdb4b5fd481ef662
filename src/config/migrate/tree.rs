//! What a migration does to a tree of values: walks it with lists, finds keys by pattern, and takes keys out.

use crate::config::node::{Entry, Node, Place, Value};

/// Returns the keys of the tree that a pattern stands for, in file order; `*` is any one key.
pub(super) fn matching(root: &Node, pattern: &str) -> Vec<String> {
    let mut found = vec![(String::new(), root)];
    for part in pattern.split('.') {
        found = found
            .into_iter()
            .flat_map(|(path, node)| {
                let is_meant = move |entry: &&Entry| part == "*" || entry.key == part;
                node.entries().iter().filter(is_meant).map(move |entry| (joined(&path, &entry.key), &entry.node))
            })
            .collect();
    }
    found.into_iter().map(|(path, _)| path).collect()
}

/// Takes a key out, `a.b` or `a.b[1].c`; returns where it was written. An object that only held it goes too.
pub(super) fn remove(root: &mut Node, key: &str) -> Option<Place> {
    let Some((list, rest)) = key.split_once('[') else { return root.remove(key).map(|entry| entry.place) };
    let (index, rest) = rest.split_once(']')?;
    let index: usize = index.parse().ok()?;
    let node = find_mut(root, list)?;
    let Value::List(items) = &mut node.value else { return None };
    match rest.strip_prefix('.') {
        Some(rest) => remove(items.get_mut(index)?, rest),
        None if index < items.len() => Some(items.remove(index).place),
        None => None,
    }
}

fn find_mut<'n>(root: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    key.split('.').try_fold(root, |node, part| match &mut node.value {
        Value::Map(entries) => entries.iter_mut().find(|entry| entry.key == part).map(|entry| &mut entry.node),
        _ => None,
    })
}

/// Shows every value to `judge` with its key and the place of its key, and takes it out where that says so.
pub(super) fn retain(node: &mut Node, path: &str, judge: &mut impl FnMut(&str, &Place, &mut Node) -> bool) {
    match &mut node.value {
        Value::Map(entries) => entries.retain_mut(|entry| {
            let path = joined(path, &entry.key);
            let is_kept = judge(&path, &entry.place, &mut entry.node);
            if is_kept {
                retain(&mut entry.node, &path, judge);
            }
            is_kept
        }),
        Value::List(items) => {
            let mut index = 0;
            items.retain_mut(|item| {
                let path = format!("{path}[{index}]");
                index += 1;
                let place = item.place.clone();
                let is_kept = judge(&path, &place, item);
                if is_kept {
                    retain(item, &path, judge);
                }
                is_kept
            });
        }
        _ => {}
    }
}

/// Returns a dotted key below another.
pub(super) fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Writes a tree as JSON, two spaces a level, in the order of the file.
pub(super) fn write(node: &Node, indent: usize, text: &mut String) {
    let pad = "  ".repeat(indent + 1);
    let close = "  ".repeat(indent);
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            text.push_str("{\n");
            for (index, entry) in entries.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ",\n" });
                text.push_str(&pad);
                text.push_str(&serde_json::Value::from(entry.key.as_str()).to_string());
                text.push_str(": ");
                write(&entry.node, indent + 1, text);
            }
            text.push('\n');
            text.push_str(&close);
            text.push('}');
        }
        Value::List(items) if items.iter().any(|item| !item.entries().is_empty()) => {
            text.push_str("[\n");
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ",\n" });
                text.push_str(&pad);
                write(item, indent + 1, text);
            }
            text.push('\n');
            text.push_str(&close);
            text.push(']');
        }
        _ => text.push_str(&node.to_json().to_string()),
    }
}
