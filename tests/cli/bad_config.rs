//! Config that is wrong: refused with 10, all mistakes named, nothing changed.

use std::fmt::Write as _;

use lighthunter::clock::Stopwatch;

use crate::room::Room;

const CONFIG: &str = "config/system_config.json";

/// Every so many bytes the file is cut.
const CUT_STEP: usize = 97;

#[test]
fn config_truncated_at_any_byte_is_refused_or_says_the_same() {
    let room = Room::fresh();
    let whole = room.read(CONFIG);
    let digest = room.run_to(0, &["config", "check", "--json"]).json()["digest"].clone();
    let (mut refused, mut accepted) = (0, 0);
    for length in (0..whole.len()).step_by(CUT_STEP).chain([whole.trim_end().len(), whole.len() - 1]) {
        room.write(CONFIG, &whole.as_bytes()[..length]);
        let done = room.run(&["config", "check", "--json"]);
        match done.code {
            10 => {
                refused += 1;
                let mistakes = done.json()["error"]["mistakes"].as_array().cloned().unwrap_or_default();
                assert!(!mistakes.is_empty(), "cut at {length}: {}", done.stderr);
            }
            0 => {
                accepted += 1;
                assert_eq!(done.json()["digest"], digest, "cut at {length}");
            }
            other => panic!("cut at {length}: exit {other}\n{}", done.stderr),
        }
    }
    assert!(refused > 60 && accepted == 2, "{refused} refused, {accepted} accepted");
}

#[test]
fn every_mistake_is_named_at_once_with_its_place() {
    let room = Room::fresh();
    let text = room.read(CONFIG).replacen("\"write_mode\"", "\"writ_mode\"", 1);
    let port = text.lines().position(|line| line.contains("\"port\"")).expect("a port");
    let lines: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(at, line)| if at == port { "    \"port\": \"eighty\",".to_owned() } else { line.to_owned() })
        .collect();
    room.write(CONFIG, lines.join("\n"));
    let place = format!("{CONFIG}:{}: ", port + 1);
    room.refused(10, &["config", "check"], &["writ_mode", "did you mean write_mode?", &place, "\"eighty\""]);
    room.refused(10, &["night-ops"], &["did you mean write_mode?", &place]);
    room.refused(10, &["config", "show"], &["hint: "]);
}

#[test]
fn unknown_key_by_set_names_the_nearest() {
    let room = Room::fresh();
    room.refused(10, &["config", "check", "--set", "hud.prot=8001"], &["--set", "hud.prot", "did you mean port?"]);
    room.refused(2, &["config", "check", "--set", "hud.port"], &["--set takes KEY=VALUE", "hud.port"]);
}

#[test]
fn deeply_nested_yaml_is_refused_at_once() {
    let room = Room::fresh();
    let mut deep = String::from("jobs: ");
    for _ in 0..200_000 {
        deep.push_str("[ ");
    }
    assert!(deep.len() >= 400_000);
    let mut indented = String::from("jobs:\n");
    for depth in 1..890 {
        let _ = writeln!(indented, "{}a:", " ".repeat(depth));
    }
    assert!(indented.len() >= 390_000, "{}", indented.len());
    for yaml in [deep, indented] {
        room.write("config/jobs.yaml", yaml);
        let watch = Stopwatch::start();
        room.refused(10, &["config", "check"], &["config/jobs.yaml:"]);
        assert!(watch.seconds() < 20.0, "{} s", watch.seconds());
    }
}
