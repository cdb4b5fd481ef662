//! Links of the pages point at files that exist, and no figure of a page is left blank.

use std::path::Path;

use super::source::{SourceFile, assert_caught, assert_none, read, root};

const PAGES: [&str; 6] = ["README.md", "README.zh.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs"];

fn broken(pages: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for page in pages {
        let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
        for (line, target) in targets(&page.text) {
            let file = target.split('#').next().unwrap_or(&target);
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !outside && !file.is_empty() && !root().join(folder).join(file).exists() {
                findings.push(format!("{}:{line}: {target} does not exist", page.path));
            }
        }
    }
    findings
}

/// Returns the line and target of each link and image outside of code blocks.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut targets = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for (opening, closing) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
            let found = line.split(opening).skip(1).filter_map(|rest| rest.split_once(closing));
            targets.extend(found.map(|(target, _)| (index + 1, target.split(' ').next().unwrap_or("").to_owned())));
        }
    }
    targets
}

/// Places left for a figure that was to come: `@SECONDS@`.
fn blanks(pages: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for page in pages {
        for (index, line) in page.text.lines().enumerate() {
            let is_blank = |part: &str| part.len() > 2 && part.chars().all(|sign| sign.is_ascii_uppercase());
            let blank = line.split('@').skip(1).find(|part| is_blank(part));
            findings.extend(blank.map(|name| format!("{}:{}: @{name}@ was never filled in", page.path, index + 1)));
        }
    }
    findings
}

#[test]
fn every_figure_is_filled_in() {
    assert_none(&blanks(&read(&PAGES, &[".md"])));
    assert_caught(&blanks(&[SourceFile::planted("docs/a.md", "| time | @SECONDS@ |")]), "@SECONDS@");
    assert_none(&blanks(&[SourceFile::planted("docs/a.md", "ask a@b.org, or @you and @me; `--select @file`")]));
}

#[test]
fn links_point_at_files() {
    let pages = read(&PAGES, &[".md"]);
    let count: usize = pages.iter().map(|page| targets(&page.text).len()).sum();
    assert!(count >= 10, "only {count} links were found in {} pages", pages.len());
    assert_none(&broken(&pages));
}

#[test]
fn a_broken_link_is_caught() {
    for text in ["[a](no/such.md)", "![a](no/such.md \"t\")", "<img src=\"no/such.md\">", "[a](no/such.md#b)"] {
        assert_caught(&broken(&[SourceFile::planted("README.md", text)]), "no/such.md");
    }
    let fine = "[a](Cargo.toml) [b](#part) [c](https://example.org)\n```\n[d](no/such.md)\n```";
    assert_none(&broken(&[SourceFile::planted("README.md", fine)]));
    assert_none(&broken(&[SourceFile::planted("src/a.md", "[a](../Cargo.toml)")]));
}
