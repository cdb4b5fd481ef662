//! The temporary root of a drill: its place follows from the drill's id, so that it is known before it is
//! made and is found again by whoever recovers the drill. Nothing else is ever removed.
//!
//! It is in memory where there is room: an environment is a thousand directories that live for seconds, and a
//! disk takes longer to make and remove them than the target takes to run. What a disk costs the target is seen
//! with `--root disk`, as the nightly regression does; the record says where the environments lay.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::sys::statvfs::{FsFlags, statvfs};
use serde::{Deserialize, Serialize};

use super::DrillError;
use crate::{clock::pause, durable::DurableError};

/// What the environments of a drill are to lie on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Medium {
    /// Memory, where a sync costs nothing. A disk where there is no room, or `TMPDIR` names another place.
    #[default]
    Memory,
    /// The system's temporary directory, or that of `TMPDIR`.
    Disk,
}

/// What the name of every root begins with.
const PREFIX: &str = "lighthunter-drill-";
/// How often a removal is tried: a process that was just killed may still write.
const TRIES: u32 = 5;

/// Where files in memory are.
const MEMORY: &str = "/dev/shm";
/// How much room the memory must have, as a file system and as memory, bytes.
const MEMORY_BYTES_MIN: u64 = 4 << 30;
/// The file systems that are memory.
const IN_MEMORY: [&str; 2] = ["tmpfs", "ramfs"];

/// Returns where the root of the drill `id` goes: a real path, so that it is found again in what the
/// target prints.
pub(super) fn place(id: &str, medium: Medium) -> Result<PathBuf, DrillError> {
    let is_named = std::env::var_os("TMPDIR").is_some();
    let parent = match medium {
        Medium::Memory if !is_named && has_room(Path::new(MEMORY)) => MEMORY.into(),
        Medium::Memory | Medium::Disk => std::env::temp_dir(),
    };
    let parent = parent.canonicalize().map_err(DurableError::at("resolve", &parent))?;
    Ok(parent.join(format!("{PREFIX}{id}")))
}

/// Returns where the root of the drill `id` was made, whose journal does not say it.
pub(super) fn found(id: &str) -> Result<PathBuf, DrillError> {
    let in_memory = Path::new(MEMORY).join(format!("{PREFIX}{id}"));
    if in_memory.is_dir() { Ok(in_memory) } else { place(id, Medium::Disk) }
}

/// Says what `path` lies on, for the record: seconds on a disk are others than seconds in memory.
pub(super) fn medium_of(path: &Path) -> String {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    match file_system(path, &table) {
        Some(kind) if IN_MEMORY.contains(&kind) => format!("environments in memory ({kind})"),
        Some(kind) => format!("environments on disk ({kind})"),
        None => "environments on an unknown file system".to_owned(),
    }
}

/// Returns the kind of the file system that holds `path`, from the kernel's table of mounts: of those that it is
/// below, the innermost, and of several at one place the last.
fn file_system<'a>(path: &Path, table: &'a str) -> Option<&'a str> {
    let mounts = table.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let place = place.split(' ').nth(4)?;
        path.starts_with(place).then_some((place.len(), kind.split(' ').next()?))
    });
    mounts.max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

/// Says whether `directory` is in memory, lets programs be executed and written, and has room.
fn has_room(directory: &Path) -> bool {
    let refusing = FsFlags::ST_NOEXEC | FsFlags::ST_RDONLY;
    let is_free = statvfs(directory).is_ok_and(|found| {
        !found.flags().intersects(refusing) && found.blocks_available() * found.fragment_size() >= MEMORY_BYTES_MIN
    });
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    is_free
        && file_system(directory, &table).is_some_and(|kind| IN_MEMORY.contains(&kind))
        && nix::unistd::access(directory, nix::unistd::AccessFlags::W_OK).is_ok()
        && available_bytes(&fs::read_to_string("/proc/meminfo").unwrap_or_default()) >= MEMORY_BYTES_MIN
}

/// Returns the memory that the kernel could give, from its own table.
fn available_bytes(table: &str) -> u64 {
    let line = table.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) << 10
}

/// Makes the root. One that is there is another drill's, unless `again` says that this one was recovered
/// and kept an environment in it.
pub(super) fn make(root: &Path, again: bool) -> Result<(), DrillError> {
    match DirBuilder::new().mode(0o700).create(root) {
        Err(error) if again && error.kind() == io::ErrorKind::AlreadyExists && root.is_dir() => Ok(()),
        made => Ok(made.map_err(DurableError::at("make", root))?),
    }
}

