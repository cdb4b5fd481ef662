//! The sweep: corruptions of every kind of file, each found or proven harmless. `LIGHTHUNTER_DAMAGE` is their
//! number, `LIGHTHUNTER_DAMAGE_SEED` their seed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use lighthunter::{
    clock::Clock,
    config::{self, LoadOptions},
    digest::Digest,
    drill::{EntryKind, JOURNAL_FILE, Journal, read_journal},
    ops::{
        Station,
        inspection::{self, Part},
    },
    store::{replace_sealed, seal, set_probe},
    workspace::Workspace,
};
use serde_json::json;

use super::corruption::{Corruption, Dice};
use crate::room::Room;

/// How many corruptions `cargo test` makes.
const CORRUPTIONS: usize = 400;
/// One corruption in so many is looked for in every part of the workspace.
const WHOLE_EVERY: usize = 40;

/// A kind of file: its name, its part, how many corruptions in a thousand it gets, and which files it is.
struct Kind {
    name: &'static str,
    part: Part,
    share: usize,
    files: Vec<PathBuf>,
}

/// How the corruptions of a kind came out.
#[derive(Default)]
struct Tally {
    detected: usize,
    harmless: usize,
    missed: Vec<String>,
}

/// A workspace with a night, a simulation, a baseline, and the record and journal of a drill.
fn workspace() -> Room {
    let room = Room::nighted();
    room.run_to(0, &["simulate", "--speed", "max", "-q"]);
    room.run_to(0, &["baseline", "create", "-q"]);
    let drill = room.path("reports/drills/20250630T120000-1");
    let journal = Journal::start(&drill).expect("started");
    let clock = Clock::system();
    for number in 0..12 {
        let kind = [EntryKind::Intent, EntryKind::Done, EntryKind::Note][number % 3];
        journal.write(&clock, "a", kind, "inject", json!({ "number": number })).expect("written");
    }
    drop(journal);
    seal(&drill.join(JOURNAL_FILE)).expect("sealed");
    replace_sealed(&drill.join("record.json"), json!({ "version": 1, "id": "x" }).to_string()).expect("written");
    room
}

fn files(root: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(root).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        match fs::symlink_metadata(&path).expect("an entry") {
            kind if kind.is_dir() => files(&path, found),
            kind if kind.is_file() => found.push(path),
            _ => {}
        }
    }
}

fn kinds(room: &Room) -> Vec<Kind> {
    let below = |name: &str, wanted: &dyn Fn(&str) -> bool| {
        let mut found = Vec::new();
        files(&room.path(name), &mut found);
        found.retain(|path| wanted(&path.display().to_string()));
        assert!(!found.is_empty(), "{name} has no such file");
        found
    };
    let all = |_: &str| true;
    let of = |name, part, share, files| Kind { name, part, share, files };
    let is_seal = |path: &str| path.contains("/.seals/");
    vec![
        of("ledger", Part::Ledger, 200, vec![room.path("data/ledger.sqlite")]),
        of("duckdb", Part::Database, 70, vec![room.path("data/lighthunter.duckdb")]),
        of("parquet", Part::Parquet, 100, below("data/parquet", &|path| path.contains("part.parquet"))),
        of("parquet manifest", Part::Parquet, 40, below("data/parquet", &|path| path.contains("_manifest."))),
        of("experiments.jsonl", Part::Experiments, 60, vec![room.path("experiments/experiments.jsonl")]),
        of(
            "run folder",
            Part::Runs,
            110,
            below("experiments", &|path| !is_seal(path) && !path.contains("experiments.jsonl")),
        ),
        of("model", Part::Models, 80, below("models", &|path| !is_seal(path) && !path.ends_with("MANIFEST.json"))),
        of("model manifest", Part::Models, 60, below("models", &|path| path.ends_with("MANIFEST.json"))),
        of("report", Part::Reports, 70, below("reports", &|path| !is_seal(path) && !path.contains("/drills/"))),
        of("journal, record", Part::Reports, 60, below("reports/drills", &|path| !is_seal(path))),
        of("seal", Part::Reports, 40, below("reports", &is_seal)),
        of("baseline", Part::Baselines, 20, below("monitor/baselines", &all)),
        of("baseline copy", Part::Baselines, 20, below("data/.baselines", &all)),
        of("config", Part::Tracked, 70, below("config", &all)),
    ]
}

fn station(room: &Room) -> Station {
    let workspace = Workspace::open(&room.root()).expect("a workspace");
    let config = config::load_all(&workspace, &LoadOptions::default()).expect("sound");
    Station { workspace, config, clock: Clock::system() }
}

