//! The model zoo as a rollback sees it: which model is in force, and putting an earlier one in force again.

use std::{fs, io, path::Path};

use crate::{
    durable::{self, DurableError},
    exit::AnyFailure,
    research::zoo::{Action, Decision, ModelZoo},
    rollback::{ModelPointers, PointerNote},
};

/// Answers a rollback from the model zoo.
#[derive(Debug, Clone, Copy)]
pub struct ZooPointers;

impl ModelPointers for ZooPointers {
    fn jobs(&self, models: &Path) -> Result<Vec<String>, AnyFailure> {
        Ok(ModelZoo::at(models).jobs()?)
    }

    fn current(&self, models: &Path, job: &str) -> Result<Option<String>, AnyFailure> {
        Ok(ModelZoo::at(models).current(job)?)
    }

    fn check(&self, models: &Path, job: &str, id: &str) -> Result<(), AnyFailure> {
        ModelZoo::at(models).load(job, id)?;
        Ok(())
    }

    fn take_back(&self, models: &Path, job: &str, id: &str, note: &PointerNote<'_>) -> Result<(), AnyFailure> {
        let decision =
            Decision { action: Action::Previous, at: note.at, by: note.by.into(), reason: Some(note.reason.into()) };
        ModelZoo::at(models).promote(job, id, &decision)?;
        Ok(())
    }

    fn withdraw(&self, models: &Path, job: &str) -> Result<(), AnyFailure> {
        let directory = ModelZoo::at(models).job_directory(job)?;
        let link = directory.join("current");
        match fs::remove_file(&link) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DurableError::at("remove", &link)(error).into())
            }
            _ => Ok(durable::sync_directory(&directory)?),
        }
    }
}
