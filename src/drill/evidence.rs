//! What a drill keeps of each run: what the target said, what the signals showed, in files beside the record.
//! Judges nothing.

use std::{fs::File, io::Write as _, path::Path};

use serde_json::Value;

use super::{DrillError, Environment, ROOT_SHOWN, Ran, Watch, session::Session};
use crate::{
    clock::Stopwatch,
    durable::{self, DurableError},
};

impl Session {
    /// Runs a command and watches the signals; their times run from `since`.
    ///
    /// # Errors
    /// When the command cannot be started.
    pub(super) fn run(&self, name: &str, environment: &Environment, since: &Stopwatch) -> Result<Ran, DrillError> {
        self.run_until(name, environment, None, since)
    }

    /// Runs a command as [`Session::run`] does, and kills it once `when` is there.
    ///
    /// # Errors
    /// When the command cannot be started.
    pub(super) fn run_until(
        &self,
        name: &str,
        environment: &Environment,
        when: Option<&Path>,
        since: &Stopwatch,
    ) -> Result<Ran, DrillError> {
        let repo = environment.repo();
        let mut watch = Watch::start(&repo, &self.target.spec.signals, name);
        let run = self.target.run_until(name, environment, when, |ended| watch.look(since.seconds(), ended))?;
        // The next run's output goes to the same files.
        self.canary.search_text(&format!("what {name} said"), &format!("{}\n{}", run.stdout, run.stderr));
        Ok(Ran { run, seen: watch.finish() })
    }

    /// Writes one evidence file and returns its path relative to the drill's directory. Evidence is not
    /// synced: after a power cut the journal, which is, says what must be done.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn evidence(&self, scenario: &str, name: &str, bytes: impl AsRef<[u8]>) -> Result<String, DrillError> {
        let relative = format!("evidence/{}/{name}", slug(scenario));
        let path = self.options.directory().join(&relative);
        durable::make_directory(path.parent().unwrap_or(&path))?;
        File::create(&path)
            .and_then(|mut file| file.write_all(bytes.as_ref()))
            .map_err(DurableError::at("write", &path))?;
        Ok(relative)
    }

    /// Writes what a run said and what the signals showed; returns the paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn evidence_of_run(&self, scenario: &str, label: &str, ran: &Ran) -> Result<Vec<String>, DrillError> {
        let metrics = [&ran.seen.metrics_before, &ran.seen.metrics_after];
        let metrics: Vec<String> = metrics.iter().filter_map(|line| line.as_ref().map(Value::to_string)).collect();
        let run = &ran.run;
        let command = format!("$ {}\n{} after {} s\n\n{}", run.line, run.ended, run.seconds, run.stdout);
        let parts = [
            (format!("{label}.stdout.txt"), command),
            (format!("{label}.stderr.txt"), ran.run.stderr.clone()),
            (format!("{label}.log.jsonl"), self.shown(&ran.seen.log)),
            (format!("{label}.metrics.jsonl"), self.shown(&metrics.join("\n"))),
        ];
        parts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(file, text)| self.evidence(scenario, &file, text))
            .collect()
    }

    /// Returns `text` with the root of whatever environment it names written as `$DRILL`.
    #[must_use]
    pub(super) fn shown(&self, text: &str) -> String {
        let root = format!("{}/", self.root.display());
        let mut parts = text.split(&root);
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            // What follows the root is the environment's name.
            let rest = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
            shown.push_str(ROOT_SHOWN);
            shown.push_str(part.get(rest..).unwrap_or_default());
        }
        shown
    }
}

/// Returns a name for files: lower case words joined by underscores.
fn slug(name: &str) -> String {
    let mapped: String = name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    mapped.split_whitespace().collect::<Vec<_>>().join("_").chars().take(80).collect()
}
