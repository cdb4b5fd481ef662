//! What a case can break, as a file of the casebook says it. Breaks nothing itself.

use serde::Deserialize;

use super::place::Place;
use crate::config::Hurt;

/// The settings of a workspace.
pub(super) const SETTINGS: &str = "config/system_config.json";

/// One harm.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Harm {
    /// A value of a JSON, YAML or TOML file becomes another; every other byte stays.
    Edit {
        /// The file, relative to the repository; `*` stands for any name, of several the last.
        file: String,
        /// The JSON pointer of the value.
        pointer: String,
        /// What it becomes.
        value: toml::Value,
    },
    /// The first match of a pattern becomes other text, or every match.
    Replace {
        /// The file.
        file: String,
        /// The pattern, a regular expression.
        pattern: String,
        /// What stands there then.
        with: String,
        /// Every match.
        #[serde(default)]
        all: bool,
    },
    /// The file is written anew.
    Write {
        /// The file.
        file: String,
        /// Its bytes, as text or as hexadecimal digits.
        text: Option<String>,
        /// As hexadecimal digits.
        hex: Option<String>,
        /// That many times over.
        #[serde(default = "one")]
        repeat: usize,
    },
    /// Bytes are added at the end.
    Append {
        /// The file.
        file: String,
        /// The bytes, as text.
        text: Option<String>,
        /// As hexadecimal digits.
        hex: Option<String>,
        /// That many times over.
        #[serde(default = "one")]
        repeat: usize,
    },
    /// Bytes are flipped.
    Flip {
        /// The file.
        file: String,
        /// Where: a byte's number, or a part of the length below 1. The middle by default.
        #[serde(default)]
        at: Place,
        /// How many in a row.
        #[serde(default = "one")]
        count: usize,
    },
    /// The end is cut off.
    Truncate {
        /// The file.
        file: String,
        /// What is kept: a number of bytes, or a part of the length below 1. Half by default.
        #[serde(default)]
        keep: Place,
    },
    /// The file, link or directory is removed.
    Delete {
        /// Which.
        file: String,
    },
    /// Two files change places.
    Swap {
        /// One; of several that fit, the last.
        file: String,
        /// The other; of several that fit, the first.
        with: String,
    },
    /// The file is copied over another, or to a new place.
    Copy {
        /// From.
        file: String,
        /// To.
        to: String,
    },
    /// A directory is where it was not, in place of what was there.
    Directory {
        /// Which.
        file: String,
    },
    /// A symbolic link is where it was not, in place of what was there.
    Link {
        /// Which.
        file: String,
        /// Where it points.
        to: String,
    },
    /// A file's modification time is set back.
    Age {
        /// The file.
        file: String,
        /// By how much.
        seconds: u64,
    },
    /// Another process (the drill) holds the lock of a file to the end of the case or to the undo.
    HoldLock {
        /// The file; made where it is not there.
        file: String,
    },
    /// Another process holds a port.
    HoldPort {
        /// The port's key in drill.toml: `hud.port`.
        port: String,
    },
    /// Another process has a `DuckDB` file open for writing.
    HoldDuckdb {
        /// The file.
        file: String,
    },
    /// Another process has a write transaction open in a `SQLite` file.
    HoldSqlite {
        /// The file.
        file: String,
    },
    /// A program does it; it must end with 0.
    Program {
        /// Its words, with drill.toml's places.
        words: Vec<String>,
        /// The files that it changes, for the undo.
        touches: Vec<String>,
    },
    /// Every key of the settings is wrong in one way, and `config/system_config.json` holds them all.
    HurtConfig {
        /// In which way.
        how: Hurt,
    },
    /// Statements run in a `.duckdb` or `.sqlite` file, or over a Parquet file: `t` holds it, and what `t` holds
    /// then is written back.
    Sql {
        /// The file.
        file: String,
        /// The statements.
        statements: Vec<String>,
    },
}

const fn one() -> usize {
    1
}

impl Harm {
    /// Returns the paths that it changes, as they are written.
    #[must_use]
    pub fn touches(&self) -> Vec<&str> {
        match self {
            Self::Edit { file, .. }
            | Self::Replace { file, .. }
            | Self::Write { file, .. }
            | Self::Append { file, .. }
            | Self::Flip { file, .. }
            | Self::Truncate { file, .. }
            | Self::Delete { file }
            | Self::Directory { file }
            | Self::Link { file, .. }
            | Self::Age { file, .. }
            | Self::HoldLock { file }
            | Self::Sql { file, .. } => vec![file],
            Self::Swap { file, with } => vec![file, with],
            Self::Copy { to, .. } => vec![to],
            Self::Program { touches, .. } => touches.iter().map(String::as_str).collect(),
            Self::HurtConfig { .. } => vec![SETTINGS],
            Self::HoldPort { .. } | Self::HoldDuckdb { .. } | Self::HoldSqlite { .. } => Vec::new(),
        }
    }

    /// Returns its name in a file of the casebook.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Edit { .. } => "edit",
            Self::Replace { .. } => "replace",
            Self::Write { .. } => "write",
            Self::Append { .. } => "append",
            Self::Flip { .. } => "flip",
            Self::Truncate { .. } => "truncate",
            Self::Delete { .. } => "delete",
            Self::Swap { .. } => "swap",
            Self::Copy { .. } => "copy",
            Self::Directory { .. } => "directory",
            Self::Link { .. } => "link",
            Self::Age { .. } => "age",
            Self::HoldLock { .. } => "hold_lock",
            Self::HoldPort { .. } => "hold_port",
            Self::HoldDuckdb { .. } => "hold_duckdb",
            Self::HoldSqlite { .. } => "hold_sqlite",
            Self::Program { .. } => "program",
            Self::Sql { .. } => "sql",
            Self::HurtConfig { .. } => "hurt_config",
        }
    }

    /// Returns what it does, for people.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Edit { file, pointer, value } => format!("{file}: {pointer} = {}", shown(value)),
            Self::Replace { file, pattern, with, .. } => format!("{file}: '{with}' for {pattern}"),
            Self::Write { file, .. } => format!("{file} is written anew"),
            Self::Append { file, .. } => format!("{file} gets more at its end"),
            Self::Flip { file, at, count } => format!("{file}: {count} byte(s) flipped at {at}"),
            Self::Truncate { file, keep } => format!("{file} is cut to {keep}"),
            Self::Delete { file } => format!("{file} is deleted"),
            Self::Swap { file, with } => format!("{file} and {with} change places"),
            Self::Copy { file, to } => format!("{file} is copied to {to}"),
            Self::Directory { file } => format!("{file} is a directory"),
            Self::Link { file, to } => format!("{file} is a link to {to}"),
            Self::Age { file, seconds } => format!("{file} is {seconds} s older"),
            Self::HoldLock { file } => format!("another process holds the lock of {file}"),
            Self::HoldPort { port } => format!("another process holds the port {port}"),
            Self::HoldDuckdb { file } => format!("another process has {file} open"),
            Self::HoldSqlite { file } => format!("another process writes {file}"),
            Self::Program { words, .. } => words.join(" "),
            Self::HurtConfig { how } => format!("{SETTINGS}: every key is wrong: {}", how.name()),
            Self::Sql { file, statements } => format!("{file}: {}", statements.join("; ")),
        }
    }
}

fn shown(value: &toml::Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
