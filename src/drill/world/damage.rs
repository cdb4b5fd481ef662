//! How a scenario breaks what no file of the catalogue holds: the stores, the models in force; and how it
//! lets a person's work go on.

use std::{fs, path::Path};

use serde_json::json;

use super::{
    NotSo, Step, World, hold,
    rollback::{ended_well, pointers},
};
use crate::{
    config,
    drill::{EntryKind, trace::Phase},
    durable,
    record::FaultRecord,
    rollback,
    vault::Vault,
};

/// A fault that is no file's edit: its name, and what it does in both languages.
#[derive(Debug, Clone, Copy)]
struct Told {
    id: &'static str,
    what: &'static str,
    what_zh: &'static str,
}

const DATA_DAMAGE: Told = Told {
    id: "data-damage",
    what: "the database is damaged in place and Parquet files are deleted",
    what_zh: "数据库被就地损坏，并删除若干 Parquet 文件",
};
const MODEL_DEGRADED: Told = Told {
    id: "model-degraded",
    what: "a worse model is trained and put in force",
    what_zh: "训练出一个更差的模型并启用",
};

impl World {
    /// Damages the stores: the database in place, and half of the newest table's files gone.
    ///
    /// # Errors
    /// When there is nothing to damage, or the damage is not seen.
    pub fn damage_data(&mut self) -> Step {
        self.break_by(DATA_DAMAGE, |repo| {
            let path = repo.join("data/lighthunter.duckdb");
            let mut bytes =
                fs::read(&path).map_err(|error| NotSo(format!("cannot read {}: {error}", path.display())))?;
            bytes.iter_mut().skip(4096).for_each(|byte| *byte ^= 0xff);
            // In place, as a disk or a person does it.
            write_in_place(&path, &bytes)?;
            let daily = repo.join("data/parquet/daily");
            let mut dates: Vec<_> = fs::read_dir(&daily)
                .map_err(|error| NotSo(format!("cannot list {}: {error}", daily.display())))?
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.is_dir())
                .collect();
            dates.sort();
            for date in dates.iter().rev().take(dates.len() / 2) {
                fs::remove_dir_all(date)
                    .map_err(|error| NotSo(format!("cannot remove {}: {error}", date.display())))?;
            }
            Ok(())
        })
    }

    /// Trains another model by the target's own command, which puts it in force.
    ///
    /// # Errors
    /// When the model in force is the same as before.
    pub fn put_worse_model_in_force(&mut self) -> Step {
        self.require_command("night_worse")?;
        let session = self.session()?;
        let repo = self.environment()?.repo();
        if session.options.control {
            return self.break_by(MODEL_DEGRADED, |_| Ok(()));
        }
        let before = pointers(&repo);
        let run = self.run_with("night_worse", &[])?;
        ended_well(&run)?;
        let after = pointers(&repo);
        hold(before != after, || format!("the model in force is still {before:?}"))?;
        self.note_fault(MODEL_DEGRADED, "");
        self.enter(Phase::Watching);
        Ok(())
    }

    fn break_by(&mut self, told: Told, damage: impl FnOnce(&Path) -> Result<(), NotSo>) -> Step {
        self.enter(Phase::Injecting);
        let repo = self.environment()?.repo();
        if self.session()?.options.control {
            self.trace.fault = Some(FaultRecord {
                id: told.id.into(),
                what: told.what.into(),
                what_zh: told.what_zh.into(),
                injected: false,
                at_seconds: self.scene()?.watch.seconds(),
                diff: String::new(),
            });
            self.enter(Phase::Watching);
            return Ok(());
        }
        let before = self.state()?;
        self.journal(EntryKind::Intent, "inject", json!({ "fault": told.id }))?;
        damage(&repo)?;
        let after = self.state()?;
        let changed = rollback::compare(&before, &after, 0.0);
        hold(!changed.holds, || format!("the fault did not take: {}, and nothing changed", told.what))?;
        let lines: Vec<String> = changed.layers.into_iter().flat_map(|layer| layer.differences).collect();
        self.note_fault(told, &lines.join("\n"));
        self.enter(Phase::Watching);
        Ok(())
    }

    /// Records a fault; where one of the catalogue was injected before, that one stays the scenario's.
    fn note_fault(&mut self, told: Told, diff: &str) {
        let at_seconds = self.scene.as_ref().map_or(0.0, |scene| scene.watch.seconds());
        let [id, what, what_zh] = [told.id, told.what, told.what_zh].map(str::to_owned);
        let diff = diff.to_owned();
        self.trace.fault.get_or_insert(FaultRecord { id, what, what_zh, injected: true, at_seconds, diff });
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

fn write_in_place(path: &Path, bytes: &[u8]) -> Step {
    use std::io::Write as _;
    let failed = |error: std::io::Error| NotSo(format!("cannot damage {}: {error}", path.display()));
    let mut file = fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)
}
