//! The journal: what a drill is about to do and what it did, written ahead line by line, each line
//! with its checksum, so that a drill that dies leaves word of what must be undone.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DrillError;
use crate::{clock::Clock, digest::Digest, durable};

/// The journal's name in a drill's report directory.
pub const JOURNAL_FILE: &str = "journal.jsonl";

/// What a line says of its action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// It is about to be done.
    Intent,
    /// It was done.
    Done,
    /// Something that needs no undoing.
    Note,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The line's number, from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The scenario, or empty for the drill itself.
    pub scenario: String,
    /// Intent, done or note.
    pub kind: EntryKind,
    /// The action: `inject`, `rollback`, `environment`.
    pub action: String,
    /// What is needed to undo it.
    pub detail: Value,
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    written: AtomicU64,
}

impl Journal {
    /// Starts the journal in `directory`.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn start(directory: &Path) -> Result<Self, DrillError> {
        durable::make_directory(directory)?;
        Ok(Self { path: directory.join(JOURNAL_FILE), written: AtomicU64::new(0) })
    }

    /// Writes one line and syncs it.
    ///
    /// # Errors
    /// When the line cannot be written: then the action must not be done.
    pub fn write(
        &self,
        clock: &Clock,
        scenario: &str,
        kind: EntryKind,
        action: &str,
        detail: Value,
    ) -> Result<(), DrillError> {
        let seq = self.written.fetch_add(1, Ordering::SeqCst) + 1;
        let entry = Entry { seq, at: clock.now(), scenario: scenario.into(), kind, action: action.into(), detail };
        let body = serde_json::to_string(&entry).unwrap_or_default();
        Ok(durable::append(&self.path, &format!("{} {body}\n", checksum(&body)))?)
    }
}

/// Reads a journal: its sound lines in order, and how many lines are torn or damaged.
///
/// # Errors
/// When the file cannot be read.
pub fn read(directory: &Path) -> Result<(Vec<Entry>, usize), DrillError> {
    let path = directory.join(JOURNAL_FILE);
    let text = fs::read_to_string(&path).map_err(|source| DrillError::Unreadable { path, source })?;
    let lines: Vec<Option<Entry>> = text.lines().map(sound).collect();
    let damaged = lines.iter().filter(|line| line.is_none()).count();
    Ok((lines.into_iter().flatten().collect(), damaged))
}

/// Returns the intents that no later line of the same scenario and action says are done, newest first:
/// the order in which they must be undone.
#[must_use]
pub fn unfinished(entries: &[Entry]) -> Vec<&Entry> {
    let is_done = |intent: &Entry| {
        entries.iter().any(|entry| {
            entry.kind == EntryKind::Done
                && entry.seq > intent.seq
                && (&entry.scenario, &entry.action) == (&intent.scenario, &intent.action)
        })
    };
    entries.iter().rev().filter(|entry| entry.kind == EntryKind::Intent && !is_done(entry)).collect()
}

fn checksum(body: &str) -> String {
    Digest::of(body).short()
}

fn sound(line: &str) -> Option<Entry> {
    let (sum, body) = line.split_once(' ')?;
    if sum == checksum(body) { serde_json::from_str(body).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::{EntryKind, JOURNAL_FILE, Journal, read, unfinished};
    use crate::clock::Clock;

    #[test]
    fn what_was_not_done_is_found_again_and_a_damaged_line_is_not_believed() {
        let room = tempfile::tempdir().expect("a directory");
        let clock = Clock::system();
        let journal = Journal::start(room.path()).expect("started");
        let write = |scenario, kind, action| journal.write(&clock, scenario, kind, action, json!({})).expect("written");
        write("a", EntryKind::Intent, "inject");
        write("a", EntryKind::Done, "inject");
        write("a", EntryKind::Intent, "rollback");
        write("b", EntryKind::Intent, "inject");
        let (entries, damaged) = read(room.path()).expect("readable");
        let left: Vec<u64> = unfinished(&entries).iter().map(|entry| entry.seq).collect();
        assert_eq!((left, damaged), (vec![4, 3], 0));

        let path = room.path().join(JOURNAL_FILE);
        let text = fs::read_to_string(&path).expect("readable");
        crate::durable::replace(&path, text.replacen("\"done\"", "\"note\"", 1)).expect("written");
        let (entries, damaged) = read(room.path()).expect("readable");
        assert_eq!((entries.len(), damaged), (3, 1));
    }
}
