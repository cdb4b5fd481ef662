//! What is wrong with a config, said so that the reader can mend it: place, key, what, allowed, got.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use super::node::{Node, Place};
use crate::exit::{Exit, Failure};

/// One mistake in a config file, on the command line or in the environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mistake {
    /// The file, relative to the workspace, or `--set`, or an environment variable.
    pub file: String,
    /// The line, from 1; 0 where the source has no lines.
    pub line: usize,
    /// The dotted key; empty where the file as a whole is wrong.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What is allowed instead.
    pub allowed: Option<String>,
    /// What was found.
    pub got: Option<String>,
    /// The nearest valid key or name.
    pub nearest: Option<String>,
    /// The disk did not give the file; its content may be right.
    #[serde(skip)]
    pub is_disk: bool,
}

impl Mistake {
    /// Starts a mistake at a place.
    pub(super) fn at(place: &Place, key: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            file: place.file.to_string(),
            line: place.line,
            key: key.into(),
            what: what.into(),
            allowed: None,
            got: None,
            nearest: None,
            is_disk: false,
        }
    }

    /// Says that it is the disk's.
    pub(super) const fn of_disk(mut self) -> Self {
        self.is_disk = true;
        self
    }

    /// Says what is allowed.
    #[must_use]
    pub(super) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// Says what was found.
    #[must_use]
    pub(super) fn got(mut self, node: &Node) -> Self {
        self.got = Some(node.shown());
        self
    }

    /// Names the nearest of `names`, or all of them where none is near.
    #[must_use]
    pub(super) fn nearest<'n>(mut self, wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        const LISTED_MAX: usize = 12;
        let names: BTreeSet<&str> = names.into_iter().collect();
        let score = |name: &str| {
            strsim::normalized_damerau_levenshtein(wrong, name).max(0.95 * strsim::jaro_winkler(wrong, name))
        };
        let best = names.iter().map(|name| (score(name), *name)).max_by(|a, b| a.0.total_cmp(&b.0));
        match best {
            Some((score, name)) if score >= 0.72 => self.nearest = Some(name.to_owned()),
            Some(_) if self.allowed.is_none() => {
                let listed: Vec<&str> = names.iter().copied().take(LISTED_MAX).collect();
                let more = if names.len() > LISTED_MAX { ", ..." } else { "" };
                self.allowed = Some(format!("{}{more}", listed.join(", ")));
            }
            _ => {}
        }
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_head(f, &self.file, self.line, &self.key)?;
        f.write_str(&self.what)?;
        if let Some(allowed) = &self.allowed {
            write!(f, ", allowed: {allowed}")?;
        }
        if let Some(got) = &self.got {
            write!(f, ", got {got}")?;
        }
        if let Some(nearest) = &self.nearest {
            write!(f, ", did you mean {nearest}?")?;
        }
        Ok(())
    }
}

/// Something that is accepted but should be changed, such as an old key name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Warning {
    /// The file, relative to the workspace, or `--set`, or an environment variable.
    pub file: String,
    /// The line, from 1; 0 where the source has no lines.
    pub line: usize,
    /// The dotted key as it was written.
    pub key: String,
    /// What should be changed.
    pub what: String,
}

impl Warning {
    pub(super) fn at(place: &Place, key: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: place.file.to_string(), line: place.line, key: key.into(), what: what.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_head(f, &self.file, self.line, &self.key)?;
        f.write_str(&self.what)
    }
}

fn write_head(f: &mut fmt::Formatter<'_>, file: &str, line: usize, key: &str) -> fmt::Result {
    f.write_str(file)?;
    if line > 0 {
        write!(f, ":{line}")?;
    }
    f.write_str(": ")?;
    if key.is_empty() { Ok(()) } else { write!(f, "{key}: ") }
}

/// How many mistakes are printed; a broken indent can make one of every line.
const SHOWN_MAX: usize = 200;

/// Every mistake found, at least one; prints one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    mistakes: Vec<Mistake>,
}

impl ConfigErrors {
    /// Returns the mistakes as an error, sorted by place and each once; nothing where there are none.
    #[must_use]
    pub fn of(mut mistakes: Vec<Mistake>) -> Option<Self> {
        mistakes.sort();
        mistakes.dedup();
        if mistakes.is_empty() { None } else { Some(Self { mistakes }) }
    }

    /// Returns the error for settings that are missing although no reader complained.
    pub(super) fn unexplained() -> Self {
        Self { mistakes: vec![Mistake::at(&Place::outside("config"), "", "could not be read")] }
    }

    /// Says whether a file could not be read for the disk's sake: then nothing is known of its content.
    fn is_disk(&self) -> bool {
        self.mistakes.iter().any(|mistake| mistake.is_disk)
    }

    /// Returns the mistakes, by file, line and key.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().take(SHOWN_MAX).enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        match self.mistakes.len().saturating_sub(SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, "\n... and {more} more mistakes"),
        }
    }
}

impl std::error::Error for ConfigErrors {}

impl Failure for ConfigErrors {
    fn exit(&self) -> Exit {
        if self.is_disk() { Exit::Storage } else { Exit::Config }
    }

    fn remedy(&self) -> Option<String> {
        if self.is_disk() {
            return Some(
                "Check the disk that holds the config; take the file back with git once it can be read.".into(),
            );
        }
        Some("Correct the keys named above, then run `lighthunter config check`.".into())
    }
}
