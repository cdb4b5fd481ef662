//! The directory `models/`: publishing, promoting, loading and listing snapshots.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use super::{Decision, HistoryLine, Manifest, Snapshot, check_name, history, manifest::names, verify};
use crate::{durable, research::ResearchError};

const CURRENT: &str = "current";

/// The models of a workspace: `<root>/<job>/<id>/` and `<root>/<job>/current -> <id>`.
#[derive(Debug, Clone)]
pub struct ModelZoo {
    root: PathBuf,
}

/// A change of the model in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The model now in force.
    pub model: String,
    /// The model in force before.
    pub previous: Option<String>,
    /// The gate's reasons against the model, which the decision overruled; none where it passed.
    pub overruled: Vec<String>,
}

impl ModelZoo {
    /// Names the zoo under `root`, the workspace's `models` directory.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns the directory of a job.
    ///
    /// # Errors
    /// When the job's name cannot be a directory name.
    pub fn job_directory(&self, job: &str) -> Result<PathBuf, ResearchError> {
        check_name("job", job)?;
        Ok(self.root.join(job))
    }

    /// Returns the directory of a model.
    ///
    /// # Errors
    /// When the job's name or the id cannot be a directory name.
    pub fn directory(&self, job: &str, id: &str) -> Result<PathBuf, ResearchError> {
        check_name("model id", id)?;
        Ok(self.job_directory(job)?.join(id))
    }

    /// Publishes a snapshot: its directory appears whole or not at all. Does not put it in force.
    ///
    /// # Errors
    /// When the id is taken or a file operation fails; nothing is then published.
    pub fn publish(&self, snapshot: &Snapshot) -> Result<PathBuf, ResearchError> {
        let place = self.directory(&snapshot.job, &snapshot.id)?;
        let job = self.job_directory(&snapshot.job)?;
        if fs::symlink_metadata(&place).is_ok() || snapshot.id == CURRENT {
            return Err(ResearchError::Taken(place));
        }
        durable::make_directory(&job)?;
        durable::sync_directory(&self.root)?;
        // Named as every temporary file is: what a killed process leaves goes when the next one takes the lock.
        durable::remove_abandoned(&job)?;
        let draft = job.join(format!(".{}.{}.tmp", snapshot.id, std::process::id()));
        remove_draft(&draft)?;
        durable::make_directory(&draft)?;
        let files = snapshot.files()?;
        let published = Manifest::write(&draft, &snapshot.job, &snapshot.id, &files)
            .and_then(|_| Ok(durable::publish_directory(&draft, &place)?));
        if published.is_err() {
            // Best effort: the caller gets the first error, which is the cause.
            let _ = remove_draft(&draft);
        }
        published.map(|()| place)
    }

    /// Puts a model in force after verifying it, and records who wanted it and why. A model that its gate
    /// refused is put in force too: whether that may be is the caller's business.
    ///
    /// # Errors
    /// When there is no such model, it is not sound, or the record or the link cannot be written; the old
    /// model then stays in force.
    pub fn promote(&self, job: &str, id: &str, decision: &Decision) -> Result<Promotion, ResearchError> {
        let gate = self.load(job, id)?.judgement.gate;
        let directory = self.job_directory(job)?;
        // A link that is broken is what promotion may have to mend, so it does not stop it.
        let previous = self.current(job).unwrap_or_default();
        let line = HistoryLine {
            at: decision.at,
            action: decision.action,
            model: id.into(),
            previous: previous.clone(),
            by: decision.by.clone(),
            reason: decision.reason.clone(),
            overruled: gate.reasons,
        };
        history::append(&directory, &line)?;
        clear_the_way(&directory)?;
        durable::point(&directory.join(CURRENT), Path::new(id))?;
        tracing::info!(job, model = id, previous = previous.as_deref(), by = decision.by, "model in force");
        Ok(Promotion { model: id.into(), previous, overruled: line.overruled })
    }

