//! The bars that are measured on: the real ones beside the project, or, said aloud, simulated ones of
//! about as many rows.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use lighthunter::{
    market::DailyBar,
    source::{SimulatedSpec, simulated},
    store::write_market,
};
use tempfile::TempDir;

/// A directory of bars.
pub(crate) struct Input {
    directory: PathBuf,
    /// Holds the simulated bars, where there are no real ones.
    _made: Option<TempDir>,
}

impl Input {
    /// Finds the real bars, else simulates some.
    pub(crate) fn find() -> Self {
        let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/visible");
        if real.is_dir() {
            return Self { directory: real, _made: None };
        }
        eprintln!("skipped: {} not present; the figures are of simulated bars instead", real.display());
        let spec = SimulatedSpec { symbols: 130, days: 970, ..SimulatedSpec::default() };
        let data = simulated::generate(&spec).expect("a market");
        let made = tempfile::tempdir().expect("a directory");
        write_market(made.path(), &data).expect("written");
        write_csv(&made.path().join("daily.csv.gz"), &data.daily);
        Self { directory: made.path().into(), _made: Some(made) }
    }

    /// Returns the directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the files of daily bars with this ending.
    pub(crate) fn daily(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.directory).expect("listed").flatten().map(|entry| entry.path());
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut files: Vec<PathBuf> =
            entries.filter(|path| name(path).starts_with("daily") && name(path).ends_with(ending)).collect();
        files.sort();
        files
    }
}

fn write_csv(path: &Path, bars: &[DailyBar]) {
    let packed = GzEncoder::new(File::create(path).expect("made"), Compression::default());
    let mut lines = BufWriter::new(packed);
    let header = "date,symbol,open,high,low,close,volume,amount,preclose,adj_factor,suspended,source";
    writeln!(lines, "{header}").expect("written");
    for bar in bars {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let volume = bar.volume.map(|value| value.to_string()).unwrap_or_default();
        let (amount, preclose) = (number(bar.amount), number(bar.preclose));
        let DailyBar { date, symbol, open, high, low, close, adj_factor, source, .. } = bar;
        let suspended = if bar.suspended { "True" } else { "False" };
        writeln!(
            lines,
            "{date},{symbol},{open},{high},{low},{close},{volume},{amount},{preclose},{adj_factor},{suspended},{source}"
        )
        .expect("written");
    }
    lines.into_inner().expect("flushed").finish().expect("packed");
}
