//! Files that carry no digest of their own and that no manifest names: reports, run folders, drill records.
//! Beside each stands its seal, `.seals/<name>`, with the digest of what was last written and of what was
//! there before. The seal is written first: a death between the two leaves a file that the seal knows. Of a
//! file that was not there the seal says so until the file is: then it is missing and not lost.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{Damage, StoreError};
use crate::{
    digest::Digest,
    durable::{self, DurableError},
};

/// The second line of a seal whose file was not there.
const NOTHING_BEFORE: &str = "before nothing";

/// The directory of the seals, beside the files.
const SEALS: &str = ".seals";

/// Replaces the content of `path` and seals it; durable when this returns.
///
/// # Errors
/// Names the step that failed; the old content is then still there.
pub fn replace_sealed(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), DurableError> {
    let (digest, is_new) = (Digest::of(bytes.as_ref()), path.symlink_metadata().is_err());
    write_seal(path, &digest)?;
    durable::replace(path, bytes)?;
    // From here on a file that is gone is damage. What was written is not read back for it: a disk that lies
    // would be believed.
    if is_new { durable::replace(&seal_of(path), format!("sha256 {digest}\n")) } else { Ok(()) }
}

/// Seals a file as it is.
///
/// # Errors
/// When the file cannot be read or the seal not be written.
pub fn seal(path: &Path) -> Result<(), DurableError> {
    let digest = Digest::of_file(path).map_err(DurableError::at("read", path))?;
    write_seal(path, &digest)
}

/// Takes the seal off a file that is about to be appended to.
///
/// # Errors
/// When the seal is there and cannot be removed.
pub fn unseal(path: &Path) -> Result<(), DurableError> {
    let seal = seal_of(path);
    // Durably: a seal that a power cut brought back would call what was appended since damage.
    if fs::symlink_metadata(&seal).is_ok() { durable::remove_file(&seal) } else { Ok(()) }
}

fn write_seal(path: &Path, digest: &Digest) -> Result<(), DurableError> {
    let seal = seal_of(path);
    let before = match Digest::of_file(path) {
        Ok(before) if before == *digest => String::new(),
        Ok(before) => format!("before {before}\n"),
        Err(_) if path.symlink_metadata().is_err() => format!("{NOTHING_BEFORE}\n"),
        Err(_) => String::new(),
    };
    let text = format!("sha256 {digest}\n{before}");
    if fs::read(&seal).is_ok_and(|found| found == text.as_bytes()) {
        return Ok(());
    }
    durable::make_directory(seal.parent().unwrap_or(path))?;
    durable::replace(&seal, text)
}

fn seal_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    path.with_file_name(SEALS).join(name)
}

/// Holds every sealed file below `directory` against its seal. Returns the digests of those that are whole,
/// by path, and what is damaged. A file without a seal is passed over: nobody promised anything of it.
///
/// # Errors
/// When a directory cannot be read.
pub fn inspect_sealed(directory: &Path) -> Result<(BTreeMap<PathBuf, Digest>, Vec<Damage>), StoreError> {
    let (mut whole, mut damages) = (BTreeMap::new(), Vec::new());
    for seal in super::partition::files_below(directory)? {
        let is_seal = seal.parent().and_then(Path::file_name).is_some_and(|name| name == SEALS);
        // What a killed process was about to name is no seal yet.
        if !is_seal || durable::is_temporary(&seal) {
            continue;
        }
        let name = seal.file_name().unwrap_or_default();
        let path = seal.parent().and_then(Path::parent).unwrap_or(directory).join(name);
        match check(&path, &seal) {
            Ok(Some(digest)) => {
                whole.insert(path, digest);
            }
            // Whoever was about to write it died: nobody was promised it.
            Ok(None) => {}
            Err(what) => damages.push(Damage { path, what }),
        }
    }
    Ok((whole, damages))
}

