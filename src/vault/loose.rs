//! What a power cut leaves of git's own files. libgit2 writes an object and syncs nothing; what refers to it is synced
//! here before it counts, but an object that nothing refers to yet may be left with its name and without its bytes.
//! libgit2 takes such a name for the object itself and would never write it again, so it is moved aside before anything
//! is written; of one whose file was cut short it waits for the rest for ever, so each is looked at before it is read.
//! An index without bytes is no index. Removes nothing.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use flate2::read::ZlibDecoder;
use git2::Oid;

use super::{Vault, VaultError};
use crate::durable;

/// Where they go, below git's own directory.
const ASIDE: &str = "damaged-objects";
/// How many hex digits the name of a folder of loose objects has.
const FOLDER_DIGITS: usize = 2;

impl Vault {
    /// Says whether the file of an object was cut short. One that is packed, or that is not there at all, is
    /// libgit2's to judge.
    pub(super) fn is_cut(&self, id: Oid) -> bool {
        let name = id.to_string();
        let (folder, file) = name.split_at(FOLDER_DIGITS);
        let path = self.repository.commondir().join("objects").join(folder).join(file);
        inflate(&path).is_err_and(|error| error.kind() != ErrorKind::NotFound)
    }

    /// Refuses an object whose file was cut short; `file` says what it is the content of.
    pub(super) fn require_uncut(&self, id: Oid, target: &str, file: &str) -> Result<(), VaultError> {
        if !self.is_cut(id) {
            return Ok(());
        }
        Err(VaultError::DamagedTarget {
            path: self.root.clone(),
            target: target.into(),
            object: id.to_string(),
            file: file.into(),
        })
    }

    /// Moves loose objects aside that are empty or cut short, which no object is; returns where they are now.
    ///
    /// # Errors
    /// When one cannot be moved.
    pub(super) fn set_cut_objects_aside(&self) -> Result<Vec<PathBuf>, VaultError> {
        let aside = self.git_directory().join(ASIDE);
        let mut moved = Vec::new();
        for (id, path) in self.loose_objects() {
            // A disk that does not give the file says nothing about it.
            if !inflate(&path).is_err_and(|error| error.kind() == ErrorKind::UnexpectedEof) {
                continue;
            }
            durable::make_directory(&aside)?;
            let place = aside.join(id.to_string());
            durable::publish_file(&path, &place)?;
            tracing::warn!(object = %id, "an object of git that was cut short was moved aside");
            moved.push(place);
        }
        Ok(moved)
    }

    /// Makes an index that a power cut left empty anew from HEAD, as git does after `rm .git/index; git reset`; says
    /// whether it was. The empty one is moved aside.
    ///
    /// # Errors
    /// When it cannot be moved or written.
    pub fn mend_index(&self) -> Result<bool, VaultError> {
        let path = self.git_directory().join("index");
        if fs::metadata(&path).map_or(true, |found| found.len() > 0) {
            return Ok(false);
        }
        let aside = self.git_directory().join(ASIDE);
        durable::make_directory(&aside)?;
        durable::publish_file(&path, &aside.join("index"))?;
        let tree = self.head_commit()?.tree().map_err(self.failed("read the tree of HEAD"))?;
        let write = || {
            let mut index = self.repository.index()?;
            index.read_tree(&tree)?;
            index.write()
        };
        write().map_err(self.failed("write the index"))?;
        tracing::warn!("an empty index of git was moved aside and made anew from HEAD");
        Ok(true)
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

/// Reads a loose object to its end.
fn inflate(path: &Path) -> io::Result<u64> {
    io::copy(&mut ZlibDecoder::new(File::open(path)?), &mut io::sink())
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use git2::{ObjectType, Oid};

    use crate::{
        clock::Clock,
        durable,
        vault::{Scope, Vault},
    };

    #[test]
    fn index_that_a_power_cut_left_empty_is_made_anew() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = Vault::init(room.path()).expect("made");
        durable::replace(&room.path().join("a.txt"), "old\n").expect("written");
        vault.commit_all("first", Clock::system().now()).expect("committed");
        assert!(!vault.mend_index().expect("looked"));
        durable::replace(&vault.git_directory().join("index"), "").expect("planted");
        let vault = Vault::open(room.path()).expect("opened");
        assert!(vault.status().is_err(), "an empty index is no index");
        assert!(vault.mend_index().expect("mended"));
        assert!(vault.status().expect("a status").is_clean());
    }

    #[test]
    fn object_that_a_power_cut_left_empty_is_written_again() {
        let room = tempfile::tempdir().expect("a directory");
        let vault = Vault::init(room.path()).expect("made");
        durable::replace(&room.path().join("a.txt"), "old\n").expect("written");
        vault.commit_all("first", Clock::system().now()).expect("committed");
        assert_eq!(vault.set_cut_objects_aside().expect("looked"), Vec::<std::path::PathBuf>::new());
        for number in 0..2 {
            let text = format!("edit {number}\n");
            durable::replace(&room.path().join("a.txt"), &text).expect("written");
            let id = Oid::hash_object(ObjectType::Blob, text.as_bytes()).expect("an id").to_string();
            let folder = vault.git_directory().join("objects").join(&id[..2]);
            durable::make_directory(&folder).expect("made");
            // Empty the first time, cut short the second.
            let whole = {
                let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                packer.write_all(format!("blob {}\0{text}", text.len()).as_bytes()).expect("packed");
                packer.finish().expect("packed")
            };
            let left = whole.get(..number * whole.len() / 2).expect("a part").to_vec();
            durable::replace(&folder.join(&id[2..]), &left).expect("planted");
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
            assert_eq!(fs::read(vault.git_directory().join("damaged-objects").join(&id)).expect("kept"), left);
        }
    }
}
