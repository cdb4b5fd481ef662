//! What holds for one workspace: its repository, disk, ports and locks.

use std::net::TcpListener;

use nix::sys::statvfs::statvfs;

use super::Check;
use crate::{
    config::Settings,
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
            Check::ok("repository", format!("commit {}, clean", head.get(..12).unwrap_or(&head)))
        }
        Ok((head, status)) => Check::warn(
            "repository",
            format!(
                "commit {}, {} files changed",
                head.get(..12).unwrap_or(&head),
                status.changed.len() + status.untracked.len()
            ),
            "Commit what is meant to be in force: a drill needs a clean tree.",
        ),
        Err(error) => Check::fail("repository", error.to_string(), "Run `git init` and commit, or `lighthunter init`."),
    }
}

fn directories(workspace: &Workspace) -> Check {
    let absent: Vec<&str> = DIRECTORIES.into_iter().filter(|name| !workspace.path(name).is_dir()).collect();
    if absent.is_empty() {
        return Check::ok("directories", format!("all {} are there", DIRECTORIES.len()));
    }
    Check::fail("directories", format!("missing: {}", absent.join(", ")), "Run `lighthunter bootstrap`.")
}

fn disk(workspace: &Workspace) -> Check {
    match statvfs(workspace.root()) {
        Ok(disk) => {
            let free = disk.blocks_available() * disk.fragment_size() / (1 << 20);
            let found = format!("{:.1} GiB free", free as f64 / 1024.0);
            if free < FREE_MIN_MIB {
                Check::warn("disk", found, "Free at least 1 GiB.")
            } else {
                Check::ok("disk", found)
            }
        }
        Err(error) => Check::fail("disk", error.to_string(), "Check that the workspace's disk is mounted."),
    }
}

fn locks(workspace: &Workspace) -> Check {
    match Lock::take(workspace, "night_ops", "doctor") {
        Ok(_) => Check::ok("locks", "no run is under way"),
        Err(error) => Check::warn("locks", error.to_string(), "Wait for it to end, or stop that process."),
    }
}

fn ports(settings: &Settings) -> Vec<Check> {
    let bus = &settings.event_bus;
    let endpoints = [&bus.pub_endpoint, &bus.sub_endpoint, &bus.monitor_endpoint];
    let mut addresses: Vec<String> =
        endpoints.iter().filter_map(|endpoint| Some(endpoint.strip_prefix("tcp://")?.to_owned())).collect();
    addresses.push(format!("{}:{}", settings.hud.host, settings.hud.port));
    let taken: Vec<&str> =
        addresses.iter().map(String::as_str).filter(|address| TcpListener::bind(address).is_err()).collect();
    if taken.is_empty() {
        return vec![Check::ok("ports", format!("{} are free", addresses.join(", ")))];
    }
    let remedy = "Stop what holds them (`ss -ltnp` names it), or set other ports in config/system_config.json.";
    vec![Check::warn("ports", format!("taken: {}", taken.join(", ")), remedy)]
}