/// Returns the digests of all that was read, or why something is damaged.
fn look(station: &Station, parts: &[Part]) -> Result<BTreeMap<String, Digest>, String> {
    let mut read = BTreeMap::new();
    for part in parts {
        let found = inspection::inspect(station, *part).map_err(|failure| failure.to_string())?;
        if let Some(damage) = found.damages.first() {
            return Err(format!("{}: {}", damage.path.display(), damage.what));
        }
        read.extend(found.read);
        if *part == Part::Reports {
            let drill = station.reports().join("drills/20250630T120000-1");
            let journal = read_journal(&drill).map_err(|failure| failure.to_string())?;
            read.insert("journal".into(), Digest::of(format!("{journal:?}")));
        }
    }
    Ok(read)
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn every_corruption_is_found_or_harmless() {
    set_probe(env!("CARGO_BIN_EXE_lighthunter").into());
    let room = workspace();
    let station = station(&room);
    let sound: BTreeMap<Part, _> =
        Part::ALL.into_iter().map(|part| (part, look(&station, &[part]).expect("sound before"))).collect();
    let whole = look(&station, &Part::ALL).expect("sound before");
    let (total, seed) = (number("LIGHTHUNTER_DAMAGE", CORRUPTIONS), number("LIGHTHUNTER_DAMAGE_SEED", 20_250_630));
    let mut table = Vec::new();
    for kind in kinds(&room) {
        let mut dice = Dice(seed as u64 ^ Digest::of(kind.name).to_string().len() as u64 ^ kind.share as u64);
        let mut tally = Tally::default();
        let mut others = kind.files.clone();
        // A file of another kind in its place, too.
        others.push(room.path("drill.toml"));
        let (mut done, count) = (0, (total * kind.share).div_ceil(1000));
        while done < count {
            let path = &kind.files[dice.below(kind.files.len())];
            let Some(corruption) = Corruption::inflict(&mut dice, path, &others) else { continue };
            done += 1;
            let (found, expected) = if done % WHOLE_EVERY == 0 {
                (look(&station, &Part::ALL), &whole)
            } else {
                (look(&station, &[kind.part]), &sound[&kind.part])
            };
            match found {
                Err(_) => tally.detected += 1,
                // A file of any other kind is read to its last byte: what changes nothing was not read.
                Ok(read) if read == *expected && kind.part == Part::Ledger => tally.harmless += 1,
                Ok(_) => tally.missed.push(corruption.what.clone()),
            }
            corruption.undo();
        }
        table.push((kind.name, count, tally));
    }
    eprintln!("{:<20}{:>8}{:>10}{:>10}{:>8}", "kind", "tried", "detected", "harmless", "MISSED");
    for (name, count, tally) in &table {
        let missed = tally.missed.len();
        eprintln!("{name:<20}{count:>8}{:>10}{:>10}{missed:>8}", tally.detected, tally.harmless);
    }
    let missed: Vec<&String> = table.iter().flat_map(|(.., tally)| &tally.missed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    let silent: Vec<&str> = table.iter().filter(|(.., tally)| tally.detected == 0).map(|(name, ..)| *name).collect();
    assert!(silent.is_empty(), "nothing was ever detected of {silent:?}");
    assert_eq!(look(&station, &Part::ALL).expect("sound after"), whole);
}

#[test]
fn doctor_names_what_is_damaged_with_exit_14_and_mends_nothing() {
    let room = workspace();
    let sound = room.run_to(0, &["doctor", "--read-data", "--json"]).json();
    assert!(sound["read"].as_object().expect("read").len() > 50, "{sound}");
    for (name, at) in [
        ("data/ledger.sqlite", 100_000),
        ("data/parquet/daily/_manifest.json", 300),
        ("experiments/experiments.jsonl", 900),
        ("reports/night_ops_20250630.json", 40),
        ("config/system_config.json", 2),
    ] {
        let bytes = fs::read(room.path(name)).expect("readable");
        let mut damaged = bytes.clone();
        for byte in damaged.iter_mut().skip(at).take(40_000) {
            *byte ^= 0x15;
        }
        room.write(name, &damaged);
        let said = room.refused_with(14, &["doctor", "--read-data", "-q"]);
        assert!(said.contains(name), "{name}: {said}");
        room.write(name, &bytes);
    }
    let job = room.path("models/ultrashort_main");
    let current = fs::read_link(job.join("current")).expect("a link");
    for target in ["../../strategy", "/etc", "nowhere", "."] {
        lighthunter::durable::point(&job.join("current"), Path::new(target)).expect("linked");
        assert!(room.refused_with(14, &["doctor", "--read-data", "-q"]).contains("current"), "{target}");
    }
    lighthunter::durable::point(&job.join("current"), &current).expect("linked");
    room.run_to(0, &["doctor", "--read-data", "-q"]);
}
