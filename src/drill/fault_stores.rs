//! Faults of what git does not track: a store whose bytes are wrong and whose partitions are gone, and the pointers
//! by which models are in force. What each touches is named before it is touched.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::DrillError;
use crate::durable::DurableError;

/// Where the damage to a database begins: its header stays, as after most damage that is not noticed at once.
const HEADER_BYTES: usize = 4096;

/// Where models are in force, relative to the repository: the link `current` of each job.
const MODELS: &str = "models";

/// Returns the files that [`damage`] touches, relative to `repo`: the database, and the files of the newer half of
/// the table's partitions. Those that are not there are named all the same.
pub(super) fn files(repo: &Path, database: &str, table: &str) -> Result<Vec<String>, DrillError> {
    let mut files = vec![database.to_owned()];
    for partition in newer_half(&repo.join(table))? {
        for file in entries(&partition)? {
            if let Some(name) = file.strip_prefix(repo).ok().and_then(Path::to_str) {
                files.push(name.to_owned());
            }
        }
    }
    Ok(files)
}

/// Inverts every byte of the database behind its header, in place, as a disk or a person does it, and removes the
/// newer half of the table's partitions. The inner result says whether it took.
pub(super) fn damage(repo: &Path, database: &str, table: &str) -> Result<Result<(), String>, DrillError> {
    let path = repo.join(database);
    let mut bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(format!("there is no {database}"))),
        Err(source) => return Err(DrillError::Unreadable { path, source }),
    };
    let partitions = newer_half(&repo.join(table))?;
    if bytes.len() <= HEADER_BYTES || partitions.is_empty() {
        let (length, count) = (bytes.len(), partitions.len());
        return Ok(Err(format!(
            "nothing to damage: {database} has {length} bytes, {table} {count} partitions to lose"
        )));
    }
    bytes.iter_mut().skip(HEADER_BYTES).for_each(|byte| *byte = !*byte);
    let mut file = fs::OpenOptions::new().write(true).open(&path).map_err(DurableError::at("open", &path))?;
    file.write_all(&bytes).map_err(DurableError::at("damage", &path))?;
    for partition in &partitions {
        fs::remove_dir_all(partition).map_err(DurableError::at("remove", partition))?;
    }
    let found = fs::read(&path).map_err(|source| DrillError::Unreadable { path, source })?;
    let took = found == bytes && partitions.iter().all(|partition| !partition.exists());
    Ok(if took { Ok(()) } else { Err("the stores do not read back as they were damaged".into()) })
}

/// Returns the link `current` of every job that has one, relative to `repo`.
pub(super) fn pointers(repo: &Path) -> Result<Vec<String>, DrillError> {
    let jobs = entries(&repo.join(MODELS))?;
    let links = jobs.into_iter().map(|job| job.join("current")).filter(|link| fs::read_link(link).is_ok());
    Ok(links.filter_map(|link| Some(link.strip_prefix(repo).ok()?.to_str()?.to_owned())).collect())
}

fn newer_half(table: &Path) -> Result<Vec<PathBuf>, DrillError> {
    let mut partitions = entries(table)?;
    partitions.retain(|path| path.is_dir());
    Ok(partitions.split_off(partitions.len().div_ceil(2)))
}