fn check(path: &Path, seal: &Path) -> Result<Option<Digest>, String> {
    let text =
        fs::read_to_string(seal).map_err(|error| format!("its seal {} is unreadable: {error}", seal.display()))?;
    let new = text.strip_suffix('\n').and_then(|text| text.strip_suffix(NOTHING_BEFORE));
    let known = digests(new.unwrap_or(&text)).ok_or_else(|| format!("its seal {} is damaged", seal.display()))?;
    let found = match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Digest::of_file(path).map_err(|error| error.to_string())?,
        Ok(_) => return Err("it is not a plain file".into()),
        Err(error) if new.is_some() && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if known.contains(&found) {
        return Ok(Some(found));
    }
    Err(format!("its digest is {}, {} is sealed", found.short(), known.first().map(Digest::short).unwrap_or_default()))
}

/// Reads a seal: one line, or two; nothing where it is not exactly that.
fn digests(text: &str) -> Option<Vec<Digest>> {
    let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
    let words = ["sha256 ", "before "];
    if lines.is_empty() || lines.len() > words.len() {
        return None;
    }
    lines.iter().zip(words).map(|(line, word)| line.strip_prefix(word)?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{SEALS, inspect_sealed, replace_sealed, seal};
    use crate::durable;

    #[test]
    fn every_flip_and_cut_of_file_or_seal_is_seen() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("report.json");
        durable::replace(&path, "old").expect("written");
        replace_sealed(&path, "{\"a\": 1}\n").expect("written");
        assert_eq!(inspect_sealed(room.path()).expect("read").1, []);
        for file in [path.clone(), room.path().join(SEALS).join("report.json")] {
            let whole = fs::read(&file).expect("readable");
            for at in 0..whole.len() {
                let mut flipped = whole.clone();
                flipped[at] ^= 1;
                for bytes in [flipped, whole[..at].to_vec()] {
                    durable::replace(&file, bytes).expect("planted");
                    let damages = inspect_sealed(room.path()).expect("read").1;
                    // A seal that lost its second line, or holds a wrong old digest, still tells the file's own.
                    let of_before = file != path && at >= 72;
                    assert!(of_before || damages.len() == 1, "{} {at}: {damages:?}", file.display());
                }
            }
            durable::replace(&file, whole).expect("put back");
        }
        fs::remove_file(&path).expect("removed");
        assert_eq!(inspect_sealed(room.path()).expect("read").1.len(), 1, "a file that is gone");
    }

    #[test]
    fn death_between_seal_and_file_is_no_damage() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.txt");
        replace_sealed(&path, "one").expect("written");
        replace_sealed(&path, "two").expect("written");
        durable::replace(&path, "one").expect("as if the second write never came");
        assert_eq!(inspect_sealed(room.path()).expect("read").1, []);
        fs::remove_file(&path).expect("removed");
        assert_eq!(inspect_sealed(room.path()).expect("read").1.len(), 1, "it was there before");
        durable::replace(&path, "three").expect("written");
        assert_eq!(inspect_sealed(room.path()).expect("read").1.len(), 1);
        seal(&path).expect("sealed");
        assert_eq!(inspect_sealed(room.path()).expect("read").1, []);
    }

    #[test]
    fn file_that_was_never_written_is_no_damage_and_one_that_was_is() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("a.txt");
        super::write_seal(&path, &crate::digest::Digest::of("one")).expect("as if the file never came");
        let inspected = || inspect_sealed(room.path()).expect("read");
        assert_eq!(inspected(), (std::collections::BTreeMap::new(), Vec::new()));
        durable::replace(&path, "two").expect("written");
        assert_eq!(inspected().1.len(), 1, "it is not the one that was sealed");
        fs::remove_file(&path).expect("removed");
        replace_sealed(&path, "one").expect("written");
        assert_eq!((inspected().0.len(), inspected().1.len()), (1, 0));
        fs::remove_file(&path).expect("removed");
        assert_eq!(inspected().1.len(), 1, "it was there");
    }
}
