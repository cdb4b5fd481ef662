//! The drill survives itself: killed at any moment, it is undone by whoever comes next, and goes on.
//!
//! `LIGHTHUNTER_DRILL_KILLS` says at how many moments (`make drill-kills`: 200), `LIGHTHUNTER_DRILL_REPEATS`
//! how often the short drill runs in a row (`make drill-repeats`: 100).

use std::{fs, time::Duration};

use lighthunter::{
    clock::{Stopwatch, pause},
    drill,
    record::Verdict,
    seed::Seed,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rand::Rng as _;

use crate::{
    Check, Failed, require,
    shell::{Room, ended, said},
};

pub(crate) const CHECKS: &[Check] = &[
    ("killed drill comes back at any moment", killed_at_any_moment),
    ("short drill is the same again and again", again_and_again),
    ("signal ends a drill in order", signal_ends_in_order),
    ("drill that is alive is not undone", alive_is_not_undone),
];

/// How often in a usual run of the tests.
const KILLS: u64 = 12;
const REPEATS: u64 = 2;
/// How long a night of the short drill takes, seconds.
const NIGHT: &str = "0.3";

fn count(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Kills the short drill at seeded moments of its life. Even cases go on with it, odd ones start afresh beside
/// it; in every fourth the recovery is killed as well.
fn killed_at_any_moment() -> Result<(), Failed> {
    let kills = count("LIGHTHUNTER_DRILL_KILLS", KILLS);
    let room = Room::new(NIGHT)?;
    let watch = Stopwatch::start();
    let output = ended(room.drill(&[]).spawn()?)?;
    require(output.status.success(), || said(&output))?;
    let whole = watch.seconds();
    let mut moments = Seed::DEFAULT.stream("drill kills");
    let mut moment = |length: f64| length * (moments.next_u64() % 10_000) as f64 / 1e4;
    let (mut undone, mut resumed, mut recoveries) = (0, 0, 0);
    for number in 0..kills {
        let at = moment(whole * 1.02);
        let in_recovery = (number % 4 == 3).then(|| moment(whole * 0.6));
        let seen = one_kill(at, number % 2 == 0, in_recovery)
            .map_err(|error| format!("kill {number} at {at:.3} s (recovery killed at {in_recovery:?} s): {error}"))?;
        undone += usize::from(seen.undone);
        resumed += usize::from(seen.resumed);
        recoveries += usize::from(in_recovery.is_some());
        if number % 20 == 19 {
            println!("        {} of {kills} kills", number + 1);
        }
    }
    println!(
        "        {kills} of {kills} kills of a drill of {whole:.1} s: {undone} had something to undo, {resumed} went \
         on, {recoveries} recoveries were killed too"
    );
    require(undone > 0 && resumed > 0, || "no kill met a drill at work".into())
}

/// What a kill met.
struct Seen {
    undone: bool,
    resumed: bool,
}

fn one_kill(at: f64, goes_on: bool, in_recovery: Option<f64>) -> Result<Seen, Failed> {
    let room = Room::new(NIGHT)?;
    let mut child = room.drill(&[]).spawn()?;
    pause(Duration::from_secs_f64(at));
    child.kill()?;
    child.wait_with_output()?;
    let killed = room.ids();
    // Without its first line there is nothing to go on with, and nothing was done.
    let first = killed
        .first()
        .filter(|id| drill::read_journal(&room.directory(id)).is_ok_and(|found| !found.entries.is_empty()));
    let has_report = first.is_some_and(|id| room.directory(id).join("junit.xml").is_file());
    let resumed = first.filter(|_| goes_on && !has_report);
    let command = || resumed.map_or_else(|| room.drill(&[]), |id| room.resume(id));
    if let Some(after) = in_recovery {
        let mut child = command().spawn()?;
        pause(Duration::from_secs_f64(after));
        child.kill()?;
        child.wait_with_output()?;
    }
    let is_reported = resumed.is_some_and(|id| room.directory(id).join("junit.xml").is_file());
    let last = if is_reported { room.drill(&[]) } else { command() };
    let output = ended({ last }.spawn()?)?;
    require(output.status.success(), || said(&output))?;
    let report = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
    let id = report.rsplit('/').nth(1).ok_or("no report")?.to_owned();
    let record = room.require_ready(&id)?;
    for id in room.ids() {
        let left = drill::read_journal(&room.directory(&id))?;
        let open = drill::unfinished(&left.entries);
        require(open.is_empty(), || format!("{id} is not undone: {open:?}"))?;
    }
    Ok(Seen { undone: !record.conduct.undone.is_empty(), resumed: resumed.is_some() })
}

fn again_and_again() -> Result<(), Failed> {
    let repeats = count("LIGHTHUNTER_DRILL_REPEATS", REPEATS);
    let room = Room::new("0.1")?;
    for number in 0..repeats {
        let output = ended(room.drill(&[]).spawn()?)?;
        require(output.status.success(), || format!("drill {number}: {}", said(&output)))?;
        let id = room.ids().pop().ok_or("no drill")?;
        let record = room.require_ready(&id).map_err(|error| format!("drill {number}: {error}"))?;
        require(record.conduct.undone.is_empty(), || format!("drill {number} undid something"))?;
        fs::remove_dir_all(room.path.join("reports"))?;
    }
    println!("        {repeats} short drills in a row, no flake");
    Ok(())
}

fn signal_ends_in_order() -> Result<(), Failed> {
    // Under `nohup` a drill goes on where its terminal is closed, and so does one that these tests start.
    let status = fs::read_to_string("/proc/self/status")?;
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).ok_or("no mask of signals")?;
    let hangs_up = u64::from_str_radix(ignored.trim(), 16)? & 1 == 0;
    for signal in [Signal::SIGTERM, Signal::SIGINT].into_iter().chain(hangs_up.then_some(Signal::SIGHUP)) {
        let room = Room::new("0.5")?;
        let child = room.drill(&[]).spawn()?;
        room.wait_for_fault()?;
        kill(Pid::from_raw(child.id().try_into()?), signal)?;
        let output = ended(child)?;
        let code = 128 + signal as i32;
        require(output.status.code() == Some(code), || format!("not {code}: {}", said(&output)))?;
        let id = room.ids().pop().ok_or("no drill")?;
        let record = room.record(&id)?;
        let words = record.verdict_reason.clone();
        require(record.verdict == Verdict::NotReady && words.contains("interrupted by SIG"), || words.clone())?;
        let outcomes: Vec<&str> = record.scenarios.iter().map(|scenario| scenario.outcome.name()).collect();
        require(outcomes == ["Failed", "NotStarted"], || outcomes.join(", "))?;
        require(room.directory(&id).join("report.html").is_file(), || "there is no report".into())?;
        room.require_clean()?;
        let output = ended(room.resume(&id).spawn()?)?;
        require(output.status.success(), || said(&output))?;
        let record = room.require_ready(&id)?;
        require(record.conduct.resumed == 1, || format!("resumed {} times", record.conduct.resumed))?;
        let output = ended(room.resume(&id).spawn()?)?;
        require(output.status.code() == Some(20), || format!("it went on after its end: {}", said(&output)))?;
    }
    Ok(())
}

fn alive_is_not_undone() -> Result<(), Failed> {
    let room = Room::new("0.5")?;
    let first = room.drill(&[]).spawn()?;
    room.wait_for_fault()?;
    let id = room.ids().pop().ok_or("no drill")?;
    let refused = ended(room.resume(&id).spawn()?)?;
    require(refused.status.code() == Some(11), || format!("it was taken over: {}", said(&refused)))?;
    let second = ended(room.drill(&[]).spawn()?)?;
    require(second.status.success(), || said(&second))?;
    let first = ended(first)?;
    require(first.status.success(), || format!("the first was disturbed: {}", said(&first)))?;
    for id in room.ids() {
        let record = room.require_ready(&id)?;
        require(record.conduct.undone.is_empty(), || format!("undone: {:?}", record.conduct.undone))?;
    }
    Ok(())
}