    /// Returns who put which model in force, oldest first; a last line may be of a change that a crash kept
    /// from coming about.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn history(&self, job: &str) -> Result<Vec<HistoryLine>, ResearchError> {
        history::read(&self.job_directory(job)?)
    }

    /// Returns the id of the model in force; none where no model was ever put in force.
    ///
    /// # Errors
    /// When `current` is not a link to a directory beside it.
    pub fn current(&self, job: &str) -> Result<Option<String>, ResearchError> {
        let link = self.job_directory(job)?.join(CURRENT);
        match fs::symlink_metadata(&link) {
            Ok(metadata) if metadata.is_symlink() => self.target(job, &link).map(Some),
            Ok(_) => Err(ResearchError::corrupt(&link, "it is not a symbolic link")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ResearchError::unreadable(&link)(error)),
        }
    }

    fn target(&self, job: &str, link: &Path) -> Result<String, ResearchError> {
        let target = fs::read_link(link).map_err(ResearchError::unreadable(link))?;
        let (Some(Component::Normal(name)), 1) = (target.components().next(), target.components().count()) else {
            let what = format!("it points at {}, which is not a name beside it", target.display());
            return Err(ResearchError::corrupt(link, what));
        };
        let id = name.to_string_lossy().into_owned();
        let directory = self.directory(job, &id).map_err(|error| ResearchError::corrupt(link, error.to_string()))?;
        match fs::symlink_metadata(&directory) {
            // A link in place of the directory could lead out of the zoo.
            Ok(metadata) if metadata.is_dir() => Ok(id),
            Ok(_) => Err(ResearchError::corrupt(&directory, "it is not a directory")),
            Err(_) => Err(ResearchError::corrupt(link, format!("it points at '{id}', which is not there"))),
        }
    }

    /// Loads and verifies the model in force.
    ///
    /// # Errors
    /// When there is none, `current` is not sound, or the model is not.
    pub fn load_current(&self, job: &str) -> Result<Snapshot, ResearchError> {
        let path = self.job_directory(job)?.join(CURRENT);
        let current = self.current(job)?;
        let id = current.ok_or_else(|| ResearchError::NoCurrent { job: job.into(), path })?;
        self.load(job, &id)
    }

    /// Loads and verifies a model.
    ///
    /// # Errors
    /// When there is no such model or it is not sound.
    pub fn load(&self, job: &str, id: &str) -> Result<Snapshot, ResearchError> {
        let path = self.directory(job, id)?;
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => verify(&path),
            Ok(_) => Err(ResearchError::corrupt(&path, "it is not a directory")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(ResearchError::NoModel { job: job.into(), id: id.into(), path })
            }
            Err(error) => Err(ResearchError::unreadable(&path)(error)),
        }
    }

    /// Returns the ids of a job's models, oldest first; drafts of a killed run do not count.
    ///
    /// # Errors
    /// When the job's directory cannot be read.
    pub fn list(&self, job: &str) -> Result<Vec<String>, ResearchError> {
        let directory = self.job_directory(job)?;
        if fs::symlink_metadata(&directory).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(Vec::new());
        }
        let is_model = |name: &String| {
            name != CURRENT
                && check_name("model id", name).is_ok()
                && fs::symlink_metadata(directory.join(name)).is_ok_and(|metadata| metadata.is_dir())
        };
        Ok(names(&directory)?.into_iter().filter(is_model).collect())
    }

    /// Returns the jobs that have models, ascending.
    ///
    /// # Errors
    /// When the zoo cannot be read.
    pub fn jobs(&self) -> Result<Vec<String>, ResearchError> {
        if fs::symlink_metadata(&self.root).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(Vec::new());
        }
        let is_job = |name: &String| {
            check_name("job", name).is_ok()
                && fs::symlink_metadata(self.root.join(name)).is_ok_and(|metadata| metadata.is_dir())
        };
        Ok(names(&self.root)?.into_iter().filter(is_job).collect())
    }

    /// Returns the model that was in force before the one that is; where `current` is broken, the last one that
    /// was and is still there. Where the history does not know (it is
    /// younger than the model), the newest older model that its gate did not refuse.
    ///
    /// # Errors
    /// When there is no model in force or none before it, or one that would do is not sound.
    pub fn previous(&self, job: &str) -> Result<String, ResearchError> {
        let path = self.job_directory(job)?;
        let models = self.list(job)?;
        let lines = self.history(job)?;
        let current = match self.current(job) {
            Ok(current) => {
                current.ok_or_else(|| ResearchError::NoCurrent { job: job.into(), path: path.join(CURRENT) })?
            }
            // A link that says nothing: the way back leads to the last model that was in force and is there.
            Err(broken) => {
                let known = history::stack(&lines, lines.last().map_or("", |line| &line.model));
                return known.into_iter().rev().find(|id| models.contains(id)).ok_or(broken);
            }
        };
        let before = history::stack(&lines, &current);
        let known = before.iter().rev().skip(1).find(|id| **id != current && models.contains(id));
        if let Some(known) = known {
            return Ok(known.clone());
        }
        if !lines.iter().any(|line| line.model == current) {
            for id in models.into_iter().rev().filter(|id| *id < current) {
                if self.load(job, &id)?.judgement.gate.passed {
                    return Ok(id);
                }
            }
        }
        Err(ResearchError::NoModel { job: job.into(), id: format!("before {current}"), path })
    }
}

/// Moves a directory aside that stands where the link belongs: a link can take a file's place, and not a
/// directory's. Its name begins with a dot, so that no command takes it for a model.
fn clear_the_way(job: &Path) -> Result<(), ResearchError> {
    let link = job.join(CURRENT);
    if fs::symlink_metadata(&link).is_ok_and(|metadata| metadata.is_dir()) {
        let mut number = 1;
        let mut aside = job.join(format!(".{CURRENT}.displaced-{number}"));
        while fs::symlink_metadata(&aside).is_ok() {
            number += 1;
            aside = job.join(format!(".{CURRENT}.displaced-{number}"));
        }
        tracing::warn!("{} is a directory; it is moved to {}", link.display(), aside.display());
        durable::publish_directory(&link, &aside)?;
    }
    Ok(())
}

fn remove_draft(draft: &Path) -> Result<(), ResearchError> {
    if fs::symlink_metadata(draft).is_ok() {
        durable::remove_tree(draft)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "store_tests.rs"]
pub(super) mod tests;
