//! The commands that the pages of promises name exist: a target of the Makefile, a test binary, a module of tests.

use super::source::{SourceFile, assert_caught, assert_none, read, rust_files};

/// The pages whose figures are made by the commands in them.
const PAGES: [&str; 2] = ["docs/reliability.md", "docs/security.md"];

/// Returns the pieces of code of a page: what stands between backticks.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn unknown(pages: &[SourceFile], makefile: &str, manifest: &str, tests: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for page in pages {
        for piece in pieces(&page.text) {
            let words: Vec<&str> = piece.split_whitespace().collect();
            if let ["make", target, ..] = words.as_slice()
                && !makefile.lines().any(|line| line.starts_with(&format!("{target}:")))
            {
                findings.push(format!("{}: `{piece}`: the Makefile has no {target}", page.path));
            }
            let binary = words.iter().position(|word| *word == "--test").and_then(|at| words.get(at + 1));
            if let Some(binary) = binary
                && !manifest.contains(&format!("[[test]]\nname = \"{binary}\""))
            {
                findings.push(format!("{}: `{piece}`: there is no test binary {binary}", page.path));
            }
            // A test by its path: the last part is a function, or a module with tests.
            let path = words.iter().filter(|_| words.first() == Some(&"cargo")).find(|word| word.contains("::"));
            if let Some(path) = path {
                let last = path.trim_end_matches(':').rsplit("::").next().unwrap_or_default();
                let is_there = tests.iter().any(|file| {
                    file.text.contains(&format!("fn {last}(")) || file.text.contains(&format!("mod {last};"))
                });
                findings.extend((!is_there).then(|| format!("{}: `{piece}`: there is no test {last}", page.path)));
            }
        }
    }
    findings
}

fn text_of(name: &str) -> String {
    read(&[name], &[""]).pop().unwrap_or_else(|| panic!("{name} is there")).text
}

#[test]
fn commands_of_the_promises_exist() {
    let pages = read(&PAGES, &[".md"]);
    assert_eq!(pages.len(), PAGES.len(), "both pages are there");
    let count: usize =
        pages.iter().map(|page| pieces(&page.text).filter(|piece| piece.contains("make ")).count()).sum();
    assert!(count >= 5, "only {count} commands were found");
    assert_none(&unknown(&pages, &text_of("Makefile"), &text_of("Cargo.toml"), &rust_files()));
}

#[test]
fn a_command_that_does_not_exist_is_caught() {
    let manifest = "[[test]]\nname = \"own\"\n";
    let tests = [SourceFile::planted("tests/a.rs", "mod damage;\nfn a_test() {}")];
    let found = |text: &str| unknown(&[SourceFile::planted("docs/a.md", text)], "sweep: setup\n", manifest, &tests);
    assert_none(&found("`make sweep`, `cargo test --test own damage::`, `cargo test --lib damage::a_test` and make x"));
    assert_caught(&found("`make swept`"), "no swept");
    assert_caught(&found("`cargo test --test other`"), "no test binary other");
    assert_caught(&found("`cargo test --test own damage::b_test`"), "no test b_test");
}
