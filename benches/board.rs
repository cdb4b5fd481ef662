//! The board of figures: runs a measurement as often as it needs, holds its median against its target,
//! and says so. Knows nothing of what is measured.

use std::{process::ExitCode, thread, time::Duration};

use criterion::{Criterion, SamplingMode, Throughput};
use tempfile::TempDir;

/// How often a process is run; it takes seconds, and its spread is small.
const PROCESS_RUNS: usize = 3;

/// What a figure must reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
    /// Nothing was promised; the figure is there to be watched.
    None,
}

impl Target {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(limit) => figure >= limit,
            Self::AtMost(limit) => figure <= limit,
            Self::None => true,
        }
    }

    fn shown(self, unit: &str) -> String {
        match self {
            Self::AtLeast(limit) => format!("at least {limit} {unit}"),
            Self::AtMost(limit) => format!("at most {limit} {unit}"),
            Self::None => "none".to_owned(),
        }
    }
}

/// All figures of a run.
pub(crate) struct Board {
    criterion: Criterion,
    words: Vec<String>,
    judges: bool,
    lines: Vec<String>,
    missed: usize,
    rooms: Vec<TempDir>,
}

impl Board {
    /// Makes a board of the program's arguments.
    pub(crate) fn from_arguments() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        // Without --bench this is `cargo test --benches`: run everything once, in whatever build.
        let judges = arguments.iter().any(|word| word == "--bench") && !arguments.iter().any(|word| word == "--test");
        let words = arguments.into_iter().filter(|word| !word.starts_with('-')).collect();
        Self {
            criterion: Criterion::default().configure_from_args(),
            words,
            judges,
            lines: Vec::new(),
            missed: 0,
            rooms: Vec::new(),
        }
    }

    /// Says whether a figure of this name is asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| name.contains(word.as_str()))
    }

    /// Says whether figures are held against their targets; otherwise everything runs once, and briefly.
    pub(crate) fn judges(&self) -> bool {
        self.judges
    }

    /// Keeps directories to the end of the program: ext4 shuns the inodes of files that were just deleted
    /// and looks for others at length, which the next measurement would pay.
    pub(crate) fn keep(&mut self, rooms: impl IntoIterator<Item = TempDir>) {
        self.rooms.extend(rooms);
    }

    /// Samples something that takes milliseconds: `once` returns the seconds that count. Returns them all.
    pub(crate) fn sample(&mut self, name: &str, rows: Option<u64>, mut once: impl FnMut() -> f64) -> Vec<f64> {
        let mut samples = Vec::new();
        if !self.wants(name) {
            return samples;
        }
        let mut group = self.criterion.benchmark_group("pipeline");
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        if let Some(rows) = rows {
            group.throughput(Throughput::Elements(rows));
        }
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let mut timed = || {
                    let seconds = once();
                    samples.push(seconds);
                    Duration::from_secs_f64(seconds)
                };
                (0..times).map(|_| timed()).sum()
            });
        });
        group.finish();
        samples
    }

    /// Runs something that takes seconds a few times. Returns what each run returned.
    pub(crate) fn repeat<T>(&self, mut once: impl FnMut() -> T) -> Vec<T> {
        (0..if self.judges { PROCESS_RUNS } else { 1 }).map(|_| once()).collect()
    }

    /// Puts the median of some figures on the board.
    pub(crate) fn put(&mut self, name: &str, figures: impl IntoIterator<Item = f64>, unit: &str, target: Target) {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (Some(median), Some(least), Some(most)) = (figures.get(figures.len() / 2), figures.first(), figures.last())
        else {
            return;
        };
        let met = target.is_met(*median);
        self.missed += usize::from(!met);
        let verdict = match target {
            Target::None => "",
            _ if met => "met",
            _ => "MISSED",
        };
        let line = format!(
            "{name:<44} {median:>9.3} {unit:<8} target {:<20} {verdict:<6} ({least:.3} to {most:.3}, {} runs)",
            target.shown(unit),
            figures.len()
        );
        println!("{line}");
        self.lines.push(line);
    }

    /// Prints the table and returns the program's end.
    pub(crate) fn conclude(&self) -> ExitCode {
        println!("\nFigures against targets ({}):", machine());
        self.lines.iter().for_each(|line| println!("  {line}"));
        if self.missed == 0 || !self.judges {
            return ExitCode::SUCCESS;
        }
        println!("{} targets are missed.", self.missed);
        ExitCode::FAILURE
    }
}

/// Returns the state of the machine: figures of a busy one say little.
fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    let build = if cfg!(debug_assertions) { "a build with debug assertions" } else { "an optimised build" };
    format!("{cores} cores, load {load}, {build}")
}
