//! Does the harms and looks whether each took. What undoes them is kept before, by [`super::kept`].

use std::{
    fs::{self, File, FileTimes},
    net::TcpListener,
    path::Path,
    time::Duration,
};

use nix::fcntl::{Flock, FlockArg};
use regex::{NoExpand, Regex};

use super::{
    harm::{Harm, SETTINGS},
    place::{Place, first, last},
};
use crate::{
    config::{self, Hurt, Hurts, LoadOptions},
    digest::Digest,
    durable,
    store::{self, HeldDatabase},
    workspace::Workspace,
};

/// What another process holds, until it is dropped.
#[derive(Debug)]
pub(in crate::drill) enum Held {
    /// A lock.
    Lock(#[expect(dead_code, reason = "held, not read")] Flock<File>),
    /// A port.
    Port(#[expect(dead_code, reason = "held, not read")] TcpListener),
    /// A database.
    Database(#[expect(dead_code, reason = "held, not read")] HeldDatabase),
}

/// What a harm needs to know of its target.
pub(in crate::drill) trait Ground {
    /// Returns the repository.
    fn repo(&self) -> &Path;
    /// Returns the port of a key of drill.toml.
    fn port(&self, key: &str) -> Option<u16>;
    /// Runs a program to its end; why it did not end with 0.
    fn program(&self, words: &[String]) -> Result<(), String>;
}

/// Does one harm. `Ok` when it took; what it holds goes on until it is dropped.
///
/// # Errors
/// Why it did not take.
pub(in crate::drill) fn perform(harm: &Harm, ground: &dyn Ground) -> Result<Option<Held>, String> {
    let repo = ground.repo();
    match harm {
        Harm::Edit { file, pointer, value } => edit(&last(repo, file)?, pointer, value)?,
        Harm::Replace { file, pattern, with, all } => replace(&last(repo, file)?, pattern, with, *all)?,
        Harm::Write { file, text, hex, repeat } => {
            let path = last(repo, file)?;
            make_parent(&path)?;
            written(&path, &bytes_of(text.as_deref(), hex.as_deref(), *repeat)?)?;
        }
        Harm::Append { file, text, hex, repeat } => {
            let path = last(repo, file)?;
            let mut bytes = read(&path)?;
            bytes.extend(bytes_of(text.as_deref(), hex.as_deref(), *repeat)?);
            written(&path, &bytes)?;
        }
        Harm::Flip { file, at, count } => flip(&last(repo, file)?, *at, *count)?,
        Harm::Truncate { file, keep } => {
            let path = last(repo, file)?;
            let mut bytes = read(&path)?;
            bytes.truncate(keep.of(bytes.len()));
            written(&path, &bytes)?;
        }
        Harm::Delete { file } => remove(&last(repo, file)?)?,
        Harm::Swap { file, with } => {
            let (one, other) = (last(repo, file)?, first(repo, with)?);
            let (bytes, others) = (read(&one)?, read(&other)?);
            written(&one, &others)?;
            written(&other, &bytes)?;
        }
        Harm::Copy { file, to } => {
            let (from, to) = (last(repo, file)?, last(repo, to)?);
            make_parent(&to)?;
            written(&to, &read(&from)?)?;
        }
        Harm::Directory { file } => {
            let path = last(repo, file)?;
            if path.symlink_metadata().is_ok() {
                remove(&path)?;
            }
            durable::make_directory(&path).map_err(words)?;
        }
        Harm::Link { file, to } => link(&last(repo, file)?, Path::new(to))?,
        Harm::Age { file, seconds } => age(&last(repo, file)?, *seconds)?,
        Harm::Program { words, .. } => ground.program(words)?,
        Harm::HurtConfig { how } => {
            let hurts = hurts(repo, *how)?;
            written(&repo.join(SETTINGS), hurts.text.as_bytes())?;
        }
        Harm::Sql { file, statements } => sql(&last(repo, file)?, statements)?,
        Harm::HoldLock { .. } | Harm::HoldPort { .. } | Harm::HoldDuckdb { .. } | Harm::HoldSqlite { .. } => {
            return hold(harm, ground).map(Some);
        }
    }
    Ok(None)
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Writes a file that must then be another than before.
fn written(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|before| before == bytes) {
        return Err(format!("{} is what it was", path.display()));
    }
    durable::replace(path, bytes).map_err(words)?;
    let found = Digest::of_file(path).map_err(words)?;
    if found == Digest::of(bytes) { Ok(()) } else { Err(format!("{} reads back as something else", path.display())) }
}

fn make_parent(path: &Path) -> Result<(), String> {
    path.parent().map_or(Ok(()), |parent| durable::make_directory(parent).map_err(words))
}

fn remove(path: &Path) -> Result<(), String> {
    let found = path.symlink_metadata().map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
    let removed = if found.is_dir() { durable::remove_tree(path) } else { durable::remove_file(path) };
    removed.map_err(words)
}

fn edit(path: &Path, pointer: &str, value: &toml::Value) -> Result<(), String> {
    let before = fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let value = serde_json::to_value(value).map_err(words)?;
    let text = config::replace_pointer_by_format(path, &before, pointer, &value).map_err(words)?;
    written(path, text.as_bytes())
}

fn replace(path: &Path, pattern: &str, with: &str, all: bool) -> Result<(), String> {
    let before = fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let pattern = Regex::new(pattern).map_err(words)?;
    if !pattern.is_match(&before) {
        return Err(format!("nothing in {} matches {pattern}", path.display()));
    }
    written(path, pattern.replacen(&before, usize::from(!all), NoExpand(with)).as_bytes())
}

fn flip(path: &Path, at: Place, count: usize) -> Result<(), String> {
    let mut bytes = read(path)?;
    let from = at.of(bytes.len());
    let length = bytes.len();
    let hit = bytes.get_mut(from..from.saturating_add(count)).filter(|hit| !hit.is_empty());
    let hit = hit.ok_or_else(|| format!("{} has only {length} bytes", path.display()))?;
    for byte in hit {
        *byte = !*byte;
    }
    written(path, &bytes)
}

fn bytes_of(text: Option<&str>, hex: Option<&str>, repeat: usize) -> Result<Vec<u8>, String> {
    let one = match (text, hex) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(hex)) => {
            let digits: Option<Vec<u8>> = hex.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
            let digits = digits.filter(|digits| digits.len().is_multiple_of(2));
            let digits = digits.ok_or_else(|| format!("'{hex}' is not hexadecimal"))?;
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
        }
        _ => return Err("bytes are given by either text or hex".into()),
    };
    Ok(one.repeat(repeat))
}

#[expect(clippy::disallowed_methods, reason = "the link is put where it must not be, and its loss is no loss")]
fn link(path: &Path, to: &Path) -> Result<(), String> {
    if path.symlink_metadata().is_ok() {
        remove(path)?;
    }
    make_parent(path)?;
    std::os::unix::fs::symlink(to, path).map_err(words)?;
    if fs::read_link(path).is_ok_and(|found| found == to) { Ok(()) } else { Err("the link is not there".into()) }
}

fn age(path: &Path, seconds: u64) -> Result<(), String> {
    let file = File::options().write(true).open(path).map_err(words)?;
    let before = file.metadata().and_then(|found| found.modified()).map_err(words)?;
    let then = before.checked_sub(Duration::from_secs(seconds)).ok_or("no time is that long ago")?;
    file.set_times(FileTimes::new().set_modified(then)).map_err(words)
}

/// Returns the settings of a workspace with every key wrong in one way.
///
/// # Errors
/// When the config is not one.
pub(super) fn hurts(repo: &Path, how: Hurt) -> Result<Hurts, String> {
    let loaded = config::load(&Workspace::at(repo.into()), &LoadOptions::default()).map_err(words)?;
    Ok(config::hurt_all(loaded.origins.iter().map(|(key, origin)| (key.as_str(), &origin.value)), how))
}

/// Runs statements over a table and looks whether the file is another then.
fn sql(path: &Path, statements: &[String]) -> Result<(), String> {
    let digest = || Digest::of_file(path).map_err(|error| format!("cannot read {}: {error}", path.display()));
    let before = digest()?;
    let run = match path.extension().and_then(|extension| extension.to_str()) {
        Some("sqlite") => store::run_sqlite,
        Some("duckdb") => store::run_duckdb,
        _ => store::rewrite_parquet,
    };
    run(path, statements).map_err(words)?;
    if digest()? == before { Err(format!("{} is what it was", path.display())) } else { Ok(()) }
}

fn hold(harm: &Harm, ground: &dyn Ground) -> Result<Held, String> {
    let repo = ground.repo();
    match harm {
        Harm::HoldLock { file } => {
            let path = last(repo, file)?;
            make_parent(&path)?;
            let open =
                File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(words)?;
            Flock::lock(open, FlockArg::LockExclusiveNonblock).map(Held::Lock).map_err(|(_, error)| words(error))
        }
        Harm::HoldPort { port } => {
            let number = ground.port(port).ok_or_else(|| format!("drill.toml names no port '{port}'"))?;
            TcpListener::bind(("127.0.0.1", number)).map(Held::Port).map_err(words)
        }
        Harm::HoldDuckdb { file } => HeldDatabase::duckdb(&last(repo, file)?).map(Held::Database).map_err(words),
        Harm::HoldSqlite { file } => HeldDatabase::sqlite(&last(repo, file)?).map(Held::Database).map_err(words),
        other => Err(format!("{} holds nothing", other.what())),
    }
}
