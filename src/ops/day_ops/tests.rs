//! Each check is shown a fault of its own in a real workspace, and no other check may change.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
};

use super::{
    CheckName, DayOpsOptions, DayOpsReport, DayOpsRun, Grade,
    permission::{self, Permission},
};
use crate::{
    clock::Clock,
    config::{self, LoadOptions},
    digest::Digest,
    exit::Exit,
    market::{DailyBar, MarketData, SourceBar},
    net::{BreakerState, SiteCounters},
    ops::{
        Station,
        bootstrap::{self, MarketRequest},
        metrics::MonitorState,
        monitor::line::RiskState,
        night_ops::{self, Mode, NightOpsOptions},
        research_plan,
        scheduler::{Heartbeat, jobs_in_force},
    },
    research::zoo::{Action, Decision, Gate, Snapshot},
    seed::Seed,
    source::{SimulatedSpec, simulated},
    store::{self, FetchedPage, Ledger, Query, RunEnd, RunStart, RunStatus, ScheduleMark},
    text::Language,
    vault::Vault,
    workspace::Workspace,
};

/// The last session of the simulated market, and the one that opens after it.
const SESSION: Date = date(2025, 6, 30);
const TODAY: Date = date(2025, 7, 1);
const EVENING: &str = "2025-06-30T20:30:00+08:00";
const MORNING: &str = "2025-07-01T08:30:00+08:00";

/// A workspace that was brought up, and one after its first night.
static FRESH: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = place("fresh");
    bootstrap::init(&root, &request(), &clock(EVENING)).map(drop).expect("made");
    let workspace = Workspace::open(&root).expect("a workspace");
    bootstrap::bootstrap(&workspace, None, &LoadOptions::default()).map(drop).expect("brought up");
    root
});
static NIGHTED: LazyLock<PathBuf> = LazyLock::new(|| {
    let room = Room { root: place("nighted") };
    copy_tree(&FRESH, &room.root);
    room.night(Mode::Full);
    let root = room.root.clone();
    std::mem::forget(room);
    root
});
/// Ports that are free in this process.
static PORTS: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let held: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").expect("bound")).collect();
    held.iter().map(|listener| listener.local_addr().expect("bound").port()).collect()
});

