//! `config/experiment_matrix.yaml`: experiments that set config keys, and sweeps over their values.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    configuration::Configuration,
    mistake::{ConfigErrors, Mistake},
    node::{Node, Place, Value},
    section::{Findings, Section},
    template,
};
use crate::digest::Hasher;

/// The most runs that one sweep may make.
const SWEEP_RUNS_MAX: usize = 1000;

/// The sections whose keys may differ between experiments: what is learnt and how it is traded.
const SECTIONS: [&str; 8] = ["alpha", "broker", "performance", "portfolio", "research", "risk", "seed", "trade_core"];

/// The experiments of a workspace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExperimentMatrix {
    /// Config keys that every experiment sets unless it sets them itself.
    pub defaults: BTreeMap<String, Json>,
    /// Experiments in file order; ids are unique.
    pub experiments: Vec<MatrixExperiment>,
    /// Sweeps in file order; ids are unique.
    pub sweeps: Vec<Sweep>,
}

/// One experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixExperiment {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whether it runs.
    pub enabled: bool,
    /// To choose experiments by.
    pub tags: Vec<String>,
    /// The config keys it sets.
    pub set: BTreeMap<String, Json>,
}

/// A sweep: every combination of the values that it varies.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// Its id.
    pub id: String,
    /// The experiment that it varies.
    pub base_experiment: String,
    /// Values by config key.
    pub vary: BTreeMap<String, Vec<Json>>,
}

impl Configuration {
    /// Returns the configuration of one run of the matrix. Its digest is that of what the run can see:
    /// settings, labels and factors, so that an edit of another experiment does not change it.
    ///
    /// # Errors
    /// Every mistake that the run's values make.
    pub fn of_run(&self, run: &MatrixExperiment) -> Result<Self, ConfigErrors> {
        let loaded = self.loaded.with(template::EXPERIMENT_MATRIX, &run.set)?;
        let mut hasher = Hasher::new("configuration of a matrix run");
        hasher.digest(&loaded.digest);
        let seen = [template::LABEL_SPEC, template::FACTOR_SPEC];
        for (name, digest) in self.files.iter().filter(|(name, _)| seen.contains(&name.as_str())) {
            hasher.text(name).digest(digest);
        }
        Ok(Self { digest: hasher.finish(), loaded, ..self.clone() })
    }
}

impl ExperimentMatrix {
    /// Returns every experiment that is enabled: those of the file, then each sweep's combinations as
    /// `<sweep>__<base>__<n>`, n from 1, the last key varying fastest.
    #[must_use]
    pub fn runs(&self) -> Vec<MatrixExperiment> {
        let with_defaults = |experiment: &MatrixExperiment| {
            let set = self.defaults.iter().chain(&experiment.set).map(|(key, value)| (key.clone(), value.clone()));
            MatrixExperiment { set: set.collect(), ..experiment.clone() }
        };
        let mut runs: Vec<MatrixExperiment> = self.experiments.iter().map(with_defaults).collect();
        for sweep in &self.sweeps {
            let Some(base) = self.experiments.iter().find(|one| one.id == sweep.base_experiment) else { continue };
            let mut grid = vec![with_defaults(base)];
            for (key, values) in &sweep.vary {
                let with = |one: &MatrixExperiment, value: &Json| {
                    let mut next = one.clone();
                    next.set.insert(key.clone(), value.clone());
                    next
                };
                grid = grid.iter().flat_map(|one| values.iter().map(move |value| with(one, value))).collect();
            }
            let named = |(index, one): (usize, MatrixExperiment)| MatrixExperiment {
                id: format!("{}__{}__{}", sweep.id, base.id, index + 1),
                ..one
            };
            runs.extend(grid.into_iter().enumerate().map(named));
        }
        runs.retain(|run| run.enabled);
        runs
    }

    pub(super) fn read(tree: &Node, findings: &mut Findings) -> Self {
        Section::root(tree, findings, |s| {
            let matrix = Self {
                defaults: s.values("defaults"),
                experiments: s.objects("experiments", read_experiment),
                sweeps: s.objects("sweeps", read_sweep),
            };
            matrix.check(s);
            matrix
        })
    }

    fn check(&self, s: &mut Section<'_>) {
        let ids: Vec<&str> = self.experiments.iter().map(|one| one.id.as_str()).collect();
        for id in twice(&ids) {
            s.mistake("experiments", format!("the id {id} is given twice"));
        }
        let sweeps: Vec<&str> = self.sweeps.iter().map(|sweep| sweep.id.as_str()).collect();
        for id in twice(&sweeps) {
            s.mistake("sweeps", format!("the id {id} is given twice"));
        }
        for sweep in &self.sweeps {
            if !sweep.base_experiment.is_empty() && !ids.contains(&sweep.base_experiment.as_str()) {
                let what = format!("{} varies {}, which is not an experiment", sweep.id, sweep.base_experiment);
                s.mistake("sweeps", what);
            }
        }
    }

