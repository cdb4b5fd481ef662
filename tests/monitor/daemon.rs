//! A monitor that runs as a process in a workspace of its own, on ports of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use lighthunter::{
    bus::{Endpoints, Publisher},
    clock::Stopwatch,
    net::free_ports,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::room::Room;

/// More than anything here takes on a machine that does other work too.
const PATIENCE_SECONDS: f64 = 20.0;

/// Four free ports of the loopback.
pub(super) struct Ports([u16; 4]);

impl Ports {
    pub(super) fn free() -> Self {
        Self(free_ports(4).expect("free").try_into().expect("four"))
    }

    pub(super) const fn page(&self) -> u16 {
        self.0[3]
    }

    pub(super) fn endpoints(&self) -> Endpoints {
        let at = |port: u16| format!("tcp://127.0.0.1:{port}");
        Endpoints::new(&at(self.0[0]), &at(self.0[1]), &at(self.0[2]))
    }

    /// Returns the options that set them.
    pub(super) fn options(&self) -> Vec<String> {
        let Endpoints { pub_endpoint, sub_endpoint, monitor_endpoint } = self.endpoints();
        let sets = [
            format!("event_bus.pub_endpoint={pub_endpoint}"),
            format!("event_bus.sub_endpoint={sub_endpoint}"),
            format!("event_bus.monitor_endpoint={monitor_endpoint}"),
            format!("monitor.port={}", self.page()),
        ];
        sets.into_iter().flat_map(|set| ["--set".to_owned(), set]).collect()
    }

    /// Returns a command's arguments with the options that set them.
    pub(super) fn with<'a>(options: &'a [String], arguments: &[&'a str]) -> Vec<&'a str> {
        arguments.iter().copied().chain(options.iter().map(String::as_str)).collect()
    }
}

/// A monitor that runs; it is killed when dropped.
pub(super) struct Daemon {
    pub(super) room: Room,
    pub(super) ports: Ports,
    child: Child,
}

/// An answer to a request.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Daemon {
    /// Starts a monitor that hosts the bus.
    pub(super) fn start() -> Self {
        Self::start_at(Ports::free())
    }

    /// Starts a monitor at these ports and waits until it serves.
    pub(super) fn start_at(ports: Ports) -> Self {
        let room = Room::fresh();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lighthunter"));
        for name in ["LIGHTHUNTER_ENV", "LIGHTHUNTER_LOG", "LIGHTHUNTER_SEED", "LIGHTHUNTER_NOW"] {
            command.env_remove(name);
        }
        command.env("LIGHTHUNTER_WORKSPACE", room.root()).args(["monitor", "-q", "--interval", "0.2"]);
        let mut child =
            command.args(ports.options()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let said = BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line);
        if said.expect("readable") == 0 {
            let mut stderr = String::new();
            child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("readable");
            panic!("the monitor ended: {stderr}");
        }
        assert_eq!(line.trim(), format!("metrics: http://127.0.0.1:{}/metrics", ports.page()));
        Self { room, ports, child }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns a publisher whose events the monitor hears.
    pub(super) fn publisher(&self, component: &str) -> Publisher {
        let publisher = Publisher::connect(&self.ports.endpoints().pub_endpoint, component).expect("connected");
        assert!(publisher.wait_for_subscribers(Duration::from_secs(10)), "nobody listens");
        publisher
    }

    /// Sends bytes to the page and returns what comes back until the connection ends.
    pub(super) fn send(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports.page())).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(15))).expect("set");
        // A request that is refused early may not be taken to its end.
        let _ = stream.write_all(request);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, text }
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.ports.page()).as_bytes())
    }

    /// Returns a sample of `/metrics` by its name and labels.
    pub(super) fn sample(&self, name: &str) -> Option<f64> {
        let page = self.get("/metrics").text;
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        page.lines().find_map(value)
    }

    /// Waits until a sample is as it should be.
    #[track_caller]
    pub(super) fn wait_for(&self, name: &str, fits: impl Fn(f64) -> bool) {
        let found = until(|| self.sample(name).filter(|value| fits(*value)));
        assert!(found.is_some(), "{name} is {:?} in\n{}", self.sample(name), self.get("/metrics").text);
    }

    pub(super) fn state(&self) -> Value {
        serde_json::from_str(&self.room.read("monitor/state.json")).expect("JSON")
    }

    /// Sends a signal and returns the exit code.
    pub(super) fn end(&mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(self.pid().cast_signed()), signal).expect("sent");
        until(|| self.child.try_wait().expect("known")).expect("it ends").code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer; `None` if patience ends first.
pub(super) fn until<T>(ask: impl FnMut() -> Option<T>) -> Option<T> {
    until_within(PATIENCE_SECONDS, ask)
}

/// As [`until`], with a patience of its own.
pub(super) fn until_within<T>(seconds: f64, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let watch = Stopwatch::start();
    while watch.seconds() < seconds {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        sleep(Duration::from_millis(20));
    }
    None
}
