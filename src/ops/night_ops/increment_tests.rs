//! Tests of nights that go on from others: every digest is that of a night which computes everything, and what
//! cannot be gone on from is said and computed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex},
};

use jiff::civil::Date;
use tempfile::TempDir;

use crate::{
    clock::Clock,
    config::{self, LoadOptions},
    durable,
    market::{DailyBar, MarketData, SecurityEvent, SecurityStatus, Symbol},
    ops::{
        Listener, Station, Told,
        bootstrap::{MarketRequest, init},
        night_ops::{self, NightOpsOptions, NightOpsReport, Stage},
    },
    seed::Seed,
    source::simulated::{SimulatedSpec, generate},
    store::write_market,
    workspace::Workspace,
};

/// The sessions of the market; the split moves on at every twentieth.
const SESSIONS: usize = 162;

/// A market in which, between sessions 140 and 160, a symbol is listed, one is suspended and trades again, and one
/// goes ex-rights.
static MARKET: LazyLock<MarketData> = LazyLock::new(|| {
    let spec =
        SimulatedSpec { seed: Seed(23), symbols: 12, days: SESSIONS, minute_days: 0, ..SimulatedSpec::default() };
    let mut data = generate(&spec).expect("a market");
    let dates = dates(&data);
    let symbols: Vec<Symbol> = {
        let all: std::collections::BTreeSet<Symbol> = data.daily.iter().map(|bar| bar.symbol).collect();
        all.into_iter().collect()
    };
    let (listed, suspended) = (symbols[4], symbols[7]);
    let away = dates[141]..dates[146];
    data.daily.retain(|bar| bar.symbol != listed || bar.date >= dates[143]);
    data.daily.retain(|bar| bar.symbol != suspended || !away.contains(&bar.date));
    // Its first bar here is its first at all.
    let first = data.daily.iter_mut().filter(|bar| bar.symbol == listed).min_by_key(|bar| bar.date);
    first.expect("a bar").preclose = None;
    data
});

fn dates(data: &MarketData) -> Vec<Date> {
    let mut dates: Vec<Date> = data.daily.iter().map(|bar| bar.date).collect();
    dates.sort_unstable();
    dates.dedup();
    dates
}

/// Returns the rows of the market's sessions in this range.
fn part(sessions: std::ops::Range<usize>) -> MarketData {
    let dates = dates(&MARKET);
    let wanted = dates[sessions.start]..=dates[sessions.end - 1];
    let mut data = MarketData {
        daily: MARKET.daily.clone(),
        index: MARKET.index.clone(),
        actions: MARKET.actions.clone(),
        ..MarketData::default()
    };
    data.daily.retain(|bar| wanted.contains(&bar.date));
    data.index.retain(|bar| wanted.contains(&bar.date));
    data.actions.retain(|action| wanted.contains(&action.ex_date));
    data
}

/// A workspace whose bars arrive day by day.
struct Place {
    room: TempDir,
}

impl Place {
    fn with(sessions: usize) -> Self {
        let room = tempfile::tempdir().expect("a directory");
        let market = room.path().join("market");
        write_market(&market, &part(0..sessions)).expect("written");
        let choice = market.display().to_string();
        let request = MarketRequest { choice, symbols: None, days: None };
        init(&room.path().join("w"), &request, &Clock::system()).expect("a workspace");
        Self { room }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.room.path().join("w").join(name)
    }

    /// Brings rows in as further input files.
    fn deliver(&self, name: &str, data: &MarketData) {
        let directory = self.room.path().join(name);
        for file in write_market(&directory, data).expect("written") {
            let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
            let bytes = fs::read(&file).expect("readable");
            durable::replace(&self.path(&format!("data/raw/market/{stem}_{name}.parquet")), bytes).expect("delivered");
        }
    }

    fn station(&self, sets: &[(&str, &str)]) -> Station {
        let workspace = Workspace::open(&self.room.path().join("w")).expect("a workspace");
        let sets = sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let config = config::load_all(&workspace, &LoadOptions { sets, ..LoadOptions::default() }).expect("sound");
        Station { workspace, config, clock: Clock::system() }
    }

