//! Brings the input files of a directory into the stores: NightOps' stage `collect` and `data import`.
//!
//! Reads only files whose bytes were never imported, so that an older delivery that still lies in the
//! directory cannot take back what a newer one has corrected.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    listener::{Listener, Told},
    night_ops::Word,
    station::Station,
};
use crate::{
    data::collect::{self, CollectPlan},
    exit::AnyFailure,
    source::files::{self, FileReport, IntakeOptions},
    store::Stores,
    text::Note,
};

/// Where rejected rows are kept, relative to the workspace.
const QUARANTINE: &str = "data/quarantine";

/// What an import did with one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollectedTable {
    /// The table.
    pub table: &'static str,
    /// Rows that are new or have other values than before.
    pub rows_changed: u64,
    /// Rows that replaced an older delivery of theirs.
    pub revisions: u64,
    /// Rows that another row of the same key, delivered later, took the place of.
    pub duplicates: u64,
    /// Dates that were written.
    pub partitions_written: u64,
    /// Dates that hold exactly these rows already.
    pub partitions_unchanged: u64,
}

/// Rows that were rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RejectedRows {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub rows: usize,
}

/// What was brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// Which files are new.
    pub plan: CollectPlan,
    /// Every file that was looked at; empty where nothing is new.
    pub files: Vec<FileReport>,
    /// What was written, by table.
    pub tables: Vec<CollectedTable>,
    /// The rejected rows, by file and reason.
    pub rejected: Vec<RejectedRows>,
    /// The file that keeps the rejected rows with their text.
    pub quarantine: Option<PathBuf>,
    /// What deserves a look but stops nothing.
    pub warnings: Vec<String>,
}

impl Collected {
    /// Returns the rows that were found in the new files.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.files.iter().map(|file| file.rows_read).sum()
    }

    /// Returns the rows of the stores that are new or changed.
    #[must_use]
    pub fn rows_changed(&self) -> u64 {
        self.tables.iter().map(|table| table.rows_changed).sum()
    }

    /// Returns the rows that were rejected.
    #[must_use]
    pub fn rows_rejected(&self) -> usize {
        self.rejected.iter().map(|rejected| rejected.rows).sum()
    }

    /// Says in one line what was brought in.
    #[must_use]
    pub fn remark(&self) -> Note {
        let files = match (self.plan.new.len(), self.plan.known.len()) {
            (0, known) => return Note::new(Word::NothingNew, [&known]),
            (new, 0) => Note::new(Word::FilesNew, [&new]),
            (new, known) => Note::new(Word::FilesNewAndKnown, [&new, &known]),
        };
        let rows = |table: &CollectedTable| Note::new(Word::TableRows, [&table.table, &table.rows_changed]);
        let tables: Vec<Note> = self.tables.iter().map(rows).collect();
        let rejected = Note::new(Word::RowsRejected, [&self.rows_rejected()]);
        Note::joined(&[files, Note::joined(&tables, [", ", "，"]), rejected], ["; ", "；"])
    }
}

/// The steps of an import, as a listener hears them.
const STEPS: [&str; 3] = ["look for new files", "read files", "write stores"];

/// Imports the files of `directory` whose bytes are new; the listener hears its three steps. Durable when this
/// returns.
///
/// # Errors
/// When a file is not what its name says, or a store cannot be written; nothing is acknowledged then.
pub fn collect(
    station: &Station,
    stores: &mut Stores,
    directory: &Path,
    listener: &Listener,
) -> Result<Collected, AnyFailure> {
    begin(listener, 1);
    let scanned = files::scan_directory(directory)?;
    let mut imported = BTreeSet::new();
    for (file, digest) in scanned.iter().filter_map(|file| Some((file, file.digest?))) {
        if stores.ledger().is_imported(&digest, &import_name(station, directory, &file.file))? {
            imported.insert(digest);
        }
    }
    let plan = collect::plan(&scanned, &imported);
    let mut collected = Collected {
        plan,
        files: Vec::new(),
        tables: Vec::new(),
        rejected: Vec::new(),
        quarantine: None,
        warnings: Vec::new(),
    };
    if !collected.plan.is_empty() {
        let options = IntakeOptions { as_of: Some(station.clock.today()), known: imported };
        bring_in(station, stores, directory, &options, (listener, &mut collected))?;
    }
    Ok(collected)
}

/// Returns what an input is called in the ledger: its path, from the workspace where it is in it. Files of one name
/// in two directories are two inputs.
fn import_name(station: &Station, directory: &Path, file: &str) -> String {
    let path = directory.join(file);
    path.strip_prefix(station.workspace.root()).unwrap_or(&path).display().to_string()
}

fn begin(listener: &Listener, number: usize) {
    let name = STEPS.get(number - 1).copied().unwrap_or_default();
    listener.tell(Told::Stage { name, number, of: STEPS.len(), seconds_left: None });
}

fn bring_in(
    station: &Station,
    stores: &mut Stores,
    directory: &Path,
    options: &IntakeOptions,
    (listener, collected): (&Listener, &mut Collected),
) -> Result<(), AnyFailure> {
    let now = station.clock.now();
    begin(listener, 2);
    let intake = files::read_directory(directory, options)?;
    // Rejected rows are kept before the good ones are acknowledged: none is lost in between.
    collected.quarantine = files::write_quarantine(&station.workspace.path(QUARANTINE), &intake)?;
    let rows = intake.files.iter().map(|file| file.rows_read as usize).sum();
    listener.tell(Told::Done { rows });
    begin(listener, 3);
    let report = stores.import(&intake.data, now)?;
    for file in &intake.files {
        // A file with rows of days that cannot be judged yet is new until they can be.
        if let Some(digest) = file.digest.as_ref().filter(|_| file.rows_early == 0) {
            let name = import_name(station, directory, &file.file);
            stores.ledger().put_import(digest, &name, file.rows_good, now)?;
        }
        if file.rows_rejected > 0 {
            stores.ledger().put_quarantine(&file.file, "rejected on intake", file.rows_rejected, None)?;
        }
    }
    let tables = report.into_iter().map(|(table, import)| CollectedTable {
        table: table.name(),
        rows_changed: import.rows_changed,
        revisions: import.revisions,
        duplicates: import.duplicates,
        partitions_written: import.partitions_written,
        partitions_unchanged: import.partitions_unchanged,
    });
    collected.tables = tables.collect();
    let mut reasons = std::collections::BTreeMap::<(&str, &str), usize>::new();
    for row in &intake.rejected {
        *reasons.entry((&row.file, &row.reason)).or_default() += 1;
    }
    collected.rejected = reasons
        .into_iter()
        .map(|((file, reason), rows)| RejectedRows { file: file.into(), reason: reason.into(), rows })
        .collect();
    collected.files = intake.files;
    collected.warnings = intake.warnings;
    Ok(())
}
