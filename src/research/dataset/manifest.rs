//! The manifest of a dataset on disk: its files with their hashes, and what a table of numbers cannot say: the
//! parts, the scaling, what was left out and why.

use std::{collections::BTreeMap, fs, io, path::Path};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{DatasetDigests, DroppedColumn, Parts};
use crate::{
    digest::{Digest, FileMark, Hasher},
    durable,
    model::{ModelError, Schema},
    research::{ResearchError, factor::Window},
    store::{Frame, FrameColumn},
};

/// The manifest's file name.
pub(super) const MANIFEST: &str = "MANIFEST.json";
const VERSION: u32 = 3;

/// A part of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    Train,
    Valid,
    Test,
}

impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    name: String,
    /// `f64`, `i64`, `utf8` or `date`.
    r#type: String,
    /// The digest of its values, whatever the file's coding.
    digest: Digest,
}

/// A file with rows of one part; those of a part follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartFile {
    pub(super) part: Part,
    pub(super) file: String,
    pub(super) rows: usize,
    pub(super) sha256: Digest,
    pub(super) columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    version: u32,
    /// The digest of the dataset itself, whatever the files' coding.
    content: Digest,
    pub(super) digests: DatasetDigests,
    pub(super) label: String,
    /// Row ranges of the parts.
    pub(super) parts: Parts,
    /// Session ranges of the parts.
    pub(super) sessions: Parts,
    pub(super) first_test: Option<Date>,
    pub(super) window: Window,
    pub(super) files: Vec<PartFile>,
    pub(super) schema: Schema,
    pub(super) dropped: Vec<DroppedColumn>,
    pub(super) excluded: BTreeMap<String, usize>,
}

impl Manifest {
    /// Makes the manifest of a dataset whose files are still to be named.
    pub(super) fn of(dataset: &super::Dataset, digests: DatasetDigests) -> Self {
        Self {
            version: VERSION,
            content: digests.whole(),
            digests,
            label: dataset.label_id.clone(),
            parts: dataset.parts.clone(),
            sessions: dataset.sessions.clone(),
            first_test: dataset.first_test_date(),
            window: dataset.window,
            files: Vec::new(),
            schema: dataset.schema.clone(),
            dropped: dataset.dropped.clone(),
            excluded: dataset.excluded.clone(),
        }
    }

    /// Takes the digests of a dataset that has grown.
    pub(super) fn redigest(&mut self, digests: DatasetDigests) {
        (self.digests, self.content) = (digests, digests.whole());
    }

    /// Writes the manifest and returns the digest of its bytes.
    pub(super) fn write(&self, directory: &Path) -> Result<Digest, ResearchError> {
        let mut text = serde_json::to_string_pretty(self).map_err(ModelError::from)?;
        text.push('\n');
        durable::replace(&directory.join(MANIFEST), &text)?;
        Ok(Digest::of(text))
    }

    /// Reads a manifest and returns it with the digest of its bytes; does not look at the files it names.
    pub(super) fn read(directory: &Path) -> Result<(Self, Digest), ResearchError> {
        let path = directory.join(MANIFEST);
        let bytes = fs::read(&path).map_err(ResearchError::unreadable(&path))?;
        let manifest: Self = serde_json::from_slice(&bytes)
            .map_err(|error| ResearchError::corrupt(&path, format!("it is not a dataset's manifest: {error}")))?;
        if manifest.version != VERSION {
            return Err(ResearchError::corrupt(&path, format!("version {} is not {VERSION}", manifest.version)));
        }
        let Parts { train, valid, test } = &manifest.parts;
        let follow = train.start == 0 && train.end == valid.start && valid.end == test.start;
        let rows = |part: Part| manifest.of_part(part).map(|file| file.rows).sum::<usize>();
        let lengths = [train.len(), valid.len(), test.len()];
        let plain = |name: &str| Path::new(name).components().count() == 1 && !name.starts_with('.');
        let sound = follow && Part::ALL.map(rows) == lengths && manifest.digests.whole() == manifest.content;
        if sound && manifest.files.iter().all(|file| plain(&file.file)) {
            Ok((manifest, Digest::of(bytes)))
        } else {
            Err(ResearchError::corrupt(&path, "its parts are not those of its files"))
        }
    }

    pub(super) fn of_part(&self, part: Part) -> impl Iterator<Item = &PartFile> {
        self.files.iter().filter(move |file| file.part == part)
    }
}

impl PartFile {
    /// Writes a table of rows of a part.
    pub(super) fn write(directory: &Path, part: Part, file: String, frame: &Frame) -> Result<Self, ResearchError> {
        let path = directory.join(&file);
        frame.write(&path)?;
        let sha256 = Digest::of_file(&path).map_err(ResearchError::unreadable(&path))?;
        Ok(Self { part, file, rows: frame.rows(), sha256, columns: columns(frame) })
    }

    /// Holds the file's bytes against the manifest.
    pub(super) fn check(&self, directory: &Path) -> Result<(), ResearchError> {
        let path = directory.join(&self.file);
        match Digest::of_file(&path) {
            Ok(digest) if digest == self.sha256 => Ok(()),
            Ok(_) => Err(ResearchError::corrupt(&path, "its SHA-256 is not the manifest's")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(ResearchError::corrupt(&path, "it is missing"))
            }
            Err(error) => Err(ResearchError::unreadable(&path)(error)),
        }
    }

    /// Holds the file against the mark that was taken when it was written, and its bytes against the manifest where
    /// the mark is another or there is none.
    pub(super) fn check_marked(&self, directory: &Path, mark: Option<&FileMark>) -> Result<(), ResearchError> {
        match mark {
            Some(mark) if FileMark::of(&directory.join(&self.file)).is_ok_and(|own| own == *mark) => Ok(()),
            _ => self.check(directory),
        }
    }

    /// Reads the table after a check of its bytes.
    pub(super) fn read(&self, directory: &Path) -> Result<Frame, ResearchError> {
        self.check(directory)?;
        let path = directory.join(&self.file);
        let frame = Frame::read(&path)?;
        if frame.rows() == self.rows && columns(&frame) == self.columns {
            Ok(frame)
        } else {
            Err(ResearchError::corrupt(&path, "its columns are not those of the manifest"))
        }
    }
}

/// Returns name, type and digest of a table's columns.
fn columns(frame: &Frame) -> Vec<Column> {
    let described = |(name, column): &(String, FrameColumn)| {
        let mut hasher = Hasher::new("dataset column");
        let kind = match column {
            FrameColumn::F64(values) => {
                values.iter().fold(&mut hasher, |hasher, value| hasher.float(*value));
                "f64"
            }
            FrameColumn::I64(values) => {
                values.iter().fold(&mut hasher, |hasher, value| hasher.int(*value));
                "i64"
            }
            FrameColumn::Utf8(values) => {
                values.iter().fold(&mut hasher, |hasher, value| hasher.text(value));
                "utf8"
            }
            FrameColumn::Date(values) => {
                values.iter().fold(&mut hasher, |hasher, date| hasher.text(&date.to_string()));
                "date"
            }
        };
        Column { name: name.clone(), r#type: kind.into(), digest: hasher.finish() }
    };
    frame.columns().iter().map(described).collect()
}
