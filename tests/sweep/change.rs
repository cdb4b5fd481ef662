//! One change of the disk, as the witness and the recorder tell it and as the disk in memory makes it.

use std::{fmt, path::PathBuf};

/// One change of the disk, with paths below the root of the sweep.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Create(PathBuf),
    Write {
        path: PathBuf,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        path: PathBuf,
        length: u64,
    },
    Sync(PathBuf),
    SyncBelow(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Link {
        from: PathBuf,
        to: PathBuf,
    },
    Symlink {
        target: PathBuf,
        link: PathBuf,
    },
    Remove(PathBuf),
    RemoveTree(PathBuf),
    MakeDirectory(PathBuf),
    /// No change: what was done until here was acknowledged under this name.
    Acknowledged(String),
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(path) => write!(f, "create {}", path.display()),
            Self::Write { path, offset, bytes } => {
                write!(f, "write {} bytes at {offset} of {}", bytes.len(), path.display())
            }
            Self::Truncate { path, length } => write!(f, "cut {} to {length}", path.display()),
            Self::Sync(path) => write!(f, "sync '{}'", path.display()),
            Self::SyncBelow(path) => write!(f, "sync all below '{}'", path.display()),
            Self::Rename { from, to } => write!(f, "rename {} to {}", from.display(), to.display()),
            Self::Link { from, to } => write!(f, "link {} as {}", from.display(), to.display()),
            Self::Symlink { target, link } => write!(f, "point {} at {}", link.display(), target.display()),
            Self::Remove(path) => write!(f, "remove {}", path.display()),
            Self::RemoveTree(path) => write!(f, "remove all of {}", path.display()),
            Self::MakeDirectory(path) => write!(f, "make directory {}", path.display()),
            Self::Acknowledged(name) => write!(f, "acknowledged {name}"),
        }
    }
}
