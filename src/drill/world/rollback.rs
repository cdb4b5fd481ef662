//! What a scenario does with the target's own commands `baseline` and `rollback`: a baseline of all four
//! layers, layers broken, taken back, killed on the way and gone on with. The proof is the drill's own: it
//! compares the state before with the state after, whatever the command says of itself.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

use super::{NotSo, Step, World, hold};
use crate::{
    clock::Stopwatch,
    config,
    drill::{Ended, EntryKind, Run, trace::Phase},
    durable,
    record::{Layer, ProofRecord, RollbackRecord},
    rollback::{self, Fingerprint, LAYERS},
    vault::Vault,
};

/// The names of a target's commands for the way back.
const BASELINE: &str = "baseline";
const ROLLBACK: &str = "rollback";

/// Where LightHunter says that a rollback is under way.
const INTENT: &str = "monitor/rollback.json";

/// What no rollback takes back: who put which model in force.
const HISTORY: &str = "history.jsonl";

/// How far into its acts a rollback is killed, seconds.
const KILL_AFTER_SECONDS: f64 = 0.02;

impl World {
    /// Records a baseline of all four layers by the target's own command.
    ///
    /// # Errors
    /// When the command fails. A target without it skips the scenario.
    pub fn record_baseline(&mut self, name: &str) -> Step {
        self.require_arguments(BASELINE)?;
        let run = self.run_with(BASELINE, &["create", name])?;
        ended_well(&run)?;
        self.remember_state(name.to_owned())
    }

    /// Takes layers back to the baseline by the target's own command and compares them with the state before.
    ///
    /// # Errors
    /// When the command does not end with 0, or a layer is not what it was.
    pub fn roll_layers_back(&mut self, layers: &[Layer]) -> Step {
        let to = self.baseline()?.tag.clone();
        let names: Vec<&str> = layers.iter().map(|layer| rollback::name_of(*layer)).collect();
        let only = names.join(",");
        let mut arguments = vec!["--to", to.as_str()];
        if layers.len() < LAYERS.len() {
            arguments.extend(["--only", only.as_str()]);
        }
        self.roll_back_with(&arguments, layers)
    }

    /// Goes on with the rollback that was killed.
    ///
    /// # Errors
    /// As [`roll_layers_back`](Self::roll_layers_back).
    pub fn resume_rollback(&mut self) -> Step {
        self.roll_back_with(&["--resume"], &LAYERS)
    }

    fn roll_back_with(&mut self, arguments: &[&str], layers: &[Layer]) -> Step {
        self.enter(Phase::Recovering);
        let at_seconds = self.scene()?.watch.seconds();
        self.journal(EntryKind::Intent, "rollback", json!({ "arguments": arguments }))?;
        let aftermath = self.before_way_back()?;
        let watch = Stopwatch::start();
        let run = self.run_with(ROLLBACK, arguments)?;
        let command_seconds = watch.seconds();
        let wrong = aftermath.wrong();
        let said: Value = serde_json::from_str(&run.stdout).unwrap_or_default();
        let proving = Stopwatch::start();
        let proof = self.prove(layers)?;
        let mut proof = ProofRecord { seconds: proving.seconds(), ..proof };
        for layer in &mut proof.layers {
            layer.rollback_seconds = said["seconds"][rollback::name_of(layer.layer)].as_f64();
        }
        let own: Option<RollbackRecord> = serde_json::from_value(said["rollback"].clone()).ok();
        let mut actions = own.map(|own| own.actions).unwrap_or_default();
        actions.push(format!("the command ended with {} after {command_seconds} s", run.ended));
        self.trace.rollback = Some(RollbackRecord {
            layers: layers.into(),
            to: self.baseline()?.tag.clone(),
            succeeded: run.ended == Ended::Code(0) && proof.holds && wrong.is_none(),
            at_seconds,
            seconds: watch.seconds(),
            actions,
        });
        self.journal(EntryKind::Done, "rollback", json!({ "holds": proof.holds }))?;
        self.keep_evidence("proof.json", serde_json::to_string_pretty(&proof).unwrap_or_default())?;
        self.trace.proofs.push(proof);
        ended_well(&run)?;
        hold(wrong.is_none(), || format!("the rollback ended with exit code 0, but {}", wrong.unwrap_or_default()))
    }

