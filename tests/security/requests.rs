//! Damaged requests: each is answered or cut within a second, and the page is served on.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use lighthunter::clock::Stopwatch;

use crate::{damage::corruption::Dice, hud::server::Server, room::Room};

/// How many requests `cargo test` sends; `LIGHTHUNTER_FUZZ` sends a hundredth of its number.
const REQUESTS: usize = 400;

const PATHS: [&str; 9] = [
    "/",
    "/api/dashboard",
    "/experiments/x",
    "/drills/d1/report.html",
    "/static/hud.js",
    "/metrics",
    "/healthz",
    "/models",
    "*",
];

fn request(dice: &mut Dice, port: u16) -> Vec<u8> {
    let path = PATHS[dice.below(PATHS.len())];
    let mut bytes =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\nConnection: close\r\n\r\n")
            .into_bytes();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(5) {
            0 => bytes.truncate(at),
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = dice.below(256) as u8;
                }
            }
            2 => {
                let piece = bytes[at..].to_vec();
                bytes.splice(at..at, piece.repeat(dice.below(20)));
            }
            3 => {
                let tokens =
                    ["%2e%2e/", "\r\n", "\0", "Transfer-Encoding: chunked\r\n", "Content-Length: -1\r\n", "\u{202e}"];
                let token = tokens[dice.below(tokens.len())].as_bytes();
                bytes.splice(at..at, token.iter().copied());
            }
            _ => drop(bytes.drain(..at)),
        }
    }
    bytes
}

#[test]
fn damaged_requests_are_answered_or_cut() {
    let count = std::env::var("LIGHTHUNTER_FUZZ").ok().and_then(|text| text.parse::<usize>().ok());
    let count = count.map_or(REQUESTS, |count| count / 100);
    let server = Server::of(Room::fresh());
    let (mut dice, mut slowest, mut answered) = (Dice(7), 0.0_f64, 0);
    for number in 0..count {
        let bytes = request(&mut dice, server.port);
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        let watch = Stopwatch::start();
        // A peer that has cut us off already is an answer too.
        let sent = stream.write_all(&bytes).and_then(|()| stream.shutdown(Shutdown::Write));
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let seconds = watch.seconds();
        slowest = slowest.max(seconds);
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        assert!(seconds < 1.0, "{number} took {seconds:.2} s ({sent:?}, {read:?}): {shown:?}");
        let text = String::from_utf8_lossy(&answer);
        assert!(!text.contains("root:") && !text.starts_with("HTTP/1.1 5"), "{shown:?}: {text}");
        answered += usize::from(!answer.is_empty());
    }
    assert_eq!(server.get("/healthz").status, 200, "and it is alive");
    eprintln!("requests: {count} sent, {answered} answered, slowest {:.1} ms, 0 failures", slowest * 1e3);
}
