//! The tasks of the sweep: a writer, or one way of breaking a writer that takes long. Each runs in a process of its
//! own, which prints its tally; one that does not come to its end is broken.

use std::{
    collections::{BTreeMap, VecDeque},
    process::{Command, ExitCode, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{
    engine::{Extent, sweep},
    naive::NAIVE,
    rollback::{self, Points},
    second::{self, Every, Way},
    shim::Shim,
    stores::Part,
    tally::Tally,
    writers::{WRITERS, Writer},
};

/// What tells this binary to do one task: its name.
pub(crate) const TASK: &str = "LIGHTHUNTER_SWEEP_TASK";

/// The tally of each row by its name.
type Tallies = BTreeMap<&'static str, Tally>;

/// A row of the table.
#[derive(Clone, Copy)]
pub(crate) enum Row {
    /// A writer without a database.
    Plain(&'static Writer),
    /// A writer with one.
    Database(Part),
    Rollback,
    /// A writer that does it wrong on purpose.
    Naive(&'static Writer),
}

/// One task: its row's name, and the way of breaking it.
pub(crate) struct Task {
    row: &'static str,
    way: Way,
}

impl Row {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let databases = Part::ALL.into_iter().map(Self::Database).chain([Self::Rollback]);
        WRITERS.iter().map(Self::Plain).chain(databases).chain(NAIVE.iter().map(Self::Naive))
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Plain(writer) | Self::Naive(writer) => writer.name,
            Self::Database(part) => part.name(),
            Self::Rollback => rollback::NAME,
        }
    }

    pub(crate) const fn needs_shim(&self) -> bool {
        matches!(self, Self::Database(_) | Self::Rollback)
    }

    /// Returns the tasks of the row: what takes long is done in parts.
    pub(crate) fn tasks(&self) -> Vec<Task> {
        let row = self.name();
        match self {
            Self::Plain(_) | Self::Naive(_) => vec![Task { row, way: Way::All }],
            Self::Database(_) | Self::Rollback => Way::SINGLE.into_iter().map(|way| Task { row, way }).collect(),
        }
    }

    fn play(self, way: Way, full: bool) -> Tally {
        match self {
            Self::Plain(writer) => sweep(writer, extent(writer.name, full)),
            Self::Naive(writer) => sweep(writer, extent(writer.name, false)),
            Self::Database(part) => {
                let shim = Shim::compiled().expect("it compiled before");
                second::sweep(&shim, part, way, every(part, full))
            }
            Self::Rollback => {
                let shim = Shim::compiled().expect("it compiled before");
                let points = Points { kills: 60, cuts: 24, errors: 32 };
                let few = Points { kills: 6, cuts: 4, errors: 4 };
                rollback::sweep(&shim, env!("CARGO_BIN_EXE_lighthunter").as_ref(), way, if full { points } else { few })
            }
        }
    }
}

/// Does the task of this name and prints its tally.
pub(crate) fn play(name: &str, full: bool) -> ExitCode {
    let found = name.split_once('/').and_then(|(row, way)| {
        let row = Row::all().find(|known| known.name() == row)?;
        Some((row, Way::named(way)?))
    });
    let (row, way) = found.unwrap_or_else(|| panic!("{name} is no task"));
    println!("{}", serde_json::to_string(&row.play(way, full)).expect("a tally is JSON"));
    ExitCode::SUCCESS
}

/// Runs tasks, as many at a time as there are cores; returns the tally of each row by its name. `done` is told of a
/// row when its last task is.
pub(crate) fn run_all(mut tasks: Vec<Task>, done: impl Fn(&str, &Tally) + Sync) -> Tallies {
    // The longest first, so that no core waits for one at the end.
    tasks.sort_by_key(|task| {
        (task.way == Way::All, task.row != Part::Import(lighthunter::store::Engine::DuckDb).name())
    });
    let mut open: BTreeMap<&'static str, usize> = BTreeMap::new();
    for task in &tasks {
        *open.entry(task.row).or_default() += 1;
    }
    let queue = Mutex::new(VecDeque::from(tasks));
    let tallies: Mutex<(Tallies, BTreeMap<&'static str, usize>)> = Mutex::new((Tallies::new(), open));
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(task) = next else { break };
            let tally = task.run();
            let mut tallies = tallies.lock().unwrap_or_else(PoisonError::into_inner);
            let (tallies, open) = &mut *tallies;
            let row = tallies.entry(task.row).or_default();
            row.add(&tally);
            if let Some(left) = open.get_mut(task.row) {
                *left -= 1;
                if *left == 0 {
                    done(task.row, row);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    tallies.into_inner().unwrap_or_else(PoisonError::into_inner).0
}

impl Task {
    fn run(&self) -> Tally {
        let name = format!("{}/{}", self.row, self.way.name());
        let broken = |why: String| Tally { broken: vec![format!("{name}: {why}")], ..Tally::default() };
        let own = match std::env::current_exe() {
            Ok(own) => own,
            Err(error) => return broken(error.to_string()),
        };
        let told = Command::new(own).env(TASK, &name).stdin(Stdio::null()).output();
        match told {
            Err(error) => broken(error.to_string()),
            Ok(output) => serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
                broken(format!("it ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
            }),
        }
    }
}

/// Returns how much is done of a part: a point with DuckDB takes a tenth of a second.
fn every(part: Part, full: bool) -> Every {
    match (part, full) {
        (Part::Experiments, false) => Every { kill: 4, recovery: 80, cut: 16, death: 24, error: 48 },
        (Part::Import(_), false) => Every { kill: 24, recovery: 40, cut: 48, death: 48, error: 52 },
        (Part::Experiments, true) => Every { kill: 1, recovery: 80, cut: 3, death: 1, error: 4 },
        (Part::Import(_), true) => Every { kill: 1, recovery: 240, cut: 6, death: 1, error: 4 },
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
