//! Rows that break a hard rule and that another source delivers soundly: mended in the stores by `data repair`, and for
//! itself by each night, with a record of where every value is from, and a way back.

use std::{fs, path::Path};

use jiff::civil::Date;
use lighthunter::{
    drill::upstream::Upstream,
    market::{DailyBar, MarketData},
    ops::night_ops::Stage,
    source::files::{IntakeOptions, read_directory},
    store::write_market,
};
use serde_json::Value;

use crate::room::Room;

const MARKET: &str = "data/raw/market";

/// A workspace whose market has one wrong row, which the source `tx` delivers as it should be.
struct Scene {
    room: Room,
    sound: MarketData,
    wrong: DailyBar,
    _upstream: Upstream,
}

/// Reads the market without its last session, on which the split moves on.
fn read(room: &Room) -> MarketData {
    let mut data = read_directory(&room.path(MARKET), &IntakeOptions::default()).expect("read").data;
    data.minute.clear();
    let last = data.daily.iter().map(|bar| bar.date).max().expect("bars");
    until(&data, &|date| date < last)
}

/// Returns the rows of the dates that are wanted.
fn until(data: &MarketData, wanted: &dyn Fn(Date) -> bool) -> MarketData {
    let mut part = data.clone();
    part.daily.retain(|bar| wanted(bar.date));
    part.index.retain(|bar| wanted(bar.date));
    part.actions.retain(|action| wanted(action.ex_date));
    part.securities.retain(|event| wanted(event.date));
    part
}

fn lay(room: &Room, data: &MarketData) {
    fs::remove_dir_all(room.path(MARKET)).expect("removed");
    write_market(&room.path(MARKET), data).expect("written");
}

/// A bar of the last session whose prices are half as high again.
fn spoil(data: &mut MarketData) -> DailyBar {
    let last = data.daily.iter().map(|bar| bar.date).max().expect("bars");
    let bar = data.daily.iter_mut().find(|bar| bar.date == last && !bar.suspended).expect("a bar that traded");
    for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
        *price = (*price * 150.0).round() / 100.0;
    }
    bar.clone()
}

impl Scene {
    fn new() -> Self {
        let room = Room::fresh();
        let sound = read(&room);
        let upstream = Upstream::start(sound.clone()).expect("a port");
        let mut data = sound.clone();
        let wrong = spoil(&mut data);
        lay(&room, &data);
        room.write(
            "config/system_config.dev.json",
            format!(
                r#"{{"data_sources": {{"tx": {{"role": "verify", "base_url": "{}", "max_qps": 5000}}}}}}"#,
                upstream.base_url()
            ),
        );
        room.run_to(0, &["data", "import", &room.path(MARKET).display().to_string()]);
        let scene = Self { room, sound, wrong, _upstream: upstream };
        scene.collect();
        scene
    }

