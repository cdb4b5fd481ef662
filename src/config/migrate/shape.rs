//! Parts of the original's file whose shape differs from this system's, beyond the name of a key.

use super::{Defect, DefectKind, keys, tree};
use crate::config::{
    legacy,
    node::{Entry, Node, Value},
};

/// The original's modes of NightOps, and this system's.
const NIGHT_MODES: [(&str, &str); 3] = [("data_only", "data"), ("train_only", "train"), ("backtest_only", "backtest")];

/// Directories that have two names here, which must say the same.
const TWINS: [(&str, &str); 2] =
    [("storage.ts.parquet_dir", "paths.parquet_dir"), ("alpha.model_dir", "paths.models_dir")];

/// Takes all but the last of keys that are there twice: the original's reader kept the last.
pub(super) fn keep_last(root: &mut Node, defects: &mut Vec<Defect>) {
    fn walk(node: &mut Node, path: &str, defects: &mut Vec<Defect>) {
        match &mut node.value {
            Value::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    walk(item, &format!("{path}[{index}]"), defects);
                }
            }
            Value::Map(entries) => {
                let all = std::mem::take(entries);
                let lines: Vec<(String, usize)> =
                    all.iter().map(|entry| (entry.key.clone(), entry.place.line)).collect();
                for (index, entry) in all.into_iter().enumerate() {
                    let last = lines.iter().skip(index + 1).rfind(|(key, _)| *key == entry.key);
                    match last {
                        Some((_, line)) => {
                            let what =
                                format!("is there again in line {line}, which the original took: this one is left out");
                            let key = tree::joined(path, &entry.key);
                            defects.push(Defect::at(&entry.place, &key, DefectKind::Twice, what));
                        }
                        None => entries.push(entry),
                    }
                }
                for Entry { key, node, .. } in entries {
                    walk(node, &tree::joined(path, key), defects);
                }
            }
            _ => {}
        }
    }
    walk(root, "", defects);
}

/// Moves the values of old keys to their new ones. Where both are there, the new one stays.
pub(super) fn rename(root: &mut Node, defects: &mut Vec<Defect>) {
    let unread: Vec<(String, String)> =
        keys::NOW_IN_FORCE.iter().flat_map(|(old, new)| legacy::expanded(root, old, new)).collect();
    let tables = legacy::RENAMED.iter().chain(&keys::MOVED);
    for (old, new) in tables.flat_map(|(old, new)| legacy::expanded(root, old, new)).collect::<Vec<_>>() {
        let given = root.find(&new).map(|node| node.place.clone());
        // A fallback that was not in force, and an engine that nobody chose, are named by the table of keys that are left.
        if old == "storage.ts.driver" || given.is_some() && old.starts_with("trade_core.") {
            continue;
        }
        let Some(entry) = root.remove(&old) else { continue };
        let (kind, what) = if let Some(place) = given {
            let what = format!("is another name of {new}, which is in line {}: this one is left out", place.line);
            (DefectKind::Twice, what)
        } else {
            root.put(&new, &entry.place, entry.node);
            let was_unread = unread.iter().any(|pair| *pair == (old.clone(), new.clone()));
            let force = if was_unread { "; the original read no such key, so it is in force only now" } else { "" };
            (DefectKind::Renamed, format!("is {new} here{force}"))
        };
        defects.push(Defect::at(&entry.place, &old, kind, what));
    }
}

/// Translates what is said in another way.
pub(super) fn translate(root: &mut Node, defects: &mut Vec<Defect>) {
    let mut say = |node: &Node, key: &str, what: String| {
        defects.push(Defect::at(&node.place, key, DefectKind::Shape, what));
    };
    if let Some(node) = root.find("ops.night_ops.default_mode").cloned()
        && let Value::Text(text) = &node.value
        && let Some((_, mode)) = NIGHT_MODES.iter().find(|(old, _)| old == text)
    {
        say(&node, "ops.night_ops.default_mode", format!("{text} is {mode} here"));
        put_text(root, "ops.night_ops.default_mode", mode, &node);
    }
    let zero = |node: &Node| matches!(&node.value, Value::Number(text) if text.parse() == Ok(0.0));
    for (key, used) in [("broker.paper.commission_bps", "1.0"), ("broker.paper.slippage_bps", "0.5")] {
        if let Some(node) = root.find(key).filter(|node| zero(node)).cloned() {
            say(&node, key, format!("0 counted as not given, and {used} was in force; here 0 is 0"));
        }
    }
    let is_filled = |node: &&Node| matches!(&node.value, Value::List(items) if !items.is_empty());
    if let Some(node) = root.find("network.proxies.pool").filter(is_filled).cloned() {
        let what = "is read here; the original looked for other keys (id, endpoint), so that all requests went out \
                    directly";
        say(&node, "network.proxies.pool", what.into());
    }
    for key in tree::matching(root, "network.sites.*.retry") {
        let Some(node) = root.find(&key).cloned() else { continue };
        say(&node, &key, "is read here; the original looked for these keys one level higher".into());
    }
    let endpoints = ["event_bus.pub_endpoint", "event_bus.sub_endpoint"];
    if let [Some(publish), Some(subscribe)] = endpoints.map(|key| root.find(key).cloned())
        && publish.value == subscribe.value
    {
        let what = "is the pub_endpoint: here a forwarder stands between the two, and the template's value holds";
        say(&subscribe, "event_bus.sub_endpoint", what.into());
        tree::remove(root, "event_bus.sub_endpoint");
    }
    for key in tree::matching(root, "jobs.*") {
        let Some(node) = root.find(&key).cloned() else { continue };
        let what = if node.get("command").is_some() {
            "starts the original's programs: left out; write its counterpart in config/jobs.yaml"
        } else {
            "has no command, so nothing ran: left out; jobs are in config/jobs.yaml, what is trained in research.jobs"
        };
        say(&node, &key, what.into());
        tree::remove(root, &key);
    }
    for (one, two) in TWINS {
        for (given, twin) in [(one, two), (two, one)] {
            let (Some(node), None) = (root.find(given).cloned(), root.find(twin)) else { continue };
            say(&node, given, format!("is {twin} here too: both are set"));
            root.put(twin, &node.place.clone(), node);
        }
    }
}

/// Gives the original's strategies U1 and U2 the names that scripts, weights and experiments of the template know.
pub(super) fn name_strategies(root: &mut Node, template: &Node, defects: &mut Vec<Defect>) {
    for key in tree::matching(root, "portfolio.strategies.*") {
        let name = key.to_lowercase();
        let script = template.find(&format!("{name}.script")).cloned();
        let (Some(script), true, None) = (script, name != key, root.find(&name)) else { continue };
        let Some(entry) = root.remove(&key) else { continue };
        let what = format!("is {name} here, with the script {}", script.shown());
        defects.push(Defect::at(&entry.place, &key, DefectKind::Shape, what));
        root.put(&name, &entry.place, entry.node);
        let place = entry.place.clone();
        root.put(&format!("{name}.script"), &place, Node { place: place.clone(), ..script });
    }
}

fn put_text(root: &mut Node, key: &str, text: &str, like: &Node) {
    root.put(key, &like.place, Node { value: Value::Text(text.to_owned()), place: like.place.clone() });
}
