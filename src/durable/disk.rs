//! The changes of the disk that this room is made of, each announced to a witness before it is made. No file is
//! synced here without being asked for: what must be synced when is the business of the rest of this room.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, symlink},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    parent,
    witness::{Change, Fate, announce, decided},
};

/// What the names of temporary files begin with; the number of their process follows.
pub(super) const TEMPORARY: &str = ".lighthunter-";

/// Counts the temporary files of this process.
static TEMPORARIES: AtomicU64 = AtomicU64::new(0);

pub(super) fn write_all(mut file: &File, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
    match decided(&Change::Write { path, offset, bytes }) {
        Fate::Happens => file.write_all(bytes),
        Fate::Fails(error) => Err(error),
        Fate::Partly(count, error) => file.write_all(&bytes[..count.min(bytes.len())]).and(Err(error)),
    }
}

pub(super) fn truncate(file: &File, path: &Path, length: u64) -> io::Result<()> {
    announce(&Change::Truncate { path, length })?;
    file.set_len(length)
}

pub(super) fn sync_data(file: &File, path: &Path) -> io::Result<()> {
    announce(&Change::Sync(path))?;
    file.sync_data()
}

pub(super) fn sync_all(file: &File, path: &Path) -> io::Result<()> {
    announce(&Change::Sync(path))?;
    file.sync_all()
}

#[expect(clippy::disallowed_methods, reason = "this is the one atomic replace")]
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    announce(&Change::Rename { from, to })?;
    fs::rename(from, to)
}

pub(super) fn hard_link(from: &Path, to: &Path) -> io::Result<()> {
    announce(&Change::Link { from, to })?;
    fs::hard_link(from, to)
}

#[expect(clippy::disallowed_methods, reason = "this is the one atomic replace")]
pub(super) fn symbolic_link(target: &Path, link: &Path) -> io::Result<()> {
    announce(&Change::Symlink { target, link })?;
    symlink(target, link)
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    announce(&Change::Remove(path))?;
    fs::remove_file(path)
}

pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    announce(&Change::RemoveTree(path))?;
    fs::remove_dir_all(path)
}

/// Makes one directory; one that is there is none of its own.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    announce(&Change::MakeDirectory(path))?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// Opens a file to append to, which is made where it is missing; says whether it was.
pub(super) fn open_to_append(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    // A link in the place of a record could lead to any file of the person.
    options.read(true).append(true).custom_flags(nix::libc::O_NOFOLLOW);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            announce(&Change::Create(path))?;
            options.create(true).open(path).map(|file| (file, true))
        }
        opened => opened.map(|file| (file, false)),
    }
}

/// A file that is being written under a temporary name beside its place; dropped, it vanishes.
#[derive(Debug)]
pub struct Draft {
    file: File,
    name: DraftName,
    offset: u64,
}

/// The temporary name of a file that is written; dropped, the file vanishes.
#[derive(Debug)]
pub(super) struct DraftName(Option<PathBuf>);

impl Draft {
    /// Makes an empty file beside `place`.
    pub(super) fn beside(place: &Path) -> io::Result<Self> {
        loop {
            let number = TEMPORARIES.fetch_add(1, Ordering::Relaxed);
            let path = parent(place).join(format!("{TEMPORARY}{}-{number}.tmp", std::process::id()));
            announce(&Change::Create(&path))?;
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                // Left by a process that had this number once.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => return Ok(Self { file: opened?, name: DraftName(Some(path)), offset: 0 }),
            }
        }
    }

    /// Sets the permissions that the file will have.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn set_permissions(&self, permissions: fs::Permissions) -> io::Result<()> {
        self.file.set_permissions(permissions)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        sync_all(&self.file, self.name.path())
    }

    /// Closes the file; what is left is its name.
    pub(super) fn into_name(self) -> DraftName {
        self.name
    }
}

impl io::Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_all(&self.file, self.name.path(), self.offset, bytes)?;
        self.offset += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DraftName {
    pub(super) fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// Gives the file its place.
    pub(super) fn publish(mut self, place: &Path) -> io::Result<()> {
        rename(self.path(), place)?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for DraftName {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Best effort: what is left is found by its name.
            let _ = remove(path);
        }
    }
}
