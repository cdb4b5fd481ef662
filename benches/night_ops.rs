//! The first NightOps of a fresh workspace, import and all, as a process.

use crate::{
    board::{Board, Target},
    input::Input,
    process::{Cost, run, workspace},
};

/// Measures seconds and memory.
pub(crate) fn bench(board: &mut Board, input: &Input) {
    let (seconds, memory) = ("NightOps", "NightOps peak memory");
    if !board.wants(seconds) && !board.wants(memory) {
        return;
    }
    let market = input.directory().to_string_lossy().into_owned();
    let mut rooms = Vec::new();
    let costs: Vec<Cost> = board.repeat(|| {
        let room = workspace(&market);
        let cost = run(&room.path().join("w"), &["night-ops"]);
        rooms.push(room);
        cost
    });
    board.keep(rooms);
    board.put(seconds, costs.iter().map(|cost| cost.seconds), "s", Target::AtMost(15.0));
    if costs.iter().all(|cost| cost.memory_mb.is_none()) {
        eprintln!("skipped: peak memory, for this system has no /proc");
    }
    board.put(memory, costs.iter().filter_map(|cost| cost.memory_mb), "MB", Target::AtMost(700.0));
}
