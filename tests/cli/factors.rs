//! `factors` from outside: the sets, mistakes in them, and their values on a panel.

use lighthunter::store::{Frame, FrameColumn};

use crate::room::Room;

const SPEC: &str = "config/factor_spec.json";

/// Adds a set to the workspace's spec.
fn add_set(room: &Room, set: &str) {
    let text = room.read(SPEC);
    room.write(SPEC, text.replacen("\"sets\": {", &format!("\"sets\": {{\n    \"mine\": {set},"), 1));
}

#[test]
fn shipped_sets_are_listed_and_pass_the_check() {
    let room = Room::fresh();
    let listed = room.run_to(0, &["factors", "list", "--json"]).json();
    let sets = listed["sets"].as_array().expect("sets");
    let count = |name: &str| {
        let set = sets.iter().find(|set| set["name"] == name).expect(name);
        set["columns"].as_array().map(Vec::len)
    };
    assert_eq!((count("alpha158"), count("alpha360"), count("u1_v2_plus")), (Some(159), Some(361), Some(24)));
    let checked = room.run_to(0, &["factors", "check", "--json"]).json();
    assert!(checked["sets"].as_array().expect("sets").iter().all(|set| set["ok"] == true), "{checked}");
}

#[test]
fn mistake_in_an_expression_is_shown_with_file_line_and_caret() {
    let room = Room::fresh();
    add_set(&room, r#"{ "expressions": { "x": "Mean($close, 5) + Sdt($close, 5)" } }"#);
    let words = [
        "config/factor_spec.json:7: sets.mine.expressions.x, column 19: unknown operator 'Sdt', did you mean Std?",
        "\n                    ^^^\n",
    ];
    let done = room.run_to(10, &["factors", "check"]);
    assert!(words.iter().all(|word| done.stderr.contains(word)), "{}", done.stderr);
    assert!(done.stdout.contains("ok    alpha158"), "the others are checked too: {}", done.stdout);
    room.refused(10, &["factors", "compute", "--set", "mine", "--out", "f.parquet"], &words);
}

#[test]
fn planted_look_ahead_is_found_and_never_computed() {
    let room = Room::fresh();
    add_set(&room, r#"{ "expressions": { "honest": "Mean($close, 5)", "peek": "Ref($close, -1)" } }"#);
    let done = room.run_to(10, &["factors", "check", "--set", "mine"]);
    assert!(done.stdout.contains("      peek: ") && done.stderr.contains("these factors use later data: peek"));
    let document = room.run_to(10, &["factors", "check", "--set", "mine", "--json"]).json();
    let found = document["error"]["factors"]["sets"][0]["looks_ahead"].as_array().expect("a list").clone();
    assert_eq!(found.len(), 1);
    assert!(found[0]["name"] == "peek" && found[0]["known"].is_null() && found[0]["whole"].is_f64(), "{found:?}");
    let words = ["sets.mine.expressions.peek", "looks 1 session ahead"];
    room.refused(10, &["factors", "compute", "--set", "mine", "--out", "f.parquet"], &words);
}

#[test]
fn stored_bars_give_the_same_table_with_any_number_of_threads() {
    let room = Room::nighted();
    let compute = |more: &[&str]| {
        let out = room.path("f.parquet");
        let out = out.to_str().expect("UTF-8");
        let done =
            room.run_to(0, &[&["factors", "compute", "--set", "alpha158", "--out", out, "--json"], more].concat());
        let document = done.json();
        (
            document["digest"].as_str().expect("a digest").to_owned(),
            Frame::read(&room.path("f.parquet")).expect("readable"),
        )
    };
    let (one, whole) = compute(&["--threads", "1"]);
    let (two, _) = compute(&["--threads", "2"]);
    assert_eq!(one, two);
    assert_eq!(whole.names().count(), 161);
    let (_, last) = compute(&["--last", "1"]);
    let newest = whole.dates("date").expect("dates").iter().max().expect("a row");
    let rows: Vec<usize> =
        (0..whole.rows()).filter(|row| whole.dates("date").expect("dates")[*row] == *newest).collect();
    assert_eq!(last.rows(), rows.len());
    for (name, column) in last.columns() {
        let (FrameColumn::F64(part), Some(all)) = (column, whole.f64(name)) else { continue };
        let bits: Vec<u64> = rows.iter().map(|row| all[*row].to_bits()).collect();
        assert_eq!(part.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), bits, "{name}");
    }
}

#[test]
fn wrong_inputs_have_the_exit_code_of_their_class() {
    let room = Room::fresh();
    let mut panel = Frame::new();
    panel.push("code", FrameColumn::Utf8(vec!["a".into()])).expect("fits");
    panel.push("date", FrameColumn::Date(vec![jiff::civil::date(2020, 1, 2)])).expect("fits");
    panel.push("close", FrameColumn::F64(vec![1.0])).expect("fits");
    panel.write(&room.path("p.parquet")).expect("written");
    room.write("text.parquet", "no table");
    let path = |name: &str| room.path(name).to_str().expect("UTF-8").to_owned();
    let (input, text, missing) = (path("p.parquet"), path("text.parquet"), path("none.parquet"));
    let (out, nowhere) = (path("f.parquet"), path("no/f.parquet"));
    add_set(&room, r#"{ "expressions": { "x": "$close * 2" } }"#);
    let compute = |set: &'static str, input: &str, out: &str| {
        ["factors", "compute", "--set", set, "--input", input, "--out", out].map(str::to_owned)
    };
    let cases = [
        (12, compute("alpha158", &input, &out), "the input has no column for $"),
        (12, compute("ultrashort_core", &input, &out), "column 'open' is missing"),
        (13, compute("mine", &missing, &out), "none.parquet"),
        (13, compute("mine", &input, &nowhere), "no/f.parquet"),
        (10, compute("nime", &input, &out), "no set 'nime'"),
    ];
    for (code, arguments, word) in cases {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        room.refused(code, &arguments, &[word, "hint: "]);
    }
    let unreadable = compute("mine", &text, &out);
    let unreadable: Vec<&str> = unreadable.iter().map(String::as_str).collect();
    let done = room.run(&unreadable);
    assert!(
        [12, 13, 14].contains(&done.code) && done.stderr.contains("text.parquet"),
        "{}: {}",
        done.code,
        done.stderr
    );
    room.refused(2, &["factors", "compute", "--out", &out], &["needs --set NAME"]);
    let done = room.run_to(12, &["factors", "compute", "--set", "mine", "--out", &out]);
    assert!(done.stderr.contains("no bars to compute from"), "nothing is stored yet: {}", done.stderr);
    room.run_to(0, &["factors", "compute", "--set", "mine", "--input", &input, "--out", &out]);
    assert_eq!(Frame::read(&room.path("f.parquet")).expect("readable").f64("x"), Some([2.0].as_slice()));
}

#[test]
fn stored_bars_are_repaired_before_they_are_computed_on() {
    let room = Room::nighted();
    add_set(&room, r#"{ "expressions": { "x": "$close" } }"#);
    let out = room.path("f.parquet").display().to_string();
    let closes = || {
        room.run_to(0, &["factors", "compute", "--set", "mine", "--out", &out]);
        Frame::read(&room.path("f.parquet")).expect("readable")
    };
    let before = closes();
    let (codes, dates) = (before.utf8("code").expect("codes").to_vec(), before.dates("date").expect("dates").to_vec());
    let row = dates.iter().rposition(|date| *date == jiff::civil::date(2025, 6, 30)).expect("the last session");
    assert!(before.f64("x").expect("x")[row].is_finite());
    // Ten times the day's reference price: no bar of this market, and its row is left out of research.
    let header = "date,symbol,open,high,low,close,volume,amount,preclose,adj_factor,suspended,source";
    let bar = format!("2025-06-30,{},500,500,500,500,1000,500000,50,1,0,test", codes[row]);
    room.write("more/daily.csv", format!("{header}\n{bar}\n"));
    room.run_to(0, &["data", "import", &room.path("more").display().to_string(), "-q"]);
    let after = closes();
    let known = |frame: &Frame| {
        let all = frame.utf8("code").expect("codes").iter().zip(frame.dates("date").expect("dates"));
        let mut rows = all.zip(frame.f64("x").expect("x"));
        rows.find(|((code, date), _)| **code == codes[row] && **date == dates[row]).map(|(_, x)| *x)
    };
    assert!(known(&before).is_some_and(f64::is_finite));
    assert!(known(&after).is_none_or(f64::is_nan), "{:?}", known(&after));
}
