//! Who holds a port or a socket file: looks it up in /proc.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use super::endpoint::Place;

/// The state of a TCP socket that listens, in /proc/net/tcp.
const LISTENING: &str = "0A";

/// Who holds an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The port, if it is one.
    pub port: Option<u16>,
    /// The process and its command name; `None` if it belongs to somebody else or is gone.
    pub process: Option<(u32, String)>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some((pid, command)) => write!(f, "pid {pid} ({command})")?,
            None => write!(f, "a process that this user cannot see")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, " on port {port}"))
    }
}

impl Holder {
    /// Looks up who listens there.
    #[must_use]
    pub fn of(endpoint: &str) -> Self {
        let place = Place::read(endpoint).ok();
        let (port, inode) = match &place {
            Some(Place::Port(Some(port))) => (Some(*port), listening_inode(*port)),
            Some(Place::Socket(path)) => (None, socket_inode(path)),
            _ => (None, None),
        };
        Self { port, process: inode.and_then(|inode| process_with(&inode)) }
    }
}

fn listening_inode(port: u16) -> Option<String> {
    let table = |name: &str| fs::read_to_string(Path::new("/proc/net").join(name)).unwrap_or_default();
    find_listening(&table("tcp"), port).or_else(|| find_listening(&table("tcp6"), port))
}

/// Finds the inode of a port in the kernel's table: `sl local rem st tx:rx tr:when retrnsmt uid timeout inode`.
fn find_listening(table: &str, port: u16) -> Option<String> {
    let ending = format!(":{port:04X}");
    table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        match columns.as_slice() {
            [_, local, _, state, _, _, _, _, _, inode, ..] if local.ends_with(&ending) && *state == LISTENING => {
                Some((*inode).to_owned())
            }
            _ => None,
        }
    })
}

/// Finds the inode of a socket file: `num refcount protocol flags type st inode path`.
fn socket_inode(path: &Path) -> Option<String> {
    let table = fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let path = path.to_str()?;
    let line = table.lines().find(|line| line.ends_with(path))?;
    line.split_whitespace().nth(6).map(str::to_owned)
}

/// Finds the process that has a socket open.
fn process_with(inode: &str) -> Option<(u32, String)> {
    let wanted = PathBuf::from(format!("socket:[{inode}]"));
    let is_open = |process: &Path| {
        let descriptors = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        descriptors.into_iter().any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|link| link == wanted))
    };
    let mut processes: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    processes.sort_unstable();
    let process = |pid: &u32| Path::new("/proc").join(pid.to_string());
    let pid = processes.iter().find(|pid| is_open(&process(pid)))?;
    let command = fs::read_to_string(process(pid).join("comm")).unwrap_or_else(|_| "unknown".into());
    Some((*pid, command.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Holder, find_listening};

    #[test]
    fn this_process_holds_its_own_port() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        let port = listener.local_addr().expect("bound").port();
        let holder = Holder::of(&format!("tcp://127.0.0.1:{port}"));
        let (pid, command) = holder.process.clone().expect("our own");
        assert_eq!((holder.port, pid), (Some(port), std::process::id()));
        assert!(holder.to_string().contains(&format!("pid {pid} ({command})")), "{holder}");
    }

    #[test]
    fn connected_sockets_hold_no_port() {
        let table = "sl local rem st\n 0: 0100007F:15B3 0100007F:9999 01 0:0 00:0 0 0 0 77\n\
                     1: 0100007F:15B3 00000000:0000 0A 0:0 00:0 0 0 0 78 1\nshort\n";
        assert_eq!(find_listening(table, 5555).as_deref(), Some("78"));
        assert_eq!(find_listening(table, 5556), None);
    }
}
