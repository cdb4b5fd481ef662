//! What a scenario expects: each method holds or says what was found instead.

use std::fs;

use super::{NotSo, Step, World, hold};
use crate::{
    drill::{BudgetRule, Ended, branch_name, session::Ran},
    record::SignalKind,
    rollback,
    vault::Vault,
};

impl World {
    /// The last command exited with `code`.
    ///
    /// # Errors
    /// How it ended instead, and its last words.
    pub fn expect_exit(&self, code: i32) -> Step {
        let run = &self.last_run()?.run;
        hold(run.ended == Ended::Code(code), || {
            format!("{} ended with {}, not exit code {code}: {}", run.name, run.ended, run.last_words())
        })
    }

    /// Git status of the repository is clean.
    ///
    /// # Errors
    /// The files that it lists.
    pub fn expect_clean(&self) -> Step {
        Ok(Vault::open(&self.environment()?.repo())?.require_clean()?)
    }

    /// The repository is on the drill's own branch.
    ///
    /// # Errors
    /// The branch that it is on.
    pub fn expect_drill_branch(&self) -> Step {
        let branch = Vault::open(&self.environment()?.repo())?.branch()?.unwrap_or_else(|| "no branch".into());
        let expected = branch_name(self.session()?.date);
        hold(branch == expected, || format!("HEAD is on {branch}, not on {expected}"))
    }

    /// The environment's home is empty, and no variable of this machine but its search paths is passed on.
    ///
    /// # Errors
    /// What is there.
    pub fn expect_nothing_of_this_machine(&self) -> Step {
        let environment = self.environment()?;
        let home = fs::read_dir(environment.root().join("home")).map_err(|error| NotSo(error.to_string()))?;
        hold(home.count() == 0, || "the home directory is not empty".into())?;
        let root = environment.root().to_string_lossy().into_owned();
        let outside = environment.variables().into_iter().find(|(name, value)| {
            let value = value.to_string_lossy();
            !matches!(*name, "PATH" | "LD_LIBRARY_PATH")
                && value.starts_with('/')
                && !value.starts_with(&root)
                && value != "/dev/null"
        });
        hold(outside.is_none(), || format!("{outside:?} points outside the environment"))
    }

    /// A directory of the repository exists.
    ///
    /// # Errors
    /// When it does not.
    pub fn expect_directory(&self, path: &str) -> Step {
        hold(self.environment()?.repo().join(path).is_dir(), || format!("there is no directory {path}"))
    }

    /// Nothing is at a path of the repository.
    ///
    /// # Errors
    /// When something is.
    pub fn expect_nothing_at(&self, path: &str) -> Step {
        let found = self.environment()?.repo().join(path).symlink_metadata().is_ok();
        hold(!found, || format!("{path} exists"))
    }

    /// A file of the repository holds a word.
    ///
    /// # Errors
    /// When the file is not there or does not hold it.
    pub fn expect_word(&self, path: &str, word: &str) -> Step {
        let text = fs::read_to_string(self.environment()?.repo().join(path))
            .map_err(|error| NotSo(format!("cannot read {path}: {error}")))?;
        hold(text.contains(word), || format!("{path} does not hold '{word}'"))
    }

    /// A directory of the repository, or one below it, holds a file that is not empty.
    ///
    /// # Errors
    /// When it holds none.
    pub fn expect_some_file_in(&self, path: &str) -> Step {
        let found = holds_a_file(&self.environment()?.repo().join(path));
        hold(found, || format!("there is no file with content under {path}"))
    }

    /// The last command's output holds a word.
    ///
    /// # Errors
    /// When it does not.
    pub fn expect_said_in_output(&self, word: &str) -> Step {
        let run = &self.last_run()?.run;
        hold(run.stdout.contains(word), || format!("{} does not print '{word}'", run.name))
    }

