//! Who asks with bad intent, or not at all, gets nothing and keeps nobody out.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    time::Duration,
};

use lighthunter::{clock::Stopwatch, durable};
use nix::sys::signal::Signal;

use super::server::Server;
use crate::room::Room;

#[test]
fn hostile_requests_are_refused() {
    let room = Room::fresh();
    room.write("reports/drills/d1/report.html", "<p>report</p>");
    room.write("reports/secret.json", "{\"secret\":1}");
    durable::point(&room.path("reports/drills/d1/out"), "../../secret.json".as_ref()).expect("linked");
    let server = Server::of(room);
    let host = format!("Host: 127.0.0.1:{}\r\nConnection: close\r\n", server.port);
    let evil = format!("Host: evil.example:{}\r\nConnection: close\r\n", server.port);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\n{host}\r\n");
    let long = format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{host}{}\r\n", "X: x\r\n".repeat(1_000));
    let mut cases = vec![
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), 403, "no host"),
        (format!("GET http://evil.example/ HTTP/1.1\r\n{host}\r\n"), 403, "another target"),
        (format!("POST / HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n"), 405, "a POST"),
        (format!("PUT /api/dashboard HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n"), 405, "a PUT"),
        (format!("DELETE /drills/d1 HTTP/1.1\r\n{host}\r\n"), 405, "a DELETE"),
        (format!("GET / HTTP/1.1\r\n{host}Content-Length: 1000000000\r\n\r\n"), 413, "a body of 1 GB"),
        (format!("GET / HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nF"), 413, "a body in pieces"),
        (get("/../../etc/passwd"), 404, "a path outside"),
        (get("/drills/d1/../../secret.json"), 404, "a path outside the drills"),
        (get("/drills/d1/%2e%2e/%2e%2e/secret.json"), 404, "an escaped path"),
        (get("/drills/%2e%2e/secret.json"), 404, "an escaped drill"),
        (get("/drills/..%2f..%2freports/secret.json"), 404, "an escaped slash"),
        (get("/drills/d1/out"), 404, "a link that leads out"),
        (get("/drills/d1//etc/passwd"), 404, "an absolute path"),
        (get("/drills/d1/report.html%00"), 404, "a zero"),
        (get("/static/..%2fmod.rs"), 404, "an asset outside"),
        (get("/experiments/%3Cscript%3Ealert(1)%3C%2Fscript%3E"), 404, "a script for an id"),
        (get("/nowhere"), 404, "no such page"),
        (long, 431, "a header of 1 MB"),
        (many, 431, "a thousand headers"),
        ("\u{16}\u{3}\u{1}\u{0}\r\n\r\n".into(), 400, "TLS"),
    ];
    for path in [
        "/",
        "/api/dashboard",
        "/events",
        "/healthz",
        "/metrics",
        "/static/hud.js",
        "/drills/d1/report.html",
        "/reports/night_ops_1.md",
    ] {
        cases.push((format!("GET {path} HTTP/1.1\r\n{evil}\r\n"), 403, "another host"));
    }
    for (request, status, why) in cases {
        let answer = server.send(request.as_bytes());
        let asked = request.lines().next().unwrap_or_default();
        assert_eq!(answer.status, status, "{why}: {asked}\n{}\n{}", answer.head, answer.body);
        for leaked in ["root:", "secret\"", "<script>alert", "mod drill_files"] {
            assert!(!answer.body.contains(leaked), "{why}: {asked} got {leaked}");
        }
    }
    assert_eq!(server.get("/drills/d1/report.html").status, 200, "its own file is served");
    assert_eq!(server.get("/healthz").status, 200, "and it is alive");
}

#[test]
fn only_reports_are_served_as_reports() {
    let room = Room::fresh();
    room.write("reports/drills/d1/report.html", "<p>report</p>");
    room.write("reports/secret.json", "{\"secret\":1}");
    room.write("reports/night_ops_1.md", "# <script>alert(1)</script>");
    durable::point(&room.path("reports/night_ops_2.md"), "../config/system_config.json".as_ref()).expect("linked");
    let server = Server::of(room);
    for (path, why) in [
        ("/reports/secret.json", "a file that is no report"),
        ("/reports/night_ops_2.md", "a link that leads out of the reports"),
        ("/reports/../config/system_config.json", "a path outside the reports"),
        ("/reports/%2e%2e/config/system_config.json", "an escaped path outside the reports"),
        ("/reports/night_ops_%2f..%2fsecret.json", "an escaped slash in a report"),
        ("/reports/night_ops_1.md%00", "a zero in a report"),
        ("/reports/night_ops_1.md/x", "below a report"),
        ("/reports/", "the list of reports"),
        ("/reports/drills/d1/report.html", "a drill among the reports"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 404, "{why}: {path}\n{}", answer.body);
        assert!(!answer.body.contains("secret\"") && !answer.body.contains("duckdb_path"), "{why}: {path}");
    }
    let evil = format!("Host: evil.example:{}\r\nConnection: close\r\n", server.port);
    let answer = server.send(format!("GET /reports/night_ops_1.md HTTP/1.1\r\n{evil}\r\n").as_bytes());
    assert_eq!(answer.status, 403, "another host");
    let report = server.get("/reports/night_ops_1.md");
    assert_eq!(
        (report.status, report.body.as_str()),
        (200, "# <script>alert(1)</script>"),
        "a report as it is written"
    );
    for line in ["content-type: text/plain", "x-content-type-options: nosniff", "content-security-policy: sandbox"] {
        assert!(report.head.contains(line), "{}", report.head);
    }
}

