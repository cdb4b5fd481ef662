//! The same facts in a terminal: one screen that keeps itself up to date, and one frame as text. Looks
//! only, as the web page does.
//!
//! A thread looks at the workspace, so that keys are heard while a look takes its time; where one hangs,
//! the panel says so and shows nothing as good.

mod cell;
mod money;
mod painter;
#[cfg(test)]
mod panic_tests;
mod screen;
#[cfg(test)]
mod tests;
mod work;

use std::{
    io::{self, IsTerminal as _},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    thread,
    time::Duration,
};

use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};

use super::state::{self, Facts, facts};
use crate::{
    clock::Stopwatch,
    config::LoadOptions,
    exit::Exit,
    ops::{Station, monitor::stop::Stop},
    text::Language,
};
use screen::Screen;

/// How often it is asked whether a file has changed, and the longest wait for a key.
const TURN: Duration = Duration::from_millis(250);
/// The longest between two looks, seconds: facts also age when nothing happens.
const LOOK_DUE_SECONDS: f64 = 4.0;
/// Without a look for so long the panel says that what it shows is old, seconds.
const SILENCE_MAX_SECONDS: f64 = 15.0;

/// Shows the facts until `q` is pressed or a signal comes, and gives the terminal back; also where the
/// process panics.
///
/// # Errors
/// When the terminal cannot be drawn on or read, or no thread can be started.
pub fn run(station: &Station, options: &LoadOptions, language: Language, is_coloured: bool) -> io::Result<Exit> {
    let stop = Stop::listen()?;
    let (ask, asked) = channel();
    let (tell, told) = channel();
    let first = facts(station, options, station.clock.now());
    let (station, options) = (station.clone(), options.clone());
    thread::Builder::new().name("dashboard-look".into()).spawn(move || look(&station, &options, &asked, &tell))?;
    let panel = Panel { screen: Screen::new(language, is_coloured), facts: first, since: Stopwatch::start() };
    on_terminal(|terminal| panel.watch(terminal, &stop, &ask, &told))
}

/// Takes the terminal over while something is shown on it, and gives it back: also when drawing on it failed, and
/// before the words of a panic.
fn on_terminal<T>(show: impl FnOnce(&mut ratatui::DefaultTerminal) -> io::Result<T>) -> io::Result<T> {
    let ended = show(&mut ratatui::try_init()?);
    ratatui::try_restore().and(ended)
}

/// Looks when it is asked to, when a file has changed, and every few seconds; ends with the panel.
fn look(station: &Station, options: &LoadOptions, asked: &Receiver<()>, tell: &Sender<Facts>) {
    let (mut stamp, mut since) = (state::stamp(station), Stopwatch::start());
    loop {
        let is_asked = match asked.recv_timeout(TURN) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let now = state::stamp(station);
        if is_asked || now != stamp || since.seconds() >= LOOK_DUE_SECONDS {
            (stamp, since) = (now, Stopwatch::start());
            if tell.send(facts(station, options, station.clock.now())).is_err() {
                return;
            }
        }
    }
}

/// What a key asks for.
enum Wish {
    Nothing,
    Look,
    End,
}

struct Panel {
    screen: Screen,
    facts: Facts,
    since: Stopwatch,
}

impl Panel {
    fn watch(
        mut self,
        terminal: &mut ratatui::DefaultTerminal,
        stop: &Stop,
        ask: &Sender<()>,
        told: &Receiver<Facts>,
    ) -> io::Result<Exit> {
        loop {
            self.screen.set_silent(self.since.seconds() > SILENCE_MAX_SECONDS);
            terminal.draw(|frame| self.screen.draw(frame.area(), frame.buffer_mut(), &self.facts))?;
            if event::poll(TURN)?
                && let Event::Key(key) = event::read()?
                && key.kind == KeyEventKind::Press
            {
                match self.press(key) {
                    Wish::End => return Ok(Exit::Done),
                    // The thread that looks is told once; where it has ended, the next lines say so.
                    Wish::Look => drop(ask.send(())),
                    Wish::Nothing => {}
                }
            }
            if let Some(signal) = stop.signal() {
                return Ok(Exit::Signal(signal));
            }
            loop {
                match told.try_recv() {
                    Ok(facts) => (self.facts, self.since) = (facts, Stopwatch::start()),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(Exit::Internal),
                }
            }
        }
    }

    fn press(&mut self, key: KeyEvent) -> Wish {
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Wish::End,
            KeyCode::Char('q') | KeyCode::Esc if self.screen.leave_help() => {}
            KeyCode::Char('q') | KeyCode::Esc => return Wish::End,
            KeyCode::Char('?' | 'h') => self.screen.turn_help(),
            KeyCode::Char('l') => self.screen.turn_language(),
            KeyCode::Char('r') => return Wish::Look,
            KeyCode::Down | KeyCode::Char('j') => self.screen.scroll(1),
            KeyCode::Up | KeyCode::Char('k') => self.screen.scroll(-1),
            KeyCode::PageDown | KeyCode::Char(' ') => self.screen.scroll_page(true),
            KeyCode::PageUp | KeyCode::Char('b') => self.screen.scroll_page(false),
            KeyCode::Home | KeyCode::Char('g') => self.screen.scroll(i16::MIN),
            KeyCode::End | KeyCode::Char('G') => self.screen.scroll(i16::MAX),
            _ => {}
        }
        Wish::Nothing
    }
}

/// Returns the size of the terminal that is written to; the usual one where it is none.
#[must_use]
pub fn size() -> (u16, u16) {
    let found = io::stdout().is_terminal().then(ratatui::crossterm::terminal::size).and_then(Result::ok);
    let (width, height) = found.unwrap_or((80, 24));
    (width.clamp(20, 500), height.clamp(5, 500))
}

/// Returns one frame as text, a line a row.
///
/// # Errors
/// When it cannot be drawn, which no facts bring about.
pub fn once(facts: &Facts, language: Language, width: u16, height: u16) -> io::Result<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).map_err(io::Error::other)?;
    let mut screen = Screen::new(language, false);
    terminal.draw(|frame| screen.draw(frame.area(), frame.buffer_mut(), facts)).map_err(io::Error::other)?;
    Ok(screen::text_of(terminal.backend().buffer()))
}
