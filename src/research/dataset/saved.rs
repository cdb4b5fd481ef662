//! A dataset on disk: `dataset.parquet` and `MANIFEST.json`, which names its hash and says what a
//! table of numbers cannot: the parts, the scaling, what was left out and why.

use std::{collections::BTreeMap, fs, io, path::Path, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Dataset, DroppedColumn, Parts};
use crate::{
    digest::{Digest, Hasher},
    durable,
    market::Symbol,
    model::{ModelError, Schema},
    research::{ResearchError, factor::Window},
    store::{Frame, FrameColumn},
};

const ROWS: &str = "dataset.parquet";
const MANIFEST: &str = "MANIFEST.json";
const VERSION: u32 = 2;

/// A column of the table.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    /// `f64`, `i64`, `utf8` or `date`.
    r#type: String,
    /// The digest of its values, whatever the file's coding.
    digest: Digest,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: u32,
    file: String,
    sha256: Digest,
    /// The digest of the dataset itself, whatever the file's coding.
    content: Digest,
    columns: Vec<Column>,
    label: String,
    parts: Parts,
    window: Window,
    schema: Schema,
    dropped: Vec<DroppedColumn>,
    excluded: BTreeMap<String, usize>,
}

impl Dataset {
    /// Writes the dataset into `directory`, the manifest last; returns the dataset's digest.
    ///
    /// # Errors
    /// Names the step that failed.
    pub fn write(&self, directory: &Path) -> Result<Digest, ResearchError> {
        durable::make_directory(directory)?;
        let rows = directory.join(ROWS);
        let frame = self.to_frame()?;
        frame.write(&rows)?;
        let sha256 = Digest::of_file(&rows).map_err(ResearchError::unreadable(&rows))?;
        let content = self.digest();
        let manifest = Manifest {
            version: VERSION,
            file: ROWS.into(),
            sha256,
            content,
            columns: columns(&frame),
            label: self.label_id.clone(),
            parts: self.parts.clone(),
            window: self.window,
            schema: self.schema.clone(),
            dropped: self.dropped.clone(),
            excluded: self.excluded.clone(),
        };
        let mut text = serde_json::to_string_pretty(&manifest).map_err(ModelError::from)?;
        text.push('\n');
        durable::replace(&directory.join(MANIFEST), text)?;
        Ok(content)
    }