/// Removes what is in the root of the drill `id`, all but the environments that are `kept`, and the root
/// itself when nothing is left. A path that is not such a root is not touched.
pub(super) fn remove(root: &Path, id: &str, kept: &[PathBuf]) -> Result<bool, DrillError> {
    let is_own = root.file_name().is_some_and(|name| name.to_string_lossy() == format!("{PREFIX}{id}"));
    let is_there = fs::symlink_metadata(root).is_ok_and(|found| found.is_dir());
    if !is_own || !is_there {
        return Ok(false);
    }
    for entry in fs::read_dir(root).map_err(DurableError::at("list", root))? {
        let path = entry.map_err(DurableError::at("list", root))?.path();
        if !kept.contains(&path) {
            remove_tree(&path).map_err(DurableError::at("remove", &path))?;
        }
    }
    if kept.iter().any(|path| path.starts_with(root) && path.exists()) {
        return Ok(true);
    }
    fs::remove_dir(root).map_err(DurableError::at("remove", root))?;
    Ok(true)
}

/// Removes whatever is at `path`; nothing there is no error.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    let mut tried = 0;
    loop {
        let is_tree = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        let removed = if is_tree { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        tried += 1;
        match removed {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if tried == TRIES => return Err(error),
            Err(_) => pause(Duration::from_millis(20)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Medium, available_bytes, file_system, found, has_room, medium_of, place, remove};

    #[test]
    fn memory_is_asked_for_room_and_what_is_no_memory_has_none() {
        assert_eq!(available_bytes("MemTotal: 9 kB\nMemAvailable:    5 kB\n"), 5 << 10);
        assert_eq!(available_bytes("MemTotal: 9 kB\n"), 0);
        assert!(!has_room(std::path::Path::new("/proc")));
        assert!(!has_room(std::path::Path::new("/nowhere")));
    }

    #[test]
    fn root_is_where_it_is_asked_for_and_says_what_it_lies_on() {
        let disk = place("x", Medium::Disk).expect("a place");
        assert!(
            disk.starts_with(std::env::temp_dir().canonicalize().expect("there"))
                && disk.ends_with("lighthunter-drill-x")
        );
        assert_eq!(found("x").expect("a place"), disk, "of a drill without a root the disk's is meant");
        let memory = place("x", Medium::Memory).expect("a place");
        if memory == disk {
            eprintln!("skipped: no room in /dev/shm, or TMPDIR is set");
        } else {
            assert_eq!(memory, std::path::Path::new("/dev/shm/lighthunter-drill-x"));
            assert_eq!(medium_of(&memory), "environments in memory (tmpfs)");
        }
        let table = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:5 / /dev/shm rw shared:4 - tmpfs tmpfs rw\n\
                     3 1 8:2 / /dev/shm/deep rw - xfs /dev/b rw\n";
        for (path, kind) in
            [("/tmp/x", "ext4"), ("/dev/shm/x", "tmpfs"), ("/dev/shmx", "ext4"), ("/dev/shm/deep/x", "xfs")]
        {
            assert_eq!(file_system(std::path::Path::new(path), table), Some(kind), "{path}");
        }
        assert_eq!(file_system(std::path::Path::new("/x"), ""), None);
    }

    #[test]
    fn only_the_root_of_that_drill_is_removed_and_what_is_kept_stays() {
        let room = tempfile::tempdir().expect("a directory");
        let (own, other) = (room.path().join("lighthunter-drill-a"), room.path().join("precious"));
        for path in [&own.join("e01"), &own.join("e02/repo"), &other] {
            fs::create_dir_all(path).expect("made");
        }
        assert!(!remove(&other, "a", &[]).expect("looked") && other.exists());
        assert!(!remove(&own, "b", &[]).expect("looked") && own.join("e01").exists());
        assert!(remove(&own, "a", &[own.join("e02"), other.clone()]).expect("removed"));
        assert!(own.join("e02/repo").exists() && !own.join("e01").exists());
        assert!(remove(&own, "a", &[]).expect("removed") && !own.exists());
        assert!(!remove(&own, "a", &[]).expect("looked"), "twice does no harm");
    }
}
