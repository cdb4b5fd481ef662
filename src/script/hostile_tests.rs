//! The corpus of `fixtures/scripts/`, and what the room promises about every script: it ends in time with
//! its class, says where, and leaves everybody else alone.

use std::{fs, path::Path};

use super::{BarSignal, BarView, Limit, Script, ScriptError, ScriptLimits};
use crate::{
    exit::{Exit, Failure},
    market::Symbol,
};

const NAME: &str = "strategy/u1.luau";
const MIB: usize = 1024 * 1024;

fn corpus(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scripts").join(folder);
    let mut scripts: Vec<(String, String)> = fs::read_dir(&folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty(), "{}", folder.display());
    scripts
}

/// Measures what this thread uses of a processor: a machine that others keep busy makes no script slower.
struct Processor(f64);

impl Processor {
    fn start() -> Self {
        Self(Self::used())
    }

    fn used() -> f64 {
        let line = fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel counts");
        let nanoseconds: f64 = line.split(' ').next().and_then(|text| text.parse().ok()).expect("a number");
        nanoseconds / 1e9
    }

    fn seconds(&self) -> f64 {
        Self::used() - self.0
    }
}

fn load(text: &str) -> Result<Script, ScriptError> {
    Script::load(NAME, text, ScriptLimits::default())
}

fn symbol(text: &str) -> Symbol {
    text.parse().expect("a symbol")
}

fn bar(close: f64) -> BarView<'static> {
    let (symbol, time) = (symbol("600000.SH"), "09:31");
    BarView { symbol, time, open: 10.0, high: 10.5, low: 9.5, close, volume: 1000.0, amount: 10_000.0 }
}

/// Does with a script all that can be done with it.
fn use_up(script: &Script) -> Result<(), ScriptError> {
    if script.has("on_bar") {
        script.on_bar(&bar(10.2))?;
    }
    if script.has("targets") {
        script.targets(&[(symbol("600000.SH"), 0.5)])?;
    }
    if !script.has("on_bar") && !script.has("targets") {
        script.weights()?;
    }
    Ok(())
}

fn failure_of(name: &str, text: &str) -> ScriptError {
    let outcome =
        Script::load(&format!("strategy/{name}"), text, ScriptLimits::default()).and_then(|script| use_up(&script));
    outcome.err().unwrap_or_else(|| panic!("{name} was not refused"))
}

const GOOD: &str = "return { on_bar = function(bar) return bar.close / bar.open - 1, 7 end }";