    /// Reads a dataset and checks it against its manifest.
    ///
    /// # Errors
    /// When a file is missing, changed or not what a dataset is.
    pub fn read(directory: &Path) -> Result<Self, ResearchError> {
        let path = directory.join(MANIFEST);
        let bytes = fs::read(&path).map_err(ResearchError::unreadable(&path))?;
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| ResearchError::corrupt(&path, format!("it is not a dataset's manifest: {error}")))?;
        if manifest.version != VERSION || manifest.file != ROWS {
            return Err(ResearchError::corrupt(&path, format!("version {} is not {VERSION}", manifest.version)));
        }
        let rows = directory.join(ROWS);
        match Digest::of_file(&rows) {
            Ok(digest) if digest == manifest.sha256 => {}
            Ok(_) => return Err(ResearchError::corrupt(&rows, "its SHA-256 is not the manifest's")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ResearchError::corrupt(&rows, "it is missing"));
            }
            Err(error) => return Err(ResearchError::unreadable(&rows)(error)),
        }
        let (content, frame) = (manifest.content, Frame::read(&rows)?);
        if columns(&frame) != manifest.columns {
            return Err(ResearchError::corrupt(&rows, "its columns are not those of the manifest"));
        }
        let dataset = Self::from_frame(&frame, manifest)
            .ok_or_else(|| ResearchError::corrupt(&rows, "its columns are not those of the manifest"))?;
        if dataset.digest() == content {
            Ok(dataset)
        } else {
            Err(ResearchError::corrupt(&rows, "its content is not what was written"))
        }
    }

    /// Returns the rows as a table: symbol, date, part, a column a feature, the label.
    fn to_frame(&self) -> Result<Frame, ResearchError> {
        let width = self.feature_names.len();
        let mut frame = Frame::new();
        let symbols = self.keys.iter().map(|(symbol, _)| Arc::from(symbol.to_string())).collect();
        frame.push("symbol", FrameColumn::Utf8(symbols))?;
        frame.push("date", FrameColumn::Date(self.keys.iter().map(|(_, date)| *date).collect()))?;
        let part = |row| Arc::from(self.parts.part_of(row).unwrap_or("none"));
        frame.push("part", FrameColumn::Utf8((0..self.keys.len()).map(part).collect()))?;
        for (at, name) in self.feature_names.iter().enumerate() {
            let column = self.features.iter().skip(at).step_by(width).copied().collect();
            frame.push(name, FrameColumn::F64(column))?;
        }
        frame.push(&label_column(&self.label_id), FrameColumn::F64(self.label.clone()))?;
        Ok(frame)
    }

    fn from_frame(frame: &Frame, manifest: Manifest) -> Option<Self> {
        let feature_names: Vec<String> = manifest.schema.names().map(str::to_owned).collect();
        let columns = feature_names.iter().map(|name| frame.f64(name)).collect::<Option<Vec<_>>>()?;
        let label = frame.f64(&label_column(&manifest.label))?.to_vec();
        let symbols = frame.utf8("symbol")?.iter().map(|symbol| symbol.parse::<Symbol>().ok());
        let symbols = symbols.collect::<Option<Vec<Symbol>>>()?;
        let keys = symbols.into_iter().zip(frame.dates("date")?.iter().copied()).collect();
        let row = |row: usize| columns.iter().filter_map(move |column| column.get(row).copied());
        Some(Self {
            features: (0..frame.rows()).flat_map(row).collect(),
            feature_names,
            label_id: manifest.label,
            label,
            keys,
            parts: manifest.parts,
            schema: manifest.schema,
            window: manifest.window,
            dropped: manifest.dropped,
            excluded: manifest.excluded,
        })
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

/// Returns the column of a label; the prefix keeps it apart from the features.
fn label_column(id: &str) -> String {
    format!("label:{id}")
}

#[cfg(test)]
mod tests {
    use super::{Dataset, MANIFEST, ROWS};
    use crate::{
        durable,
        exit::{Exit, Failure},
        market::DailyPanel,
        research::{
            dataset::{DatasetRule, build},
            factor, label,
            testing::{NEXT_RETURN, core_set, label_spec, random_bars},
        },
    };

    fn dataset() -> Dataset {
        let panel = DailyPanel::from_bars(&random_bars(6, 120));
        let factors = factor::compute(&core_set(), &panel).expect("factors");
        let labels = label::compute(&label_spec(&[NEXT_RETURN]), &panel).expect("labels");
        build(&factors, &labels, &DatasetRule::of("R1")).expect("built")
    }

    #[test]
    fn written_dataset_reads_back_bit_for_bit() {
        let room = tempfile::tempdir().expect("a directory");
        let dataset = dataset();
        let digest = dataset.write(room.path()).expect("written");
        let read = Dataset::read(room.path()).expect("read");
        assert_eq!(read.digest(), digest);
        assert_eq!((read.schema, read.parts, read.keys), (dataset.schema, dataset.parts, dataset.keys));
        assert_eq!((read.dropped, read.excluded), (dataset.dropped, dataset.excluded));
    }

    #[test]
    fn gaps_and_the_table_s_columns_survive() {
        let room = tempfile::tempdir().expect("a directory");
        let panel = DailyPanel::from_bars(&random_bars(6, 120));
        let factors = factor::compute(&core_set(), &panel).expect("factors");
        let labels = label::compute(&label_spec(&[NEXT_RETURN]), &panel).expect("labels");
        let rule = DatasetRule { keep_missing: true, ..DatasetRule::of("R1") };
        let dataset = build(&factors, &labels, &rule).expect("built");
        assert!(dataset.features.iter().any(|value| value.is_nan()), "it has gaps");
        let digest = dataset.write(room.path()).expect("written");
        assert_eq!(Dataset::read(room.path()).expect("read").digest(), digest);
        let text = std::fs::read_to_string(room.path().join(MANIFEST)).expect("readable");
        let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let columns = manifest["columns"].as_array().expect("listed");
        assert_eq!(columns.len(), 3 + dataset.feature_names.len() + 1);
        let kinds: Vec<&str> = columns.iter().map(|column| column["type"].as_str().expect("a type")).collect();
        assert_eq!(kinds[..4], ["utf8", "date", "utf8", "f64"]);
        assert_eq!(columns.last().expect("some")["name"], "label:R1");
    }

    #[test]
    fn changed_rows_or_manifest_are_corrupt() {
        let room = tempfile::tempdir().expect("a directory");
        dataset().write(room.path()).expect("written");
        for name in [ROWS, MANIFEST] {
            let path = room.path().join(name);
            let good = std::fs::read(&path).expect("readable");
            durable::replace(&path, &good[..good.len() / 2]).expect("cut");
            assert_eq!(Dataset::read(room.path()).expect_err(name).exit(), Exit::Corrupt, "{name}");
            durable::replace(&path, &good).expect("restored");
        }
        let text = std::fs::read_to_string(room.path().join(MANIFEST)).expect("readable");
        let moved = text.replacen("\"start\": 0", "\"start\": 1", 1);
        assert_ne!(moved, text);
        durable::replace(&room.path().join(MANIFEST), moved).expect("written");
        assert_eq!(Dataset::read(room.path()).expect_err("parts moved").exit(), Exit::Corrupt);
    }
}
