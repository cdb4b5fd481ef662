//! The facts of real workspaces: good ones are good, and each planted damage is seen where it is.

use std::{fs, path::PathBuf};

use lighthunter::{
    clock::Clock,
    config::{LoadOptions, load_all},
    hud::state::{Facts, Grade, facts},
    ops::Station,
    text::Language,
    workspace::Workspace,
};
use rusqlite::Connection;

use super::server::Server;
use crate::room::Room;

fn look(room: &Room) -> Facts {
    let workspace = Workspace::open(&room.root()).expect("a workspace");
    let config = load_all(&workspace, &LoadOptions::default()).expect("a good config");
    let station = Station { workspace, config, clock: Clock::system() };
    facts(&station, &LoadOptions::default(), station.clock.now())
}

fn grade(facts: &Facts, fact: &str) -> Grade {
    summary(facts, fact).0
}

fn summary(facts: &Facts, fact: &str) -> (Grade, String) {
    let found = facts.summaries().into_iter().find(|(name, _)| *name == fact).expect("a fact").1.clone();
    let notes: Vec<String> = found.notes.iter().map(|note| note.say(Language::English)).collect();
    (found.grade, notes.join("; "))
}

#[test]
fn a_workspace_before_its_first_night_is_unknown_and_not_good() {
    let facts = look(&Room::fresh());
    for fact in ["night_ops", "day_ops", "accounts", "risk", "experiments", "models", "data", "drills", "monitor"] {
        let (grade, notes) = summary(&facts, fact);
        assert_eq!(grade, Grade::Unknown, "{fact}: {notes}");
        assert!(!notes.is_empty(), "{fact} says why");
    }
    assert_eq!(grade(&facts, "config"), Grade::Ok);
    assert_eq!(facts.grade, Grade::Unknown);
}

#[test]
fn after_a_good_night_what_it_made_is_good() {
    let facts = look(&Room::nighted());
    for fact in ["night_ops", "experiments", "models", "config"] {
        assert_eq!(summary(&facts, fact), (Grade::Ok, String::new()), "{fact}");
    }
    let night = facts.night_ops.value.expect("a night");
    assert_eq!((night.status, night.sessions_behind, night.stages.len()), ("success", Some(0), 10));
    assert_eq!(facts.data.value.newest_session, Some(night.date));
    let model = &facts.models.value[0];
    assert!(model.current.is_some() && model.gate_passed == Some(true));
    assert!(facts.experiments.value.iter().any(|experiment| experiment.curve.len() > 10), "a backtest has its curve");
}

#[test]
fn a_real_check_before_the_opening_is_shown_as_it_was_written() {
    let room = Room::nighted();
    room.run_to(0, &["day-ops", "-q"]);
    let facts = look(&room);
    // No scheduler runs here, which the check says; the rest is as it should be, but for the ports, which belong
    // to whatever else runs on this machine.
    let (grade, notes) = summary(&facts, "day_ops");
    assert_eq!(grade, Grade::Warning, "{notes}");
    let day = facts.day_ops.value.expect("a check");
    assert!(day.date.is_some() && day.items.len() > 10, "{day:?}");
    for item in day.items.iter().filter(|item| *item.name != *"ports") {
        let expected = if *item.name == *"schedule" { Grade::Warning } else { Grade::Ok };
        assert!(item.grade == expected && !item.found.is_empty(), "{item:?}");
    }
    // A model that is gone is a FAIL with a remedy, and so it is shown.
    fs::remove_file(room.path("models/ultrashort_main/current")).expect("removed");
    room.run_to(1, &["day-ops", "-q"]);
    let facts = look(&room);
    let (grade, notes) = summary(&facts, "day_ops");
    assert!(grade == Grade::Fail && notes.contains("model"), "{grade:?} {notes}");
    let day = facts.day_ops.value.expect("a check");
    let model = day.items.iter().find(|item| *item.name == *"model").expect("a check of the model");
    assert!(model.grade == Grade::Fail && model.remedy.is_some(), "{model:?}");
}

