//! Collect: which input files are new. Compares digests only; reads no file and writes no store.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{digest::Digest, source::files::FileReport};

/// What became of an input file since the last import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollectPlan {
    /// Files whose bytes were never imported, by name.
    pub new: Vec<String>,
    /// Files whose bytes are imported already, by name.
    pub known: Vec<String>,
    /// Files that are not read, with the reason, by name.
    pub skipped: Vec<(String, String)>,
}

impl CollectPlan {
    /// Says whether there is nothing to import.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.new.is_empty()
    }

    /// Says in words why nothing, or what, is to be imported.
    #[must_use]
    pub fn reason(&self) -> String {
        match (self.new.len(), self.known.len()) {
            (0, known) => format!("nothing is new: the bytes of all {known} input files are imported already"),
            (new, 0) => format!("{new} input files are new"),
            (new, known) => format!("{new} input files are new, {known} are imported already"),
        }
    }
}

/// Decides which files to import: those whose bytes are not among the imported digests. A file that was
/// renamed is known; one that was changed under its old name is new.
#[must_use]
pub fn plan(files: &[FileReport], imported: &BTreeSet<Digest>) -> CollectPlan {
    let mut plan = CollectPlan { new: Vec::new(), known: Vec::new(), skipped: Vec::new() };
    for file in files {
        match (&file.skipped, &file.digest) {
            (Some(reason), _) => plan.skipped.push((file.file.clone(), reason.clone())),
            (None, Some(digest)) if imported.contains(digest) => plan.known.push(file.file.clone()),
            (None, _) => plan.new.push(file.file.clone()),
        }
    }
    plan.new.sort();
    plan.known.sort();
    plan.skipped.sort();
    plan
}

#[cfg(test)]
mod tests {
    use super::plan;
    use crate::{digest::Digest, durable, source::files::scan_directory};
    use std::collections::BTreeSet;

    #[test]
    fn only_bytes_that_were_never_imported_are_new() {
        let room = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| durable::replace(&room.path().join(name), text).expect("written");
        write("daily_2024.csv", "old");
        write("daily_2025.csv", "first");
        write("README.md", "x");
        let scan = || scan_directory(room.path()).expect("listed");
        let first = plan(&scan(), &BTreeSet::new());
        assert_eq!(first.new, ["daily_2024.csv", "daily_2025.csv"]);
        assert_eq!(first.skipped[0].0, "README.md");

        let imported: BTreeSet<Digest> = scan().iter().filter_map(|file| file.digest).collect();
        let second = plan(&scan(), &imported);
        assert!(second.is_empty() && second.reason().starts_with("nothing is new"), "{}", second.reason());
        write("daily_2025.csv", "second");
        let third = plan(&scan(), &imported);
        assert_eq!((third.new, third.known), (vec!["daily_2025.csv".into()], vec!["daily_2024.csv".into()]));
    }
}
