//! The war drill on the default simulated market, thirty scenarios, as a process.

use crate::{
    board::{Board, Target},
    process::run,
};

/// Measures the seconds from the command to its verdict, which must be Ready.
pub(crate) fn bench(board: &mut Board) {
    let name = "war drill";
    if !board.wants(name) {
        return;
    }
    let seconds = board.repeat(|| {
        let room = tempfile::tempdir().expect("a directory");
        run(room.path(), &["drill", "run", "--reports", "reports"]).seconds
    });
    board.put(name, seconds, "s", Target::AtMost(30.0));
}