/// A workspace of one test; it goes with the test.
struct Room {
    root: PathBuf,
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl Room {
    fn copy_of(origin: &Path) -> Self {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let room = Self { root: place(&format!("room{number}")) };
        copy_tree(origin, &room.root);
        room
    }

    fn nighted() -> Self {
        Self::copy_of(&NIGHTED)
    }

    /// A first night on a market that was changed before it.
    fn nighted_on(edit: impl FnOnce(&mut MarketData)) -> Self {
        let room = Self::copy_of(&FRESH);
        let spec = SimulatedSpec { seed: Seed(7), symbols: 16, days: 160, ..SimulatedSpec::default() };
        let mut market = simulated::generate(&spec).expect("made");
        edit(&mut market);
        store::write_market(&room.root.join("data/raw/market"), &market).expect("written");
        room.night(Mode::Full);
        room
    }

    fn night(&self, mode: Mode) {
        let options = NightOpsOptions { mode: Some(mode), ..NightOpsOptions::default() };
        let run = night_ops::run(&self.station(EVENING, &[]), &options).expect("it starts");
        assert!(run.failure.is_none(), "{:?}", run.failure);
    }

    fn station(&self, now: &str, sets: &[(&str, &str)]) -> Station {
        let workspace = Workspace::open(&self.root).expect("a workspace");
        let keys = ["event_bus.pub_endpoint", "event_bus.sub_endpoint", "event_bus.monitor_endpoint"];
        let endpoints = keys.iter().zip(&*PORTS).map(|(key, port)| (*key, format!("tcp://127.0.0.1:{port}")));
        let ports = ["hud.port", "monitor.port"].iter().zip(PORTS.iter().skip(3));
        let all = endpoints.chain(ports.map(|(key, port)| (*key, port.to_string())));
        let own = sets.iter().map(|(key, value)| (*key, (*value).to_owned()));
        let sets = all.chain(own).map(|(key, value)| (key.to_owned(), value)).collect();
        let config = config::load_all(&workspace, &LoadOptions { sets, ..LoadOptions::default() }).expect("sound");
        Station { workspace, config, clock: clock(now) }
    }

    /// Runs DayOps beside a scheduler that works.
    fn day_ops(&self, now: &str, sets: &[(&str, &str)], options: &DayOpsOptions) -> DayOpsRun {
        self.plant_heartbeat(std::process::id(), now, false);
        super::run(&self.station(now, sets), options).expect("it ends")
    }

    /// Runs DayOps on the morning after the night.
    fn morning(&self, sets: &[(&str, &str)]) -> DayOpsReport {
        self.day_ops(MORNING, sets, &DayOpsOptions::default()).report
    }

    /// Writes the sign of life of a scheduler.
    fn plant_heartbeat(&self, pid: u32, at: &str, has_ended: bool) {
        let at: Timestamp = at.parse().expect("a timestamp");
        let beat = Heartbeat { pid, started_at: at, beat_at: at, ended_at: has_ended.then_some(at) };
        self.write("monitor/scheduler.json", |_| serde_json::to_string(&beat).expect("JSON"));
    }

    /// Says in the ledger how far a scheduler has decided the schedule of a job.
    fn plant_mark(&self, id: &str, through: &str) {
        let jobs = jobs_in_force(&self.station(MORNING, &[]).config);
        let job = jobs.iter().find(|job| job.id == id).expect("a job");
        let through = through.parse().expect("a timestamp");
        let mark = ScheduleMark { job: id.into(), schedule: job.schedule.to_string(), through };
        self.ledger().decide_schedule(&mark, &[], None).expect("decided");
    }

    fn ledger(&self) -> Ledger {
        Ledger::open(&self.station(MORNING, &[]).store_settings().ledger).expect("opened")
    }

    /// Enters a run in the ledger; it is still running where no status is given.
    fn plant_run(&self, kind: &str, id: &str, started_at: &str, ended: Option<(RunStatus, u8)>) {
        let started_at: Timestamp = started_at.parse().expect("a timestamp");
        let ledger = self.ledger();
        let before = ledger.last_run(night_ops::COMPONENT).expect("searched").expect("a night");
        let start = RunStart {
            id: id.into(),
            kind: kind.into(),
            as_of: SESSION,
            input_digest: before.input_digest.expect("a digest"),
            started_at,
        };
        ledger.begin_run(&start).expect("begun");
        if let Some((status, exit)) = ended {
            let result_digest = (status == RunStatus::Success).then(|| Digest::of("another result"));
            let error = (exit != 0).then(|| "planted".to_owned());
            ledger
                .finish_run(id, &RunEnd { status, finished_at: started_at, result_digest, exit, error })
                .expect("ended");
        }
    }

    /// Imports what `change` makes of the bars of the newest sessions.
    fn plant_bars(&self, change: impl FnOnce(Vec<DailyBar>) -> Vec<DailyBar>) {
        let station = self.station(EVENING, &[]);
        let (mut stores, _) = station.open_stores().expect("opened");
        let from = Some(date(2025, 6, 20));
        let daily = change(stores.daily(&Query { from, ..Query::up_to(SESSION) }).expect("read"));
        stores.import(&MarketData { daily, ..MarketData::default() }, station.clock.now()).expect("imported");
    }

    /// Publishes a changed copy of the model in force and puts it in force.
    fn plant_model(&self, change: impl FnOnce(&mut Snapshot)) {
        let station = self.station(EVENING, &[]);
        let (zoo, job) = (research_plan::zoo(&station), &station.settings().alpha.default_job);
        let mut model = zoo.load_current(job).expect("a model");
        model.id = "20250630_planted".into();
        change(&mut model);
        zoo.publish(&model).expect("published");
        let decision = Decision { action: Action::Use, at: station.clock.now(), by: "test".into(), reason: None };
        zoo.promote(job, &model.id, &decision).expect("in force");
    }

    fn plant_state(&self, change: impl FnOnce(&mut MonitorState)) {
        self.station(MORNING, &[]).metrics().update(change).expect("written");
    }

    fn write(&self, name: &str, change: impl FnOnce(String) -> String) {
        let path = self.root.join(name);
        let text = change(fs::read_to_string(&path).unwrap_or_default());
        fs::File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
    }

    fn commit(&self) {
        let now = clock(MORNING).now();
        Vault::open(&self.root).and_then(|vault| vault.commit_all("planted", now)).expect("committed");
    }
}

fn request() -> MarketRequest {
    MarketRequest { choice: "simulated:7".into(), symbols: Some(16), days: Some(160) }
}

fn clock(at: &str) -> Clock {
    Clock::starting_at(at.parse().expect("a timestamp"))
}

/// Returns a place of this process, after removing those of processes that have ended.
fn place(name: &str) -> PathBuf {
    let rooms = std::env::temp_dir().join("lighthunter-day-ops-tests");
    for entry in fs::read_dir(&rooms).into_iter().flatten().flatten() {
        if !Path::new("/proc").join(entry.file_name()).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let own = rooms.join(std::process::id().to_string());
    fs::create_dir_all(&own).expect("made");
    own.join(name)
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if let Ok(pointed) = fs::read_link(&path) {
            crate::durable::point(&target, &pointed).expect("linked");
        } else if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            let copied = fs::File::create(&target)
                .and_then(|mut target| std::io::copy(&mut fs::File::open(&path)?, &mut target));
            copied.expect("copied");
        }
    }
}