    /// Compares the layers with the state at the baseline.
    fn prove(&self, layers: &[Layer]) -> Result<ProofRecord, NotSo> {
        let before = &self.baseline()?.state;
        let after = rollback::fingerprint_again(&self.environment()?.repo(), before)?;
        Ok(rollback::compare(&taken_back(before, before, layers), &taken_back(&after, before, layers), 0.0))
    }

    /// Runs a command of the target with arguments and keeps what it said.
    pub(super) fn run_with(&mut self, name: &str, arguments: &[&str]) -> Result<Run, NotSo> {
        self.require_command(name)?;
        let session = self.session()?;
        let environment = self.environment()?;
        let run = session.target.run_with(name, arguments, environment, &environment.repo(), |_| {})?;
        self.keep_run(name, &run)?;
        Ok(run)
    }

    fn keep_run(&mut self, name: &str, run: &Run) -> Step {
        let text = format!("$ {}\n{} after {} s\n\n{}\n{}", run.line, run.ended, run.seconds, run.stdout, run.stderr);
        self.commands += 1;
        let file = format!("way_back_{:02}_{name}.txt", self.commands);
        self.keep_evidence(&file, text)
    }

    /// Kills the rollback of all layers in the middle: after its intent is on disk, before its end.
    ///
    /// # Errors
    /// When it ended before it could be killed, or left no intent.
    pub fn kill_rollback(&mut self) -> Step {
        self.require_arguments(ROLLBACK)?;
        self.enter(Phase::Recovering);
        let session = self.session()?;
        let to = self.baseline()?.tag.clone();
        let environment = self.environment()?;
        let intent = environment.repo().join(INTENT);
        let mut seen: Option<Stopwatch> = None;
        let run = session.target.run_killed(ROLLBACK, &["--to", &to], environment, || {
            if intent.exists() {
                seen.get_or_insert_with(Stopwatch::start);
            }
            seen.as_ref().is_some_and(|seen| seen.seconds() >= KILL_AFTER_SECONDS)
        })?;
        let is_between = intent.exists();
        self.keep_run(ROLLBACK, &run)?;
        hold(is_between && matches!(run.ended, Ended::Signal(_)), || {
            format!("the rollback ended with {} before it could be killed in the middle", run.ended)
        })
    }