    fn night(&self, incremental: bool, sets: &[(&str, &str)]) -> NightOpsReport {
        let options = NightOpsOptions { incremental, ..NightOpsOptions::default() };
        let run = night_ops::run(&self.station(sets), &options).expect("it starts");
        assert!(run.report.success, "{:?}", run.report.error);
        run.report
    }

    fn carry_over(&self) -> PathBuf {
        self.path("cache/alpha/carry_over_ultrashort_main.json")
    }
}

fn reason(report: &NightOpsReport, stage: Stage) -> &str {
    &report.steps.iter().find(|step| step.name == stage).expect("there").reason
}

/// What a report says that must not depend on how it was come by.
fn digests(report: &NightOpsReport) -> Vec<String> {
    let stage =
        |step: &night_ops::StageReport| format!("{} {:?} {} {}", step.name, step.digest, step.rows_in, step.rows_out);
    let mut all: Vec<String> =
        report.steps.iter().filter(|step| step.name.is_result() || step.name == Stage::TsCheck).map(stage).collect();
    all.push(format!("{:?}", report.result_digest));
    all
}

/// Runs an incremental night that must go on from another, then one that computes everything; both must agree.
fn assert_goes_on(place: &Place, sets: &[(&str, &str)], what: &str) {
    let quick = place.night(true, sets);
    assert!(reason(&quick, Stage::Factor).contains("goes on from the night of"), "{what}: {quick:?}");
    assert!(reason(&quick, Stage::Train).contains("trained on the same rows on"), "{what}: {quick:?}");
    assert!(quick.train_jobs[0].train_run_id.is_none() && quick.train_jobs[0].model_id.is_some(), "{what}");
    let left = fs::read_to_string(place.carry_over()).expect("a carry-over");
    let dataset = manifest(place, quick.date);
    let full = place.night(false, sets);
    assert!(!reason(&full, Stage::Factor).contains("goes on"), "{what}");
    assert_eq!(digests(&quick), digests(&full), "{what}");
    let (quick, full) = (facts(&left), facts(&fs::read_to_string(place.carry_over()).expect("a carry-over")));
    assert_eq!(quick, full, "{what}: what is left for the next night");
    assert_eq!(dataset, manifest(place, dates(&MARKET)[place_sessions(&full) - 1]), "{what}");
}

fn place_sessions(facts: &serde_json::Value) -> usize {
    usize::try_from(facts["settled"].as_u64().expect("a number")).expect("small") + 1
}

/// Returns a carry-over without what names files and models.
fn facts(text: &str) -> serde_json::Value {
    let mut value: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let mut carried = value["carry_over"].take();
    for name in ["dataset", "files", "model"] {
        carried.as_object_mut().expect("an object").remove(name);
    }
    // A full night puts its own model in force, under the id of its run.
    carried["basis"].as_object_mut().expect("an object").remove("model in force");
    carried
}

/// Returns a dataset's manifest without its files.
fn manifest(place: &Place, date: Date) -> serde_json::Value {
    let path = place.path(&format!("cache/alpha/{}/MANIFEST.json", date.strftime("%Y%m%d")));
    let mut value: serde_json::Value = serde_json::from_slice(&fs::read(path).expect("a manifest")).expect("JSON");
    value.as_object_mut().expect("an object").remove("files");
    value
}