#[test]
fn every_hostile_script_ends_in_time_with_its_class() {
    let good = load(GOOD).expect("a good script");
    let before = good.on_bar(&bar(10.2)).expect("an answer");
    let scripts = corpus("hostile");
    assert!(scripts.len() >= 24, "{} scripts", scripts.len());
    let mut findings = Vec::new();
    for (name, text) in &scripts {
        let watch = Processor::start();
        let failure = failure_of(name, text);
        let seconds = watch.seconds();
        let (code, said) = (failure.exit().code(), failure.to_string());
        eprintln!("{seconds:>6.3} s {code} {said}");
        let expected = if text.contains("Ends with: 16.") { 16 } else { 17 };
        if code != expected || seconds > 2.0 {
            findings.push(format!("{name}: {code} after {seconds} s: {said}"));
        }
        if !said.starts_with(&format!("strategy/{name}")) || said.len() > 1000 || said.contains(char::is_control) {
            findings.push(format!("{name}: the message is not fit to print: {said:?}"));
        }
        assert_eq!(good.on_bar(&bar(10.2)), Ok(before), "the good script after {name}");
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(!Path::new("/tmp/hostile").exists());
}

#[test]
fn illegal_weights_pass_here_with_their_line() {
    for (name, text) in corpus("illegal_weight") {
        let script = load(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(script.weights().expect("weights").len(), 2, "{name}");
        assert_eq!(script.line_of("u1"), Some(4), "{name}");
    }
}

#[test]
fn valid_scripts_run() {
    for (name, text) in corpus("valid") {
        let script = Script::load(&format!("strategy/{name}"), &text, ScriptLimits::default())
            .and_then(|script| use_up(&script));
        assert_eq!(script, Ok(()), "{name}");
    }
}

/// Texts that are too long to keep as files: each repeats a passage.
#[test]
fn texts_made_to_break_the_compiler_are_refused_or_run() {
    let long = |head: &str, part: &str, tail: &str, count: usize| format!("{head}{}{tail}", part.repeat(count));
    let makers: [(&str, &str, &str, &str); 17] = [
        ("brackets", "return ", "(", "1"),
        ("tables", "return ", "{", "}"),
        ("functions", "", "function f() ", "end"),
        ("blocks", "", "do ", "end"),
        ("additions", "return 1", "+1", ""),
        ("concatenations", "return ''", "..''", ""),
        ("powers", "return 1", "^1", ""),
        ("negations", "return ", "not ", "true"),
        ("calls", "local f f", "()", ""),
        ("fields", "local t = {} return t", ".x", ""),
        ("methods", "local t = {} t", ":x()", ""),
        ("else-ifs", "if a then ", "elseif a then ", "end"),
        ("conditions", "return ", "if a then 1 else ", "1"),
        ("types", "type T = ", "{", "}"),
        ("optional types", "type T = number", "?", ""),
        ("unrolled loops", "--!optimize 2\n", "for i = 1, 9 do ", "end"),
        ("statements", "local x ", "x=1 ", "return {}"),
    ];
    for (name, head, part, tail) in makers {
        for count in [900, 20_000, 130_000 / part.len()] {
            let watch = Processor::start();
            let outcome = load(&long(head, part, tail, count));
            let seconds = watch.seconds();
            assert!(seconds < 2.0, "{name} x {count}: {seconds} s");
            if let Err(error) = outcome {
                assert!(matches!(error.exit().code(), 16 | 17), "{name}: {error}");
            }
        }
    }
}

/// Straight code passes no step of the meter, so what it can do at once must be little.
#[test]
fn straight_code_ends_in_time_too() {
    let texts = "local s = string.rep('x', 2 ^ 17) local a, b = s .. 'a', s .. 'b'";
    let digits = "local s = string.rep('1', 2 ^ 18 + 2 ^ 17)";
    let full = "local t, a, b = {}, 1, {} for i = 1, 2 ^ 13 do t['k' .. i] = 1 end t.k1 = nil t[b] = 1";
    let clears = "local t = setmetatable(table.create(30000, 0), { __unm = table.clear, __add = table.find })";
    let cases = [
        ("comparing texts", texts, "x=a<b ", 2000),
        ("converting for loops", digits, "for i=s,1 do end ", 2000),
        ("reading numbers", digits, "x=s+1 ", 2000),
        ("filling a full table", full, "t[a]=nil t[b]=nil t[a]=1 t.k2=nil t[b]=1 t.k2=1 ", 2500),
        ("operators", clears, "x=-t x=t+1 ", 1000),
    ];
    for (name, before, part, most) in cases {
        let straight = part.repeat(most);
        let text = format!("{before} local x return {{ on_bar = function() while true do {straight} end end }}");
        let watch = Processor::start();
        let failure = load(&text).and_then(|script| use_up(&script)).expect_err("an endless loop");
        eprintln!("{:>6.3} s {name}: {failure}", watch.seconds());
        assert!(watch.seconds() < 2.0, "{name}: {} s", watch.seconds());
        assert_eq!(failure.exit().code(), 16, "{name}: {failure}");
    }
    let more = load(&"x=a+b ".repeat(2049)).expect_err("too many");
    assert_eq!(more.to_string(), "strategy/u1.luau: the text has more than 2048 operators and for-loops");
    let longer = load(&" ".repeat(128 * 1024 + 1)).expect_err("too long");
    assert_eq!(longer.to_string(), "strategy/u1.luau: the text is longer than 131072 bytes");
}

#[test]
fn a_limit_once_hit_ends_the_script_for_good() {
    let text = "local broken = false
        return { on_bar = function(bar)
            if bar.close > 11 then pcall(function() while true do end end) end
            return 0.1
        end, weights = { u1 = 1 } }";
    let script = load(text).expect("a script");
    assert_eq!(script.on_bar(&bar(10.0)), Ok(Some(BarSignal { weight: 0.1, score: None })));
    let first = script.on_bar(&bar(12.0)).expect_err("an endless loop");
    assert_eq!((first.line(), first.exit()), (Some(3), Exit::Limit), "{first}");
    let watch = Processor::start();
    assert_eq!(script.on_bar(&bar(10.0)), Err(first.clone()), "the same error at once");
    assert_eq!(script.weights(), Err(first.clone()));
    assert!(watch.seconds() < 0.1, "{} s", watch.seconds());
}

#[test]
fn each_limit_is_its_own() {
    let small = |operations, memory_bytes, seconds| ScriptLimits { operations, memory_bytes, seconds };
    let loops = "return { on_bar = function() while true do end end }";
    let failure = |text: &str, limits| {
        let script = Script::load(NAME, text, limits).expect("a script");
        match script.on_bar(&bar(10.0)).expect_err("a limit") {
            ScriptError::Limit { limit, line, .. } => (limit, line),
            other => panic!("{other}"),
        }
    };
    assert_eq!(failure(loops, small(1000, MIB, 9.0)), (Limit::Operations(1000), Some(1)));
    assert_eq!(failure(loops, small(u64::MAX, MIB, 0.05)), (Limit::Deadline(0.05), Some(1)));
    let keeps = "local k = {}\nreturn { on_bar = function()\nwhile true do table.insert(k, {}) end end }";
    assert_eq!(failure(keeps, small(u64::MAX, MIB, 9.0)), (Limit::Memory(MIB), Some(3)));
    let deep = "local function f()\nreturn 1 + f() end\nreturn { on_bar = f }";
    assert_eq!(failure(deep, small(u64::MAX, 32 * MIB, 9.0)), (Limit::Stack, Some(2)));
    for tiny in [0, 1, 1000, 100_000] {
        let failed = Script::load(NAME, GOOD, small(1000, tiny, 1.0)).and_then(|script| script.on_bar(&bar(1.0)));
        assert_eq!(failed.map_err(|error| error.exit()), Err(Exit::Limit), "{tiny} bytes");
    }
    let failed = Script::load(NAME, GOOD, small(0, MIB, 1.0)).map(|script| script.name().to_owned());
    assert_eq!(failed.map_err(|error| error.exit()), Err(Exit::Limit));
}

#[test]
fn operations_and_seconds_count_anew_at_every_call() {
    let text = "return { on_bar = function() for _ = 1, 900 do end return 1 end }";
    let limits = ScriptLimits { operations: 1000, memory_bytes: 1024 * 1024, seconds: 1.0 };
    let script = Script::load(NAME, text, limits).expect("a script");
    for _ in 0..50 {
        assert!(script.on_bar(&bar(10.0)).is_ok());
    }
}

#[test]
fn garbage_is_no_memory_in_use() {
    let text = "return { on_bar = function(bar)
        local s = 0
        for i = 1, 2000 do s += #(bar.symbol .. i) + #{ i, { i } } end
        return s
    end }";
    let limits = ScriptLimits { memory_bytes: 1024 * 1024, ..ScriptLimits::default() };
    let script = Script::load(NAME, text, limits).expect("a script");
    for _ in 0..30 {
        assert_eq!(script.on_bar(&bar(10.0)).map(|signal| signal.map(|signal| signal.weight)), Ok(Some(28_893.0)));
    }
}

#[test]
fn the_same_calls_give_the_same_answers_in_every_machine() {
    // Weak tables lose entries when garbage is collected, and texts of tables, functions and errors could
    // show addresses.
    let text = "local weak, seen, count = setmetatable({}, { __mode = 'v' }), 0, 0
        local function note(text) for at = 1, #text do seen = (seen * 31 + string.byte(text, at)) % 1e9 end end
        return { on_bar = function(bar)
            count += 1
            for i = 1, 300 do weak[i % 97] = { i, bar } end
            for key in weak do note(tostring(key)) end
            note(string.format('%* %s', print, bar)) note(`{bar}{note}`) note(tostring({}))
            note(select(2, pcall(error, setmetatable({}, { __tostring = function() return 'x' end }))) and 'e')
            note(tostring(select(2, pcall(function() return bar + 1 end))))
            return seen, count
        end }";
    let run = || -> Vec<Option<BarSignal>> {
        let script = load(text).expect("a script");
        (0..300).map(|at| script.on_bar(&bar(f64::from(at))).expect("an answer")).collect()
    };
    let first = run();
    assert!(first.windows(2).any(|pair| pair[0] != pair[1]), "the script says something");
    for _ in 0..3 {
        assert_eq!(run(), first);
    }
}

#[test]
fn errors_say_file_line_and_what() {
    let cases = [
        ("return {", ":1: does not parse: Expected identifier when parsing expression, got <eof>"),
        ("\n\nlocal x: = 1", ":3: does not parse: Expected type, got '='"),
        ("local x = nil\nreturn x.y", ":2: failed: attempt to index nil with 'y'"),
        ("error('stop')", ":1: failed: stop"),
        ("error('stop', 0)", ":1: failed: stop"),
        (
            "\nlocal f = string.format\nf('%d', 'x')",
            ":3: failed: invalid argument #2 to 'format' (number expected, got string)",
        ),
        ("return 7", ": the script must return a table"),
        ("return { weights = { 0.5 } }", ":1: a key of weights is of type integer, a text is expected"),
        (
            "return {\n\tweights = {\n\t\tu1 = true } }",
            ":3: weights: the value of 'u1' is of type boolean, a number is expected",
        ),
        ("return {\n\tweights = 7 }", ":2: `weights` is integer, a table of numbers by strategy is expected"),
        ("return { }", ": `weights` is missing, a table of numbers by strategy is expected"),
        (
            "local function targets()\n\treturn { ['000001.SZ'] = 1 }\nend\nreturn { targets = targets }",
            ":4: targets returned '000001.SZ', which is not among the scores",
        ),
        ("return { targets = function() end }", ":1: targets must return a table of numbers by symbol"),
        (
            "return {\non_bar = function() return 'x' end }",
            ":2: on_bar returned a weight of type string, a number or nil is expected",
        ),
        (
            "return {\non_bar = function() return 1, {} end }",
            ":2: on_bar returned a score of type table, a number or nil is expected",
        ),
        ("return {\non_bar = function() return nil, 1 end }", ":2: on_bar returned a score without a weight"),
        (
            "return { on_bar = function(bar)\n\n\treturn bar.price * 2 end }",
            ":3: failed: attempt to perform arithmetic (mul) on nil and number",
        ),
        (
            "return { on_bar = function(bar)\n\n\twhile true do end end }",
            ":3: the call did not end within 5000000 operations",
        ),
        (
            "return { on_bar = function(bar)\nreturn #string.rep('x', 1e9) end }",
            ":2: the script wants more than 33554432 bytes in all or 524288 at once",
        ),
    ];
    // A busy machine reaches the limit of time before the others.
    let limits = ScriptLimits { seconds: 60.0, ..ScriptLimits::default() };
    for (text, expected) in cases {
        let error = Script::load(NAME, text, limits).and_then(|script| use_up(&script)).expect_err(text);
        assert_eq!(error.to_string(), format!("{NAME}{expected}"));
        assert!(error.remedy().is_some_and(|remedy| remedy.ends_with('.')));
    }
}

#[test]
fn a_missing_function_is_said() {
    let refused = |text: &str| load(text).expect_err("refused").to_string();
    assert_eq!(refused("return { targets = 1 }"), "strategy/u1.luau:1: `targets` is integer, a function is expected");
    let misspelt = "return {\n\ttarget = function() return {} end,\n}";
    let words = "strategy/u1.luau:2: the returned table has `target`; it may have targets, on_bar and weights";
    assert_eq!(refused(misspelt), words);
    let script = load("return { weights = {} }").expect("a script");
    let idle = script.require_strategy().expect_err("no strategy").to_string();
    assert_eq!(idle, "strategy/u1.luau: the script returns neither targets nor on_bar: it would never trade");
    assert!(!script.has("targets") && !script.has("on_bar"));
    let error = script.targets(&[]).expect_err("no function");
    assert_eq!(error.to_string(), "strategy/u1.luau: the returned table has no function `targets`");
    let error = script.on_bar(&bar(1.0)).expect_err("no function");
    assert_eq!((error.exit(), error.line()), (Exit::Refused, None), "{error}");
}

#[test]
fn the_scripts_of_a_new_workspace_run() {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/workspace/strategy").join(name);
        let text = fs::read_to_string(path).expect("a script");
        Script::load(&format!("strategy/{name}"), &text, ScriptLimits::default()).expect("a script")
    };
    let (u1, u2, portfolio) = (read("u1.luau"), read("u2.luau"), read("portfolio.luau"));
    let weights: Vec<(String, f64)> = portfolio.weights().expect("weights").into_iter().collect();
    assert_eq!(weights, [("u1".to_owned(), 0.4), ("u2".to_owned(), 0.6)]);
    assert_eq!((portfolio.line_of("u1"), portfolio.line_of("u2")), (Some(7), Some(8)));
    let scores: Vec<(Symbol, f64)> =
        (1..=20).map(|n| (symbol(&format!("{:06}.SH", 600_000 + n)), f64::from(10 - n) / 100.0)).collect();
    let few = u1.targets(&scores).expect("targets");
    assert_eq!(few.len(), 5);
    assert!(few.values().all(|weight| *weight == 0.2), "{few:?}");
    let spread = u2.targets(&scores).expect("targets");
    assert_eq!(spread.len(), 9);
    assert!(spread.values().sum::<f64>() <= 1.0, "{spread:?}");
    assert_eq!(u1.targets(&[]).expect("targets").len(), 0);
    let opinion = |close| u1.on_bar(&bar(close)).expect("an answer").map(|signal| signal.weight);
    assert_eq!((opinion(10.06), opinion(10.04), opinion(9.96), opinion(9.94)), (Some(0.2), None, None, Some(0.0)));
    assert!(u1.has("on_bar") && !u2.has("on_bar"));
}

