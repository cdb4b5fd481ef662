//! The folders that every other check reads must be there: a check of an empty folder proves nothing.

use lighthunter::exit::Exit;

use super::source::{assert_caught, assert_none, read};

/// A folder, the ending of its files, and the least number of them.
const FOLDERS: [(&str, &str, usize); 8] = [
    ("src", ".rs", 40),
    ("steps", ".rs", 3),
    ("features", ".feature", 4),
    ("fixtures", "", 1),
    ("config", "", 1),
    ("tests", ".rs", 8),
    ("benches", ".rs", 1),
    ("docs", ".md", 3),
];

/// Files of the fixed top level.
const FILES: [&str; 12] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "Makefile",
    "README.md",
    "README.zh.md",
    "clippy.toml",
    "deny.toml",
    "rustfmt.toml",
];

fn missing(folders: &[(&str, &str, usize)], files: &[&str]) -> Vec<String> {
    let few = folders.iter().filter_map(|(folder, ending, least)| {
        let found = read(&[folder], &[ending]).len();
        (found < *least).then(|| format!("{folder}/ holds {found} files *{ending}, expected at least {least}"))
    });
    let absent = files.iter().filter(|file| read(&[file], &[""]).is_empty());
    few.chain(absent.map(|file| format!("{file} is missing"))).collect()
}

#[test]
fn top_level_is_complete() {
    assert_none(&missing(&FOLDERS, &FILES));
}

#[test]
fn a_missing_folder_or_file_is_caught() {
    assert_caught(&missing(&[("no_such_folder", ".rs", 1)], &[]), "no_such_folder");
    assert_caught(&missing(&[], &["NO_SUCH_FILE.md"]), "NO_SUCH_FILE.md");
}

/// Returns the exit codes that the page does not show with their meaning.
fn unlisted(page: &str) -> Vec<String> {
    let rows = Exit::ALL.iter().map(|exit| format!("| {} | {} |", exit.code(), exit.meaning()));
    rows.filter(|row| !page.contains(row)).map(|row| format!("docs/exit-codes.md: no row {row}")).collect()
}

#[test]
fn exit_codes_are_documented() {
    assert_none(&unlisted(&read(&["docs/exit-codes.md"], &[".md"]).pop().expect("the page").text));
}

#[test]
fn an_undocumented_exit_code_is_caught() {
    let rows: Vec<String> =
        Exit::ALL.iter().map(|exit| format!("| {} | {} | do |", exit.code(), exit.meaning())).collect();
    let all = rows.join("\n");
    assert_none(&unlisted(&all));
    assert_caught(&unlisted(&all.replace("| 20 |", "| 21 |")), "| 20 |");
}
