//! The monitor's loop: listens, looks, writes, until it is told to end.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    COMPONENT, Listening, MonitorError, MonitorOptions, MonitorRun,
    board::Board,
    exposition::View,
    line::MonitorHealth,
    observer::{self, Observer},
    seat::Seat,
    stop::Stop,
    watch::Watch,
    web::{HeldPort, Web},
};
use crate::{
    clock::Clock,
    exit::{AnyFailure, Exit},
    ops::{
        Station,
        metrics::{Metrics, MonitorState},
    },
    store::StoreError,
    workspace::Lock,
};

/// The longest that the loop waits for a message: how soon a signal is seen.
const TURN: Duration = Duration::from_millis(100);
/// Messages that are taken in one turn at most, so that a flood does not keep the loop from writing.
const TURN_MESSAGES_MAX: usize = 20_000;
/// Seconds between two looks at the forwarder.
const BUS_LOOK_SECONDS: f64 = 0.5;

/// Runs the monitor until a signal comes, or for one interval with `once`.
///
/// # Errors
/// When the interval is none, the monitor's or the bus's port is taken (Busy, with who holds it), another
/// monitor works on the workspace, or the first or last line cannot be written.
pub fn run(
    station: &Station,
    options: &MonitorOptions,
    on_ready: impl FnOnce(&Listening),
) -> Result<MonitorRun, AnyFailure> {
    let settings = station.settings();
    let interval = options.interval.unwrap_or(settings.monitor.summary_interval_sec);
    if !(interval > 0.0 && interval <= 3_600.0) {
        return Err(MonitorError::Interval(interval).into());
    }
    if !settings.event_bus.enabled {
        return Err(MonitorError::BusOff.into());
    }
    // Before any thread is started, so that every one of them leaves the signals alone.
    let stop = Stop::listen().map_err(MonitorError::Signals)?;
    let port = if options.once { None } else { Some(HeldPort::take(settings.monitor.port)?) };
    let _lock = Lock::take(&station.workspace, COMPONENT, COMPONENT)?;
    let seat = if options.once { Seat::visit(&settings.event_bus)? } else { Seat::join(&settings.event_bus)? };
    let mut daemon = Daemon::start(station, seat, interval);
    daemon.write()?;
    let web = port.map(|port| port.serve(daemon.board.clone(), station.clock.clone())).transpose()?;
    on_ready(&Listening { metrics: web.as_ref().map(Web::address), hosts_bus: daemon.seat.is_host(), interval });
    let exit = daemon.work(&stop, options.once)?;
    let state = daemon.end()?;
    Ok(MonitorRun { state, exit })
}

struct Daemon {
    clock: Clock,
    metrics: Metrics,
    seat: Seat,
    observer: Observer,
    board: Board,
    interval: f64,
    /// The state as it was last written.
    written: MonitorState,
    written_at: Option<Timestamp>,
    write_failures_total: u64,
    is_failing: bool,
}

impl Daemon {
    fn start(station: &Station, seat: Seat, interval: f64) -> Self {
        let clock = station.clock.clone();
        let now = clock.now();
        let health = MonitorHealth {
            pid: std::process::id(),
            started_at: Some(now),
            interval_s: interval,
            hosts_bus: seat.is_host(),
            ..MonitorHealth::default()
        };
        let watch = Watch::new(seat.own(), crate::bus::BEAT.as_secs_f64(), now);
        let metrics = station.metrics();
        let written = metrics.state();
        let view = View { state: written.clone(), turned_at: now, written_at: None, write_failures_total: 0 };
        Self {
            clock,
            metrics,
            seat,
            observer: Observer::new(watch, health),
            board: Board::new(view),
            interval,
            written,
            written_at: None,
            write_failures_total: 0,
            is_failing: false,
        }
    }

    /// Works until a signal comes; with `once`, until the first line is due.
    fn work(&mut self, stop: &Stop, once: bool) -> Result<Exit, StoreError> {
        let mut line_due = self.clock.now();
        let mut bus_due = line_due;
        line_due += span(self.interval);
        loop {
            self.listen();
            let now = self.clock.now();
            if let Some(signal) = stop.signal() {
                tracing::info!(component = COMPONENT, signal, "the monitor is told to end");
                return Ok(Exit::Signal(signal));
            }
            if now >= bus_due {
                bus_due = now + span(BUS_LOOK_SECONDS);
                self.mind_bus(now);
            }
            self.observer.look(now);
            if now >= line_due {
                if once {
                    return Ok(if self.observer.heard_anything() { Exit::Done } else { Exit::Degraded });
                }
                line_due = now + span(self.interval);
                self.write_or_note();
            }
            self.show(now);
        }
    }

    /// Takes what comes within one turn.
    fn listen(&mut self) {
        for _ in 0..TURN_MESSAGES_MAX {
            match self.seat.next(TURN) {
                Ok(Some(received)) => self.observer.hear(&received, self.clock.now()),
                Ok(None) => break,
                Err(error) => {
                    self.observer.note_bus(self.seat.is_host(), Some(error.to_string()), self.clock.now());
                    break;
                }
            }
        }
        self.observer.note_counts(self.seat.counts());
    }

    /// Hosts the forwarder if its host has gone.
    fn mind_bus(&mut self, now: Timestamp) {
        let failed = match self.seat.take_over() {
            Ok(true) => {
                tracing::info!(component = COMPONENT, "the monitor hosts the event bus from now on");
                self.observer.renew(self.seat.own());
                None
            }
            Ok(false) => None,
            Err(error) => Some(error.to_string()),
        };
        self.observer.note_bus(self.seat.is_host(), failed, now);
    }

    /// Writes a line and the state.
    fn write(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let errors = self.observer.take_errors();
        let known = &self.observer;
        let updated = self.metrics.update(|state| {
            known.fill(state, now);
            observer::count_errors(state, &errors);
        });
        match updated {
            Ok(state) => {
                self.written = state;
                self.written_at = Some(now);
                Ok(())
            }
            Err(error) => {
                self.observer.put_back_errors(errors);
                self.write_failures_total += 1;
                Err(error)
            }
        }
    }

    /// Writes, and goes on without if that fails: a full disk must not end what reports it.
    fn write_or_note(&mut self) {
        match self.write() {
            Ok(()) if self.is_failing => {
                self.is_failing = false;
                tracing::info!(component = COMPONENT, "metrics lines are written again");
            }
            Ok(()) => {}
            Err(error) if self.is_failing => tracing::debug!(component = COMPONENT, "still: {error}"),
            Err(error) => {
                self.is_failing = true;
                tracing::error!(component = COMPONENT, "no metrics line is written: {error}");
            }
        }
    }

    fn show(&self, now: Timestamp) {
        let mut state = self.written.clone();
        self.observer.fill(&mut state, now);
        observer::count_errors(&mut state, self.observer.new_errors());
        state.derive(now);
        let (written_at, write_failures_total) = (self.written_at, self.write_failures_total);
        self.board.show(View { state, turned_at: now, written_at, write_failures_total });
    }

    /// Writes the last line, then leaves the bus.
    fn end(mut self) -> Result<MonitorState, StoreError> {
        self.observer.end(self.clock.now());
        let written = self.write();
        self.seat.leave();
        written.map(|()| self.written)
    }
}

fn span(seconds: f64) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from_secs_f64(seconds).unwrap_or(jiff::SignedDuration::from_secs(1))
}
