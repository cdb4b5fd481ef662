//! How far a long stage has come: a bar on a terminal, nothing anywhere else.

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tracing_subscriber::fmt::MakeWriter;

use super::console::Console;
use crate::ops::{Listener, Told};

/// How often the seconds on the bar move where nothing is told.
const TICK: Duration = Duration::from_millis(200);
/// The bar's own length; whatever is counted is a share of it.
const LENGTH: u64 = 1000;
/// No time left is known.
const UNKNOWN: u64 = u64::MAX;

/// The terminal that bars and log lines share: a line is written above the bar, never into it.
#[derive(Clone)]
pub(super) struct Screen {
    bars: MultiProgress,
    is_shown: bool,
}

impl Screen {
    /// Bars are shown where a person looks: on a terminal, unless less or one document is asked for.
    pub(super) fn of(console: Console) -> Self {
        let is_shown = !console.is_json() && !console.is_quiet() && io::stderr().is_terminal();
        let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bars: MultiProgress::with_draw_target(target), is_shown }
    }

    /// Does what writes to the terminal while no bar is in the way.
    pub(super) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        if self.is_shown { self.bars.suspend(write) } else { write() }
    }
}

impl MakeWriter<'_> for Screen {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.beside(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The progress of one piece of work; may be told from several threads. It is gone from the terminal when
/// it is dropped.
#[derive(Clone)]
pub(super) struct Progress(Option<Arc<Shown>>);

struct Shown {
    bar: ProgressBar,
    what: &'static str,
    /// Bits of the second, counted from the beginning, at which the work may end.
    end: Arc<AtomicU64>,
    stage: std::sync::Mutex<StageLine>,
}

/// The stage that is under way.
#[derive(Debug, Clone, Default, PartialEq)]
struct StageLine {
    name: String,
    number: usize,
    of: usize,
    seconds_left: Option<f64>,
    /// Seconds from the beginning of the work to that of the stage.
    began: f64,
    rows_before: Option<usize>,
}

impl Progress {
    /// Starts the clock of a piece of work whose parts are `what`, such as folds.
    pub(super) fn of(screen: &Screen, what: &'static str) -> Self {
        if !screen.is_shown {
            return Self(None);
        }
        let bar = screen.bars.add(ProgressBar::new(LENGTH));
        let end = Arc::new(AtomicU64::new(UNKNOWN));
        let own = Arc::clone(&end);
        let left = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let end = own.load(Ordering::Relaxed);
            if end != UNKNOWN {
                // A terminal that cannot be written to shows nothing; the work goes on.
                let _ = out.write_str(&left(f64::from_bits(end), state.elapsed().as_secs_f64()));
            }
        };
        let style = ProgressStyle::with_template("[{bar:24}] {elapsed}{left}  {wide_msg}");
        bar.set_style(
            style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ").with_key("left", left),
        );
        bar.set_message(what);
        bar.enable_steady_tick(TICK);
        Self(Some(Arc::new(Shown { bar, what, end, stage: std::sync::Mutex::default() })))
    }

    /// Says that `done` of `total` are done.
    pub(super) fn tell(&self, done: usize, total: usize) {
        if let Some(shown) = &self.0 {
            let seconds = shown.bar.elapsed().as_secs_f64();
            shown.put(share(done, total), Some(seconds / share(done, total)).filter(|end| end.is_finite()));
            shown.bar.set_message(format!("{done} of {total} {}", shown.what));
        }
    }

    /// Returns a listener that shows what it hears.
    pub(super) fn listener(&self) -> Listener {
        match &self.0 {
            Some(shown) => {
                let shown = Arc::clone(shown);
                Listener::of(move |told| shown.hear(told))
            }
            None => Listener::default(),
        }
    }
}

impl Shown {
    fn put(&self, share: f64, end: Option<f64>) {
        self.bar.set_position((share * LENGTH as f64) as u64);
        self.end.store(end.map_or(UNKNOWN, f64::to_bits), Ordering::Relaxed);
    }

