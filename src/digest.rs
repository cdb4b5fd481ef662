//! Digests: SHA-256 of bytes, files and typed values. Values are written with their length or in
//! a fixed width, so that two different sequences never give the same bytes. Marks of files say cheaply that one is
//! still what it was.

use std::{
    fmt,
    fs::{self, File},
    io,
    path::Path,
    str::FromStr,
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest; prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// Returns the digest of `bytes`.
    #[must_use]
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(bytes.as_ref()).into())
    }

    /// Returns the digest of a file's bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut hasher = Sha256::new();
        io::copy(&mut File::open(path)?, &mut HashWriter(&mut hasher))?;
        Ok(Self(hasher.finalize().into()))
    }

    /// Returns the first twelve digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// A text that is not a digest.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a SHA-256 digest of 64 hexadecimal digits")]
pub struct NotADigest(String);

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let wrong = || NotADigest(text.to_owned());
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        text.parse()
    }
}

/// How many bytes of small values are gathered before they are hashed.
const GATHERED_BYTES: usize = 1024;

/// Builds a digest from typed values in order.
#[derive(Clone)]
pub struct Hasher {
    sha: Sha256,
    // A table is millions of eight-byte values: hashed one by one, the calls cost more than the hash.
    gathered: [u8; GATHERED_BYTES],
    length: usize,
}

impl Hasher {
    /// Starts a digest; `domain` keeps digests of different kinds of things apart.
    #[must_use]
    pub fn new(domain: &str) -> Self {
        let mut hasher = Self { sha: Sha256::new(), gathered: [0; GATHERED_BYTES], length: 0 };
        hasher.text(domain);
        hasher
    }

    // Inlined, so that a value of eight bytes is one store.
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if self.length + bytes.len() > GATHERED_BYTES {
            self.sha.update(&self.gathered[..self.length]);
            self.length = 0;
        }
        match self.gathered.get_mut(self.length..self.length + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            None => self.sha.update(bytes),
        }
    }

    /// Adds bytes with their length.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.put(&(bytes.len() as u64).to_le_bytes());
        self.put(bytes);
        self
    }

    /// Adds a text with its length.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Adds an integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.put(&value.to_le_bytes());
        self
    }

    /// Adds a number by its bits; every NaN counts as one value, and so do both zeros.
    pub fn float(&mut self, value: f64) -> &mut Self {
        let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
        self.put(&value.to_bits().to_le_bytes());
        self
    }

    /// Adds another digest.
    pub fn digest(&mut self, digest: &Digest) -> &mut Self {
        self.put(&digest.0);
        self
    }

    /// Returns the digest of all that was added.
    #[must_use]
    pub fn finish(&self) -> Digest {
        let mut sha = self.sha.clone();
        sha.update(&self.gathered[..self.length]);
        Digest(sha.finalize().into())
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hasher({} so far)", self.finish().short())
    }
}

/// What a file that nobody has written to since still shows: a second name of it shows the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMark {
    /// Its length.
    bytes: u64,
    /// When its bytes were last written, in nanoseconds since 1970.
    modified_ns: u64,
}

impl FileMark {
    /// Returns the mark of a file.
    ///
    /// # Errors
    /// When the file cannot be looked at, or was written before 1970.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        let modified_ns = u64::try_from(modified.as_nanos()).map_err(io::Error::other)?;
        Ok(Self { bytes: metadata.len(), modified_ns })
    }
}

struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, FileMark, Hasher};
    use crate::durable;

    #[test]
    fn digest_reads_what_it_prints() {
        let digest = Digest::of("abc");
        assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.to_string().parse::<Digest>().expect("a digest"), digest);
        assert!("é".repeat(32).parse::<Digest>().is_err(), "not hexadecimal");
    }

    #[test]
    fn hasher_hashes_the_bytes_it_was_given_however_long() {
        for length in [0, 1, 1007, 1008, 1009, 1024, 1025, 5000] {
            let text = "x".repeat(length);
            let mut plain = Vec::new();
            for part in ["test", &text, "end"] {
                plain.extend((part.len() as u64).to_le_bytes());
                plain.extend(part.as_bytes());
            }
            plain.extend(7_i64.to_le_bytes());
            let hashed = Hasher::new("test").text(&text).text("end").int(7).finish();
            assert_eq!(hashed, Digest::of(plain), "{length} bytes");
        }
    }

    #[test]
    fn hasher_keeps_neighbours_apart() {
        let of = |parts: &[&str]| {
            let mut hasher = Hasher::new("test");
            for part in parts {
                hasher.text(part);
            }
            hasher.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_eq!(Hasher::new("x").float(-0.0).finish(), Hasher::new("x").float(0.0).finish());
    }

    #[test]
    fn mark_is_another_when_a_file_is_written_and_that_of_a_missing_file_is_an_error() {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("file");
        durable::replace(&path, "one").expect("written");
        let mark = FileMark::of(&path).expect("marked");
        assert_eq!(FileMark::of(&path).expect("marked"), mark);
        durable::replace(&path, "four").expect("written");
        assert_ne!(FileMark::of(&path).expect("marked"), mark);
        assert!(FileMark::of(&room.path().join("gone")).is_err());
    }
}
