//! Reads the tree for the checks: files with their text, the same text without strings and comments,
//! and the production part. Knows no rule.

use std::{
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

/// One file of the tree.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    /// The path from the root of the repository, with forward slashes.
    pub(crate) path: String,
    /// The bytes as text.
    pub(crate) text: String,
    /// Only compiled for tests: its `mod` stands under `#[cfg(test)]`.
    pub(crate) test: bool,
}

impl SourceFile {
    pub(crate) fn planted(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into(), test: false }
    }

    /// Returns the Rust text before the in-file tests; nothing of a file of tests.
    pub(crate) fn production(&self) -> &str {
        if self.test {
            return "";
        }
        let end = self.text.find("\n#[cfg(test)]\nmod tests").map_or(self.text.len(), |at| at + 1);
        &self.text[..end]
    }

    /// Returns the file's name without folders.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Returns the room under `src/`, if the file is in one; `lib.rs` and `main.rs` are in none.
    pub(crate) fn room(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.split('/').next()?;
        let room = first.strip_suffix(".rs").unwrap_or(first);
        (!matches!(room, "lib" | "main")).then_some(room)
    }
}

/// Returns the root of the repository: cargo's word at run time, so that a test binary from a shared
/// build cache reads the checkout that runs it.
pub(crate) fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// Reads the files of these folders or files whose names end in one of the endings, ordered by path.
/// What does not exist gives nothing: `completeness` says what must exist.
pub(crate) fn read(places: &[&str], endings: &[&str]) -> Vec<SourceFile> {
    let mut files = Vec::new();
    for place in places {
        collect(&root().join(place), endings, &mut files);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    mark_tests(&mut files);
    files
}

/// Marks the files that another one declares for tests only.
pub(crate) fn mark_tests(files: &mut [SourceFile]) {
    let declaration =
        Regex::new(r#"#\[cfg\(test\)\]\s*(?:#\[path = "([^"]+)"\]\s*)?(?:pub(?:\([^)]*\))? )?mod (\w+);"#);
    let declaration = declaration.expect("a pattern");
    let mut tests = Vec::new();
    for file in files.iter() {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let own = file.path.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/lib");
        for found in declaration.captures_iter(&file.text) {
            match (found.get(1), &found[2]) {
                (Some(path), _) => tests.push(format!("{folder}/{}", path.as_str())),
                (None, module) => tests.extend([format!("{own}/{module}.rs"), format!("{own}/{module}/mod.rs")]),
            }
        }
    }
    for file in files {
        file.test = tests.contains(&file.path);
    }
}

/// Returns every Rust file of the project.
pub(crate) fn rust_files() -> Vec<SourceFile> {
    read(&["src", "steps", "tests", "benches", "build.rs"], &[".rs"])
}

fn collect(place: &Path, endings: &[&str], files: &mut Vec<SourceFile>) {
    if place.is_dir() {
        let entries = fs::read_dir(place).expect("a folder that can be listed");
        for entry in entries {
            collect(&entry.expect("an entry").path(), endings, files);
        }
        return;
    }
    let shown = place.strip_prefix(root()).unwrap_or(place).to_string_lossy().replace('\\', "/");
    if !place.is_file() || !endings.iter().any(|ending| shown.ends_with(ending)) {
        return;
    }
    let bytes = fs::read(place).expect("a file that can be read");
    files.push(SourceFile { path: shown, text: String::from_utf8_lossy(&bytes).into_owned(), test: false });
}

/// Which parts of Rust text are blanked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blank {
    /// Texts in quotes.
    Strings,
    /// Texts in quotes and comments.
    StringsAndComments,
}

/// Returns Rust text of the same lines with the content of strings, and of comments if asked,
/// replaced by spaces: what is left can be searched without a parser.
pub(crate) fn blanked(text: &str, blank: Blank) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        let (length, hide) = match rest {
            ['/', '/', ..] => (line_comment(rest), blank == Blank::StringsAndComments),
            ['/', '*', ..] => (block_comment(rest), blank == Blank::StringsAndComments),
            ['"', ..] => (quoted(rest, 0), true),
            ['r', '"' | '#', ..] if !continues_word(&characters, at) => match raw_string(rest) {
                Some(length) => (length, true),
                None => (1, false),
            },
            ['\'', ..] => match character_literal(rest) {
                Some(length) => (length, true),
                None => (1, false),
            },
            _ => (1, false),
        };
        let piece = &rest[..length.min(rest.len())];
        out.extend(piece.iter().map(|&character| if hide && character != '\n' { ' ' } else { character }));
        at += piece.len().max(1);
    }
    out
}

fn continues_word(characters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| characters.get(before));
    before.is_some_and(|character| (character.is_alphanumeric() && *character != 'b') || *character == '_')
}

fn line_comment(rest: &[char]) -> usize {
    rest.iter().position(|&character| character == '\n').unwrap_or(rest.len())
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] if depth == 1 => return at + 2,
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

fn quoted(rest: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|&&character| character == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let mut at = 2 + hashes;
    while at < rest.len() {
        if rest[at] == '"' && rest[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    Some(rest.len())
}

/// A quote starts a character literal if it ends after one character; otherwise it is a lifetime.
fn character_literal(rest: &[char]) -> Option<usize> {
    match rest {
        ['\'', '\\', _, tail @ ..] => tail.iter().position(|&character| character == '\'').map(|end| end + 4),
        ['\'', _, '\'', ..] => Some(3),
        _ => None,
    }
}

/// Returns the line number of a position, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Returns the identifier at the start of `text`.
pub(crate) fn identifier(text: &str) -> &str {
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    &text[..end]
}

/// Returns the positions at which `word` stands as a whole word.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |&at| !text[..at].ends_with(part_of_word) && !text[at + word.len()..].starts_with(part_of_word))
}

/// Fails with every finding at once.
#[track_caller]
pub(crate) fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

/// Fails unless exactly one finding was made and it holds `words`: a check that cannot see a planted
/// violation is no check.
#[track_caller]
pub(crate) fn assert_caught(findings: &[String], words: &str) {
    assert!(findings.len() == 1 && findings[0].contains(words), "expected one finding with '{words}': {findings:?}");
}

#[test]
fn strings_and_comments_are_blanked_and_nothing_else() {
    let text = "let a = \"x // y\"; // todo\nlet b: &'a str = r#\"q\"w\"#; let c = '\"'; /* a /* b */ c */ d('\\n')";
    let seen = blanked(text, Blank::StringsAndComments);
    let code: Vec<&str> = seen.split_whitespace().collect();
    assert_eq!(code.join(" "), "let a = ; let b: &'a str = ; let c = ; d( )");
    assert_eq!(seen.lines().count(), 2);
    assert!(blanked(text, Blank::Strings).contains("// todo"));
}

#[test]
fn files_of_tests_are_known_by_their_declaration() {
    let declaring = "#[cfg(test)]\n#[path = \"a_tests.rs\"]\nmod tests;\n#[cfg(test)]\nmod samples;\nmod b;\n";
    let paths = ["src/a.rs", "src/a_tests.rs", "src/a/samples.rs", "src/a/b.rs"];
    let mut files: Vec<_> = paths.iter().map(|path| SourceFile::planted(path, "")).collect();
    files[0].text = declaring.into();
    mark_tests(&mut files);
    assert_eq!(files.iter().map(|file| file.test).collect::<Vec<_>>(), [false, true, true, false]);
}

#[test]
fn a_word_is_found_only_whole() {
    assert_eq!(words("fn a() {} fnord _fn fn", "fn").collect::<Vec<_>>(), [0, 20]);
}
