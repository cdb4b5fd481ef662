//! What a drill that died, or a target that misbehaves, leaves behind: a port that is listened at, a repository
//! that moved on, an environment that was to be kept.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use lighthunter::{
    clock::{Clock, Stopwatch, pause},
    drill::{self, Keep},
    durable,
    record::Verdict,
    vault::Vault,
};

use crate::{
    Check, Failed,
    foreign::{FAILURE, options, target},
    require,
    shell::{Room, ended, said},
};

pub(crate) const CHECKS: &[Check] = &[
    ("listener of a killed drill is ended and its port is free", listener_of_the_killed),
    ("listener that a target leaves is residue and is ended", listener_left),
    ("drill is not resumed from another commit", not_from_another_commit),
    ("environment that is kept is not kept in memory", kept_on_disk),
];

/// The word by which this program is told to listen and do nothing else.
const LISTEN: &str = "listen-at";
/// How many drills are killed while a process of theirs listens.
const KILLS: usize = 4;
/// How long anything here may take, seconds.
const PATIENCE_SECONDS: f64 = 30.0;

/// Returns the port that this program is started to listen at, by a target's night.
pub(crate) fn asked_to_listen() -> Option<String> {
    let mut words = std::env::args().skip(1);
    words.next().filter(|word| word == LISTEN).and(words.next())
}

/// Listens, says so by a file, and stays; the third word says whether it leaves its group, as a daemon does.
pub(crate) fn listen(port: &str) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(3).collect();
    let [place, leaves] = words.as_slice() else { return ExitCode::FAILURE };
    if leaves == "leaves" && nix::unistd::setsid().is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(_listener) = TcpListener::bind(format!("127.0.0.1:{port}")) else { return ExitCode::FAILURE };
    if durable::replace(&Path::new(place).join(format!("listening.{port}")), port).is_err() {
        return ExitCode::FAILURE;
    }
    pause(Duration::from_mins(2));
    ExitCode::SUCCESS
}

/// Makes a room whose night starts a process that listens at the environment's port, and goes on once it does.
fn listening_room(leaves: &str) -> Result<Room, Failed> {
    let program = std::env::current_exe()?;
    let night = |room: &Path| {
        let (program, room) = (program.display(), room.display());
        format!(
            "port=${{2#*=}}\n'{program}' {LISTEN} \"$port\" '{room}' {leaves} > /dev/null 2>&1 &\n\
             until [ -e '{room}/listening.'\"$port\" ]; do sleep 0.02; done\nsleep 0.5\n"
        )
    };
    let spec = |text: String| {
        text.replace("\"night.sh\"]", "\"night.sh\", \"{set}\"]")
            .replace("[deadlines]", "[ports]\n\"server.port\" = \"{port}\"\n\n[deadlines]")
    };
    Room::with(night, spec)
}

/// Returns the ports that were listened at so far, in order.
fn ports(room: &Room) -> Vec<u16> {
    let entries = fs::read_dir(&room.path).into_iter().flatten().flatten();
    let mut ports: Vec<u16> =
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix("listening.")?.parse().ok()).collect();
    ports.sort_unstable();
    ports
}

