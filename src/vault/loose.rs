//! Loose objects, looked at before libgit2 reads them: of one whose file was cut short it waits for the rest for
//! ever. Reads only.

use std::{fs::File, io};

use flate2::read::ZlibDecoder;
use git2::Oid;

use super::{Vault, VaultError};

impl Vault {
    /// Says whether the file of an object was cut short. One that is packed, or that is not there at all, is
    /// libgit2's to judge.
    pub(super) fn is_cut(&self, id: Oid) -> bool {
        let name = id.to_string();
        let (folder, file) = name.split_at(2);
        let path = self.repository.commondir().join("objects").join(folder).join(file);
        let Ok(file) = File::open(path) else { return false };
        io::copy(&mut ZlibDecoder::new(file), &mut io::sink()).is_err()
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
}
