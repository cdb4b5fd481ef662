//! The journal: what a drill is about to do and what it did, written ahead line by line, each line
//! with its checksum, so that a drill that dies leaves word of what must be undone. Whoever writes it
//! holds a lease on it: a journal without one belongs to a drill that is no more.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DrillError;
use crate::{
    clock::{Clock, Stopwatch, pause},
    digest::Digest,
    durable::{self, DurableError},
    store,
};

/// The journal's name in a drill's report directory.
pub const JOURNAL_FILE: &str = "journal.jsonl";

/// The action that is the drill itself: its lines, and no others, are synced. After a power cut there is
/// no process and no port to free, and the root that the first line names holds all the rest.
pub(super) const DRILL: &str = "drill";

/// How long a new journal waits for someone who looks at it, seconds.
const LEASE_SECONDS: f64 = 2.0;

/// What a line says of its action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// It is about to be done.
    Intent,
    /// It was done, or undone.
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
    /// The action: `drill`, `environment`, `process`, `inject`, `rollback`, `scenario`.
    pub action: String,
    /// The intent that a done or a note is of; a done without it is of all of its scenario and action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// What is needed to undo it.
    pub detail: Value,
}

/// What a journal holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JournalRead {
    /// The sound lines, in order.
    pub entries: Vec<Entry>,
    /// The last line is torn, as a drill that is killed leaves it.
    pub torn: bool,
    /// The numbers of lines that are damaged; they are not believed.
    pub damaged: Vec<usize>,
}

/// A journal that is being written, and the lease on it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    writer: Mutex<Writer>,
}

#[derive(Debug)]
struct Writer {
    file: Flock<File>,
    written: u64,
}

impl Journal {
    /// Starts the journal in `directory`, with the lease on it.
    ///
    /// # Errors
    /// When the directory cannot be made, or another drill holds the lease.
    pub fn start(directory: &Path) -> Result<Self, DrillError> {
        durable::make_directory(directory)?;
        let path = directory.join(JOURNAL_FILE);
        let watch = Stopwatch::start();
        // Someone who looks for drills that died may hold it for a moment.
        let file = loop {
            match lease(&path)? {
                Some(file) => break file,
                None if watch.seconds() > LEASE_SECONDS => return Err(DrillError::Leased(directory.into())),
                None => pause(std::time::Duration::from_millis(5)),
            }
        };
        durable::sync_directory(directory)?;
        Ok(Self { path, writer: Mutex::new(Writer { file, written: 0 }) })
    }

    /// Takes the lease on a journal that is there and reads it; a torn last line is cut off, so that the
    /// next one is whole. `None` when a drill that is alive holds the lease.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn take_over(directory: &Path) -> Result<Option<(Self, JournalRead)>, DrillError> {
        let path = directory.join(JOURNAL_FILE);
        if !path.is_file() {
            let source = std::io::ErrorKind::NotFound.into();
            return Err(DrillError::Unreadable { path, source });
        }
        let Some(file) = lease(&path)? else { return Ok(None) };
        let found = read(directory)?;
        if found.torn {
            let bytes = fs::read(&path).map_err(DurableError::at("read", &path))?;
            let sound = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            durable::truncate(&file, &path, sound as u64)?;
        }
        let written = found.entries.last().map_or(0, |entry| entry.seq);
        store::unseal(&path)?;
        Ok(Some((Self { path, writer: Mutex::new(Writer { file, written }) }, found)))
    }

    /// Writes one line and returns its number.
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
    ) -> Result<u64, DrillError> {
        self.write_of(clock, scenario, (kind, None), action, detail)
    }

    /// Writes one line about the intent `of`.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    pub fn write_of(
        &self,
        clock: &Clock,
        scenario: &str,
        (kind, of): (EntryKind, Option<u64>),
        action: &str,
        detail: Value,
    ) -> Result<u64, DrillError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = writer.written + 1;
        let entry = Entry { seq, at: clock.now(), scenario: scenario.into(), kind, action: action.into(), of, detail };
        let body = serde_json::to_string(&entry).unwrap_or_default();
        let line = format!("{} {body}\n", checksum(&body));
        durable::append_unsynced(&writer.file, &self.path, line.as_bytes())?;
        if action == DRILL {
            durable::sync_file(&writer.file, &self.path)?;
        }
        writer.written = seq;
        Ok(seq)
    }
}

/// Returns the journal's file with the lease on it, or nothing where another holds it.
fn lease(path: &Path) -> Result<Option<Flock<File>>, DrillError> {
    Ok(Flock::lock(durable::open_appendable(path)?, FlockArg::LockExclusiveNonblock).ok())
}

