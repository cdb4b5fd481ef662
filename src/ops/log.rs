//! The log of a workspace: JSON lines in `logs/lighthunter.log`, and in a file of the operation's own
//! beside it. Each line has `ts level component message` and the event's other fields.
//!
//! Losing a log line must never lose work: a full disk silences the log and is counted, no more.

use std::{
    fmt::{self, Write as _},
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use crate::{clock::Clock, config::settings::LogFiles, durable, store::RotatingJsonl};

/// The longest message and the longest field kept in one line, characters; a longer one is cut.
const MESSAGE_MAX: usize = 4_000;

/// Writes every event as one JSON line into each of its files.
pub struct LogLayer {
    clock: Clock,
    files: Vec<Mutex<LogFile>>,
    lost: AtomicU64,
}

/// One open file of the log.
struct LogFile {
    path: PathBuf,
    rotation: LogFiles,
    file: File,
    /// How long the file is, as far as this process knows, bytes.
    bytes: u64,
    /// The last line may have been written in part: the next begins on a line of its own.
    is_torn: bool,
}

impl LogLayer {
    /// Logs into `files`; a file that is full is moved aside first, and one that cannot be opened is
    /// left out.
    #[must_use]
    pub fn new(clock: Clock, files: impl IntoIterator<Item = PathBuf>, rotation: &LogFiles) -> Self {
        let files = files.into_iter().filter_map(|path| LogFile::open(path, rotation, 1)).map(Mutex::new).collect();
        Self { clock, files, lost: AtomicU64::new(0) }
    }

    /// Returns how many lines could not be written.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn line(&self, event: &Event<'_>) -> String {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let component = fields.values.remove("component").unwrap_or_else(|| component(metadata.target()).into());
        let mut line = Map::new();
        line.insert("ts".into(), self.clock.now().to_string().into());
        line.insert("level".into(), metadata.level().as_str().into());
        line.insert("component".into(), component);
        line.insert("message".into(), fields.message.into());
        line.extend(fields.values);
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        text
    }
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = self.line(event);
        for file in &self.files {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            if file.write(&line).is_err() {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl LogFile {
    fn open(path: PathBuf, rotation: &LogFiles, room: u64) -> Option<Self> {
        let file = open_with_room(&path, rotation, room)?;
        let bytes = file.metadata().map_or(0, |found| found.len());
        Some(Self { path, rotation: rotation.clone(), file, bytes, is_torn: false })
    }

    /// Writes a line with one write: lines of two processes do not mix. No fsync: a log is not a record. A daemon
    /// that runs for months moves a full file aside as a new process does.
    fn write(&mut self, line: &str) -> io::Result<()> {
        if self.bytes > 0
            && self.bytes + line.len() as u64 > self.rotation.max_bytes
            && let Some(next) = Self::open(self.path.clone(), &self.rotation, line.len() as u64)
        {
            *self = next;
        }
        let glued = if self.is_torn { format!("\n{line}") } else { String::new() };
        let bytes = if self.is_torn { glued.as_bytes() } else { line.as_bytes() };
        let written = self.file.write_all(bytes);
        self.is_torn = written.is_err();
        self.bytes += bytes.len() as u64;
        written
    }
}

pub(super) fn open(path: &Path, rotation: &LogFiles) -> Option<File> {
    open_with_room(path, rotation, 1)
}

/// Opens a log to which so many bytes can be appended before it is full; one that has no such room is moved aside.
fn open_with_room(path: &Path, rotation: &LogFiles, room: u64) -> Option<File> {
    durable::make_directory(path.parent()?).ok()?;
    // A log that cannot be moved grows on; that loses nothing.
    let file = RotatingJsonl::new(path.to_path_buf(), rotation.max_bytes, rotation.keep_files);
    let _ = file.make_room(room);
    let is_torn = file.ends_torn().unwrap_or(false);
    // A link in its place, in a workspace of somebody else, could lead to any file of the person.
    let mut options = OpenOptions::new();
    let mut file = options.create(true).append(true).custom_flags(nix::libc::O_NOFOLLOW).open(path).ok()?;
    if is_torn {
        // Best effort: what a killed process left would be glued to the first line.
        let _ = file.write_all(b"\n");
    }
    Some(file)
}

/// Names the room that an event came from: `lighthunter::data::guardian` is `data.guardian`.
fn component(target: &str) -> String {
    target.trim_start_matches("lighthunter::").replace("::", ".")
}

#[derive(Default)]
struct Fields {
    message: String,
    values: Map<String, Value>,
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.values.insert(field.name().into(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.values.insert(field.name().into(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.values.insert(field.name().into(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.values.insert(field.name().into(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = value.chars().take(MESSAGE_MAX).collect();
        } else {
            self.values.insert(field.name().into(), value.chars().take(MESSAGE_MAX).collect::<String>().into());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.record_str(field, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::LogLayer;
    use crate::{clock::Clock, config::settings::LogFiles};
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn event_becomes_one_json_line_even_with_newlines_in_it() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.log");
        let clock = Clock::starting_at("2025-01-02T03:04:05Z".parse().expect("a timestamp"));
        let layer = LogLayer::new(clock, [path.clone()], &LogFiles { max_bytes: 1_000, keep_files: 1 });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::error!(component = "night_ops", class = 13u64, "first\nsecond");
        });
        let text = std::fs::read_to_string(path).expect("written");
        let line: serde_json::Value = serde_json::from_str(text.trim_end()).expect("one JSON line");
        assert_eq!(line["level"], "ERROR");
        assert_eq!(line["component"], "night_ops");
        assert_eq!(line["message"], "first\nsecond");
        assert_eq!(line["class"], 13);
    }

    #[test]
    fn full_log_is_moved_aside_when_it_is_opened_and_only_so_many_are_kept() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.log");
        for number in 0..4 {
            crate::durable::append(&path, &format!("{number}---\n")).expect("written");
            drop(LogLayer::new(Clock::system(), [path.clone()], &LogFiles { max_bytes: 5, keep_files: 2 }));
        }
        let text = |name: &str| std::fs::read_to_string(room.path().join(name)).expect("there");
        assert_eq!([text("a.log"), text("a.log.1"), text("a.log.2")], ["", "3---\n", "2---\n"]);
        assert_eq!(std::fs::read_dir(room.path()).expect("listed").count(), 3);
        crate::durable::append(&path, "4--\n").expect("written");
        drop(LogLayer::new(Clock::system(), [path], &LogFiles { max_bytes: 5, keep_files: 2 }));
        assert_eq!([text("a.log"), text("a.log.1")], ["4--\n", "3---\n"], "one byte of room is enough");
    }

    #[test]
    fn process_that_goes_on_logging_moves_full_files_aside_and_cuts_long_fields() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.log");
        let layer = LogLayer::new(Clock::system(), [path], &LogFiles { max_bytes: 6_000, keep_files: 2 });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for number in 0..300 {
                tracing::info!(number, "a line of some length");
            }
            tracing::info!(long = "x".repeat(100_000), "cut");
        });
        let mut names: Vec<_> =
            std::fs::read_dir(room.path()).expect("listed").map(|entry| entry.expect("an entry").path()).collect();
        names.sort();
        assert_eq!(names.len(), 3, "{names:?}");
        for name in names {
            let text = std::fs::read_to_string(&name).expect("there");
            assert!(text.len() <= 6_000, "{} of {} bytes", name.display(), text.len());
            assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
        }
    }

    #[test]
    fn torn_line_is_not_glued_to_the_next_and_a_link_is_not_followed() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.log");
        crate::durable::append(&path, "{\"torn\":").expect("written");
        let log = || LogLayer::new(Clock::system(), [path.clone()], &LogFiles { max_bytes: 1_000, keep_files: 1 });
        let said = |layer: LogLayer| {
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || tracing::info!("said"));
        };
        said(log());
        let text = std::fs::read_to_string(&path).expect("there");
        let last = text.lines().last().expect("a line");
        assert!(serde_json::from_str::<serde_json::Value>(last).is_ok() && text.starts_with("{\"torn\":\n"), "{text}");
        let precious = room.path().join("precious");
        crate::durable::replace(&precious, "mine\n").expect("written");
        crate::durable::point(&path, &precious).expect("linked");
        said(log());
        assert_eq!(std::fs::read_to_string(&precious).expect("there"), "mine\n");
    }
}
