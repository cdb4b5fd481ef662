//! `data inspect`, `data import` and what they refuse, end to end.

use std::fmt::Write as _;

use lighthunter::{
    market::{DailyBar, Symbol},
    seed::Seed,
    source::simulated::{SimulatedSpec, generate},
};

use crate::room::Room;

const HEADER: &str = "trade_date,code,name,open,high,low,close,volume,amount\n";

/// Four symbols in the original's layout that pay dividends; these are subtracted from all earlier prices where it is
/// asked.
fn original(is_subtracted: bool) -> String {
    let spec = SimulatedSpec { seed: Seed(1), symbols: 20, days: 500, minute_days: 0, ..SimulatedSpec::default() };
    let daily = generate(&spec).expect("a market").daily;
    let mut symbols: Vec<Symbol> = daily.iter().map(|bar| bar.symbol).collect();
    symbols.sort_unstable();
    symbols.dedup();
    let series = symbols.iter().map(|symbol| daily.iter().filter(|bar| bar.symbol == *symbol).collect::<Vec<_>>());
    let pays = |bars: &Vec<&DailyBar>| bars[bars.len() - 1].adj_factor > bars[0].adj_factor * 1.01;
    let mut text = HEADER.to_owned();
    for bars in series.filter(pays).take(4) {
        let mut paid_after = vec![0.0; bars.len()];
        for day in (1..bars.len()).rev() {
            let close = bars[day - 1].close;
            paid_after[day - 1] = paid_after[day] + close - bars[day].preclose.unwrap_or(close);
        }
        for (bar, paid) in bars.iter().zip(paid_after) {
            let down = if is_subtracted { paid } else { 0.0 };
            let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(|price| price - down);
            let (lots, amount) = (bar.volume.unwrap_or(0) / 100, bar.amount.unwrap_or(0.0));
            let (date, code) = (bar.date.strftime("%Y%m%d"), bar.symbol.code());
            let _ = writeln!(text, "{date},{code},x,{open:.2},{high:.2},{low:.2},{close:.2},{lots},{amount:.2}");
        }
    }
    text
}

fn at(room: &Room, name: &str) -> String {
    room.path(name).display().to_string()
}

#[test]
fn original_file_with_subtracted_dividends_is_named_and_refused() {
    let room = Room::fresh();
    room.write("old.csv", original(true));
    let file = at(&room, "old.csv");
    let out = at(&room, "out");
    let done = room.run_to(12, &["data", "inspect", &file, "--convert", &out]);
    for words in ["of 4 symbols", "volume is in lots of 100 shares", "leading zeros", "no reference price"] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    for words in ["is not taken", "forward-adjusted by SUBTRACTION", "raw prices are higher by", " from 20", "fqt=0"] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    assert!(!room.path("out").exists(), "nothing is written of what is refused");
    let document = room.run_to(12, &["data", "inspect", &file, "--json"]).json();
    let symbols = document["error"]["inspection"]["symbols"].as_object().expect("symbols").clone();
    assert_eq!(symbols.len(), 4);
    for (symbol, own) in &symbols {
        assert_eq!(own["adjustment"], "subtractive", "{symbol}: {own}");
        assert!(own["stretches"][0]["from"].is_string() && own["stretches"][0]["constant"][0].is_number(), "{own}");
    }
}

#[test]
fn raw_original_file_is_converted_and_imported() {
    let room = Room::fresh();
    let mut text = original(false);
    // A line twice, a line that is no bar, and a session lost.
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    text = text.replacen(&format!("{}\n", lines[30]), "", 1);
    let _ = writeln!(text, "{}\n20240101,1,x,1,1,1,1,1,1", lines[40]);
    room.write("old.csv", text);
    let out = at(&room, "out");
    let done = room.run_to(0, &["data", "inspect", &at(&room, "old.csv"), "--convert", &out]);
    for words in [
        "1 lines are no bars: line ",
        "is no trading session",
        "1 bars are there twice with the same values",
        "has no bar on ",
    ] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    let imported = room.run_to(0, &["data", "import", &out, "--json"]).json();
    assert_eq!(imported["files"][0]["rows_rejected"], 0, "{imported}");
    assert!(imported["files"][0]["rows_good"].as_u64() > Some(1900), "{imported}");
}

#[test]
fn files_that_are_no_original_are_refused_with_what_to_do() {
    let room = Room::fresh();
    room.write("other.csv", "date,symbol,close\n2025-01-02,600000.SH,1\n");
    room.refused(12, &["data", "inspect", &at(&room, "other.csv")], &["missing: trade_date, code", "other.csv"]);
    room.write("empty.csv", "");
    room.write("binary.csv", [0_u8, 159, 146, 150, 0, 10, 255]);
    for name in ["empty.csv", "binary.csv"] {
        room.refused(12, &["data", "inspect", &at(&room, name)], &[name]);
    }
    let done = room.run(&["data", "inspect", &at(&room, "none.csv")]);
    assert!(done.code > 0 && done.stderr.contains("none.csv") && done.stdout.is_empty(), "{}", done.stderr);
    room.refused(2, &["data", "inspect"], &["<FILE>"]);
    // The layout of the original under the name of a table says which command reads it.
    room.write("in/daily.csv", original(false));
    let done = room.run_to(12, &["data", "import", &at(&room, "in")]);
    for words in ["trade_date", "data inspect", "--convert"] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    assert_eq!(room.run_to(0, &["data", "status", "--json"]).json()["tables"].as_array().map(Vec::len), Some(0));
}

#[test]
fn rows_beyond_the_calendar_wait_until_their_year_is_known() {
    let room = Room::fresh();
    let header = "date,symbol,open,high,low,close,volume,amount,preclose,adj_factor,suspended,source\n";
    let row = |date: &str| format!("{date},600000.SH,10,10.1,9.9,10,100000,1000000,10,1,false,x\n");
    room.write("in/daily.csv", format!("{header}{}{}", row("2026-12-31"), row("2027-01-04")));
    let later = |code: i32, more: &[&str]| {
        let out = room.command().env("LIGHTHUNTER_NOW", "2027-03-05T01:00:00Z").args(more).output().expect("it starts");
        let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert_eq!(out.status.code(), Some(code), "{text}");
        text
    };
    let input = at(&room, "in");
    let said = later(0, &["data", "import", &input]);
    for words in ["2 rows read, 1 good, 1 rejected", "data_sources.market.closures", "reads the file again"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = later(12, &["day-ops", "--as-of", "2027-01-04"]);
    assert!(said.contains("data_sources.market.closures") && said.contains("docs/scheduler.md"), "{said}");
    let closures = r#"data_sources.market.closures=["2027-01-01","2027-02-05..2027-02-12","2027-04-05","2027-05-03..2027-05-05","2027-06-09","2027-10-01..2027-10-07"]"#;
    let said = later(0, &["--set", closures, "data", "import", &input]);
    assert!(said.contains("2 rows read, 2 good, 0 rejected"), "{said}");
    let said = later(0, &["--set", closures, "data", "import", &input]);
    assert!(said.contains("nothing is new"), "{said}");
}
