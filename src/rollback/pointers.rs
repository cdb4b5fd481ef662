//! What a rollback asks of the models: which one is in force, whether one is whole, and to put one in
//! force. Defined here and answered by the room that keeps them.

use std::path::Path;

use crate::exit::AnyFailure;

/// The models in force, by job.
pub trait ModelPointers {
    /// Returns the jobs that have models under `models`, ascending.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn jobs(&self, models: &Path) -> Result<Vec<String>, AnyFailure>;

    /// Returns the model in force of a job; none where there is none.
    ///
    /// # Errors
    /// When the pointer is not sound.
    fn current(&self, models: &Path, job: &str) -> Result<Option<String>, AnyFailure>;

    /// Checks every file of a model.
    ///
    /// # Errors
    /// When it is not there or not whole.
    fn check(&self, models: &Path, job: &str, id: &str) -> Result<(), AnyFailure>;

    /// Puts a model in force again in one step, and records who wanted it, when and why.
    ///
    /// # Errors
    /// When it is not whole or a file cannot be written; the model before stays in force.
    fn take_back(&self, models: &Path, job: &str, id: &str, note: &PointerNote<'_>) -> Result<(), AnyFailure>;

    /// Takes the pointer of a job away: no model of it is in force then.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn withdraw(&self, models: &Path, job: &str) -> Result<(), AnyFailure>;
}

/// Who takes a model back, when and why.
#[derive(Debug, Clone, Copy)]
pub struct PointerNote<'a> {
    /// When.
    pub at: jiff::Timestamp,
    /// Who.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
}
