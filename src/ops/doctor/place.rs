//! What holds for one workspace: its repository, disk, ports and locks.

use nix::sys::statvfs::statvfs;

use super::{Check, words::Word};
use crate::{
    config::Settings,
    net,
    text::Note,
    vault::Vault,
    workspace::{DIRECTORIES, Lock, Workspace},
};

/// Below this much free space a night may end with a full disk.
const FREE_MIN_MIB: u64 = 1_024;

pub(super) fn checks(workspace: &Workspace, settings: &Settings) -> Vec<Check> {
    let mut checks = vec![repository(workspace), directories(workspace), disk(workspace), locks(workspace)];
    checks.extend(ports(settings));
    checks
}

fn repository(workspace: &Workspace) -> Check {
    let status = Vault::open(workspace.root()).and_then(|vault| Ok((vault.head()?, vault.status()?)));
    match status {
        Ok((head, status)) if status.is_clean() => {
            Check::ok("repository", Note::new(Word::Clean, [&head.get(..12).unwrap_or(&head)]))
        }
        Ok((head, status)) => Check::warn(
            "repository",
            Note::new(
                Word::Changed,
                [&head.get(..12).unwrap_or(&head), &(status.changed.len() + status.untracked.len())],
            ),
            Word::Commit,
        ),
        Err(error) => Check::fail("repository", Note::foreign(error.to_string()), Word::InitGit),
    }
}

fn directories(workspace: &Workspace) -> Check {
    let absent: Vec<&str> = DIRECTORIES.into_iter().filter(|name| !workspace.path(name).is_dir()).collect();
    if absent.is_empty() {
        return Check::ok("directories", Note::new(Word::AllThere, [&DIRECTORIES.len()]));
    }
    Check::fail("directories", Note::new(Word::Missing, [&absent.join(", ")]), Word::RunBootstrap)
}

fn disk(workspace: &Workspace) -> Check {
    match statvfs(workspace.root()) {
        Ok(disk) => {
            let free = disk.blocks_available() * disk.fragment_size() / (1 << 20);
            let found = Note::new(Word::Free, [&format!("{:.1}", free as f64 / 1024.0)]);
            if free < FREE_MIN_MIB { Check::warn("disk", found, Word::FreeSpace) } else { Check::ok("disk", found) }
        }
        Err(error) => Check::fail("disk", Note::foreign(error.to_string()), Word::MountDisk),
    }
}

fn locks(workspace: &Workspace) -> Check {
    match Lock::take(workspace, "night_ops", "doctor") {
        Ok(_) => Check::ok("locks", Word::NoRun),
        Err(error) => Check::warn("locks", Note::foreign(error.to_string()), Word::WaitOrStop),
    }
}

fn ports(settings: &Settings) -> Vec<Check> {
    let addresses: Vec<String> = settings.addresses().into_iter().map(|(_, address)| address).collect();
    let taken: Vec<&str> = addresses.iter().map(String::as_str).filter(|address| !net::is_free(address)).collect();
    if taken.is_empty() {
        return vec![Check::ok("ports", Note::new(Word::PortsFree, [&addresses.join(", ")]))];
    }
    vec![Check::warn("ports", Note::new(Word::PortsTaken, [&taken.join(", ")]), Word::OtherPorts)]
}
