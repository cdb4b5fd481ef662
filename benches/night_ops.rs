//! The first NightOps of a fresh workspace, import and all, as a process; and one session more: the night that goes
//! on from the one before against the night that computes everything.

use std::{fs, path::Path};

use jiff::civil::Date;
use lighthunter::{
    market::MarketData,
    ops::night_ops::{NightOpsReport, Stage},
    source::{SimulatedSpec, simulated},
    store::write_market,
    workspace::Workspace,
};

use crate::{
    board::{Board, Target},
    input::Input,
    process::{Cost, run, workspace},
};

/// Measures seconds and memory.
pub(crate) fn bench(board: &mut Board, input: &Input) {
    let (seconds, memory) = ("NightOps", "NightOps peak memory");
    if !board.wants(seconds) && !board.wants(memory) {
        return;
    }
    let market = input.directory().to_string_lossy().into_owned();
    let mut rooms = Vec::new();
    let costs: Vec<Cost> = board.repeat(|| {
        let room = workspace(&market);
        let cost = run(&room.path().join("w"), &["night-ops"]);
        rooms.push(room);
        cost
    });
    board.keep(rooms);
    board.put(seconds, costs.iter().map(|cost| cost.seconds), "s", Target::AtMost(15.0));
    if costs.iter().all(|cost| cost.memory_mb.is_none()) {
        eprintln!("skipped: peak memory, for this system has no /proc");
    }
    board.put(memory, costs.iter().filter_map(|cost| cost.memory_mb), "MB", Target::AtMost(700.0));
}

/// What a night may compute: its name, the settings, and what one session more may cost of all of it.
const JOBS: [(&str, &[&str], Target); 2] = [
    (
        "incremental NightOps, alpha158 and trees",
        &["research.jobs.ultrashort_main.factor_set=alpha158", "research.learner.kind=boosted_trees"],
        Target::AtMost(5.0),
    ),
    ("incremental NightOps, default job", &[], Target::None),
];

/// Measures one session more as a share of the processor seconds of a night over all sessions, on the same stores.
pub(crate) fn bench_increment(board: &mut Board) {
    // A build that is not optimised shows that it runs.
    let (symbols, sessions) = if board.judges() { (300, 1000) } else { (20, 180) };
    for (name, sets, target) in JOBS {
        if !board.wants(name) {
            continue;
        }
        let (data, last) = market(symbols, sessions + 1);
        let mut rooms = Vec::new();
        let nights: Vec<(f64, f64)> = board.repeat(|| {
            let room = tempfile::tempdir().expect("a directory");
            let market = room.path().join("market");
            write_market(&market, &part(&data, |date| date < last)).expect("written");
            run(room.path(), &["init", "w", "--market", &market.to_string_lossy()]);
            let workspace = room.path().join("w");
            night(&workspace, sets, false);
            deliver(&room.path().join("w/data/raw/market"), &part(&data, |date| date == last));
            let (one, quick) = night(&workspace, sets, true);
            let (all, full) = night(&workspace, sets, false);
            let reason = |report: &NightOpsReport| {
                report.steps.iter().find(|step| step.name == Stage::Factor).map(|step| step.reason.clone())
            };
            assert!(reason(&quick).is_some_and(|reason| reason.contains("goes on from")), "{:?}", reason(&quick));
            assert_eq!(quick.result_digest, full.result_digest, "{name}");
            rooms.push(room);
            (one, all)
        });
        board.keep(rooms);
        let seconds = |figure: fn(&(f64, f64)) -> f64| nights.iter().map(figure).collect::<Vec<f64>>();
        board.put(&format!("{name}: all"), seconds(|(_, all)| *all), "CPU s", Target::None);
        board.put(&format!("{name}: one session"), seconds(|(one, _)| *one), "CPU s", Target::None);
        let share = if board.judges() { target } else { Target::None };
        board.put(&format!("{name}: share"), seconds(|(one, all)| 100.0 * one / all), "%", share);
    }
}

/// Simulates a market and returns it with its last session.
fn market(symbols: usize, days: usize) -> (MarketData, Date) {
    let spec = SimulatedSpec { symbols, days, minute_days: 0, ..SimulatedSpec::default() };
    let data = simulated::generate(&spec).expect("a market");
    let last = data.daily.iter().map(|bar| bar.date).max().expect("bars");
    (data, last)
}

fn part(data: &MarketData, wanted: impl Fn(Date) -> bool) -> MarketData {
    let (mut daily, mut index, mut actions) = (data.daily.clone(), data.index.clone(), data.actions.clone());
    daily.retain(|bar| wanted(bar.date));
    index.retain(|bar| wanted(bar.date));
    actions.retain(|action| wanted(action.ex_date));
    MarketData { daily, index, actions, ..MarketData::default() }
}

/// Lays a day's tables beside those that are there.
fn deliver(market: &Path, data: &MarketData) {
    let directory = tempfile::tempdir().expect("a directory");
    for file in write_market(directory.path(), data).expect("written") {
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let bytes = fs::read(&file).expect("readable");
        lighthunter::durable::replace(&market.join(format!("{stem}_next.parquet")), bytes).expect("delivered");
    }
}

/// Runs a night and returns its processor seconds, wall-clock seconds where the system does not tell, and its report.
fn night(workspace: &Path, sets: &[&str], incremental: bool) -> (f64, NightOpsReport) {
    let mut arguments = vec!["night-ops", "-q"];
    arguments.extend(incremental.then_some("--incremental"));
    arguments.extend(sets.iter().flat_map(|set| ["--set", *set]));
    let cost = run(workspace, &arguments);
    let workspace = Workspace::open(workspace).expect("a workspace");
    let report = NightOpsReport::newest(&workspace, Path::new("reports")).expect("a report");
    (cost.processor_seconds.unwrap_or(cost.seconds), report)
}
