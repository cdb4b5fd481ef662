//! A command of the target that runs beside the others until it is ended: its process, and the page
//! that it serves.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    process::Child,
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use serde_json::json;

use super::act::Act;
use crate::clock::Stopwatch;

/// How long a service may take to end by itself, seconds.
const END_SECONDS: f64 = 5.0;
/// How often a service that is ending is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long a page may take.
const PAGE_PATIENCE: Duration = Duration::from_secs(2);
/// How much of a page is read, bytes.
const PAGE_BYTES_MAX: u64 = 1 << 20;

/// A command that runs beside the others. It is ended when this is dropped, with whatever it started.
#[derive(Debug)]
pub(super) struct Service {
    child: Child,
    url: String,
    act: Option<Act>,
}

impl Service {
    /// Takes a child that leads a process group of its own and serves a page at `url`.
    pub(super) fn new(child: Child, url: String, act: Option<Act>) -> Self {
        Self { child, url, act }
    }

    /// Says how the process ended, if it has.
    pub(super) fn ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Returns the page that it serves now.
    ///
    /// # Errors
    /// When it does not answer, or with something else than a page.
    pub(super) fn page(&self) -> io::Result<String> {
        let (_, path) = address_of(&self.url)?;
        self.page_at(path)
    }

    /// Returns the page at another path of the same server.
    ///
    /// # Errors
    /// When it does not answer, or with something else than a page.
    pub(super) fn page_at(&self, path: &str) -> io::Result<String> {
        page_of(&self.url, path)
    }

    /// Returns the address of the page that it serves.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
        if matches!(self.child.try_wait(), Ok(None)) {
            // One that has just ended cannot be told to, which is no error.
            let _ = killpg(group, Signal::SIGTERM);
            let watch = Stopwatch::start();
            while matches!(self.child.try_wait(), Ok(None)) && watch.seconds() < END_SECONDS {
                thread::sleep(LOOK_EVERY);
            }
        }
        // What it left running goes with it.
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
        if let Some(act) = self.act.take() {
            act.done(json!({}));
        }
    }
}

/// Returns the page at a path of the server of `url`.
///
/// # Errors
/// When it does not answer, or with something else than a page.
pub(super) fn page_of(url: &str, path: &str) -> io::Result<String> {
    let unusable = |what: &str| io::Error::other(format!("{url}: {what}"));
    let ((host, _), path) = (address_of(url)?, path.trim_start_matches('/'));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PAGE_PATIENCE))?;
    stream.set_write_timeout(Some(PAGE_PATIENCE))?;
    // In one piece: a server that answers to the first of several would reset what comes later.
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(PAGE_BYTES_MAX).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| unusable("does not answer in HTTP"))?;
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) == Some("200") { Ok(body.to_owned()) } else { Err(unusable(status)) }
}

/// Returns the host with its port, and the path.
fn address_of(url: &str) -> io::Result<(&str, &str)> {
    let rest = url.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
    rest.ok_or_else(|| io::Error::other(format!("{url} is no address of a page")))
}

/// Returns the errors of a component that an OpenMetrics page counts; none where it does not name it.
pub(super) fn errors_on(page: &str, component: &str) -> f64 {
    let label = format!("errors_total{{component=\"{component}\"}} ");
    let mut counts = page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(&label));
    counts.find_map(|(_, count)| count.split(' ').next()?.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        os::unix::process::CommandExt as _,
        process::Command,
        thread,
    };

    use super::{Service, errors_on};

    fn sleeper(url: String) -> Service {
        Service::new(Command::new("sleep").arg("60").process_group(0).spawn().expect("started"), url, None)
    }

    #[test]
    fn page_is_read_and_the_process_goes_with_the_service() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            for status in ["200 OK", "503 Unavailable"] {
                let (mut stream, _) = listener.accept().expect("a visitor");
                let _ = stream.read(&mut [0; 512]).expect("a request");
                write!(stream, "HTTP/1.1 {status}\r\nA: b\r\n\r\nx_errors_total{{component=\"a\"}} 2 1.5\n")
                    .expect("sent");
            }
        });
        let mut service = sleeper(format!("http://{address}/metrics"));
        assert_eq!(errors_on(&service.page().expect("a page"), "a"), 2.0);
        assert!(service.page().expect_err("no page").to_string().contains("503"));
        server.join().expect("served");
        assert!(service.page().is_err(), "nobody is there");
        assert_eq!(service.ended(), None);
        let process = format!("/proc/{}", service.child.id());
        drop(service);
        assert!(!std::path::Path::new(&process).exists());
    }

    #[test]
    fn errors_are_those_of_the_component() {
        let page = "# TYPE x_errors counter\nx_errors_total{component=\"ab\"} 7\nx_errors_total{component=\"a\"} 3\n";
        assert_eq!([errors_on(page, "a"), errors_on(page, "ab"), errors_on(page, "b")], [3.0, 7.0, 0.0]);
    }
}
