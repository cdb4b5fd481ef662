//! The carry-over: what a night leaves in the cache for the next one, so that a new day costs a day. It may be
//! deleted or damaged at any time without loss: it is held against hashes of its own and against the bars, and a
//! night that cannot use it computes everything.

use std::{collections::BTreeMap, fmt, fs, io, path::Path, sync::Arc};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    digest::{Digest, FileMark},
    durable::{self, DurableError},
    exit::{self, AnyFailure, Failure},
    market::{DailyPanel, Symbol},
    research::factor::KnownValues,
    store::{Frame, FrameColumn},
};

/// The file of scores beside the dataset.
pub(super) const SCORES: &str = "scores.parquet";

/// What is known of the sessions up to one that nothing later can change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CarryOver {
    pub(super) version: u32,
    /// The night that left it; its dataset and scores lie in the cache under this date.
    pub(super) as_of: Date,
    /// What the result depends on beside the bars, by name.
    pub(super) basis: BTreeMap<String, Digest>,
    /// How many sessions are carried over.
    pub(super) settled: usize,
    /// The last of them.
    pub(super) until: Date,
    /// Every session is one of the exchanges' calendar, so that windows count the calendar's.
    pub(super) on_calendar: bool,
    /// The chain of the bars after the last session carried over.
    pub(super) bars: Digest,
    /// The digest of what was told of securities up to then.
    pub(super) securities: Digest,
    /// The chain of the labels.
    pub(super) labels: Digest,
    /// The chain of the factors.
    pub(super) factors: Digest,
    /// What is known of every factor.
    pub(super) known: Vec<KnownValues>,
    /// SHA-256 of the dataset's manifest.
    pub(super) dataset: Digest,
    /// What the dataset's files looked like when they were written.
    pub(super) files: BTreeMap<String, FileMark>,
    /// The model.
    pub(super) model: String,
    /// The digest of its training.
    pub(super) trained: Digest,
    /// SHA-256 of the file of scores.
    pub(super) scores: Digest,
}

/// Why a night cannot go on from a carry-over.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// Something is not as it was.
    Changed(String),
    /// What was left is not what was written.
    Damaged(String),
    /// Something that the night needs anyway cannot be had.
    Failed(AnyFailure),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(why) => f.write_str(why),
            Self::Damaged(why) => write!(f, "the carry-over is damaged: {why}"),
            Self::Failed(failure) => f.write_str(&exit::with_sources(failure.as_ref())),
        }
    }
}

impl Obstacle {
    /// Makes the obstacle of a failure to read what was left.
    pub(super) fn damage(why: &impl Failure) -> Self {
        Self::Damaged(exit::with_sources(why))
    }

    /// Makes the obstacle of a failure of the night itself.
    pub(super) fn failure(why: impl Failure) -> Self {
        Self::Failed(why.into())
    }
}

/// A carry-over with the digest of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    sha256: Digest,
    carry_over: CarryOver,
}

impl CarryOver {
    /// The version of the file.
    pub(super) const VERSION: u32 = 3;

    fn seal(&self) -> Result<Digest, serde_json::Error> {
        Ok(Digest::of(serde_json::to_string(self)?))
    }

    /// Writes the carry-over; what it names must be there.
    pub(super) fn write(self, path: &Path) -> Result<(), AnyFailure> {
        let wrong = |error: serde_json::Error| DurableError::at("encode", path)(error.into());
        let sha256 = self.seal().map_err(wrong)?;
        let mut text = serde_json::to_string_pretty(&Sealed { sha256, carry_over: self }).map_err(wrong)?;
        text.push('\n');
        Ok(durable::replace(path, text)?)
    }

    /// Reads the carry-over of the night before.
    pub(super) fn read(path: &Path) -> Result<Self, Obstacle> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Obstacle::Changed("no earlier night has left a carry-over".into()));
            }
            Err(error) => return Err(Obstacle::Damaged(format!("{}: {error}", path.display()))),
        };
        let wrong = |what: String| Obstacle::Damaged(format!("{} {what}", path.display()));
        let sealed: Sealed =
            serde_json::from_slice(&bytes).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        if sealed.carry_over.seal().ok() != Some(sealed.sha256) {
            return Err(wrong("is not what was written".into()));
        }
        if sealed.carry_over.version != Self::VERSION {
            return Err(Obstacle::Changed("the program was changed since it was left".into()));
        }
        Ok(sealed.carry_over)
    }
}

/// Writes the known scores of some sessions of S x D; returns the file's SHA-256.
pub(super) fn write_scores(
    path: &Path,
    panel: &DailyPanel,
    scores: &[f64],
    sessions: std::ops::Range<usize>,
) -> Result<Digest, AnyFailure> {
    let days = panel.dates().len();
    let (mut symbols, mut dates, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (symbol, name) in panel.symbols().iter().enumerate() {
        let name: Arc<str> = Arc::from(name.to_string());
        let of_symbol = scores.get(symbol * days..(symbol + 1) * days).unwrap_or_default();
        let known = of_symbol.iter().zip(panel.dates()).take(sessions.end).skip(sessions.start);
        for (score, date) in known.filter(|(score, _)| !score.is_nan()) {
            symbols.push(Arc::clone(&name));
            dates.push(*date);
            values.push(*score);
        }
    }
    let mut frame = Frame::new();
    frame.push("symbol", FrameColumn::Utf8(symbols))?;
    frame.push("date", FrameColumn::Date(dates))?;
    frame.push("score", FrameColumn::F64(values))?;
    frame.write(path)?;
    Ok(Digest::of_file(path).map_err(DurableError::at("read", path))?)
}

/// Reads scores into the layout of a panel, NaN where there is none.
pub(super) fn read_scores(path: &Path, sha256: &Digest, panel: &DailyPanel) -> Result<Vec<f64>, Obstacle> {
    let wrong = |what: &str| Obstacle::Damaged(format!("{} {what}", path.display()));
    match Digest::of_file(path) {
        Ok(digest) if digest == *sha256 => {}
        Ok(_) => return Err(wrong("is not what was written")),
        Err(error) => return Err(wrong(&format!("cannot be read: {error}"))),
    }
    let frame = Frame::read(path).map_err(|error| Obstacle::damage(&error))?;
    let (Some(symbols), Some(dates), Some(values)) = (frame.utf8("symbol"), frame.dates("date"), frame.f64("score"))
    else {
        return Err(wrong("lacks a column"));
    };
    let days = panel.dates().len();
    let mut scores = vec![f64::NAN; panel.symbols().len() * days];
    for ((symbol, date), value) in symbols.iter().zip(dates).zip(values) {
        let symbol = symbol.parse::<Symbol>().ok().and_then(|symbol| panel.symbols().binary_search(&symbol).ok());
        let cell = symbol.zip(panel.dates().binary_search(date).ok()).map(|(symbol, day)| symbol * days + day);
        let place = cell.and_then(|cell| scores.get_mut(cell)).ok_or_else(|| wrong("has a cell that is not there"))?;
        *place = *value;
    }
    Ok(scores)
}