#[test]
fn every_answer_binds_the_browser() {
    let server = Server::of(Room::fresh());
    for path in ["/", "/api/dashboard", "/nowhere", "/static/hud.js", "/healthz"] {
        let answer = server.get(path);
        for line in [
            "content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(answer.head.contains(line), "{path}: {}", answer.head);
        }
        assert!(!answer.head.contains("access-control-allow-origin"), "{path}");
    }
    let page = server.get("/").body;
    for inline in ["<script>", " style=", " onclick", "<style", "http://", "https://"] {
        assert!(!page.replace("xmlns=\"http://", "").contains(inline), "{inline} in the page");
    }
    let head = server.ask("HEAD", "/");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn slow_and_silent_peers_are_cut() {
    let server = Server::of(Room::fresh());
    let silent: Vec<TcpStream> = (0..50).map(|_| server.open(b"")).collect();
    let mut slow = server.open(b"GET / HTTP/1.1\r\n");
    let watch = Stopwatch::start();
    let mut ended = false;
    while !ended && watch.seconds() < 30.0 {
        assert_eq!(server.get("/healthz").status, 200, "others are served meanwhile");
        std::thread::sleep(Duration::from_millis(500));
        // A closed peer answers a byte with a reset.
        ended = slow.write_all(b"X").is_err();
    }
    assert!(ended, "a header a byte at a time is not waited for");
    drop(silent);
}

#[test]
fn whoever_listens_is_not_cut() {
    let server = Server::of(Room::fresh());
    let mut listener = server.listen("");
    let watch = Stopwatch::start();
    let mut beats = 0;
    while watch.seconds() < 14.0 {
        beats += usize::from(listener.next().0 == "beat");
    }
    assert!(beats >= 2, "{beats} signs of life in 14 s");
}

#[test]
fn without_a_token_nobody_else_comes() {
    let room = Room::fresh();
    room.refused(
        10,
        &["hud", "--host", "0.0.0.0", "--port", "0"],
        &["no token", "LIGHTHUNTER_HUD_TOKEN", "--token-file"],
    );
    room.write("../token", "0123456789abcdef0123");
    let file = room.path("../token").display().to_string();
    // Whatever the mode is that new files get here.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("its mode is set");
    room.refused(10, &["hud", "--host", "0.0.0.0", "--port", "0", "--token-file", &file], &["others may read"]);
    let server = Server::with(
        room,
        &["--host", "0.0.0.0", "--allow-host", "quant.example"],
        &[("LIGHTHUNTER_HUD_TOKEN", "0123456789abcdef")],
    );
    let ask = |host: &str, token: &str| {
        let port = server.port;
        let head = format!("GET /api/dashboard HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n{token}\r\n");
        server.send(head.as_bytes())
    };
    let token = "Authorization: Bearer 0123456789abcdef\r\n";
    assert_eq!(ask("quant.example", token).status, 200);
    assert_eq!(ask("127.0.0.1", "").status, 401, "also on this machine");
    assert!(ask("quant.example", "").head.contains("www-authenticate: basic"));
    assert_eq!(ask("quant.example", "Authorization: Bearer 0123456789abcdeX\r\n").status, 401);
    assert_eq!(ask("evil.example", token).status, 403);
}

#[test]
fn a_taken_port_says_who_holds_it_and_signals_end_it() {
    let room = Room::fresh();
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let pid = format!("pid {}", std::process::id());
    room.refused(11, &["hud", "--port", &port], &["hud.port", &port, &pid, "integration"]);
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let mut server = Server::of(Room::fresh());
        let mut listener = server.listen("");
        assert_eq!(listener.next().0, "tiles");
        assert_eq!(server.end(signal), Some(code), "also while someone listens");
        TcpListener::bind(("127.0.0.1", server.port)).expect("the port is free");
    }
}

#[test]
fn a_flood_of_bytes_is_no_request() {
    let server = Server::of(Room::fresh());
    let mut stream = server.open(&vec![0xff; 1 << 16]);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(String::from_utf8_lossy(&answer).contains(" 400 "), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(server.get("/healthz").status, 200);
}
