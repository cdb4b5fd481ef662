//! What the monitor does not see is an error of its own, and what comes back is noted.

use std::{
    net::TcpListener,
    process::{Command, Stdio},
    time::Duration,
};

use lighthunter::bus::{Bus, BusEvent as _, ErrorEvent, Publisher};

use super::daemon::{Daemon, Ports, until, until_within};

/// Where the child of the test below publishes.
const ENDPOINT: &str = "LIGHTHUNTER_TEST_PUB_ENDPOINT";
/// A heartbeat a second, three may be missing, and a turn of the loop.
const SEEN_WITHIN_SECONDS: f64 = 5.0;

#[test]
fn a_component_that_is_killed_is_an_error_and_one_that_ends_is_not() {
    if let Ok(endpoint) = std::env::var(ENDPOINT) {
        // The child: lives until it is killed.
        let _publisher = Publisher::connect(&endpoint, "killed").expect("connected");
        std::thread::sleep(Duration::from_secs(60));
        return;
    }
    let monitor = Daemon::start();
    drop(monitor.publisher("ended"));
    let name = "monitor::blindness::a_component_that_is_killed_is_an_error_and_one_that_ends_is_not";
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", name])
        .env(ENDPOINT, monitor.ports.endpoints().pub_endpoint)
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
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
fn a_bus_that_carries_nothing_makes_blind() {
    let ports = Ports::free();
    let host = Bus::join(&ports.endpoints()).expect("hosted");
    let monitor = Daemon::start_at(ports);
    drop(host);
    // A stranger sits down at the port before the monitor can host.
    let port = monitor.ports.endpoints().sub_endpoint;
    let address = port.trim_start_matches("tcp://");
    let stranger = until(|| TcpListener::bind(address).ok());
    if stranger.is_none() || monitor.sample("lighthunter_monitor_hosts_bus") == Some(1.0) {
        eprintln!("skipped: the monitor was faster than the stranger");
        return;
    }
    monitor.wait_for("lighthunter_monitor_blind", |blind| blind == 1.0);
    assert!(monitor.get("/healthz").text.contains("nothing is heard on the bus"));
    drop(stranger);
    monitor.wait_for("lighthunter_monitor_blind", |blind| blind == 0.0);
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