/// Reads the journal in `directory`.
///
/// # Errors
/// When the file cannot be read.
pub fn read(directory: &Path) -> Result<JournalRead, DrillError> {
    let path = directory.join(JOURNAL_FILE);
    let bytes = fs::read(&path).map_err(|source| DrillError::Unreadable { path, source })?;
    Ok(read_bytes(&bytes))
}

/// Reads a journal's bytes.
pub(super) fn read_bytes(bytes: &[u8]) -> JournalRead {
    let mut found = JournalRead::default();
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match line.strip_suffix(b"\n") {
            None => found.torn = true,
            Some(line) => match std::str::from_utf8(line).ok().and_then(sound) {
                Some(entry) => found.entries.push(entry),
                None => found.damaged.push(index + 1),
            },
        }
    }
    found
}

/// Returns the intents that no later line says are done, newest first: the order in which they must be
/// undone.
#[must_use]
pub fn unfinished(entries: &[Entry]) -> Vec<&Entry> {
    let is_done = |intent: &Entry| {
        entries.iter().filter(|entry| entry.kind == EntryKind::Done && entry.seq > intent.seq).any(|entry| match entry
            .of
        {
            Some(of) => of == intent.seq,
            None => (&entry.scenario, &entry.action) == (&intent.scenario, &intent.action),
        })
    };
    entries.iter().rev().filter(|entry| entry.kind == EntryKind::Intent && !is_done(entry)).collect()
}

fn checksum(body: &str) -> String {
    Digest::of(body).short()
}

pub(super) fn sound(line: &str) -> Option<Entry> {
    let (sum, body) = line.split_once(' ')?;
    if sum == checksum(body) { serde_json::from_str(body).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _, path::Path};

    use serde_json::json;

    use super::{EntryKind, JOURNAL_FILE, Journal, read, unfinished};
    use crate::clock::Clock;

    fn filled(room: &Path) -> Journal {
        let clock = Clock::system();
        let journal = Journal::start(room).expect("started");
        let write = |scenario, kind, action| journal.write(&clock, scenario, kind, action, json!({})).expect("written");
        write("a", EntryKind::Intent, "inject");
        write("a", EntryKind::Done, "inject");
        write("a", EntryKind::Intent, "rollback");
        write("b", EntryKind::Intent, "inject");
        journal
    }

    fn left(room: &Path) -> Vec<u64> {
        unfinished(&read(room).expect("readable").entries).iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn what_was_not_done_is_found_again_and_a_damaged_line_is_not_believed() {
        let room = tempfile::tempdir().expect("a directory");
        let journal = filled(room.path());
        assert_eq!(left(room.path()), [4, 3]);
        journal.write_of(&Clock::system(), "", (EntryKind::Done, Some(3)), "x", json!({})).expect("written");
        assert_eq!(left(room.path()), [4]);

        let path = room.path().join(JOURNAL_FILE);
        let text = fs::read_to_string(&path).expect("readable");
        crate::durable::replace(&path, text.replacen("\"done\"", "\"note\"", 1)).expect("written");
        let found = read(room.path()).expect("readable");
        assert_eq!((found.entries.len(), found.damaged, found.torn), (4, vec![2], false));
    }

    #[test]
    fn torn_last_line_is_normal_and_is_cut_off_before_the_next() {
        let room = tempfile::tempdir().expect("a directory");
        drop(filled(room.path()));
        let path = room.path().join(JOURNAL_FILE);
        let mut file = fs::OpenOptions::new().append(true).open(&path).expect("opened");
        file.write_all(b"0123 {\"seq\":5,\"at\xff").expect("written");
        let found = read(room.path()).expect("readable");
        assert_eq!((found.entries.len(), found.torn, found.damaged.len()), (4, true, 0));
        let (journal, found) = Journal::take_over(room.path()).expect("readable").expect("free");
        assert!(found.torn);
        journal.write(&Clock::system(), "", EntryKind::Note, "x", json!({})).expect("written");
        let found = read(room.path()).expect("readable");
        assert_eq!((found.entries.last().map(|entry| entry.seq), found.torn), (Some(5), false));
    }

    #[test]
    fn journal_of_a_drill_that_is_alive_is_not_taken_over() {
        let room = tempfile::tempdir().expect("a directory");
        let journal = filled(room.path());
        assert!(Journal::take_over(room.path()).expect("readable").is_none());
        drop(journal);
        assert!(Journal::take_over(room.path()).expect("readable").is_some());
    }
}
