//! A config file's text, before it is parsed: read whole, bounded in size, checked to be UTF-8.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use nix::errno::Errno;

use super::{
    json,
    mistake::Mistake,
    node::{Node, Place},
    yaml,
};

/// The largest config file that is read, in bytes; the shipped ones are below 20 kB.
pub(super) const BYTES_MAX: usize = 1 << 20;
/// The deepest nesting that is read; the shipped files need 5.
pub(super) const DEPTH_MAX: usize = 64;

/// The most values that are read; the shipped files hold fewer than 200.
const VALUES_MAX: usize = 10_000;

/// Says whether an error tells of the disk or of a machine that has run out, not of the file.
fn is_of_disk(error: &std::io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EIO | Errno::ENXIO | Errno::ESTALE | Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM))
}

/// The text of one file, with its name for people.
#[derive(Debug, Clone)]
pub(super) struct Document {
    name: Arc<str>,
    text: String,
    line_starts: Vec<usize>,
}

impl Document {
    /// Reads a file; `name` is how messages call it.
    pub(super) fn read(path: &Path, name: &str) -> Result<Self, Box<Mistake>> {
        let whole = Place::outside(name);
        let unreadable = |error: std::io::Error| {
            let mistake = Mistake::at(&whole, "", format!("cannot be read: {error}"));
            if is_of_disk(&error) { mistake.of_disk() } else { mistake }
        };
        let mut bytes = Vec::new();
        // One byte more than allowed tells a file that is too large, whatever its length claims.
        File::open(path)
            .and_then(|file| file.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        Self::of_bytes(name, bytes)
    }

    /// Checks bytes and makes them a document.
    pub(super) fn of_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, Box<Mistake>> {
        let at = |line: usize| Place { file: name.into(), line, bytes: (0, 0) };
        if bytes.len() > BYTES_MAX {
            return Err(Mistake::at(&at(0), "", format!("is larger than {BYTES_MAX} bytes")).into());
        }
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return Err(Mistake::at(&at(1), "", "starts with a byte order mark; save it as plain UTF-8").into());
        }
        if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
            return Err(
                Mistake::at(&at(line_of(&bytes, offset)), "", format!("holds a NUL byte at offset {offset}")).into()
            );
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            let line = line_of(error.as_bytes(), offset);
            Mistake::at(&at(line), "", format!("is not UTF-8 at offset {offset}"))
        })?;
        if text.trim().is_empty() {
            return Err(Mistake::at(&at(0), "", "is empty").into());
        }
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(offset, _)| offset + 1)).collect::<Vec<_>>();
        Ok(Self { name: name.into(), text, line_starts })
    }

    /// Parses the file by its extension: `.yaml` and `.yml` as YAML, all else as JSON with comments.
    pub(super) fn parse(&self) -> Result<Node, Vec<Mistake>> {
        let yaml = [".yaml", ".yml"].iter().any(|ending| self.name.ends_with(ending));
        let tree = if yaml { yaml::parse(self) } else { json::parse(self) }?;
        self.bounded(tree)
    }

    /// Parses the file as JSON with comments; keys that are there twice are all kept, for a reader who names them.
    pub(super) fn parse_keeping(&self) -> Result<Node, Vec<Mistake>> {
        let (tree, _) = json::parse_keeping(self)?;
        self.bounded(tree)
    }

    fn bounded(&self, tree: Node) -> Result<Node, Vec<Mistake>> {
        if tree.count() > VALUES_MAX {
            return Err(vec![Mistake::at(&self.line(0), "", format!("holds more than {VALUES_MAX} values"))]);
        }
        Ok(tree)
    }

    /// Returns the text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the place of a range of bytes.
    pub(super) fn place(&self, start: usize, end: usize) -> Place {
        let line = self.line_starts.partition_point(|line_start| *line_start <= start);
        Place { file: self.name.clone(), line, bytes: (start, end) }
    }

    /// Returns the place of a whole line, from 1.
    pub(super) fn line(&self, line: usize) -> Place {
        Place { file: self.name.clone(), line, bytes: (0, 0) }
    }
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    1 + bytes.iter().take(offset).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, Document};
    use crate::clock::Stopwatch;

    #[test]
    fn files_of_many_keys_are_refused_in_bounded_time() {
        let watch = Stopwatch::start();
        for (name, line) in [("c.json", "\"k\": 1,\n"), ("c.yaml", "k: 1\n")] {
            for unique in [true, false] {
                let lines = (0..80_000).map(|n| line.replace('k', &if unique { n.to_string() } else { "k".into() }));
                let body = lines.collect::<String>();
                let text = if name == "c.json" { format!("{{{body}\"z\": 1}}") } else { body };
                let document = Document::of_bytes(name, text.into_bytes()).expect("text");
                let mistakes = document.parse().expect_err("refused");
                assert_eq!(mistakes.len(), if unique { 1 } else { 79_999 });
            }
        }
        assert!(watch.seconds() < 10.0, "{} s for 4 files", watch.seconds());
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_line() {
        let cases: [(&[u8], &str); 5] = [
            (b"", "c.json: is empty"),
            (b" \n\t", "c.json: is empty"),
            (b"\xEF\xBB\xBF{}", "c.json:1: starts with a byte order mark; save it as plain UTF-8"),
            (b"{\n\0}", "c.json:2: holds a NUL byte at offset 2"),
            (b"{\n\n\xFF}", "c.json:3: is not UTF-8 at offset 3"),
        ];
        for (bytes, expected) in cases {
            let mistake = Document::of_bytes("c.json", bytes.to_vec()).expect_err("refused");
            assert_eq!(mistake.to_string(), expected);
        }
        assert!(Document::of_bytes("c.json", vec![b' '; BYTES_MAX + 1]).is_err());
    }
}
