//! The other side of `make bench-peers`: the same work as the scripts of `shared/peers/`, on the same files,
//! in processor seconds. Prints `run` and `RESULT` lines as they do; the ratios are the script's to print.

#![expect(clippy::expect_used, reason = "a benchmark ends at the first thing that is not as it must be")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are this program's output")]

#[path = "peers/alpha158.rs"]
mod alpha158;
#[path = "peers/top_k.rs"]
mod top_k;
mod watch;
mod wide_limits;

use std::{path::Path, process::ExitCode};

const USAGE: &str = "usage: peers alpha158 PANEL.parquet REPEATS [OUTPUT.parquet]\n       \
                     peers top-k PANEL.parquet SCORES.parquet REPEATS";

fn main() -> ExitCode {
    // cargo says `--bench`; it is no word of ours.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words {
        ["alpha158", panel, repeats] => alpha158::bench(Path::new(panel), count(repeats), None),
        ["alpha158", panel, repeats, output] => {
            alpha158::bench(Path::new(panel), count(repeats), Some(Path::new(output)));
        }
        ["top-k", panel, scores, repeats] => top_k::bench(Path::new(panel), Path::new(scores), count(repeats)),
        [] => eprintln!("skipped: the peers' files are not named; `make bench-peers` makes them and names them"),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn count(text: &str) -> usize {
    text.parse().expect("a number of repeats")
}

/// Runs something as often as asked, prints each run and the median, and returns what the last run returned.
fn repeated<T>(name: &str, repeats: usize, mut once: impl FnMut() -> (f64, T, String)) -> T {
    let (mut seconds, mut last) = (Vec::new(), None);
    for run in 0..repeats.max(1) {
        let (cpu, result, said) = once();
        println!("run {run}: cpu {cpu:.4}s {said}");
        seconds.push(cpu);
        last = Some((result, said));
    }
    seconds.sort_by(f64::total_cmp);
    let (result, said) = last.expect("one run at least");
    println!("RESULT {name} cpu_median={:.4}s {said}", seconds[seconds.len() / 2]);
    result
}