/// Returns what is in a directory, ascending; nothing where there is none.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, DrillError> {
    let listed = match fs::read_dir(directory) {
        Ok(listed) => listed,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(DurableError::at("list", directory)(error).into()),
    };
    let paths: Result<Vec<PathBuf>, io::Error> = listed.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(DurableError::at("list", directory))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use crate::{
        clock::Clock,
        drill::{Fault, undo::UndoLog},
        durable,
        vault::Vault,
    };

    fn repository(root: &Path) {
        let vault = Vault::init(root).expect("made");
        durable::replace(&root.join(".gitignore"), "data/\nmodels/\n").expect("written");
        vault.commit_all("first", Clock::system().now()).expect("committed");
        for day in 1..=5 {
            let place = root.join(format!("data/parquet/daily/trade_date=2025-01-0{day}"));
            durable::make_directory(&place).expect("made");
            durable::replace(&place.join("part.parquet"), [day; 9]).expect("written");
        }
        durable::replace(&root.join("data/lighthunter.duckdb"), vec![7; 9000]).expect("written");
    }

    #[test]
    fn damaged_stores_are_put_back_byte_for_byte_twice_without_harm() {
        let room = tempfile::tempdir().expect("a directory");
        let repo = room.path().join("repo");
        repository(&repo);
        let clock = Clock::system();
        let part = |day: u8| repo.join(format!("data/parquet/daily/trade_date=2025-01-0{day}/part.parquet"));
        let fault = Fault::named("data-damage").expect("in the catalogue");
        let log = UndoLog::keep(&repo, &room.path().join("undo"), &fault.plan(&repo).expect("a plan")).expect("kept");
        let injection = fault.inject(&repo, &clock).expect("injected");
        assert_eq!(injection.taken, Ok(()));
        let database = || fs::read(repo.join("data/lighthunter.duckdb")).expect("readable");
        assert_eq!((database()[4095], database()[4096]), (7, 0xf8));
        assert_eq!([1, 2, 3, 4, 5].map(|day| part(day).exists()), [true, true, true, false, false]);
        let log: UndoLog = serde_json::from_value(serde_json::to_value(&log).expect("written")).expect("read");
        assert_eq!(log.undo(&clock).expect("undone").len(), 3);
        assert!(log.undo(&clock).expect("undone").is_empty());
        assert_eq!((database(), fs::read(part(5)).expect("back")), (vec![7; 9000], vec![5; 9]));
        fault.inject(&repo, &clock).expect("injected").undo().expect("undone");
        assert_eq!((database(), fs::read(part(4)).expect("back")), (vec![7; 9000], vec![4; 9]));
    }

    #[test]
    fn stores_that_are_not_there_cannot_be_damaged() {
        let room = tempfile::tempdir().expect("a directory");
        repository(room.path());
        let fault = Fault::named("data-damage").expect("in the catalogue");
        let why = || fault.inject(room.path(), &Clock::system()).expect("tried").taken.expect_err("nothing there");
        durable::replace(&room.path().join("data/lighthunter.duckdb"), [7; 10]).expect("written");
        assert!(why().contains("data/lighthunter.duckdb has 10 bytes"), "{}", why());
        fs::remove_file(room.path().join("data/lighthunter.duckdb")).expect("removed");
        assert_eq!(why(), "there is no data/lighthunter.duckdb");
    }

    #[test]
    fn pointer_of_a_model_is_put_back_and_one_that_was_not_there_goes() {
        let room = tempfile::tempdir().expect("a directory");
        let repo = room.path().join("repo");
        repository(&repo);
        for model in ["a/good", "a/worse"] {
            durable::make_directory(&repo.join("models").join(model)).expect("made");
        }
        let link = repo.join("models/a/current");
        durable::point(&link, Path::new("good")).expect("linked");
        let fault = Fault::named("model-degraded").expect("in the catalogue");
        assert_eq!(fault.command(), Some("night_worse"));
        let log = UndoLog::keep(&repo, &room.path().join("undo"), &fault.plan(&repo).expect("a plan")).expect("kept");
        durable::point(&link, Path::new("worse")).expect("linked");
        assert_eq!(log.undo(&Clock::system()).expect("undone"), ["put models/a/current back"]);
        assert_eq!(fs::read_link(&link).expect("a link"), Path::new("good"));
        assert!(log.undo(&Clock::system()).expect("undone").is_empty());
        fs::remove_file(&link).expect("removed");
        assert_eq!(log.undo(&Clock::system()).expect("undone").len(), 1, "one that was taken away comes back");
        assert_eq!(fs::read_link(&link).expect("a link"), Path::new("good"));
    }
}
