//! The digests of a dataset: one of each part, that of the test part a chain over its sessions, so that sessions
//! can be added to it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Dataset;
use crate::digest::{Digest, Hasher};

/// The digests of a dataset's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetDigests {
    /// Label, features, and the rows of the training and the validation part: everything that a model is made
    /// from and judged by.
    pub training: Digest,
    /// The test part: a link a session.
    pub test: Digest,
}

impl DatasetDigests {
    /// Returns the digest of the dataset.
    #[must_use]
    pub fn whole(&self) -> Digest {
        Hasher::new("dataset").digest(&self.training).digest(&self.test).finish()
    }
}

impl Dataset {
    /// Returns the digests of the parts.
    #[must_use]
    pub fn digests(&self) -> DatasetDigests {
        DatasetDigests {
            training: self.training_digest(),
            test: self.test_digest(Hasher::new("dataset test").finish()),
        }
    }

    /// Returns the digest of all rows.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digests().whole()
    }

    /// Returns the digest of everything that a model is made from and judged by: label, features, training and
    /// validation rows.
    #[must_use]
    pub fn training_digest(&self) -> Digest {
        let mut hasher = Hasher::new("dataset training");
        hasher.text(&self.label_id).int(self.feature_names.len() as i64);
        self.feature_names.iter().fold(&mut hasher, |hasher, name| hasher.text(name));
        self.put(self.parts.train.clone(), &mut hasher);
        self.put(self.parts.valid.clone(), &mut hasher);
        hasher.finish()
    }

    /// Returns the digest of a test part whose digest so far is `before` and which goes on with this dataset's.
    pub(super) fn test_digest(&self, before: Digest) -> Digest {
        let mut last = before;
        let mut row = self.parts.test.start;
        for session in self.keys.get(self.parts.test.clone()).unwrap_or_default().chunk_by(|one, next| one.1 == next.1)
        {
            let mut hasher = Hasher::new("dataset session");
            self.put(row..row + session.len(), hasher.digest(&last));
            last = hasher.finish();
            row += session.len();
        }
        last
    }

    fn put(&self, rows: Range<usize>, hasher: &mut Hasher) {
        hasher.int(rows.len() as i64);
        let mut day = (None, String::new());
        for (symbol, date) in self.keys.get(rows.clone()).unwrap_or_default() {
            // Rows are by date: each is written as text once.
            if day.0 != Some(*date) {
                day = (Some(*date), date.to_string());
            }
            hasher.int(i64::from(symbol.code())).text(symbol.exchange().suffix()).text(&day.1);
        }
        let label = self.label.get(rows.clone()).unwrap_or_default();
        self.rows(rows).iter().chain(label).fold(hasher, |hasher, value| hasher.float(*value));
    }
}
