//! What the monitor does not see is an error of its own, and what comes back is noted.

use std::{
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use lighthunter::bus::{Bus, BusEvent as _, Endpoints, ErrorEvent, Publisher};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::daemon::{Daemon, Ports, until, until_within};

/// Where the child of a test publishes or hosts.
const ENDPOINT: &str = "LIGHTHUNTER_TEST_PUB_ENDPOINT";
/// A heartbeat a second, three may be missing, and a turn of the loop.
const SEEN_WITHIN_SECONDS: f64 = 5.0;

/// Starts a test of this file in a process of its own.
fn child(test: &str, endpoint: &str) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", &format!("monitor::blindness::{test}")])
        .env(ENDPOINT, endpoint)
        .stdout(Stdio::null())
        .spawn()
        .expect("started")
}

#[test]
fn a_component_that_is_killed_is_an_error_and_one_that_ends_is_not() {
    if let Ok(endpoint) = std::env::var(ENDPOINT) {
        // The child: lives until it is killed.
        let _publisher = Publisher::connect(&endpoint, "killed").expect("connected");
        std::thread::sleep(Duration::from_mins(1));
        return;
    }
    let monitor = Daemon::start();
    drop(monitor.publisher("ended"));
    let name = "a_component_that_is_killed_is_an_error_and_one_that_ends_is_not";
    let mut child = child(name, &monitor.ports.endpoints().pub_endpoint);
    monitor.wait_for("lighthunter_heartbeat_age_seconds{component=\"killed\"}", |age| age < 2.0);
    assert_eq!(monitor.get("/healthz").status, 200);
    let errors = "lighthunter_errors_total{component=\"monitor\"}";
    assert_eq!(monitor.sample(errors), Some(0.0));
    child.kill().expect("killed");
    child.wait().expect("ended");

    let seen = until_within(SEEN_WITHIN_SECONDS, || monitor.sample(errors).filter(|count| *count == 1.0));
    assert!(seen.is_some(), "{}", monitor.get("/metrics").text);
    let health = monitor.get("/healthz");
    assert_eq!(health.status, 503);
    assert!(health.text.contains("no heartbeat of killed"), "{}", health.text);
    let state = until(|| Some(monitor.state()).filter(|state| state["monitor"]["blind"] == true)).expect("written");
    assert!(state["errors"]["monitor"]["last_message"].as_str().is_some_and(|words| words.starts_with("blind: ")));
    let log = monitor.room.read("logs/lighthunter.log");
    let line = log.lines().find(|line| line.contains("no heartbeat of killed")).expect("in the log");
    assert!(line.contains("ERROR") && line.contains("\"monitor\""), "{line}");

    let _again = monitor.publisher("killed");
    monitor.wait_for("lighthunter_monitor_blind", |blind| blind == 0.0);
    assert_eq!(monitor.get("/healthz").status, 200);
    assert_eq!(monitor.sample(errors), Some(1.0), "counted once, and who said goodbye is not missed");
    until(|| monitor.state()["monitor"]["last_recovery"].as_str().map(|_| ())).expect("noted");
}

#[test]
fn the_bus_is_taken_over_when_its_host_goes() {
    let ports = Ports::free();
    let host = Bus::join(&ports.endpoints()).expect("hosted");
    assert!(host.is_host());
    let monitor = Daemon::start_at(ports);
    assert_eq!(monitor.sample("lighthunter_monitor_hosts_bus"), Some(0.0));
    drop(host);
    monitor.wait_for("lighthunter_monitor_hosts_bus", |hosts| hosts == 1.0);
    let publisher = monitor.publisher("late");
    let ts = lighthunter::clock::Clock::system().now();
    assert!(publisher.wait_for_listener(ErrorEvent::TOPIC, Duration::from_secs(10)));
    let event = ErrorEvent { component: "late".into(), message: "m".into(), level: "error".into(), ts };
    publisher.publish(&event).expect("sent");
    monitor.wait_for("lighthunter_errors_total{component=\"late\"}", |count| count == 1.0);
}

#[test]
fn a_forwarder_that_hangs_makes_blind_until_it_goes_on() {
    if let Ok(endpoints) = std::env::var(ENDPOINT) {
        let [publishers, subscribers, metrics] = endpoints.split(' ').collect::<Vec<_>>()[..] else { return };
        let _host = Bus::join(&Endpoints::new(publishers, subscribers, metrics)).expect("hosted");
        std::thread::sleep(Duration::from_mins(1));
        return;
    }
    let ports = Ports::free();
    let Endpoints { pub_endpoint, sub_endpoint, monitor_endpoint } = ports.endpoints();
    let place = format!("{pub_endpoint} {sub_endpoint} {monitor_endpoint}");
    let mut host = child("a_forwarder_that_hangs_makes_blind_until_it_goes_on", &place);
    let address = sub_endpoint.trim_start_matches("tcp://");
    until(|| TcpStream::connect(address).ok()).expect("the child hosts");
    let monitor = Daemon::start_at(ports);
    monitor.wait_for("lighthunter_heartbeat_age_seconds{component=\"forwarder\"}", |age| age < 2.0);
    let pid = Pid::from_raw(host.id().cast_signed());
    kill(pid, Signal::SIGSTOP).expect("stopped");
    let blind = || Some(monitor.get("/healthz")).filter(|health| health.text.contains("nothing is heard on the bus"));
    let health = until_within(SEEN_WITHIN_SECONDS, blind).expect("it says so in time");
    assert_eq!(health.status, 503);
    kill(pid, Signal::SIGCONT).expect("goes on");
    monitor.wait_for("lighthunter_monitor_blind", |blind| blind == 0.0);
    assert_eq!(monitor.sample("lighthunter_errors_total{component=\"monitor\"}"), Some(1.0), "of the bus alone");
    host.kill().expect("killed");
    host.wait().expect("ended");
}

#[test]
fn a_state_that_cannot_be_written_is_said_and_loses_no_error() {
    let monitor = Daemon::start();
    let state = monitor.room.path("monitor/state.json");
    std::fs::remove_file(&state).expect("removed");
    monitor.room.write("monitor/state.json/in_the_way", "");
    let publisher = monitor.publisher("trade_core");
    let ts = lighthunter::clock::Clock::system().now();
    let event = ErrorEvent { component: "trade_core".into(), message: "m".into(), level: "error".into(), ts };
    publisher.publish(&event).expect("sent");
    monitor.wait_for("lighthunter_monitor_line_failures_total", |count| count >= 3.0);
    let ill = until(|| Some(monitor.get("/healthz")).filter(|health| health.status == 503)).expect("it says so");
    assert!(ill.text.contains("no metrics line could be written"), "{}", ill.text);
    assert_eq!(monitor.sample("lighthunter_errors_total{component=\"trade_core\"}"), Some(1.0));
    std::fs::remove_dir_all(&state).expect("removed");
    let whole = until(|| std::fs::read_to_string(&state).ok()).expect("written again");
    let whole: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
    assert_eq!(whole["errors"]["trade_core"]["count"], 1, "{whole}");
    until(|| (monitor.get("/healthz").status == 200).then_some(())).expect("well again");
}
