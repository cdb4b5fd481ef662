//! The rollback of all four layers, by the program itself: killed before its changes, killed again while it is
//! resumed, and given errors of the disk; then resumed, and the workspace must be that of the baseline.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::SystemTime,
};

use lighthunter::seed::Seed;
use nix::errno::Errno;
use tempfile::TempDir;

use crate::{
    change::Change,
    disk::{Cut, Disk},
    engine::scratch,
    second::Way,
    shim::{Meets, Shim, parsed},
    tally::Tally,
};

pub(crate) const NAME: &str = "rollback";

/// What a rollback takes back, by the beginning of the path.
const TAKEN_BACK: [&str; 6] =
    ["config", "strategy", "drill.toml", "README.md", "data/lighthunter.duckdb", "data/parquet"];

/// How many points are tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Points {
    pub(crate) kills: usize,
    pub(crate) cuts: usize,
    pub(crate) errors: usize,
}

struct Sweep<'a> {
    shim: &'a Shim,
    program: &'a Path,
    broken: Disk,
    wanted: BTreeMap<PathBuf, Vec<u8>>,
    tree: String,
}

pub(crate) fn sweep(shim: &Shim, program: &Path, way: Way, points: Points) -> Tally {
    let mut tally = Tally::default();
    if way == Way::Kills {
        // A kill leaves what a death leaves: there is no cheaper way to see it.
        return tally;
    }
    match prepared(shim, program).and_then(|sweep| Ok((sweep.recorded()?, sweep))) {
        Ok((changes, sweep)) => sweep.run(way, points, &changes, &mut tally),
        Err(why) => tally.broken.push(format!("{NAME}: with nothing broken: {why}")),
    }
    tally
}

fn command(program: &Path, root: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(words).env("LIGHTHUNTER_WORKSPACE", root).env("RUST_BACKTRACE", "0").current_dir("/");
    command
}

fn done(output: &Output) -> Result<(), String> {
    let said = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{}: {}", output.status, said())) }
}

fn run(program: &Path, root: &Path, words: &[&str]) -> Result<(), String> {
    let output = command(program, root, words).output().map_err(|error| error.to_string())?;
    done(&output).map_err(|why| format!("{words:?}: {why}"))
}

/// Makes a workspace with a baseline and breaks all its layers.
fn prepared<'a>(shim: &'a Shim, program: &'a Path) -> Result<Sweep<'a>, String> {
    let room = scratch();
    let root = room.path().join("root");
    let place = root.display().to_string();
    let market = ["init", &place, "--market", "simulated:7", "--symbols", "16", "--days", "160"];
    run(program, &root, &market)?;
    run(program, &root, &["bootstrap"])?;
    run(program, &root, &["night-ops", "-q"])?;
    run(program, &root, &["baseline", "create", "good", "-q"])?;
    let (wanted, tree) = (state(&root), head(&root)?);
    break_layers(&root)?;
    Ok(Sweep { shim, program, broken: Disk::read(&root), wanted, tree })
}

/// A bad commit, an edit, a missing and a stray partition, a pointer that points nowhere.
fn break_layers(root: &Path) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let write = |name: &str, text: &str| lighthunter::durable::replace(&root.join(name), text);
    write("strategy/u1.luau", "-- broken").map_err(|error| failed(&error))?;
    let repository = git2::Repository::open(root).map_err(|error| failed(&error))?;
    let commit = || -> Result<(), git2::Error> {
        let mut index = repository.index()?;
        index.add_path(Path::new("strategy/u1.luau"))?;
        index.write()?;
        let tree = repository.find_tree(index.write_tree()?)?;
        let who = git2::Signature::new("sweep", "sweep@example.org", &git2::Time::new(1_600_000_000, 0))?;
        let parent = repository.head()?.peel_to_commit()?;
        repository.commit(Some("HEAD"), &who, &who, "a bad change", &tree, &[&parent]).map(drop)
    };
    commit().map_err(|error| failed(&error))?;
    write("strategy/u2.luau", "this is no strategy").map_err(|error| failed(&error))?;
    let daily = root.join("data/parquet/daily");
    let mut dates: Vec<PathBuf> =
        fs::read_dir(&daily).map_err(|error| failed(&error))?.flatten().map(|entry| entry.path()).collect();
    dates.sort_unstable();
    for date in dates.iter().filter(|path| path.is_dir()).take(2) {
        fs::remove_dir_all(date).map_err(|error| failed(&error))?;
    }
    let stray = "data/parquet/daily/trade_date=2031-01-02";
    fs::create_dir_all(root.join(stray)).map_err(|error| failed(&error))?;
    write(&format!("{stray}/part.parquet"), "stray").map_err(|error| failed(&error))?;
    let current = root.join("models/ultrashort_main/current");
    lighthunter::durable::point(&current, Path::new("nowhere")).map_err(|error| failed(&error))
}

