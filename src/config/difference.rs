//! What two configs say differently, key by key. Judges neither.

use std::{collections::BTreeSet, fmt, path::Path};

use serde::Serialize;

use super::{
    document::Document,
    layer, legacy,
    mistake::{ConfigErrors, Mistake},
    node::{Node, Value},
    section::Findings,
};

/// A key that two configs say differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The dotted key.
    pub key: String,
    /// What the first says; nothing where it does not have the key.
    pub from: Option<serde_json::Value>,
    /// What the second says; nothing where it does not have the key.
    pub to: Option<serde_json::Value>,
    /// Where the second, else the first, says it.
    pub origin: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, from, to, origin } = self;
        match (from, to) {
            (None, Some(to)) => write!(f, "+ {key} = {to}  # {origin}"),
            (Some(from), None) => write!(f, "- {key} = {from}  # {origin}"),
            (from, to) => {
                let shown = |value: &Option<serde_json::Value>| value.clone().unwrap_or_default();
                write!(f, "~ {key}: {} -> {}  # {origin}", shown(from), shown(to))
            }
        }
    }
}

/// Compares what two settings files say over the template's values: by key, whatever their order, comments and
/// spelling of numbers are.
///
/// # Errors
/// When one of them cannot be read, is no JSON or no object. Keys and values are not judged.
pub fn compare_files(one: &Path, two: &Path) -> Result<Vec<Difference>, ConfigErrors> {
    let (one, two) = (read(one), read(two));
    match (one, two) {
        (Ok(one), Ok(two)) => Ok(differences(&one, &two)),
        (one, two) => {
            let mistakes = [one.err(), two.err()].into_iter().flatten().flatten().collect();
            Err(ConfigErrors::of(mistakes).unwrap_or_else(ConfigErrors::unexplained))
        }
    }
}

fn read(path: &Path) -> Result<Node, Vec<Mistake>> {
    let document = Document::read(path, &path.display().to_string()).map_err(|mistake| vec![*mistake])?;
    let mut tree = document.parse()?;
    if !matches!(tree.value, Value::Map(_)) {
        return Err(vec![
            Mistake::at(&tree.place, "", "wrong type").allowed("an object of keys and values").got(&tree),
        ]);
    }
    let mut findings = Findings::default();
    legacy::rename(&mut tree, &mut findings);
    if findings.mistakes.is_empty() {
        Ok(layer::over_defaults(layer::defaults()?, &tree))
    } else {
        Err(findings.mistakes)
    }
}

/// Returns what two trees say differently, by key.
pub(super) fn differences(one: &Node, two: &Node) -> Vec<Difference> {
    let (one, two) = (layer::origins(one), layer::origins(two));
    let keys: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
    let difference = |key: &String| {
        let (from, to) = (one.get(key), two.get(key));
        let is_same = match (from, to) {
            (Some(from), Some(to)) => same(&from.value, &to.value),
            _ => false,
        };
        let origin = to.or(from).map_or_else(String::new, |found| found.origin.clone());
        let value = |found: Option<&layer::Origin>| found.map(|found| found.value.clone());
        (!is_same).then(|| Difference { key: key.clone(), from: value(from), to: value(to), origin })
    };
    keys.into_iter().filter_map(difference).collect()
}

/// Says whether two values are the same: 1 and 1.0 are.
fn same(one: &serde_json::Value, two: &serde_json::Value) -> bool {
    one == two || matches!((one.as_f64(), two.as_f64()), (Some(one), Some(two)) if one == two)
}

#[cfg(test)]
mod tests {
    use super::compare_files;
    use crate::durable;

    #[test]
    fn only_what_two_files_say_differently_is_named() {
        let room = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &str| {
            let path = room.path().join(name);
            durable::replace(&path, text).expect("written");
            path
        };
        let one = file("a.json", "{\n\"hud\": {\"port\": 9000, \"max_alerts\": 100}, \"seed\": 1}");
        let two = file("b.json", "{\"seed\": 1.0,\n\"hud\": {\"port\": 8000}, \"performance\": {\"x\": [1]}}");
        let found = compare_files(&one, &two).expect("compared");
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("~ hud.port: 9000 -> 8000  # ") && said[0].ends_with("b.json:2"), "{said:?}");
        assert!(said[1].starts_with("+ performance.x = [1]"), "{said:?}");
        assert!(compare_files(&one, &one).expect("compared").is_empty());
        let broken = file("c.json", "{\n\"hud\": }");
        let error = compare_files(&broken, &room.path().join("none")).expect_err("refused").to_string();
        assert!(error.contains("c.json:2") && error.contains("none: cannot be read"), "{error}");
    }
}