    /// The last command's output holds no such word, and is not empty.
    ///
    /// # Errors
    /// When it does, or nothing was printed.
    pub fn expect_unsaid_in_output(&self, word: &str) -> Step {
        let run = &self.last_run()?.run;
        hold(!run.stdout.trim().is_empty(), || format!("{} prints nothing", run.name))?;
        hold(!run.stdout.contains(word), || format!("{} prints '{word}'", run.name))
    }

    /// The last command's output holds no line of an error.
    ///
    /// # Errors
    /// The first such line.
    pub fn expect_no_error_in_output(&self) -> Step {
        let run = &self.last_run()?.run;
        let is_error = |line: &&str| ["ERROR", "ImportError", "ModuleNotFoundError"].iter().any(|w| line.contains(w));
        let error = run.stdout.lines().chain(run.stderr.lines()).find(is_error);
        hold(error.is_none(), || format!("{} says: {}", run.name, error.unwrap_or_default()))
    }

    /// The last command's log holds no error.
    ///
    /// # Errors
    /// The first error.
    pub fn expect_no_error_in_log(&self) -> Step {
        let ran = self.last_run()?;
        hold(!ran.seen.log.is_empty(), || format!("{} wrote nothing to its log", ran.run.name))?;
        hold(ran.seen.log_errors.is_empty(), || format!("the log says: {}", ran.seen.log_errors.join("; ")))
    }

    /// The last command's log holds an error.
    ///
    /// # Errors
    /// When it holds none.
    pub fn expect_error_in_log(&self) -> Step {
        let ran = self.last_run()?;
        hold(!ran.seen.log_errors.is_empty(), || format!("the log of {} holds no ERROR", ran.run.name))
    }

    /// The last command added at least `count` experiments.
    ///
    /// # Errors
    /// How many it added.
    pub fn expect_new_experiments(&self, count: usize) -> Step {
        let added = self.last_run()?.seen.experiments.len();
        hold(added >= count, || format!("{added} new experiments, not {count} or more"))
    }

    /// The newest partition under `path` is of the date that the last experiment worked for.
    ///
    /// # Errors
    /// The dates.
    pub fn expect_newest_partition(&self, path: &str) -> Step {
        let ran = self.last_run()?;
        let as_of = ran.seen.experiments.last().and_then(|line| line.get("as_of")).and_then(|date| date.as_str());
        let as_of = as_of.ok_or_else(|| NotSo::because("the last experiment names no as_of date"))?;
        let newest = newest_partition(&self.environment()?.repo().join(path));
        let found = newest.unwrap_or_else(|| "none".into());
        hold(found == as_of, || format!("the newest partition under {path} is {found}, not {as_of}"))
    }

    /// The last run's result equals that of the run before it of the same command.
    ///
    /// # Errors
    /// The two results.
    pub fn expect_equal_results(&self) -> Step {
        let name = &self.last_run()?.run.name;
        let same: Vec<&Ran> = self.runs.iter().filter(|ran| &ran.run.name == name).collect();
        let [.., before, after] = same.as_slice() else {
            return Err(NotSo(format!("{name} ran only once")));
        };
        let (before, after) = (before.seen.result(), after.seen.result());
        hold(before.is_some() && before == after, || format!("the results differ: {before:?}, then {after:?}"))
    }

    /// A signal showed the fault.
    ///
    /// # Errors
    /// What it showed instead.
    pub fn expect_signal(&self, kind: SignalKind) -> Step {
        let signal = self.trace.signals.iter().find(|signal| signal.kind == kind);
        let signal = signal.ok_or_else(|| NotSo(format!("no command ran whose {} could be watched", kind.name())))?;
        let (expected, observed) = (&signal.expected, &signal.observed);
        hold(signal.seen, || format!("the {} is silent: expected {expected}, found {observed}", kind.name()))
    }

    /// What took its time so far is within the budgets; where budgets only warn, it is only said.
    ///
    /// # Errors
    /// What took longer.
    pub fn expect_within_budget(&self) -> Step {
        let session = self.session()?;
        let budgets = &session.target.spec.budgets;
        let over = self.trace.over_budget(budgets, self.scene()?.watch.seconds());
        hold(over.is_none() || session.options.budgets == BudgetRule::Warn, || over.clone().unwrap_or_default())
    }

