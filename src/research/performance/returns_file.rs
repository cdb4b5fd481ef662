//! A file of daily returns: columns `series`, `i`, `ret` in any order, rows in any order; one file may
//! hold many series. A return that is empty or `nan` is missing, and so is a day that has no row.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{Metrics, return_metrics};
use crate::{
    exit::{Exit, Failure},
    metric::Convention,
    store::{DelimitedLimits, DelimitedReader, DelimitedRecord, StoreError, unquoted},
};

/// The columns of the file.
const COLUMNS: [&str; 3] = ["series", "i", "ret"];

/// The largest day number; a series is as long as its last day.
const DAY_MAX: usize = 1_000_000;

/// Daily returns from the first day of a series to its last.
#[derive(Debug, Clone, PartialEq)]
pub struct DailyReturns {
    /// The number of the first day.
    pub first_day: usize,
    /// One return a day; NaN where missing.
    pub returns: Vec<f64>,
}

impl DailyReturns {
    /// Returns the return of a day; NaN where the series has none.
    fn at(&self, day: usize) -> f64 {
        day.checked_sub(self.first_day).and_then(|at| self.returns.get(at)).copied().unwrap_or(f64::NAN)
    }

    fn of(days: &BTreeMap<usize, f64>) -> Self {
        let first_day = days.keys().next().copied().unwrap_or_default();
        let end = days.keys().next_back().map_or(first_day, |last| last + 1);
        let returns = (first_day..end).map(|day| days.get(&day).copied().unwrap_or(f64::NAN)).collect();
        Self { first_day, returns }
    }
}

/// Daily returns by series.
pub type ReturnSeries = BTreeMap<String, DailyReturns>;

/// A file of returns that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReturnsError {
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A column is not there.
    #[error("{path}:1: there is no column '{column}', the header has {have}", path = path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// What the header names.
        have: String,
    },
    /// A field that is not what its column holds.
    #[error("{path}:{line}: {column} is '{got}', expected {expected}", path = path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1 with the header.
        line: u64,
        /// The column.
        column: &'static str,
        /// The text of the field.
        got: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A day of a series that is there twice.
    #[error("{path}:{line}: day {day} of series '{series}' is there twice", path = path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The line of the second.
        line: u64,
        /// The series.
        series: String,
        /// The day.
        day: usize,
    },
    /// No row at all.
    #[error("{path} has no row after its header", path = .0.display())]
    Empty(PathBuf),
    /// A benchmark that is not among the series.
    #[error("there is no series '{name}' to measure against: the file has {have}")]
    NoBenchmark {
        /// What was asked for.
        name: String,
        /// The series there are.
        have: String,
    },
}

impl Failure for ReturnsError {
    fn exit(&self) -> Exit {
        match self {
            Self::Store(error) => error.exit(),
            Self::Column { .. } | Self::Field { .. } | Self::Twice { .. } => Exit::DataRefused,
            Self::Empty(_) => Exit::NothingRan,
            Self::NoBenchmark { .. } => Exit::Usage,
        }
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Store(error) => return error.remedy(),
            Self::Column { .. } => "Name the columns series, i and ret in the first line.".into(),
            Self::Field { .. } => "Correct the line; a missing return is an empty field or nan.".into(),
            Self::Twice { .. } => "Keep one row a day and series.".into(),
            Self::Empty(_) => "Write one row a day: series,i,ret.".into(),
            Self::NoBenchmark { .. } => "Name a series of the file, or leave --benchmark out.".into(),
        })
    }
}

/// Reads a file of returns. A series runs from its smallest day `i` to its largest.
///
/// # Errors
/// When the file cannot be read, lacks a column or a row, has a field that is no number, or a day
/// twice; the error names the line.
pub fn read_returns(path: &Path) -> Result<ReturnSeries, ReturnsError> {
    let mut reader = DelimitedReader::open(path, DelimitedLimits::default())?;
    let header: Vec<String> = reader.header().iter().map(|name| name.trim_start_matches('\u{feff}').into()).collect();
    let place = |column: &'static str| {
        let place = header.iter().position(|name| name == column);
        place.ok_or_else(|| ReturnsError::Column { path: path.into(), column, have: header.join(", ") })
    };
    let [series, day, ret] = COLUMNS;
    let places = [place(series)?, place(day)?, place(ret)?];
    let mut days: BTreeMap<String, BTreeMap<usize, f64>> = BTreeMap::new();
    while let Some(record) = reader.next_record()? {
        let (name, day, value) = row(path, &record, places)?;
        let of_series = days.entry(name.clone()).or_default();
        if of_series.insert(day, value).is_some() {
            return Err(ReturnsError::Twice { path: path.into(), line: record.line(), series: name, day });
        }
    }
    let all: ReturnSeries = days.into_iter().map(|(name, days)| (name, DailyReturns::of(&days))).collect();
    if all.is_empty() { Err(ReturnsError::Empty(path.into())) } else { Ok(all) }
}

/// Returns CONTRACT's metrics of every series; where a benchmark is named, the others' against it too.
///
/// # Errors
/// When no series has the benchmark's name.
pub fn series_metrics(
    series: &ReturnSeries,
    benchmark: Option<&str>,
    convention: &Convention,
) -> Result<BTreeMap<String, Metrics>, ReturnsError> {
    let against = match benchmark {
        None => None,
        Some(name) => Some(series.get(name).ok_or_else(|| {
            let have = series.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            ReturnsError::NoBenchmark { name: name.to_owned(), have }
        })?),
    };
    let measured = series.iter().map(|(name, own)| {
        let against = against.filter(|_| benchmark != Some(name.as_str()));
        let days = own.first_day..own.first_day + own.returns.len();
        let other: Option<Vec<f64>> = against.map(|other| days.map(|day| other.at(day)).collect());
        (name.clone(), return_metrics(&own.returns, other.as_deref(), convention))
    });
    Ok(measured.collect())
}

