//! The rooms in which DayOps is tested: real workspaces, with the means to plant what is wrong.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use jiff::{
    Timestamp,
    civil::{Date, date},
};

use crate::{
    clock::Clock,
    config::{self, LoadOptions},
    digest::Digest,
    market::{DailyBar, MarketData},
    net,
    ops::{
        Station,
        bootstrap::{self, MarketRequest},
        day_ops::{self, CheckName, DayOpsOptions, DayOpsReport, DayOpsRun, Grade},
        metrics::MonitorState,
        night_ops::{self, Mode, NightOpsOptions},
        research_plan,
        scheduler::{Heartbeat, jobs_in_force},
    },
    research::zoo::{Action, Decision, Snapshot},
    seed::Seed,
    source::{SimulatedSpec, simulated},
    store::{self, Ledger, Query, RunEnd, RunStart, RunStatus, ScheduleMark},
    text::Language,
    vault::Vault,
    workspace::Workspace,
};

/// The last session of the simulated market, and the one that opens after it.
pub(super) const SESSION: Date = date(2025, 6, 30);
pub(super) const TODAY: Date = date(2025, 7, 1);
pub(super) const EVENING: &str = "2025-06-30T20:30:00+08:00";
pub(super) const MORNING: &str = "2025-07-01T08:30:00+08:00";

/// A workspace that was brought up, and one after its first night.
pub(super) static FRESH: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = place("fresh");
    bootstrap::init(&root, &request(), &clock(EVENING)).map(drop).expect("made");
    let workspace = Workspace::open(&root).expect("a workspace");
    bootstrap::bootstrap(&workspace, None, &LoadOptions::default()).map(drop).expect("brought up");
    root
});
static NIGHTED: LazyLock<PathBuf> = LazyLock::new(|| {
    let room = Room::at(place("nighted"));
    copy_tree(&FRESH, &room.root);
    room.night(Mode::Full);
    let root = room.root.clone();
    std::mem::forget(room);
    root
});

