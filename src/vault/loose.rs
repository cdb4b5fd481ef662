//! Loose objects that a power cut left empty. libgit2 writes an object and syncs nothing; what refers to it is
//! synced here before it counts, but an object that nothing refers to yet may be left with its name and without its
//! bytes. libgit2 takes such a name for the object itself and would never write it again, so it is moved aside before
//! anything is written. Removes nothing.

use std::{fs, path::PathBuf};

use git2::Oid;

use super::{Vault, VaultError};
use crate::durable;

/// Where they go, below git's own directory.
const ASIDE: &str = "damaged-objects";
/// How many hex digits the name of a folder of loose objects has.
const FOLDER_DIGITS: usize = 2;

impl Vault {
    /// Moves empty loose objects aside, which no object is; returns where they are now.
    ///
    /// # Errors
    /// When one cannot be moved.
    pub(super) fn set_empty_objects_aside(&self) -> Result<Vec<PathBuf>, VaultError> {
        let aside = self.git_directory().join(ASIDE);
        let mut moved = Vec::new();
        for (id, path) in self.loose_objects() {
            if fs::metadata(&path).is_ok_and(|found| found.len() > 0) {
                continue;
            }
            durable::make_directory(&aside)?;
            let place = aside.join(id.to_string());
            durable::publish_file(&path, &place)?;
            tracing::warn!(object = %id, "an empty object of git was moved aside");
            moved.push(place);
        }
        Ok(moved)
    }

    fn loose_objects(&self) -> Vec<(Oid, PathBuf)> {
        let folders = fs::read_dir(self.git_directory().join("objects")).into_iter().flatten().flatten();
        let mut found = Vec::new();
        for folder in folders {
            let name = folder.file_name().to_string_lossy().into_owned();
            if name.len() != FOLDER_DIGITS {
                continue;
            }
            for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                if let Ok(id) = Oid::from_str(&format!("{name}{}", file.file_name().to_string_lossy())) {
                    found.push((id, file.path()));
                }
            }
        }
        found.sort_unstable();
        found
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use git2::{ObjectType, Oid};

    use crate::{
        clock::Clock,
        durable,
        vault::{Scope, Vault},
    };

    #[test]
    fn object_that_a_power_cut_left_empty_is_written_again() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = Vault::init(room.path()).expect("made");
        durable::replace(&room.path().join("a.txt"), "old\n").expect("written");
        vault.commit_all("first", Clock::system().now()).expect("committed");
        assert_eq!(vault.set_empty_objects_aside().expect("looked"), Vec::<std::path::PathBuf>::new());
        for number in 0..2 {
            let text = format!("edit {number}\n");
            durable::replace(&room.path().join("a.txt"), &text).expect("written");
            let id = Oid::hash_object(ObjectType::Blob, text.as_bytes()).expect("an id").to_string();
            let folder = vault.git_directory().join("objects").join(&id[..2]);
            durable::make_directory(&folder).expect("made");
            durable::replace(&folder.join(&id[2..]), "").expect("planted");
            let vault = Vault::open(room.path()).expect("opened");
            if number == 0 {
                let reference = "refs/lighthunter/rescue/1";
                let saved = vault.save_edits("HEAD", Scope::All, reference, Clock::system().now()).expect("saved");
                assert_eq!(saved, Some(vec!["a.txt".to_owned()]));
            } else {
                vault.commit_all("second", Clock::system().now()).expect("committed");
            }
            let read = vault.repository.find_blob(id.parse().expect("an id")).expect("there").content().to_vec();
            assert_eq!(read, text.as_bytes());
            assert_eq!(fs::read(vault.git_directory().join("damaged-objects").join(&id)).expect("kept"), b"");
        }
    }
}