/// Overrides of the config, by key.
type Sets<'a> = &'a [(&'a str, &'a str)];

/// Returns the checks that are not OK.
fn not_ok(report: &DayOpsReport) -> BTreeMap<CheckName, Grade> {
    let found = report.checks.iter().filter(|check| check.grade != Grade::Ok);
    found.map(|check| (check.name, check.grade)).collect()
}

/// Holds that exactly these checks are not OK, and that the first says `words` and what to do.
#[track_caller]
fn assert_only(report: &DayOpsReport, expected: &[(CheckName, Grade)], words: &str) {
    assert_eq!(not_ok(report), expected.iter().copied().collect(), "{}", report.markdown(Language::English));
    let (name, grade) = expected.first().expect("a check");
    let check = report.checks.iter().find(|check| check.name == *name).expect("made");
    let reason = check.reason.say(Language::English);
    assert!(reason.contains(words), "no '{words}' in: {reason}");
    assert!(check.remedy.is_some(), "{name}: no remedy");
    let worst = expected.iter().map(|(_, grade)| *grade).max().expect("a grade");
    assert_eq!((report.grade, report.exit), (worst, u8::from(worst == Grade::Fail)), "{name} {grade}");
}

#[test]
fn healthy_workspace_is_ok_in_every_check_and_twice_the_same() {
    let room = Room::nighted();
    let run = room.day_ops(MORNING, &[], &DayOpsOptions::default());
    let report = &run.report;
    assert_eq!((not_ok(report), run.exit), (BTreeMap::new(), Exit::Done), "{}", report.markdown(Language::English));
    assert_eq!((report.date, report.session, report.checks.len()), (TODAY, SESSION, 18));
    let names: Vec<String> = run.files.iter().map(|file| room_name(&room, file)).collect();
    assert_eq!(names, ["reports/day_ops_20250701.json", "reports/day_ops_20250701.md"]);
    let station = room.station(MORNING, &[]);
    assert_eq!(DayOpsReport::newest(&station.reports()).as_ref(), Some(report), "it reads back");
    let entry = room.ledger().run(&report.run_id).expect("searched").expect("in the ledger");
    assert_eq!((entry.as_of, entry.status, entry.exit), (TODAY, RunStatus::Success, Some(0)));
    assert_eq!(entry.result_digest, Some(report.result_digest));
    let state = station.metrics().read().expect("a state").day_ops.expect("a verdict");
    assert_eq!((state.grade, state.date, state.counts.ok), (Grade::Ok, TODAY, 18));
    let again = room.morning(&[]);
    assert_eq!((again.input_digest, again.result_digest), (report.input_digest, report.result_digest));
}

fn room_name(room: &Room, file: &Path) -> String {
    file.strip_prefix(&room.root).unwrap_or(file).display().to_string()
}

#[test]
fn last_night_that_did_not_end_well_is_seen() {
    let late = "2025-06-30T23:00:00+08:00";
    let cases = [
        ("failed", Some((RunStatus::Failed, 17)), Grade::Warning, "failed with exit code 17: planted"),
        ("died", Some((RunStatus::Interrupted, 1)), Grade::Warning, "was interrupted"),
        ("runs", None, Grade::Fail, "is still running"),
    ];
    for (id, ended, grade, words) in cases {
        let room = Room::nighted();
        room.plant_run(night_ops::COMPONENT, id, late, ended);
        assert_only(&room.morning(&[]), &[(CheckName::NightOps, grade)], words);
    }
    let room = Room::nighted();
    room.night(Mode::Data);
    assert_only(&room.morning(&[]), &[(CheckName::NightOps, Grade::Warning)], "partial: 6 of 10 stages");
}

#[test]
fn equal_run_keys_with_different_results_are_seen() {
    let room = Room::nighted();
    room.plant_run(night_ops::COMPONENT, "other", "2025-06-30T23:00:00+08:00", Some((RunStatus::Success, 0)));
    assert_only(&room.morning(&[]), &[(CheckName::NightOps, Grade::Fail)], "same run key and different result digests");
}

#[test]
fn night_of_an_older_session_is_graded_by_its_age() {
    let room = Room::nighted();
    room.plant_bars(|bars| {
        let newest = bars.into_iter().filter(|bar| bar.date == SESSION);
        newest
            .map(|bar| DailyBar {
                date: TODAY,
                preclose: Some(bar.close),
                volume: bar.volume.map(|volume| volume + 1),
                ..bar
            })
            .collect()
    });
    let next = "2025-07-02T08:30:00+08:00";
    let run = |age| room.day_ops(next, &[("ops.day_ops.max_night_ops_age_sessions", age)], &DayOpsOptions::default());
    assert_only(&run("1").report, &[(CheckName::NightOps, Grade::Warning)], "1 sessions before 2025-07-01");
    assert_only(&run("0").report, &[(CheckName::NightOps, Grade::Fail)], "max_night_ops_age_sessions: 0");
}

