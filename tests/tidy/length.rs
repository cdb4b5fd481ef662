//! Files and functions stay short: a ratchet. The lists of exceptions may only shrink, and an
//! exception that is no longer needed fails, so that it goes.

use super::source::{Blank, SourceFile, assert_caught, assert_none, blanked, identifier, line_of, rust_files, words};

/// The median of production lines a file.
const FILE_LINES_MEDIAN: usize = 150;
/// A file above this is large and needs an exception.
const FILE_LINES_LARGE: usize = 350;
/// No file is longer, exception or not.
const FILE_LINES_MAX: usize = 500;
/// A function above this needs an exception.
const FUNCTION_LINES_MAX: usize = 60;

/// Large files with the length that they may not exceed.
const LARGE_FILES: [(&str, usize); 0] = [];
/// Long functions, `file::function`, with the length that they may not exceed.
const LONG_FUNCTIONS: [(&str, usize); 0] = [];

fn file_findings(files: &[SourceFile], exceptions: &[(&str, usize)]) -> Vec<String> {
    let lengths: Vec<(String, usize)> = files
        .iter()
        .filter(|file| !file.test)
        .map(|file| (file.path.clone(), file.production().lines().count()))
        .collect();
    let mut findings = over(&lengths, FILE_LINES_LARGE, exceptions, "production lines");
    let beyond = lengths.iter().filter(|(_, lines)| *lines > FILE_LINES_MAX);
    findings.extend(beyond.map(|(path, lines)| format!("{path}: {lines} lines, more than {FILE_LINES_MAX} for ever")));
    let mut sorted: Vec<usize> = lengths.iter().map(|(_, lines)| *lines).collect();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    if median > FILE_LINES_MEDIAN {
        findings.push(format!("the median file has {median} production lines, more than {FILE_LINES_MEDIAN}"));
    }
    findings
}

fn function_findings(files: &[SourceFile], exceptions: &[(&str, usize)]) -> Vec<String> {
    let lengths: Vec<(String, usize)> = files.iter().flat_map(function_lengths).collect();
    over(&lengths, FUNCTION_LINES_MAX, exceptions, "lines")
}

/// Returns what is longer than `limit` without an exception, longer than its exception, or excepted
/// without need.
fn over(lengths: &[(String, usize)], limit: usize, exceptions: &[(&str, usize)], unit: &str) -> Vec<String> {
    let allowed = |name: &str| exceptions.iter().find(|(known, _)| *known == name).map_or(limit, |(_, most)| *most);
    let long = lengths.iter().filter(|(name, lines)| *lines > allowed(name));
    let stale = exceptions
        .iter()
        .filter(|(known, _)| !lengths.iter().any(|(name, lines)| name == known && *lines > limit))
        .map(|(known, _)| format!("the exception for {known} is stale: take it off the list"));
    long.map(|(name, lines)| format!("{name}: {lines} {unit}, more than {}", allowed(name))).chain(stale).collect()
}

/// Returns each function of the production part with its lines from `fn` to the closing brace.
fn function_lengths(file: &SourceFile) -> Vec<(String, usize)> {
    let code = blanked(file.production(), Blank::StringsAndComments);
    let length = |at: usize| {
        let body = at + code[at..].find(['{', ';'])?;
        let end = closing_brace(&code, body)?;
        let name = identifier(code[at + "fn".len()..].trim_start());
        (!name.is_empty()).then(|| (format!("{}::{name}", file.path), line_of(&code, end) - line_of(&code, at) + 1))
    };
    words(&code, "fn").filter_map(length).collect()
}

/// Returns the position of the brace that closes the one at `open`; `None` if there is no body.
fn closing_brace(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in code[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(open + at),
            '}' => depth -= 1,
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[test]
fn files_stay_short() {
    assert_none(&file_findings(&rust_files(), &LARGE_FILES));
}

#[test]
fn functions_stay_short() {
    assert_none(&function_findings(&rust_files(), &LONG_FUNCTIONS));
}

#[test]
fn a_long_file_is_caught() {
    let file = |lines: usize| [SourceFile::planted("src/a.rs", &"//\n".repeat(lines)), SourceFile::planted("b", "")];
    let short = [SourceFile::planted("src/c.rs", ""), SourceFile::planted("src/d.rs", "")];
    let with = |lines: usize| [file(lines).to_vec(), short.to_vec()].concat();
    assert_caught(&file_findings(&with(351), &[]), "351 production lines");
    assert_none(&file_findings(&with(351), &[("src/a.rs", 351)]));
    assert_caught(&file_findings(&with(352), &[("src/a.rs", 351)]), "more than 351");
    assert_caught(&file_findings(&with(501), &[("src/a.rs", 501)]), "for ever");
    assert_caught(&file_findings(&with(10), &[("src/a.rs", 351)]), "stale");
    assert_caught(&file_findings(&file(151)[..1], &[]), "median");
}

#[test]
fn in_file_tests_do_not_count() {
    let text = format!("//! a\nfn a() {{}}\n\n#[cfg(test)]\nmod tests {{\n{}}}\n", "//\n".repeat(900));
    assert_none(&file_findings(&[SourceFile::planted("src/a.rs", &text)], &[]));
}

#[test]
fn a_long_function_is_caught() {
    let body =
        |lines: usize| format!("trait T {{ fn z(); }}\nfn a() {{\n{}}}\nfn b() {{}}\n", "    \"}\";\n".repeat(lines));
    let file = |lines: usize| [SourceFile::planted("src/a.rs", &body(lines))];
    assert_none(&function_findings(&file(58), &[]));
    assert_caught(&function_findings(&file(59), &[]), "src/a.rs::a: 61 lines");
    assert_none(&function_findings(&file(59), &[("src/a.rs::a", 61)]));
    assert_caught(&function_findings(&file(5), &[("src/a.rs::a", 61)]), "stale");
}
