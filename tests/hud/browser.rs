//! The page in a real browser, by WebDriver: what the script does with the events, and that the browser
//! has nothing to complain about.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use lighthunter::clock::Stopwatch;
use serde_json::{Value, json};

use super::server::Server;
use crate::room::Room;

const DRIVER: &str = "/usr/bin/chromedriver";

/// A browser; its process is killed when this is dropped.
struct Browser {
    driver: Child,
    port: u16,
    session: String,
    /// Kept open: a driver that cannot say anything any more ends.
    _said: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts a browser without a window; none where there is no driver, which CI does not forgive.
    fn start(width: u32, is_dark: bool) -> Option<Self> {
        if !Path::new(DRIVER).exists() {
            return skip(DRIVER);
        }
        let mut driver = Command::new(DRIVER);
        let mut driver =
            driver.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut said = BufReader::new(driver.stdout.take().expect("piped"));
        let port = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).expect("readable") > 0, "the driver ended");
            if let Some((_, port)) = line.trim().trim_end_matches('.').rsplit_once("successfully on port ") {
                break port.parse().expect("a port");
            }
        };
        let mut browser = Self { driver, port, session: String::new(), _said: said };
        let scheme = if is_dark { "0" } else { "1" };
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            format!("--window-size={width},900"),
            format!("--blink-settings=preferredColorScheme={scheme}"),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let session = browser.ask("POST", "/session", &wanted);
        browser.session = format!("/session/{}", session["sessionId"].as_str().expect("a session"));
        Some(browser)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if method == "GET" || method == "DELETE" { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connected");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("set");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).expect("sent");
        let mut answer: Value = serde_json::from_slice(&content(stream)).expect("JSON");
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].take()
    }

    fn call(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    fn open(&self, url: &str) {
        self.call("/url", &json!({ "url": url }));
    }

    /// Runs a script in the page and returns what it returns.
    fn run(&self, script: &str) -> Value {
        self.call("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a script returns a value, and returns the seconds that it took.
    fn until(&self, script: &str, value: &Value) -> f64 {
        let watch = Stopwatch::start();
        while watch.seconds() < 25.0 {
            if self.run(script) == *value {
                return watch.seconds();
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{script} is {} and not {value}", self.run(script));
    }

    /// Returns what axe-core finds wrong with the page: rule, impact, elements.
    fn violations(&self, rules: &str) -> Value {
        let script = format!(
            "{rules};\nconst done = arguments[arguments.length - 1]; axe.run(document).then(found => done(found.violations\
             .map(rule => [rule.id, rule.impact, rule.nodes.slice(0, 3).map(node => node.html)])), error => done(String(error)))"
        );
        self.call("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Returns what the browser has complained about.
    fn complaints(&self) -> Vec<String> {
        let log = self.call("/se/log", &json!({ "type": "browser" }));
        let severe = log.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !thread::panicking() {
            self.ask("DELETE", &self.session, &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Takes the content of an answer; the driver keeps the connection open behind it.
fn content(stream: TcpStream) -> Vec<u8> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).expect("a head") > 2 || line == "\r\n", "the driver hung up");
        if line == "\r\n" {
            break;
        }
        if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).expect("a body");
    bytes
}

/// Says what is missing; CI does not forgive it.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skip<T>(what: &str) -> Option<T> {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{what} is not there: run scripts/setup_browser.sh");
    eprintln!("skipped: {what} not present, run scripts/setup_browser.sh");
    None
}

/// Returns the rules of axe-core, where the set-up has put them.
fn rules() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/browser/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path).ok().or_else(|| skip("axe-core"))
}

/// The width of a phone.
const PHONE: u32 = 390;
const NIGHT: &str = "return document.getElementById('tile-night_ops').dataset.grade";

#[test]
fn a_browser_sees_a_night_fail_and_recover_and_a_day_move_the_worth() {
    let Some(browser) = Browser::start(1280, false) else { return };
    let server = Server::of(Room::nighted());
    browser.open(&format!("http://127.0.0.1:{}/", server.port));
    browser.until(NIGHT, &json!("ok"));
    let config = server.room.read("config/system_config.json");
    let broken = config.replace("data/lighthunter.duckdb", "data/nowhere/lighthunter.duckdb");
    server.room.write("config/system_config.json", broken);
    server.room.run_to(13, &["night-ops", "-q"]);
    let seconds = browser.until(NIGHT, &json!("fail"));
    assert!(seconds < 2.0, "red after {seconds} s");
    let news = browser.run("return document.getElementById('news').textContent");
    assert!(
        news.as_str().is_some_and(|news| news.contains("NightOps: ") && news.contains("fail")),
        "it is read out: {news}"
    );
    server.room.write("config/system_config.json", &config);
    server.room.run_to(0, &["night-ops", "-q"]);
    let seconds = browser.until(NIGHT, &json!("ok"));
    assert!(seconds < 2.0, "green after {seconds} s");
    server.room.run_to(0, &["simulate", "-q", "--speed", "max"]);
    browser.until("return document.querySelectorAll('#tile-accounts .spark').length", &json!(1));
    let age = "return /^[0-9]+ s ago$/.test(document.querySelector('#tile-night_ops time').textContent)";
    browser.until(age, &json!(true));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// Returns the newest worth of the ledger, as the page writes it.
fn newest_worth(ledger: &Path) -> Option<String> {
    let ledger = rusqlite::Connection::open_with_flags(ledger, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let cents: i64 = ledger.query_row("SELECT nav FROM marks ORDER BY at DESC LIMIT 1", [], |row| row.get(0)).ok()?;
    Some(format!("{}.{:02}", cents / 100, cents % 100))
}

#[test]
fn the_worth_moves_with_the_simulated_day_within_two_seconds() {
    let Some(browser) = Browser::start(1280, false) else { return };
    let server = Server::of(Room::nighted());
    browser.open(&format!("http://127.0.0.1:{}/", server.port));
    browser.until(NIGHT, &json!("ok"));
    let ledger = server.room.path("data/ledger.sqlite");
    let mut day = Command::new(env!("CARGO_BIN_EXE_lighthunter"))
        .args(["simulate", "-q", "--speed", "1000"])
        .current_dir(server.room.root())
        .env_remove("LIGHTHUNTER_WORKSPACE")
        .spawn()
        .expect("it starts");
    let shown = "const worth = document.querySelector('#tile-accounts .figure b'); \
                 return worth ? worth.textContent.replaceAll(',', '') : null";
    // What was committed, and when it was first seen there; what the page shows must be among the last.
    let (watch, mut committed, mut seen, mut moves) =
        (Stopwatch::start(), Vec::<(f64, String)>::new(), String::new(), 0);
    let mut behind = Vec::new();
    while watch.seconds() < 60.0 {
        if let Some(worth) =
            newest_worth(&ledger).filter(|worth| committed.last().is_none_or(|(_, last)| last != worth))
        {
            committed.push((watch.seconds(), worth));
        }
        let worth = browser.run(shown);
        if let Some(worth) = worth.as_str() {
            moves += usize::from(worth != seen);
            worth.clone_into(&mut seen);
        }
        // How long the page has been behind: since the first mark after the one that it shows. A worth that was
        // not read from the ledger yet came between the two looks: the page is ahead.
        let shown_at = committed.iter().rposition(|(_, worth)| *worth == seen);
        let since = shown_at.map_or((moves <= 1).then_some(0), |at| Some(at + 1)).and_then(|at| committed.get(at));
        behind.push(since.map_or(0.0, |(since, _)| watch.seconds() - since));
        let is_over = day.try_wait().expect("a process").is_some();
        if is_over && committed.last().is_some_and(|(_, last)| *last == seen) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert!(day.wait().expect("it ends").success());
    assert!(moves >= 4, "the worth moved {moves} times in {} s", watch.seconds());
    assert_eq!(committed.last().map(|(_, worth)| worth.as_str()), Some(seen.as_str()), "the last word is the ledger's");
    assert!(behind.iter().filter(|late| **late >= 2.0).count() * 10 <= behind.len(), "no stall: late by {behind:?}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_server_that_dies_is_not_shown_as_alive() {
    let Some(browser) = Browser::start(1280, true) else { return };
    let server = Server::of(Room::nighted());
    browser.open(&format!("http://127.0.0.1:{}/", server.port));
    browser.until("return document.getElementById('lost').hidden", &json!(true));
    drop(server);
    let seconds = browser.until("return document.getElementById('lost').hidden", &json!(false));
    assert!(seconds > 5.0, "a breath is no death: {seconds} s");
    let tone = "const tone = (tile) => getComputedStyle(tile).borderTopColor; \
                return tone(document.querySelector('.tile.ok')) === tone(document.querySelector('.tile.unknown'))";
    assert_eq!(browser.run(tone), true, "nothing is green any more");
}

#[test]
fn every_page_fits_a_phone_and_the_keyboard() {
    let Some(browser) = Browser::start(500, false) else { return };
    let server = Server::of(Room::nighted());
    server.room.run_to(0, &["simulate", "-q", "--speed", "max"]);
    // A window cannot be narrower than 500, a phone's screen is.
    browser.call(
        "/goog/cdp/execute",
        &json!({ "cmd": "Emulation.setDeviceMetricsOverride",
            "params": { "width": PHONE, "height": 844, "deviceScaleFactor": 2, "mobile": true } }),
    );
    let experiments = server.json("/api/experiments");
    let tested = experiments["value"].as_array().expect("a list").iter().find(|one| one["task_type"] == "backtest");
    let one = format!("/experiments/{}", tested.expect("a backtest")["experiment_id"].as_str().expect("an id"));
    for path in [
        "/",
        "/?lang=zh",
        "/accounts",
        "/operations",
        "/experiments",
        &one,
        "/models?lang=zh",
        "/data",
        "/drills",
        "/nowhere",
    ] {
        browser.open(&format!("http://127.0.0.1:{}{path}", server.port));
        // A phone would make a page that is too wide small, so it is held against the screen itself.
        assert_eq!(
            browser.run("return document.documentElement.scrollWidth"),
            PHONE,
            "{path} is wider than the screen"
        );
        let beyond = "return [...document.querySelectorAll('main svg, main p, main h1, .tile, .figures div')].filter(e => !e.closest('.scroll') && \
                      e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 80))";
        assert_eq!(browser.run(beyond), json!([]), "{path}: something ends beyond the screen");
        let small = "return [...document.querySelectorAll('a:not(.skip)')].map(a => [a.textContent, \
                     a.getBoundingClientRect()]).filter(([, box]) => box.height < 24 || box.width < 24).map(([name]) => name)";
        assert_eq!(browser.run(small), json!([]), "{path}: too small for a finger");
        let unnamed = "return [...document.querySelectorAll('a,[role=img],[role=region],nav,section')].filter(e => \
                       !e.textContent.trim() && !e.getAttribute('aria-label')).length";
        assert_eq!(browser.run(unnamed), 0, "{path}: something has no name");
        let landmarks = "return ['header', 'nav', 'main', 'h1'].map(name => document.querySelectorAll(name).length)";
        assert_eq!(browser.run(landmarks), json!([1, 1, 1, 1]), "{path}");
        let doubled =
            "const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.length - new Set(ids).size";
        assert_eq!(browser.run(doubled), 0, "{path}: an id twice");
        browser.call(
            "/actions",
            &json!({ "actions": [{ "type": "key", "id": "keys", "actions": [
            { "type": "keyDown", "value": "\u{e004}" }, { "type": "keyUp", "value": "\u{e004}" }] }] }),
        );
        let focus = "const style = getComputedStyle(document.activeElement); \
                     return [document.activeElement.className, style.outlineStyle]";
        assert_eq!(browser.run(focus), json!(["skip", "solid"]), "{path}: where the keyboard is can be seen");
    }
    let complaints = browser.complaints();
    // The path that leads nowhere is answered with 404, which the browser logs.
    assert!(complaints.iter().all(|complaint| complaint.contains("404")), "{complaints:?}");
}

#[test]
fn axe_finds_nothing_to_complain_about() {
    let Some(rules) = rules() else { return };
    for is_dark in [false, true] {
        let Some(browser) = Browser::start(1280, is_dark) else { return };
        let server = Server::of(Room::nighted());
        server.room.run_to(0, &["simulate", "-q", "--speed", "max"]);
        let night = "experiments/experiments.jsonl";
        server.room.write(night, server.room.read(night) + "{torn\n");
        browser.call("/timeouts", &json!({ "script": 60_000 }));
        let experiments = server.json("/api/experiments");
        let one = format!("/experiments/{}", experiments["value"][0]["experiment_id"].as_str().expect("an experiment"));
        for path in
            ["/", "/accounts", "/operations", "/experiments", &one, "/models", "/data?lang=zh", "/drills", "/nowhere"]
        {
            browser.open(&format!("http://127.0.0.1:{}{path}", server.port));
            assert_eq!(browser.violations(&rules), json!([]), "{path}, dark: {is_dark}");
        }
        browser.run("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/icon.svg\">')");
        assert!(browser.violations(&rules).to_string().contains("image-alt"), "the rules see what is wrong");
    }
}
