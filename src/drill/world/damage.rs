//! How a scenario breaks the stores and the models in force, by the catalogue's faults; and how it lets a person's
//! work go on.

use std::fs;

use serde_json::json;

use super::{
    NotSo, Step, World, hold,
    rollback::{ended_well, pointers},
};
use crate::{
    config,
    drill::{Fault, Injection},
    durable,
    vault::Vault,
};

impl World {
    /// Damages the stores: the database in place, and half of the newest table's files gone.
    ///
    /// # Errors
    /// When there is nothing to damage, or the damage is not seen.
    pub fn damage_data(&mut self) -> Step {
        self.inject_besides("data-damage")
    }

    /// Trains another model by the target's own command, which puts it in force.
    ///
    /// # Errors
    /// When the model in force is the same as before.
    pub fn put_worse_model_in_force(&mut self) -> Step {
        self.inject_besides("model-degraded")
    }

    /// Runs the command that puts another model in force and looks whether one is.
    pub(super) fn put_in_force_by(&mut self, command: &str, fault: &Fault) -> Result<Injection, NotSo> {
        let repo = self.environment()?.repo();
        let before = pointers(&repo);
        let run = self.run_with(command, &[])?;
        ended_well(&run)?;
        let taken =
            if pointers(&repo) == before { Err(format!("the model in force is still {before:?}")) } else { Ok(()) };
        Ok(fault.performed(taken))
    }

    /// Commits what was changed in the tree.
    ///
    /// # Errors
    /// When there is nothing to commit.
    pub fn commit_change(&mut self, message: &str) -> Step {
        let session = self.session()?;
        let vault = Vault::open(&self.environment()?.repo())?;
        if session.options.control {
            return Ok(());
        }
        hold(!vault.status()?.is_clean(), || "there is nothing to commit".into())?;
        vault.commit_all(message, session.options.clock.now())?;
        Ok(())
    }

    /// Changes the config and the code as a person does who goes on working, and commits that.
    ///
    /// # Errors
    /// When the config has no such key or a file cannot be written.
    pub fn move_on(&mut self) -> Step {
        let repo = self.environment()?.repo();
        let failed = |error: &dyn std::fmt::Display| NotSo(format!("cannot change config and code: {error}"));
        let path = repo.join("config/system_config.json");
        let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
        let text = config::replace_pointer(&path, &text, "/performance/risk_free_rate", &json!(0.01))
            .map_err(|error| failed(&error))?;
        durable::replace(&path, text).map_err(|error| failed(&error))?;
        let path = repo.join("strategy/u1.luau");
        let text = fs::read_to_string(&path).map_err(|error| failed(&error))? + "-- a later version\n";
        durable::replace(&path, text).map_err(|error| failed(&error))?;
        let session = self.session()?;
        Vault::open(&repo)?.commit_all("a later version", session.options.clock.now())?;
        Ok(())
    }
}