#[test]
fn workspace_without_a_night_fails_where_it_must() {
    let room = Room::copy_of(&FRESH);
    let report = room.morning(&[]);
    let failed: Vec<CheckName> = report.checks_of(Grade::Fail).map(|check| check.name).collect();
    assert_eq!(failed, [CheckName::NightOps, CheckName::DataSessions, CheckName::Model]);
}

#[test]
fn damaged_and_missing_stores_are_seen() {
    let room = Room::nighted();
    let partition = room.root.join(format!("data/parquet/daily/trade_date={SESSION}"));
    let mut parts = fs::read_dir(&partition).expect("listed").flatten().map(|entry| entry.path());
    let part = parts.find(|path| path.extension().is_some_and(|kind| kind == "parquet")).expect("a file");
    let mut bytes = fs::read(&part).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::File::create(&part).and_then(|mut file| file.write_all(&bytes)).expect("damaged");
    assert_only(&room.morning(&[]), &[(CheckName::Stores, Grade::Warning)], "had to mend");
    assert_eq!(not_ok(&room.morning(&[])), BTreeMap::new(), "what was mended stays mended");
    let nowhere = [("storage.ts.duckdb_path", "data/__invalid_path__/x.duckdb")];
    let unseen = [
        (CheckName::Stores, Grade::Fail),
        (CheckName::DataSessions, Grade::Warning),
        (CheckName::DataVolume, Grade::Warning),
        (CheckName::DataFindings, Grade::Warning),
        (CheckName::ModelQuality, Grade::Warning),
    ];
    assert_only(&room.morning(&nowhere), &unseen, "storage.ts.duckdb_path");
}

#[test]
fn session_without_bars_and_a_gap_are_seen() {
    let gap = Room::nighted_on(|market| market.daily.retain(|bar| bar.date != date(2025, 6, 20)));
    assert_only(
        &gap.morning(&[]),
        &[(CheckName::DataSessions, Grade::Warning)],
        "1 sessions have no daily bar: 2025-06-20",
    );
    let room = Room::nighted();
    let dead = [("data_sources.market.kind", "directory")];
    let report = room.day_ops("2025-07-02T08:30:00+08:00", &dead, &DayOpsOptions::default()).report;
    let expected = [
        (CheckName::DataSessions, Grade::Fail),
        (CheckName::NightOps, Grade::Warning),
        (CheckName::DataVolume, Grade::Warning),
        (CheckName::DataFindings, Grade::Warning),
    ];
    assert_only(&report, &expected, "end on 2025-06-30, 1 sessions before 2025-07-01");
}

#[test]
fn thin_session_is_seen() {
    for (kept, grade, words) in [(15, Grade::Warning, "93.8 %"), (7, Grade::Fail, "43.8 % of the median 16")] {
        let room = Room::nighted_on(|market| {
            let mut symbols: Vec<_> = market.daily.iter().map(|bar| bar.symbol).collect();
            symbols.sort_unstable();
            symbols.dedup();
            let last = symbols.split_off(kept);
            market.daily.retain(|bar| bar.date != SESSION || !last.contains(&bar.symbol));
        });
        assert_only(&room.morning(&[]), &[(CheckName::DataVolume, grade)], words);
    }
}

#[test]
fn hard_findings_and_series_that_stand_still_are_seen() {
    let room = Room::nighted();
    room.plant_bars(|bars| {
        let bar = bars.into_iter().find(|bar| bar.date == SESSION && !bar.suspended).expect("a bar");
        vec![DailyBar { high: bar.low - 0.01, ..bar }]
    });
    assert_only(&room.morning(&[]), &[(CheckName::DataFindings, Grade::Fail)], "1 of 16 rows of 2025-06-30");
    let lax = [("data_guardian.max_bad_row_share", "0.5")];
    assert_only(&room.morning(&lax), &[(CheckName::DataFindings, Grade::Warning)], "ohlc_order");

    let room = Room::nighted();
    room.plant_bars(|bars| {
        let newest = bars.iter().rfind(|bar| !bar.suspended).expect("a bar");
        let mut series: Vec<DailyBar> = bars.iter().filter(|bar| bar.symbol == newest.symbol).cloned().collect();
        let mut series = series.split_off(series.len() - 5);
        let price = series[0].close;
        for bar in &mut series {
            (bar.open, bar.high, bar.low, bar.close) = (price, price, price, price);
            bar.amount = None;
        }
        for bar in series.iter_mut().skip(1) {
            bar.preclose = Some(price);
        }
        series
    });
    assert_only(&room.morning(&[]), &[(CheckName::DataFindings, Grade::Warning)], "same four prices");
}

