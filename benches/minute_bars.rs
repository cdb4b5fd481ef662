//! Minute bars to run through the event path: a random walk of prices by seed, or the file that the peers
//! were measured on. Measures nothing.

use std::{collections::BTreeMap, fs::File, path::Path};

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type},
};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time, Weekday, date, time},
    tz,
};
use lighthunter::{
    market::{Exchange, LimitCase, PriceBand, Symbol, tick},
    seed::Seed,
    trading::{Bar, Fen, SymbolDay},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rand::RngExt;
use rand_distr::{Distribution, Normal};

/// Names a Parquet file of ts (nanoseconds since 1970, UTC, end of the minute), code (`SH600000`), open,
/// high, low, close and volume, sorted by time and code, with a bar of every symbol in every minute.
const FILE_VARIABLE: &str = "LIGHTHUNTER_BENCH_BARS";

const FIRST_DAY: Date = date(2024, 1, 2);
/// Standard deviations of a minute's return and of what its range exceeds open and close by.
const MINUTE_RETURN: f64 = 8e-4;
const MINUTE_RANGE: f64 = 3e-4;

/// One session: what is known before it opens, and its bars by time and symbol.
pub(crate) struct Session {
    pub(crate) date: Date,
    pub(crate) days: Vec<(Symbol, SymbolDay)>,
    pub(crate) bars: Vec<Bar>,
}

/// Sessions in a row, of the same symbols.
pub(crate) struct Minutes {
    pub(crate) symbols: usize,
    /// The session before the others: two bars a symbol at its first price, the first and the last.
    pub(crate) eve: Session,
    pub(crate) sessions: Vec<Session>,
}

impl Minutes {
    /// Reads the file that the environment names, else makes as many bars as it should hold.
    pub(crate) fn from_file_or_seed(symbols: u32, sessions: usize) -> (Self, String) {
        match std::env::var_os(FILE_VARIABLE) {
            Some(path) => (Self::of(&read(Path::new(&path))), path.to_string_lossy().into_owned()),
            None => (Self::from_seed(symbols, sessions), format!("made by seed; {FILE_VARIABLE} names no file")),
        }
    }

    /// Makes bars: closes walk by normal returns, opens are the closes before, volumes are even.
    pub(crate) fn from_seed(symbols: u32, sessions: usize) -> Self {
        let weekday = |date: &Date| !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let days = std::iter::successors(Some(FIRST_DAY), |date| date.tomorrow().ok()).filter(weekday).take(sessions);
        let ends: Vec<DateTime> = days.flat_map(|day| minutes().map(move |minute| day.to_datetime(minute))).collect();
        let mut walks: Vec<Walk> = (0..symbols).map(Walk::new).collect();
        let bars = ends.iter().flat_map(|end| walks.iter_mut().map(|walk| walk.bar(*end)).collect::<Vec<Bar>>());
        Self::of(&bars.collect::<Vec<Bar>>())
    }

    /// Cuts bars into sessions.
    fn of(bars: &[Bar]) -> Self {
        let first: BTreeMap<Symbol, Fen> =
            bars.iter().take_while(|bar| bar.end == bars[0].end).map(|bar| (bar.symbol, bar.open)).collect();
        assert!(bars.len().is_multiple_of(first.len()), "a bar of every symbol in every minute");
        let eve = eve(&first, bars[0].date().yesterday().expect("a date"));
        let mut closes = first.clone();
        let sessions = bars.chunk_by(|one, next| one.date() == next.date()).map(|bars| {
            let session = session(&closes, bars.to_vec());
            closes.extend(bars.iter().map(|bar| (bar.symbol, bar.close)));
            session
        });
        let sessions = sessions.collect();
        Self { symbols: first.len(), eve, sessions }
    }

    /// Returns how many bars the sessions have.
    pub(crate) fn count(&self) -> usize {
        self.sessions.iter().map(|session| session.bars.len()).sum()
    }
}

fn session(references: &BTreeMap<Symbol, Fen>, bars: Vec<Bar>) -> Session {
    let date = bars[0].date();
    let day = |(symbol, reference): (&Symbol, &Fen)| {
        let band = PriceBand::of(&LimitCase::ordinary(*symbol, date, tick::cny(*reference)));
        (*symbol, SymbolDay { reference: Some(*reference), band, suspended: false })
    };
    Session { date, days: references.iter().map(day).collect(), bars }
}

fn eve(prices: &BTreeMap<Symbol, Fen>, date: Date) -> Session {
    let still = |end: Time| {
        let bar = move |(symbol, price): (&Symbol, &Fen)| Bar {
            symbol: *symbol,
            end: date.to_datetime(end),
            open: *price,
            high: *price,
            low: *price,
            close: *price,
            volume: Some(1_000_000),
            amount: None,
            opens: end == OPENS,
            closes: end == CLOSES,
        };
        prices.iter().map(bar)
    };
    session(prices, still(OPENS).chain(still(CLOSES)).collect())
}

const OPENS: Time = time(9, 31, 0, 0);
const CLOSES: Time = time(15, 0, 0, 0);

/// The ends of a session's 240 minutes.
fn minutes() -> impl Iterator<Item = Time> {
    (571..=690).chain(781..=900).map(|minute: i16| time((minute / 60) as i8, (minute % 60) as i8, 0, 0))
}

/// The price of one symbol, on its way.
struct Walk {
    symbol: Symbol,
    rng: rand_chacha::ChaCha8Rng,
    /// Without rounding, CNY.
    price: f64,
    close: Fen,
}

impl Walk {
    fn new(number: u32) -> Self {
        let mut rng = Seed::DEFAULT.stream(&format!("minute bars of symbol {number}"));
        let price: f64 = rng.random_range(5.0..60.0);
        let symbol = Symbol::new(600_000 + number, Exchange::Sh).expect("six digits");
        Self { symbol, rng, price, close: (price * 100.0).round() as Fen }
    }

    fn bar(&mut self, end: DateTime) -> Bar {
        let mut normal = |deviation| Normal::new(0.0, deviation).expect("finite").sample(&mut self.rng);
        let (change, above, below) = (normal(MINUTE_RETURN), normal(MINUTE_RANGE).abs(), normal(MINUTE_RANGE).abs());
        self.price *= change.exp();
        let open = self.close;
        self.close = ((self.price * 100.0).round() as Fen).max(100);
        let (top, bottom) = (open.max(self.close), open.min(self.close));
        Bar {
            symbol: self.symbol,
            end,
            open,
            high: ((top as f64 * (1.0 + above)).round() as Fen).max(top),
            low: ((bottom as f64 * (1.0 - below)).round() as Fen).min(bottom),
            close: self.close,
            volume: Some(self.rng.random_range(1..2000) * 100),
            amount: None,
            opens: end.time() == OPENS,
            closes: end.time() == CLOSES,
        }
    }
}

fn read(path: &Path) -> Vec<Bar> {
    let file = File::open(path).expect("the file that LIGHTHUNTER_BENCH_BARS names can be opened");
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("readable");
    batches.flat_map(|batch| bars_of(&batch.expect("a batch"))).collect()
}

fn bars_of(batch: &RecordBatch) -> Vec<Bar> {
    let column = |name: &str, form: &DataType| -> ArrayRef {
        let column = batch.column_by_name(name).expect("the file has this column");
        cast(column, form).expect("of its form")
    };
    let [open, high, low, close, volume] = ["open", "high", "low", "close", "volume"]
        .map(|name| column(name, &DataType::Float64).as_primitive::<Float64Type>().values().to_vec());
    let ends = column("ts", &DataType::Int64).as_primitive::<Int64Type>().values().to_vec();
    let codes = column("code", &DataType::Utf8);
    let codes = codes.as_string::<i32>();
    let price = |cny: f64| tick::fen(cny).expect("a price");
    let bar = |at: usize| {
        let utc = Timestamp::from_nanosecond(i128::from(ends[at])).expect("a time");
        let end = tz::offset(8).to_datetime(utc);
        let code = codes.value(at).trim_start_matches("SH").parse().expect("a code");
        Bar {
            symbol: Symbol::new(code, Exchange::Sh).expect("six digits"),
            end,
            open: price(open[at]),
            high: price(high[at]),
            low: price(low[at]),
            close: price(close[at]),
            volume: Some(volume[at] as i64),
            amount: None,
            opens: end.time() == OPENS,
            closes: end.time() == CLOSES,
        }
    };
    (0..batch.num_rows()).map(bar).collect()
}