#[test]
fn nights_that_go_on_give_what_a_night_from_the_start_gives() {
    let trees = [("research.learner.kind", "boosted_trees"), ("research.learner.rounds", "10")];
    for sets in [&[][..], &trees[..]] {
        let place = Place::with(141);
        let first = place.night(true, sets);
        assert!(reason(&first, Stage::Factor).contains("no earlier night has left"), "{first:?}");
        assert_goes_on(&place, sets, "the same day again");
        let mut from = 141;
        // The symbol that is suspended trades again on session 146, the late one is listed on 143.
        for added in [1, 2, 1, 5] {
            let part = part(from..from + added);
            from += added;
            place.deliver(&format!("{from}"), &part);
            assert_goes_on(&place, sets, &format!("{added} sessions, up to {from}"));
        }
        // One on another, without a night from the start in between.
        for _ in 0..2 {
            place.deliver(&format!("{}", from + 1), &part(from..from + 1));
            from += 1;
            let quick = place.night(true, sets);
            assert!(reason(&quick, Stage::Factor).contains("goes on from the night of"), "{quick:?}");
        }
        assert_goes_on(&place, sets, "the third on another");
        place.deliver("step", &part(from..161));
        let stepped = place.night(true, sets);
        assert!(reason(&stepped, Stage::Factor).contains("the split moves on"), "{stepped:?}");
        assert_eq!(digests(&stepped), digests(&place.night(false, sets)));
    }
    let dates = dates(&MARKET);
    let ex = MARKET.actions.iter().any(|action| (dates[141]..dates[152]).contains(&action.ex_date));
    assert!(ex, "the control: some symbol goes ex in between");
}

#[test]
fn expressions_with_gaps_go_on_too() {
    let place = Place::with(141);
    let spec = place.path("config/factor_spec.json");
    let sets = [("research.jobs.ultrashort_main.factor_set", "alpha158")];
    assert!(fs::read_to_string(spec).expect("readable").contains("alpha158"));
    place.night(false, &sets);
    place.deliver("next", &part(141..148));
    assert_goes_on(&place, &sets, "alpha158");
}

#[test]
fn what_was_changed_is_computed_anew_and_said() {
    let place = Place::with(150);
    let expect = |sets: &[(&str, &str)], why: &str| {
        let night = place.night(true, sets);
        assert!(reason(&night, Stage::Factor).contains(why), "{why}: {}", reason(&night, Stage::Factor));
        assert_eq!(digests(&night), digests(&place.night(false, sets)), "{why}");
    };
    place.night(false, &[]);
    let dates = dates(&MARKET);
    let old = |bar: &&DailyBar| bar.date == dates[60] && !bar.suspended && bar.high > bar.low;
    let mut restated = MARKET.daily.iter().find(old).expect("a bar").clone();
    restated.close = if restated.close == restated.high { restated.low } else { restated.high };
    place.deliver("restated", &MarketData { daily: vec![restated], ..MarketData::default() });
    expect(&[], "bars up to");
    let event =
        SecurityEvent { date: dates[70], symbol: MARKET.daily[0].symbol, status: SecurityStatus::St, name: "".into() };
    place.deliver("treated", &MarketData { securities: vec![event], ..MarketData::default() });
    expect(&[], "listings or special treatment up to");
    expect(&[("research.learner.penalty", "0.002")], "the learner was changed");
    expect(&[("research.dataset.tradable_only", "false")], "the dataset rule was changed");
    expect(&[("alpha.gate.min_rows", "11")], "the dataset rule was changed");
    expect(&[("alpha.gate.min_rows", "12")], "the promotion gate was changed");
    expect(&[("seed", "8")], "the promotion gate was changed");
    expect(&[("seed", "9")], "the seed was changed");
    let station = place.station(&[]);
    let options = NightOpsOptions { incremental: true, tasks: vec![Stage::Factor], ..NightOpsOptions::default() };
    let run = night_ops::run(&station, &options).expect("it starts");
    assert!(reason(&run.report, Stage::Factor).contains("only a night of all stages"), "{:?}", run.report);
}

