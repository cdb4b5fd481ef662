//! The benchmarks: what a night, a drill and its parts may cost, each figure beside its target.
//!
//! `cargo bench` measures the release build and ends with a table; it fails when a target is missed.
//! A word after `--` picks the figures whose name holds it; `--test` runs everything once and judges
//! nothing. What takes seconds runs as a process, as a user runs it.

#![expect(clippy::expect_used, reason = "a benchmark ends at the first thing that is not as it must be")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are this program's output")]

mod board;
mod broker;
mod bus;
mod drill;
mod ema_cross;
mod environment;
mod event_path;
mod factor;
mod hud;
mod import;
mod input;
mod ledger_commits;
mod minute_bars;
mod night_ops;
mod parse;
mod process;
mod rollback;
mod watch;
mod wide_limits;

use std::process::ExitCode;

use board::Board;
use input::Input;

fn main() -> ExitCode {
    let mut board = Board::from_arguments();
    let input = Input::find();
    event_path::bench(&mut board);
    broker::bench(&mut board);
    ledger_commits::bench(&mut board);
    factor::bench(&mut board);
    parse::bench(&mut board, &input);
    import::bench(&mut board, &input);
    environment::bench(&mut board);
    rollback::bench(&mut board);
    bus::bench(&mut board);
    night_ops::bench(&mut board, &input);
    night_ops::bench_increment(&mut board);
    hud::bench(&mut board);
    drill::bench(&mut board);
    board.conclude()
}
