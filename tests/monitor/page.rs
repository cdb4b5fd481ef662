//! The page and the process from outside: hostile requests, taken ports, signals, `--once`.

use std::{
    net::{TcpListener, TcpStream},
    time::Duration,
};

use lighthunter::{
    bus::{Bus, Publisher},
    clock::Stopwatch,
};
use nix::sys::signal::Signal;

use super::daemon::{Daemon, Ports};
use crate::room::Room;

#[test]
fn hostile_requests_are_refused() {
    let monitor = Daemon::start();
    let host = format!("Host: 127.0.0.1:{}\r\n", monitor.ports.page());
    let evil = format!("Host: evil.example:{}\r\n", monitor.ports.page());
    let long = format!("GET /metrics HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET /metrics HTTP/1.1\r\n{host}{}\r\n", "X: x\r\n".repeat(1_000));
    let cases = [
        (format!("GET /metrics HTTP/1.1\r\n{evil}\r\n"), 403, "another host"),
        ("GET /metrics HTTP/1.1\r\n\r\n".into(), 403, "no host"),
        (format!("GET http://evil.example/metrics HTTP/1.1\r\n{host}\r\n"), 403, "another target"),
        (format!("POST /metrics HTTP/1.1\r\n{evil}Content-Length: 0\r\n\r\n"), 403, "another host first"),
        (format!("POST /metrics HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n"), 405, "a POST"),
        (format!("DELETE /healthz HTTP/1.1\r\n{host}\r\n"), 405, "a DELETE"),
        (format!("POST /metrics HTTP/1.1\r\n{host}Content-Length: 1000000000\r\n\r\n"), 413, "a body"),
        (format!("GET /metrics HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nF"), 413, "a body in pieces"),
        (format!("GET /../../etc/passwd HTTP/1.1\r\n{host}\r\n"), 404, "a path outside"),
        (format!("GET /metrics/%2e%2e/x HTTP/1.1\r\n{host}\r\n"), 404, "an escaped path"),
        (format!("GET / HTTP/1.1\r\n{host}\r\n"), 404, "no such page"),
        (long, 431, "a header of 1 MB"),
        (many, 431, "a thousand headers"),
        ("\u{16}\u{3}\u{1}\u{0}\r\n\r\n".into(), 400, "TLS"),
    ];
    for (request, status, why) in cases {
        let answer = monitor.send(request.as_bytes());
        assert_eq!(answer.status, status, "{why}: {}", answer.text);
        assert!(!answer.text.contains("lighthunter_"), "{why}: it was served");
    }
    let answer = monitor.get("/metrics");
    assert_eq!(answer.status, 200);
    let head = answer.text.split("\r\n\r\n").next().expect("a head").to_lowercase();
    for line in ["content-type: application/openmetrics-text; version=1.0.0; charset=utf-8", "connection: close"] {
        assert!(head.contains(line), "{head}");
    }
}

#[test]
fn peers_that_say_nothing_do_not_keep_others_out() {
    let monitor = Daemon::start();
    let silent: Vec<TcpStream> =
        (0..40).map(|_| TcpStream::connect(("127.0.0.1", monitor.ports.page())).expect("connected")).collect();
    drop(silent);
    let held: Vec<TcpStream> =
        (0..16).map(|_| TcpStream::connect(("127.0.0.1", monitor.ports.page())).expect("connected")).collect();
    let watch = Stopwatch::start();
    assert_eq!(monitor.get("/healthz").status, 200, "as soon as the silent ones are cut");
    assert!(watch.seconds() < 10.0, "{}", watch.seconds());
    drop(held);
}

#[test]
fn a_taken_port_says_who_holds_it() {
    let room = Room::fresh();
    let ports = Ports::free();
    let options = ports.options();
    let pid = format!("pid {}", std::process::id());
    let holder = TcpListener::bind(("127.0.0.1", ports.page())).expect("free");
    let page = ports.page().to_string();
    room.refused(11, &Ports::with(&options, &["monitor"]), &["monitor.port", &page, &pid, "integration"]);
    drop(holder);
    let endpoint = ports.endpoints().sub_endpoint;
    let _holder = TcpListener::bind(endpoint.trim_start_matches("tcp://")).expect("free");
    room.refused(11, &Ports::with(&options, &["monitor"]), &[&endpoint, &pid, "integration"]);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let room = Room::fresh();
    for interval in ["0", "-1", "nan", "inf", "4000"] {
        let option = format!("--interval={interval}");
        room.refused(2, &["monitor", &option], &["--interval"]);
    }
    room.refused(10, &["monitor", "--set", "event_bus.enabled=false"], &["event_bus.enabled"]);
}

#[test]
fn signals_end_it_and_give_the_port_back() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let mut monitor = Daemon::start();
        let second = monitor.ports.options();
        monitor.room.refused(11, &Ports::with(&second, &["monitor", "--once"]), &["monitor", "process"]);
        assert_eq!(monitor.end(signal), Some(code));
        TcpListener::bind(("127.0.0.1", monitor.ports.page())).expect("the port is free");
        let lines = monitor.room.lines("logs/monitor/metrics.jsonl");
        assert!(lines.last().is_some_and(|line| line.contains("\"ended_at\":\"")), "the last line is written");
    }
}

#[test]
fn once_says_whether_there_is_a_bus() {
    let room = Room::fresh();
    let ports = Ports::free();
    let options = ports.options();
    let once = ["monitor", "--once", "--interval", "0.3"];
    let done = room.run_to(19, &Ports::with(&options, &once));
    assert!(done.stderr.contains("nothing was heard"), "{}", done.stderr);
    let bus = Bus::join(&ports.endpoints()).expect("hosted");
    let _publisher: Publisher = bus.publisher("trade_core").expect("a publisher");
    std::thread::sleep(Duration::from_millis(50));
    let done = room.run_to(0, &Ports::with(&options, &["monitor", "--once", "--interval", "1.5", "--json"]));
    let state = done.json();
    assert!(state["heartbeats"]["trade_core"].is_string(), "{state}");
    assert_eq!(state["monitor"]["hosts_bus"], false);
    let lines = room.lines("logs/monitor/metrics.jsonl");
    assert_eq!(serde_json::from_str::<serde_json::Value>(lines.last().expect("a line")).expect("JSON"), state);
}
