//! Where the bus listens: loopback ports, or sockets in a private directory; anything else is refused.

use std::{
    fs::{self, DirBuilder, File},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use super::{BusError, Holder};
use crate::workspace::lock_while;

/// How long a lock is waited for that may have been let go of, seconds.
const LET_GO_SECONDS: f64 = 0.5;

/// The hosts that are this machine and nobody else.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// The three endpoints of a bus, as the config's `event_bus` names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Where publishers connect.
    pub pub_endpoint: String,
    /// Where subscribers connect.
    pub sub_endpoint: String,
    /// Where the forwarder's queue metrics come out, apart from the bus.
    pub monitor_endpoint: String,
}

impl Endpoints {
    /// Names the three endpoints.
    #[must_use]
    pub fn new(pub_endpoint: &str, sub_endpoint: &str, monitor_endpoint: &str) -> Self {
        Self {
            pub_endpoint: pub_endpoint.into(),
            sub_endpoint: sub_endpoint.into(),
            monitor_endpoint: monitor_endpoint.into(),
        }
    }
}

/// A place that is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A loopback port; `None` is any free one.
    Port(Option<u16>),
    /// A socket file.
    Socket(PathBuf),
}

impl Place {
    /// Reads an endpoint.
    pub(super) fn read(endpoint: &str) -> Result<Self, BusError> {
        let refused = |why: &str| BusError::Endpoint { endpoint: endpoint.into(), why: why.into() };
        if let Some(path) = endpoint.strip_prefix("ipc://") {
            let path = Path::new(path);
            let named = path.is_absolute() && path.file_name().is_some();
            return named.then(|| Self::Socket(path.into())).ok_or_else(|| refused("is no absolute path of a file"));
        }
        let address = endpoint.strip_prefix("tcp://").ok_or_else(|| refused("is neither tcp:// nor ipc://"))?;
        let (host, port) = address.rsplit_once(':').ok_or_else(|| refused("names no port"))?;
        if !LOOPBACK.contains(&host) {
            return Err(refused("is not a loopback address: the bus never leaves this machine"));
        }
        match port {
            "*" | "0" => Ok(Self::Port(None)),
            port => port.parse().map(|port| Self::Port(Some(port))).map_err(|_| refused("names no port")),
        }
    }

    /// Makes sure that a socket file lies in a directory of this user alone, and that no other process
    /// binds there: libzmq would take the file away from it in silence. The claim ends with the file.
    pub(super) fn claim(&self, endpoint: &str) -> Result<Option<File>, BusError> {
        let Self::Socket(path) = self else { return Ok(None) };
        let directory = path.parent().unwrap_or(Path::new("/"));
        if !directory.exists() {
            let made = DirBuilder::new().mode(0o700).create(directory);
            made.map_err(BusError::system("make the private directory", endpoint))?;
        }
        let mode = fs::metadata(directory).map_err(BusError::system("look at the directory", endpoint))?.mode();
        if mode & 0o777 != 0o700 {
            let why = format!("lies in {} with mode {:o}, 700 is needed", directory.display(), mode & 0o777);
            return Err(BusError::Endpoint { endpoint: endpoint.into(), why });
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let lock = File::options().create(true).truncate(false).write(true).open(path.with_file_name(name));
        let lock = lock.map_err(BusError::system("open the lock file", endpoint))?;
        // A program that is being started shares its parent's open files for a moment, so a lock that was let
        // go of may look held.
        let taken = lock_while(&lock, |waited| waited < LET_GO_SECONDS);
        if taken.map_err(BusError::system("lock the lock file", endpoint))? {
            Ok(Some(lock))
        } else {
            Err(BusError::Taken { endpoint: endpoint.into(), holder: Holder::of(endpoint) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;
    use crate::exit::{Exit, Failure as _};

    #[test]
    fn only_this_machine_is_allowed() {
        for allowed in ["tcp://127.0.0.1:5555", "tcp://[::1]:5555", "tcp://localhost:1", "tcp://127.0.0.1:*"] {
            assert!(Place::read(allowed).is_ok(), "{allowed}");
        }
        let refused = [
            "tcp://0.0.0.0:5555",
            "tcp://*:5555",
            "tcp://10.0.0.1:5555",
            "tcp://eth0:1",
            "udp://127.0.0.1:1",
            "tcp://127.0.0.1",
            "tcp://127.0.0.1:x",
            "tcp://127.0.0.1:70000",
            "ipc://relative",
            "inproc://x",
            "nonsense",
        ];
        for endpoint in refused {
            let error = Place::read(endpoint).expect_err("refused");
            assert!(error.to_string().contains(endpoint) && error.exit() == Exit::Config, "{error}");
        }
    }

    #[test]
    fn socket_files_need_a_private_directory() {
        let room = tempfile::tempdir().expect("a directory");
        let endpoint = format!("ipc://{}/bus/pub", room.path().display());
        let place = Place::read(&endpoint).expect("allowed");
        let held = place.claim(&endpoint).expect("made and locked");
        let error = place.claim(&endpoint).expect_err("locked already");
        assert_eq!(error.exit(), Exit::Busy, "{error}");
        drop(held);
        assert!(place.claim(&endpoint).is_ok());
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(room.path().join("bus"), open).expect("set");
        let error = place.claim(&endpoint).expect_err("open to others");
        assert!(error.to_string().contains("755"), "{error}");
    }
}
