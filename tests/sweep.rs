//! The sweep: every writer of the system killed at each of its operations, killed again while it comes back, cut from
//! power with everything unsynced gone, and given EIO and ENOSPC, once and for ever.
//!
//! A binary of its own, `harness = false`: it is its own second process for the stores, so it must start fast, and a
//! witness over the disk must not share a process with tests that panic for other reasons. `make sweep` sets
//! `LIGHTHUNTER_SWEEP=full`; without it a short sweep is part of `cargo test`. Words on the command line choose
//! writers by name.

#![expect(clippy::print_stdout, reason = "the table is this program's output")]
#![expect(clippy::expect_used, clippy::panic, reason = "a test ends at the first thing that is not as it must be")]

#[path = "sweep/change.rs"]
mod change;
#[path = "sweep/disk.rs"]
mod disk;
#[path = "sweep/engine.rs"]
mod engine;
#[path = "sweep/files.rs"]
mod files;
#[path = "sweep/hand.rs"]
mod hand;
#[path = "sweep/naive.rs"]
mod naive;
#[path = "sweep/rollback.rs"]
mod rollback;
#[path = "sweep/second.rs"]
mod second;
#[path = "sweep/shim.rs"]
mod shim;
#[path = "sweep/stores.rs"]
mod stores;
#[path = "sweep/writers.rs"]
mod writers;

use std::process::ExitCode;

use engine::{Extent, Tally, sweep};
use lighthunter::clock::Stopwatch;
use naive::NAIVE;
use rollback::Points;
use second::Every;
use shim::{ROLE, Shim};
use stores::Part;
use writers::WRITERS;

/// How many broken points of a writer are shown.
const SHOWN: usize = 5;

fn main() -> ExitCode {
    if let Ok(role) = std::env::var(ROLE) {
        return stores::play(&role);
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word));
    let full = std::env::var("LIGHTHUNTER_SWEEP").is_ok_and(|extent| extent == "full");
    let watch = Stopwatch::start();
    println!(
        "{:<26} {:>7} {:>7} {:>12} {:>11} {:>7} {:>7}",
        "writer", "kills", "deaths", "in recovery", "power cuts", "errors", "broken"
    );
    let mut whole = Tally::default();
    for writer in WRITERS.iter().filter(|writer| is_wanted(writer.name)) {
        let tally = sweep(writer, extent(writer.name, full));
        println!("{:<26} {tally}", writer.name);
        tally.broken.iter().take(SHOWN).for_each(|broken| println!("    {broken}"));
        whole.add(&tally);
    }
    match Shim::compiled() {
        Ok(shim) => {
            for part in Part::ALL.into_iter().filter(|part| is_wanted(part.name())) {
                let tally = second::sweep(&shim, part, every(part, full));
                println!("{:<26} {tally}", part.name());
                if tally.aborts > 0 {
                    println!(
                        "    known: libduckdb ended the process {} times by itself; nothing was lost",
                        tally.aborts
                    );
                }
                tally.broken.iter().take(SHOWN).for_each(|broken| println!("    {broken}"));
                whole.add(&tally);
            }
            // A workspace with its first night takes longer than the whole short sweep.
            if is_wanted(rollback::NAME) && (full || !wanted.is_empty()) {
                let points = if full { Points { kills: 60, errors: 30 } } else { Points { kills: 6, errors: 4 } };
                let tally = rollback::sweep(&shim, env!("CARGO_BIN_EXE_lighthunter").as_ref(), points);
                println!("{:<26} {tally}", rollback::NAME);
                tally.broken.iter().take(SHOWN).for_each(|broken| println!("    {broken}"));
                whole.add(&tally);
            }
        }
        Err(reason) => println!("skipped: {} writers with a database: {reason}", Part::ALL.len() + 1),
    }
    println!("{:<26} {whole}   {:.1} s", "all", watch.seconds());
    let mut blind = 0;
    for writer in NAIVE.iter().filter(|writer| is_wanted(writer.name)) {
        let tally = sweep(writer, extent(writer.name, false));
        println!("{:<26} {tally}   (must be broken)", writer.name);
        blind += usize::from(tally.broken.is_empty());
    }
    if whole.broken.is_empty() && blind == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns how much is done of a part: a point with DuckDB takes a tenth of a second.
fn every(part: Part, full: bool) -> Every {
    match (part, full) {
        (Part::Experiments, false) => Every { kill: 4, recovery: 80, cut: 16, death: 24, error: 48 },
        (Part::Import(_), false) => Every { kill: 24, recovery: 40, cut: 48, death: 48, error: 52 },
        (_, true) => Every { kill: 1, recovery: 80, cut: 3, death: 1, error: 4 },
    }
}

/// Returns how much is done of a writer: its steps differ in how many changes they make.
fn extent(name: &str, full: bool) -> Extent {
    let (few, many) = match name {
        "JSONL, rotated" | "drill journal" => (12, 300),
        "drill reports" => (3, 16),
        "models, current, history" => (3, 30),
        "config" => (6, 200),
        "batch of files" => (6, 100),
        _ => (6, 120),
    };
    if full {
        Extent { steps: many, error_steps: few * 3, recovery_every: 60, cut_every: 6, deaths: 25 }
    } else {
        Extent { steps: few, error_steps: 2, recovery_every: 20, cut_every: 4, deaths: 3 }
    }
}
