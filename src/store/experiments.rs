//! Experiments: committed to the ledger, then appended to `experiments.jsonl`. The file is derived:
//! opening it compares it with the ledger and repairs it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{
    Experiment, Ledger, StoreError,
    jsonl::{append_line, quarantine_lines},
    quarantine::Quarantine,
};
use crate::durable;

/// The experiments of a workspace.
#[derive(Debug)]
pub struct Experiments<'a> {
    ledger: &'a Ledger,
    path: &'a Path,
}

impl<'a> Experiments<'a> {
    /// Names the ledger and the file.
    #[must_use]
    pub fn new(ledger: &'a Ledger, path: &'a Path) -> Self {
        Self { ledger, path }
    }

    /// Records an experiment that has ended; when this returns it survives anything. Recording the
    /// same again changes nothing.
    ///
    /// # Errors
    /// `Conflict` when its id is recorded with other content; what the ledger or the file says.
    pub fn record(&self, experiment: &Experiment) -> Result<(), StoreError> {
        let line =
            serde_json::to_string(experiment).map_err(|source| StoreError::Json { path: self.path.into(), source })?;
        if self.ledger.put_experiment(&experiment.id, &line)? {
            append_line(self.path, &line)?;
        }
        Ok(())
    }

    /// Returns all ended experiments, oldest first, from the ledger.
    ///
    /// # Errors
    /// What the ledger says; `Json` when a line is not of this program's form.
    pub fn list(&self) -> Result<Vec<Experiment>, StoreError> {
        let lines = self.ledger.experiment_lines()?;
        let parse = |(_, line): (String, String)| {
            serde_json::from_str(&line).map_err(|source| StoreError::Json { path: self.path.into(), source })
        };
        lines.into_iter().map(parse).collect()
    }

    /// Returns one ended experiment.
    ///
    /// # Errors
    /// As [`Experiments::list`].
    pub fn get(&self, id: &str) -> Result<Option<Experiment>, StoreError> {
        Ok(self.list()?.into_iter().find(|experiment| experiment.id == id))
    }

    /// Returns what the file must hold.
    ///
    /// # Errors
    /// What the ledger says.
    pub(crate) fn expected_bytes(&self) -> Result<Vec<u8>, StoreError> {
        Ok(joined(&self.ledger.experiment_lines()?))
    }

    /// Makes the file what the ledger says. Lines that the ledger does not know are taken into it when
    /// they are whole experiments, and put aside when they are not. Returns what was put aside.
    ///
    /// # Errors
    /// What the ledger or the file says.
    pub(crate) fn reconcile(&self, quarantine: &Quarantine) -> Result<Reconciled, StoreError> {
        let bytes = match fs::read(self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(StoreError::io("read", self.path))?,
        };
        let lines = self.ledger.experiment_lines()?;
        let mut found = Reconciled::default();
        if bytes == joined(&lines) {
            return Ok(found);
        }
        let known: BTreeMap<&str, &str> = lines.iter().map(|(id, line)| (id.as_str(), line.as_str())).collect();
        let right: BTreeSet<&[u8]> = lines.iter().map(|(_, line)| line.as_bytes()).collect();
        let mut bad = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !right.contains(line)) {
            match serde_json::from_slice::<Experiment>(line) {
                Ok(experiment) if !known.contains_key(experiment.id.as_str()) => {
                    let text = String::from_utf8_lossy(line);
                    if self.ledger.put_experiment(&experiment.id, &text).is_ok() {
                        found.adopted.push(experiment.id);
                    } else {
                        bad.push(line.to_vec());
                    }
                }
                _ => bad.push(line.to_vec()),
            }
        }
        if !bad.is_empty() {
            found.quarantined = Some(quarantine_lines(quarantine, self.path, &bad, "not a line of the ledger")?);
        }
        durable::replace(self.path, joined(&self.ledger.experiment_lines()?))?;
        found.rewritten = true;
        Ok(found)
    }
}

/// What was done to make the file what the ledger says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reconciled {
    pub(crate) rewritten: bool,
    pub(crate) adopted: Vec<String>,
    pub(crate) quarantined: Option<PathBuf>,
}