#[test]
fn a_page_says_what_was_written_in_its_own_language_and_leads_to_the_report() {
    let room = Room::nighted();
    room.run_to(0, &["day-ops", "-q"]);
    let server = Server::of(room);
    let facts: serde_json::Value = serde_json::from_str(&server.get("/api/dashboard").body).expect("JSON");
    assert!(facts["details"]["day_ops"].to_string().is_ascii(), "programs read English");
    let [english, chinese] = ["en", "zh"].map(|tag| server.get(&format!("/operations?lang={tag}")).body);
    for (said, told) in [
        ("12 factors over 16 symbols", "12 个因子，覆盖 16 只股票"),
        ("no scheduler is running", "调度器没有运行，也从未在这里运行过"),
        ("model_definitions", "模型口径"),
        ("Start `lighthunter scheduler run`", "启动 `lighthunter scheduler run`"),
    ] {
        assert!(english.contains(said) && !english.contains(told), "{said}\n{english}");
        assert!(chinese.contains(told) && !chinese.contains(said), "{told}\n{chinese}");
    }
    let links: Vec<&str> =
        chinese.split("href=\"/reports/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(links.len(), 4, "{links:?}");
    for link in links {
        assert_eq!(server.get(&format!("/reports/{link}")).status, 200, "{link}");
    }
    let experiment = facts["experiments"].as_array().expect("a list").iter().find(|one| one["report"].is_string());
    let report = experiment.and_then(|one| one["report"].as_str()).expect("a backtest has a page");
    let page = server.get(&format!("/reports/{report}"));
    assert!(page.status == 200 && page.head.contains("content-security-policy: sandbox"), "{}", page.head);
}

#[test]
fn the_schedule_says_what_ran_what_failed_and_what_is_next() {
    let room = Room::nighted();
    let facts = look(&room);
    let (grade, notes) = summary(&facts, "schedule");
    assert!(grade == Grade::Unknown && notes.contains("scheduler run"), "{notes}");
    assert!(facts.schedule.value.jobs.iter().filter(|job| job.enabled).all(|job| job.next.is_some()), "{facts:?}");
    room.run_to(0, &["scheduler", "run-once", "day_ops_morning"]);
    let facts = look(&room);
    let of =
        |facts: &Facts, id: &str| facts.schedule.value.jobs.iter().find(|job| job.job == id).cloned().expect("a job");
    assert_eq!(of(&facts, "day_ops_morning").grade(), Grade::Ok, "{facts:?}");
    fs::remove_file(room.path("models/ultrashort_main/current")).expect("removed");
    let failed = room.run(&["scheduler", "run-once", "day_ops_morning"]);
    assert_ne!(failed.code, 0);
    let facts = look(&room);
    let (grade, notes) = summary(&facts, "schedule");
    assert!(grade == Grade::Fail && notes.contains("day_ops_morning failed at "), "{notes}");
    assert!(facts.schedule.summary.age_s.is_some_and(|age| age < 600), "with its age");
}

#[test]
fn a_start_that_nobody_made_is_missed() {
    let room = Room::nighted();
    let ledger = Connection::open(room.path("data/ledger.sqlite")).expect("opened");
    let jobs = look(&room).schedule.value.jobs;
    let night = jobs.iter().find(|job| job.job == "night_ops_full").expect("a job");
    let long_ago = Clock::system().now().as_second() - 20 * 86_400;
    ledger
        .execute(
            "INSERT INTO schedule_marks (job, schedule, through) VALUES (?1, ?2, ?3)",
            (&night.job, &night.schedule, long_ago),
        )
        .expect("marked");
    drop(ledger);
    let facts = look(&room);
    let (grade, notes) = summary(&facts, "schedule");
    assert_eq!(grade, Grade::Warning, "{notes}");
    assert!(notes.contains("night_ops_full was due at "), "{notes}");
}

/// A damage: what it is, where it must be seen, as what, in which words.
struct Damage(&'static str, &'static str, Grade, &'static str, fn(&Room));

const DAMAGES: [Damage; 9] = [
    Damage("a report that was cut", "night_ops", Grade::Warning, "cannot be read", cut_report),
    Damage("a line that was cut", "experiments", Grade::Warning, "1 lines", |room| {
        let text = room.read("experiments/experiments.jsonl");
        room.write("experiments/experiments.jsonl", format!("{{\"id\": \"tor\n{text}"));
    }),
    Damage("a curve that is gone", "experiments", Grade::Warning, "curves", |room| {
        let facts = look(room);
        let one = facts.experiments.value.iter().find(|one| !one.curve.is_empty()).expect("a curve");
        fs::remove_file(room.path(&format!("experiments/{}/equity.csv", one.experiment_id))).expect("removed");
    }),
    Damage("a flipped byte in a model", "models", Grade::Fail, "cannot be used", |room| {
        let link = fs::read_link(room.path("models/ultrashort_main/current")).expect("a link");
        let path = format!("models/ultrashort_main/{}/model.json", link.display());
        room.write(&path, room.read(&path).replacen('1', "2", 1));
    }),
    Damage("no model in force", "models", Grade::Unknown, "no model", |room| {
        fs::remove_file(room.path("models/ultrashort_main/current")).expect("removed");
    }),
    Damage("a database that is gone", "data", Grade::Fail, "storage.ts.duckdb_path", |room| {
        fs::remove_file(room.path("data/lighthunter.duckdb")).expect("removed");
    }),
    Damage("a monitor's state that was cut", "monitor", Grade::Fail, "cannot be read", |room| {
        room.write("monitor/state.json", "{\"ts\": ");
    }),
    Damage("a monitor that was killed", "monitor", Grade::Fail, "no sign of life", |room| {
        let mut state: serde_json::Value = serde_json::from_str(&room.read("monitor/state.json")).expect("JSON");
        state["monitor"]["pid"] = 4_000_000.into();
        state["heartbeats"]["monitor"] = "2025-01-01T00:00:00Z".into();
        room.write("monitor/state.json", state.to_string());
    }),
    Damage("a drill that was not ready", "drills", Grade::Fail, "Scenario A", |room| {
        let scenario =
            r#"{"name":"Scenario A","outcome":"NotDetected","seconds_to_detect":null,"seconds_to_recover":null}"#;
        let head =
            r#""id":"20261101-010101-aaaa","started_at":"2026-11-01T01:01:01Z","seconds":3,"verdict":"NotReady""#;
        let rest = r#""target":"t","commit":"c","market":"m","control":false"#;
        room.write("reports/drills/history.jsonl", format!("{{{head},{rest},\"scenarios\":[{scenario}]}}\n"));
    }),
];

/// Cuts the newest report of a night in half.
fn cut_report(room: &Room) {
    let names = fs::read_dir(room.path("reports")).expect("reports").flatten().map(|entry| entry.path());
    let is_night = |path: &PathBuf| path.display().to_string().contains("/night_ops_");
    let mut reports: Vec<PathBuf> = names.filter(is_night).collect();
    reports.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    reports.sort();
    let name = reports.pop().expect("a report").file_name().expect("a name").to_string_lossy().into_owned();
    let text = room.read(&format!("reports/{name}"));
    room.write(&format!("reports/{name}"), &text[..text.len() / 2]);
}

#[test]
fn each_damage_is_seen_where_it_is_and_nowhere_else() {
    for Damage(why, fact, expected, words, damage) in DAMAGES {
        let room = Room::nighted();
        let before = look(&room);
        damage(&room);
        let after = look(&room);
        let (found, notes) = summary(&after, fact);
        assert_eq!(found, expected, "{why}: {notes}");
        assert!(notes.contains(words), "{why}: {notes}");
        for (name, other) in before.summaries().into_iter().filter(|(name, _)| *name != fact) {
            assert_eq!(other.grade, grade(&after, name), "{why} changed {name}: {}", summary(&after, name).1);
        }
    }
}

#[test]
fn a_broken_ledger_is_said_and_nothing_that_hangs_on_it_is_good() {
    let room = Room::nighted();
    for name in ["data/ledger.sqlite-wal", "data/ledger.sqlite-shm"] {
        let _ = fs::remove_file(room.path(name));
    }
    room.write("data/ledger.sqlite", "this is no database, and it is long enough to be looked at as one");
    let facts = look(&room);
    for fact in ["accounts", "risk", "data"] {
        let (grade, notes) = summary(&facts, fact);
        assert_eq!(grade, Grade::Fail, "{fact}: {notes}");
        assert!(notes.contains("ledger.sqlite"), "{fact}: {notes}");
    }
    assert_ne!(grade(&facts, "night_ops"), Grade::Ok, "its age cannot be told any more");
    assert_eq!(grade(&facts, "models"), Grade::Ok, "what does not hang on it is told as before");
}

#[test]
fn a_run_whose_process_died_is_no_run_under_way() {
    let room = Room::nighted();
    let ledger = Connection::open(room.path("data/ledger.sqlite")).expect("opened");
    let changed =
        ledger.execute("UPDATE runs SET status = 'running', owner = '4000000:1@x' WHERE kind = 'night_ops'", []);
    assert_eq!(changed.expect("changed"), 1);
    drop(ledger);
    fs::remove_dir_all(room.path("reports")).expect("removed");
    let (grade, notes) = summary(&look(&room), "night_ops");
    assert_eq!(grade, Grade::Fail, "{notes}");
    assert!(notes.contains("died"), "{notes}");
}

#[test]
fn the_page_outlives_what_it_shows() {
    let server = Server::of(Room::nighted());
    let config = server.room.read("config/system_config.json");
    server.room.write("config/system_config.json", "{ \"hud\": { \"prot\": 1 } }");
    for name in ["data", "models", "experiments", "monitor", "reports"] {
        fs::remove_dir_all(server.room.path(name)).expect("removed");
    }
    let seen = (0..60).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        server.grade("config") == "fail"
    });
    assert!(seen, "{}", server.notes("config"));
    for fact in ["night_ops", "accounts", "data", "models", "experiments", "monitor"] {
        // The look that saw the config may have been before the last of the removals.
        let seen = (0..60).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            server.grade(fact) != "ok"
        });
        assert!(seen, "{fact}: {}", server.notes(fact));
    }
    for path in ["/", "/accounts", "/operations", "/experiments", "/models", "/data", "/drills", "/healthz", "/metrics"]
    {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert!(server.get("/").body.contains("prot"), "it says which key is wrong");
    server.room.write("config/system_config.json", config);
    let seen = (0..60).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        server.grade("config") == "ok"
    });
    assert!(seen, "{}", server.notes("config"));
}