#[test]
fn a_market_of_scores_and_bars_fits_the_default_limits() {
    let text = "local bars, last = {}, {}
        return { targets = function(scores)
            local chosen = {}
            for _, entry in scores do chosen[entry.symbol] = entry.score end
            return chosen
        end, on_bar = function(bar)
            local before = last[bar.symbol]
            last[bar.symbol] = bar
            if before then return before.close, if bar.symbol == '600001.SH' and bar.time == '09:32' then 1 else 0 end
            return nil
        end }";
    let script = load(text).expect("a script");
    let scores: Vec<(Symbol, f64)> =
        (0..6000).map(|n| (symbol(&format!("{:06}.SH", 600_000 + n)), f64::from(n))).collect();
    let targets = script.targets(&scores).expect("targets");
    assert_eq!(targets.into_iter().collect::<Vec<_>>(), scores);
    for (minute, time) in ["09:31", "09:32"].into_iter().enumerate() {
        for (symbol, score) in &scores {
            let seen = script.on_bar(&BarView { symbol: *symbol, time, close: *score, ..bar(0.0) }).expect("an answer");
            let hit = if symbol.code() == 600_001 { 1.0 } else { 0.0 };
            let expected = (minute == 1).then_some(BarSignal { weight: *score, score: Some(hit) });
            assert_eq!(seen, expected, "{symbol} {time}");
        }
    }
}
