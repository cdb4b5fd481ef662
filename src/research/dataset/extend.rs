//! A dataset that goes on: sessions are added to the test part of one on disk, whose training and validation parts
//! stay as they are. What comes out is the dataset of all sessions, made without reading the earlier rows.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::civil::Date;

use super::{
    Dataset, DatasetDigests, DatasetRule, Parts, SavedDataset,
    build::{FEATURE_MISSING, Rows},
    columns::Prepared,
    manifest::{Manifest, Part, PartFile},
    saved::{ADDED, close},
};
use crate::{
    digest::{Digest, FileMark},
    durable,
    model::{ModelError, Schema},
    research::{ResearchError, factor::FactorFrame, label::LabelFrame},
};

/// A dataset on disk whose every file is the one that was written.
#[derive(Debug)]
pub struct EarlierDataset {
    directory: PathBuf,
    manifest: Manifest,
}

/// A dataset with the sessions that were added to it.
#[derive(Debug)]
pub struct ExtendedDataset {
    from: PathBuf,
    manifest: Manifest,
    /// The rows of the added sessions, all of them of the test part.
    added: Dataset,
}

impl EarlierDataset {
    /// Opens a dataset whose manifest has this SHA-256. A file that still bears its mark is one that nobody has
    /// written to, and is not read; of any other the bytes are checked. Whoever reads the rows checks the bytes too.
    ///
    /// # Errors
    /// When a file is missing or changed.
    pub fn open(
        directory: &Path,
        manifest: &Digest,
        marks: &BTreeMap<String, FileMark>,
    ) -> Result<Self, ResearchError> {
        let (own, digest) = Manifest::read(directory)?;
        if digest != *manifest {
            return Err(ResearchError::corrupt(directory, "its manifest is not the one that was written"));
        }
        own.files.iter().try_for_each(|file| file.check_marked(directory, marks.get(&file.file)))?;
        Ok(Self { directory: directory.into(), manifest: own })
    }

    /// Returns the sessions of the parts.
    #[must_use]
    pub const fn sessions(&self) -> &Parts {
        &self.manifest.sessions
    }

    /// Returns the digest of what a model was made from.
    #[must_use]
    pub const fn training_digest(&self) -> Digest {
        self.manifest.digests.training
    }

    /// Adds the sessions of `factors`, which are the last ones of `labels`. The labels of the sessions before them,
    /// and the rule, must be those that the dataset was made with.
    ///
    /// # Errors
    /// When the frames do not fit together, the split has moved on, or a feature is missing.
    pub fn extend(
        &self,
        factors: &FactorFrame,
        labels: &LabelFrame,
        rule: &DatasetRule,
    ) -> Result<ExtendedDataset, ResearchError> {
        let layout = || ResearchError::Layout { left: "factors", right: "labels" };
        let first = labels.dates.len().checked_sub(factors.dates.len()).ok_or_else(layout)?;
        if factors.symbols != labels.symbols || labels.dates.get(first..) != Some(&factors.dates[..]) {
            return Err(layout());
        }
        let (sessions, _) = rule.sessions(labels)?;
        if !self.manifest.sessions.goes_on_as(&sessions) || first < sessions.test.start {
            return Err(ResearchError::setting("split", "another", "the split of the earlier dataset"));
        }
        let mut rows = Rows::new(labels, labels.label(&rule.label)?, rule, &sessions);
        let mut candidates = rows.candidates();
        let days = labels.dates.len().max(1);
        candidates.retain(|cell| cell % days >= first);
        let prepared = prepare(&self.manifest.schema, factors, &candidates, (days, first))?;
        let mut added = rows.take(&candidates, prepared, factors.window);
        added.parts.test = 0..added.keys.len();
        Ok(self.with(added, sessions))
    }

    fn with(&self, added: Dataset, sessions: Parts) -> ExtendedDataset {
        let mut manifest = self.manifest.clone();
        let training = manifest.digests.training;
        manifest.redigest(DatasetDigests { training, test: added.test_digest(manifest.digests.test) });
        manifest.parts.test.end += added.keys.len();
        manifest.sessions = sessions;
        manifest.first_test = manifest.first_test.or_else(|| added.first_test_date());
        // Cells are counted anew, for what is not listed yet adds one to every session, but for those that a feature
        // was missing in: these are counted where the features are known.
        let earlier = manifest.excluded.iter().filter(|(reason, _)| reason.starts_with(FEATURE_MISSING));
        let mut excluded = added.excluded.clone();
        for (reason, count) in earlier {
            *excluded.entry(reason.clone()).or_default() += count;
        }
        manifest.excluded = excluded;
        ExtendedDataset { from: self.directory.clone(), manifest, added }
    }
}

impl ExtendedDataset {
    /// Returns the digest of the dataset.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.manifest.digests.whole()
    }

    /// Returns the row ranges of the parts.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.manifest.parts
    }

    /// Returns the number of features.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.manifest.schema.features.len()
    }

    /// Returns the date of the last row that was added; none where none was.
    #[must_use]
    pub fn last_added(&self) -> Option<Date> {
        self.added.keys.last().map(|(_, date)| *date)
    }

    /// Returns the first date that neither training nor validation has seen; none where nothing is left to test on.
    #[must_use]
    pub const fn first_test_date(&self) -> Option<Date> {
        self.manifest.first_test
    }

    /// Writes the dataset into `directory`, the manifest last: the earlier files are linked to, the added rows are a
    /// file of their own.
    ///
    /// # Errors
    /// Names the step that failed.
    pub fn write(&self, directory: &Path) -> Result<SavedDataset, ResearchError> {
        durable::make_directory(directory)?;
        let mut manifest = self.manifest.clone();
        if self.from != directory {
            for file in &manifest.files {
                durable::share(&self.from.join(&file.file), &directory.join(&file.file))?;
            }
        }
        if let Some((_, date)) = self.added.keys.first() {
            let file = format!("{ADDED}{}.parquet", date.strftime("%Y%m%d"));
            let frame = self.added.to_frame(&self.added.parts.test)?;
            manifest.files.push(PartFile::write(directory, Part::Test, file, &frame)?);
        }
        close(&manifest, directory)
    }
}

impl Parts {
    /// Says whether these sessions, with some added, are split as `later` says.
    #[must_use]
    pub fn goes_on_as(&self, later: &Self) -> bool {
        self.train == later.train && self.valid == later.valid && self.test.start == later.test.start
    }
}

/// Does to the candidates' features what was done to those of the training part.
fn prepare(
    schema: &Schema,
    factors: &FactorFrame,
    candidates: &[usize],
    (days, first): (usize, usize),
) -> Result<Prepared, ResearchError> {
    let column = |name| factors.column(name).ok_or_else(|| ModelError::Feature(String::from(name)));
    let raw = schema.names().map(column).collect::<Result<Vec<_>, _>>()?;
    let here = Schema::present(&raw);
    let width = factors.dates.len();
    let mut columns: Vec<Vec<f64>> = raw.into_iter().map(<[f64]>::to_vec).collect();
    schema.process(&mut columns, width);
    let place = |cell: &usize| cell / days * width + cell % days - first;
    let values = |column: &Vec<f64>| {
        candidates.iter().map(|cell| column.get(place(cell)).copied().unwrap_or(f64::NAN)).collect::<Vec<f64>>()
    };
    Ok(Prepared {
        schema: schema.clone(),
        columns: columns.iter().map(values).collect(),
        present: candidates.iter().map(|cell| here.get(place(cell)).is_some_and(|here| *here)).collect(),
        dropped: Vec::new(),
    })
}

#[cfg(test)]
#[path = "extend_tests.rs"]
mod tests;
