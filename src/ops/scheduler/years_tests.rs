//! Three years of holidays, restarts, kills, suspends and clock jumps, held against a naive oracle that
//! lists every slot one by one and knows nothing of the scheduler's arithmetic.

use std::{collections::BTreeMap, path::Path};

use jiff::{
    Timestamp,
    civil::{Date, date},
};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::{Agenda, Start};
use crate::{
    clock::Stopwatch,
    config::{CatchUp, Job, Schedule},
    market::Calendar,
    seed::Seed,
    store::{JobRunEnd, JobRunStatus, Ledger, StorePath},
};

const FIRST: Date = date(2023, 1, 2);
/// Beyond the three years: a clock that is ahead may reach there.
const LAST: Date = date(2026, 3, 31);
/// Shanghai is eight hours ahead of UTC in all these years.
const ZONE: i64 = 8 * 3_600;
const DAY: i64 = 86_400;

fn clock(text: &str) -> jiff::civil::Time {
    format!("{text}:00").parse().expect("a time")
}

fn job(id: &str, schedule: Schedule, catch_up: CatchUp) -> Job {
    Job {
        id: id.into(),
        description: String::new(),
        enabled: true,
        command: vec!["lighthunter".into(), "night-ops".into()],
        schedule,
        timeout_sec: None,
        catch_up,
        grace_sec: 300,
    }
}

fn jobs() -> Vec<Job> {
    let daily = |time: &str, days: &[u8], trading_days_only| Schedule::Daily {
        time: clock(time),
        days_of_week: days.to_vec(),
        trading_days_only,
    };
    let interval = |interval_sec, from: &str, to: &str, trading_days_only| Schedule::Interval {
        interval_sec,
        active: Some((clock(from), clock(to))),
        days_of_week: (1..=5).collect(),
        trading_days_only,
    };
    let weekly = Schedule::Weekly { weekday: 6, time: clock("03:00"), trading_days_only: false };
    vec![
        job("night_once", daily("20:30", &[1, 2, 3, 4, 5], true), CatchUp::Once),
        job("night_all", daily("21:00", &[1, 2, 3, 4, 5], true), CatchUp::All),
        job("morning_skip", daily("08:45", &[1, 2, 3, 4, 5], true), CatchUp::Skip),
        job("every_day_all", daily("00:00", &[1, 2, 3, 4, 5, 6, 7], false), CatchUp::All),
        job("weekly_once", weekly, CatchUp::Once),
        job("half_hour_skip", interval(1_800, "09:30", "15:00", true), CatchUp::Skip),
        job("hour_all", interval(3_600, "10:00", "14:00", true), CatchUp::All),
    ]
}

/// Lists the slots of a job as seconds since 1970, day by day, from the trading days of `open`.
fn naive_slots(id: &str, open: &dyn Fn(Date) -> bool) -> Vec<i64> {
    let mut slots = Vec::new();
    let mut day = FIRST;
    // 1970-01-01 was a Thursday.
    let mut number = date(1970, 1, 1).until(FIRST).expect("a span").get_days();
    while day <= LAST {
        let weekday = (number + 3).rem_euclid(7) + 1;
        let midnight = i64::from(number) * DAY - ZONE;
        let at = |hour: i64, minute: i64| midnight + hour * 3_600 + minute * 60;
        let session = weekday <= 5 && open(day);
        match id {
            "night_once" if session => slots.push(at(20, 30)),
            "night_all" if session => slots.push(at(21, 0)),
            "morning_skip" if session => slots.push(at(8, 45)),
            "every_day_all" => slots.push(midnight),
            "weekly_once" if weekday == 6 => slots.push(at(3, 0)),
            "half_hour_skip" if session => slots.extend((0..12).map(|k| at(9, 30) + k * 1_800)),
            "hour_all" if session => slots.extend((0..5).map(|k| at(10, 0) + k * 3_600)),
            _ => {}
        }
        day = day.tomorrow().expect("a date");
        number += 1;
    }
    slots
}

