//! Recovery of a drill that died: what its journal says was done is undone, newest first. Undoing twice
//! does no harm, so that a recovery may die as well. A drill that is alive is not touched.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use serde::Deserialize as _;
use serde_json::json;

use super::{
    DrillError, Entry, EntryKind, JOURNAL_FILE, Journal,
    journal::{DRILL, JournalRead, sound, unfinished},
    process::{ProcessId, end_all},
    residue, root,
    undo::UndoLog,
};
use crate::{clock::Clock, record::ScenarioRecord};

/// How much of a journal's end is read to see whether its drill has ended, bytes.
const TAIL_BYTES: u64 = 4096;

/// A drill that died and was undone; the lease on its journal is held.
#[derive(Debug)]
pub(super) struct Recovered {
    /// Its journal, to be written on or dropped.
    pub(super) journal: Journal,
    /// What the journal held.
    pub(super) read: JournalRead,
    /// What was undone, one line an act.
    pub(super) undone: Vec<String>,
    /// What could not be undone.
    pub(super) residue: Vec<String>,
}

/// Undoes the drill `id` whose journal is in `directory`; `None` when it is alive.
///
/// # Errors
/// When the journal cannot be read or written.
pub(super) fn recover(directory: &Path, id: &str, clock: &Clock) -> Result<Option<Recovered>, DrillError> {
    let Some((journal, read)) = Journal::take_over(directory)? else { return Ok(None) };
    let root = root_of(&read, id)?;
    let lost = |line: &usize| format!("line {line} of the journal is damaged and is not believed");
    let mut undone: Vec<String> = read.damaged.iter().map(lost).collect();
    let mut residue = Vec::new();
    let open: Vec<Entry> = unfinished(&read.entries).into_iter().cloned().collect();
    // First whoever could still write; then the files, newest act first.
    undone.extend(end_all(&root, &started_processes(&read.entries)));
    for intent in &open {
        match undo(intent, clock) {
            Ok(lines) => undone.extend(lines),
            Err(error) => undone.push(format!("{} of line {}: {error}", intent.action, intent.seq)),
        }
    }
    sweep(directory);
    match root::remove(&root, id, &kept(&read.entries)) {
        Ok(true) => undone.push(format!("removed {}", root.display())),
        Ok(false) => {}
        Err(error) => residue.push(error.to_string()),
    }
    residue.extend(residue::audit(&root, &ports(&read.entries)));
    for intent in &open {
        let detail = json!({ "recovered": true });
        journal.write_of(clock, &intent.scenario, (EntryKind::Done, Some(intent.seq)), &intent.action, detail)?;
    }
    Ok(Some(Recovered { journal, read, undone, residue }))
}

/// Undoes every drill under `drills` that died, but for `own`. Returns what was undone and what is left.
pub(super) fn recover_others(drills: &Path, own: &str, clock: &Clock) -> (Vec<String>, Vec<String>) {
    let entries = fs::read_dir(drills).into_iter().flatten().flatten();
    let mut directories: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != own)
        .map(|entry| entry.path())
        .filter(|path| is_open(path))
        .collect();
    directories.sort();
    let (mut undone, mut residue) = (Vec::new(), Vec::new());
    for directory in directories {
        let id = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let of_drill = |line: String| format!("drill {id}: {line}");
        match recover(&directory, &id, clock) {
            Ok(Some(recovered)) => {
                tracing::warn!(drill = %id, acts = recovered.undone.len(), "undid a drill that had died");
                undone.extend(recovered.undone.into_iter().map(of_drill));
                residue.extend(recovered.residue.into_iter().map(of_drill));
            }
            Ok(None) => {}
            Err(error) => residue.push(of_drill(format!("cannot be undone: {error}"))),
        }
    }
    (undone, residue)
}

/// Removes what a report that was being written left beside it.
fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(".lighthunter-") {
            // One that stays is a nuisance and no more.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Says whether a journal is there and its last line is not the end of its drill.
fn is_open(directory: &Path) -> bool {
    let Ok(mut file) = File::open(directory.join(JOURNAL_FILE)) else { return false };
    let length = file.metadata().map_or(0, |found| found.len());
    let mut tail = Vec::new();
    let from = SeekFrom::Start(length.saturating_sub(TAIL_BYTES));
    if length == 0 || file.seek(from).and_then(|_| file.read_to_end(&mut tail)).is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&tail);
    let last = text.strip_suffix('\n').and_then(|text| text.lines().last()).and_then(sound);
    last.is_none_or(|entry| entry.action != DRILL || entry.kind != EntryKind::Done)
}

/// Says whether the drill went to its own end, so that nothing is left to go on with.
pub(super) fn has_ended(entries: &[Entry]) -> bool {
    let last = entries.iter().rev().find(|entry| entry.action == DRILL);
    last.is_some_and(|entry| entry.kind == EntryKind::Done && entry.detail.get("ended") == Some(&json!(true)))
}

/// Returns the records of the scenarios that have ended; of one that ended twice, the later.
pub(super) fn ended_scenarios(entries: &[Entry]) -> Vec<ScenarioRecord> {
    let mut ended: Vec<ScenarioRecord> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Note && entry.action == "scenario") {
        let Ok(record) = ScenarioRecord::deserialize(&entry.detail) else { continue };
        ended.retain(|other| (&other.file, other.line) != (&record.file, record.line));
        ended.push(record);
    }
    ended
}

fn root_of(read: &JournalRead, id: &str) -> Result<PathBuf, DrillError> {
    let first = read.entries.iter().rev().find(|entry| entry.action == DRILL && entry.kind == EntryKind::Intent);
    let root = first.and_then(|entry| entry.detail.get("root")).and_then(|root| root.as_str());
    // Without its first line the place still follows from the drill's id.
    root.map_or_else(|| root::found(id), |root| Ok(root.into()))
}

fn started_processes(entries: &[Entry]) -> Vec<ProcessId> {
    let notes = entries.iter().filter(|entry| entry.action == "process" && entry.kind == EntryKind::Note);
    notes.filter_map(|entry| ProcessId::deserialize(&entry.detail).ok()).collect()
}

/// Returns the environments that were kept on purpose.
fn kept(entries: &[Entry]) -> Vec<PathBuf> {
    let done = entries.iter().filter(|entry| entry.action == "environment" && entry.kind == EntryKind::Done);
    done.filter_map(|entry| entry.detail.get("kept")?.as_str().map(PathBuf::from)).collect()
}

fn ports(entries: &[Entry]) -> BTreeSet<u16> {
    let made = entries.iter().filter(|entry| entry.action == "environment");
    let ports = made.filter_map(|entry| entry.detail.get("ports")?.as_array());
    ports.flatten().filter_map(|port| u16::try_from(port.as_u64()?).ok()).collect()
}

fn undo(intent: &Entry, clock: &Clock) -> Result<Vec<String>, DrillError> {
    if intent.action != "inject" {
        // A rollback that was interrupted, a process, an environment: they go with the root.
        return Ok(Vec::new());
    }
    let log = intent.detail.get("undo").map(UndoLog::deserialize).and_then(Result::ok);
    log.map_or_else(|| Ok(vec![format!("line {} holds no undo data", intent.seq)]), |log| log.undo(clock))
}
