//! Hostile names in market data: refused row by row, and nothing is made of them.

use std::{fmt::Write as _, fs};

use crate::room::Room;

#[test]
fn hostile_symbols_are_rejected_and_leave_nothing() {
    let room = Room::nighted();
    let before = room.run_to(0, &["data", "status", "--json", "-q"]).json()["tables"].clone();
    let long = "6".repeat(60_000);
    let symbols = [
        "../../../etc/passwd",
        "600000.SH/../../x",
        "'; DROP TABLE daily; --",
        "600000.SH\u{202e}",
        "６０００００.SH",
        "600000.SH\0",
        "<script>alert(1)</script>",
        "$(touch pwned)",
        "=cmd|' /C calc'!A0",
        "",
        long.as_str(),
    ];
    let mut text = String::from("date,symbol,open,high,low,close,volume,amount\n");
    for symbol in symbols {
        writeln!(text, "2025-06-30,{symbol},1,1,1,1,100,100").expect("a text");
    }
    room.write("../hostile/daily.csv", &text);
    let directory = room.path("../hostile").display().to_string();
    let done = room.run(&["data", "import", &directory, "--json", "-q"]);
    assert!([0, 12].contains(&done.code), "{}\n{}", done.code, done.stderr);
    assert_eq!(room.run_to(0, &["data", "status", "--json", "-q"]).json()["tables"], before, "rows came in");
    let status = room.run_to(0, &["doctor", "--read-data", "-q"]);
    assert!(!status.stdout.contains("pwned"));
    for made in ["pwned", "x", "../x", "../pwned", "data/parquet/daily/x"] {
        assert!(!room.path(made).exists(), "{made} was made");
    }
    let entries = fs::read_dir(room.path("data/parquet")).expect("listed").count();
    assert_eq!(entries, 5, "no new table");
}

#[test]
fn hostile_ids_of_commands_are_refused_without_a_trace() {
    let room = Room::nighted();
    for id in ["../../etc", "a/b", "..", "/etc/passwd", "a\u{202e}b", "'; DROP TABLE runs; --", "-x/../y"] {
        for command in [
            vec!["baseline", "show", "--", id],
            vec!["rollback", "--dry-run", "--to", id],
            vec!["backtest", "--model", id],
            vec!["experiments", "show", "--", id],
            vec!["models", "use", "--", id],
            vec!["drill", "report", "--", id],
        ] {
            let done = room.run(&command);
            assert!(done.code != 0 && done.code != 70, "{command:?}: {}\n{}", done.code, done.stderr);
            assert!(!done.stderr.contains("panicked"), "{command:?}: {}", done.stderr);
        }
    }
    room.run_to(0, &["doctor", "--read-data", "-q"]);
}