/// What the oracle knows of one job.
#[derive(Default)]
struct Known {
    slots: Vec<i64>,
    /// How a slot stands: how often it was started, and whether one start was not interrupted.
    starts: BTreeMap<i64, (u32, bool)>,
    /// The newest slot that a look at the time has reached.
    reached: i64,
    passed: u64,
}

impl Known {
    fn is_served(&self, slot: i64) -> bool {
        self.starts.get(&slot).is_some_and(|(starts, ended)| *ended || *starts >= 3)
    }
}

struct World {
    jobs: Vec<Job>,
    known: BTreeMap<String, Known>,
    /// Runs under way: job, number, slot, and the true time of their end.
    running: BTreeMap<String, (i64, i64, i64)>,
    begin: i64,
    looked_at: i64,
}

fn second(at: i64) -> Timestamp {
    Timestamp::from_second(at).expect("an instant")
}

impl World {
    fn started(&mut self, start: &Start, wall: i64, ends: i64) {
        let known = self.known.get_mut(&start.job.id).expect("a job");
        let slot = start.slot.as_second();
        assert!(known.slots.binary_search(&slot).is_ok(), "{} at {}: no slot, {}", start.job.id, start.slot, wall);
        assert!(!known.is_served(slot), "{} at {} is served twice", start.job.id, start.slot);
        assert!(slot <= wall && slot > self.begin, "{} at {} is not due at {wall}", start.job.id, start.slot);
        let is_late = wall - slot > 300;
        assert!(start.job.catch_up != CatchUp::Skip || !is_late, "{} at {} is late", start.job.id, start.slot);
        known.starts.entry(slot).or_default().0 += 1;
        let before = self.running.insert(start.job.id.clone(), (start.seq, slot, ends));
        assert_eq!(before, None, "{} overlaps itself", start.job.id);
    }

    /// Checks after a look at the time that nothing which is due was left lying.
    fn check(&mut self, wall: i64) {
        let went_back = wall < std::mem::replace(&mut self.looked_at, wall);
        for job in &self.jobs {
            let known = self.known.get_mut(&job.id).expect("a job");
            if went_back {
                // What lies ahead now comes again, and must be served again unless it was.
                known.reached = known.reached.min(wall);
            }
            let due = &known.slots[known.slots.partition_point(|slot| *slot <= self.begin)..];
            let due = &due[..due.partition_point(|slot| *slot <= wall)];
            let Some(newest) = due.last().copied() else { continue };
            let is_running = |slot: i64| self.running.get(&job.id).is_some_and(|(_, running, _)| *running == slot);
            let free = !self.running.contains_key(&job.id);
            match job.catch_up {
                CatchUp::All => {
                    let left = due.iter().find(|slot| !known.is_served(**slot) && !is_running(**slot));
                    assert!(!free || left.is_none(), "{}: {} is left at {wall}", job.id, second(*left.expect("one")));
                }
                CatchUp::Once => {
                    let counts = newest >= known.reached;
                    let done = known.is_served(newest) || is_running(newest);
                    assert!(!free || !counts || done, "{}: {} is left at {wall}", job.id, second(newest));
                }
                CatchUp::Skip => {
                    let counts = newest > known.reached && wall - newest <= 300;
                    let done = known.is_served(newest) || is_running(newest);
                    assert!(!free || !counts || done, "{}: {} is left at {wall}", job.id, second(newest));
                }
            }
            if free || is_running(newest) {
                known.reached = known.reached.max(newest);
            }
        }
    }