#[test]
fn stale_sources_are_seen_with_the_date_since_when() {
    let room = Room::nighted();
    let east = [("data_sources.east.site", "eastmoney"), ("data_sources.east.enabled", "true")];
    let seen = |words: &str| {
        assert_only(&room.morning(&east), &[(CheckName::DataSources, Grade::Warning)], words);
    };
    seen("east has delivered no daily yet; it has never answered");

    let bars = room.station(EVENING, &[]).open_stores().expect("opened").0;
    let bars = bars.daily(&Query { from: Some(SESSION), ..Query::up_to(SESSION) }).expect("read");
    let deliver = |last: jiff::civil::Date, symbols: usize| {
        let page = |bar: &DailyBar| FetchedPage {
            source: "east".into(),
            site: "eastmoney".into(),
            kind: "daily".into(),
            symbol: bar.symbol.to_string(),
            first: date(2025, 6, 2),
            last,
            rows: 1,
            received_at: clock(EVENING).now(),
            body: Vec::new(),
        };
        let ledger = room.ledger();
        ledger.put_pages(&bars.iter().take(symbols).map(page).collect::<Vec<_>>()).expect("kept");
        ledger.settle_pages(&ledger.waiting_pages(1000).expect("read")).expect("settled");
    };
    deliver(date(2025, 6, 26), 16);
    let answered = SiteCounters { last_answer_at: Some(clock(EVENING).now()), ..SiteCounters::default() };
    room.plant_state(|state| drop(state.network.insert("east".into(), answered.clone())));
    seen(
        "east is stale: its newest daily are of 2025-06-26, 2 sessions before 2025-06-30; it last answered at 2025-06-30",
    );
    deliver(SESSION, 12);
    seen("east is stale in part: of 16 symbols of daily, 4 end before 2025-06-30");
    deliver(SESSION, 16);
    seen("east answers, but has no daily row of 2025-06-30");

    let source_bars = bars.iter().map(|bar| SourceBar {
        bar: DailyBar { source: "east".into(), ..bar.clone() },
        version: 0,
        received_at: clock(EVENING).now(),
    });
    let data = MarketData { source_bars: source_bars.collect(), ..MarketData::default() };
    let station = room.station(EVENING, &[]);
    station.open_stores().expect("opened").0.import(&data, station.clock.now()).expect("imported");
    assert_eq!(not_ok(&room.morning(&east)), BTreeMap::new(), "all delivered");

    let open = SiteCounters {
        breaker_state: BreakerState::Open,
        breaker_open_until: Some(clock(MORNING).now() + SignedDuration::from_mins(2)),
        breaker_reason: Some("5 straight bans".into()),
        ..answered
    };
    room.plant_state(|state| drop(state.network.insert("east".into(), open)));
    seen("its circuit breaker is open: 5 straight bans");
}

#[test]
fn missing_and_damaged_models_are_seen() {
    let unseen = [
        (CheckName::Model, Grade::Fail),
        (CheckName::ModelDefinitions, Grade::Warning),
        (CheckName::ModelQuality, Grade::Warning),
    ];
    let room = Room::nighted();
    let job = room.root.join("models/ultrashort_main");
    let model = job.join(fs::read_link(job.join("current")).expect("a link")).join("model.json");
    room.write(&room_name(&room, &model), |text| text.replace("0.", "1."));
    assert_only(&room.morning(&[]), &unseen, "SHA-256");
    fs::remove_file(job.join("current")).expect("removed");
    assert_only(&room.morning(&[]), &unseen, "no current model");
}

#[test]
fn model_of_other_definitions_is_seen() {
    let room = Room::nighted();
    let other = [("research.jobs.ultrashort_main.task", "ultrashort_t3_swing")];
    assert_only(&room.morning(&other), &[(CheckName::ModelDefinitions, Grade::Fail)], "predicts ULTRA_T1_RET_C2C");
}

#[test]
fn model_that_was_refused_or_has_lost_its_skill_is_seen() {
    let room = Room::nighted();
    room.plant_model(|model| model.judgement.gate = Gate { passed: false, reasons: vec!["too weak".into()] });
    assert_only(&room.morning(&[]), &[(CheckName::ModelQuality, Grade::Warning)], "its gate refused it: too weak");
    let room = Room::nighted();
    room.plant_model(|model| {
        let _ = model.judgement.metrics.insert("rank_ic".into(), Some(0.9));
    });
    assert_only(&room.morning(&[]), &[(CheckName::ModelQuality, Grade::Warning)], "lost its skill: rank IC");
    fs::remove_file(room.root.join("models/ultrashort_main/history.jsonl")).expect("removed");
    assert_only(&room.morning(&[]), &[(CheckName::ModelQuality, Grade::Warning)], "does not say who put");
    let pinned = fs::read_dir(room.root.join("models/ultrashort_main")).expect("listed").flatten();
    let pinned = pinned.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let pinned = pinned.filter(|name| name.contains("train")).max().expect("the trained one");
    let pin = [("alpha.model_id", pinned.as_str())];
    assert_only(
        &room.morning(&pin),
        &[(CheckName::ModelQuality, Grade::Warning)],
        "the model in force 20250630_planted has 0.9",
    );
}

