//! A page that is served by a process for a workspace of its own, on a port of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use lighthunter::clock::Stopwatch;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::room::Room;

/// A page that is served; its process is killed when this is dropped.
pub(crate) struct Server {
    pub(crate) room: Room,
    pub(crate) port: u16,
    child: Child,
}

/// An answer to a request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Server {
    /// Serves a workspace and waits until it answers.
    pub(crate) fn of(room: Room) -> Self {
        Self::with(room, &[], &[])
    }

    /// As [`of`](Self::of), with further options and variables.
    pub(crate) fn with(room: Room, options: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lighthunter"));
        for name in ["LIGHTHUNTER_ENV", "LIGHTHUNTER_LOG", "LIGHTHUNTER_SEED", "LIGHTHUNTER_NOW"] {
            command.env_remove(name);
        }
        command.env("LIGHTHUNTER_WORKSPACE", room.root()).args(["hud", "-q", "--port", "0"]).args(options);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut line = String::new();
        let said = BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line);
        if said.expect("readable") == 0 {
            let mut stderr = String::new();
            child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("readable");
            panic!("the server ended: {stderr}");
        }
        let port = line.trim().trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
        Self { room, port: port.unwrap_or_else(|| panic!("no port in '{line}'")), child }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Opens a connection and sends bytes.
    pub(crate) fn open(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        // A request that is refused early may not be taken to its end.
        let _ = stream.write_all(request);
        stream
    }

    /// Sends bytes and returns what comes back until the connection ends.
    pub(crate) fn send(&self, request: &[u8]) -> Answer {
        let mut bytes = Vec::new();
        let _ = self.open(request).read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Answer {
        let host = format!("Host: 127.0.0.1:{}\r\nConnection: close\r\n", self.port);
        self.send(format!("{method} {path} HTTP/1.1\r\n{host}\r\n").as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path)
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}:\n{}", answer.body))
    }

    /// Returns the grade of a fact.
    pub(crate) fn grade(&self, fact: &str) -> String {
        self.json("/api/dashboard")["facts"][fact]["grade"].as_str().unwrap_or("none").to_owned()
    }

    /// Returns what is said about a fact.
    pub(crate) fn notes(&self, fact: &str) -> String {
        self.json("/api/dashboard")["facts"][fact]["notes"].to_string()
    }

    /// Listens to the events.
    pub(crate) fn listen(&self, query: &str) -> Listener {
        let host = format!("Host: 127.0.0.1:{}\r\n", self.port);
        let stream = self.open(format!("GET /events{query} HTTP/1.1\r\n{host}\r\n").as_bytes());
        Listener(BufReader::new(stream))
    }

    /// Sends a signal and returns the exit code.
    pub(crate) fn end(&mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(self.pid().cast_signed()), signal).expect("sent");
        let watch = Stopwatch::start();
        while watch.seconds() < 10.0 {
            if let Some(status) = self.child.try_wait().expect("known") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One who listens to the events.
pub(crate) struct Listener(BufReader<TcpStream>);

impl Listener {
    /// Returns the name and the data of the next event.
    pub(crate) fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).expect("an event in time") > 0, "the events ended");
            if let Some(found) = line.strip_prefix("event: ") {
                found.trim().clone_into(&mut name);
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).expect("JSON"));
            }
        }
    }

    /// Returns the next event whose tile of a fact has a class.
    pub(crate) fn until_tile(&mut self, fact: &str, grade: &str) -> Value {
        let class = format!("class=\"tile {grade}\"");
        let watch = Stopwatch::start();
        while watch.seconds() < 20.0 {
            let (name, data) = self.next();
            if name == "tiles" && data["tiles"][fact].as_str().is_some_and(|tile| tile.contains(&class)) {
                return data;
            }
        }
        panic!("{fact} does not become {grade}");
    }
}