    fn hear(&self, told: Told<'_>) {
        let seconds = self.bar.elapsed().as_secs_f64();
        let mut stage = self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        stage.hear(told, seconds);
        let (share, end) = stage.reach(told, seconds);
        self.put(share, end);
        self.bar.set_message(stage.line(told, self.what));
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl StageLine {
    fn hear(&mut self, told: Told<'_>, seconds: f64) {
        match told {
            Told::Stage { name, number, of, seconds_left } => {
                let (name, rows_before) = (name.to_owned(), self.rows_before);
                *self = Self { name, number, of, seconds_left, began: seconds, rows_before };
            }
            Told::Done { rows } => self.rows_before = Some(rows),
            Told::Part { .. } => {}
        }
    }

    /// Returns the share of the work that is done, and the second at which it may end: as long from here as it
    /// took the last time, else at the pace so far.
    fn reach(&self, told: Told<'_>, seconds: f64) -> (f64, Option<f64>) {
        let within = match told {
            Told::Stage { .. } => 0.0,
            Told::Part { done, total, .. } => share(done, total),
            Told::Done { .. } => 1.0,
        };
        let done = (self.number.saturating_sub(1) as f64 + within) / self.of.max(1) as f64;
        let pace = (done > 0.0).then(|| seconds / done);
        (done, self.seconds_left.map(|left| self.began + left).or(pace))
    }

    fn line(&self, told: Told<'_>, what: &str) -> String {
        let Self { name, number, of, .. } = self;
        let head = if *of > 0 { format!("{number} of {of} {what}: {name}") } else { what.to_owned() };
        match (told, self.rows_before) {
            (Told::Part { done, total, unit }, _) => format!("{head}, {done} of {total} {unit}"),
            (Told::Done { rows }, _) if rows > 0 => format!("{head}, {rows} rows"),
            (Told::Stage { .. }, Some(rows)) if rows > 0 => format!("{head} (after {rows} rows)"),
            _ => head,
        }
    }
}

fn share(done: usize, total: usize) -> f64 {
    done as f64 / total.max(1) as f64
}

fn left(end: f64, seconds: f64) -> String {
    format!(", about {:.0} s left", (end - seconds).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::{StageLine, left};
    use crate::ops::Told;

    const STAGE: Told<'_> = Told::Stage { name: "backtest", number: 3, of: 4, seconds_left: None };
    const PART: Told<'_> = Told::Part { done: 20, total: 40, unit: "sessions" };

    #[test]
    fn time_left_is_what_the_rest_takes_at_the_pace_so_far() {
        let mut stage = StageLine::default();
        stage.hear(STAGE, 4.0);
        assert_eq!(stage.reach(STAGE, 4.0), (0.5, Some(8.0)));
        assert_eq!(stage.reach(PART, 5.0), (0.625, Some(8.0)));
        assert_eq!(left(8.0, 5.0), ", about 3 s left");
        assert_eq!(left(8.0, 9.0), ", about 0 s left");
    }

    #[test]
    fn time_left_is_that_of_the_last_run_where_it_is_known() {
        let mut stage = StageLine::default();
        let told = Told::Stage { name: "backtest", number: 3, of: 4, seconds_left: Some(60.0) };
        stage.hear(told, 4.0);
        assert_eq!(stage.reach(told, 4.0), (0.5, Some(64.0)));
        assert_eq!(stage.reach(PART, 10.0).1, Some(64.0));
    }

    #[test]
    fn line_says_stage_and_counts() {
        let mut stage = StageLine::default();
        stage.hear(STAGE, 0.0);
        assert_eq!(stage.line(STAGE, "stages"), "3 of 4 stages: backtest");
        assert_eq!(stage.line(PART, "stages"), "3 of 4 stages: backtest, 20 of 40 sessions");
        let done = Told::Done { rows: 96 };
        stage.hear(done, 1.0);
        assert_eq!(stage.line(done, "stages"), "3 of 4 stages: backtest, 96 rows");
        let next = Told::Stage { name: "record", number: 4, of: 4, seconds_left: None };
        stage.hear(next, 1.0);
        assert_eq!(stage.line(next, "stages"), "4 of 4 stages: record (after 96 rows)");
        assert_eq!(StageLine::default().line(PART, "bars"), "bars, 20 of 40 sessions");
    }
}
