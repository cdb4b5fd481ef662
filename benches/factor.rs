//! alpha158 on a generated panel: processor seconds, linear growth with the symbols, and a day at the end.

use std::{fs, path::Path, sync::Arc};

use jiff::{ToSpan, civil::Date};
use lighthunter::{
    clock::Stopwatch,
    config,
    research::factor::{ExpressionSet, FactorInput},
    seed::Seed,
    store::{Frame, FrameColumn},
};
use rand::RngExt as _;

use crate::board::{Board, Target};

const SYMBOLS: usize = 300;
const DAYS: usize = 1000;

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
    let panel = panel(SYMBOLS);
    let before = peak_bytes();
    let run = |panel: &FactorInput, last: Option<usize>| {
        let watch = Stopwatch::start();
        let computed = set.compute(&panel.aligned, last, 1).expect("computed");
        let seconds = watch.seconds();
        let values: usize = computed.columns.iter().map(Vec::len).sum();
        (seconds, values)
    };
    let (_, values) = run(&panel, None);
    if let (Some(before), Some(after)) = (before, peak_bytes()) {
        board.put(memory, [(after - before) / (values as f64 * 8.0)], "x", Target::AtMost(1.5));
    }
    // One thread: its wall-clock seconds are its processor seconds.
    let samples = board.sample(seconds, Some(values as u64), || run(&panel, None).0);
    board.put(seconds, samples, "CPU s", Target::AtMost(1.0));
    let samples = board.sample(day, None, || run(&panel, Some(1)).0);
    board.put(day, samples, "CPU s", Target::None);
    if board.wants(growth) {
        let exponent = board.repeat(|| {
            let (few, many) = (run(&panel_of(100, 250), None).0, run(&panel_of(1600, 250), None).0);
            (many / few).ln() / 16.0_f64.ln()
        });
        board.put(growth, exponent, "exponent", Target::AtMost(1.1));
    }
}

fn panel(symbols: usize) -> FactorInput {
    panel_of(symbols, DAYS)
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

/// Returns the peak of this process's resident memory, where the system tells.
fn peak_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}
