//! A dataset on disk: a Parquet file or more of each part, and `MANIFEST.json`, which names their hashes.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use super::{
    Dataset, DatasetDigests,
    manifest::{Manifest, Part, PartFile},
};
use crate::{
    digest::{Digest, FileMark},
    durable,
    market::Symbol,
    research::ResearchError,
    store::{Frame, FrameColumn},
};

/// What a dataset on disk is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedDataset {
    /// The digests of its parts.
    pub digests: DatasetDigests,
    /// SHA-256 of its manifest, which names the hash of every file.
    pub manifest: Digest,
    /// What its files look like from outside, by name.
    pub marks: BTreeMap<String, FileMark>,
}

impl Dataset {
    /// Writes the dataset into `directory`, the manifest last.
    ///
    /// # Errors
    /// Names the step that failed.
    pub fn write(&self, directory: &Path) -> Result<SavedDataset, ResearchError> {
        durable::make_directory(directory)?;
        let mut manifest = Manifest::of(self, self.digests());
        for (part, (_, rows)) in Part::ALL.into_iter().zip(self.parts.named()) {
            let file = format!("{}.parquet", part.name());
            manifest.files.push(PartFile::write(directory, part, file, &self.to_frame(&rows)?)?);
        }
        close(&manifest, directory)
    }

    /// Reads a dataset and checks it against its manifest.
    ///
    /// # Errors
    /// When a file is missing, changed or not what a dataset is.
    pub fn read(directory: &Path) -> Result<Self, ResearchError> {
        let (manifest, _) = Manifest::read(directory)?;
        let wrong = |what| ResearchError::corrupt(directory, what);
        let mut dataset = Self {
            feature_names: manifest.schema.names().map(str::to_owned).collect(),
            features: Vec::new(),
            label_id: manifest.label.clone(),
            label: Vec::new(),
            keys: Vec::new(),
            parts: manifest.parts.clone(),
            sessions: manifest.sessions.clone(),
            schema: manifest.schema.clone(),
            window: manifest.window,
            dropped: manifest.dropped.clone(),
            excluded: manifest.excluded.clone(),
        };
        for file in Part::ALL.into_iter().flat_map(|part| manifest.of_part(part)) {
            let frame = file.read(directory)?;
            dataset.append(&frame).ok_or_else(|| wrong("its columns are not those of the manifest"))?;
        }
        if dataset.digests() == manifest.digests {
            Ok(dataset)
        } else {
            Err(wrong("its content is not what was written"))
        }
    }

    /// Returns some rows as a table: symbol, date, a column a feature, the label.
    pub(super) fn to_frame(&self, rows: &std::ops::Range<usize>) -> Result<Frame, ResearchError> {
        let width = self.feature_names.len();
        let mut frame = Frame::new();
        let keys = self.keys.get(rows.clone()).unwrap_or_default();
        let symbols = keys.iter().map(|(symbol, _)| Arc::from(symbol.to_string())).collect();
        frame.push("symbol", FrameColumn::Utf8(symbols))?;
        frame.push("date", FrameColumn::Date(keys.iter().map(|(_, date)| *date).collect()))?;
        let features = self.rows(rows.clone());
        for (at, name) in self.feature_names.iter().enumerate() {
            let column = features.iter().skip(at).step_by(width).copied().collect();
            frame.push(name, FrameColumn::F64(column))?;
        }
        let label = self.label.get(rows.clone()).unwrap_or_default();
        frame.push(&label_column(&self.label_id), FrameColumn::F64(label.to_vec()))?;
        Ok(frame)
    }

    /// Adds the rows of a table; none where it lacks a column.
    fn append(&mut self, frame: &Frame) -> Option<()> {
        let columns = self.feature_names.iter().map(|name| frame.f64(name)).collect::<Option<Vec<_>>>()?;
        let symbols = frame.utf8("symbol")?.iter().map(|symbol| symbol.parse::<Symbol>().ok());
        let symbols = symbols.collect::<Option<Vec<Symbol>>>()?;
        self.keys.extend(symbols.into_iter().zip(frame.dates("date")?.iter().copied()));
        let row = |row: usize| columns.iter().filter_map(move |column| column.get(row).copied());
        self.features.extend((0..frame.rows()).flat_map(row));
        self.label.extend(frame.f64(&label_column(&self.label_id))?);
        Some(())
    }
}

/// Writes a manifest whose files are there, and removes what an earlier dataset of the directory left.
pub(super) fn close(manifest: &Manifest, directory: &Path) -> Result<SavedDataset, ResearchError> {
    let digest = manifest.write(directory)?;
    let marked = |file: &PartFile| {
        let path = directory.join(&file.file);
        let mark = FileMark::of(&path).map_err(ResearchError::unreadable(&path))?;
        Ok((file.file.clone(), mark))
    };
    let marks = manifest.files.iter().map(marked).collect::<Result<_, ResearchError>>()?;
    for entry in fs::read_dir(directory).map_err(ResearchError::unreadable(directory))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let added = name.starts_with(ADDED) && name.ends_with(".parquet");
        if added && !manifest.files.iter().any(|file| file.file == name) {
            // Nothing names it, so that one that stays does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(SavedDataset { digests: manifest.digests, manifest: digest, marks })
}

/// What the names of files begin with that hold sessions added to the test part.
pub(super) const ADDED: &str = "test_";

/// Returns the column of a label; the prefix keeps it apart from the features.
fn label_column(id: &str) -> String {
    format!("label:{id}")
}

#[cfg(test)]
mod tests {
    use super::Dataset;
    use crate::{
        durable,
        exit::{Exit, Failure},
        market::DailyPanel,
        research::{
            dataset::{DatasetRule, build, manifest::MANIFEST},
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
        let digest = dataset.write(room.path()).expect("written").digests.whole();
        let read = Dataset::read(room.path()).expect("read");
        assert_eq!(read.digest(), digest);
        assert_eq!((read.schema, read.parts, read.keys), (dataset.schema, dataset.parts, dataset.keys));
        assert_eq!(read.sessions, dataset.sessions);
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
        let digest = dataset.write(room.path()).expect("written").digests.whole();
        assert_eq!(Dataset::read(room.path()).expect("read").digest(), digest);
        let text = std::fs::read_to_string(room.path().join(MANIFEST)).expect("readable");
        let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let columns = manifest["files"][0]["columns"].as_array().expect("listed");
        assert_eq!(columns.len(), 2 + dataset.feature_names.len() + 1);
        let kinds: Vec<&str> = columns.iter().map(|column| column["type"].as_str().expect("a type")).collect();
        assert_eq!(kinds[..3], ["utf8", "date", "f64"]);
        assert_eq!(columns.last().expect("some")["name"], "label:R1");
    }

    #[test]
    fn changed_rows_or_manifest_are_corrupt() {
        let room = tempfile::tempdir().expect("a directory");
        dataset().write(room.path()).expect("written");
        for name in ["train.parquet", "valid.parquet", "test.parquet", MANIFEST] {
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