    /// Collects what `tx` has of the last 30 sessions.
    fn collect(&self) {
        let mut dates: Vec<Date> = self.sound.daily.iter().map(|bar| bar.date).collect();
        dates.sort_unstable();
        dates.dedup();
        let [first, last] = [dates[dates.len() - 30], dates[dates.len() - 1]].map(|date| date.to_string());
        let now = format!("{last}T09:00:00Z");
        let arguments =
            ["data", "collect", "--source", "tx", "--kind", "daily", "--start-date", &first, "--end-date", &last];
        let done = self.room.command().env("LIGHTHUNTER_NOW", now).args(arguments).output().expect("it starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn data_digest(&self) -> Value {
        self.room.run_to(0, &["data", "status", "--json"]).json()["digest"].clone()
    }

    fn hard_rows(&self) -> u64 {
        let done = self.room.run(&["data", "check", "--json"]);
        let document = done.json();
        let check = if done.code == 0 { &document } else { &document["error"]["check"] };
        check["totals"]["hard_rows"].as_u64().expect("a count")
    }
}

#[test]
fn repair_takes_the_best_source_and_is_taken_back_byte_for_byte() {
    let scene = Scene::new();
    let room = &scene.room;
    let (before, partition) = (scene.data_digest(), format!("data/parquet/daily/trade_date={}", scene.wrong.date));
    let bytes = |room: &Room| -> Vec<Vec<u8>> {
        let mut files: Vec<_> = fs::read_dir(room.path(&partition)).expect("listed").flatten().collect();
        files.sort_by_key(fs::DirEntry::path);
        files.iter().map(|file| fs::read(file.path()).expect("readable")).collect()
    };
    let delivered = bytes(room);
    assert_eq!(scene.hard_rows(), 1);

    let dry = room.run_to(0, &["data", "repair", "--dry-run", "--json"]).json();
    let changes = dry["changes"].as_array().expect("changes").clone();
    let fields: Vec<&str> = changes.iter().filter_map(|change| change["field"].as_str()).collect();
    assert_eq!(fields, ["open", "high", "low", "close"], "{dry}");
    for change in &changes {
        assert_eq!(change["symbol"], scene.wrong.symbol.to_string());
        assert!(change["provenance"].as_str().is_some_and(|text| text.starts_with("source tx version 1, score ")));
    }
    assert!(dry["id"].is_null() && dry["hard_rows"] == 1);
    assert_eq!(scene.data_digest(), before, "a dry run changes nothing");

    let done = room.run_to(0, &["data", "repair"]);
    let id = done.stdout.split("--undo ").nth(1).expect("an id").trim().to_owned();
    assert!(
        done.stdout.contains("4 values repaired") && done.stdout.contains("(source tx version 1"),
        "{}",
        done.stdout
    );
    assert_eq!(scene.hard_rows(), 0);
    let nothing = room.run_to(0, &["data", "repair"]);
    assert!(nothing.stdout.contains("Nothing is repaired"), "{}", nothing.stdout);

    room.run_to(0, &["data", "repair", "--undo", &id]);
    assert_eq!((scene.data_digest(), bytes(room)), (before, delivered), "as it was, byte for byte");
    assert_eq!(scene.hard_rows(), 1);
    for unknown in [id.as_str(), "repair_of_nobody", ""] {
        let done = room.run_to(20, &["data", "repair", "--undo", unknown]);
        assert!(done.stdout.contains("nothing is taken back"), "{}", done.stdout);
    }
    room.refused(2, &["data", "repair", "--dry-run", "--undo", &id], &["cannot be used with"]);
}

#[test]
fn report_of_a_check_is_one_page_that_names_the_row_in_both_languages() {
    let scene = Scene::new();
    for (language, words) in [("en", "Findings by rule"), ("zh", "按规则统计的问题")] {
        let done = scene.room.run(&["--lang", language, "data", "check"]);
        let report = done.stdout.lines().find_map(|line| line.strip_prefix("report: ")).expect("a report").to_owned();
        let page = scene.room.read(&report);
        for words in [words, &scene.wrong.symbol.to_string(), &scene.wrong.date.to_string(), "tx", "<html"] {
            assert!(page.contains(words), "{language}: no {words} in {report}");
        }
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing is loaded from elsewhere");
    }
}

/// Returns the digest and the remark of a stage of the newest night.
fn stage(room: &Room, stage: Stage) -> (String, String) {
    let report = room.report();
    let step = report.steps.iter().find(|step| step.name == stage).expect("there");
    (step.digest.map(|digest| digest.to_string()).unwrap_or_default(), step.reason.to_string())
}

#[test]
fn night_mends_rows_from_the_best_source_and_changes_no_stored_row() {
    let clean = Room::fresh();
    let data = read(&clean);
    lay(&clean, &data);
    clean.run_to(0, &["night-ops", "-q"]);
    let scene = Scene::new();
    let (room, before) = (&scene.room, scene.data_digest());
    room.run_to(0, &["night-ops", "-q"]);
    let (digest, remark) = stage(room, Stage::Repair);
    assert!(remark.starts_with("4 values from other sources, "), "{remark}");
    assert_eq!(digest, stage(&clean, Stage::Repair).0, "the bars are those that were never wrong");
    assert_eq!(room.result(), clean.result());
    assert_eq!(scene.data_digest(), before);
    assert_eq!(scene.hard_rows(), 1, "the stored row is as it was delivered");
    let again = room.run_to(0, &["night-ops", "-q"]);
    assert_eq!(room.result(), clean.result(), "{}", again.stderr);

    // What a person takes back no night makes again: the row is left out then.
    let run = room.report().run_id;
    let done = room.run_to(0, &["data", "repair", "--undo", &run]);
    assert!(done.stdout.contains("4 values are as they were"), "{}", done.stdout);
    assert_eq!(scene.data_digest(), before);
    room.run_to(0, &["night-ops", "-q"]);
    let (other, remark) = stage(room, Stage::Repair);
    assert!(other != digest && !remark.contains("other sources") && remark.contains("1 symbol day"), "{remark}");
}

#[test]
fn incremental_night_with_a_mended_row_gives_what_a_whole_one_gives() {
    let scene = Scene::new();
    scene.room.run_to(0, &["night-ops", "-q"]);
    let whole = scene.room.result();

    let room = Room::fresh();
    let (last, mut data) = (scene.wrong.date, scene.sound.clone());
    spoil(&mut data);
    lay(&room, &until(&data, &|date| date < last));
    room.write("config/system_config.dev.json", scene.room.read("config/system_config.dev.json"));
    room.run_to(0, &["night-ops", "-q"]);
    let delivery = tempfile::tempdir().expect("a directory");
    for file in write_market(delivery.path(), &until(&data, &|date| date == last)).expect("written") {
        let stem = Path::new(&file).file_stem().expect("a name").to_string_lossy().into_owned();
        room.write(&format!("{MARKET}/{stem}_day.parquet"), fs::read(&file).expect("readable"));
    }
    room.run_to(0, &["data", "import", &room.path(MARKET).display().to_string()]);
    let scene = Scene { room, ..scene };
    scene.collect();
    scene.room.run_to(0, &["night-ops", "-q", "--incremental"]);
    let (_, remark) = stage(&scene.room, Stage::Repair);
    assert!(remark.starts_with("4 values from other sources, "), "{remark}");
    assert_eq!(scene.room.result(), whole);
}