/// A workspace of one test; it goes with the test.
pub(super) struct Room {
    pub(super) root: PathBuf,
    /// Its own, as DayOps holds a port while it looks at it.
    ports: Vec<u16>,
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl Room {
    fn at(root: PathBuf) -> Self {
        Self { root, ports: net::free_ports(5).expect("free") }
    }

    pub(super) fn copy_of(origin: &Path) -> Self {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let room = Self::at(place(&format!("room{number}")));
        copy_tree(origin, &room.root);
        room
    }

    pub(super) fn nighted() -> Self {
        Self::copy_of(&NIGHTED)
    }

    /// A first night on a market that was changed before it.
    pub(super) fn nighted_on(edit: impl FnOnce(&mut MarketData)) -> Self {
        let room = Self::copy_of(&FRESH);
        let spec = SimulatedSpec { seed: Seed(7), symbols: 16, days: 160, ..SimulatedSpec::default() };
        let mut market = simulated::generate(&spec).expect("made");
        edit(&mut market);
        store::write_market(&room.root.join("data/raw/market"), &market).expect("written");
        room.night(Mode::Full);
        room
    }

    pub(super) fn night(&self, mode: Mode) {
        let options = NightOpsOptions { mode: Some(mode), ..NightOpsOptions::default() };
        let run = night_ops::run(&self.station(EVENING, &[]), &options).expect("it starts");
        assert!(run.failure.is_none(), "{:?}", run.failure);
    }

    pub(super) fn station(&self, now: &str, sets: &[(&str, &str)]) -> Station {
        let workspace = Workspace::open(&self.root).expect("a workspace");
        let keys = ["event_bus.pub_endpoint", "event_bus.sub_endpoint", "event_bus.monitor_endpoint"];
        let endpoints = keys.iter().zip(&self.ports).map(|(key, port)| (*key, format!("tcp://127.0.0.1:{port}")));
        let ports = ["hud.port", "monitor.port"].iter().zip(self.ports.iter().skip(3));
        let all = endpoints.chain(ports.map(|(key, port)| (*key, port.to_string())));
        let own = sets.iter().map(|(key, value)| (*key, (*value).to_owned()));
        let sets = all.chain(own).map(|(key, value)| (key.to_owned(), value)).collect();
        let config = config::load_all(&workspace, &LoadOptions { sets, ..LoadOptions::default() }).expect("sound");
        Station { workspace, config, clock: clock(now) }
    }

    /// Runs DayOps beside a scheduler that works.
    pub(super) fn day_ops(&self, now: &str, sets: &[(&str, &str)], options: &DayOpsOptions) -> DayOpsRun {
        self.plant_heartbeat(std::process::id(), now, false);
        day_ops::run(&self.station(now, sets), options).expect("it ends")
    }

    /// Runs DayOps on the morning after the night.
    pub(super) fn morning(&self, sets: &[(&str, &str)]) -> DayOpsReport {
        self.day_ops(MORNING, sets, &DayOpsOptions::default()).report
    }

    /// Writes the sign of life of a scheduler.
    pub(super) fn plant_heartbeat(&self, pid: u32, at: &str, has_ended: bool) {
        let at: Timestamp = at.parse().expect("a timestamp");
        let beat = Heartbeat { pid, started_at: at, beat_at: at, ended_at: has_ended.then_some(at) };
        self.write("monitor/scheduler.json", |_| serde_json::to_string(&beat).expect("JSON"));
    }

    /// Says in the ledger how far a scheduler has decided the schedule of a job.
    pub(super) fn plant_mark(&self, id: &str, through: &str) {
        let jobs = jobs_in_force(&self.station(MORNING, &[]).config);
        let job = jobs.iter().find(|job| job.id == id).expect("a job");
        let through = through.parse().expect("a timestamp");
        let mark = ScheduleMark { job: id.into(), schedule: job.schedule.to_string(), through };
        self.ledger().decide_schedule(&mark, &[], None).expect("decided");
    }

    pub(super) fn ledger(&self) -> Ledger {
        Ledger::open(&self.station(MORNING, &[]).store_settings().ledger).expect("opened")
    }

    /// Enters a run in the ledger; it is still running where no status is given.
    pub(super) fn plant_run(&self, kind: &str, id: &str, started_at: &str, ended: Option<(RunStatus, u8)>) {
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

    /// Imports the bars of a session after the newest: its closes again, a little more traded.
    pub(super) fn plant_session_of_today(&self) {
        self.plant_bars(|bars| {
            let newest = bars.into_iter().filter(|bar| bar.date == SESSION);
            let volume = |bar: &DailyBar| bar.volume.map(|volume| volume + 1);
            let next = |bar: DailyBar| DailyBar { date: TODAY, preclose: Some(bar.close), volume: volume(&bar), ..bar };
            newest.map(next).collect()
        });
    }

    /// Imports what `change` makes of the bars of the newest sessions.
    pub(super) fn plant_bars(&self, change: impl FnOnce(Vec<DailyBar>) -> Vec<DailyBar>) {
        let station = self.station(EVENING, &[]);
        let (mut stores, _) = station.open_stores().expect("opened");
        let from = Some(date(2025, 6, 20));
        let daily = change(stores.daily(&Query { from, ..Query::up_to(SESSION) }).expect("read"));
        stores.import(&MarketData { daily, ..MarketData::default() }, station.clock.now()).expect("imported");
    }

    /// Publishes a changed copy of the model in force and puts it in force.
    pub(super) fn plant_model(&self, change: impl FnOnce(&mut Snapshot)) {
        let station = self.station(EVENING, &[]);
        let (zoo, job) = (research_plan::zoo(&station), &station.settings().alpha.default_job);
        let mut model = zoo.load_current(job).expect("a model");
        model.id = "20250630_planted".into();
        change(&mut model);
        zoo.publish(&model).expect("published");
        let decision = Decision { action: Action::Use, at: station.clock.now(), by: "test".into(), reason: None };
        zoo.promote(job, &model.id, &decision).expect("in force");
    }

    pub(super) fn plant_state(&self, change: impl FnOnce(&mut MonitorState)) {
        self.station(MORNING, &[]).metrics().update(change).expect("written");
    }

    pub(super) fn write(&self, name: &str, change: impl FnOnce(String) -> String) {
        let path = self.root.join(name);
        let text = change(fs::read_to_string(&path).unwrap_or_default());
        fs::File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
    }

    pub(super) fn commit(&self) {
        let now = clock(MORNING).now();
        Vault::open(&self.root).and_then(|vault| vault.commit_all("planted", now)).expect("committed");
    }
}

fn request() -> MarketRequest {
    MarketRequest { choice: "simulated:7".into(), symbols: Some(16), days: Some(160) }
}

pub(super) fn clock(at: &str) -> Clock {
    Clock::starting_at(at.parse().expect("a timestamp"))
}

/// How the directory of a process begins, before its number. It is nobody else's: a directory that all share would be
/// the first user's, and closed to the next.
const ROOMS: &str = "lighthunter-day-ops-tests-";

/// Returns a place of this process, after removing those of processes that have ended.
fn place(name: &str) -> PathBuf {
    let parent = std::env::temp_dir();
    for entry in fs::read_dir(&parent).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let process = file.to_str().and_then(|name| name.strip_prefix(ROOMS));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let own = parent.join(format!("{ROOMS}{}", std::process::id()));
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
pub(super) type Sets<'a> = &'a [(&'a str, &'a str)];

/// Returns the checks that are not OK.
pub(super) fn not_ok(report: &DayOpsReport) -> BTreeMap<CheckName, Grade> {
    let found = report.checks.iter().filter(|check| check.grade != Grade::Ok);
    found.map(|check| (check.name, check.grade)).collect()
}

/// Holds that exactly these checks are not OK, and that the first says `words` and what to do.
#[track_caller]
pub(super) fn assert_only(report: &DayOpsReport, expected: &[(CheckName, Grade)], words: &str) {
    assert_eq!(not_ok(report), expected.iter().copied().collect(), "{}", report.markdown(Language::English));
    let (name, grade) = expected.first().expect("a check");
    let check = report.checks.iter().find(|check| check.name == *name).expect("made");
    let reason = check.reason.say(Language::English);
    assert!(reason.contains(words), "no '{words}' in: {reason}");
    assert!(check.remedy.is_some(), "{name}: no remedy");
    let worst = expected.iter().map(|(_, grade)| *grade).max().expect("a grade");
    assert_eq!((report.grade, report.exit), (worst, u8::from(worst == Grade::Fail)), "{name} {grade}");
}

/// Returns a file of the room by its name in it.
pub(super) fn room_name(room: &Room, file: &Path) -> String {
    file.strip_prefix(&room.root).unwrap_or(file).display().to_string()
}