/// Returns the bytes of all that is taken back, and where the model in force points.
fn state(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut state = Disk::read(root).tree();
    let current = Path::new("models/ultrashort_main/current");
    state.retain(|path, _| path == current || TAKEN_BACK.iter().any(|own| path.starts_with(own)));
    state
}

/// Returns the tree of HEAD, as libgit2 has it.
fn head(root: &Path) -> Result<String, String> {
    let repository = git2::Repository::open(root).map_err(|error| error.to_string())?;
    let tree = repository.head().and_then(|head| head.peel_to_tree()).map_err(|error| error.to_string())?;
    Ok(tree.id().to_string())
}

/// A lock of git that a dead process left counts as left behind after ten seconds: they pass.
fn let_time_pass(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            let_time_pass(&path);
        } else if path.extension().is_some_and(|ending| ending == "lock") {
            let opened = File::options().write(true).open(&path);
            opened.and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH)).expect("aged");
        }
    }
}

impl Sweep<'_> {
    fn run(&self, way: Way, points: Points, changes: &[Change], tally: &mut Tally) {
        let count = changes.len();
        match way {
            Way::Deaths => self.deaths(points.kills, count, tally),
            Way::Cuts => self.cuts(points.cuts, changes, tally),
            Way::Errors => self.errors(points.errors, count, tally),
            Way::All | Way::Kills => {}
        }
    }

    fn deaths(&self, points: usize, count: usize, tally: &mut Tally) {
        for number in 0..points {
            let at = number * count / points;
            tally.deaths += 1;
            // Every other one dies again while it is resumed.
            let again = (number % 2 == 1).then_some(at / 2);
            tally.in_recovery += usize::from(again.is_some());
            if let Err(why) = self.one(Meets::Kill(at), again) {
                tally.broken.push(format!("{NAME} killed at {at} of {count}, resumed to {again:?}: {why}"));
            }
        }
    }

    fn errors(&self, points: usize, count: usize, tally: &mut Tally) {
        for number in 0..points {
            let at = number * count / points;
            let errno = [Errno::EIO, Errno::ENOSPC][number % 2];
            let sticky = number % 4 > 1;
            tally.errors += 1;
            if let Err(why) = self.one(Meets::Error { at, errno: errno as i32, sticky }, None) {
                tally.broken.push(format!("{NAME} {errno} (sticky: {sticky}) at {at} of {count}: {why}"));
            }
        }
    }

    /// Cuts the power at evenly spread changes: of the broken workspace nothing is lost, of what the rollback wrote
    /// all that it did not sync.
    fn cuts(&self, points: usize, changes: &[Change], tally: &mut Tally) {
        let mut chance = Seed::DEFAULT.stream("power cuts");
        let mut disk = self.broken.clone();
        let wanted: Vec<usize> = (0..points).map(|number| number * changes.len() / points).collect();
        for (at, change) in changes.iter().enumerate() {
            if let Some(number) = wanted.iter().position(|wanted| *wanted == at) {
                let cut = [Cut::Nothing, Cut::Names, Cut::Chance][number % 3];
                tally.cuts += 1;
                if let Err(why) = self.comes_back(&disk.cut(cut, &mut chance)) {
                    let count = changes.len();
                    tally.broken.push(format!("{NAME} cut ({cut:?}) at {at} of {count} {change:?}: {why}"));
                }
            }
            if disk.apply(change).is_none() {
                return tally.broken.push(format!("{NAME}: the record has a gap before {change:?}"));
            }
        }
    }

    fn comes_back(&self, disk: &Disk) -> Result<(), String> {
        let room = scratch();
        let root = room.path().join("root");
        disk.write_to(&root);
        let_time_pass(&root.join(".git"));
        let is_open = root.join("monitor/rollback.json").exists();
        let words: &[&str] =
            if is_open { &["rollback", "--resume", "-q"] } else { &["rollback", "--to", "good", "-q"] };
        run(self.program, &root, words)?;
        self.holds(&root)
    }

    fn planted(&self) -> (TempDir, PathBuf) {
        let room = scratch();
        let root = room.path().join("root");
        self.broken.write_to(&root);
        (room, root)
    }

    /// Returns the changes that a rollback makes that nothing interrupts.
    fn recorded(&self) -> Result<Vec<Change>, String> {
        let (_room, root) = self.planted();
        let (output, changes, _) = self.rolled(&root, &["rollback", "--to", "good", "-q"], Meets::Nothing)?;
        done(&output)?;
        self.holds(&root)?;
        Ok(changes)
    }

    fn rolled(&self, root: &Path, words: &[&str], meets: Meets) -> Result<(Output, Vec<Change>, bool), String> {
        let log = root.with_extension("log");
        let _ = fs::remove_file(&log);
        let mut command = command(self.program, root, words);
        self.shim.load(&mut command, root, &log, meets);
        let output = command.output().map_err(|error| error.to_string())?;
        let mut fired = false;
        let bytes = fs::read(&log).map_err(|error| error.to_string())?;
        let changes = parsed(&bytes, &mut fired).map_err(|error| error.to_string())?;
        Ok((output, changes, fired))
    }

    fn one(&self, meets: Meets, again: Option<usize>) -> Result<(), String> {
        let (_room, root) = self.planted();
        let (output, _, fired) = self.rolled(&root, &["rollback", "--to", "good", "-q"], meets)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match meets {
            Meets::Kill(_) if output.status.signal() != Some(9) => return Err(format!("not killed: {said}")),
            Meets::Error { .. } if !fired => return Err("it did not fire".into()),
            // Done, a storage fault, or a rollback that can be resumed.
            Meets::Error { .. } if !matches!(output.status.code(), Some(0 | 13 | 18)) || said.contains("panicked") => {
                return Err(format!("{}: {said}", output.status));
            }
            _ => {}
        }
        let_time_pass(&root.join(".git"));
        let is_open = || root.join("monitor/rollback.json").exists();
        if let Some(at) = again.filter(|_| is_open()) {
            self.rolled(&root, &["rollback", "--resume", "-q"], Meets::Kill(at))?;
            let_time_pass(&root.join(".git"));
        }
        let words: &[&str] =
            if is_open() { &["rollback", "--resume", "-q"] } else { &["rollback", "--to", "good", "-q"] };
        run(self.program, &root, words).map_err(|why| format!("{why} (after {}: {})", output.status, said.trim()))?;
        self.holds(&root)
    }

    fn holds(&self, root: &Path) -> Result<(), String> {
        let found = state(root);
        let differs = |path: &&PathBuf| found.get(*path) != self.wanted.get(*path);
        if let Some(path) = self.wanted.keys().chain(found.keys()).find(differs) {
            return Err(format!("TREE: {} is not that of the baseline", path.display()));
        }
        if head(root)? != self.tree {
            return Err("TREE: HEAD is not at the baseline's tree".into());
        }
        if root.join("monitor/rollback.json").exists() {
            return Err("WHOLE: the intent stays".into());
        }
        Ok(())
    }
}