    /// Ends a run, in the ledger too.
    fn end(&mut self, ledger: &Ledger, job: &str, status: JobRunStatus, wall: i64) {
        let (seq, slot, _) = self.running.remove(job).expect("it runs");
        let end = JobRunEnd { status, finished_at: second(wall), exit: Some(0), error: None };
        assert!(ledger.finish_job_run(seq, &end).expect("finished"));
        let known = self.known.get_mut(job).expect("a job");
        let entry = known.starts.get_mut(&slot).expect("started");
        entry.1 |= status != JobRunStatus::Interrupted;
    }
}

/// What happens between two looks at the time, and what it does to the clock.
struct Trouble {
    truth: i64,
    /// How far the clock is off.
    off: i64,
    random: ChaCha8Rng,
    kills: u32,
    jumps: u32,
    suspends: u32,
}

impl Trouble {
    fn pass(&mut self, wait: i64) {
        self.truth += wait;
        match self.random.random_range(0..1_000) {
            0..4 => {
                self.suspends += 1;
                self.truth += self.random.random_range(600..10 * DAY);
            }
            4..10 => {
                self.jumps += 1;
                let far = [30, 3_600, DAY, 20 * DAY][self.random.random_range(0..4)];
                self.off = self.random.random_range(-far..=far);
            }
            // A clock that is off is set right again.
            10..60 => self.off = 0,
            _ => {}
        }
    }

    fn wall(&self) -> i64 {
        self.truth + self.off
    }
}

fn ledger_in(room: &Path) -> Ledger {
    Ledger::open(&StorePath::new("k", room.join("ledger.sqlite"))).expect("opened")
}

/// Returns a room in memory where there is one: the ledger syncs every commit.
fn room() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
}

/// What is done wrong on purpose, so that the oracle must see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planted {
    Nothing,
    /// A start is committed and its job never runs.
    Missed,
    /// A job that has ended well starts again for the same slot.
    Doubled,
    /// A restart forgets that a job was under way.
    Forgotten,
}

/// The start that is done wrong, far from the begin.
const PLANTED_AT: u32 = 2_000;

fn simulate(seed: u64, open: &dyn Fn(Date) -> bool, planted: Planted) -> (World, Trouble) {
    let mut count = 0;
    let room = room();
    let mut ledger = ledger_in(room.path());
    let begin = i64::from(date(1970, 1, 1).until(FIRST).expect("a span").get_days()) * DAY - ZONE + 100;
    let end = begin + 3 * 365 * DAY;
    let jobs = jobs();
    let known = jobs.iter().map(|job| {
        let slots = naive_slots(&job.id, open);
        (job.id.clone(), Known { slots, ..Known::default() })
    });
    let mut world = World { known: known.collect(), jobs, running: BTreeMap::new(), begin, looked_at: begin };
    let random = Seed(seed).stream("years");
    let mut trouble = Trouble { truth: begin, off: 0, random, kills: 0, jumps: 0, suspends: 0 };
    let mut agenda = Agenda::open(&ledger, &world.jobs, Calendar::builtin(), second(begin)).expect("opened");
    loop {
        let is_over = trouble.truth >= end;
        if is_over {
            trouble.off = 0;
        }
        let wall = trouble.wall().max(begin);
        let over: Vec<String> = world
            .running
            .iter()
            .filter(|(_, run)| is_over || run.2 <= trouble.truth)
            .map(|(id, _)| id.clone())
            .collect();
        for id in &over {
            world.end(&ledger, id, JobRunStatus::Success, wall);
            agenda.ended(id);
        }
        if trouble.random.random_range(0..300) == 0 {
            // Killed: the state is gone, the next scheduler closes what it finds open.
            trouble.kills += 1;
            for id in world.running.keys().cloned().collect::<Vec<_>>() {
                world.end(&ledger, &id, JobRunStatus::Interrupted, wall);
            }
            drop(ledger);
            ledger = ledger_in(room.path());
            agenda = Agenda::open(&ledger, &world.jobs, Calendar::builtin(), second(wall)).expect("opened");
        }
        let turn = agenda.turn(&ledger, second(wall)).expect("turned");
        for start in &turn.starts {
            let long = trouble.random.random_range(0..20) == 0;
            let takes = if long { trouble.random.random_range(0..8_000) } else { trouble.random.random_range(0..600) };
            count += 1;
            let is_planted = count == PLANTED_AT;
            if is_planted && planted == Planted::Missed {
                let status = JobRunStatus::Success;
                let end = JobRunEnd { status, finished_at: second(wall), exit: Some(0), error: None };
                assert!(ledger.finish_job_run(start.seq, &end).expect("finished"));
                agenda.ended(&start.job.id);
                continue;
            }
            world.started(start, wall, trouble.truth + takes);
            if is_planted && planted == Planted::Doubled {
                world.end(&ledger, &start.job.id, JobRunStatus::Success, wall);
                world.started(start, wall, trouble.truth + takes);
            }
            if is_planted && planted == Planted::Forgotten {
                world.started(start, wall, trouble.truth + takes);
            }
        }
        for skipped in &turn.skipped {
            world.known.get_mut(&skipped.job).expect("a job").passed += skipped.slots;
        }
        world.check(wall);
        if is_over && world.running.is_empty() && turn.starts.is_empty() {
            return (world, trouble);
        }
        let next = agenda.next(second(wall)).into_values().min().map_or(DAY, |next| next.as_second() - wall);
        let ends = world.running.values().map(|run| run.2 - trouble.truth).min().unwrap_or(DAY);
        let late = trouble.random.random_range(0..20);
        trouble.pass(next.min(ends).clamp(1, DAY) + late);
    }
}

