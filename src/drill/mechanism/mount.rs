//! A directory of the target becomes a small file system, or one that cannot be written, for one command: in a
//! user and mount namespace of its own, so that nothing outside of the command sees it and no privilege is
//! needed. What a small file system held at the end is put back into the directory, as when space was made.

use std::path::PathBuf;

use serde::Deserialize;

use super::{CommandLine, Place, Seen, before, located, tried, witness::Witness};
use crate::{
    drill::DrillError,
    durable::{self, DurableError},
};

/// What the script leaves in the scratch directory once the directory is a device of its own.
const MOUNTED: &str = "mounted";

/// The script that mounts, in the scratch directory.
const SCRIPT: &str = "mount.sh";

/// A directory that is a small file system of its own. What is in it is taken along. Without limits it is
/// another device and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tmpfs {
    /// The directory, relative to the repository.
    pub path: String,
    /// How much is free in it, KiB; all it wants where nothing is named.
    pub free_kib: Option<u64>,
    /// How many more files it can hold; any number where nothing is named.
    pub free_inodes: Option<u64>,
}

/// A directory that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadOnly {
    /// The directory, relative to the repository.
    pub path: String,
}

/// The mount of one run.
#[derive(Debug)]
pub(super) struct Armed {
    script: PathBuf,
    directory: PathBuf,
    errors: &'static [(&'static str, &'static str)],
    witness: Witness,
}

/// How a shell ends as the command ended that it ran: by the same signal or with the same code.
const END: &str = "if [ $code -gt 128 ]; then trap - EXIT; kill -$((code - 128)) $$; fi\nexit $code\n";

impl Tmpfs {
    pub(super) fn arm(&self, place: &Place<'_>) -> Result<Armed, DrillError> {
        let free = |limit: Option<u64>, plenty: u64| limit.unwrap_or(plenty);
        let text = format!(
            "set -e\n\
             directory=$1; scratch=$2; shift 2\n\
             mkdir -p \"$scratch/below\"\n\
             mount --bind \"$directory\" \"$scratch/below\"\n\
             mount -t tmpfs none \"$directory\"\n\
             cp -a \"$scratch/below/.\" \"$directory/\"\n\
             [ \"$(stat -c %d \"$directory\")\" != \"$(stat -c %d \"$scratch/below\")\" ] && : > \"$scratch/{MOUNTED}\"\n\
             used=$(df -k --output=used \"$directory\" | tail -n 1)\n\
             inodes=$(df --output=iused \"$directory\" | tail -n 1)\n\
             mount -o remount,size=$((used + {kib}))k,nr_inodes=$((inodes + {inodes})) none \"$directory\"\n\
             code=0\n\
             cd \"$PWD\"\n\
             \"$@\" || code=$?\n\
             cd \"$scratch/below\"\n\
             mkdir .back\n\
             cp -a \"$directory/.\" .back/\n\
             for one in * .[!.]*; do\n\
             [ \"$one\" = .back ] || [ -e \".back/$one\" ] || [ -L \".back/$one\" ] || rm -rf \"$one\"\n\
             [ ! -d \".back/$one\" ] || rm -rf \"$one\"\n\
             done\n\
             find .back -mindepth 1 -maxdepth 1 -exec mv -ft . {{}} +\n\
             rmdir .back\n\
             {END}",
            kib = free(self.free_kib, 1 << 20),
            inodes = free(self.free_inodes, 1 << 20),
        );
        // It comes back file by file over what was there: who follows a record never sees it gone, or begun anew.
        // Without a limit it is another device and nothing else.
        let is_small = self.free_kib.is_some() || self.free_inodes.is_some();
        armed(place, &self.path, &text, if is_small { &[("ENOSPC", "No space left")] } else { &[] })
    }
}

impl ReadOnly {
    pub(super) fn arm(&self, place: &Place<'_>) -> Result<Armed, DrillError> {
        let text = format!(
            "set -e\n\
             directory=$1; shift 2\n\
             mount --bind \"$directory\" \"$directory\"\n\
             mount -o remount,bind,ro \"$directory\"\n\
             code=0\n\
             cd \"$PWD\"\n\
             \"$@\" || code=$?\n\
             {END}"
        );
        armed(place, &self.path, &text, &[("EROFS", "Read-only file system")])
    }
}

fn armed(
    place: &Place<'_>,
    path: &str,
    text: &str,
    errors: &'static [(&'static str, &'static str)],
) -> Result<Armed, DrillError> {
    let directory = located(place, path);
    if !directory.is_dir() {
        let source = std::io::Error::from(std::io::ErrorKind::NotADirectory);
        return Err(DrillError::Unreadable { path: directory, source });
    }
    let script = place.scratch.join(SCRIPT);
    durable::replace(&script, text).map_err(|source: DurableError| DrillError::Storage(source))?;
    Ok(Armed { script, directory, errors, witness: Witness::of(place) })
}

impl Armed {
    pub(super) fn wrap(&self, inner: CommandLine) -> CommandLine {
        let scratch = self.script.parent().unwrap_or(&self.script);
        let shown = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let words = vec!["-Urm".into(), "sh".into(), shown(&self.script), shown(&self.directory), shown(scratch)];
        // The tracer inside: what the mount itself does is not the target's.
        before("unshare", words, self.witness.wrap(inner))
    }

    pub(super) fn fired(&self, seen: &Seen<'_>) -> Result<String, String> {
        if self.errors.is_empty() {
            let mounted = self.script.with_file_name(MOUNTED).exists();
            let sentence = || format!("{} is a device of its own", self.directory.display());
            return if mounted { Ok(sentence()) } else { Err(format!("nothing was mounted; {}", seen.ended)) };
        }
        self.witness.saw(self.errors, seen)
    }
}

/// Mounts a file system of one page in a namespace of its own and fills it.
pub(super) fn probe() -> Result<(), String> {
    let script = "mount -t tmpfs -o size=4k none /tmp && mount --bind /tmp /tmp && head -c 9000 /dev/zero > /tmp/full";
    let (_, said) = tried("unshare", &["-Urm", "sh", "-c", script])?;
    if said.contains("No space left") {
        return Ok(());
    }
    Err(format!("this machine lets nobody mount in a namespace of his own: {said}"))
}