fn row(path: &Path, record: &DelimitedRecord<'_>, places: [usize; 3]) -> Result<(String, usize, f64), ReturnsError> {
    let [name, day, value] = places.map(|place| String::from_utf8_lossy(unquoted(record.field(place))).into_owned());
    let wrong = |column, got: &str, expected| ReturnsError::Field {
        path: path.into(),
        line: record.line(),
        column,
        got: got.to_owned(),
        expected,
    };
    let [series, number, ret] = COLUMNS;
    if name.is_empty() {
        return Err(wrong(series, &name, "a name"));
    }
    let at = day.parse::<usize>().ok().filter(|day| *day <= DAY_MAX);
    let at = at.ok_or_else(|| wrong(number, &day, "a whole number from 0 to 1000000"))?;
    let number = match value.to_ascii_lowercase().as_str() {
        "" | "nan" | "null" => f64::NAN,
        text => text.parse().map_err(|_| wrong(ret, &value, "a number, or nothing where the return is missing"))?,
    };
    Ok((name, at, number))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{ReturnsError, read_returns, series_metrics};
    use crate::{
        durable,
        exit::{Exit, Failure},
        metric::Convention,
    };

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let room = tempfile::tempdir().expect("a directory");
        let path = room.path().join("returns.csv");
        durable::replace(&path, text).expect("written");
        (room, path)
    }

    #[test]
    fn rows_and_columns_may_come_in_any_order() {
        let (_room, path) = file("ret,series,i\n0.2,a,1\n0.1,a,0\nnan,b,7\n,a,3\n-0.5,b,9\n");
        let series = read_returns(&path).expect("read");
        let shown: Vec<String> =
            series.iter().map(|(name, own)| format!("{name} {} {:?}", own.first_day, own.returns)).collect();
        assert_eq!(shown, ["a 0 [0.1, 0.2, NaN, NaN]", "b 7 [NaN, NaN, -0.5]"]);
    }

    #[test]
    fn mistakes_name_the_line() {
        let cases = [
            ("series,i\na,0\n", "returns.csv:1: there is no column 'ret'", Exit::DataRefused),
            ("series,i,ret\na,0,0.1\na,x,0.1\n", "returns.csv:3: i is 'x'", Exit::DataRefused),
            ("series,i,ret\na,0,1 %\n", "returns.csv:2: ret is '1 %'", Exit::DataRefused),
            ("series,i,ret\na,0,1\na,0,1\n", "returns.csv:3: day 0 of series 'a' is there twice", Exit::DataRefused),
            ("series,i,ret\n,0,1\n", "returns.csv:2: series is ''", Exit::DataRefused),
            ("series,i,ret\na,99999999999999999999,1\n", "returns.csv:2: i is", Exit::DataRefused),
            ("series,i,ret\n", "has no row", Exit::NothingRan),
        ];
        for (text, expected, exit) in cases {
            let (_room, path) = file(text);
            let error = read_returns(&path).expect_err(expected);
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.exit(), exit, "{error}");
        }
        assert_eq!(read_returns(&PathBuf::from("/nowhere.csv")).expect_err("absent").exit(), Exit::Storage);
    }

    #[test]
    fn degenerate_series_have_no_number_that_json_cannot_hold() {
        let (_room, path) = file(
            "series,i,ret\nup,0,0.01\nup,1,0.01\ndown,0,-0.01\ndown,1,-0.01\nzero,0,0\nzero,1,0\none,0,0.3\n\
             wiped,0,0.1\nwiped,1,-1\nwiped,2,0\nbeyond,0,-1.5\nbeyond,1,0.1\nendless,0,inf\nnone,0,nan\n",
        );
        let metrics = series_metrics(&read_returns(&path).expect("read"), None, &Convention::default()).expect("ok");
        for (name, metrics) in &metrics {
            assert!(metrics.values().flatten().all(|value| value.is_finite()), "{name}: {metrics:?}");
            assert_eq!(metrics.len(), 14, "{name}");
        }
        assert_eq!(metrics["wiped"]["bt_ret_total"], Some(-1.0));
        assert_eq!(metrics["wiped"]["bt_max_dd"], Some(-1.0));
        let undefined = |series: &str, metric: &str| metrics[series][metric].is_none();
        for (series, metric) in [
            ("up", "bt_sharpe"),
            ("up", "bt_calmar"),
            ("up", "bt_profit_factor"),
            ("down", "bt_avg_win"),
            ("zero", "bt_win_rate"),
            ("one", "bt_vol_ann"),
            ("beyond", "bt_ret_ann"),
            ("endless", "bt_ret_total"),
        ] {
            assert!(undefined(series, metric), "{series} {metric}: {:?}", metrics[series][metric]);
        }
    }

    #[test]
    fn benchmark_is_one_of_the_series() {
        let (_room, path) =
            file("series,i,ret\na,1,0.02\na,2,-0.04\na,3,0.02\nb,0,0.9\nb,1,0.01\nb,2,-0.02\nb,3,0.01\n");
        let series = read_returns(&path).expect("read");
        let metrics = series_metrics(&series, Some("b"), &Convention::default()).expect("measured");
        assert!((metrics["a"]["bt_beta"].expect("defined") - 2.0).abs() < 1e-12);
        assert!(!metrics["b"].contains_key("bt_beta"));
        let error = series_metrics(&series, Some("c"), &Convention::default()).expect_err("no c");
        assert!(matches!(&error, ReturnsError::NoBenchmark { have, .. } if have == "a, b"), "{error}");
    }
}
