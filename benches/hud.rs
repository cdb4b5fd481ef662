//! The web page under load on the loopback: a thousand listeners to its events, a dashboard asked for two
//! hundred times a second, and a workspace that changes all the time.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use lighthunter::{clock::Stopwatch, durable};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    board::{Board, Target},
    process::{run, workspace},
};

/// Time between two requests: 200 a second.
const PACE: Duration = Duration::from_millis(5);
/// Time between two changes that every listener must hear of.
const CHANGE: Duration = Duration::from_secs(2);

/// Measures the 99th percentile, the memory, and whether everyone hears everything.
pub(crate) fn bench(board: &mut Board) {
    let names = ["HUD dashboard p99, 1000 listeners", "HUD memory growth under load", "HUD events to the worst off"];
    if !names.iter().any(|name| board.wants(name)) {
        return;
    }
    let (listeners, seconds) = if board.judges() { (1_000, 30.0) } else { (50, 3.0) };
    let room = workspace("simulated:7");
    let root = room.path().join("w");
    run(&root, &["night-ops", "-q"]);
    let server = Server::start(&root);
    let stop = Arc::new(AtomicBool::new(false));
    let heard: Arc<Vec<AtomicUsize>> = Arc::new((0..listeners).map(|_| AtomicUsize::new(0)).collect());
    let crowd = {
        let (stop, heard, port) = (Arc::clone(&stop), Arc::clone(&heard), server.port);
        thread::spawn(move || listen(port, &heard, &stop))
    };
    while heard.iter().any(|count| count.load(Ordering::Relaxed) == 0) {
        thread::sleep(Duration::from_millis(20));
    }
    let before = server.memory_mb();
    let (mut latencies, changes) = ask(&server, &root, seconds);
    let after = server.memory_mb();
    stop.store(true, Ordering::Relaxed);
    crowd.join().expect("it ends");
    latencies.sort_by(f64::total_cmp);
    // What is missing is a miss: no figure passes by not being there.
    let at = |share: usize| latencies.get(latencies.len() * share / 100).map_or(f64::INFINITY, |seconds| seconds * 1e3);
    let (before, after) = (before.unwrap_or(f64::NAN), after.unwrap_or(f64::INFINITY));
    board.put(names[0], [at(99)], "ms", Target::AtMost(20.0));
    board.put("HUD dashboard p50, 1000 listeners", [at(50)], "ms", Target::None);
    board.put("HUD resident memory, begin", [before], "MB", Target::None);
    board.put("HUD resident memory, end", [after], "MB", Target::None);
    board.put(names[1], [after - before], "MB", Target::AtMost(16.0));
    let least = heard.iter().map(|count| count.load(Ordering::Relaxed)).min().unwrap_or(0);
    board.put(names[2], [least as f64], "events", Target::AtLeast(changes as f64));
    board.keep([room]);
}

/// Asks for the dashboard at its pace while the workspace changes; returns the seconds of each answer and
/// the number of changes.
fn ask(server: &Server, root: &Path, seconds: f64) -> (Vec<f64>, usize) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("connected");
    stream.set_nodelay(true).expect("set");
    let request = format!("GET /api/dashboard HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", server.port);
    let (watch, mut latencies, mut changes) = (Stopwatch::start(), Vec::new(), 0);
    let mut due = Duration::ZERO;
    while watch.seconds() < seconds {
        if watch.seconds() > CHANGE.as_secs_f64() * (changes + 1) as f64 {
            changes += 1;
            let verdict = if changes % 2 == 0 { "OK" } else { "WARNING" };
            let report = format!("{{\"date\":\"2025-06-30\",\"grade\":\"{verdict}\",\"checks\":[]}}");
            durable::replace(&root.join("reports/day_ops_20250630.json"), report).expect("written");
        }
        stream.write_all(request.as_bytes()).expect("sent");
        take(&mut stream);
        // From when it was due, so that a server that holds up one request pays for those behind it.
        latencies.push(watch.seconds() - due.as_secs_f64());
        due += PACE;
        thread::sleep(due.saturating_sub(Duration::from_secs_f64(watch.seconds())));
    }
    (latencies, changes)
}

/// Takes one answer to its end.
fn take(stream: &mut TcpStream) {
    let (mut bytes, mut piece) = (Vec::new(), [0; 16_384]);
    loop {
        let read = stream.read(&mut piece).expect("an answer");
        assert!(read > 0, "the connection ended");
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if body.len() >= length.expect("a length") {
            return;
        }
    }
}

/// Holds the connections of all listeners and counts their events.
fn listen(port: u16, heard: &Arc<Vec<AtomicUsize>>, stop: &Arc<AtomicBool>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for at in 0..heard.len() {
            let heard = Arc::clone(heard);
            tokio::spawn(async move {
                let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
                let request = format!("GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
                stream.write_all(request.as_bytes()).await.expect("sent");
                let mut piece = vec![0; 32_768];
                while let Ok(read @ 1..) = stream.read(&mut piece).await {
                    let tiles = piece[..read].windows(12).filter(|window| window == b"event: tiles").count();
                    heard[at].fetch_add(tiles, Ordering::Relaxed);
                }
            });
        }
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

/// The page as a process; it is killed when this is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(root: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lighthunter"))
            .args(["hud", "-q", "--port", "0"])
            .current_dir(root)
            .env_remove("LIGHTHUNTER_WORKSPACE")
            .env_remove("LIGHTHUNTER_ENV")
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("readable");
        let port = line.trim().trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
        Self { child, port: port.expect("a port") }
    }

    fn memory_mb(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kilobytes / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