fn joined(lines: &[(String, String)]) -> Vec<u8> {
    lines.iter().flat_map(|(_, line)| [line.as_bytes(), b"\n"].concat()).collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, path::PathBuf};

    use super::{Experiment, Experiments, Ledger, Quarantine, StoreError};
    use crate::{
        digest::Digest,
        store::{ExperimentKind, ExperimentStatus, StorePath},
    };

    fn experiment(id: &str) -> Experiment {
        Experiment {
            id: id.into(),
            kind: ExperimentKind::Train,
            job: "job".into(),
            model_id: None,
            status: ExperimentStatus::Success,
            as_of: jiff::civil::date(2020, 6, 30),
            started_at: "2020-06-30T12:00:00Z".parse().expect("a timestamp"),
            finished_at: "2020-06-30T12:00:01Z".parse().expect("a timestamp"),
            seed: 1,
            git_commit: "c".into(),
            config_digest: Digest::of("c"),
            data_digest: Digest::of("d"),
            result_digest: None,
            params: BTreeMap::new(),
            metrics: BTreeMap::from([("ic".into(), Some(0.1)), ("none".into(), None)]),
            artifacts: vec![],
            error: None,
        }
    }

    struct Room {
        _directory: tempfile::TempDir,
        ledger: Ledger,
        path: PathBuf,
        quarantine: Quarantine,
    }

    fn room() -> Room {
        let room = tempfile::tempdir().expect("a directory");
        let ledger = Ledger::open(&StorePath::new("k", room.path().join("ledger.sqlite"))).expect("made");
        let now = "2020-06-30T12:00:00+08:00[Asia/Shanghai]".parse().expect("a time");
        let quarantine = Quarantine::new(&room.path().join("quarantine"), &now);
        Room { path: room.path().join("experiments.jsonl"), _directory: room, ledger, quarantine }
    }

    #[test]
    fn torn_line_is_cut_and_repaired_from_the_ledger() {
        let room = room();
        let experiments = Experiments::new(&room.ledger, &room.path);
        for id in ["a", "b", "c"] {
            experiments.record(&experiment(id)).expect("recorded");
        }
        let whole = fs::read(&room.path).expect("readable");
        for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
            crate::durable::replace(&room.path, &whole[..cut]).expect("cut");
            let found = experiments.reconcile(&room.quarantine).expect("reconciled");
            assert!(found.rewritten);
            assert_eq!(fs::read(&room.path).expect("readable"), whole, "cut at {cut}");
        }
        assert!(!experiments.reconcile(&room.quarantine).expect("reconciled").rewritten, "nothing left to do");
        assert_eq!(experiments.list().expect("listed").len(), 3);
    }

    #[test]
    fn line_that_differs_from_the_ledger_is_put_aside_and_a_new_one_adopted() {
        let room = room();
        let experiments = Experiments::new(&room.ledger, &room.path);
        experiments.record(&experiment("a")).expect("recorded");
        let mut forged = experiment("a");
        forged.seed = 2;
        let lines = [&forged, &experiment("b")].map(|one| serde_json::to_string(one).expect("json"));
        crate::durable::replace(&room.path, lines.join("\n") + "\ngarbage\n").expect("written");
        let found = experiments.reconcile(&room.quarantine).expect("reconciled");
        assert_eq!(found.adopted, ["b"]);
        let aside = fs::read_to_string(found.quarantined.expect("a file")).expect("readable");
        assert_eq!(aside, format!("{}\ngarbage\n", lines[0]));
        let ids: Vec<(String, u64)> = experiments.list().expect("listed").into_iter().map(|e| (e.id, e.seed)).collect();
        assert_eq!(ids, [("a".into(), 1), ("b".into(), 1)]);
    }

    #[test]
    fn id_is_recorded_once() {
        let room = room();
        let experiments = Experiments::new(&room.ledger, &room.path);
        experiments.record(&experiment("a")).expect("recorded");
        experiments.record(&experiment("a")).expect("the same again");
        let mut other = experiment("a");
        other.seed = 9;
        assert!(matches!(experiments.record(&other), Err(StoreError::Conflict { .. })));
        assert_eq!(fs::read_to_string(&room.path).expect("readable").lines().count(), 1);
    }
}
