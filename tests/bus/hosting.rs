//! Who hosts the forwarder: the first, another when it goes, nobody where a foreign program holds the port.

use std::{
    env,
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use lighthunter::{
    bus::{AccountNavEvent, Bus, BusError, BusEvent as _, Endpoints, ErrorEvent, Received, Subscriber},
    exit::{Exit, Failure as _},
};

use super::{PATIENCE, error};

/// Names the endpoints that the host process of a test is to use.
const HOST_VARIABLE: &str = "LIGHTHUNTER_TEST_BUS_HOST";

fn free_endpoints() -> Endpoints {
    let ports = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [pub_endpoint, sub_endpoint, monitor_endpoint] =
        ports.map(|port| format!("tcp://{}", port.local_addr().expect("bound")));
    Endpoints::new(&pub_endpoint, &sub_endpoint, &monitor_endpoint)
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

/// Runs as the host process of the test below, until it is killed.
#[test]
#[ignore = "a process that another test starts"]
fn host_process() {
    let Ok(endpoints) = env::var(HOST_VARIABLE) else { panic!("{HOST_VARIABLE} names the endpoints") };
    let [pub_endpoint, sub_endpoint, monitor_endpoint] = endpoints.split(' ').collect::<Vec<_>>()[..] else {
        panic!("three endpoints in {endpoints}")
    };
    let bus = Bus::join(&Endpoints::new(pub_endpoint, sub_endpoint, monitor_endpoint)).expect("hosted");
    assert!(bus.is_host());
    thread::sleep(Duration::from_secs(60));
}

fn host_elsewhere(endpoints: &Endpoints) -> Child {
    let named = [&*endpoints.pub_endpoint, &*endpoints.sub_endpoint, &*endpoints.monitor_endpoint].join(" ");
    Command::new(env::current_exe().expect("this program"))
        .args(["bus::hosting::host_process", "--exact", "--ignored", "--nocapture"])
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
    let endpoints = free_endpoints();
    let mut host = host_elsewhere(&endpoints);
    let mut bus = join_as_guest(&endpoints);
    assert!(!bus.is_host() && !bus.take_over().expect("not needed"));
    let mut subscriber = bus.subscriber(&[ErrorEvent::TOPIC]).expect("connected");
    let publisher = bus.publisher("simulate").expect("a publisher");
    assert!(publisher.wait_for_listener(ErrorEvent::TOPIC, PATIENCE));
    publisher.publish(&error("before")).expect("published");
    assert_eq!(next_frame(&mut subscriber).seq(), 1);

    host.kill().and_then(|()| host.wait()).expect("killed");
    thread::sleep(Duration::from_millis(200));
    for _ in 0..10 {
        publisher.publish(&error("into the void")).expect("publishing goes on");
    }
    assert!(publisher.flush(PATIENCE));
    assert!(bus.take_over().expect("taken over") && bus.is_host());
    assert!(publisher.wait_for_listener(ErrorEvent::TOPIC, PATIENCE), "both connect again");

    // A heartbeat or the next message reveals what was lost.
    let mut missed = 0;
    let mut received = 1;
    publisher.publish(&error("after")).expect("published");
    while missed + received < 12 {
        match subscriber.next(PATIENCE).expect("received") {
            Some(Received::Gap { publisher: id, topic, missed: some }) => {
                assert_eq!((id.as_str(), topic.as_str()), (publisher.id(), ErrorEvent::TOPIC));
                missed += some;
            }
            Some(Received::Frame(_)) => received += 1,
            None => panic!("{missed} missed and {received} received of 12"),
        }
    }
    assert!(missed >= 1, "what was sent while nobody carried is lost");
    assert_eq!((missed + received, subscriber.counts().missed), (12, missed));
}
