//! Every key of the settings made wrong, for whoever must see that each is refused by its name: drills and tests.
//! Reads no file and writes none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// In which way keys are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hurt {
    /// The key has one letter too many.
    Typo,
    /// The value is a list of lists.
    WrongType,
    /// The number is no number that anything could be.
    OutOfRange,
    /// The number is text.
    NotANumber,
    /// Every key is left out: each must be as its default says.
    Missing,
}

impl Hurt {
    /// Every way.
    pub const ALL: [Self; 5] = [Self::Typo, Self::WrongType, Self::OutOfRange, Self::NotANumber, Self::Missing];

    /// Returns the name of the way.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Typo => "typo",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::NotANumber => "not_a_number",
            Self::Missing => "missing",
        }
    }

    /// Returns the wrong key and value that stand for a right one; `None` where it cannot be wrong in this way.
    fn of(self, key: &str, value: &Value) -> Option<(String, Value)> {
        // Any name is right in an object that is empty and whose keys the user chooses.
        let free = value.as_object().is_some_and(Map::is_empty);
        match self {
            Self::Typo if free => None,
            Self::Typo => Some((format!("{key}x"), value.clone())),
            Self::WrongType => Some((key.into(), json!([[1]]))),
            Self::OutOfRange if value.is_number() => Some((key.into(), json!(-1e300))),
            Self::NotANumber if value.is_number() => Some((key.into(), json!("one"))),
            Self::OutOfRange | Self::NotANumber | Self::Missing => None,
        }
    }
}

/// The settings with every key wrong in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct Hurts {
    /// The file.
    pub text: String,
    /// The keys that must be named, each by itself.
    pub keys: Vec<String>,
}

/// Returns a settings file in which every key of `values` (dotted names) that can be is wrong in one way.
#[must_use]
pub fn hurt_all<'a>(values: impl IntoIterator<Item = (&'a str, &'a Value)>, hurt: Hurt) -> Hurts {
    let wrong: BTreeMap<String, Value> = values.into_iter().filter_map(|(key, value)| hurt.of(key, value)).collect();
    let mut tree = json!({});
    for (key, value) in &wrong {
        put(&mut tree, &key.split('.').collect::<Vec<_>>(), value);
    }
    let text = serde_json::to_string_pretty(&tree).unwrap_or_default() + "\n";
    Hurts { text, keys: wrong.into_keys().collect() }
}

fn put(tree: &mut Value, names: &[&str], value: &Value) {
    let Some((first, rest)) = names.split_first() else {
        *tree = value.clone();
        return;
    };
    if !tree.is_object() {
        *tree = json!({});
    }
    if let Some(object) = tree.as_object_mut() {
        put(object.entry(*first).or_insert(Value::Null), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::{Hurt, hurt_all};
    use crate::config::shipped;

    #[test]
    fn every_key_can_be_hurt_and_keys_that_cannot_are_not() {
        let loaded = shipped().expect("sound").loaded;
        let values = || loaded.origins.iter().map(|(key, origin)| (key.as_str(), &origin.value));
        let counts: Vec<usize> = Hurt::ALL.iter().map(|hurt| hurt_all(values(), *hurt).keys.len()).collect();
        let [typo, wrong_type, out_of_range, not_a_number, missing] = counts.as_slice() else { panic!("{counts:?}") };
        assert_eq!(*wrong_type, loaded.origins.len());
        let free = values().filter(|(_, value)| value.as_object().is_some_and(serde_json::Map::is_empty)).count();
        assert_eq!(typo + free, *wrong_type, "an empty object takes any name");
        assert!(*out_of_range > 50 && out_of_range == not_a_number, "{counts:?}");
        assert_eq!((*missing, hurt_all(values(), Hurt::Missing).text.as_str()), (0, "{}\n"));
    }
}
