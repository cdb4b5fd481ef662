//! Parsing daily bars out of files: a million rows a second.

use std::path::{Path, PathBuf};

use lighthunter::{
    clock::Stopwatch,
    market::DailyBar,
    source::{
        SourceError,
        files::{Rejected, read_daily_csv, read_daily_parquet},
    },
};

use crate::{
    board::{Board, Target},
    input::Input,
};

/// Reads one file.
type Reader = fn(&Path) -> Result<(Vec<DailyBar>, Vec<Rejected>), SourceError>;

/// Measures both forms.
pub(crate) fn bench(board: &mut Board, input: &Input) {
    let forms: [(&str, &str, Reader); 2] =
        [("parse daily Parquet", ".parquet", read_daily_parquet), ("parse daily CSV.gz", ".csv.gz", read_daily_csv)];
    for (name, ending, reader) in forms {
        let files = input.daily(ending);
        let rows = parse(&files, reader);
        let samples = board.sample(name, Some(rows as u64), || {
            let watch = Stopwatch::start();
            assert_eq!(parse(&files, reader), rows);
            watch.seconds()
        });
        let rates = samples.into_iter().map(|seconds| rows as f64 / seconds / 1e6);
        board.put(name, rates, "M rows/s", Target::AtLeast(1.0));
    }
}

/// Reads all files and returns how many rows they have.
fn parse(files: &[PathBuf], reader: Reader) -> usize {
    let read = |file: &PathBuf| {
        let (rows, rejected) = reader(file).expect("readable");
        assert!(rejected.is_empty() && !rows.is_empty(), "{}: {} rejected", file.display(), rejected.len());
        rows.len()
    };
    files.iter().map(read).sum()
}