#[test]
fn limits_that_protect_nothing_are_seen() {
    let room = Room::nighted();
    let cases: [(Sets<'_>, Grade, &str); 6] = [
        (&[("risk.max_dd_total", "1.0")], Grade::Fail, "can never trip"),
        (&[("risk.max_dd_total", "0.6")], Grade::Warning, "above 0.5"),
        (&[("risk.max_dd_intraday", "0.3")], Grade::Warning, "never halted first"),
        (&[("risk.max_leverage", "2.0")], Grade::Warning, "risk.max_leverage is 2"),
        (&[("risk.max_order_value", "5000000")], Grade::Warning, "largest account's cash 1000000"),
        (
            &[("risk.whitelist_symbols", "[\"600000.SH\"]"), ("risk.blacklist_symbols", "[\"600000.SH\"]")],
            Grade::Fail,
            "nothing may be bought",
        ),
    ];
    for (sets, grade, words) in cases {
        assert_only(&room.morning(sets), &[(CheckName::RiskLimits, grade)], words);
    }
}

#[test]
fn broken_strategy_is_seen() {
    let room = Room::nighted();
    room.write("strategy/u1.luau", |text| format!("{text}\nthis is no program"));
    room.commit();
    assert_only(&room.morning(&[]), &[(CheckName::Strategies, Grade::Fail)], "strategy/u1.luau");
    let room = Room::nighted();
    room.write("strategy/portfolio.luau", |text| text.replace("0.4", "1.4"));
    room.commit();
    assert_only(&room.morning(&[]), &[(CheckName::Strategies, Grade::Fail)], "strategy/portfolio.luau");
}

#[test]
fn kill_switch_fails_until_it_is_released() {
    let room = Room::nighted();
    room.ledger().trip_kill_switch("paper_main", "2025-06-30T10:00:00", "drawdown 21 %", "run").expect("tripped");
    assert_only(&room.morning(&[]), &[(CheckName::KillSwitches, Grade::Fail)], "paper_main is tripped");
    room.ledger().release_kill_switch("paper_main", "2025-07-01T08:00:00", "me", "looked").expect("released");
    assert_eq!(not_ok(&room.morning(&[])), BTreeMap::new());
}

#[test]
fn schedule_without_a_night_or_a_check_is_seen() {
    let room = Room::nighted();
    let off = [("ops.night_ops.enabled", "false")];
    assert_only(&room.morning(&off), &[(CheckName::Schedule, Grade::Warning)], "no enabled job runs night-ops");
    room.write("config/jobs.yaml", |text| {
        text.replace("time: \"08:45\", days_of_week: [1, 2, 3, 4, 5]", "time: \"08:45\", days_of_week: [1]")
    });
    room.commit();
    assert_only(
        &room.morning(&[]),
        &[(CheckName::Schedule, Grade::Warning)],
        "no enabled job runs day-ops on 2025-07-01",
    );
}

#[test]
fn workspace_without_a_scheduler_is_seen() {
    let room = Room::nighted();
    let check = || super::run(&room.station(MORNING, &[]), &DayOpsOptions::default()).expect("it ends").report;
    let warned = [(CheckName::Schedule, Grade::Warning)];
    assert_only(&check(), &warned, "none has ever run here: 2 enabled jobs will not start");
    room.plant_heartbeat(std::process::id(), MORNING, true);
    assert_only(&check(), &warned, "no scheduler is running, the last one ended at 2025-07-01 08:30:00");
    room.plant_heartbeat(u32::MAX, MORNING, false);
    assert_only(&check(), &warned, "no scheduler is running: process 4294967295 died");
    room.plant_heartbeat(std::process::id(), "2025-07-01T08:28:00+08:00", false);
    assert_only(&check(), &warned, "the scheduler hangs");
    room.write("monitor/scheduler.json", |_| "torn".into());
    assert_only(&check(), &warned, "cannot be read");
}

#[test]
fn job_that_was_due_and_did_not_run_is_seen() {
    let room = Room::nighted();
    // The scheduler looked at nothing after the afternoon; the night was run by a person, the check was not.
    room.plant_mark("night_ops_full", "2025-06-30T16:00:00+08:00");
    assert_eq!(not_ok(&room.morning(&[])), BTreeMap::new(), "a person ran the night");
    room.plant_mark("day_ops_morning", "2025-06-30T08:00:00+08:00");
    let warned = [(CheckName::Schedule, Grade::Warning)];
    assert_only(&room.morning(&[]), &warned, "day_ops_morning was due at 2025-06-30 08:45:00 and did not run");

    let room = Room::nighted();
    room.plant_mark("night_ops_full", "2025-06-30T16:00:00+08:00");
    room.plant_bars(|bars| {
        let newest = bars.into_iter().filter(|bar| bar.date == SESSION);
        newest
            .map(|bar| DailyBar {
                date: TODAY,
                preclose: Some(bar.close),
                volume: bar.volume.map(|volume| volume + 1),
                ..bar
            })
            .collect()
    });
    let next = room.day_ops("2025-07-02T08:30:00+08:00", &[], &DayOpsOptions::default()).report;
    let failed = [(CheckName::Schedule, Grade::Fail), (CheckName::NightOps, Grade::Warning)];
    assert_only(&next, &failed, "night_ops_full was due at 2025-07-01 20:30:00 and did not run: nobody has looked");
}

#[test]
fn report_is_said_in_every_language() {
    let room = Room::nighted();
    let sets = [("risk.max_dd_total", "1.0"), ("risk.max_leverage", "2.0"), ("ops.min_free_disk_bytes", "1")];
    let chinese = DayOpsOptions { language: Language::Chinese, ..DayOpsOptions::default() };
    let run = room.day_ops(MORNING, &sets, &chinese);
    let written = fs::read_to_string(run.files.last().expect("a file")).expect("read");
    assert_eq!(written, run.report.markdown(Language::Chinese));
    let json = fs::read_to_string(run.files.first().expect("a file")).expect("read");
    let mut json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let zh = json["zh"].take();
    assert!(json.to_string().is_ascii(), "programs read English");
    let check = run.report.checks.iter().find(|check| check.grade == Grade::Fail).expect("one is");
    assert_eq!(
        zh[&*check.reason],
        check.reason.say(Language::Chinese),
        "pages of another language find theirs beside it"
    );
    // What no two workspaces share.
    let filters = [
        (r"\b[0-9a-f]{10,64}\b|\b[0-9a-f]*[a-f][0-9a-f]{7,64}\b", "MARK"),
        (r"[a-z]+_[a-z]+_[0-9]{8}_[0-9]{6}_[0-9a-f]{6}", "RUN"),
        (r"T[0-9:.]+Z", "T"),
        (r"[0-9]+ MiB", "N MiB"),
        (r"(process|进程) [0-9]+", "$1 PID"),
        (r"[0-9.]+ (s|秒)(,|，)", "N $1$2"),
        (r"[0-9]{8}_[a-z]+_[0-9a-f_]+", "ID"),
        (r"0\.[0-9]{4}", "N"),
    ];
    for language in Language::ALL {
        insta::with_settings!({ filters => filters }, {
            insta::assert_snapshot!(format!("day_ops_{language}"), run.report.markdown(language));
        });
    }
}

#[test]
fn full_disk_is_seen() {
    let room = Room::nighted();
    let huge = [("ops.min_free_disk_bytes", "1125899906842624")];
    assert_only(&room.morning(&huge), &[(CheckName::Disk, Grade::Fail)], "asks for 1073741824 MiB");
}

#[test]
fn clock_that_runs_backwards_and_an_open_market_are_seen() {
    let room = Room::nighted();
    let real = [("data_sources.market.kind", "directory")];
    let open = room.day_ops("2025-07-01T10:00:00+08:00", &real, &DayOpsOptions::default()).report;
    assert_only(&open, &[(CheckName::Clock, Grade::Warning)], "open since 09:15");
    let closed = room.day_ops("2025-07-01T10:00:05+08:00", &[], &DayOpsOptions::default()).report;
    assert_eq!(not_ok(&closed), BTreeMap::new(), "a simulated market is never open");
    let back = room.morning(&[]);
    assert_only(&back, &[(CheckName::Clock, Grade::Fail)], "the clock is 54");
}

#[test]
fn what_is_in_force_but_not_committed_is_seen() {
    let room = Room::nighted();
    room.write("strategy/u3.luau", |_| "return {}".into());
    assert_only(&room.morning(&[]), &[(CheckName::Config, Grade::Warning)], "1 files, strategy/u3.luau");
    room.commit();
    room.write("config/system_config.json", |text| format!("// looked at\n{text}"));
    assert_only(&room.morning(&[]), &[(CheckName::Config, Grade::Warning)], "config/system_config.json");
    room.commit();
    let with = |set: &str| DayOpsOptions { overrides: vec![set.into()], ..DayOpsOptions::default() };
    let moved = room.day_ops(MORNING, &[], &with("monitor.port=9000")).report;
    assert_eq!(not_ok(&moved), BTreeMap::new(), "where something listens is not what is traded");
    let other = room.day_ops(MORNING, &[], &with("risk.max_leverage=0.9")).report;
    assert_only(&other, &[(CheckName::Config, Grade::Warning)], "risk.max_leverage=0.9");
}

#[test]
fn port_of_another_process_is_told_from_our_own() {
    let room = Room::nighted();
    let held = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = held.local_addr().expect("bound").port().to_string();
    let sets = [("monitor.port", port.as_str())];
    let own = std::process::id();
    assert_only(&room.morning(&sets), &[(CheckName::Ports, Grade::Warning)], &format!("taken by pid {own}"));
    room.plant_state(|state| state.monitor.pid = own);
    assert_eq!(not_ok(&room.morning(&sets)), BTreeMap::new(), "the monitor of this workspace may hold it");
}

#[test]
fn what_was_reported_and_is_open_is_seen() {
    let room = Room::nighted();
    let morning = clock(MORNING).now();
    room.plant_state(|state| state.note_run("simulation", Some("no bars"), morning));
    assert_only(&room.morning(&[]), &[(CheckName::Alerts, Grade::Warning)], "simulation failed: no bars");
    room.plant_state(|state| state.note_run("simulation", None, morning + SignedDuration::from_secs(60)));
    assert_eq!(not_ok(&room.morning(&[])), BTreeMap::new(), "a later one went well");
    room.plant_state(|state| {
        let risk = RiskState { last_ts: Some(morning), last_score: 0.9, last_level: "critical".into(), alert_count: 3 };
        state.risk_accounts.insert("paper_main".into(), risk);
    });
    assert_only(&room.morning(&[]), &[(CheckName::Alerts, Grade::Warning)], "critical risk alert, score 0.90");
}

#[test]
fn warning_is_a_failure_only_where_it_is_strict() {
    let room = Room::nighted();
    let warned = [("risk.max_leverage", "2.0")];
    let run = |strict| room.day_ops(MORNING, &warned, &DayOpsOptions { strict, ..DayOpsOptions::default() });
    assert_eq!((run(false).exit, run(true).exit), (Exit::Done, Exit::Negative));
    let config = [warned[0], ("ops.day_ops.strict", "true")];
    assert_eq!(room.morning(&config).exit, 1);
    assert_eq!(room.morning(&[("ops.day_ops.strict", "true")]).exit, 0);
}

#[test]
fn last_day_ops_of_the_date_decides_whether_trading_starts() {
    let room = Room::nighted();
    let now = || room.station(MORNING, &[]).strategy_digest();
    let ask = |on, force| permission::ask(&room.ledger(), on, &now(), force);
    assert_eq!(ask(SESSION, false).expect("asked"), Permission::Unasked);
    let failed = room.morning(&[("risk.max_dd_total", "1.0")]).run_id;
    for on in [SESSION, TODAY] {
        let refusal = ask(on, false).expect_err("refused");
        assert_eq!(refusal.exit(), Exit::Refused);
        assert!(refusal.to_string().contains("can never trip"), "{refusal}");
        assert!(
            refusal.remedy().is_some_and(|remedy| remedy.contains("day_ops_20250701.md") && remedy.contains("--force"))
        );
        let forced = ask(on, true).expect("forced");
        assert_eq!(forced.forced_against().as_deref(), Some(failed.as_str()));
        assert!(forced.note(on).is_some_and(|note| note.contains(&failed)));
    }
    assert_eq!(ask(date(2025, 6, 26), false).expect("asked"), Permission::Unasked, "it does not speak for that");
    let good = room.morning(&[]).run_id;
    room.plant_run(super::COMPONENT, "killed", MORNING, None);
    assert_eq!(
        ask(SESSION, false).expect("asked"),
        Permission::Granted { run_id: good.clone() },
        "one without an end says nothing"
    );

    // What it looked at may trade, and nothing that took its place.
    room.write("strategy/u1.luau", |text| format!("{text}\n-- another\n"));
    let refusal = ask(SESSION, false).expect_err("refused");
    assert_eq!(refusal.exit(), Exit::Refused);
    assert!(refusal.to_string().contains("strategy/ has changed since it looked"), "{refusal}");
    assert!(refusal.remedy().is_some_and(|remedy| remedy.contains("git diff strategy")));
    assert_eq!(ask(SESSION, true).expect("forced").forced_against(), Some(good));
    let second = room.morning(&[]).run_id;
    assert_eq!(ask(SESSION, false).expect("asked"), Permission::Granted { run_id: second });
}
