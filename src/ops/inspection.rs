//! Reads every byte of a workspace that has a record and holds it against that record: the stores, the
//! models, what git tracks, reports and run folders, baselines. Changes nothing and mends nothing.

use std::path::Path;

use serde::Serialize;

use super::{Station, ZooPointers};
use crate::{
    clock::Clock,
    digest::Digest,
    exit::{AnyFailure, Exit, Failure},
    research::zoo::ModelZoo,
    rollback::{self, Site},
    store::{self, Inspection, StorePart, inspect_sealed},
    vault::{Scope, Vault},
    workspace::Workspace,
};

/// What of a workspace is inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The ledger.
    Ledger,
    /// The database, DuckDB or SQLite.
    Database,
    /// Parquet files and their manifests.
    Parquet,
    /// `experiments.jsonl`.
    Experiments,
    /// Models, their manifests and histories, and `current`.
    Models,
    /// Run folders.
    Runs,
    /// Reports and the records and journals of drills.
    Reports,
    /// Baselines and their copies.
    Baselines,
    /// Config, strategy and every other file that git tracks.
    Tracked,
}

impl Part {
    /// Every part, in the order in which they are inspected.
    pub const ALL: [Self; 9] = [
        Self::Tracked,
        Self::Ledger,
        Self::Database,
        Self::Parquet,
        Self::Experiments,
        Self::Models,
        Self::Runs,
        Self::Reports,
        Self::Baselines,
    ];

    /// Returns the part's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Database => "database",
            Self::Parquet => "parquet",
            Self::Experiments => "experiments",
            Self::Models => "models",
            Self::Runs => "runs",
            Self::Reports => "reports",
            Self::Baselines => "baselines",
            Self::Tracked => "tracked",
        }
    }
}

/// What the inspection found damaged.
#[derive(Debug, thiserror::Error)]
#[error("{count} damaged: {first}")]
pub struct DamageFound {
    count: usize,
    first: String,
}

impl DamageFound {
    /// Returns the failure of an inspection that found damage.
    #[must_use]
    pub fn of(found: &Inspection) -> Option<Self> {
        let first = found.damages.first()?;
        Some(Self { count: found.damages.len(), first: format!("{}: {}", first.path.display(), first.what) })
    }
}

impl Failure for DamageFound {
    fn exit(&self) -> Exit {
        Exit::Corrupt
    }

    fn remedy(&self) -> Option<String> {
        Some(
            "Run `lighthunter data check`, which mends the stores from one another; take config back with git, and \
             the rest with `lighthunter rollback`."
                .into(),
        )
    }
}

/// Inspects one part of a workspace.
///
/// # Errors
/// When a store is in use or a directory cannot be read. What is damaged is no error.
pub fn inspect(station: &Station, part: Part) -> Result<Inspection, AnyFailure> {
    let (workspace, paths) = (&station.workspace, &station.settings().paths);
    let stores = |part| Ok(store::inspect(&station.store_settings(), part)?);
    match part {
        Part::Ledger => stores(StorePart::Ledger),
        Part::Database => stores(StorePart::Database),
        Part::Parquet => stores(StorePart::Parquet),
        Part::Experiments => stores(StorePart::Experiments),
        Part::Models => models(station),
        Part::Runs => sealed(workspace, &workspace.path(&paths.experiments_dir)),
        Part::Reports => sealed(workspace, &station.reports()),
        Part::Baselines => baselines(workspace, &station.clock),
        Part::Tracked => tracked(workspace),
    }
}

/// Holds every file that git tracks against the commit, byte by byte: a file whose length and time did not
/// change is read too. Needs no config, which may be what is damaged.
///
/// # Errors
/// When the workspace is no repository or the commit cannot be read.
pub fn tracked(workspace: &Workspace) -> Result<Inspection, AnyFailure> {
    let mut found = Inspection::default();
    let vault = Vault::open(workspace.root())?;
    let committed = vault.tracked_files("HEAD", Scope::All)?;
    let on_disk = vault.files_on_disk(Scope::All)?;
    for (path, id) in &committed {
        match on_disk.get(path) {
            Some(now) if now == id => {
                found.read.insert(format!("tracked {path}"), Digest::of(now));
            }
            Some(_) => found.add(workspace.path(path), "it is not what was committed; commit it where it is meant"),
            None => found.add(workspace.path(path), "it is committed and not there"),
        }
    }
    Ok(found)
}

fn sealed(workspace: &Workspace, directory: &Path) -> Result<Inspection, AnyFailure> {
    let (whole, damages) = inspect_sealed(directory)?;
    let read = whole.into_iter().map(|(path, digest)| (workspace.shown(&path), digest)).collect();
    Ok(Inspection { read, damages })
}

fn models(station: &Station) -> Result<Inspection, AnyFailure> {
    let root = station.workspace.path(&station.settings().alpha.model_dir);
    let (zoo, mut found) = (ModelZoo::at(&root), sealed(&station.workspace, &root)?);
    for job in zoo.jobs()? {
        let directory = root.join(&job);
        for id in zoo.list(&job)? {
            if let Some(snapshot) = found.take(&directory.join(&id), zoo.load(&job, &id))? {
                found.read.insert(format!("model {job}/{id}"), Digest::of(format!("{snapshot:?}")));
            }
        }
        let (link, current) = (directory.join("current"), zoo.current(&job));
        let (Some(current), Some(history)) = (found.take(&link, current)?, found.take(&directory, zoo.history(&job))?)
        else {
            continue;
        };
        // The line is written before the link moves: after a crash in between the link names the one before.
        let last = history.last().map(|line| (Some(line.model.clone()), line.previous.clone()));
        match (&current, last) {
            (None, None) => {}
            (now, Some((model, previous))) if *now == model || *now == previous => {}
            (now, _) => {
                let now = now.as_deref().unwrap_or("nothing");
                found.add(&link, format!("it points at {now}, which no decision of the history put in force"));
            }
        }
        found.read.insert(format!("model {job}/current"), Digest::of(current.unwrap_or_default()));
    }
    Ok(found)
}

fn baselines(workspace: &Workspace, clock: &Clock) -> Result<Inspection, AnyFailure> {
    let mut found = Inspection::default();
    let site = Site { workspace, models: &ZooPointers, clock, by: "doctor" };
    for (name, baseline) in rollback::baselines(workspace.root())? {
        let path = workspace.path(format!("monitor/baselines/{name}.json"));
        let Some(baseline) = found.take(&path, baseline)? else { continue };
        if found.take(&path, rollback::verify(site, &baseline))?.is_some() {
            let text = serde_json::to_string(&baseline).unwrap_or_default();
            found.read.insert(format!("baseline {name}"), Digest::of(text));
        }
    }
    Ok(found)
}
