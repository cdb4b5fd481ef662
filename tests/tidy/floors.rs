//! The floor table of ARCHITECTURE.md as data, held against the imports of every room.

use super::source::{Blank, SourceFile, assert_caught, assert_none, blanked, identifier, line_of, read, words};

/// The rooms, floor by floor. A room may import every lower floor.
const FLOORS: [&[&str]; 6] = [
    &["clock", "digest", "durable", "exit", "seed", "workspace"],
    &["chart", "market", "metric", "record", "text"],
    &["bus", "config", "model", "net", "script", "source", "store", "vault"],
    &["data", "hud", "ops", "research", "rollback", "trading"],
    &["drill", "report"],
    &["cli"],
];

/// Imports within a floor that are meant. The ground rooms are exempt: they are one small family.
const SIDEWAYS: [(&str, &str); 11] = [
    ("source", "store"),
    ("research", "trading"),
    ("ops", "data"),
    ("ops", "research"),
    ("ops", "trading"),
    ("ops", "rollback"),
    ("hud", "data"),
    ("hud", "research"),
    ("hud", "trading"),
    ("hud", "rollback"),
    ("hud", "ops"),
];

/// What floor 4 may import of floor 3: the undo of a workspace. All else it drives as a process.
const FROM_DRILL_TO_WORK: &str = "rollback";

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn may_import(from: &str, to: &str) -> bool {
    let (Some(own), Some(other)) = (floor(from), floor(to)) else { return false };
    match own.cmp(&other) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => from == to || own == 0 || SIDEWAYS.contains(&(from, to)),
        std::cmp::Ordering::Greater => own != 4 || other != 3 || to == FROM_DRILL_TO_WORK,
    }
}

fn upward_imports(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let Some(room) = file.room() else { continue };
        if floor(room).is_none() {
            findings.push(format!("{}: the room '{room}' is not in the floor table", file.path));
            continue;
        }
        for (line, imported) in imported_rooms(file) {
            if !may_import(room, &imported) {
                findings.push(format!("{}:{line}: {room} may not import {imported}", file.path));
            }
        }
    }
    findings
}

/// Returns the line and the room of every path that starts at the crate's root.
fn imported_rooms(file: &SourceFile) -> Vec<(usize, String)> {
    let code = blanked(file.production(), Blank::StringsAndComments);
    let mut rooms = Vec::new();
    for at in words(&code, "crate") {
        // `pub(crate)` and `pub(in crate::…)` say who sees an item, they import nothing.
        if let Some(rest) = code[at + "crate".len()..].trim_start().strip_prefix("::") {
            rooms.extend(first_names(rest).into_iter().map(|room| (line_of(&code, at), room)));
        }
    }
    for at in words(&code, "super") {
        let chained = code[..at].trim_end().ends_with("super::");
        let mut rest = &code[at..];
        let mut supers = 0;
        while let Some(tail) = rest.strip_prefix("super::") {
            (rest, supers) = (tail, supers + 1);
        }
        if !chained && supers > 0 && supers >= depth(&file.path) {
            rooms.extend(first_names(rest).into_iter().map(|room| (line_of(&code, at), room)));
        }
    }
    rooms.retain(|(_, room)| !room.is_empty() && room.chars().all(|c| c.is_lowercase() || c == '_' || c.is_numeric()));
    rooms
}

/// Returns how many `super` lead from the file's module to the crate's root.
fn depth(path: &str) -> usize {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    inside.split('/').count()
}

/// Returns the first name of a path, or of each path of a group `{a::b, c}`.
fn first_names(rest: &str) -> Vec<String> {
    let rest = rest.trim_start();
    let Some(group) = rest.strip_prefix('{') else { return vec![identifier(rest).to_owned()] };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, true);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            _ if character.is_whitespace() => {}
            _ if start => {
                names.push(identifier(&group[at..]).to_owned());
                start = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn imports_go_downward() {
    assert_none(&upward_imports(&read(&["src"], &[".rs"])));
}

#[test]
fn an_upward_import_is_caught() {
    let planted = [
        ("src/store/a.rs", "use crate::{digest::{Digest, Hasher}, ops::Night};"),
        ("src/market/a.rs", "fn f() { crate::store::open(); }"),
        ("src/bus/mod.rs", "use super::vault::Git;"),
        ("src/bus/deep/a.rs", "use super::super::super::vault::Git;"),
        ("src/drill/a.rs", "use crate::research::factor;"),
        ("src/trading/a.rs", "use crate::research::factor;"),
        ("src/cupboard/a.rs", "use std::io;"),
    ];
    for (path, text) in planted {
        assert_caught(&upward_imports(&[SourceFile::planted(path, text)]), path);
    }
}

#[test]
fn a_downward_import_is_not() {
    let fine = [
        ("src/source/a.rs", "use crate::{store::Table, market::Bar};\npub(crate) fn f() {}"),
        ("src/drill/a.rs", "use crate::rollback::Baseline; // crate::ops is driven as a process"),
        ("src/store/deep/a.rs", "use super::super::Table;"),
        ("src/market/a.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n use crate::store::Table;\n}"),
    ];
    for (path, text) in fine {
        assert_none(&upward_imports(&[SourceFile::planted(path, text)]));
    }
}

#[test]
fn architecture_shows_the_same_table() {
    let page = read(&["ARCHITECTURE.md"], &[".md"]).pop().expect("the page").text;
    let row =
        |floor: usize| page.lines().find(|line| line.starts_with(&format!("| {floor} "))).unwrap_or("").to_owned();
    let absent = FLOORS.iter().enumerate().flat_map(|(floor, rooms)| {
        let row = row(floor);
        let rooms = rooms.iter().filter(move |room| !row.contains(&format!("`{room}`")));
        rooms.map(move |room| format!("ARCHITECTURE.md: the row of floor {floor} does not name `{room}`"))
    });
    assert_none(&absent.collect::<Vec<_>>());
}
