//! The sweep: every writer of the system killed at each of its operations, killed again while it comes back, cut from
//! power with everything unsynced gone, and given EIO and ENOSPC, once and for ever.
//!
//! A binary of its own, `harness = false`: it is its own second process for the stores, so it must start fast, and a
//! witness over the disk must not share a process with tests that panic for other reasons. `make sweep` sets
//! `LIGHTHUNTER_SWEEP=full`; without it a short sweep is part of `cargo test`. Words on the command line choose
//! writers by name. Each task runs in a process of its own, as many at a time as there are cores: what ends one of
//! them counts as broken and ends no other.

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
#[path = "sweep/tally.rs"]
mod tally;
#[path = "sweep/task.rs"]
mod task;
#[path = "sweep/writers.rs"]
mod writers;

use std::process::ExitCode;

use lighthunter::clock::Stopwatch;
use shim::{ROLE, Shim};
use tally::Tally;
use task::{Row, TASK, Task};

/// How many broken points of a writer are shown.
const SHOWN: usize = 5;

fn main() -> ExitCode {
    if let Ok(role) = std::env::var(ROLE) {
        return stores::play(&role);
    }
    let full = std::env::var("LIGHTHUNTER_SWEEP").is_ok_and(|extent| extent == "full");
    if let Ok(task) = std::env::var(TASK) {
        return task::play(&task, full);
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |row: &Row| wanted.is_empty() || wanted.iter().any(|word| row.name().contains(word));
    let watch = Stopwatch::start();
    let without_compiler = Shim::compiled().err();
    let can_run = |row: &Row| without_compiler.is_none() || !row.needs_shim();
    // A workspace with its first night takes longer than the whole short sweep.
    let is_short = |row: &Row| full || !wanted.is_empty() || !matches!(row, Row::Rollback);
    let rows: Vec<Row> = Row::all().filter(is_wanted).filter(is_short).collect();
    let tasks: Vec<Task> = rows.iter().filter(|row| can_run(row)).flat_map(Row::tasks).collect();
    println!("{:<26} {}", "writer", Tally::HEAD);
    for row in rows.iter().filter(|row| !can_run(row)) {
        println!("{:<26} skipped: {}", row.name(), without_compiler.as_deref().unwrap_or_default());
    }
    // A row is printed when its last task is done: a sweep that is ended early has said what it came to.
    let tallies = task::run_all(tasks, show);
    let (mut whole, mut blind) = (Tally::default(), 0);
    for (name, tally) in &tallies {
        if is_naive(name) {
            blind += usize::from(tally.broken.is_empty());
        } else {
            whole.add(tally);
        }
    }
    println!("{:<26} {whole}   {:.1} s", "all but those on purpose", watch.seconds());
    let short = if full && wanted.is_empty() { whole.short_of_promised() } else { Vec::new() };
    for line in &short {
        println!("{line}");
    }
    if whole.broken.is_empty() && blind == 0 && short.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_naive(name: &str) -> bool {
    Row::all().any(|row| matches!(row, Row::Naive(_)) && row.name() == name)
}

/// Prints a row, and below it what broke.
fn show(name: &str, tally: &Tally) {
    if is_naive(name) {
        println!("{name:<26} {tally}   (must be broken)");
        return;
    }
    println!("{name:<26} {tally}");
    tally.broken.iter().take(SHOWN).for_each(|broken| println!("    {broken}"));
    tally.aborted.iter().take(SHOWN).for_each(|abort| println!("    the library's abort: {abort}"));
}
