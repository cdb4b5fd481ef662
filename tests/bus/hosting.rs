//! Who hosts the forwarder: the first, another when it goes, nobody where a foreign program holds the port.

use std::{
    env,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use lighthunter::{
    bus::{AccountNavEvent, Bus, BusError, BusEvent as _, Endpoints, ErrorEvent, Received, Subscriber},
    clock::Stopwatch,
    exit::{Exit, Failure as _},
    net::free_ports,
};

use super::{
    PATIENCE, error,
    python::{Script, interpreter},
};

/// Names the endpoints that the host process of a test is to use.
const HOST_VARIABLE: &str = "LIGHTHUNTER_TEST_BUS_HOST";

fn free_endpoints() -> Endpoints {
    let at: Vec<String> = free_ports(3).expect("free").iter().map(|port| format!("tcp://127.0.0.1:{port}")).collect();
    Endpoints::new(&at[0], &at[1], &at[2])
}

fn nav(account: &str, nav: f64) -> AccountNavEvent<'_> {
    AccountNavEvent {
        account_id: account.into(),
        ts: jiff::Timestamp::UNIX_EPOCH,
        nav,
        nav_peak: nav,
        dd_total: 0.0,
        dd_intraday: 0.0,
        gross_exposure: 0.0,
        max_single_weight: 0.0,
    }
}

fn next_frame(subscriber: &mut Subscriber) -> lighthunter::bus::Frame {
    match subscriber.next(PATIENCE).expect("received") {
        Some(Received::Frame(frame)) => frame,
        other => panic!("{other:?} instead of a frame"),
    }
}

