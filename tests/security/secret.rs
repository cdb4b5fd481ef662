//! A canary in the place of a secret: it is used, and afterwards no file holds it.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use lighthunter::{bus::Subscriber, net::free_ports};

use crate::{hud::server::Server, room::Room};

/// A token that stands nowhere else.
const CANARY: &str = "canary7f3a9c51e2d84b06";
/// The variables that hold secrets, and some that a person might put one in.
const VARIABLES: [&str; 4] = ["LIGHTHUNTER_HUD_TOKEN", "LIGHTHUNTER_SOURCE_TOKEN", "API_KEY", "AWS_SECRET_ACCESS_KEY"];

/// Returns every file below `root` that holds the canary, plain or in base64.
fn holders(root: &Path) -> (usize, Vec<PathBuf>) {
    // Of `:CANARY` and `x:CANARY`, as basic authorisation has it: three alignments, without the ends.
    let needles = [CANARY.to_owned(), "Y2FuYXJ5N2YzYTljNTFlMmQ4NGIw".into(), "NhbmFyeTdmM2E5YzUxZTJkODRiM".into()];
    let (mut looked, mut found, mut open) = (0, Vec::new(), vec![root.to_path_buf()]);
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                looked += 1;
                let bytes = fs::read(entry.path()).unwrap_or_default();
                let holds = |needle: &String| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
                if needles.iter().any(holds) {
                    found.push(entry.path());
                }
            }
        }
    }
    (looked, found)
}

fn run(room: &Room, arguments: &[&str]) -> String {
    let mut command = room.command();
    for variable in VARIABLES {
        command.env(variable, CANARY);
    }
    let output = command.args(arguments).output().expect("it starts");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn canary_is_used_and_written_nowhere() {
    let room = Room::nighted();
    room.write("../token", CANARY);
    let commands: [&[&str]; 9] = [
        &["night-ops", "-vv"],
        &["simulate", "--speed", "max", "-vv"],
        &["day-ops", "-vv"],
        &["doctor", "-vv"],
        &["config", "show", "--origin"],
        &["baseline", "create", "-vv"],
        &["hud", "--host", "0.0.0.0", "--port", "1", "--token-file", "../token"],
        &["night-ops", "--set", "hud.prot=1"],
        &["data", "import", "/nowhere"],
    ];
    for arguments in commands {
        let said = run(&room, arguments);
        assert!(!said.contains(CANARY), "{arguments:?} said it");
    }
    fs::remove_file(room.path("../token")).expect("removed");
    let (looked, found) = holders(&room.root());
    assert!(looked > 300, "{looked} files");
    assert!(found.is_empty(), "{found:?}");
    let server = Server::with(room, &["--allow-host", "quant.example"], &[(VARIABLES[0], CANARY)]);
    let port = server.port;
    for header in [format!("Authorization: Bearer {CANARY}"), "Authorization: Bearer wrong".into(), "X: y".into()] {
        for path in ["/", "/api/dashboard", "/metrics", "/nowhere"] {
            let path = format!("{path}?token={CANARY}");
            let head =
                format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{header}\r\n\r\n");
            let answer = server.send(head.as_bytes());
            assert!(!answer.body.contains(CANARY) && !answer.head.contains(CANARY), "{path} {header}");
        }
    }
    let (_, found) = holders(&server.room.root());
    assert!(found.is_empty(), "the HUD wrote it to {found:?}");
}

#[test]
fn a_drill_with_a_canary_leaves_none_in_its_evidence() {
    let room = Room::fresh();
    let reports = room.path("../drill-reports");
    let reports_text = reports.display().to_string();
    let said = run(&room, &["drill", "run", "features/1_bootstrap/workspace.feature", "--reports", &reports_text]);
    assert!(!said.contains(CANARY), "the drill said it");
    let (looked, found) = holders(&reports);
    assert!(looked >= 5, "{looked} files of a report: {said}");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn canary_is_in_no_frame_of_the_bus() {
    let room = Room::nighted();
    let addresses = free_ports(3).expect("free").into_iter().map(|port| format!("tcp://127.0.0.1:{port}"));
    let addresses: Vec<String> = addresses.collect();
    let names = ["pub", "sub", "monitor"].iter().zip(&addresses);
    let sets: Vec<String> = names.map(|(name, at)| format!("event_bus.{name}_endpoint={at}")).collect();
    let words = ["simulate", "--speed", "max", "-vv"].into_iter();
    let words: Vec<&str> = words.chain(sets.iter().flat_map(|set| ["--set", set])).collect();
    let mut frames = Vec::new();
    thread::scope(|scope| {
        let mut subscriber = Subscriber::connect(&addresses[1], &[""]).expect("connected");
        let simulation = scope.spawn(|| run(&room, &words));
        loop {
            let is_over = simulation.is_finished();
            match subscriber.next(Duration::from_millis(200)).expect("heard") {
                Some(frame) => frames.push(format!("{frame:?}")),
                None if is_over => break,
                None => {}
            }
        }
        assert!(!simulation.join().expect("ended").contains(CANARY));
    });
    assert!(frames.len() > 100, "{} frames were heard", frames.len());
    assert!(!frames.iter().any(|frame| frame.contains(CANARY)));
}

#[test]
fn holders_finds_a_planted_canary() {
    let room = Room::empty();
    room.write("deep/a.log", format!("x {CANARY} y"));
    assert_eq!(holders(&room.root()).1.len(), 1);
}
