//! The panel in the terminal, as one frame of text.

use crate::room::Room;

#[test]
fn a_frame_names_every_fact_within_its_width() {
    let room = Room::nighted();
    for (width, height) in [("80", "24"), ("200", "50")] {
        let done = room.run_to(0, &["dashboard", "--once", "--width", width, "--height", height]);
        let lines: Vec<&str> = done.stdout.lines().collect();
        assert_eq!(lines.len().to_string(), height, "{}", done.stdout);
        let widest = lines.iter().map(|line| line.chars().count()).max().expect("lines");
        assert!(widest <= width.parse().expect("a number"), "{widest} of {width}");
        let facts = [
            "night_ops",
            "day_ops",
            "accounts",
            "risk",
            "experiments",
            "models",
            "data",
            "drills",
            "monitor",
            "config",
        ];
        for fact in facts {
            assert!(done.stdout.contains(fact), "{fact} is not in\n{}", done.stdout);
        }
        assert!(lines.last().is_some_and(|keys| keys.contains("q quit")), "the keys are shown");
        assert!(done.stderr.is_empty(), "{}", done.stderr);
    }
    let done = room.run_to(0, &["--lang", "zh", "dashboard", "--once"]);
    // A wide character takes two cells, the second of them empty.
    assert!(done.stdout.replace(' ', "").contains("尚未演练"), "{}", done.stdout);
}

#[test]
fn without_a_terminal_there_is_no_panel() {
    Room::fresh().refused(2, &["dashboard"], &["not a terminal", "--once"]);
}