#[test]
fn second_process_joins_and_late_joiners_get_a_snapshot() {
    let endpoints = free_endpoints();
    let host = Bus::join(&endpoints).expect("hosted");
    let joined = Bus::join(&endpoints).expect("joined");
    assert!(host.is_host() && !joined.is_host());
    let mut early = host.subscriber(&["account.", "log."]).expect("connected");
    let publisher = joined.publisher("simulate").expect("a publisher");
    assert!(publisher.wait_for_listener(ErrorEvent::TOPIC, PATIENCE), "told across processes");
    for (account, value) in [("a", 1.0), ("b", 2.0), ("a", 3.0)] {
        publisher.publish(&nav(account, value)).expect("published");
    }
    let live: Vec<u64> = (0..3).map(|_| next_frame(&mut early).seq()).collect();
    assert_eq!(live, [1, 2, 3]);

    let mut late = joined.subscriber(&["account."]).expect("connected");
    let mut seen: Vec<(u64, bool, f64)> = (0..2)
        .map(|_| next_frame(&mut late))
        .map(|f| (f.seq(), f.is_snapshot(), f.decode::<AccountNavEvent<'_>>().expect("an event").nav))
        .collect();
    seen.sort_by_key(|(seq, ..)| *seq);
    assert_eq!(seen, [(2, true, 2.0), (3, true, 3.0)]);
    publisher.publish(&nav("a", 4.0)).expect("published");
    for subscriber in [&mut late, &mut early] {
        let frame = next_frame(subscriber);
        assert_eq!((frame.seq(), frame.is_snapshot()), (4, false), "early ones pass over the snapshot");
        assert_eq!(subscriber.counts().replayed, 0);
    }
}

#[test]
fn foreign_program_on_the_port_is_named() {
    let endpoints = free_endpoints();
    let port = endpoints.sub_endpoint.rsplit_once(':').expect("a port").1.to_owned();
    let code = "import socket, sys, time\ns = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n\
                print('ready', flush=True)\ntime.sleep(60)";
    let spawned = Command::new("python3").args(["-c", code, &port]).stdout(Stdio::piped()).spawn();
    let Ok(mut foreign) = spawned else {
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "no python3");
        return eprintln!("skipped: python3 not present");
    };
    std::io::Read::read_exact(foreign.stdout.as_mut().expect("piped"), &mut [0; 5]).expect("ready");
    let refused = Bus::join(&endpoints);
    foreign.kill().and_then(|()| foreign.wait()).expect("killed");
    let refused = refused.expect_err("taken");
    let BusError::Taken { holder, .. } = &refused else { panic!("{refused}") };
    let (pid, command) = holder.process.clone().expect("seen");
    assert_eq!((pid, holder.port.map(|port| port.to_string())), (foreign.id(), Some(port.clone())));
    assert!(command.starts_with("python"), "{command}");
    let message = refused.to_string();
    assert!(message.contains(&port) && message.contains(&pid.to_string()) && message.contains(&command), "{message}");
    assert_eq!(refused.exit(), Exit::Busy);
    assert!(Bus::join(&endpoints).expect("free again").is_host());
}

/// A test of its own, and the host process of the test below when that names its endpoints: then it runs
/// until it is killed.
#[test]
fn a_host_that_leaves_frees_its_ports() {
    let named = env::var(HOST_VARIABLE).ok();
    let endpoints = match named.as_deref().map(|named| named.split(' ').collect::<Vec<_>>()).as_deref() {
        Some([pub_endpoint, sub_endpoint, monitor]) => Endpoints::new(pub_endpoint, sub_endpoint, monitor),
        Some(other) => panic!("three endpoints, not {other:?}"),
        None => free_endpoints(),
    };
    let bus = Bus::join(&endpoints).expect("hosted");
    assert!(bus.is_host());
    if named.is_some() {
        thread::sleep(Duration::from_mins(1));
    }
    bus.close(Duration::from_millis(100));
    assert!(Bus::join(&endpoints).expect("free again").is_host());
}

fn host_elsewhere(endpoints: &Endpoints) -> Child {
    let named = [&*endpoints.pub_endpoint, &*endpoints.sub_endpoint, &*endpoints.monitor_endpoint].join(" ");
    Command::new(env::current_exe().expect("this program"))
        .args(["bus::hosting::a_host_that_leaves_frees_its_ports", "--exact", "--nocapture"])
        .env(HOST_VARIABLE, named)
        .stdout(Stdio::null())
        .spawn()
        .expect("started")
}

/// Joins until the host of another process is up.
fn join_as_guest(endpoints: &Endpoints) -> Bus {
    for _ in 0..100 {
        let listening = |endpoint: &str| lighthunter::bus::Holder::of(endpoint).process.is_some();
        if [&endpoints.pub_endpoint, &endpoints.sub_endpoint].into_iter().all(|endpoint| listening(endpoint)) {
            return Bus::join(endpoints).expect("joined");
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("the host process never came up");
}

#[test]
fn host_dies_another_takes_over_and_the_gap_shows() {
    let Some(python) = interpreter() else { return };
    let endpoints = free_endpoints();
    let mut host = host_elsewhere(&endpoints);
    let mut bus = join_as_guest(&endpoints);
    assert!(!bus.is_host() && !bus.take_over().expect("not needed"));
    let script = Script::documented(&python, &endpoints.sub_endpoint, &[ErrorEvent::TOPIC]);
    let publisher = bus.publisher("simulate").expect("a publisher");
    assert!(publisher.wait_for_listener(ErrorEvent::TOPIC, PATIENCE));
    publisher.publish(&error("before")).expect("published");
    script.lines_until(|line| line["message"] == "before");

    // The listener cannot connect again before the others have: what they say then passes without it.
    script.signal("STOP");
    host.kill().and_then(|()| host.wait()).expect("killed");
    publisher.publish(&error("nobody carries")).expect("publishing goes on");
    let deadline = Stopwatch::start();
    while !bus.take_over().expect("taken over") {
        assert!(deadline.seconds() < PATIENCE.as_secs_f64(), "the ports stay taken");
        thread::sleep(Duration::from_millis(50));
    }
    assert!(bus.is_host());
    let mut other = bus.subscriber(&[ErrorEvent::TOPIC]).expect("connected");
    while other.counts().received == 0 {
        assert!(deadline.seconds() < PATIENCE.as_secs_f64(), "the publisher never connected again");
        publisher.publish(&error("carried again")).expect("published");
        other.next(Duration::from_millis(100)).expect("received");
    }
    script.signal("CONT");

    let mut lines = Vec::new();
    while !lines.iter().any(|line: &serde_json::Value| line["gap"] == ErrorEvent::TOPIC) {
        assert!(deadline.seconds() < PATIENCE.as_secs_f64(), "no gap in {lines:?}");
        publisher.publish(&error("heard again")).expect("published");
        thread::sleep(Duration::from_millis(100));
        lines.extend(script.lines_so_far());
    }
    publisher.publish(&error("the end")).expect("published");
    lines.extend(script.lines_until(|line| line["message"] == "the end"));
    let last = lines.last().and_then(|line| line["seq"].as_u64()).expect("a number");
    let received = lines.iter().filter(|line| line["topic"] == ErrorEvent::TOPIC).count() as u64;
    let of_errors = lines.iter().filter(|line| line["gap"] == ErrorEvent::TOPIC);
    let missed: u64 = of_errors.filter_map(|line| line["missed"].as_u64()).sum();
    assert_eq!(1 + received + missed, last, "each was received or is told");
}
