//! alpha158 on a generated panel: processor seconds, memory over the output, linear growth with the symbols,
//! and a day at the end.

use std::{fs, io::Write as _, path::Path, sync::Arc};

use jiff::{ToSpan, civil::Date};
use lighthunter::{
    config,
    research::factor::{ExpressionSet, FactorInput},
    seed::Seed,
    store::{Frame, FrameColumn},
};
use rand::RngExt as _;

use crate::{
    board::{Board, Target},
    watch::ProcessorWatch,
};

const SYMBOLS: usize = 300;
const DAYS: usize = 1000;

/// Growth is from few symbols to about as many as there are, over so few days that the output of the many
/// is about 600 MB.
const FEW: usize = 100;
const MANY: usize = 5000;
const GROWTH_DAYS: usize = 100;

/// Measures the kernels alone, without reading or writing a file.
pub(crate) fn bench(board: &mut Board) {
    let (seconds, memory, growth, day) = (
        "alpha158, 300 x 1,000",
        "alpha158, memory over its output",
        "alpha158, growth with symbols",
        "alpha158, one day",
    );
    if ![seconds, memory, growth, day].iter().any(|name| board.wants(name)) {
        return;
    }
    let sets = config::shipped().expect("sound").factors.sets;
    let set = ExpressionSet::read(sets.get("alpha158").expect("shipped"), &[]).expect("sound");
    let panel = panel_of(SYMBOLS, DAYS);
    let run = |panel: &FactorInput, last: Option<usize>| {
        // One thread, this one, so that its processor seconds are all there are.
        let watch = ProcessorWatch::start();
        let computed = set.compute(&panel.aligned, last, 1).expect("computed");
        let seconds = watch.seconds();
        let values: usize = computed.columns.iter().map(Vec::len).sum();
        (seconds, values)
    };
    // The first run: later ones find memory that the ones before left.
    let before = forget_peak().then(|| memory_bytes("VmRSS:")).flatten();
    let (_, values) = run(&panel, None);
    if let (Some(before), Some(after)) = (before, memory_bytes("VmHWM:")) {
        let grown = (after - before) / (values as f64 * 8.0);
        // What was allocated and freed before may hold a little of it, but never most of it.
        assert!(grown > 0.8, "the output itself is in memory: {grown}");
        board.put(memory, [grown], "x", Target::AtMost(1.5));
    } else {
        println!("skipped: {memory}: the system does not tell the peak of memory");
    }
    let samples = board.sample(seconds, Some(values as u64), || run(&panel, None).0);
    board.put(seconds, samples, "CPU s", Target::AtMost(1.0));
    let samples = board.sample(day, None, || run(&panel, Some(1)).0);
    board.put(day, samples, "CPU s", Target::None);
    if board.wants(growth) {
        let days = if board.judges() { GROWTH_DAYS } else { 2 };
        let (few, many) = (panel_of(FEW, days), panel_of(MANY, days));
        let times = MANY as f64 / FEW as f64;
        let exponent = board.repeat(|| {
            // As many rows of each: the few so often that both take about as long.
            let one: f64 = (0..MANY / FEW).map(|_| run(&few, None).0).sum::<f64>() / times;
            (run(&many, None).0 / one).ln() / times.ln()
        });
        board.put(growth, exponent, "exponent", Target::AtMost(1.1));
    }
}

/// Generates prices that walk, with one day in fifty suspended.
fn panel_of(symbols: usize, days: usize) -> FactorInput {
    let mut stream = Seed::DEFAULT.stream("factor bench");
    let first = Date::constant(2015, 1, 1);
    let (mut codes, mut dates): (Vec<Arc<str>>, Vec<Date>) = (Vec::new(), Vec::new());
    let names = ["open", "high", "low", "close", "volume", "vwap"];
    let mut columns = names.map(|_| Vec::new());
    for symbol in 0..symbols {
        let code: Arc<str> = format!("S{symbol:05}").into();
        let mut close = 10.0;
        for day in 0..days {
            if stream.random_bool(0.02) {
                continue;
            }
            codes.push(Arc::clone(&code));
            dates.push(first.saturating_add((day as i64).days()));
            let mut price = |from: f64| from * stream.random_range(0.97..1.03);
            let (open, next) = (price(close), price(close));
            close = next;
            let (high, low) = (open.max(close) * 1.01, open.min(close) * 0.99);
            let volume = stream.random_range(1e5..1e7);
            let row = [open, high, low, close, volume, f64::midpoint(open, close)];
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        }
    }
    let mut frame = Frame::new();
    frame.push("code", FrameColumn::Utf8(codes)).expect("fits");
    frame.push("date", FrameColumn::Date(dates)).expect("fits");
    for (name, column) in names.into_iter().zip(columns) {
        frame.push(name, FrameColumn::F64(column)).expect("fits");
    }
    FactorInput::from_frame(Path::new("generated"), &frame, false).expect("a panel")
}

/// Returns a line of the system's about this process's memory, where it tells.
fn memory_bytes(line: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let rest = status.lines().find_map(|text| text.strip_prefix(line))?;
    rest.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

/// Makes the peak of memory what it is now; says whether the system did so.
fn forget_peak() -> bool {
    let file = fs::OpenOptions::new().write(true).open("/proc/self/clear_refs");
    file.and_then(|mut file| file.write_all(b"5")).is_ok()
}