    /// Reports the keys that are no config keys.
    pub(super) fn check_keys(&self, known: &[&str], tree: &Node, findings: &mut Findings) {
        let mut check = |path: String, item: Option<&Node>, map: &str, key: &str| {
            let section = key.split('.').next().unwrap_or_default();
            if known.contains(&key) && SECTIONS.contains(&section) {
                return;
            }
            let place = item.and_then(|item| written(item, map, key)).unwrap_or(&tree.place).clone();
            findings.mistakes.push(if known.contains(&key) {
                let what = format!("{key} is the same for all experiments: they share one set of data and stores");
                Mistake::at(&place, path, what).allowed(SECTIONS.join(", "))
            } else {
                let mistake = Mistake::at(&place, path, format!("{key} is not a config key"));
                mistake.nearest(key, known.iter().copied())
            });
        };
        self.defaults.keys().for_each(|key| check("defaults".into(), Some(tree), "defaults", key));
        let (experiments, sweeps) = (items(tree, "experiments"), items(tree, "sweeps"));
        for (index, experiment) in self.experiments.iter().enumerate() {
            let mut of = |key: &String| check(format!("experiments[{index}].set"), experiments.get(index), "set", key);
            experiment.set.keys().for_each(&mut of);
        }
        for (index, sweep) in self.sweeps.iter().enumerate() {
            let mut of = |key: &String| check(format!("sweeps[{index}].vary"), sweeps.get(index), "vary", key);
            sweep.vary.keys().for_each(&mut of);
        }
    }

    /// Returns where the value that a run gives a key was written; where the run was, if it is not clear
    /// which of its values is wrong.
    pub(super) fn place(&self, run: &str, key: &str, tree: &Node) -> Place {
        let is_run = |sweep: &&Sweep| run.starts_with(&format!("{}__{}__", sweep.id, sweep.base_experiment));
        let sweep = self.sweeps.iter().find(is_run);
        let base = sweep.map_or(run, |sweep| sweep.base_experiment.as_str());
        let of_id = |list: &str, id: &str| {
            items(tree, list)
                .iter()
                .find(|item| matches!(item.get("id"), Some(Node { value: Value::Text(own), .. }) if own == id))
        };
        let (sweep, base) = (sweep.and_then(|sweep| of_id("sweeps", &sweep.id)), of_id("experiments", base));
        let value = sweep.and_then(|sweep| written(sweep, "vary", key));
        let value = value.or_else(|| base.and_then(|base| written(base, "set", key)));
        let value = value.or_else(|| written(tree, "defaults", key));
        value.or_else(|| sweep.or(base).map(|item| &item.place)).unwrap_or(&tree.place).clone()
    }
}

/// Returns where a dotted key is written in an object of an item; its keys hold dots themselves.
fn written<'n>(item: &'n Node, map: &str, key: &str) -> Option<&'n Place> {
    item.get(map)?.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.place)
}

fn items<'n>(tree: &'n Node, list: &str) -> &'n [Node] {
    match tree.get(list) {
        Some(Node { value: Value::List(items), .. }) => items,
        _ => &[],
    }
}

fn twice<'i>(ids: &[&'i str]) -> Vec<&'i str> {
    let is_again =
        |(index, id): &(usize, &&'i str)| !id.is_empty() && ids.iter().take(*index).any(|other| other == *id);
    ids.iter().enumerate().filter(is_again).map(|(_, id)| *id).collect()
}

fn read_experiment(s: &mut Section<'_>) -> MatrixExperiment {
    s.optional("description", Section::text);
    MatrixExperiment {
        id: s.name("id"),
        name: s.text("name"),
        enabled: s.optional("enabled", Section::flag).unwrap_or(true),
        tags: if s.has("tags") { s.texts("tags") } else { Vec::new() },
        set: s.values("set"),
    }
}

fn read_sweep(s: &mut Section<'_>) -> Sweep {
    let sweep = Sweep {
        id: s.name("id"),
        base_experiment: s.name("base_experiment"),
        vary: s
            .values("vary")
            .into_iter()
            .map(|(key, values)| (key, if let Json::Array(items) = values { items } else { vec![values] }))
            .collect(),
    };
    if s.has("vary") && sweep.vary.is_empty() {
        s.mistake("vary", "varies nothing, allowed: at least one config key");
    }
    let runs = sweep.vary.values().map(Vec::len).try_fold(1usize, usize::checked_mul);
    if !runs.is_some_and(|runs| (1..=SWEEP_RUNS_MAX).contains(&runs)) {
        let runs = runs.map_or_else(|| "too many".to_owned(), |runs| runs.to_string());
        s.mistake("vary", format!("makes {runs} runs, allowed: 1 to {SWEEP_RUNS_MAX}"));
    }
    sweep
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ExperimentMatrix, MatrixExperiment, Sweep};

    #[test]
    fn sweep_is_the_product_of_its_values() {
        let base = MatrixExperiment {
            id: "b".into(),
            name: "base".into(),
            enabled: true,
            tags: Vec::new(),
            set: [("x".to_owned(), json!(9))].into(),
        };
        let off = MatrixExperiment { id: "off".into(), enabled: false, ..base.clone() };
        let vary = [("x".to_owned(), vec![json!(1), json!(2)]), ("y".to_owned(), vec![json!("p"), json!("q")])];
        let sweep = Sweep { id: "s".into(), base_experiment: "b".into(), vary: vary.into() };
        let matrix = ExperimentMatrix {
            defaults: [("x".to_owned(), json!(0)), ("z".to_owned(), json!(7))].into(),
            experiments: vec![base, off],
            sweeps: vec![sweep],
        };
        let runs: Vec<String> = matrix.runs().iter().map(|run| format!("{} {}", run.id, json!(run.set))).collect();
        let expected = [
            r#"b {"x":9,"z":7}"#,
            r#"s__b__1 {"x":1,"y":"p","z":7}"#,
            r#"s__b__2 {"x":1,"y":"q","z":7}"#,
            r#"s__b__3 {"x":2,"y":"p","z":7}"#,
            r#"s__b__4 {"x":2,"y":"q","z":7}"#,
        ];
        assert_eq!(runs, expected);
    }
}