#[test]
fn what_is_damaged_is_computed_anew_and_said() {
    let place = Place::with(150);
    let first = place.night(false, &[]);
    let dated = format!("cache/alpha/{}", first.date.strftime("%Y%m%d"));
    let expected = digests(&first);
    let damage = |path: &Path, how: &str| {
        let mut bytes = fs::read(path).expect("readable");
        let middle = bytes.len() / 2;
        match how {
            "cut" => bytes.truncate(middle),
            _ => bytes[middle] = if bytes[middle] == b'1' { b'2' } else { b'1' },
        }
        durable::replace(path, bytes).expect("damaged");
    };
    let names =
        ["train.parquet", "test.parquet", "MANIFEST.json", "scores.parquet"].map(|name| format!("{dated}/{name}"));
    for how in ["cut", "changed"] {
        for name in &names {
            damage(&place.path(name), how);
            let night = place.night(true, &[]);
            assert!(reason(&night, Stage::Factor).contains("the carry-over is damaged"), "{name} {how}: {night:?}");
            assert_eq!(digests(&night), expected, "{name} {how}");
        }
        damage(&place.carry_over(), how);
        let night = place.night(true, &[]);
        assert!(reason(&night, Stage::Factor).contains("the carry-over is damaged"), "{how}: {night:?}");
        let model = night.train_jobs[0].model_id.clone().expect("a model");
        damage(&place.path(&format!("models/ultrashort_main/{model}/metrics.json")), how);
        // The damaged model may be the one in force, which no night can judge against.
        let station = place.station(&[]);
        let options = NightOpsOptions { incremental: true, ..NightOpsOptions::default() };
        let run = night_ops::run(&station, &options).expect("it starts");
        assert!(reason(&run.report, Stage::Factor).contains("the carry-over is damaged"), "{:?}", run.report);
        fs::remove_dir_all(place.path("models/ultrashort_main")).expect("removed");
        place.night(false, &[]);
    }
    fs::remove_dir_all(place.path("cache/alpha")).expect("removed");
    fs::create_dir_all(place.path("cache/alpha")).expect("made");
    let night = place.night(true, &[]);
    assert!(reason(&night, Stage::Factor).contains("no earlier night has left"), "{night:?}");
    assert_eq!(digests(&night), expected);
}

#[test]
fn why_no_carry_over_is_left_stands_in_the_report() {
    let place = Place::with(141);
    fs::create_dir_all(place.carry_over().join("in the way")).expect("made");
    let night = place.night(false, &[]);
    let record = reason(&night, Stage::Record);
    assert!(record.contains("no carry-over is left") && record.contains("carry_over_ultrashort_main"), "{record}");
    fs::remove_dir_all(place.carry_over()).expect("removed");
    assert!(!reason(&place.night(false, &[]), Stage::Record).contains("no carry-over"));
}

#[test]
fn program_that_cannot_be_looked_at_is_an_obstacle() {
    let gone = PathBuf::from("/nowhere/lighthunter");
    for found in [Err(io::ErrorKind::NotFound.into()), Ok(gone)] {
        let error = super::program(found).expect_err("nothing to compare");
        let obstacle = super::Obstacle::failure(error).to_string();
        assert!(obstacle.contains("lighthunter") || obstacle.contains("the program that runs"), "{obstacle}");
    }
    assert!(super::program(std::env::current_exe()).is_ok());
}

#[test]
fn factors_and_training_say_how_far_they_are() {
    let place = Place::with(141);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&heard);
    let listener = Listener::of(move |told| {
        if let Told::Part { done, total, unit } = told {
            own.lock().expect("whole").push((unit, done, total));
        }
    });
    let options = NightOpsOptions { listener, threads: Some(1), ..NightOpsOptions::default() };
    let run = night_ops::run(&place.station(&[("research.jobs.ultrashort_main.factor_set", "alpha158")]), &options);
    assert!(run.expect("it starts").report.success);
    let heard = heard.lock().expect("whole");
    let of = |wanted: &str| -> Vec<(usize, usize)> {
        heard.iter().filter(|(unit, ..)| *unit == wanted).map(|(_, done, total)| (*done, *total)).collect()
    };
    let (factors, training) = (of("factors"), of("steps of the training"));
    assert!(factors.is_sorted() && factors.len() > 5, "{factors:?}");
    assert_eq!((factors.last(), training), (Some(&(158, 158)), vec![(0, 3), (1, 3), (2, 3), (3, 3)]));
}