    /// The last fingerprint proof holds.
    ///
    /// # Errors
    /// What differs, layer by layer.
    pub fn expect_proof(&self) -> Step {
        let proof = self.trace.proofs.iter().rev().find(|proof| proof.kind == "fingerprint");
        let proof = proof.ok_or_else(|| NotSo::because("nothing was rolled back, so there is no proof"))?;
        let differences: Vec<String> = proof
            .layers
            .iter()
            .flat_map(|layer| layer.differences.iter().map(move |line| format!("{:?}: {line}", layer.layer)))
            .collect();
        hold(proof.holds, || format!("the proof does not hold: {}", differences.join("; ")))
    }

    /// The whole state is the baseline's.
    ///
    /// # Errors
    /// What differs.
    pub fn expect_baseline_state(&self) -> Step {
        let before = &self.baseline()?.state;
        let state = rollback::fingerprint_again(&self.environment()?.repo(), before)?;
        let proof = rollback::compare(before, &state, 0.0);
        let differences: Vec<String> = proof.layers.iter().flat_map(|layer| layer.differences.clone()).collect();
        hold(proof.holds, || format!("the state is not the baseline's: {}", differences.join("; ")))
    }

    /// The rollback says that it did something.
    ///
    /// # Errors
    /// What it says that it did.
    pub fn expect_said(&self, words: &str) -> Step {
        let actions = self.trace.rollback.as_ref().map(|rollback| rollback.actions.join("; ")).unwrap_or_default();
        hold(actions.contains(words), || format!("the rollback says: {actions}"))
    }

    /// The last attempt was refused with an exit code and with words that say why.
    ///
    /// # Errors
    /// What happened instead.
    pub fn expect_refusal(&self, code: u8, words: &str) -> Step {
        let attempt = self.attempt.as_ref().ok_or_else(|| NotSo::because("nothing was tried"))?;
        match &attempt.refusal {
            Some((found, reason)) => {
                hold(*found == code && reason.contains(words), || format!("refused with exit code {found}: {reason}"))
            }
            None => Err(NotSo::because("it was done, not refused")),
        }
    }

    /// The state is what it was before the last attempt.
    ///
    /// # Errors
    /// What differs.
    pub fn expect_nothing_touched(&self) -> Step {
        let attempt = self.attempt.as_ref().ok_or_else(|| NotSo::because("nothing was tried"))?;
        let state = rollback::fingerprint_again(&self.environment()?.repo(), &attempt.state)?;
        let proof = rollback::compare(&attempt.state, &state, 0.0);
        let differences: Vec<String> = proof.layers.iter().flat_map(|layer| layer.differences.clone()).collect();
        hold(proof.holds, || format!("something was touched: {}", differences.join("; ")))
    }

    /// The record holds the seconds of detection, rollback and proof.
    ///
    /// # Errors
    /// Which is missing.
    pub fn expect_times_recorded(&self) -> Step {
        let detected = self.trace.signals.iter().any(|signal| signal.seconds.is_some());
        let recovered = self.trace.rollback.as_ref().is_some_and(|rollback| rollback.seconds > 0.0);
        hold(detected, || "no signal's time is recorded".into())?;
        hold(recovered, || "no rollback's time is recorded".into())?;
        hold(!self.trace.proofs.is_empty(), || "no proof is recorded".into())
    }
}

fn holds_a_file(path: &std::path::Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else { return false };
    entries.flatten().any(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => holds_a_file(&entry.path()),
        Ok(found) => found.len() > 0,
        Err(_) => false,
    })
}

/// Returns the newest date of `trade_date=DATE` folders at or below `path`.
fn newest_partition(path: &std::path::Path) -> Option<String> {
    let entries = fs::read_dir(path).ok()?;
    let directories = entries.flatten().filter(|entry| entry.path().is_dir());
    directories
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_prefix("trade_date=").map(str::to_owned).or_else(|| newest_partition(&entry.path()))
        })
        .max()
}
