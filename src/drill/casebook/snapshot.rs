//! What is acknowledged at a moment, by the records themselves: experiments, runs, partitions, rows. Read without
//! the system's commands, so that a system that lies about itself is found out.

use std::{collections::BTreeMap, fs, path::Path};

use jiff::civil::Date;

use crate::{
    config::{self, LoadOptions},
    rollback::{self, stores_of},
    store::{Ledger, StoreSettings, Table},
    workspace::Workspace,
};

/// How many runs of the ledger are looked at.
const RUNS_MAX: usize = 10_000;

/// What is acknowledged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::drill) struct Acknowledged {
    /// The lines of the experiment record, in order.
    pub(in crate::drill) experiments: Vec<String>,
    /// The runs of the ledger that have ended, with how.
    pub(in crate::drill) runs: BTreeMap<String, String>,
    /// The rows of each partition that the ledger acknowledges.
    pub(in crate::drill) rows: BTreeMap<(Table, Date), u64>,
}

impl Acknowledged {
    /// Reads what is acknowledged in `repo`.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub(in crate::drill) fn read(repo: &Path) -> Result<Self, String> {
        let experiments = fs::read_to_string(repo.join("experiments/experiments.jsonl")).unwrap_or_default();
        let experiments = experiments.lines().map(str::to_owned).collect();
        let mut found = Self { experiments, ..Self::default() };
        let stores = stores(repo)?;
        if !stores.ledger.path.exists() {
            return Ok(found);
        }
        let words = |error: crate::store::StoreError| error.to_string();
        let ledger = Ledger::open_read_only(&stores.ledger).map_err(words)?;
        for run in ledger.runs(RUNS_MAX).map_err(words)? {
            // One that has not ended is no promise yet: who comes next says that it was interrupted.
            if run.finished_at.is_some() {
                found.runs.insert(run.id.clone(), format!("{:?}", run.status));
            }
        }
        for table in Table::ALL {
            for (date, partition) in ledger.partitions(table).map_err(words)? {
                found.rows.insert((table, date), partition.rows);
            }
        }
        Ok(found)
    }

    /// Says what of `before` is not there, or is there twice.
    ///
    /// # Errors
    /// The first loss.
    pub(in crate::drill) fn keeps(&self, before: &Self) -> Result<(), String> {
        for line in &before.experiments {
            let count = self.experiments.iter().filter(|other| *other == line).count();
            if count != 1 {
                let shown: String = line.chars().take(80).collect();
                return Err(format!("the experiment {shown} is there {count} times"));
            }
        }
        for (id, status) in &before.runs {
            match self.runs.get(id) {
                None => return Err(format!("the ledger has lost the run {id}")),
                Some(now) if now != status => return Err(format!("the run {id} was {status} and is {now}")),
                Some(_) => {}
            }
        }
        let lost = before.rows.iter().find(|(key, rows)| self.rows.get(key).is_none_or(|now| now < *rows));
        lost.map_or(Ok(()), |((table, date), rows)| {
            let now = self.rows.get(&(*table, *date)).copied().unwrap_or(0);
            Err(format!("{table} {date}: {rows} rows were acknowledged, {now} are there"))
        })
    }
}

/// Returns the stores that the workspace's config names.
///
/// # Errors
/// When the config is not one.
pub(in crate::drill) fn stores(repo: &Path) -> Result<StoreSettings, String> {
    let workspace = Workspace::at(repo.into());
    let loaded = config::load(&workspace, &LoadOptions::default()).map_err(|error| error.to_string())?;
    Ok(stores_of(repo, &loaded.settings))
}

/// Returns what differs between code, config and the rest of the tree at two moments.
pub(in crate::drill) fn tree_differences(
    before: &rollback::Fingerprint,
    repo: &Path,
) -> Result<Vec<String>, rollback::RollbackError> {
    let now = rollback::tree_fingerprint(repo)?;
    let proof = rollback::compare(&before.tree(), &now, 0.0);
    // A rollback names what it rescued by a reference, on purpose.
    let rescued = format!("added reference {}", rollback::RESCUE);
    let differences = proof.layers.into_iter().flat_map(|layer| layer.differences);
    Ok(differences.filter(|line| !line.starts_with(&rescued)).collect())
}
