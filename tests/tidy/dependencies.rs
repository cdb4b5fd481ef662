//! Outside libraries are named only in their rooms, and every dependency of Cargo.toml is used.

use super::source::{Blank, SourceFile, assert_caught, assert_none, blanked, read, rust_files, words};

/// A library and the only places that may name it.
const HOMES: [(&str, &[&str]); 26] = [
    ("arrow", &["src/store/"]),
    ("axum", &["src/hud/", "src/ops/monitor/"]),
    ("clap", &["src/cli/"]),
    ("close_fds", &["src/drill/child.rs"]),
    ("csv", &["src/store/"]),
    ("cucumber", &["src/drill/", "steps/", "tests/", "src/main.rs"]),
    ("duckdb", &["src/store/"]),
    ("encoding_rs", &["src/source/", "src/drill/upstream/"]),
    ("flate2", &["src/store/", "src/drill/upstream/", "src/vault/loose.rs"]),
    ("forust_ml", &["src/model/"]),
    ("git2", &["src/vault/"]),
    ("governor", &["src/net/"]),
    ("indicatif", &["src/cli/"]),
    ("jsonc_parser", &["src/config/", "src/drill/pointer.rs"]),
    ("linfa", &["src/model/"]),
    ("linfa_elasticnet", &["src/model/"]),
    ("mlua", &["src/script/"]),
    ("ndarray", &["src/model/"]),
    ("parquet", &["src/store/"]),
    ("prometheus_client", &["src/hud/", "src/ops/monitor/"]),
    ("ratatui", &["src/hud/terminal/"]),
    ("rusqlite", &["src/store/"]),
    ("saphyr_parser", &["src/config/"]),
    ("tracing_subscriber", &["src/cli/", "src/ops/log.rs"]),
    ("ureq", &["src/net/"]),
    ("zmq", &["src/bus/", "benches/bus.rs"]),
];

/// Ways to start a random generator: only the seed's room may.
const SEEDERS: [&str; 6] =
    ["seed_from_u64", "from_seed", "from_os_rng", "from_entropy", "thread_rng", "try_from_os_rng"];

fn unseeded(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path != "src/seed.rs") {
        let code = blanked(file.production(), Blank::StringsAndComments);
        let found = SEEDERS.iter().filter(|seeder| words(&code, seeder).next().is_some());
        findings.extend(found.map(|seeder| format!("{}: {seeder}: only seed makes randomness", file.path)));
    }
    findings
}

fn foreign_libraries(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let code = blanked(file.production(), Blank::StringsAndComments);
        for (library, homes) in HOMES {
            let at_home = homes.iter().any(|home| file.path.starts_with(home));
            if !at_home && names_library(&code, library) {
                findings.push(format!("{}: names {library}, which only {} may", file.path, homes.join(", ")));
            }
        }
    }
    findings
}

/// Says whether a path starts with the library's name. A module of the same name is not the library.
fn names_library(code: &str, library: &str) -> bool {
    if code.contains(&format!("mod {library};")) {
        return false;
    }
    words(code, library).any(|at| {
        let (before, after) = (code[..at].trim_end(), code[at + library.len()..].trim_start());
        let path = after.starts_with("::") || before.ends_with("use") && after.starts_with([';', ' ']);
        path && (!before.ends_with("::") || before.trim_end_matches("::").ends_with([' ', '(', '\n', '<']))
    })
}

/// Returns the crate names of the dependency tables of a manifest.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = matches!(line.trim(), "[dependencies]" | "[dev-dependencies]" | "[build-dependencies]");
        } else if let (true, Some((name, _))) = (inside, line.split_once('=')) {
            names.push(name.trim().replace('-', "_"));
        }
    }
    names
}

fn unused(manifest: &str, files: &[SourceFile]) -> Vec<String> {
    let code: Vec<String> = files.iter().map(|file| blanked(&file.text, Blank::StringsAndComments)).collect();
    dependencies(manifest)
        .into_iter()
        .filter(|name| !code.iter().any(|code| words(code, name).next().is_some()))
        .map(|name| format!("Cargo.toml: nothing uses {name}"))
        .collect()
}

#[test]
fn libraries_stay_in_their_rooms() {
    assert_none(&foreign_libraries(&read(&["src", "steps"], &[".rs"])));
}

#[test]
fn a_library_outside_its_room_is_caught() {
    for text in
        ["use duckdb::Connection;", "use duckdb;", "fn f() -> ::duckdb::Row { todo() }", "fn f(x: duckdb::Row) {}"]
    {
        assert_caught(&foreign_libraries(&[SourceFile::planted("src/ops/a.rs", text)]), "names duckdb");
    }
    for text in ["fn f() { store::duckdb::open() }", "// duckdb::open", "mod duckdb;\nuse duckdb::open;", "f(duckdb)"] {
        assert_none(&foreign_libraries(&[SourceFile::planted("src/ops/a.rs", text)]));
    }
}

#[test]
fn randomness_comes_from_the_seed() {
    assert_none(&unseeded(&read(&["src", "steps"], &[".rs"])));
}

#[test]
fn randomness_of_its_own_is_caught() {
    assert_caught(&unseeded(&[SourceFile::planted("src/ops/a.rs", "let r = Rng::seed_from_u64(1);")]), "seed_from_u64");
    assert_none(&unseeded(&[SourceFile::planted("src/ops/a.rs", "let r = seed.generator(); // thread_rng")]));
}

#[test]
fn every_dependency_is_used() {
    let manifest = read(&["Cargo.toml"], &[".toml"]).pop().expect("the manifest").text;
    assert!(dependencies(&manifest).len() > 10, "the manifest's tables were read");
    assert_none(&unused(&manifest, &rust_files()));
}

#[test]
fn an_unused_dependency_is_caught() {
    let manifest = "[dependencies]\nserde = \"1\"\nleft-pad = \"1\"\n[lints.rust]\nother = \"warn\"\n";
    let file = SourceFile::planted("src/a.rs", "use serde::Serialize; // left_pad");
    assert_caught(&unused(manifest, &[file]), "left_pad");
}