    /// Pins the model in force at the baseline in the config.
    ///
    /// # Errors
    /// When the config has no such key.
    pub fn pin_baseline_model(&mut self) -> Step {
        self.enter(Phase::Recovering);
        let repo = self.environment()?.repo();
        let id = self.baseline()?.models.values().next().cloned();
        let id = id.ok_or_else(|| NotSo::because("no model was in force at the baseline"))?;
        let path = repo.join("config/system_config.json");
        let unreadable = |error: &dyn std::fmt::Display| NotSo(format!("cannot edit {}: {error}", path.display()));
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&error))?;
        let text = config::replace_pointer(&path, &text, "/alpha/model_id", &Value::String(id))
            .map_err(|error| unreadable(&error))?;
        durable::replace(&path, text).map_err(|error| unreadable(&error))
    }

    /// HEAD's commit has a message that begins with `words`.
    ///
    /// # Errors
    /// The message that it has.
    pub fn expect_commit_message(&self, words: &str) -> Step {
        let message = Vault::open(&self.environment()?.repo())?.head_message()?;
        hold(message.starts_with(words), || format!("the last commit says '{message}'"))
    }

    /// The last run's result is another than the baseline's.
    ///
    /// # Errors
    /// When it is the same, or there is none.
    pub fn expect_other_result(&self) -> Step {
        let name = &self.last_run()?.run.name;
        let before = self.baseline()?.results.get(name);
        let after = self.last_run()?.seen.result();
        hold(after.is_some() && before != after.as_ref(), || format!("the result is the baseline's: {before:?}"))
    }

    /// Walks every mix of old and new data, models, config and code, each one layer away from the one before,
    /// and runs the backtest in each: it runs right, or refuses with words that say what to do.
    ///
    /// # Errors
    /// The states in which it does neither, or fewer than four of them run.
    pub fn walk_mixed_states(&mut self, old: &str, new: &str) -> Step {
        let names: Vec<&str> = LAYERS.iter().map(|layer| rollback::name_of(*layer)).collect();
        let (mut is_old, mut ran, mut wrong, mut lines) = ([false; 4], 0, Vec::new(), Vec::new());
        for number in 0_u32..16 {
            let gray = number ^ (number >> 1);
            for (layer, name) in names.iter().enumerate() {
                let wanted = gray & (1 << layer) != 0;
                if is_old[layer] != wanted {
                    let to = if wanted { old } else { new };
                    ended_well(&self.run_with(ROLLBACK, &["--to", to, "--only", name])?)?;
                    is_old[layer] = wanted;
                }
            }
            let run = self.run_with("backtest", &[])?;
            let mixed: Vec<String> = names
                .iter()
                .zip(is_old)
                .map(|(name, is_old)| format!("{name} {}", if is_old { "old" } else { "new" }))
                .collect();
            let line = format!("{}: {}", mixed.join(", "), run.ended);
            match run.ended {
                Ended::Code(0) => ran += 1,
                Ended::Code(10..=17 | 20) if run.stderr.contains("hint: ") => {}
                _ => wrong.push(format!("{line}: {}", run.last_words())),
            }
            lines.push(line);
        }
        self.keep_evidence("mixed_states.txt", lines.join("\n"))?;
        hold(wrong.is_empty(), || wrong.join("; "))?;
        // With the models and the data of the same age, whatever the config and the code are.
        hold(ran >= 4, || format!("only {ran} of 16 mixed states run: {}", lines.join("; ")))
    }
}

pub(super) fn ended_well(run: &Run) -> Step {
    hold(run.ended == Ended::Code(0), || format!("{} ended with {}: {}", run.name, run.ended, run.last_words()))
}

/// Returns the model in force of each job, by job.
pub(super) fn pointers(repo: &Path) -> BTreeMap<String, String> {
    let jobs = fs::read_dir(repo.join("models")).into_iter().flatten().flatten();
    jobs.filter_map(|job| {
        let target = fs::read_link(job.path().join("current")).ok()?;
        Some((job.file_name().to_string_lossy().into_owned(), target.to_string_lossy().into_owned()))
    })
    .collect()
}

/// Returns the part of a state that a rollback of `layers` takes back. Models that came later stay beside
/// the baseline's, the history of the pointers goes on, and what was rescued is named by a reference.
fn taken_back(state: &Fingerprint, before: &Fingerprint, layers: &[Layer]) -> Fingerprint {
    let mut part = state.clone();
    let whole = layers.len() == LAYERS.len();
    part.layers.retain(|layer, _| layers.contains(layer) || (whole && *layer == Layer::Rest));
    if let Some(models) = part.layers.get_mut(&Layer::Models) {
        let known = before.layers.get(&Layer::Models).map(|layer| &layer.entries);
        models.entries.retain(|name, _| {
            let is_known = known.is_some_and(|known| known.contains_key(name)) || name.ends_with("/current");
            is_known && !name.ends_with(HISTORY)
        });
    }
    if let Some(code) = part.layers.get_mut(&Layer::Code) {
        code.entries.retain(|name, _| !name.starts_with(&format!("reference {}", rollback::RESCUE)));
    }
    part
}
