//! Experiments side by side: all their metrics, and of what made them only what differs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use crate::store::Experiment;

/// Fields of an experiment that are compared beside its parameters.
const FIELDS: [&str; 10] = [
    "kind",
    "job",
    "model_id",
    "status",
    "as_of",
    "seed",
    "git_commit",
    "config_digest",
    "data_digest",
    "result_digest",
];

/// Experiments side by side; every list is in the order of `experiments`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Their ids.
    pub experiments: Vec<String>,
    /// Every metric that one of them has; null where it is not defined or not there.
    pub metrics: BTreeMap<String, Vec<Option<f64>>>,
    /// What differs of what made them: fields, and parameters as `params.<dotted name>`; null where
    /// one does not have it.
    pub differences: BTreeMap<String, Vec<Value>>,
}

/// Compares experiments.
#[must_use]
pub fn compare(experiments: &[Experiment]) -> Comparison {
    let names: BTreeSet<&String> = experiments.iter().flat_map(|one| one.metrics.keys()).collect();
    let metric = |name: &String| experiments.iter().map(|one| one.metrics.get(name).copied().flatten()).collect();
    let origins: Vec<BTreeMap<String, Value>> = experiments.iter().map(origin).collect();
    let keys: BTreeSet<&String> = origins.iter().flat_map(BTreeMap::keys).collect();
    let values = |key: &String| -> Vec<Value> {
        origins.iter().map(|origin| origin.get(key).cloned().unwrap_or(Value::Null)).collect()
    };
    let differing = |values: &Vec<Value>| values.windows(2).any(|pair| pair.first() != pair.last());
    Comparison {
        experiments: experiments.iter().map(|one| one.id.clone()).collect(),
        metrics: names.into_iter().map(|name| (name.clone(), metric(name))).collect(),
        differences: keys
            .into_iter()
            .map(|key| (key.clone(), values(key)))
            .filter(|(_, values)| differing(values))
            .collect(),
    }
}

/// Returns what made an experiment, one entry a value.
fn origin(experiment: &Experiment) -> BTreeMap<String, Value> {
    let whole = json!(experiment);
    let field = |name: &&str| Some(((*name).to_owned(), whole.get(*name)?.clone()));
    let mut values: BTreeMap<String, Value> = FIELDS.iter().filter_map(field).collect();
    for (name, value) in &experiment.params {
        flatten(format!("params.{name}"), value, &mut values);
    }
    values
}

fn flatten(name: String, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| flatten(format!("{name}.{key}"), value, into));
        }
        _ => {
            into.insert(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::compare;
    use crate::{digest::Digest, store::Experiment};

    fn experiment(id: &str, penalty: f64, metrics: &Value) -> Experiment {
        let digest = Digest::of("x").to_string();
        let record = json!({
            "id": id, "kind": "matrix", "job": "j", "model_id": null, "status": "success", "as_of": "2020-06-30",
            "started_at": "2020-06-30T12:00:00Z", "finished_at": "2020-06-30T12:00:01Z", "seed": 1, "git_commit": "c",
            "config_digest": digest, "data_digest": digest, "result_digest": null,
            "params": { "learner": { "penalty": penalty, "l1_ratio": 0.5 }, "label": "R1" },
            "metrics": metrics, "artifacts": [], "error": null
        });
        serde_json::from_value(record).expect("an experiment")
    }

    #[test]
    fn metrics_stand_side_by_side_and_only_differing_parameters_are_named() {
        let experiments = [
            experiment("a", 0.1, &json!({ "ic": 0.2, "icir": null })),
            experiment("b", 0.3, &json!({ "bt_sharpe": 1.5 })),
        ];
        let comparison = json!(compare(&experiments));
        assert_eq!(
            comparison,
            json!({
                "experiments": ["a", "b"],
                "metrics": { "bt_sharpe": [null, 1.5], "ic": [0.2, null], "icir": [null, null] },
                "differences": { "params.learner.penalty": [0.1, 0.3] }
            })
        );
    }
}