#[test]
fn no_start_is_missed_or_doubled_in_three_years_of_trouble() {
    let watch = Stopwatch::start();
    let open = |day| Calendar::builtin().is_session(day).expect("known");
    let (world, trouble) = simulate(1, &open, Planted::Nothing);
    let counts = (trouble.kills, trouble.jumps, trouble.suspends);
    assert!(counts.0 > 20 && counts.1 > 20 && counts.2 > 10, "too quiet: {counts:?}");
    for job in &world.jobs {
        let known = &world.known[&job.id];
        let slots = known.slots.iter().filter(|slot| **slot > world.begin && **slot <= trouble.truth);
        let served = slots.clone().filter(|slot| known.is_served(**slot)).count();
        let all = slots.count();
        match job.catch_up {
            CatchUp::All => assert_eq!(served, all, "{}", job.id),
            _ => assert!(served < all && served * 2 > all && known.passed > 0, "{}: {served} of {all}", job.id),
        }
        eprintln!("{}: {served} of {all} served, {} passed over", job.id, known.passed);
    }
    eprintln!("three years with {counts:?} kills, jumps and suspends in {} s", watch.seconds());
}

/// Returns what the oracle says of a simulation in which something is wrong.
fn verdict(open: &dyn Fn(Date) -> bool, planted: Planted) -> String {
    let run = std::panic::AssertUnwindSafe(|| drop(simulate(1, open, planted)));
    let panic = std::panic::catch_unwind(run).expect_err("the oracle sees nothing");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn oracle_sees_what_is_planted() {
    let open = |day| Calendar::builtin().is_session(day).expect("known");
    for (planted, words) in [
        (Planted::Missed, " is left at "),
        (Planted::Doubled, " is served twice"),
        (Planted::Forgotten, " overlaps itself"),
    ] {
        let said = verdict(&open, planted);
        assert!(said.contains(words), "{planted:?}: {said}");
    }
    // A calendar that has forgotten a holiday, and one that has invented it.
    let holiday = date(2023, 10, 2);
    let without = verdict(&|day| day == holiday || open(day), Planted::Nothing);
    assert!(without.contains(" is left at "), "{without}");
    let invented = verdict(&|day| day != date(2023, 10, 10) && open(day), Planted::Nothing);
    assert!(invented.contains("no slot"), "{invented}");
}
