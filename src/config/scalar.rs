//! The kinds of texts that settings are made of: paths that stay inside, endpoints on this machine,
//! times of day, hosts, ports, symbols.

use std::{
    net::IpAddr,
    path::{Component, Path, PathBuf},
};

use jiff::civil::Time;

use super::section::{Section, is_name};
use crate::market::Symbol;

impl Section<'_> {
    /// Reads a path relative to the workspace that stays inside it, without `.` and `..`.
    pub(super) fn path(&mut self, key: &str) -> PathBuf {
        let allowed = "a path relative to the workspace that stays inside it and out of .git";
        self.parsed(key, allowed, |text| inside(Path::new(text)).ok_or(()))
    }

    /// Reads a ZeroMQ endpoint on this machine.
    pub(super) fn endpoint(&mut self, key: &str) -> String {
        let allowed = "tcp://127.0.0.1:PORT with a port from 1 to 65535, or ipc://PATH inside the workspace";
        self.parsed(key, allowed, |text| if is_endpoint(text) { Ok(text.to_owned()) } else { Err(()) })
    }

    /// Reads a port.
    pub(super) fn port(&mut self, key: &str) -> u16 {
        u16::try_from(self.count(key, 1, u64::from(u16::MAX))).unwrap_or_default()
    }

    /// Reads an address to listen on; warns where others on the network can reach it.
    pub(super) fn host(&mut self, key: &str) -> String {
        let host = self.parsed(key, "an IP address or localhost", |text| {
            if text == "localhost" || text.parse::<IpAddr>().is_ok() { Ok(text.to_owned()) } else { Err(()) }
        });
        if host.parse::<IpAddr>().is_ok_and(|address| !address.is_loopback()) {
            self.warning(key, format!("{host} can be reached from the network, and nothing asks for a password"));
        }
        host
    }

    /// Reads a time of day.
    pub(super) fn time(&mut self, key: &str) -> Time {
        self.parsed(key, "a time HH:MM from 00:00 to 23:59", |text| time_of_day(text).ok_or(()))
    }

    /// Reads a name that can be a directory.
    pub(super) fn name(&mut self, key: &str) -> String {
        self.parsed(key, "a name of letters, digits, _ and -, at most 64", |text| {
            if is_name(text) { Ok(text.to_owned()) } else { Err(()) }
        })
    }

    /// Reads a list of symbols, such as 600000.SH.
    pub(super) fn symbols(&mut self, key: &str) -> Vec<Symbol> {
        let texts = self.texts(key);
        let mut symbols = Vec::with_capacity(texts.len());
        for text in texts.iter().filter(|text| !text.is_empty()) {
            match text.parse() {
                Ok(symbol) => symbols.push(symbol),
                Err(error) => self.mistake(key, error),
            }
        }
        symbols
    }
}

/// Returns the path without `.` and `..`; nothing where it is absolute, leaves the workspace, is the
/// workspace itself, or lies in git's own directory.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut kept = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => kept.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !kept.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    let first = kept.components().next()?;
    (first.as_os_str() != ".git").then_some(kept)
}

fn is_endpoint(text: &str) -> bool {
    if let Some(path) = text.strip_prefix("ipc://") {
        return inside(Path::new(path)).is_some();
    }
    let port = text.strip_prefix("tcp://127.0.0.1:").filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    port.and_then(|port| port.parse::<u16>().ok()).is_some_and(|port| port > 0)
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_two_digits(hour) || !is_two_digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{inside, is_endpoint, time_of_day};

    #[test]
    fn paths_stay_inside_the_workspace() {
        for (path, expected) in [("data/raw", "data/raw"), ("./data//raw/", "data/raw"), ("data/../logs", "logs")] {
            assert_eq!(inside(Path::new(path)).as_deref(), Some(Path::new(expected)), "{path}");
        }
        for path in ["/data", "..", "data/../..", "../x", ".", "", ".git/hooks", "a/../.git/x"] {
            assert_eq!(inside(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn endpoints_stay_on_this_machine() {
        for endpoint in ["tcp://127.0.0.1:1", "tcp://127.0.0.1:65535", "ipc://cache/bus.sock"] {
            assert!(is_endpoint(endpoint), "{endpoint}");
        }
        for endpoint in [
            "tcp://127.0.0.1:0",
            "tcp://127.0.0.1:65536",
            "tcp://127.0.0.1:+5",
            "tcp://0.0.0.0:5555",
            "tcp://*:1",
            "tcp://127.0.0.1",
            "inproc://x",
            "ipc://",
            "ipc:///tmp/x",
            "ipc://../x",
            "tcp://127.0.0.1:5555 ",
        ] {
            assert!(!is_endpoint(endpoint), "{endpoint}");
        }
    }

    #[test]
    fn times_have_two_digits_each() {
        assert_eq!(time_of_day("23:59").map(|time| time.to_string()), Some("23:59:00".into()));
        for text in ["24:00", "9:00", "09:60", "09:00:00", "+9:00", "0900", ""] {
            assert_eq!(time_of_day(text), None, "{text}");
        }
    }
}