fn is_listened_at(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn listener_of_the_killed() -> Result<(), Failed> {
    for number in 0..KILLS {
        let room = listening_room("stays")?;
        let mut child = room.drill(&[]).spawn()?;
        let watch = Stopwatch::start();
        // The prepared night, then that of a fault.
        while ports(&room).len() < 1 + number % 2 {
            require(watch.seconds() < PATIENCE_SECONDS, || "nobody listens in time".into())?;
            pause(Duration::from_millis(2));
        }
        child.kill()?;
        child.wait_with_output()?;
        let alive: Vec<u16> = ports(&room).into_iter().filter(|port| is_listened_at(*port)).collect();
        require(!alive.is_empty(), || format!("kill {number}: the listener died with its drill, so nothing is shown"))?;
        let id = room.ids().pop().ok_or("no drill")?;
        let goes_on = number < KILLS / 2;
        let output = ended(if goes_on { room.resume(&id) } else { room.drill(&[]) }.spawn()?)?;
        require(output.status.success(), || format!("kill {number}: {}", said(&output)))?;
        // Two drills of one second are not in the order of their names.
        let another = room.ids().into_iter().find(|found| *found != id);
        let record = room.require_ready(&another.unwrap_or(id))?;
        let undone = &record.conduct.undone;
        require(undone.iter().any(|line| line.contains("ended process") && line.contains(LISTEN)), || {
            format!("kill {number}: not said to be ended: {undone:?}")
        })?;
        let left: Vec<u16> = ports(&room).into_iter().filter(|port| is_listened_at(*port)).collect();
        require(left.is_empty(), || format!("kill {number}: {left:?} are still listened at"))?;
    }
    Ok(())
}

fn listener_left() -> Result<(), Failed> {
    let room = listening_room("leaves")?;
    let output = ended(room.drill(&[]).spawn()?)?;
    require(output.status.code() == Some(1), || said(&output))?;
    let record = room.record(&room.ids().pop().ok_or("no drill")?)?;
    let (residue, ports) = (&record.conduct.residue, ports(&room));
    require(record.verdict == Verdict::NotReady && !ports.is_empty(), || record.verdict_reason.clone())?;
    for port in ports {
        let line = format!("port {port} is still listened at by process ");
        require(residue.iter().any(|found| found.starts_with(&line)), || format!("{port} is not in {residue:?}"))?;
        require(!is_listened_at(port), || format!("{port} is still listened at"))?;
    }
    room.require_clean()
}

fn not_from_another_commit() -> Result<(), Failed> {
    let room = Room::new("0.5")?;
    let mut child = room.drill(&[]).spawn()?;
    room.wait_for_fault()?;
    child.kill()?;
    child.wait_with_output()?;
    let (id, clock) = (room.ids().pop().ok_or("no drill")?, Clock::system());
    let vault = Vault::open(&room.origin)?;
    let began = vault.head()?;
    durable::replace(&room.origin.join("later.txt"), "a later change\n")?;
    vault.commit_all("a later change", clock.now())?;
    let journal = || fs::read(room.directory(&id).join(drill::JOURNAL_FILE));
    let before = journal()?;
    let refused = ended(room.resume(&id).spawn()?)?;
    let words = said(&refused);
    require(refused.status.code() == Some(20), || format!("it went on: {words}"))?;
    for word in [id.as_str(), &began[..12], &vault.head()?[..12], "git checkout"] {
        require(words.contains(word), || format!("no '{word}' in {words}"))?;
    }
    require(journal()? == before, || "the refusal touched the journal".into())?;
    vault.reset_hard(&began, &clock)?;
    let output = ended(room.resume(&id).spawn()?)?;
    require(output.status.success(), || said(&output))?;
    let record = room.require_ready(&id)?;
    require(record.target.commit == began, || format!("the record is of {}", record.target.commit))
}

fn kept_on_disk() -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let mut options = options(&target(room.path(), None)?, "kept")?;
    (options.name, options.keep) = (Some(format!("^{}$", regex::escape(FAILURE))), Keep::Always);
    let memory = Path::new("/dev/shm").join(format!("lighthunter-drill-{}", options.id));
    let record = drill::run(options)?;
    if !record.target.machine.contains("environments in memory (tmpfs)") {
        println!("        skipped: no room in memory, or TMPDIR is set: {}", record.target.machine);
        return Ok(());
    }
    let kept = record.scenarios.iter().find_map(|scenario| scenario.kept.clone()).ok_or("nothing was kept")?;
    let kept = Path::new(&kept);
    let root = kept.parent().ok_or("no parent")?;
    require(root.parent() == Some(&std::env::temp_dir().canonicalize()?), || format!("kept at {}", kept.display()))?;
    require(Vault::open(&kept.join("repo")).is_ok(), || "what was kept is no repository".into())?;
    require(!memory.exists(), || format!("{} is still in memory", memory.display()))?;
    fs::remove_dir_all(root)?;
    Ok(())
}
