//! The audit of what a drill leaves behind: processes, ports, mounts, and changes outside its root. What
//! is found makes the drill NotReady.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{
    DrillError, Spec,
    process::{ProcessId, within},
};
use crate::{
    digest::Digest,
    rollback::{self, Fingerprint},
};

/// The kernel's tables of TCP sockets.
const SOCKETS: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
/// The state of a socket that listens.
const LISTENING: &str = "0A";
/// How many changes of one place are named.
const CHANGES_NAMED: usize = 10;

/// What is outside a drill's root before it starts.
#[derive(Debug)]
pub(super) struct Outside {
    origin: Option<(PathBuf, Fingerprint)>,
    reports: PathBuf,
    home: Option<PathBuf>,
    home_names: BTreeSet<OsString>,
}

impl Outside {
    /// Looks at the repository that is drilled, where one was given, and at the person's home.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub(super) fn look(origin: Option<&Path>, reports: &Path) -> Result<Self, DrillError> {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let state = |path: &Path| -> Result<(PathBuf, Fingerprint), DrillError> {
            let extra = Spec::of(path)?.extra_files();
            Ok((path.to_path_buf(), rollback::fingerprint_with(path, &extra)?))
        };
        Ok(Self {
            origin: origin.map(state).transpose()?,
            reports: reports.canonicalize().unwrap_or_else(|_| reports.into()),
            home_names: home.as_deref().map(names).unwrap_or_default(),
            home,
        })
    }

    /// Returns what has changed, one line a thing; the drill's own reports do not count.
    pub(super) fn changes(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some((path, before)) = &self.origin {
            match rollback::fingerprint_again(path, before) {
                Ok(after) => lines.extend(self.changed_entries(path, before, &after)),
                Err(error) => lines.push(format!("the target's repository cannot be read any more: {error}")),
            }
        }
        if let Some(home) = &self.home {
            let now = names(home);
            let new = now.difference(&self.home_names).take(CHANGES_NAMED);
            lines.extend(new.map(|name| format!("{} is new", home.join(name).display())));
        }
        lines
    }

    fn changed_entries(&self, origin: &Path, before: &Fingerprint, after: &Fingerprint) -> Vec<String> {
        let entries = |print: &Fingerprint| -> BTreeMap<String, Digest> {
            let all = print.layers.values().flat_map(|layer| layer.entries.clone());
            all.filter(|(name, _)| !origin.join(name).starts_with(&self.reports)).collect()
        };
        let (before, after) = (entries(before), entries(after));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
        changed.take(CHANGES_NAMED).map(|name| format!("the target's own repository changed: {name}")).collect()
    }
}

/// Returns what is still there of the drill in `root`: processes, who listens at one of its `ports`, and
/// mounts; one line a thing.
pub(super) fn audit(root: &Path, ports: &BTreeSet<u16>) -> Vec<String> {
    let processes = within(root);
    let mut lines: Vec<String> =
        processes.iter().map(|id| format!("process {} still runs: {}", id.pid, id.command())).collect();
    let taken = listeners(ports);
    if !taken.is_empty() {
        lines.extend(owned_ports(root, &processes, &taken));
    }
    lines.extend(mounts(root).into_iter().map(|place| format!("{place} is still mounted")));
    lines
}

/// Returns the ports among `ports` that someone listens at, by the socket's inode.
fn listeners(ports: &BTreeSet<u16>) -> BTreeMap<String, u16> {
    let tables = SOCKETS.iter().filter_map(|table| fs::read_to_string(table).ok());
    let mut found = BTreeMap::new();
    for table in tables {
        for line in table.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, address, _, state, _, _, _, _, _, inode, ..] = fields.as_slice() else { continue };
            let port = address.rsplit_once(':').and_then(|(_, port)| u16::from_str_radix(port, 16).ok());
            if let Some(port) = port.filter(|port| *state == LISTENING && ports.contains(port)) {
                found.insert((*inode).to_owned(), port);
            }
        }
    }
    found
}

/// A free port that was given back may be anybody's by now: it is the drill's where who listens there is a
/// process of the drill, or has a file of its root open.
fn owned_ports(root: &Path, processes: &[ProcessId], taken: &BTreeMap<String, u16>) -> Vec<String> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let own = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
    let mut lines = Vec::new();
    for pid in pids.filter(|pid| *pid != own) {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let open: Vec<PathBuf> = open.filter_map(|entry| fs::read_link(entry.path()).ok()).collect();
        let is_own = processes.iter().any(|id| id.pid == pid) || open.iter().any(|path| path.starts_with(root));
        let inode = |path: &PathBuf| Some(path.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned());
        let ports = open.iter().filter_map(inode).filter_map(|inode| taken.get(&inode));
        lines.extend(ports.filter(|_| is_own).map(|port| format!("port {port} is still listened at by process {pid}")));
    }
    lines.sort();
    lines
}

fn mounts(root: &Path) -> Vec<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let places = table.lines().filter_map(|line| line.split(' ').nth(4));
    places.filter(|place| Path::new(place).starts_with(root)).map(str::to_owned).collect()
}

fn names(directory: &Path) -> BTreeSet<OsString> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::TcpListener, os::unix::process::CommandExt as _, process::Command};

    use super::{Outside, audit, listeners};
    use crate::{clock::Clock, durable, vault::Vault};

    #[test]
    fn process_in_the_root_is_residue_and_a_port_of_somebody_else_is_not() {
        let room = tempfile::tempdir().expect("a directory");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let ports = BTreeSet::from([listener.local_addr().expect("an address").port()]);
        assert_eq!(listeners(&ports).len(), 1);
        assert_eq!(audit(room.path(), &ports), Vec::<String>::new());
        let mut child =
            Command::new("sleep").arg("60").current_dir(room.path()).process_group(0).spawn().expect("started");
        let lines = audit(room.path(), &ports);
        child.kill().expect("ended");
        child.wait().expect("waited");
        assert!(lines.len() == 1 && lines[0].contains("sleep 60"), "{lines:?}");
    }

    #[test]
    fn change_of_the_targets_own_repository_is_residue_and_a_report_is_not() {
        let room = tempfile::tempdir().expect("a directory");
        let origin = room.path().join("origin");
        let vault = Vault::init(&origin).expect("made");
        durable::replace(&origin.join("a.txt"), "a").expect("written");
        vault.commit_all("first", Clock::system().now()).expect("committed");
        let reports = origin.join("reports");
        durable::make_directory(&reports).expect("made");
        let outside = Outside::look(Some(&origin), &reports).expect("looked");
        durable::replace(&reports.join("report.html"), "x").expect("written");
        assert_eq!(outside.changes(), Vec::<String>::new());
        durable::replace(&origin.join("a.txt"), "b").expect("written");
        assert_eq!(outside.changes(), ["the target's own repository changed: a.txt"]);
    }
}
